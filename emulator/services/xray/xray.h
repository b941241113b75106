/* emulator/services/xray - traces: segments that come in, what is asked of them.
 *
 * What comes in is kept as it came, one line a document, in blocks: a block holds the documents of
 * one account and region whose trace ids carry the same second, as far as they arrived together. A
 * trace is put together when it is read (trace.h). Segments come from PutTraceSegments, from the
 * daemon's port (daemon.h) and from every call that the emulator answers (view.c).
 *
 * Source of all sizes and ages: X-Ray Developer Guide, "AWS X-Ray segment documents", and AWS
 * General Reference, "AWS X-Ray endpoints and quotas".
 */
#pragma once

#include "core/base/buf.h"
#include "core/base/rng.h"
#include "emulator/store/store.h"

#define XRAY_TRACE_ID_LEN   35 /* 1-58406520-a006649127e371903a2de979 */
#define XRAY_SEGMENT_ID_LEN 16
#define XRAY_DOCUMENT_BYTES (64u << 10)
#define XRAY_TRACE_BYTES    (500u << 10) /* "trace document size" */
#define XRAY_RETENTION_MS   (30 * 24 * 3600 * 1000ll)

struct xray_place {
    struct str account, region;
};

/* ---- ids.c ---- */

/* The header of a request or a reply. Source: X-Ray Developer Guide, "Tracing header". */
enum xray_sampled { XRAY_UNDECIDED, XRAY_SAMPLED, XRAY_NOT_SAMPLED };
struct xray_header {
    struct str root, parent; /* borrowed; empty when absent */
    enum xray_sampled sampled;
};
/* Never fails: what is malformed is as if it were absent; without a root nothing else counts. */
struct xray_header xray_header_parse(struct str text);
bool xray_is_trace_id(struct str id);
bool xray_is_segment_id(struct str id);
int64_t xray_trace_time_ms(struct str id); /* of a trace id: the second that it carries */
/* Whether a trace of that id may be written now: of the last 30 days, and not of the future. */
bool xray_trace_is_current(struct str id, int64_t now_ms);
struct str xray_new_trace_id(struct arena *a, struct rng *rng, int64_t time_ms);
struct str xray_new_segment_id(struct arena *a, struct rng *rng);

/* ---- intake.c: what comes in together ---- */

struct intake_block;
struct intake {
    struct arena *a; /* of all that is added, until intake_store */
    struct intake_block *first;
};
struct intake_document {
    struct xray_place place;
    struct str trace_id, text; /* one line: JSON without blanks and line ends */
    int64_t at_ms;             /* when it came in */
    uint64_t number;           /* in order of coming in; unique with its place */
};
void intake_add(struct intake *in, const struct intake_document *doc); /* all is copied */
/* Inside a state transaction. Leaves in empty. */
int intake_store(struct intake *in, struct store *s, struct err *err);
void intake_drop(struct intake *in); /* leaves in empty; twice is harmless */

/* Numbers of documents increase as they come in: of a record at a place of the journal; of a call
 * that was made when the drain had reached that place. */
static inline uint64_t xray_number_of_record(uint64_t position)
{
    return 2 * position + 1;
}
static inline uint64_t xray_number_of_call(uint64_t reached)
{
    return 2 * reached;
}

/* ---- documents read back ---- */

struct xray_line {
    struct str trace_id, text;
    int64_t at_ms;
    uint64_t number;
};
/* Lines of the blocks whose second lies in [from_ms, to_ms). */
int xray_lines(struct store *s, struct arena *a, struct xray_place place, int64_t from_ms,
               int64_t to_ms, struct xray_line **out, size_t *count, struct err *err);
/* Blocks older than 30 days go, of every place. */
int xray_prune(struct store *s, int64_t now_ms, struct err *err);
