/* emulator/services/logs/intake - events on their way into one stream, inside one state
 * transaction: stored at once, shown to the group's filters, counted when it is closed.
 *
 * Use:     logs_intake_open, logs_intake_take for each event, logs_intake_close.
 * Memory:  everything lives in the arena, which must last until the close.
 */
#pragma once

#include "emulator/services/logs/filters.h"

struct logs_intake {
    struct engine *e;
    struct arena *a;
    struct doc_key group, stream;
    struct value *group_doc, *stream_doc;
    struct series_key series;
    int64_t now_ms;
    uint64_t *next; /* number of the group's next event */
    int64_t count, bytes, first_ms, last_ms;
    struct str stream_name;
    struct logs_filters *filters;
    struct logs_gathered *gathered;
};

/* sibling: another intake of the same group that is open in the same arena, or NULL: two of a group
 * must know of each other. 0; E_MISSING: no such group, or no such stream and to->makes_stream does
 * not hold. */
int logs_intake_open(struct logs_intake *in, struct engine *e, struct arena *a,
                     const struct logs_target *to, const struct logs_intake *sibling,
                     struct err *err);
/* scratch: whatever it needs meanwhile, the caller's to reset. parsed: the message as a tree when
 * the caller has it already, else NULL. */
int logs_intake_take(struct logs_intake *in, struct arena *scratch, const struct logs_event *event,
                     const struct value *parsed, struct err *err);
int logs_intake_close(struct logs_intake *in, struct err *err);
