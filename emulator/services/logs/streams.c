/* Log streams. */
#include <stdlib.h>

#include "emulator/services/logs/state.h"

static const char *const shown[] = {
    "logStreamName",
    "creationTime",
    "firstEventTimestamp",
    "lastEventTimestamp",
    "lastIngestionTime",
    "uploadSequenceToken",
    "arn",
    "storedBytes",
    NULL,
};

HANDLER(logs, CreateLogStream)
{
    struct str name = job_text(j, "logStreamName");
    struct logs_group g;

    if (logs_group_find(j, &g) < 0 || !g.doc)
        return j->rc;
    struct str id = logs_part_id(j->a, g.name, name);
    if (job_get(j, "LogStream", id))
        return job_refuse(j, "ResourceAlreadyExistsException",
                          "The specified log stream already exists");
    return job_put(j, "LogStream", id,
                   logs_stream_new(j->a, job_key(j, "LogGroup", g.name), name, j->cx->now_ms));
}

HANDLER(logs, DeleteLogStream)
{
    struct str name = job_text(j, "logStreamName");
    struct logs_group g;

    if (logs_group_find(j, &g) < 0 || !g.doc || !logs_stream_find(j, &g, name))
        return j->rc;
    j->rc = series_prune(j->cx->e->store, logs_series(j->a, j->account, j->region, g.name, name),
                         INT64_MAX, j->err);
    return job_drop(j, "LogStream", logs_part_id(j->a, g.name, name));
}

static int by_key_forwards(const void *a, const void *b)
{
    const struct job_item *x = a, *y = b;

    return str_cmp(x->key, y->key);
}

static int by_key_backwards(const void *a, const void *b)
{
    return by_key_forwards(b, a);
}

void logs_sort(struct job_item *items, size_t count)
{
    qsort(items, count, sizeof *items, by_key_forwards);
}

/* Streams without an event come before all others in order of time. */
static struct str order_key(struct job *j, const struct doc *stream, bool by_time)
{
    struct str name = logs_part_name(stream->key.id);

    return by_time ? arena_printf(j->a, "%020lld/%.*s",
                                  (long long)value_get_int(stream->value, "lastEventTimestamp", 0),
                                  STR_ARG(name))
                   : name;
}

HANDLER(logs, DescribeLogStreams)
{
    bool by_time = str_eq_c(job_text(j, "orderBy"), "LastEventTime");
    struct logs_paging how = { "limit", "logStreams", 50,
                               param_bool(j->call, "descending", false) };
    struct str prefix = job_text(j, "logStreamNamePrefix");
    struct logs_group g;
    struct doc *docs;

    if (by_time && prefix.len > 0)
        return logs_invalid(j, "Cannot order by LastEventTime with a logStreamNamePrefix.");
    if (logs_group_find(j, &g) < 0 || !g.doc)
        return j->rc;
    size_t count = job_list(j, "LogStream", logs_part_id(j->a, g.name, prefix), &docs);
    struct job_item *items = arena_array(j->a, count + 1, sizeof *items);
    for (size_t i = 0; i < count; i++) {
        items[i] = (struct job_item){ order_key(j, &docs[i], by_time), value_map(j->a) };
        job_copy(j, items[i].value, docs[i].value, shown);
    }
    qsort(items, count, sizeof *items, how.descending ? by_key_backwards : by_key_forwards);
    return logs_page(j, &how, items, count);
}
