#include <assert.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#include "core/aws/md5.h"
#include "core/base/fs.h"
#include "core/codec/gzip.h"
#include "core/trail/keys.h"
#include "core/trail/logfile.h"
#include "emulator/store/whole.h"
#include "emulator/telemetry/telemetry.h"
#include "emulator/trail/own_calls.h"
#include "emulator/trail/state.h"
#include "emulator/trail/unique.h"

#define SLOT_MS (5 * 60 * 1000ll)
/* Source: CloudTrail User Guide, "How CloudTrail works": undelivered logs are retried for 30 days.
 */
#define RETRY_LIFE_MS   (30 * 24 * 3600 * 1000ll)
#define FILE_TEXT_BYTES (8u << 20)  /* far below LIMIT_LOG_FILE_BYTES once compressed */
#define ALL_TEXT_BYTES  (32u << 20) /* of all files being filled: bounds memory */
#define GROUP_BUCKETS   1024

/* A trail's way into one bucket. What could not be delivered there waits: everything from `from` on
 * is delivered at the next round that finds the bucket in order. */
struct destination {
    struct destination *next;
    const struct trail_config *trail;
    struct str bucket;
    uint64_t from;
    bool has_backlog;
    const char *error; /* S3's code, or NULL */
    struct own_file *files, **last_file;
};

/* The file being filled for one account and region of a destination. */
struct group {
    struct group *chain, *next;
    struct destination *to;
    const struct trail_epoch *epoch;
    struct str account, region;
    enum key_kind kind; /* KEY_LOG, or KEY_INSIGHT: these have files of their own */
    struct logfile file;
    char first_id[64]; /* eventID of the file's first record: what its name is drawn from */
};

/* One round: everything in [plan.from, plan.to) goes to the trails that take it. */
struct plan {
    uint64_t from, to;
    int64_t now_ms;
};

struct written {
    struct written *next;
    struct object_move moves[WHOLE_MOVES];
    const struct trail_config *trail;
    struct str account, region;
    bool validation;
    struct delivered_log log;
    struct announced object;
};

struct round {
    struct trail *t;
    struct plan plan;
    struct arena a, entry_arena;
    struct destination *destinations;
    struct group *groups[GROUP_BUCKETS], *first, **last;
    size_t text_bytes;
    int root;
    struct written *written, **last_written;
    size_t written_count;
    uint64_t entries;
    struct buf gzip;
};

static struct doc_key plan_key(void)
{
    return config_key(STR(""), STR(""), "Plan", STR("logs"));
}

static struct doc_key backlog_key(struct arena *a, const struct destination *d)
{
    return config_key(d->trail->owner, d->trail->home, "Backlog",
                      arena_printf(a, "%.*s/%.*s", STR_ARG(d->trail->name), STR_ARG(d->bucket)));
}

/* The name's minutes are a multiple of 5, and no file is named before its events.
 * Source: real trees: (slot in the name - eventTime) is never negative. */
static int64_t slot_of(int64_t now_ms)
{
    return (now_ms + SLOT_MS - 1) / SLOT_MS * SLOT_MS;
}

/* 16 characters that the same records give again after a crash, in a repeated run and in any shard:
 * drawn from the file's first event, which stands in no other file of the trail. */
static struct str unique_of(struct round *r, const struct group *g)
{
    return unique_of_file(&r->a, r->t->e->seed, g->to->trail->arn, g->to->bucket,
                          str_c(g->first_id));
}

static int group_key(struct round *r, const struct group *g, struct str *out, struct err *err)
{
    struct trail_key k = {
        .kind = g->kind,
        .prefix = g->epoch->prefix,
        .org_id = g->to->trail->org_id,
        .account = g->account,
        .region = g->region,
        .at_ms = slot_of(r->plan.now_ms),
        .unique = unique_of(r, g),
    };

    return trail_key_write(&r->a, &k, out, err);
}

static void note_written(struct round *r, const struct group *g, struct delivered_log log,
                         const struct object_move moves[WHOLE_MOVES])
{
    struct written *w = arena_alloc(&r->a, sizeof *w);

    *w = (struct written){ .moves = { moves[0], moves[1] },
                           .trail = g->to->trail,
                           .account = g->account,
                           .region = g->region,
                           .validation = g->epoch->validation,
                           .log = log,
                           .object = { .bucket = log.bucket,
                                       .key = log.key,
                                       .topic = g->epoch->topic,
                                       .size = (int64_t)r->gzip.len,
                                       .at_ms = r->plan.now_ms } };
    if (announce_is_heard(r->t, log.bucket))
        w->object.etag = md5_hex(&r->a, buf_view(&r->gzip));
    *r->last_written = w;
    r->last_written = &w->next;
    r->written_count++;

    struct own_file *file = arena_alloc(&r->a, sizeof *file);
    *file = (struct own_file){ .key = w->log.key,
                               .kms_key = g->epoch->kms_key,
                               .bytes = (int64_t)r->gzip.len };
    *g->to->last_file = file;
    g->to->last_file = &file->next;
}

/* Stage the group's file for its bucket. A bucket that is gone fails the destination, not the
 * round. */
static int group_write(struct round *r, struct group *g, struct err *err)
{
    struct delivered_log log = { .bucket = g->to->bucket,
                                 .newest_ms = g->file.newest_ms,
                                 .oldest_ms = g->file.oldest_ms };
    struct object_move moves[WHOLE_MOVES];
    struct err why = { 0 };
    char hash[65];

    if (g->file.record_count == 0)
        return 0;
    int rc = group_key(r, g, &log.key, err);
    if (rc < 0)
        return rc;
    r->text_bytes -= g->file.text.len;
    buf_clear(&r->gzip);
    rc = logfile_finish(&g->file, GZIP_ALIKE, &r->gzip, hash, err);
    buf_free(&g->file.text); /* the next file may be small */
    if (rc < 0)
        return rc;
    struct value *meta = trail_object_meta(r->t, &r->a, NULL);
    if (g->epoch->kms_key.len > 0) {
        value_put_c(&r->a, meta, "ServerSideEncryption", "aws:kms");
        value_put_str(&r->a, meta, "SSEKMSKeyId", g->epoch->kms_key);
    }
    struct whole whole = { g->to->bucket, log.key, buf_view(&r->gzip), meta };
    rc = whole_stage(r->root, &r->a, &whole, moves, &why);
    if (rc == E_MISSING) {
        g->to->error = "NoSuchBucket";
        return 0;
    }
    if (rc < 0)
        return err_set(err, rc, "%s", why.text);
    log.hash_hex = arena_copy(&r->a, str_c(hash));
    note_written(r, g, log, moves);
    return 0;
}

/* Many half-filled files at once: the largest goes out as it is. */
static int relieve(struct round *r, struct err *err)
{
    struct group *largest = r->first;

    for (struct group *g = r->first; g; g = g->next)
        if (g->file.text.len > largest->file.text.len)
            largest = g;
    assert(largest); /* relief is asked for by a group that grew */
    return group_write(r, largest, err);
}

/* A change of the trail that leaves files where they were starts no new one. */
static struct group *group_find(struct round *r, struct destination *to,
                                const struct trail_epoch *epoch, const struct record_facts *f)
{
    enum key_kind kind = f->category == EVENT_INSIGHT ? KEY_INSIGHT : KEY_LOG;
    uint64_t h = str_hash(f->account) * 31 + str_hash(f->region) + (uintptr_t)to / 16;
    struct group **bucket = &r->groups[h % GROUP_BUCKETS];
    struct group *g = *bucket;

    while (g && !(g->to == to && g->kind == kind && str_eq(g->epoch->prefix, epoch->prefix) &&
                  str_eq(g->account, f->account) && str_eq(g->region, f->region)))
        g = g->chain;
    if (!g) {
        g = arena_alloc(&r->a, sizeof *g);
        g->to = to;
        g->kind = kind;
        g->account = arena_copy(&r->a, f->account);
        g->region = arena_copy(&r->a, f->region);
        g->chain = *bucket;
        *bucket = g;
        *r->last = g;
        r->last = &g->next;
    }
    g->epoch = epoch;
    return g;
}

static int group_add(struct round *r, struct group *g, const struct journal_entry *entry,
                     struct err *err)
{
    size_t before = g->file.text.len;

    if (g->file.record_count == 0)
        (void)snprintf(g->first_id, sizeof g->first_id, "%.*s", STR_ARG(entry->facts.event_id));
    logfile_add(&g->file, entry->record, entry->facts.time_ms);
    r->text_bytes += g->file.text.len - before;
    if (g->file.text.len >= FILE_TEXT_BYTES)
        return group_write(r, g, err);
    return r->text_bytes >= ALL_TEXT_BYTES ? relieve(r, err) : 0;
}

static struct destination *destination_add(struct round *r, const struct trail_config *trail,
                                           struct str bucket)
{
    struct destination *d = arena_alloc(&r->a, sizeof *d);

    d->trail = trail;
    d->bucket = bucket;
    d->from = r->t->delivered;
    d->last_file = &d->files;
    d->next = r->destinations;
    r->destinations = d;
    return d;
}

/* The destination of a trail and bucket; looked at for errors when it is first met. */
static int destination_find(struct round *r, const struct trail_config *trail, struct str bucket,
                            struct destination **out, struct err *err)
{
    for (struct destination *d = r->destinations; d; d = d->next)
        if (d->trail == trail && str_eq(d->bucket, bucket)) {
            *out = d;
            return 0;
        }
    *out = destination_add(r, trail, bucket);
    return trail_bucket_check(r->t, &r->a, trail, bucket, &(*out)->error, err);
}

static int offer(struct round *r, const struct trail_config *trail,
                 const struct journal_entry *entry, struct err *err)
{
    const struct trail_epoch *epoch = config_takes(trail, entry);
    struct destination *to;

    if (!epoch)
        return 0;
    int rc = destination_find(r, trail, epoch->bucket, &to, err);
    if (rc < 0 || to->error || entry->position < to->from)
        return rc;
    if (entry->facts.time_ms < r->plan.now_ms - RETRY_LIFE_MS && to->has_backlog)
        return 0;
    return group_add(r, group_find(r, to, epoch, &entry->facts), entry, err);
}

static int offer_all(struct round *r, const struct journal_entry *entry, struct err *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < r->t->configs.count; i++)
        rc = offer(r, &r->t->configs.trails[i], entry, err);
    return rc;
}

/* The next entry below `to`. One that another thread is still writing is waited for: that takes
 * the time of a memcpy. */
static bool next_entry(struct round *r, uint64_t *position, struct journal_entry *out)
{
    while (*position < r->plan.to) {
        if (journal_next(r->t->journal, &r->entry_arena, position, out))
            return out->position < r->plan.to;
        if (*position >= r->plan.to)
            break;
        (void)sched_yield();
    }
    return false;
}

/* One wait for the disk for all of them. */
static int place_files(struct round *r, struct err *err)
{
    struct object_move *moves = arena_array(&r->a, r->written_count, WHOLE_MOVES * sizeof *moves);
    size_t count = 0;

    for (const struct written *w = r->written; w; w = w->next)
        for (size_t i = 0; i < WHOLE_MOVES; i++)
            moves[count++] = w->moves[i];
    return count > 0 ? whole_place(r->root, moves, count, err) : 0;
}

static int write_files(struct round *r, struct err *err)
{
    uint64_t position = r->plan.from;
    struct journal_entry entry;
    int rc = 0;

    for (const struct destination *d = r->destinations; d; d = d->next)
        if (!d->error && d->from < position)
            position = d->from;
    while (rc == 0 && next_entry(r, &position, &entry)) {
        if (entry.position >= r->plan.from)
            r->entries++;
        rc = offer_all(r, &entry, err);
        arena_reset(&r->entry_arena);
    }
    for (struct group *g = r->first; rc == 0 && g; g = g->next)
        rc = group_write(r, g, err);
    return rc < 0 ? rc : place_files(r, err);
}

static const struct trail_config *trail_find(const struct config_set *set, struct doc_key key)
{
    struct str name, rest;

    (void)str_cut(key.id, '/', &name, &rest); /* always NAME/BUCKET */
    for (size_t i = 0; i < set->count; i++)
        if (str_eq(set->trails[i].owner, key.account) && str_eq(set->trails[i].home, key.region) &&
            str_eq(set->trails[i].name, name))
            return &set->trails[i];
    return NULL;
}

static int load_backlogs(struct round *r, struct err *err)
{
    struct doc *docs;
    size_t count;
    int rc = store_doc_list(r->t->e->store, &r->a, config_key(STR(""), STR(""), "Backlog", STR("")),
                            STR(""), 0, &docs, &count, err);

    for (size_t i = 0; rc == 0 && i < count; i++) {
        const struct trail_config *trail = trail_find(&r->t->configs, docs[i].key);
        struct destination *d;
        struct str name, bucket;
        if (!trail)
            continue; /* its last epoch is gone: nothing of it is left to deliver */
        (void)str_cut(docs[i].key.id, '/', &name, &bucket);
        rc = destination_find(r, trail, bucket, &d, err);
        d->has_backlog = true;
        d->from = (uint64_t)value_get_int(docs[i].value, "From", 0);
    }
    return rc;
}

static int save_backlog(struct round *r, const struct destination *d, struct err *err)
{
    struct doc_key key = backlog_key(&r->a, d);

    if (d->error) {
        struct value *doc = value_map(&r->a);
        value_put_int(&r->a, doc, "From", (int64_t)d->from);
        return store_doc_put(r->t->e->store, key, doc, err);
    }
    int rc = d->has_backlog ? store_doc_delete(r->t->e->store, key, err) : 0;
    return rc == E_MISSING ? 0 : rc;
}

static int save_status(struct round *r, const struct destination *d, struct err *err)
{
    struct value *m = value_map(&r->a);

    if (!d->error && !d->files)
        return 0;
    value_put_time(&r->a, m, "LatestDeliveryAttempt", r->plan.now_ms);
    if (d->error) {
        value_put_c(&r->a, m, "LatestDeliveryError", d->error);
    } else {
        value_put_time(&r->a, m, "LatestDeliveryTime", r->plan.now_ms);
        value_set(m, STR("LatestDeliveryError"), value_null(&r->a));
    }
    return trail_status_put(r->t, d->trail, m, err);
}

static int save_results(struct round *r, struct err *err)
{
    int rc = 0;

    for (const struct destination *d = r->destinations; rc == 0 && d; d = d->next) {
        rc = save_backlog(r, d, err);
        if (rc == 0)
            rc = save_status(r, d, err);
        if (rc == 0)
            rc = own_calls_record(r->t, &r->a, d->trail, d->bucket, d->files, err);
    }
    for (const struct written *w = r->written; rc == 0 && w; w = w->next) {
        if (w->validation)
            rc = digests_add_log(r->t, w->trail, w->account, w->region, &w->log, err);
        if (rc == 0)
            rc = announce(r->t, &r->a, w->trail, &w->object, err);
    }
    return rc;
}

static uint64_t safe_position(const struct round *r)
{
    uint64_t position = r->plan.to;

    for (const struct destination *d = r->destinations; d; d = d->next)
        if (d->error && d->from < position)
            position = d->from;
    return position;
}

static int save_end(struct round *r, uint64_t count, uint64_t *pruned, struct err *err)
{
    struct trail *t = r->t;
    int rc = save_results(r, err);

    if (rc == 0)
        rc = trail_fact_put(t, "trail.delivered", r->plan.to, err);
    if (rc == 0)
        rc = trail_fact_put(t, "trail.delivered_count", count, err);
    if (rc == 0)
        rc = config_prune(t->e->store, &t->configs, safe_position(r), pruned, err);
    if (rc == 0 && (rc = store_doc_delete(t->e->store, plan_key(), err)) == E_MISSING)
        rc = 0;
    return rc;
}

/* The files lie there: the round is over in one transaction, and what CloudTrail did for it is on
 * record with it: exactly once, however often the round was begun. */
static int finish(struct round *r, struct err *err)
{
    struct trail *t = r->t;
    uint64_t count = atomic_load(&t->delivered_count) + r->entries, pruned = 0;
    bool is_over = false;
    int rc = engine_own_begin(t->e, err);

    if (rc == 0)
        rc = engine_own_end(t->e, save_end(r, count, &pruned, err), &is_over, err);
    if (!is_over)
        return rc;
    t->delivered = r->plan.to;
    t->has_plan = t->has_backlog = false;
    for (const struct destination *d = r->destinations; d; d = d->next)
        t->has_backlog |= d->error != NULL;
    atomic_store(&t->delivered_count, count);
    if (pruned > 0)
        (void)atomic_fetch_add(&t->generation, 1);
    return rc;
}

static void round_free(struct round *r)
{
    for (struct group *g = r->first; g; g = g->next)
        logfile_free(&g->file);
    if (r->root >= 0)
        (void)close(r->root);
    buf_free(&r->gzip);
    arena_free(&r->a);
    arena_free(&r->entry_arena);
}

static int trim(struct round *r, struct err *err)
{
    uint64_t position = safe_position(r), seen = telemetry_position(r->t->e);

    if (seen < position)
        position = seen;
    (void)pthread_mutex_lock(&r->t->history);
    if (r->t->history_saved < position)
        position = r->t->history_saved;
    (void)pthread_mutex_unlock(&r->t->history);
    (void)pthread_mutex_lock(&r->t->sinks_lock);
    for (const struct trail_sink *s = r->t->sinks; s; s = s->next)
        if (s->position < position)
            position = s->position;
    (void)pthread_mutex_unlock(&r->t->sinks_lock);
    return engine_trim_journal(r->t->e, position, err);
}

static int execute(struct trail *t, struct plan plan, struct err *err)
{
    struct round r = { .t = t, .plan = plan, .root = -1 };
    int rc = object_root(t->e->opt.data_dir, &r.root, err);

    r.last = &r.first;
    r.last_written = &r.written;
    if (rc == 0)
        rc = load_backlogs(&r, err);
    if (rc == 0)
        rc = write_files(&r, err);
    if (rc == 0)
        rc = finish(&r, err);
    if (rc == 0)
        rc = trim(&r, err);
    round_free(&r);
    return rc;
}

/* The plan is in the store before the first file is in its bucket: after a crash the same records
 * go into the same files again. */
static int save_plan(struct trail *t, const struct plan *plan, struct err *err)
{
    struct arena a = { 0 };
    struct value *doc = value_map(&a);

    value_put_int(&a, doc, "From", (int64_t)plan->from);
    value_put_int(&a, doc, "To", (int64_t)plan->to);
    value_put_time(&a, doc, "Now", plan->now_ms);
    store_lock(t->e->store);
    int rc = store_begin(t->e->store, err);
    if (rc == 0) {
        rc = store_doc_put(t->e->store, plan_key(), doc, err);
        if (rc == 0)
            rc = store_commit(t->e->store, err);
        else
            store_rollback(t->e->store);
    }
    store_unlock(t->e->store);
    arena_free(&a);
    if (rc == 0)
        t->has_plan = true;
    return rc;
}

int delivery_recover(struct trail *t, struct err *err)
{
    struct arena a = { 0 };
    struct value *doc;
    uint64_t end;
    int rc = store_doc_get(t->e->store, &a, plan_key(), &doc, err);

    t->has_plan = rc != E_MISSING;
    if (rc == 0)
        rc = trail_load_configs(t, &end, err);
    if (rc == 0) {
        struct plan plan = { (uint64_t)value_get_int(doc, "From", 0),
                             (uint64_t)value_get_int(doc, "To", 0), value_get_time(doc, "Now", 0) };
        rc = execute(t, plan, err);
    }
    arena_free(&a);
    return rc == E_MISSING ? 0 : rc;
}

/* With nothing new, a bucket that was out of order is looked at again every five minutes. */
static bool retry_is_due(struct trail *t)
{
    int64_t now_ms = clock_now_ms(&t->e->clock);

    if (!t->has_backlog || now_ms < t->retry_ms)
        return false;
    t->retry_ms = now_ms + SLOT_MS;
    return true;
}

static bool has_news(struct trail *t, enum delivery_which which)
{
    return journal_end(t->journal) > t->delivered &&
           (which == DELIVER_ALL || !own_calls_alone(t, t->delivered));
}

int delivery_run(struct trail *t, enum delivery_which which, struct err *err)
{
    uint64_t end;
    int rc = t->has_plan ? delivery_recover(t, err) : 0;

    if (rc < 0)
        return rc;
    if (!has_news(t, which) && !retry_is_due(t))
        return journal_trim(t->journal, 0,
                            err); /* nothing but files kept for a load that is over */
    rc = trail_load_configs(t, &end, err);
    if (rc == 0)
        rc = journal_sync(t->journal, err);
    if (rc < 0)
        return rc;
    struct plan plan = { t->delivered, end, clock_now_ms(&t->e->clock) };
    rc = save_plan(t, &plan, err);
    return rc < 0 ? rc : execute(t, plan, err);
}
