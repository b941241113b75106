/* Groups and streams found, pages, stored events. */
#include "core/aws/arn.h"
#include "core/aws/region.h"
#include "emulator/services/cloudwatch/metrics.h"
#include "emulator/services/logs/state.h"

int logs_invalid(struct job *j, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    struct str text = arena_vprintf(j->a, fmt, ap);
    va_end(ap);
    return job_refuse(j, "InvalidParameterException", "%.*s", STR_ARG(text));
}

int logs_no_group(struct job *j)
{
    return job_refuse(j, "ResourceNotFoundException", "The specified log group does not exist.");
}

struct str logs_group_arn(struct arena *a, struct str account, struct str region, struct str group)
{
    return arena_printf(a, "arn:%.*s:logs:%.*s:%.*s:log-group:%.*s",
                        STR_ARG(region_partition(region)), STR_ARG(region), STR_ARG(account),
                        STR_ARG(group));
}

struct str logs_part_id(struct arena *a, struct str group, struct str name)
{
    return arena_printf(a, "%.*s:%.*s", STR_ARG(group), STR_ARG(name));
}

struct str logs_part_name(struct str id)
{
    struct str group, name;

    (void)str_cut(id, ':', &group, &name); /* each id has one: logs_part_id */
    return name;
}

struct str logs_group_name(const struct job *j, struct str identifier)
{
    struct arn arn;
    struct str kind, name;

    if (!str_has_prefix(identifier, STR("arn:")))
        return identifier;
    if (arn_parse(identifier, &arn, NULL) < 0 || !str_eq_c(arn.service, "logs") ||
        !str_eq(arn.account, j->account) || !str_eq(arn.region, j->region) ||
        !str_cut(arn.resource, ':', &kind, &name) || !str_eq_c(kind, "log-group"))
        return (struct str){ 0 };
    return str_has_suffix(name, STR(":*")) ? str_sub(name, 0, name.len - 2) : name;
}

int logs_group_named(struct job *j, struct str name, struct logs_group *out)
{
    *out = (struct logs_group){ name, job_get(j, "LogGroup", name) };
    return out->doc || j->rc < 0 ? j->rc : logs_no_group(j);
}

int logs_group_find(struct job *j, struct logs_group *out)
{
    *out = (struct logs_group){ 0 };
    if (job_has(j, "logGroupName") && job_has(j, "logGroupIdentifier"))
        return logs_invalid(j, "LogGroup name and LogGroup identifier cannot be provided together");
    if (!job_has(j, "logGroupName") && !job_has(j, "logGroupIdentifier"))
        return logs_invalid(j, "LogGroup name or LogGroup identifier must be provided");
    struct str name = job_has(j, "logGroupName")
                          ? job_text(j, "logGroupName")
                          : logs_group_name(j, job_text(j, "logGroupIdentifier"));
    return logs_group_named(j, name, out);
}

struct value *logs_stream_find(struct job *j, const struct logs_group *g, struct str name)
{
    struct value *doc = job_get(j, "LogStream", logs_part_id(j->a, g->name, name));

    if (!doc && j->rc == 0)
        (void)job_refuse(j, "ResourceNotFoundException", /* the caller looks at the outcome */
                         "The specified log stream does not exist.");
    return doc;
}

struct value *logs_stream_new(struct arena *a, struct doc_key group, struct str name,
                              int64_t now_ms)
{
    struct value *doc = value_map(a);
    struct str arn = logs_group_arn(a, group.account, group.region, group.id);

    value_put_str(a, doc, "logStreamName", name);
    value_put_int(a, doc, "creationTime", now_ms);
    value_put_str(a, doc, "arn",
                  arena_printf(a, "%.*s:log-stream:%.*s", STR_ARG(arn), STR_ARG(name)));
    /* Source: CloudWatch Logs API Reference, "LogStream", storedBytes: always zero for streams. */
    value_put_int(a, doc, "storedBytes", 0);
    return doc;
}

int64_t logs_oldest_ms(const struct value *group, int64_t now_ms)
{
    int64_t days = value_get_int(group, "retentionInDays", 0);

    return days > 0 ? now_ms - days * DAY_MS : INT64_MIN;
}

struct series_key logs_series(struct arena *a, struct str account, struct str region,
                              struct str group, struct str stream)
{
    return (struct series_key){ LOGS_SERIES,
                                arena_printf(a, "%.*s/%.*s/%.*s:%.*s", STR_ARG(account),
                                             STR_ARG(region), STR_ARG(group), STR_ARG(stream)) };
}

struct logs_stored logs_stored(const struct series_point *point)
{
    struct logs_stored s = { .time_ms = point->time_ms, .number = point->number };
    struct str ingested;

    (void)str_cut(point->data, ' ', &ingested, &s.message); /* each point has a blank */
    (void)str_to_i64(ingested, &s.ingested_ms);
    return s;
}

static bool is_behind(const struct logs_paging *how, struct str key, struct str after)
{
    int order = str_cmp(key, after);

    return how->descending ? order < 0 : order > 0;
}

int logs_page(struct job *j, const struct logs_paging *how, const struct job_item *items,
              size_t count)
{
    int64_t limit = param_int(j->call, how->limit, how->most);
    struct value *page = value_list(j->a);
    struct str after;
    size_t i = 0;

    if (job_stopped(j))
        return j->rc;
    if (!page_after(j->cx, j->call, job_text(j, "nextToken"), &after))
        return logs_invalid(j, "The specified nextToken is invalid.");
    while (after.len > 0 && i < count && !is_behind(how, items[i].key, after))
        i++;
    for (; i < count && (int64_t)page->count < limit; i++)
        value_push(page, value_copy(j->a, items[i].value));
    job_answer(j, how->member, page);
    if (i < count)
        value_put_str(j->a, j->out->output, "nextToken",
                      page_token(j->cx, j->call, items[i - 1].key));
    return 0;
}

int logs_metric(struct engine *e, const struct metric_datum *d, struct err *err)
{
    struct err why = { 0 };
    int rc = metrics_add(e, d, &why);

    return rc == 0 || rc == E_MISSING ? 0 : err_set(err, rc, "%s", why.text);
}
