#include "emulator/services/logs/intake.h"

#include "emulator/services/cloudwatch/metrics.h"
#include "emulator/services/logs/memory.h"
#include "emulator/store/store.h"

static struct doc_key key_of(const struct logs_target *to, const char *type, struct str id)
{
    return (struct doc_key){ to->account, to->region, STR("logs"), str_c(type), id };
}

static int stream_get(struct logs_intake *in, const struct logs_target *to, struct err *err)
{
    int rc = store_doc_get(in->e->store, in->a, in->stream, &in->stream_doc, err);

    if (rc != E_MISSING)
        return rc;
    if (!to->makes_stream)
        return err_set(err, E_MISSING, "log group %.*s has no stream %.*s", STR_ARG(to->group),
                       STR_ARG(to->stream));
    in->stream_doc = logs_stream_new(in->a, in->group, to->stream, in->now_ms);
    return 0;
}

static int group_get(struct logs_intake *in, const struct logs_intake *sibling, struct err *err)
{
    if (sibling) {
        in->group_doc = sibling->group_doc;
        in->next = sibling->next;
        return 0;
    }
    int rc = store_doc_get(in->e->store, in->a, in->group, &in->group_doc, err);
    if (rc == E_MISSING)
        return err_set(err, rc, "no log group %.*s", STR_ARG(in->group.id));
    in->next = arena_alloc(in->a, sizeof *in->next);
    *in->next = (uint64_t)value_get_int(in->group_doc, "Next", 1);
    return rc;
}

int logs_intake_open(struct logs_intake *in, struct engine *e, struct arena *a,
                     const struct logs_target *to, const struct logs_intake *sibling,
                     struct err *err)
{
    *in = (struct logs_intake){
        .e = e,
        .a = a,
        .group = key_of(to, "LogGroup", to->group),
        .stream = key_of(to, "LogStream", logs_part_id(a, to->group, to->stream)),
        .series = logs_series(a, to->account, to->region, to->group, to->stream),
        .now_ms = clock_now_ms(&e->clock),
        .stream_name = to->stream,
    };
    int rc = group_get(in, sibling, err);
    if (rc == 0)
        rc = stream_get(in, to, err);
    if (rc == 0)
        rc = logs_filters_get(e, a, in->group, &in->filters, err);
    if (rc == 0)
        in->gathered = arena_array(a, logs_subscription_count(in->filters), sizeof *in->gathered);
    return rc;
}

static struct logs_passing passing_of(struct logs_intake *in)
{
    return (struct logs_passing){ .e = in->e,
                                  .kept = in->a,
                                  .group = in->group,
                                  .stream = in->stream_name,
                                  .gathered = in->gathered };
}

static int store_event(struct logs_intake *in, struct arena *scratch,
                       const struct logs_event *event, struct err *err)
{
    struct series_point point = { .time_ms = event->time_ms, .number = *in->next };

    point.data = arena_printf(scratch, "%lld %.*s", (long long)in->now_ms, STR_ARG(event->message));
    int rc = series_put(in->e->store, in->series, &point, err);
    if (in->count == 0 || event->time_ms < in->first_ms)
        in->first_ms = event->time_ms;
    if (in->count == 0 || event->time_ms > in->last_ms)
        in->last_ms = event->time_ms;
    in->count++;
    in->bytes += (int64_t)event->message.len + LOGS_EVENT_OVERHEAD;
    return rc;
}

int logs_intake_take(struct logs_intake *in, struct arena *scratch, const struct logs_event *event,
                     const struct value *parsed, struct err *err)
{
    struct logs_passing p = passing_of(in);
    int rc = store_event(in, scratch, event, err);

    p.scratch = scratch;
    p.event = event;
    p.parsed = parsed;
    p.id = (struct logs_event_id){ event->time_ms, str_hash(in->series.name), (*in->next)++ };
    return rc < 0 ? rc : logs_filters_pass(in->filters, &p, err);
}

static void note_stream(struct logs_intake *in)
{
    struct value *doc = in->stream_doc;
    int64_t first = value_get_int(doc, "firstEventTimestamp", INT64_MAX);
    int64_t last = value_get_int(doc, "lastEventTimestamp", INT64_MIN);

    if (in->first_ms < first)
        value_put_int(in->a, doc, "firstEventTimestamp", in->first_ms);
    if (in->last_ms > last)
        value_put_int(in->a, doc, "lastEventTimestamp", in->last_ms);
    value_put_int(in->a, doc, "lastIngestionTime", in->now_ms);
    value_put_str(
        in->a, doc, "uploadSequenceToken",
        logs_event_id_write(
            in->a, (struct logs_event_id){ in->now_ms, str_hash(in->series.name), *in->next }));
}

/* Source: CloudWatch Logs User Guide, "CloudWatch Logs metrics": IncomingBytes and
 * IncomingLogEvents with the dimension LogGroupName, and of the account with none. */
static int count_in(struct logs_intake *in, struct err *err)
{
    const struct metric_dimension group = { STR("LogGroupName"), in->group.id };
    const struct {
        const char *name, *unit;
        double value;
    } counted[] = { { "IncomingLogEvents", "None", (double)in->count },
                    { "IncomingBytes", "Bytes", (double)in->bytes } };
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < 2 * COUNT(counted); i++) {
        struct metric_datum d = { .account = in->group.account,
                                  .region = in->group.region,
                                  .namespace_ = STR("AWS/Logs"),
                                  .name = str_c(counted[i / 2].name),
                                  .dimensions = &group,
                                  .dimension_count = i % 2,
                                  .unit = counted[i / 2].unit,
                                  .time_ms = in->now_ms,
                                  .count = 1,
                                  .sum = counted[i / 2].value,
                                  .least = counted[i / 2].value,
                                  .most = counted[i / 2].value };
        rc = logs_metric(in->e, &d, err);
    }
    return rc;
}

int logs_intake_close(struct logs_intake *in, struct err *err)
{
    int64_t stored = value_get_int(in->group_doc, "storedBytes", 0);
    struct logs_passing p = passing_of(in);

    if (in->count == 0)
        return store_doc_put(in->e->store, in->stream, in->stream_doc, err);
    note_stream(in);
    value_put_int(in->a, in->group_doc, "Next", (int64_t)*in->next);
    value_put_int(in->a, in->group_doc, "storedBytes", stored + in->bytes);
    int rc = store_doc_put(in->e->store, in->stream, in->stream_doc, err);
    if (rc == 0)
        rc = store_doc_put(in->e->store, in->group, in->group_doc, err);
    if (rc == 0)
        rc = logs_filters_send(in->filters, &p, err);
    return rc < 0 ? rc : count_in(in, err);
}

int logs_append(struct engine *e, struct arena *a, const struct logs_target *to,
                const struct logs_event *events, size_t count, struct err *err)
{
    struct logs_intake in;
    struct arena scratch = { 0 };
    int rc = logs_settle(e, err);

    if (rc == 0)
        rc = logs_intake_open(&in, e, a, to, NULL, err);
    if (rc < 0)
        return rc;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        rc = logs_intake_take(&in, &scratch, &events[i], NULL, err);
        arena_reset(&scratch);
    }
    arena_free(&scratch);
    return rc == 0 ? logs_intake_close(&in, err) : rc;
}
