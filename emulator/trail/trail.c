#include "emulator/trail/trail.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "core/aws/region.h"
#include "core/base/mem.h"
#include "emulator/engine/schedule.h"
#include "emulator/services/s3.h"
#include "emulator/store/history.h"
#include "emulator/telemetry/telemetry.h"
#include "emulator/trail/bucket.h"
#include "emulator/trail/insight_kinds.h"
#include "emulator/trail/insights_live.h"
#include "emulator/trail/own_calls.h"
#include "emulator/trail/past.h"
#include "emulator/trail/state.h"

#define HISTORY_BATCH 256
/* Source: CloudTrail User Guide, "Working with CloudTrail Event history". */
#define HISTORY_LIFE_MS (90 * 24 * 3600 * 1000ll)
#define DIGEST_RETRY_MS (5 * 60 * 1000ll) /* into a bucket that is out of order */
#define DIGESTS_HELD    1024 /* staged while the clock goes on: a sync costs as much for one */
#define PUMP_NAP_MS     50
#define DELIVER_JOB     "trail-1-deliver" /* a delivery and a digest due at once: in this order */
#define DIGEST_JOB      "trail-2-digest"

int trail_fact_get(struct trail *t, const char *name, uint64_t *out, struct err *err)
{
    struct arena a = { 0 };
    struct str text;
    int64_t n = 0;
    int rc = store_fact_get(t->e->store, &a, name, &text, err);

    if (rc == 0 && !str_to_i64(text, &n))
        rc = err_set(err, E_PARSE, "state.db: %s is no number", name);
    arena_free(&a);
    if (rc == 0 || rc == E_MISSING)
        *out = (uint64_t)n;
    return rc == E_MISSING ? 0 : rc;
}

int trail_fact_put(struct trail *t, const char *name, uint64_t n, struct err *err)
{
    char text[24];
    int len = snprintf(text, sizeof text, "%llu", (unsigned long long)n);

    return store_fact_put(t->e->store, name, (struct str){ text, (size_t)len }, err);
}

int trail_load_configs(struct trail *t, uint64_t *end, struct err *err)
{
    int rc = 0;

    store_lock(t->e->store); /* no change is half made, and none comes before this end */
    *end = journal_end(t->journal);
    uint64_t generation = atomic_load(&t->generation);
    if (t->loaded != generation) {
        struct config_set fresh;
        rc = config_load(t->e->store, &fresh, err);
        if (rc == 0) {
            config_free(&t->configs);
            t->configs = fresh;
            t->loaded = generation;
        }
    }
    store_unlock(t->e->store);
    return rc;
}

int trail_status_put(struct trail *t, const struct trail_config *c, const struct value *members,
                     struct err *err)
{
    struct arena a = { 0 };
    struct value *status;
    struct doc_key key = config_key(c->owner, c->home, "TrailStatus", c->name);
    int rc = store_doc_get(t->e->store, &a, key, &status, err);

    if (rc == E_MISSING) {
        arena_free(&a);
        return 0; /* deleted meanwhile: nobody is left to ask */
    }
    for (const struct value *m = value_first(members); rc == 0 && m; m = m->next) {
        if (m->kind == VALUE_NULL)
            (void)value_remove(status, m->name);
        else
            value_set(status, m->name, value_copy(&a, m));
    }
    if (rc == 0)
        rc = store_doc_put(t->e->store, key, status, err);
    arena_free(&a);
    return rc;
}

/* Source: CloudTrail User Guide, "Encrypting CloudTrail log files": SSE-S3 unless told otherwise.
 */
struct value *trail_object_meta(struct trail *t, struct arena *a, struct value *user)
{
    struct value *m = value_map(a);

    value_put_time(a, m, "LastModified", clock_now_ms(&t->e->clock));
    value_put_c(a, m, "ContentType", "application/json");
    value_put_c(a, m, "ContentEncoding", "gzip");
    value_put_c(a, m, "ServerSideEncryption", "AES256");
    if (user)
        value_set(m, STR("Metadata"), user);
    return m;
}

/* A bucket that no policy speaks of is open: the default trail's has none. */
int trail_bucket_check(struct trail *t, struct arena *a, const struct trail_config *c,
                       struct str bucket, const char **out_code, struct err *err)
{
    struct bucket_view b;
    int rc = bucket_view(t->e->store, a, bucket, &b, err);

    if (rc < 0)
        return rc;
    *out_code = NULL;
    if (!b.exists)
        *out_code = "NoSuchBucket";
    else if (bucket_ask(a, &b, "s3:PutObject",
                        arena_printf(a, "arn:%.*s:s3:::%.*s/AWSLogs/%.*s/CloudTrail/x",
                                     STR_ARG(region_partition(c->home)), STR_ARG(bucket),
                                     STR_ARG(c->owner)),
                        c->arn, c->owner) == POLICY_DENY)
        *out_code = "AccessDenied";
    else if (config_now(c)->kms_key.len > 0)
        return own_calls_may_seal(t, a, c, bucket, out_code, err);
    return 0;
}

static int history_take(struct trail *t, struct arena *a, struct history_row *rows, size_t *count)
{
    uint64_t position = t->history_position;
    struct journal_entry entry;

    *count = 0;
    /* Source: CloudTrail User Guide, "Event history": no data events; Insights events if a trail
     * asks for them. */
    while (*count < HISTORY_BATCH &&
           journal_next_of(t->journal, a, &position, 1u << EVENT_MANAGEMENT | 1u << EVENT_INSIGHT,
                           &entry)) {
        bool is_insight = entry.facts.category == EVENT_INSIGHT;
        rows[(*count)++] =
            (struct history_row){ .seq = entry.position,
                                  .time_ms = entry.facts.time_ms,
                                  .account = entry.facts.account,
                                  .region = entry.facts.region,
                                  .event_id = entry.facts.event_id,
                                  .event_name = entry.facts.event_name,
                                  .event_source = entry.facts.event_source,
                                  .user_name = entry.facts.user_name,
                                  .access_key_id = entry.facts.access_key_id,
                                  .read_only = entry.facts.read_only,
                                  .is_insight = is_insight,
                                  .insight_source =
                                      is_insight ? insight_source(entry.record) : (struct str){ 0 },
                                  .resources = entry.facts.resources,
                                  .record = entry.record };
    }
    t->history_position = position;
    return *count > 0;
}

/* Everything in the journal now, and not what comes while we are at it. */
static int history_drain(struct trail *t, struct err *err)
{
    struct history_row rows[HISTORY_BATCH];
    struct arena a = { 0 };
    uint64_t end = journal_end(t->journal);
    size_t count;
    int rc = 0;

    while (rc == 0 && t->history_position < end && history_take(t, &a, rows, &count)) {
        uint64_t reached = t->history_position;
        rc = history_add(t->e->store, rows, count, err);
        if (rc < 0)
            t->history_position = t->history_saved; /* rows that are there are left alone */
        else if (reached >= end)
            break;
        arena_reset(&a);
    }
    arena_free(&a);
    return rc;
}

/* A dataset's own events come before the first one of the journal. Under the store's lock, which
 * some who ask for the history hold already, and before that of the history. */
static int history_begin(struct trail *t, struct err *err)
{
    int rc = 0;

    if (atomic_load(&t->has_past))
        return 0;
    store_lock(t->e->store);
    if (!atomic_load(&t->has_past)) {
        rc = past_build(t->e, err);
        atomic_store(&t->has_past, rc == 0);
    }
    store_unlock(t->e->store);
    return rc;
}

int trail_sync_history(struct trail *t, struct err *err)
{
    int rc = history_begin(t, err);

    if (rc < 0)
        return rc;
    (void)pthread_mutex_lock(&t->history);
    rc = history_drain(t, err);
    (void)pthread_mutex_unlock(&t->history);
    return rc;
}

/* Remember how far the history has come, so that the journal before it may go. */
static int history_save(struct trail *t, struct err *err)
{
    int rc = trail_sync_history(t, err);

    (void)pthread_mutex_lock(&t->history);
    uint64_t reached = t->history_position;
    bool moved = reached != t->history_saved;
    (void)pthread_mutex_unlock(&t->history);

    if (rc < 0 || !moved)
        return rc;
    store_lock(t->e->store);
    rc = store_begin(t->e->store, err);
    if (rc == 0) {
        rc = trail_fact_put(t, "trail.history", reached, err);
        if (rc == 0)
            rc = store_commit(t->e->store, err);
        else
            store_rollback(t->e->store);
    }
    store_unlock(t->e->store);
    if (rc == 0)
        rc = history_prune(t->e->store, clock_now_ms(&t->e->clock) - HISTORY_LIFE_MS, err);
    (void)pthread_mutex_lock(&t->history);
    if (rc == 0)
        t->history_saved = reached;
    (void)pthread_mutex_unlock(&t->history);
    return rc;
}

/* Where the next record will stand. */
static uint64_t next_position(const struct trail *t)
{
    const struct engine_sink *sink = &t->e->opt.sink;

    return sink->put ? sink->position(sink->arg) : journal_end(t->journal);
}

static int64_t next_mark(const struct trail *t, int64_t after_ms)
{
    int64_t every = t->e->opt.deliver_every_ms;

    return (after_ms / every + 1) * every;
}

static int deliver(struct trail *t, enum delivery_which which, struct err *err)
{
    int rc = history_save(t, err);

    if (rc == 0)
        rc = telemetry_sync(t->e, err);
    if (rc == 0)
        rc = insights_live_settle(t->e, err);
    if (rc == 0)
        rc = delivery_run(t, which, err);
    if (rc == 0 && atomic_load(&t->generation) != t->ended_generation) {
        t->ended_generation = atomic_load(&t->generation);
        rc = digests_end(t, err);
        if (rc == 0)
            rc = digests_settle(t, err);
    }
    return rc < 0 ? rc : telemetry_deliver(t->e, err);
}

static int deliver_job(void *arg, int64_t due_ms, int64_t *next_ms, struct err *err)
{
    struct trail *t = arg;
    int64_t now_ms = clock_now_ms(&t->e->clock);

    (void)pthread_mutex_lock(&t->drain);
    int rc = deliver(t, DELIVER_NEWS, err);
    (void)pthread_mutex_unlock(&t->drain);
    *next_ms = next_mark(t, now_ms > due_ms ? now_ms : due_ms);
    return rc;
}

static int digest_job(void *arg, int64_t due_ms, int64_t *next_ms, struct err *err)
{
    struct trail *t = arg;

    (void)due_ms;
    (void)pthread_mutex_lock(&t->drain);
    int rc = digests_run(t, DIGESTS_DUE, err);
    if (rc == 0)
        rc = digests_next_due(t, clock_now_ms(&t->e->clock) + DIGEST_RETRY_MS, next_ms, err);
    if (rc == 0 && (t->unsettled > DIGESTS_HELD || !schedule_will_reach(t->e->schedule, *next_ms)))
        rc = digests_settle(t, err);
    (void)pthread_mutex_unlock(&t->drain);
    (void)pthread_mutex_lock(&t->due_lock);
    t->digest_due_ms = rc == 0 ? *next_ms : INT64_MAX;
    (void)pthread_mutex_unlock(&t->due_lock);
    return rc;
}

/* Make sure that the digest job runs at due_ms or before. */
static int digest_due(struct trail *t, int64_t due_ms, struct err *err)
{
    if (t->e->opt.sink.put)
        return 0; /* whoever takes the records delivers them */
    (void)pthread_mutex_lock(&t->due_lock);
    bool sooner = due_ms < t->digest_due_ms;
    if (sooner)
        t->digest_due_ms = due_ms;
    (void)pthread_mutex_unlock(&t->due_lock);
    return sooner ? schedule_add(t->e->schedule, DIGEST_JOB, due_ms, digest_job, t, err) : 0;
}

int trail_flush(struct trail *t, struct err *err)
{
    (void)pthread_mutex_lock(&t->drain);
    t->retry_ms = 0;
    int rc = deliver(t, DELIVER_ALL, err);
    if (rc == 0)
        rc = digests_run(t, DIGESTS_ALL, err);
    if (rc == 0)
        rc = digests_settle(t, err);
    (void)pthread_mutex_unlock(&t->drain);
    return rc;
}

int trail_changed(struct trail *t, struct str account, struct str trail_arn, uint64_t seq,
                  struct err *err)
{
    struct arena a = { 0 };
    struct str head, name, home;
    struct value *doc = NULL;

    /* arn:aws:cloudtrail:HOME:ACCOUNT:trail/NAME */
    (void)str_rcut(trail_arn, '/', &head, &name);
    (void)str_rcut(head, ':', &head, &home);
    (void)str_rcut(head, ':', &head, &home);
    (void)str_rcut(head, ':', &head, &home);
    struct doc_key key = config_key(account, home, "Trail", name);
    int rc = config_put_epoch(t->e->store, key, next_position(t), seq, err);
    if (rc == 0 && (rc = store_doc_get(t->e->store, &a, key, &doc, err)) == E_MISSING)
        rc = 0;
    if (rc == 0)
        rc = digests_changed(t, key, doc, err);
    arena_free(&a);
    (void)atomic_fetch_add(&t->generation, 1);
    if (rc == 0)
        rc = digest_due(t, clock_now_ms(&t->e->clock) + t->e->opt.digest_every_ms, err);
    return rc;
}

uint64_t trail_generation(const struct trail *t)
{
    return atomic_load(&t->generation);
}

void trail_members_changed(struct trail *t)
{
    (void)atomic_fetch_add(&t->generation, 1);
}

static struct value *all_of(struct arena *a, const char *name, const char *category)
{
    struct value *selector = value_map(a), *condition = value_map(a);
    struct value *conditions = value_list(a), *values = value_list(a);

    value_push(values, value_c(a, category));
    value_put_c(a, condition, "Field", "eventCategory");
    value_set(condition, STR("Equals"), values);
    value_push(conditions, condition);
    value_put_c(a, selector, "Name", name);
    value_set(selector, STR("FieldSelectors"), conditions);
    return selector;
}

static struct value *default_trail(struct trail *t, struct arena *a, struct str account)
{
    struct value *doc = value_map(a), *selectors = value_list(a);
    struct str home = t->e->opt.region, partition = region_partition(home);

    value_push(selectors, all_of(a, "Management events selector", "Management"));
    value_push(selectors, all_of(a, "Data events selector", "Data"));
    value_put_c(a, doc, "Name", TRAIL_DEFAULT_NAME);
    value_put_c(a, doc, "S3BucketName", TRAIL_DEFAULT_BUCKET);
    value_put_bool(a, doc, "IncludeGlobalServiceEvents", true);
    value_put_bool(a, doc, "IsMultiRegionTrail", true);
    value_put_str(a, doc, "HomeRegion", home);
    value_put_str(a, doc, "TrailARN",
                  arena_printf(a, "arn:%.*s:cloudtrail:%.*s:%.*s:trail/%s", STR_ARG(partition),
                               STR_ARG(home), STR_ARG(account), TRAIL_DEFAULT_NAME));
    value_put_bool(a, doc, "LogFileValidationEnabled", true);
    value_put_bool(a, doc, "IsOrganizationTrail", false);
    value_put_bool(a, doc, "IsLogging", true);
    value_set(doc, STR("AdvancedEventSelectors"), selectors);
    return doc;
}

static int make_default(struct trail *t, struct arena *a, struct str account, struct err *err)
{
    struct store *s = t->e->store;
    struct str home = t->e->opt.region;
    struct value *doc = default_trail(t, a, account), *status = value_map(a);
    struct value *known = value_map(a);

    value_put_time(a, status, "StartLoggingTime", clock_now_ms(&t->e->clock));
    int rc = store_doc_put(s, config_key(account, STR(""), "KnownAccount", account), known, err);
    if (rc == 0)
        rc =
            store_doc_put(s, config_key(account, home, "Trail", STR(TRAIL_DEFAULT_NAME)), doc, err);
    if (rc == 0)
        rc = store_doc_put(s, config_key(account, home, "TrailStatus", STR(TRAIL_DEFAULT_NAME)),
                           status, err);
    return rc < 0 ? rc : trail_changed(t, account, value_get_str(doc, "TrailARN"), 0, err);
}

int trail_default_bucket(struct trail *t, struct arena *a, struct str account, struct str *out,
                         struct err *err)
{
    struct doc_key key = config_key(account, t->e->opt.region, "Trail", STR(TRAIL_DEFAULT_NAME));
    struct value *doc = NULL;
    int rc = store_doc_get(t->e->store, a, key, &doc, err);

    *out = value_get_str(doc, "S3BucketName");
    return rc == E_MISSING ? 0 : rc;
}

/* Once in the life of the data directory: a default trail that was deleted stays so. */
static int first_sight(struct trail *t, struct str account, struct err *err)
{
    struct arena a = { 0 };
    struct value *known;
    struct store *s = t->e->store;
    int rc = 0;

    store_lock(s);
    rc = store_doc_get(s, &a, config_key(account, STR(""), "KnownAccount", account), &known, err);
    if (rc == E_MISSING) {
        rc = s3_ensure_bucket(t->e, t->e->opt.account, t->e->opt.region, STR(TRAIL_DEFAULT_BUCKET),
                              err);
        if (rc == 0)
            rc = store_begin(s, err);
        if (rc == 0) {
            rc = make_default(t, &a, account, err);
            if (rc == 0)
                rc = store_commit(s, err);
            else
                store_rollback(s);
        }
    }
    store_unlock(s);
    arena_free(&a);
    return rc;
}

static struct seen **seen_slot(struct trail *t, struct str account)
{
    return &t->seen[str_hash(account) % COUNT(t->seen)];
}

static bool is_seen(struct trail *t, struct str account)
{
    bool found = false;

    (void)pthread_mutex_lock(&t->seen_lock);
    for (const struct seen *s = *seen_slot(t, account); s && !found; s = s->next)
        found = str_eq(s->account, account);
    (void)pthread_mutex_unlock(&t->seen_lock);
    return found;
}

int trail_account_seen(struct trail *t, struct str account, struct err *err)
{
    if (t->e->opt.no_default_trail || account.len == 0 || is_seen(t, account))
        return 0;
    int rc = first_sight(t, account, err);
    if (rc < 0)
        return rc;
    (void)pthread_mutex_lock(&t->seen_lock);
    struct seen *s = arena_alloc(&t->seen_arena, sizeof *s), **slot = seen_slot(t, account);
    s->account = arena_copy(&t->seen_arena, account);
    s->next = *slot;
    *slot = s;
    (void)pthread_mutex_unlock(&t->seen_lock);
    return 0;
}

static void pump_sink(struct trail *t, struct trail_sink *sink)
{
    struct arena a = { 0 };
    struct journal_entry entry;

    while (journal_next(t->journal, &a, &sink->position, &entry)) {
        sink->fn(sink->arg, &entry);
        arena_reset(&a);
    }
    arena_free(&a);
}

static void *pump_run(void *arg)
{
    struct trail *t = arg;

    (void)pthread_mutex_lock(&t->sinks_lock);
    while (!t->stop) {
        struct timespec until;
        for (struct trail_sink *s = t->sinks; s; s = s->next)
            pump_sink(t, s);
        (void)clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += PUMP_NAP_MS * 1000000l;
        until.tv_sec += until.tv_nsec / 1000000000l;
        until.tv_nsec %= 1000000000l;
        (void)pthread_cond_timedwait(&t->pump_stop, &t->sinks_lock, &until);
    }
    (void)pthread_mutex_unlock(&t->sinks_lock);
    return NULL;
}

int trail_add_sink(struct trail *t, const char *name, trail_sink_fn *fn, void *arg, struct err *err)
{
    struct trail_sink *s = mem_alloc(sizeof *s);
    int rc = 0;

    (void)snprintf(s->name, sizeof s->name, "%s", name);
    s->fn = fn;
    s->arg = arg;
    s->position = journal_end(t->journal);
    (void)pthread_mutex_lock(&t->sinks_lock);
    s->next = t->sinks;
    t->sinks = s;
    if (!t->has_pump) {
        if (pthread_create(&t->pump, NULL, pump_run, t) != 0)
            rc = err_set(err, E_IO, "start the thread that follows records");
        t->has_pump = rc == 0;
    }
    (void)pthread_mutex_unlock(&t->sinks_lock);
    return rc;
}

static void stop_pump(struct trail *t)
{
    (void)pthread_mutex_lock(&t->sinks_lock);
    t->stop = true;
    (void)pthread_cond_signal(&t->pump_stop);
    (void)pthread_mutex_unlock(&t->sinks_lock);
    if (t->has_pump)
        (void)pthread_join(t->pump, NULL);
    for (struct trail_sink *s = t->sinks, *next; s; s = next) {
        next = s->next;
        mem_free(s);
    }
}

static void free_all(struct trail *t)
{
    stop_pump(t);
    journal_close(t->journal);
    signing_free(t->signing);
    config_free(&t->configs);
    arena_free(&t->seen_arena);
    (void)pthread_mutex_destroy(&t->drain);
    (void)pthread_mutex_destroy(&t->history);
    (void)pthread_mutex_destroy(&t->sinks_lock);
    (void)pthread_mutex_destroy(&t->seen_lock);
    (void)pthread_mutex_destroy(&t->due_lock);
    (void)pthread_cond_destroy(&t->pump_stop);
    mem_free(t);
}

static int has_backlog(struct trail *t, struct err *err)
{
    struct arena a = { 0 };
    struct doc *docs;
    size_t count = 0;
    int rc = store_doc_list(t->e->store, &a, config_key(STR(""), STR(""), "Backlog", STR("")),
                            STR(""), 1, &docs, &count, err);

    t->has_backlog = count > 0;
    arena_free(&a);
    return rc;
}

static int load_positions(struct trail *t, struct err *err)
{
    uint64_t count = 0;
    int rc = trail_fact_get(t, "trail.delivered", &t->delivered, err);

    if (rc == 0)
        rc = trail_fact_get(t, "trail.delivered_count", &count, err);
    if (rc == 0)
        rc = trail_fact_get(t, "trail.history", &t->history_saved, err);
    if (rc == 0)
        rc = has_backlog(t, err);
    atomic_store(&t->delivered_count, count);
    t->history_position = t->history_saved;
    if (rc < 0)
        return rc;
    /* Where the journal was taken away, no position comes again. */
    uint64_t start = history_reached(t->e->store) + 1, seen = 0;
    rc = trail_fact_get(t, TELEMETRY_POSITION, &seen, err);
    if (t->delivered > start)
        start = t->delivered;
    return rc < 0 ? rc : journal_start_at(t->journal, seen > start ? seen : start, err);
}

static int add_jobs(struct trail *t, struct err *err)
{
    int64_t now_ms = clock_now_ms(&t->e->clock), due_ms = 0;
    if (t->e->opt.sink.put)
        return 0;
    int rc = schedule_add(t->e->schedule, DELIVER_JOB, next_mark(t, now_ms), deliver_job, t, err);

    if (rc == 0)
        rc = digests_next_due(t, clock_now_ms(&t->e->clock), &due_ms, err);
    return rc < 0 ? rc : digest_due(t, due_ms, err);
}

int trail_open(struct trail **out, struct engine *e, struct err *err)
{
    struct trail *t = mem_alloc(sizeof *t);

    t->e = e;
    t->digest_due_ms = INT64_MAX;
    t->has_plan = true; /* one may lie there: delivery_recover looks */
    t->unsettled = 1;   /* likewise */
    atomic_store(&t->generation, 1);
    (void)pthread_mutex_init(&t->drain, NULL);
    (void)pthread_mutex_init(&t->history, NULL);
    (void)pthread_mutex_init(&t->sinks_lock, NULL);
    (void)pthread_mutex_init(&t->seen_lock, NULL);
    (void)pthread_mutex_init(&t->due_lock, NULL);
    (void)pthread_cond_init(&t->pump_stop, NULL);
    t->signing = signing_new(e);
    int rc = journal_open(&t->journal, e->opt.data_dir, e->opt.durability == DURABILITY_DISK, err);
    if (rc == 0)
        rc = load_positions(t, err);
    if (rc == 0)
        rc = digests_settle(t, err);
    if (rc == 0)
        rc = add_jobs(t, err);
    if (rc < 0) {
        free_all(t);
        return rc;
    }
    *out = t;
    return 0;
}

int trail_close(struct trail *t, struct err *err)
{
    if (!t)
        return 0;
    (void)pthread_mutex_lock(&t->drain);
    int rc = t->e->opt.sink.put ? 0 : deliver(t, DELIVER_NEWS, err);
    if (rc == 0)
        rc = digests_settle(t, err);
    (void)pthread_mutex_unlock(&t->drain);
    schedule_remove(t->e->schedule, DELIVER_JOB);
    schedule_remove(t->e->schedule, DIGEST_JOB);
    free_all(t);
    return rc;
}

struct journal *trail_journal(struct trail *t)
{
    return t->journal;
}

int trail_public_key(struct trail *t, struct str region, struct err *err)
{
    return signing_document(t->signing, region, clock_now_ms(&t->e->clock), err);
}

uint64_t trail_delivered_count(const struct trail *t)
{
    return atomic_load(&t->delivered_count);
}

uint64_t trail_pending_count(const struct trail *t)
{
    uint64_t count = journal_count(t->journal), delivered = trail_delivered_count(t);

    return count > delivered ? count - delivered : 0;
}
