#include "generator/dataset/dataset.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "core/aws/sigv4.h"
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/base/version.h"
#include "emulator/engine/schedule.h"
#include "emulator/trail/past.h"
#include "emulator/trail/trail.h"
#include "generator/dataset/derived.h"
#include "generator/dataset/state.h"

#define UNFINISHED     "unfinished" /* a folder: what a finished dataset has no more */
#define COMMIT_RECORDS 2000
#define TEXT_UNDER_WAY (24u << 20) /* for each thread; what is being written is part of it */
#define CHAINS_WAITING 4096

static const char *path_in(struct arena *a, const struct dataset *ds, const char *name)
{
    return arena_printf(a, "%s/%s", ds->opt.dir, name).ptr;
}

/* All that two runs must have in common for one to go on where the other stopped. */
static void write_run(const struct dataset *ds, struct buf *out)
{
    const struct dataset_options *o = &ds->opt;
    char hash[65];

    sha256_hex(o->run, hash);
    buf_printf(out,
               "version %s\nscenario %.*s\nrun %s\nseed %llu\nstart %lld\nend %lld\nlevel %d\n"
               "shard %u of %u\n",
               MOCKTRAIL_VERSION, STR_ARG(o->scenario), hash, (unsigned long long)o->seed,
               (long long)o->start_ms, (long long)o->end_ms, o->gzip_level, o->shard, o->shards);
}

/* What an unfinished run left goes aside, to be looked at for each object that is written; what the
 * engine kept is made again. */
static int set_aside(struct dataset *ds, struct err *err)
{
    static const char *const folders[] = { "buckets", "meta", "versions", "uploads", "staging" };
    static const char *const files[] = { "state.db",     "state.db-wal",   "state.db-shm",
                                         "history.db",   "history.db-wal", "history.db-shm",
                                         "labels.jsonl", "expected.json",  PAST_FILE };
    struct arena a = { 0 };
    const char *aside;
    int rc;

    while (fs_is_dir((aside = arena_printf(&a, "%s/kept-%u", ds->temp.ptr, ds->output.kept).ptr)))
        ds->output.kept++;
    ds->output.kept++;
    rc = fs_mkdirs(aside, err);
    for (size_t i = 0; rc == 0 && i < COUNT(folders); i++) {
        const char *from = path_in(&a, ds, folders[i]);

        if (fs_is_dir(from) && rename(from, arena_printf(&a, "%s/%s", aside, folders[i]).ptr) < 0)
            rc = err_sys(err, "move away", from);
    }
    for (size_t i = 0; rc == 0 && i < COUNT(files); i++)
        rc = fs_remove(path_in(&a, ds, files[i]), err);
    if (rc == 0)
        rc = fs_remove_tree(path_in(&a, ds, "journal"), err);
    arena_free(&a);
    return rc == E_MISSING ? 0 : rc;
}

static int take_up(struct dataset *ds, const char *run_path, struct str run, struct err *err)
{
    struct buf found = { 0 };
    int rc = fs_read(run_path, &found, err);

    if (rc == 0 && !str_eq(buf_view(&found), run))
        rc = err_set(err, E_CONFLICT,
                     "%s holds an unfinished dataset of another scenario, seed, period, version or "
                     "options: remove it, or generate elsewhere",
                     ds->opt.dir);
    buf_free(&found);
    return rc < 0 ? rc : set_aside(ds, err);
}

static int start_afresh(struct dataset *ds, const char *run_path, struct str run, struct err *err)
{
    struct arena a = { 0 };
    struct fs_entry *entries;
    size_t count = 0;
    int rc = fs_mkdirs(ds->opt.dir, err);

    if (rc == 0)
        rc = fs_list(&a, ds->opt.dir, &entries, &count, err);
    if (rc == 0 && count > 0)
        rc = err_set(err, E_CONFLICT,
                     fs_is_file(path_in(&a, ds, "manifest.json"))
                         ? "%s holds a dataset already"
                         : "%s is not empty: expected a new folder",
                     ds->opt.dir);
    if (rc == 0)
        rc = fs_mkdirs(ds->temp.ptr, err);
    if (rc == 0)
        rc = fs_replace(run_path, run, err);
    arena_free(&a);
    return rc;
}

static int open_folder(struct dataset *ds, struct err *err)
{
    struct arena a = { 0 };
    struct buf run = { 0 };
    const char *run_path = arena_printf(&a, "%s/run", ds->temp.ptr).ptr;

    write_run(ds, &run);
    int rc = fs_is_file(run_path) ? take_up(ds, run_path, buf_view(&run), err)
                                  : start_afresh(ds, run_path, buf_view(&run), err);
    buf_free(&run);
    arena_free(&a);
    return rc;
}

static int open_rest(struct dataset *ds, struct err *err)
{
    int rc = open_folder(ds, err);

    if (rc == 0)
        rc = truth_open(ds, err);
    if (rc == 0)
        rc = crew_open(&ds->crew, ds->opt.jobs, err);
    if (rc < 0)
        return rc;
    ds->output.dir = str_c(ds->opt.dir);
    ds->output.temp = ds->temp;
    ds->output.gzip_level = ds->opt.gzip_level;
    ds->output.threads = crew_threads(ds->crew);
    ds->output.noted = spool_open(ds->temp, ds->output.threads);
    output_open(&ds->output);
    return 0;
}

int dataset_open(struct dataset **out, const struct dataset_options *opt, struct err *err)
{
    struct dataset *ds = mem_alloc(sizeof *ds);

    ds->opt = *opt;
    ds->opt.dir = arena_copy(&ds->a, str_c(opt->dir)).ptr;
    ds->opt.scenario = arena_copy(&ds->a, opt->scenario);
    ds->opt.run = arena_copy(&ds->a, opt->run);
    ds->temp = arena_printf(&ds->a, "%s/" UNFINISHED, opt->dir);
    ds->last_chain = &ds->chains;
    ds->last_filled = &ds->filled;
    ds->labels = (struct lines){ .fd = -1, .name = "labels.jsonl" };
    ds->past = (struct lines){ .fd = -1, .name = PAST_FILE };
    ds->next_mark_ms = (opt->start_ms / DATASET_SLOT_MS + 1) * DATASET_SLOT_MS;
    ds->next_digest_ms = INT64_MAX;
    (void)pthread_mutex_init(&ds->lock, NULL);
    int rc = open_rest(ds, err);
    if (rc < 0) {
        dataset_close(ds);
        return rc;
    }
    *out = ds;
    return 0;
}

void dataset_drop_file(struct dataset *ds, struct file_job *f)
{
    (void)pthread_mutex_lock(&ds->lock);
    *(f->prev ? &f->prev->next : &ds->jobs) = f->next;
    if (f->next)
        f->next->prev = f->prev;
    (void)pthread_mutex_unlock(&ds->lock);
    logfile_free(&f->file);
    hints_free(&f->hints);
    arena_free(&f->a);
    mem_free(f);
}

static void leave_store(struct dataset *ds)
{
    if (ds->has_transaction) {
        store_lock(ds->e->store);
        store_rollback(ds->e->store);
        store_unlock(ds->e->store);
    }
    ds->has_transaction = false;
}

void dataset_close(struct dataset *ds)
{
    if (!ds)
        return;
    crew_close(ds->crew);
    leave_store(ds);
    while (ds->jobs)
        dataset_drop_file(ds, ds->jobs);
    chains_free(ds);
    streams_free(ds);
    derived_free(ds);
    truth_close(ds);
    output_close(&ds->output);
    spool_close(ds->output.noted);
    signing_free(ds->signing);
    config_free(&ds->configs);
    (void)pthread_mutex_destroy(&ds->lock);
    arena_free(&ds->a);
    mem_free(ds);
}

static int put_from_sink(void *arg, const struct journal_source *from, struct err *err)
{
    return dataset_put(arg, from, err);
}

static uint64_t position_for_sink(void *arg)
{
    const struct dataset *ds = arg;

    return ds->position;
}

struct engine_sink dataset_sink(struct dataset *ds)
{
    return (struct engine_sink){ put_from_sink, position_for_sink, ds };
}

/* One transaction for many calls, each of which is then a savepoint in it. The lock is not held
 * meanwhile, for jobs of the schedule take theirs before it; no other thread asks the store. */
static int begin(struct dataset *ds, struct err *err)
{
    store_lock(ds->e->store);
    int rc = store_begin(ds->e->store, err);
    store_unlock(ds->e->store);
    ds->has_transaction = rc == 0;
    return rc;
}

static int commit(struct dataset *ds, struct err *err)
{
    store_lock(ds->e->store);
    int rc = store_commit(ds->e->store, err);
    store_unlock(ds->e->store);
    ds->has_transaction = rc < 0; /* then dataset_close rolls back */
    return rc;
}

int dataset_attach(struct dataset *ds, struct engine *e, struct err *err)
{
    ds->e = e;
    ds->signing = signing_new(e);
    return begin(ds, err);
}

static struct ds_trail *trail_find(struct dataset *ds, const struct trail_config *c)
{
    struct ds_trail *t = ds->trails;

    while (t && !str_eq(t->arn, c->arn))
        t = t->next;
    if (!t) {
        t = arena_alloc(&ds->a, sizeof *t);
        t->arn = arena_copy(&ds->a, c->arn);
        t->owner = arena_copy(&ds->a, c->owner);
        t->home = arena_copy(&ds->a, c->home);
        t->name = arena_copy(&ds->a, c->name);
        t->next = ds->trails;
        ds->trails = t;
    }
    if (!str_eq(t->org_id, c->org_id))
        t->org_id = arena_copy(&ds->a, c->org_id);
    return t;
}

int dataset_configs(struct dataset *ds, struct err *err)
{
    uint64_t generation = trail_generation(ds->e->trail);
    struct config_set fresh;

    if (generation == ds->generation)
        return 0;
    int rc = config_load(ds->e->store, &fresh, err);
    if (rc < 0)
        return rc;
    config_free(&ds->configs);
    ds->configs = fresh;
    ds->has_insights = insights_asked(&fresh);
    ds->trail_of = arena_array(&ds->configs.arena, fresh.count, sizeof *ds->trail_of);
    for (size_t i = 0; i < fresh.count; i++)
        ds->trail_of[i] = trail_find(ds, &ds->configs.trails[i]);
    ds->generation = generation;
    return 0;
}

static bool is_crowded(struct dataset *ds)
{
    (void)pthread_mutex_lock(&ds->lock);
    bool crowded = ds->text_under_way > (size_t)TEXT_UNDER_WAY * (crew_threads(ds->crew) - 1) ||
                   ds->intervals_under_way > CHAINS_WAITING;
    (void)pthread_mutex_unlock(&ds->lock);
    return crowded;
}

int dataset_relieve(struct dataset *ds, struct err *err)
{
    int rc = 0;

    if (crew_threads(ds->crew) == 1)
        return crew_finish(ds->crew, err);
    while (rc == 0 && is_crowded(ds) && !crew_is_idle(ds->crew))
        rc = crew_help(ds->crew, err);
    return rc;
}

static int deliver(struct dataset *ds, int64_t slot_ms, struct err *err)
{
    int rc = dataset_configs(ds, err);

    if (rc == 0 && ds->generation != ds->ended_generation)
        rc = chains_follow(ds, err);
    if (rc == 0)
        rc = derived_settle(ds, err);
    if (rc == 0)
        rc = streams_deliver(ds, slot_ms, err);
    if (rc == 0 && ds->generation != ds->ended_generation) {
        ds->ended_generation = ds->generation;
        rc = chains_end(ds, clock_now_ms(&ds->e->clock), err);
        ds->next_digest_ms = 0; /* looked at anew */
    }
    return rc;
}

/* A delivery and a digest due at once: in this order, as the emulator does. */
static int fall_due(struct dataset *ds, int64_t now_ms, struct err *err)
{
    int rc = 0;

    if (now_ms >= ds->next_mark_ms) {
        ds->next_mark_ms = (now_ms / DATASET_SLOT_MS + 1) * DATASET_SLOT_MS;
        rc = deliver(ds, now_ms, err);
    }
    return rc == 0 && now_ms >= ds->next_digest_ms ? chains_due(ds, now_ms, err) : rc;
}

int dataset_advance(struct dataset *ds, int64_t now_ms, struct err *err)
{
    int rc = 0;

    while (rc == 0) {
        int64_t due = ds->next_mark_ms < ds->next_digest_ms ? ds->next_mark_ms : ds->next_digest_ms;
        int64_t clock_ms = clock_now_ms(&ds->e->clock);

        if (due > now_ms)
            break;
        if (due < clock_ms)
            due = clock_ms;
        rc = schedule_advance(ds->e->schedule, due, err);
        if (rc == 0)
            rc = fall_due(ds, due, err);
    }
    return rc < 0 ? rc : schedule_advance(ds->e->schedule, now_ms, err);
}

int dataset_settle(struct dataset *ds, struct str bucket, bool *out_delivers, struct err *err)
{
    *out_delivers = streams_deliver_into(ds, bucket);
    return *out_delivers ? crew_finish(ds->crew, err) : 0;
}

int dataset_put(struct dataset *ds, const struct journal_source *from, struct err *err)
{
    return dataset_put_known(ds, from, NULL, err);
}

int dataset_put_known(struct dataset *ds, const struct journal_source *from,
                      const struct hints *hints, struct err *err)
{
    struct journal_entry entry = { .position = ds->position,
                                   .seq = from->seq,
                                   .recipient = (uint8_t)from->recipient,
                                   .facts = *from->facts,
                                   .record = from->record };
    bool is_taken = false;
    int rc = 0;

    if (ds->watch)
        ds->watch(ds->watch_arg, from);
    if (++ds->since_commit >= COMMIT_RECORDS && ds->has_transaction) {
        ds->since_commit = 0;
        rc = commit(ds, err);
        if (rc == 0)
            rc = begin(ds, err);
    }
    if (rc == 0)
        rc = dataset_configs(ds, err);
    if (rc == 0)
        rc = streams_put(ds, &entry, hints, &is_taken, err);
    if (rc < 0)
        return rc;
    derived_take(ds, &entry);
    ds->position++;
    if (!is_taken)
        rc = truth_untaken(ds, from, err);
    else if (ds->label_count > 0)
        rc = truth_label(ds, from->facts->event_id, err);
    return rc;
}

struct dataset_counts dataset_counts(struct dataset *ds)
{
    struct dataset_counts c = ds->counts;

    for (const struct stream *s = ds->filled; s; s = s->next_filled)
        c.records += s->file.record_count; /* not in a file yet */
    (void)pthread_mutex_lock(&ds->lock);
    c.files = ds->files_done;
    c.digests = ds->digests_done;
    c.kept = ds->kept;
    c.gzip_bytes = ds->gzip_bytes;
    (void)pthread_mutex_unlock(&ds->lock);
    return c;
}

static int put_number(struct dataset *ds, const char *name, uint64_t n, struct err *err)
{
    char text[24];
    int len = snprintf(text, sizeof text, "%llu", (unsigned long long)n);

    return store_fact_put(ds->e->store, name, (struct str){ text, (size_t)len }, err);
}

static int save_status(struct dataset *ds, const struct ds_trail *t, struct err *err)
{
    struct arena a = { 0 };
    struct value *status;
    struct doc_key key = config_key(t->owner, t->home, "TrailStatus", t->name);
    int rc = store_doc_get(ds->e->store, &a, key, &status, err);

    if (rc == 0 && t->delivered_ms > 0) {
        value_put_time(&a, status, "LatestDeliveryAttempt", t->delivered_ms);
        value_put_time(&a, status, "LatestDeliveryTime", t->delivered_ms);
    }
    if (rc == 0 && t->has_chains)
        value_put_time(&a, status, "LatestDigestDeliveryTime", t->digest_ms);
    if (rc == 0)
        rc = store_doc_put(ds->e->store, key, status, err);
    arena_free(&a);
    return rc == E_MISSING ? 0 : rc; /* the trail was deleted */
}

/* From here on serve continues: positions go on, nothing is delivered twice. */
static int save_state(struct dataset *ds, struct err *err)
{
    int rc = chains_save(ds, err);

    if (rc == 0)
        rc = derived_save(ds, err);
    for (const struct ds_trail *t = ds->trails; rc == 0 && t; t = t->next)
        rc = save_status(ds, t, err);
    if (rc == 0)
        rc = put_number(ds, "trail.delivered", ds->position + 1, err);
    if (rc == 0)
        rc = put_number(ds, "trail.delivered_count", ds->position, err);
    if (rc == 0)
        rc = put_number(ds, "trail.history", ds->position + 1, err);
    return rc < 0 ? rc : store_fact_put(ds->e->store, PAST_FACT, STR("files"), err);
}

int dataset_finish(struct dataset *ds, struct err *err)
{
    int64_t end_ms = ds->opt.end_ms;
    int rc = dataset_advance(ds, end_ms, err);

    if (rc == 0)
        rc = deliver(ds, end_ms % DATASET_SLOT_MS ? ds->next_mark_ms : end_ms, err);
    if (rc == 0)
        rc = chains_finish(ds, end_ms, err);
    if (rc == 0)
        rc = crew_finish(ds->crew, err);
    if (rc == 0)
        rc = save_state(ds, err);
    if (rc == 0)
        rc = commit(ds, err);
    ds->is_finished = rc == 0;
    return rc;
}

int dataset_seal(struct dataset *ds, struct err *err)
{
    struct arena a = { 0 };
    int rc = ds->is_finished ? 0 : err_set(err, E_CONFLICT, "a dataset is finished, then sealed");

    if (rc == 0)
        rc = fs_remove_tree(path_in(&a, ds, "journal"), err);
    if (rc == 0 || rc == E_MISSING)
        rc = truth_seal(ds, err);
    if (rc == 0) {
        sync(); /* one for all files: what the manifest lists outlives a power cut */
        rc = manifest_write(ds, err);
    }
    if (rc == 0)
        rc = fs_remove_tree(ds->temp.ptr, err);
    arena_free(&a);
    return rc;
}
