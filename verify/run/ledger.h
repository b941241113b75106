/* verify/run/ledger - what the server saw of the tool: which files it listed and fetched, which
 * regions it asked for events. It explains a miss: the server that is asked is ours.
 */
#pragma once

#include "verify/run/truth.h"

struct ledger {
    struct arena arena;
    bool sees_objects, sees_lookups, sees_queue; /* else nothing can be said */
    struct str *regions;                         /* of LookupEvents */
    size_t region_count;
    uint64_t calls;
};

/* Read the server's own records (JSON lines of GET /_mocktrail/events) of the time since the tool
 * was started; marks files of t. */
int ledger_read(struct ledger *l, struct truth *t, struct str lines, struct err *err);
void ledger_free(struct ledger *l);
/* Why the tool could not report, or did not: in words. */
const char *ledger_cause(const struct ledger *l, const struct truth *t,
                         const struct truth_finding *f);
const char *ledger_event_cause(const struct ledger *l, const struct truth *t,
                               const struct truth_event *e);
