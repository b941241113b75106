#include "emulator/telemetry/outbound.h"

#include <pthread.h>
#include <stdio.h>

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/codec/json.h"
#include "emulator/engine/schedule.h"
#include "emulator/engine/upstream/exchange.h"
#include "emulator/services/cloudwatch/metrics.h"
#include "emulator/services/sqs/sqs.h"
#include "emulator/store/series.h"

#define ROUND 32 /* deliveries read at a time */
/* Source: SNS Developer Guide, "Message delivery retries": 15 seconds. */
#define PATIENCE_MS 15000
#define JOB         "outbound"

static const struct series_key pending = { "outbound", { "due", 3 } };

struct outbounds {
    struct engine *e;
    pthread_mutex_t running;    /* attempts are made one at a time */
    struct exchange_pool *pool; /* under running: from the first attempt on */
    pthread_mutex_t lock;
    pthread_cond_t stirred;
    pthread_t thread;
    bool has_thread, is_stirred, stop;
};

/* ---- which endpoints ---- */

static struct str host_of(struct str url, struct str *rest)
{
    struct str authority, host = url, port, slash;

    *rest = (struct str){ "/", 1 };
    if (str_cut(url, '/', &authority, &slash))
        *rest = (struct str){ slash.ptr - 1, slash.len + 1 };
    if (str_has_prefix(authority, STR("[")))
        return str_cut(str_sub(authority, 1, authority.len), ']', &host, &port) ? host : STR("");
    (void)str_cut(authority, ':', &host, &port); /* without a port all of it is the host */
    return host;
}

static bool is_loopback(struct str host)
{
    return str_eq_c(host, "localhost") || str_eq_c(host, "::1") ||
           str_has_suffix(host, STR(".localhost")) ||
           (str_has_prefix(host, STR("127.")) && str_match(STR("127.*.*.*"), host) &&
            host.ptr[host.len - 1] >= '0' && host.ptr[host.len - 1] <= '9');
}

int outbound_check(const struct engine *e, struct str url, struct err *err)
{
    struct str after = url, rest;

    if (str_has_prefix(url, STR("http://")))
        after = str_sub(url, 7, url.len);
    else if (str_has_prefix(url, STR("https://")))
        after = str_sub(url, 8, url.len);
    struct str host = host_of(after, &rest);
    if (after.ptr == url.ptr || host.len == 0 || str_find(host, STR("?")) >= 0)
        return err_set(err, E_PARSE, "%.*s is no http(s) URL", STR_ARG(url));
    for (size_t i = 0; i < url.len; i++)
        if (url.ptr[i] <= ' ' || url.ptr[i] == '#' || url.ptr[i] > '~' || url.ptr[i] == '@' ||
            url.ptr[i] == '\\')
            return err_set(err, E_PARSE, "%.*s is no plain http(s) URL", STR_ARG(url));
    if (!is_loopback(host) && !e->opt.allow_remote)
        return err_set(err, E_DENIED,
                       "%.*s is not on this machine: only with --allow-remote is it asked",
                       STR_ARG(host));
    return 0;
}

/* ---- what is kept ---- */

static void put_text(struct arena *a, struct value *m, const char *name, struct str text)
{
    if (text.len > 0)
        value_put_str(a, m, name, text);
}

static struct value *kept_metrics(struct arena *a, const struct outbound_metrics *metrics)
{
    struct value *m = value_map(a), *dimensions = value_map(a);
    const char *const names[][2] = { { "Namespace", metrics->namespace_ },
                                     { "Delivered", metrics->delivered },
                                     { "Failed", metrics->failed },
                                     { "Buried", metrics->buried },
                                     { "Lost", metrics->lost } };

    for (size_t i = 0; i < COUNT(names); i++)
        if (names[i][1])
            value_put_c(a, m, names[i][0], names[i][1]);
    for (size_t i = 0; i < metrics->dimension_count; i++)
        value_set(dimensions, metrics->dimensions[i].name,
                  value_str(a, metrics->dimensions[i].value));
    value_set(m, STR("Dimensions"), dimensions);
    return m;
}

static struct value *kept(struct arena *a, const struct outbound *o)
{
    struct value *m = value_map(a), *delays = value_list(a);

    value_put_str(a, m, "Url", o->url);
    value_put_str(a, m, "Body", o->body);
    if (o->headers)
        value_set(m, STR("Headers"), value_copy(a, o->headers));
    for (size_t i = 0; i < o->delay_count; i++)
        value_push(delays, value_int(a, o->delays_ms[i]));
    value_set(m, STR("Delays"), delays);
    put_text(a, m, "DeadLetterQueue", o->dead_letter_queue);
    put_text(a, m, "DeadLetter", o->dead_letter);
    if (o->dead_letter_attributes)
        value_set(m, STR("DeadLetterAttributes"), value_copy(a, o->dead_letter_attributes));
    put_text(a, m, "Account", o->account);
    put_text(a, m, "Region", o->region);
    put_text(a, m, "Service", o->service);
    if (o->metrics.namespace_)
        value_set(m, STR("Metrics"), kept_metrics(a, &o->metrics));
    return m;
}

static int keep(struct engine *e, const struct value *m, int64_t due_ms, uint64_t number,
                struct err *err)
{
    struct buf text = { 0 };

    json_write(&text, m);
    int rc = series_put(e->store, pending,
                        &(struct series_point){ due_ms, number, buf_view(&text) }, err);
    buf_free(&text);
    return rc;
}

static int next_number(struct engine *e, struct arena *a, uint64_t *out, struct err *err)
{
    struct str text;
    int64_t n = 0;
    int rc = store_fact_get(e->store, a, "outbound.next", &text, err);

    if (rc < 0 && rc != E_MISSING)
        return rc;
    if (rc == 0 && !str_to_i64(text, &n))
        return err_set(err, E_PARSE, "state.db: outbound.next is no number");
    *out = (uint64_t)n;
    return store_fact_put(e->store, "outbound.next", arena_printf(a, "%lld", (long long)n + 1),
                          err);
}

static void stir(struct outbounds *o)
{
    (void)pthread_mutex_lock(&o->lock);
    o->is_stirred = true;
    (void)pthread_cond_signal(&o->stirred);
    (void)pthread_mutex_unlock(&o->lock);
}

static schedule_fn fall_due;

int outbound_put(struct engine *e, struct arena *a, const struct outbound *o, struct err *err)
{
    int64_t now_ms = clock_now_ms(&e->clock);
    uint64_t number = 0;
    int rc = outbound_check(e, o->url, err);

    if (rc == 0)
        rc = next_number(e, a, &number, err);
    if (rc == 0)
        rc = keep(e, kept(a, o), now_ms, number, err);
    if (rc < 0 || !e->outbound)
        return rc;
    /* The thread tries at once; a clock that is on its way must not pass it by. */
    rc = schedule_add(e->schedule, JOB, now_ms, fall_due, e->outbound, err);
    stir(e->outbound);
    return rc;
}

/* ---- one attempt ---- */

enum verdict { DELIVERED, AGAIN, NEVER, STOPPED };
struct attempt {
    struct engine *e;
    struct arena *a;
    struct value *m;
    int64_t due_ms;
    uint64_t number;
    enum verdict verdict;
    struct str code, why; /* of a failure */
};

static enum verdict verdict_of(int status)
{
    if (status / 100 == 2)
        return DELIVERED;
    return status == 429 || status / 100 == 5 ? AGAIN : NEVER;
}

static void judge(struct arena *a, struct attempt *t, enum exchange_end end, struct str why,
                  const struct reply *reply)
{
    if (end == EXCHANGE_ENDED) {
        t->verdict = STOPPED;
    } else if (end != EXCHANGE_DONE) {
        t->verdict = AGAIN;
        t->code = STR("NO_ANSWER");
        t->why = why;
    } else {
        t->verdict = verdict_of(reply->status);
        t->code = arena_printf(a, "%d", reply->status);
        t->why = arena_printf(a, "the endpoint answered %d", reply->status);
    }
}

static int ask(struct outbounds *o, struct arena *a, struct attempt *t, struct err *err)
{
    const struct value *headers = value_get_c(t->m, "Headers");
    struct str url = value_get_str(t->m, "Url"), target;
    size_t scheme = str_has_prefix(url, STR("https")) ? 8 : 7, count = 0;
    struct http_header *list = arena_array(a, (headers ? headers->count : 0) + 1, sizeof *list);
    struct reply reply = { 0 };
    enum exchange_end end = EXCHANGE_ENDED;
    struct str why = { 0 };

    (void)host_of(str_sub(url, scheme, url.len), &target); /* looked at when it was put */
    for (const struct value *h = value_first(headers); h; h = h->next)
        list[count++] = (struct http_header){ h->name, h->u.text };
    struct str body = value_get_str(t->m, "Body");
    struct exchange x = { .base = target.len > 1 ? str_sub(url, 0, url.len - target.len) : url,
                          .target = target,
                          .method = STR("POST"),
                          .headers = list,
                          .header_count = count,
                          .body = { .text = body, .len = (int64_t)body.len } };
    if (str_has_suffix(x.base, STR("/")))
        x.base.len--;
    int rc = exchange_run(o->pool, a, &x, &reply, &end, &why, err);
    if (rc == 0)
        judge(a, t, end, why, &reply);
    return rc;
}

/* ---- what follows from it ---- */

/* What a delivery was kept with tells which counter that is, if any. */
static int count_metric(struct engine *e, const struct value *m, const char *which, struct err *err)
{
    const struct value *metrics = value_get_c(m, "Metrics");
    struct metric_dimension dimensions[METRIC_DIMENSIONS_MOST];
    struct metric_datum d = { .account = value_get_str(m, "Account"),
                              .region = value_get_str(m, "Region"),
                              .namespace_ = value_get_str(metrics, "Namespace"),
                              .name = value_get_str(metrics, which),
                              .dimensions = dimensions,
                              .unit = "Count",
                              .time_ms = clock_now_ms(&e->clock),
                              .count = 1,
                              .sum = 1,
                              .least = 1,
                              .most = 1 };

    for (const struct value *v = value_first(value_get_c(metrics, "Dimensions"));
         v && d.dimension_count < COUNT(dimensions); v = v->next)
        dimensions[d.dimension_count++] = (struct metric_dimension){ v->name, v->u.text };
    return d.name.len > 0 ? metrics_add(e, &d, err) : 0;
}

static void put_attribute(struct arena *a, struct value *attributes, const char *name,
                          struct str text)
{
    struct value *v = value_map(a);

    value_put_c(a, v, "DataType", "String");
    value_put_str(a, v, "StringValue", text);
    value_set(attributes, str_c(name), v);
}

/* Source: EventBridge User Guide, "Dead-letter queues", message attributes. */
static int bury(struct engine *e, struct arena *a, const struct attempt *t, struct err *err)
{
    const struct value *given = value_get_c(t->m, "DeadLetterAttributes");
    struct value *attributes = given ? value_copy(a, given) : value_map(a);
    struct str queue = value_get_str(t->m, "DeadLetterQueue");
    struct str body = value_get_str(t->m, "DeadLetter");
    struct err why = { 0 };
    struct rng rng;

    if (queue.len == 0)
        return 0;
    engine_chance(e, str_hash(queue) ^ t->number, &rng);
    put_attribute(a, attributes, "ERROR_CODE", t->code);
    put_attribute(a, attributes, "ERROR_MESSAGE", t->why);
    int rc = sqs_deliver(
        e, a,
        &(struct sqs_message){ .queue_arn = queue,
                               .body = body.len ? body : value_get_str(t->m, "Body"),
                               .attributes = attributes,
                               .service = arena_printf(a, "%.*s.amazonaws.com",
                                                       STR_ARG(value_get_str(t->m, "Service"))),
                               .rng = &rng },
        &why);
    if (rc == E_MISSING || rc == E_DENIED) {
        log_write(LOG_WARN, "a dead letter is lost: %s", why.text);
        return count_metric(e, t->m, "Lost", err);
    }
    return rc < 0 ? err_set(err, rc, "%s", why.text) : count_metric(e, t->m, "Buried", err);
}

/* The next attempt's time, or -1: that was the last. */
static int64_t next_attempt(const struct engine *e, const struct value *m)
{
    int64_t made = value_get_int(m, "Attempts", 0);
    const struct value *delay = value_at(value_get_c(m, "Delays"), (size_t)made);

    return delay ? clock_now_ms(&e->clock) + delay->u.integer : -1;
}

static int settle_one(void *arg, struct err *err)
{
    struct attempt *t = arg;
    struct engine *e = t->e;
    int64_t next_ms = t->verdict == AGAIN ? next_attempt(e, t->m) : -1;
    int rc = series_remove(e->store, pending, t->due_ms, t->number, err);

    if (rc < 0)
        return rc == E_MISSING ? 0 : rc;
    if (next_ms >= 0) {
        value_put_int(t->a, t->m, "Attempts", value_get_int(t->m, "Attempts", 0) + 1);
        return keep(e, t->m, next_ms, t->number, err);
    }
    if (t->verdict == DELIVERED)
        return count_metric(e, t->m, "Delivered", err);
    rc = bury(e, t->a, t, err);
    return rc < 0 ? rc : count_metric(e, t->m, "Failed", err);
}

/* ---- rounds ---- */

static int try_one(struct outbounds *o, const struct series_point *p, bool *goes_on,
                   struct err *err)
{
    struct arena a = { 0 };
    struct attempt t = { .e = o->e, .a = &a, .due_ms = p->time_ms, .number = p->number };
    int rc = json_parse(&a, p->data, &t.m, err);

    if (rc == 0)
        rc = ask(o, &a, &t, err);
    *goes_on = t.verdict != STOPPED;
    if (rc == 0 && *goes_on)
        rc = store_transact(o->e->store, settle_one, &t, err);
    arena_free(&a);
    return rc;
}

static int open_pool(struct outbounds *o, struct err *err)
{
    struct exchange_options opt = { o->e->opt.data_dir, PATIENCE_MS };
    struct exchange_pool *pool;

    if (o->pool)
        return 0;
    int rc = exchange_pool_open(&pool, &opt, err);
    if (rc < 0)
        return rc;
    (void)pthread_mutex_lock(&o->lock);
    o->pool = pool;
    if (o->stop)
        exchange_pool_stop(pool);
    (void)pthread_mutex_unlock(&o->lock);
    return 0;
}

/* Everything that is due by now, until nothing is. */
static int run_due(struct outbounds *o, struct err *err)
{
    bool goes_on = true;
    size_t count = 1;
    int rc = 0;

    while (rc == 0 && goes_on && count > 0) {
        struct arena a = { 0 };
        struct series_point *points;
        struct series_span span = { .from_ms = INT64_MIN,
                                    .to_ms = clock_now_ms(&o->e->clock) + 1,
                                    .limit = ROUND };

        rc = series_list(o->e->store, &a, pending, &span, &points, &count, err);
        if (rc == 0 && count > 0)
            rc = open_pool(o, err);
        for (size_t i = 0; rc == 0 && goes_on && i < count; i++)
            rc = try_one(o, &points[i], &goes_on, err);
        arena_free(&a);
    }
    return rc;
}

static int next_due(struct outbounds *o, int64_t *out, struct err *err)
{
    struct arena a = { 0 };
    struct series_point *points;
    struct series_span span = { .from_ms = INT64_MIN, .to_ms = INT64_MAX, .limit = 1 };
    size_t count = 0;
    int rc = series_list(o->e->store, &a, pending, &span, &points, &count, err);

    *out = rc == 0 && count > 0 ? points[0].time_ms : INT64_MAX;
    arena_free(&a);
    return rc;
}

int outbound_settle(struct engine *e, struct err *err)
{
    struct outbounds *o = e->outbound;

    if (!o)
        return 0;
    (void)pthread_mutex_lock(&o->running);
    int rc = run_due(o, err);
    (void)pthread_mutex_unlock(&o->running);
    return rc;
}

/* A standing clock waits for the attempts that are due; a running one leaves them to the thread. */
static int fall_due(void *arg, int64_t due_ms, int64_t *next_ms, struct err *err)
{
    struct outbounds *o = arg;

    (void)due_ms; /* the store tells what is due */
    *next_ms = INT64_MAX;
    if (!clock_is_frozen(&o->e->clock)) {
        stir(o);
        return 0;
    }
    int rc = outbound_settle(o->e, err);
    return rc < 0 ? rc : next_due(o, next_ms, err);
}

static void round_of_thread(struct outbounds *o)
{
    struct err err = { 0 };
    int64_t next_ms = INT64_MAX;
    int rc = outbound_settle(o->e, &err);

    if (rc == 0)
        rc = next_due(o, &next_ms, &err);
    if (rc == 0 && next_ms != INT64_MAX)
        rc = schedule_add(o->e->schedule, JOB, next_ms, fall_due, o, &err);
    if (rc < 0)
        log_write(LOG_ERROR, "deliveries by HTTP: %s", err.text);
}

static void *run(void *arg)
{
    struct outbounds *o = arg;

    (void)pthread_mutex_lock(&o->lock);
    while (!o->stop) {
        if (!o->is_stirred) {
            (void)pthread_cond_wait(&o->stirred, &o->lock);
            continue;
        }
        o->is_stirred = false;
        (void)pthread_mutex_unlock(&o->lock);
        round_of_thread(o);
        (void)pthread_mutex_lock(&o->lock);
    }
    (void)pthread_mutex_unlock(&o->lock);
    return NULL;
}

int outbound_open(struct engine *e, struct err *err)
{
    struct outbounds *o;
    int64_t next_ms;

    if (e->opt.sink.put)
        return 0;
    o = mem_alloc(sizeof *o);
    o->e = e;
    (void)pthread_mutex_init(&o->running, NULL); /* default attributes: cannot fail here */
    (void)pthread_mutex_init(&o->lock, NULL);
    (void)pthread_cond_init(&o->stirred, NULL);
    e->outbound = o;
    int rc = next_due(o, &next_ms, err);
    if (rc == 0 && next_ms != INT64_MAX)
        rc = schedule_add(e->schedule, JOB, next_ms, fall_due, o, err);
    o->is_stirred = next_ms <= clock_now_ms(&e->clock);
    if (rc == 0 && pthread_create(&o->thread, NULL, run, o) != 0)
        rc = err_set(err, E_IO, "start the thread of deliveries by HTTP");
    o->has_thread = rc == 0;
    return rc;
}

void outbound_close(struct engine *e)
{
    struct outbounds *o = e->outbound;

    if (!o)
        return;
    schedule_remove(e->schedule, JOB);
    (void)pthread_mutex_lock(&o->lock);
    o->stop = true;
    exchange_pool_stop(o->pool);
    (void)pthread_cond_signal(&o->stirred);
    (void)pthread_mutex_unlock(&o->lock);
    if (o->has_thread)
        (void)pthread_join(o->thread, NULL);
    exchange_pool_close(o->pool);
    (void)pthread_cond_destroy(&o->stirred);
    (void)pthread_mutex_destroy(&o->lock);
    (void)pthread_mutex_destroy(&o->running);
    mem_free(o);
    e->outbound = NULL;
}
