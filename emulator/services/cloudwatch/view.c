/* Each call, counted: AWS/Usage as AWS publishes it, and a namespace of this program. */
#include "emulator/services/cloudwatch/cloudwatch.h"

#include <assert.h>

#include "core/base/buf.h"
#include "core/base/embed.h"
#include "core/base/mem.h"
#include "emulator/services/cloudwatch/alarms.h"
#include "emulator/services/cloudwatch/deliver.h"
#include "emulator/services/cloudwatch/retention.h"
#include "emulator/services/cloudwatch/state.h"
#include "emulator/telemetry/telemetry.h"

struct cw_state *cw_state(const struct engine *e)
{
    return e->telemetry ? *telemetry_state(e, VIEW_ID_metrics) : NULL;
}

/* A view is called only where telemetry is. */
static struct cw_state *own_state(const struct engine *e)
{
    struct cw_state *s = cw_state(e);

    assert(s);
    return s;
}

uint64_t tally_calls(const struct tally *t)
{
    uint64_t n = 0;

    for (size_t i = 0; i < COUNT(t->by_class); i++)
        n += t->by_class[i];
    return n;
}

/* ---- counting ---- */

static void clear(struct tallies *t)
{
    arena_reset(&t->a);
    memset(t->buckets, 0, sizeof t->buckets);
    t->first = t->last = NULL;
}

static bool same(const struct tally *a, const struct tally *b)
{
    return a->minute_ms == b->minute_ms && str_eq(a->operation, b->operation) &&
           str_eq(a->service, b->service) && str_eq(a->account, b->account) &&
           str_eq(a->region, b->region);
}

/* The tally like key; a new one copies its names. */
static struct tally *find_tally(struct tallies *t, const struct tally *key)
{
    uint64_t hash = str_hash(key->operation) ^ str_hash(key->account) * 3 ^
                    str_hash(key->region) * 5 ^ (uint64_t)key->minute_ms;
    struct tally **at = &t->buckets[hash % TALLY_BUCKETS];

    for (struct tally *k = *at; k; k = k->chain)
        if (same(k, key))
            return k;
    struct tally *k = arena_alloc(&t->a, sizeof *k);
    *k = (struct tally){ .chain = *at,
                         .account = arena_copy(&t->a, key->account),
                         .region = arena_copy(&t->a, key->region),
                         .service = arena_copy(&t->a, key->service),
                         .operation = arena_copy(&t->a, key->operation),
                         .minute_ms = key->minute_ms };
    *at = k;
    *(t->first ? &t->last->next : &t->first) = k;
    t->last = k;
    return k;
}

/* Source: botocore's data/_retry.json: the codes that mean "slow down". */
static const char *const throttles[] = { "BandwidthLimitExceeded",
                                         "LimitExceededException",
                                         "PriorRequestNotComplete",
                                         "ProvisionedThroughputExceededException",
                                         "RequestLimitExceeded",
                                         "RequestThrottled",
                                         "RequestThrottledException",
                                         "SlowDown",
                                         "ThrottledException",
                                         "Throttling",
                                         "ThrottlingException",
                                         "TooManyRequestsException",
                                         "TransactionInProgressException" };

static bool is_throttle(const struct record_facts *f)
{
    for (size_t i = 0; f->status >= 400 && i < COUNT(throttles); i++)
        if (str_eq_c(f->error_code, throttles[i]))
            return true;
    return false;
}

static void add_duration(struct tallies *all, struct tally *t, uint32_t us)
{
    uint64_t n = tally_calls(t);

    if (n == t->duration_cap) {
        size_t cap = t->duration_cap ? 2 * t->duration_cap : 8;
        double *more = arena_array(&all->a, cap, sizeof *more);
        if (n > 0)
            memcpy(more, t->durations_ms, n * sizeof *more);
        t->durations_ms = more;
        t->duration_cap = cap;
    }
    t->durations_ms[n] = us / 1000.0;
    t->microseconds += us;
}

static void count_call(struct tallies *all, const struct record_facts *f)
{
    struct str service, rest;
    unsigned class = f->status / 100;

    (void)str_cut(f->event_source, '.', &service, &rest);
    struct tally *t =
        find_tally(all, &(struct tally){ .account = f->account,
                                         .region = f->region,
                                         .service = service,
                                         .operation = f->event_name,
                                         .minute_ms = cw_floor(f->time_ms, CW_MINUTE_MS) });
    add_duration(all, t, f->duration_us);
    t->by_class[class < COUNT(t->by_class) ? class : 0]++;
    t->throttles += is_throttle(f);
}

/* What the last batch counted has been committed: into the totals with it. */
static void fold(struct cw_state *s)
{
    for (const struct tally *b = s->batch.first; s->batch_is_whole && b; b = b->next) {
        struct tally key = *b;
        key.minute_ms = 0;
        struct tally *t = find_tally(&s->total, &key);

        for (size_t i = 0; i < COUNT(t->by_class); i++)
            t->by_class[i] += b->by_class[i];
        t->throttles += b->throttles;
        t->microseconds += b->microseconds;
    }
    if (s->batch_is_whole)
        clear(&s->batch);
    s->batch_is_whole = false;
}

static int take(struct pass *p, struct err *err)
{
    const struct record_facts *f = &p->entry->facts;
    struct cw_state *s = own_state(p->e);

    (void)err; /* counting can't fail */
    fold(s);
    if (p->entry->recipient == 0 && f->status != 0)
        count_call(&s->batch, f);
    return 0;
}

/* ---- writing what was counted ---- */

/* Source: fixtures/cloudwatch/usage_services.tsv. */
static struct str display_name(struct str service)
{
    struct str rest = embed_find(STR("cloudwatch/usage_services.tsv")), line, name, shown;

    while (rest.len > 0) {
        (void)str_cut(rest, '\n', &line, &rest);
        if (str_cut(line, '\t', &name, &shown) && str_eq(name, service)) {
            (void)str_cut(shown, '\t', &shown, &name); /* the rest says where it is from */
            return shown;
        }
    }
    return service;
}

static int put(struct pass *p, const struct tally *t, const struct metric_id *id, struct point *pt,
               const char *unit, struct err *err)
{
    struct metric_id here = *id;

    here.account = t->account;
    here.region = t->region;
    pt->time_ms = t->minute_ms;
    pt->unit = metric_unit(str_c(unit));
    return point_add(p->e, &here, pt, err);
}

/* n ones and the rest noughts: the sum is how often, the average how large a share. */
static struct point flags(struct arena *a, uint64_t n, uint64_t of)
{
    const struct value_count both[] = { { 0, (double)(of - n) }, { 1, (double)n } };

    return point_of_values(a, both, COUNT(both));
}

/* Source: CloudWatch User Guide, "AWS usage metrics": the dimensions, Sum of CallCount. */
static int put_usage(struct pass *p, const struct tally *t, struct err *err)
{
    const struct metric_dimension dims[] = { { STR("Class"), STR("None") },
                                             { STR("Resource"), t->operation },
                                             { STR("Service"), display_name(t->service) },
                                             { STR("Type"), STR("API") } };
    struct metric_id id = { .namespace_ = STR("AWS/Usage"),
                            .name = STR("CallCount"),
                            .dimensions = dims,
                            .dimension_count = COUNT(dims) };
    double n = (double)tally_calls(t);
    struct point ones = point_of_set(p->batch, n, n, 1, 1);

    return put(p, t, &id, &ones, "None", err);
}

static struct point durations(struct arena *a, const struct tally *t)
{
    uint64_t n = tally_calls(t);
    struct value_count *all = arena_array(a, n, sizeof *all);

    for (uint64_t i = 0; i < n; i++)
        all[i] = (struct value_count){ t->durations_ms[i], 1 };
    return point_of_values(a, all, n);
}

static int put_own(struct pass *p, const struct tally *t, struct err *err)
{
    const struct metric_dimension dims[] = { { STR("Operation"), t->operation },
                                             { STR("Service"), t->service } };
    uint64_t n = tally_calls(t);
    struct {
        struct str name;
        const char *unit;
        struct point point;
    } metrics[] = {
        { STR("Calls"), "Count", point_of_set(p->batch, (double)n, (double)n, 1, 1) },
        { STR("Latency"), "Milliseconds", durations(p->batch, t) },
        { STR("4xxErrors"), "Count", flags(p->batch, t->by_class[4], n) },
        { STR("5xxErrors"), "Count", flags(p->batch, t->by_class[5], n) },
        { STR("Throttles"), "Count", flags(p->batch, t->throttles, n) },
    };
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < COUNT(metrics); i++) {
        struct metric_id id = { .namespace_ = STR("Mocktrail"),
                                .name = metrics[i].name,
                                .dimensions = dims,
                                .dimension_count = COUNT(dims) };
        rc = put(p, t, &id, &metrics[i].point, metrics[i].unit, err);
    }
    return rc;
}

static int end(struct pass *p, struct err *err)
{
    struct cw_state *s = own_state(p->e);
    int rc = 0;

    fold(s); /* a batch of nothing leaves the last one as it is */
    for (const struct tally *t = s->batch.first; rc == 0 && t; t = t->next) {
        rc = put_usage(p, t, err);
        if (rc == 0)
            rc = put_own(p, t, err);
    }
    s->batch_is_whole = true;
    return rc;
}

static void forget(struct engine *e)
{
    struct cw_state *s = own_state(e);

    clear(&s->batch);
    s->batch_is_whole = false;
}

/* ---- opening ---- */

static int open_view(struct engine *e, struct err *err)
{
    struct cw_state *s = mem_alloc(sizeof *s);

    *telemetry_state(e, VIEW_ID_metrics) = s;
    s->alarms = alarms_open();
    int rc = retention_open(e, err);
    return rc < 0 ? rc : alarms_start(e, err);
}

static void close_view(struct engine *e)
{
    struct cw_state *s = own_state(e);

    alarms_stop(e);
    alarms_close(s->alarms);
    arena_free(&s->batch.a);
    arena_free(&s->total.a);
    mem_free(s);
    *telemetry_state(e, VIEW_ID_metrics) = NULL;
}

const struct view view_metrics = {
    .name = "metrics",
    .open = open_view,
    .close = close_view,
    .take = take,
    .end = end,
    .forget = forget,
    .deliver = metrics_deliver,
};

/* ---- Prometheus ---- */

static void add_label(struct buf *out, const char *name, struct str value)
{
    buf_printf(out, "%s=\"", name);
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];

        if (c == '\\' || c == '"')
            buf_add_char(out, '\\');
        buf_add(out, c == '\n' ? STR("\\n") : (struct str){ &c, 1 });
    }
    buf_add_char(out, '"');
}

static void add_labels(struct buf *out, const char *metric, const struct tally *t)
{
    const struct {
        const char *name;
        struct str value;
    } labels[] = { { "service", t->service },
                   { "operation", t->operation },
                   { "account", t->account },
                   { "region", t->region } };

    buf_printf(out, "%s{", metric);
    for (size_t i = 0; i < COUNT(labels); i++) {
        buf_add_c(out, i > 0 ? "," : "");
        add_label(out, labels[i].name, labels[i].value);
    }
}

static void add_classes(struct buf *out, const struct tally *t)
{
    for (size_t i = 0; i < COUNT(t->by_class); i++)
        if (t->by_class[i] > 0) {
            add_labels(out, "mocktrail_calls_total", t);
            buf_printf(out, ",status=\"%zuxx\"} %llu\n", i, (unsigned long long)t->by_class[i]);
        }
}

static void add_durations(struct buf *out, const struct tally *t)
{
    add_labels(out, "mocktrail_call_duration_seconds_sum", t);
    buf_printf(out, "} %.6f\n", (double)t->microseconds / 1e6);
    add_labels(out, "mocktrail_call_duration_seconds_count", t);
    buf_printf(out, "} %llu\n", (unsigned long long)tally_calls(t));
}

static void add_throttles(struct buf *out, const struct tally *t)
{
    add_labels(out, "mocktrail_throttles_total", t);
    buf_printf(out, "} %llu\n", (unsigned long long)t->throttles);
}

void cw_exposition(struct engine *e, struct buf *out)
{
    static const struct {
        const char *name, *type, *help;
        void (*add)(struct buf *out, const struct tally *t);
    } families[] = {
        { "mocktrail_calls_total", "counter",
          "Calls by service, operation, account, region and class of HTTP status.", add_classes },
        { "mocktrail_throttles_total", "counter", "Calls that were told to slow down.",
          add_throttles },
        { "mocktrail_call_duration_seconds", "summary", "How long calls took.", add_durations },
    };
    struct cw_state *s = cw_state(e);

    store_lock(e->store);
    if (s)
        fold(s);
    for (size_t i = 0; s && i < COUNT(families); i++) {
        buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", families[i].name, families[i].help,
                   families[i].name, families[i].type);
        for (const struct tally *t = s->total.first; t; t = t->next)
            families[i].add(out, t);
    }
    store_unlock(e->store);
}
