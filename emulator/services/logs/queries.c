/* Logs Insights' operations. A query is run when it is started; its result is a document "Query",
 * id its queryId: the members of QueryInfo, Groups (names), Rows (JSON text), Statistics. */
#include "core/codec/json.h"
#include "core/codec/uri.h"
#include "emulator/services/logs/insights.h"
#include "emulator/services/logs/state.h"

#define CHUNK       512 /* events read at a time */
#define GROUPS_MOST 50  /* Source: API Reference, "StartQuery", logGroupNames */

struct query_run {
    struct job *j;
    struct insights_run *run;
    struct arena scratch;
    int64_t from_ms, to_ms;
    struct str names[GROUPS_MOST];
    size_t count;
};

/* ---- pointers: base64 of SERIES/TIME/NUMBER ---- */

static struct str pointer_write(struct arena *a, struct series_key series, int64_t time_ms,
                                uint64_t number)
{
    struct buf b = { 0 };

    base64_encode(&b, arena_printf(a, "%.*s/%lld/%llu", STR_ARG(series.name), (long long)time_ms,
                                   (unsigned long long)number));
    struct str out = arena_copy(a, buf_view(&b));
    buf_free(&b);
    return out;
}

static bool pointer_read(struct arena *a, struct str text, struct str *series,
                         struct series_point *point)
{
    struct str plain, rest, time, number;
    int64_t n;

    if (base64_decode(a, text, &plain, NULL) < 0 || !str_rcut(plain, '/', &rest, &number) ||
        !str_rcut(rest, '/', series, &time) || !str_to_i64(time, &point->time_ms) ||
        !str_to_i64(number, &n) || n < 0)
        return false;
    point->number = (uint64_t)n;
    return true;
}

static struct insights_event event_of(struct arena *a, struct str series,
                                      const struct series_point *p)
{
    struct logs_stored s = logs_stored(p);
    struct str place, stream, account, region, group;

    (void)str_rcut(series, ':', &place, &stream); /* ACCOUNT/REGION/GROUP:STREAM */
    (void)str_cut(place, '/', &account, &place);
    (void)str_cut(place, '/', &region, &group);
    return (struct insights_event){
        .time_ms = s.time_ms,
        .ingested_ms = s.ingested_ms,
        .message = s.message,
        .stream = stream,
        .log = arena_printf(a, "%.*s:%.*s", STR_ARG(account), STR_ARG(group)),
        .pointer =
            pointer_write(a, (struct series_key){ LOGS_SERIES, series }, s.time_ms, s.number),
    };
}

/* ---- events, the newest of all streams first ---- */

struct tape {
    struct series_key series;
    struct series_point *points;
    size_t at, count;
    bool is_done;
    struct series_span span;
    struct arena arena; /* of points */
};

static int rewind_tape(struct job *j, struct tape *t)
{
    arena_reset(&t->arena);
    int rc =
        series_list(j->cx->e->store, &t->arena, t->series, &t->span, &t->points, &t->count, j->err);
    t->at = 0;
    t->is_done = t->count < CHUNK;
    if (rc == 0 && t->count > 0) {
        t->span.has_after = true;
        t->span.after_ms = t->points[t->count - 1].time_ms;
        t->span.after_number = t->points[t->count - 1].number;
    }
    return rc;
}

static bool is_newer(const struct series_point *a, const struct series_point *b)
{
    return a->time_ms != b->time_ms ? a->time_ms > b->time_ms : a->number > b->number;
}

static struct tape *newest(struct job *j, struct tape *tapes, size_t count)
{
    struct tape *best = NULL;

    for (size_t i = 0; i < count; i++) {
        struct tape *t = &tapes[i];
        if (t->at == t->count && !t->is_done && (j->rc = rewind_tape(j, t)) < 0)
            return NULL;
        if (t->at < t->count && (!best || is_newer(&t->points[t->at], &best->points[best->at])))
            best = t;
    }
    return best;
}

static int play(struct query_run *q, struct tape *tapes, size_t count)
{
    struct tape *t;

    while ((t = newest(q->j, tapes, count)) != NULL) {
        struct insights_event e = event_of(&q->scratch, t->series.name, &t->points[t->at++]);
        insights_feed(q->run, &q->scratch, &e);
        arena_reset(&q->scratch);
    }
    for (size_t i = 0; i < count; i++)
        arena_free(&tapes[i].arena);
    return q->j->rc;
}

static int add_tapes(struct query_run *q, struct str group, struct buf *tapes)
{
    struct job *j = q->j;
    struct doc *docs;
    struct value *doc = job_get(j, "LogGroup", group);
    int64_t oldest = doc ? logs_oldest_ms(doc, j->cx->now_ms) : INT64_MIN;
    size_t count = job_list(j, "LogStream", logs_part_id(j->a, group, STR("")), &docs);

    for (size_t i = 0; i < count; i++) {
        struct tape t = { .series = logs_series(j->a, j->account, j->region, group,
                                                logs_part_name(docs[i].key.id)),
                          .span = { .from_ms = q->from_ms > oldest ? q->from_ms : oldest,
                                    .to_ms = q->to_ms,
                                    .newest_first = true,
                                    .limit = CHUNK } };
        if (value_get_int(docs[i].value, "lastEventTimestamp", INT64_MIN) >= t.span.from_ms &&
            value_get_int(docs[i].value, "firstEventTimestamp", INT64_MAX) < t.span.to_ms)
            buf_add(tapes, (struct str){ (const char *)&t, sizeof t });
    }
    return j->rc;
}

static int run_query(struct query_run *q)
{
    struct buf tapes = { 0 };
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < q->count; i++)
        rc = add_tapes(q, q->names[i], &tapes);
    if (rc == 0)
        rc = play(q, (struct tape *)(void *)tapes.ptr, tapes.len / sizeof(struct tape));
    buf_free(&tapes);
    arena_free(&q->scratch);
    return rc;
}

/* ---- StartQuery ---- */

static bool add_group(struct query_run *q, struct str identifier)
{
    struct job *j = q->j;
    struct str name = logs_group_name(j, identifier);
    struct logs_group g;

    if (q->count == GROUPS_MOST) {
        (void)logs_invalid(j, "At most %d log groups can be queried.", GROUPS_MOST);
        return false; /* the outcome says why */
    }
    if (logs_group_named(j, name, &g) < 0 || !g.doc)
        return false;
    q->names[q->count++] = name;
    return true;
}

static bool groups_read(struct query_run *q)
{
    static const char *const lists[] = { "logGroupNames", "logGroupIdentifiers" };
    struct job *j = q->j;
    int given = job_has(j, "logGroupName");

    for (size_t i = 0; i < COUNT(lists); i++)
        given += job_has(j, lists[i]);
    if (given != 1) {
        (void)logs_invalid(j, "Exactly one of logGroupName, logGroupNames and "
                              "logGroupIdentifiers must be given.");
        return false; /* the outcome says why */
    }
    if (job_has(j, "logGroupName"))
        return add_group(q, job_text(j, "logGroupName"));
    for (size_t i = 0; i < COUNT(lists); i++)
        for (const struct value *g = value_first(param(j->call, lists[i])); g; g = g->next)
            if (!add_group(q, g->u.text))
                return false;
    return true;
}

/* Source: CloudWatch Logs API Reference, "StartQuery": MalformedQueryException, QueryCompileError.
 */
static int malformed(struct job *j, size_t at, const char *why)
{
    struct value *e = value_map(j->a), *location = value_map(j->a);

    (void)job_refuse(j, "MalformedQueryException", "%s at offset %zu", why, at); /* j->rc below */
    value_put_int(j->a, location, "startCharOffset", (int64_t)at);
    value_put_int(j->a, location, "endCharOffset", (int64_t)job_text(j, "queryString").len);
    value_set(e, STR("location"), location);
    value_put_c(j->a, e, "message", why);
    j->out->error = value_map(j->a);
    value_set(j->out->error, STR("queryCompileError"), e);
    return j->rc;
}

static int keep(struct query_run *q, struct str id, const struct insights_result *r)
{
    struct job *j = q->j;
    struct value *doc = value_map(j->a), *names = value_list(j->a), *n = value_map(j->a);
    struct buf rows = { 0 };

    json_write(&rows, r->rows);
    value_put_str(j->a, doc, "queryId", id);
    value_put_c(j->a, doc, "queryLanguage", "CWLI");
    value_put_str(j->a, doc, "queryString", job_text(j, "queryString"));
    value_put_c(j->a, doc, "status", "Complete");
    value_put_int(j->a, doc, "createTime", j->cx->now_ms);
    value_put_str(j->a, doc, "logGroupName", q->names[0]);
    for (size_t i = 0; i < q->count; i++)
        value_push(names, value_str(j->a, q->names[i]));
    value_set(doc, STR("Groups"), names);
    value_set(doc, STR("Rows"), value_str(j->a, arena_copy(j->a, buf_view(&rows))));
    value_set(n, STR("recordsMatched"), value_float(j->a, (double)r->matched));
    value_set(n, STR("recordsScanned"), value_float(j->a, (double)r->scanned));
    value_set(n, STR("bytesScanned"), value_float(j->a, (double)r->bytes));
    value_set(n, STR("logGroupsScanned"), value_float(j->a, (double)q->count));
    value_set(doc, STR("Statistics"), n);
    buf_free(&rows);
    return job_put(j, "Query", id, doc);
}

HANDLER(logs, StartQuery)
{
    struct query_run q = { .j = j,
                           .from_ms = param_int(j->call, "startTime", 0) * 1000,
                           .to_ms = param_int(j->call, "endTime", 0) * 1000 + 1000 };
    struct str language = job_text(j, "queryLanguage"), id = job_uuid(j);
    struct insights_query *compiled;
    struct err why = { 0 };
    size_t at;

    if (language.len > 0 && !str_eq_c(language, "CWLI")) {
        outcome_refuse(j->a, j->out, 501, "NotImplemented",
                       "mocktrail answers queries of CWLI, not of %.*s.", STR_ARG(language));
        return j->rc;
    }
    if (!groups_read(&q))
        return j->rc;
    if (q.from_ms > q.to_ms)
        return logs_invalid(j, "End time should not be less than start time.");
    if (insights_parse(j->a, job_text(j, "queryString"), &compiled, &at, &why) < 0)
        return malformed(j, at, why.text);
    q.run = insights_begin(j->a, compiled);
    if (run_query(&q) < 0)
        return j->rc;
    struct insights_result result =
        insights_end(q.run, param_int(j->call, "limit", INSIGHTS_ROWS_MOST));
    job_answer(j, "queryId", value_str(j->a, id));
    return keep(&q, id, &result);
}

/* ---- what is left of a query ---- */

static struct value *find(struct job *j)
{
    struct value *doc = job_get(j, "Query", job_text(j, "queryId"));

    if (doc && value_get_int(doc, "createTime", 0) < j->cx->now_ms - LOGS_QUERY_KEPT_MS)
        doc = NULL;
    if (!doc && j->rc == 0)
        (void)job_refuse(j, "ResourceNotFoundException", /* the caller looks at the outcome */
                         "The specified query does not exist.");
    return doc;
}

HANDLER(logs, GetQueryResults)
{
    struct value *doc = find(j), *rows = NULL;

    if (!doc)
        return j->rc;
    j->rc = json_parse(j->a, value_get_str(doc, "Rows"), &rows, j->err);
    if (j->rc < 0)
        return j->rc;
    job_answer(j, "queryLanguage", value_c(j->a, "CWLI"));
    job_answer(j, "results", rows);
    job_answer(j, "statistics", value_copy(j->a, value_get_c(doc, "Statistics")));
    job_answer(j, "status", value_c(j->a, "Complete"));
    return j->rc;
}

/* A query is over when StartQuery answers. */
HANDLER(logs, StopQuery)
{
    if (find(j))
        (void)logs_invalid(j, "Query %.*s is not in a cancellable state.",
                           STR_ARG(job_text(j, "queryId"))); /* j->rc below */
    return j->rc;
}

static bool is_asked(struct job *j, const struct value *query)
{
    struct str group = job_text(j, "logGroupName"), status = job_text(j, "status");
    struct str language = job_text(j, "queryLanguage");

    return (group.len == 0 || list_has(value_get_c(query, "Groups"), group)) &&
           (status.len == 0 || str_eq(status, value_get_str(query, "status"))) &&
           (language.len == 0 || str_eq_c(language, "CWLI")) &&
           value_get_int(query, "createTime", 0) >= j->cx->now_ms - LOGS_QUERY_KEPT_MS;
}

HANDLER(logs, DescribeQueries)
{
    static const char *const shown[] = { "queryLanguage", "queryId",      "queryString", "status",
                                         "createTime",    "logGroupName", NULL };
    struct doc *docs;
    size_t count = job_list(j, "Query", STR(""), &docs), kept = 0;
    struct job_item *items = arena_array(j->a, count + 1, sizeof *items);

    for (size_t i = 0; i < count; i++) {
        if (!is_asked(j, docs[i].value))
            continue;
        items[kept].key = arena_printf(j->a, "%020lld/%.*s",
                                       (long long)value_get_int(docs[i].value, "createTime", 0),
                                       STR_ARG(docs[i].key.id));
        items[kept].value = value_map(j->a);
        job_copy(j, items[kept++].value, docs[i].value, shown);
    }
    logs_sort(items, kept);
    for (size_t i = 0; i < kept / 2; i++) { /* the newest first */
        struct job_item other = items[i];
        items[i] = items[kept - 1 - i];
        items[kept - 1 - i] = other;
    }
    return logs_page(j, &(struct logs_paging){ "maxResults", "queries", 1000, true }, items, kept);
}

HANDLER(logs, ListLogGroupsForQuery)
{
    struct value *doc = find(j), *arns = value_list(j->a);

    if (!doc)
        return j->rc;
    for (const struct value *n = value_first(value_get_c(doc, "Groups")); n; n = n->next)
        value_push(arns, value_str(j->a, logs_group_arn(j->a, j->account, j->region, n->u.text)));
    job_answer(j, "logGroupIdentifiers", arns);
    return j->rc;
}

HANDLER(logs, GetLogRecord)
{
    struct series_point point = { 0 };
    struct str series, mine;

    if (!pointer_read(j->a, job_text(j, "logRecordPointer"), &series, &point))
        return logs_invalid(j, "The specified log record pointer is invalid.");
    mine = arena_printf(j->a, "%.*s/%.*s/", STR_ARG(j->account), STR_ARG(j->region));
    int rc = str_has_prefix(series, mine)
                 ? series_get(j->cx->e->store, j->a, (struct series_key){ LOGS_SERIES, series },
                              &point, j->err)
                 : E_MISSING;
    if (rc == E_MISSING)
        return job_refuse(j, "ResourceNotFoundException",
                          "The specified log record does not exist.");
    j->rc = rc;
    if (rc < 0)
        return rc;
    struct insights_event e = event_of(j->a, series, &point);
    struct value *fields = insights_fields(j->a, &e);
    value_put_str(j->a, fields, "@ptr", e.pointer);
    job_answer(j, "logRecord", fields);
    return j->rc;
}
