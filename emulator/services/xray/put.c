/* What clients send: segment documents, and what their daemons say of themselves. */
#include "core/codec/json.h"
#include "emulator/services/job.h"
#include "emulator/services/xray/segment.h"
#include "emulator/telemetry/telemetry.h"

/* In the order of coming in; the generator has no drain, its calls are numbered by themselves. */
static uint64_t number_of(const struct job *j)
{
    const struct engine *e = j->cx->e;

    return xray_number_of_call(e->telemetry ? telemetry_position(e) : j->call->seq);
}

static struct value *unprocessed(struct job *j, const struct segment_refusal *why)
{
    struct value *v = value_map(j->a);

    if (why->id.len > 0)
        value_put_str(j->a, v, "Id", why->id);
    value_put_c(j->a, v, "ErrorCode", why->code);
    value_put_str(j->a, v, "Message",
                  arena_printf(j->a, "Invalid segment. ErrorCode: %s", why->code));
    return v;
}

static void take_in(struct job *j, struct intake *in, const struct value *doc)
{
    struct buf text = { 0 };

    json_write(&text, doc); /* without blanks: one line */
    intake_add(in, &(struct intake_document){ .place = { j->account, j->region },
                                              .trace_id = value_get_str(doc, "trace_id"),
                                              .text = buf_view(&text),
                                              .at_ms = j->cx->now_ms,
                                              .number = number_of(j) });
    buf_free(&text);
}

static void take_document(struct job *j, struct intake *in, struct str text, struct value *refused)
{
    struct segment_refusal why;
    struct value *doc;

    if (!segment_parse(j->a, text, j->cx->now_ms, &doc, &why)) {
        value_push(refused, unprocessed(j, &why));
        return;
    }
    if (doc->kind == VALUE_MAP)
        take_in(j, in, doc);
    else
        for (const struct value *d = value_first(doc); d; d = d->next) {
            if (segment_check(d, j->cx->now_ms, &why))
                take_in(j, in, d);
            else
                value_push(refused, unprocessed(j, &why));
        }
}

HANDLER(xray, PutTraceSegments)
{
    struct intake in = { .a = j->a };
    struct value *refused = value_list(j->a);
    const struct value *docs = param(j->call, "TraceSegmentDocuments");

    for (const struct value *d = value_first(docs); d; d = d->next)
        take_document(j, &in, d->u.text, refused);
    j->rc = intake_store(&in, j->cx->e->store, j->err);
    job_answer(j, "UnprocessedTraceSegments", refused);
    return j->rc;
}

/* What a daemon says of its own health: nothing reads it back. */
HANDLER(xray, PutTelemetryRecords)
{
    (void)outcome_output(j->cx, j->out);
    return j->rc;
}
