/* From records to files: which trails take a record, into which file it goes, when that is cut. */
#include <stdio.h>

#include "core/base/mem.h"
#include "core/codec/gzip.h"
#include "core/trail/keys.h"
#include "emulator/trail/bucket.h"
#include "emulator/trail/unique.h"
#include "generator/dataset/state.h"

#define FILE_TEXT_BYTES (8u << 20)   /* as emulator/trail cuts: far below what CloudTrail allows */
#define HELD_TEXT_BYTES (256u << 20) /* of files that wait for a bucket to be in order again */

bool dataset_has(const struct dataset *ds, struct str account, struct str region)
{
    if (ds->opt.shards <= 1)
        return true;
    uint64_t h = str_hash(account) * 31 + str_hash(region);

    /* the low bits of the sum of two alike hashes are poor */
    return (h >> 17) % ds->opt.shards == ds->opt.shard - 1;
}

bool streams_deliver_into(const struct dataset *ds, struct str bucket)
{
    const struct place *p = ds->places;

    while (p && !str_eq(p->bucket, bucket))
        p = p->next;
    return p != NULL;
}

/* Its end is where one account, or one region, differs from another. */
static uint64_t hash_end(struct str s)
{
    uint64_t x = s.len;

    if (s.len >= sizeof x)
        memcpy(&x, s.ptr + s.len - sizeof x, sizeof x);
    return x * 0x9e3779b97f4a7c15u;
}

static struct stream *stream_find(struct dataset *ds, struct ds_trail *t,
                                  const struct trail_epoch *epoch, const struct record_facts *f)
{
    enum key_kind kind = f->category == EVENT_INSIGHT ? KEY_INSIGHT : KEY_LOG;
    uint64_t h = hash_end(f->account) * 31 + hash_end(f->region);
    struct stream **bucket = &ds->streams[(h >> 32) % STREAM_BUCKETS], *s = *bucket;

    while (s && !(s->trail == t && s->kind == kind && str_eq(s->account, f->account) &&
                  str_eq(s->region, f->region) && str_eq(s->bucket, epoch->bucket) &&
                  str_eq(s->prefix, epoch->prefix)))
        s = s->chain;
    if (s)
        return s;
    s = arena_alloc(&ds->a, sizeof *s);
    s->trail = t;
    s->kind = kind;
    s->account = arena_copy(&ds->a, f->account);
    s->region = arena_copy(&ds->a, f->region);
    s->bucket = arena_copy(&ds->a, epoch->bucket);
    s->prefix = arena_copy(&ds->a, epoch->prefix);
    s->last_held = &s->held;
    if (!streams_deliver_into(ds, s->bucket)) {
        struct place *p = arena_alloc(&ds->a, sizeof *p);

        p->bucket = s->bucket;
        p->next = ds->places;
        ds->places = p;
    }
    s->chain = *bucket;
    *bucket = s;
    return s;
}

int streams_bucket(struct dataset *ds, const struct ds_trail *t, struct str bucket,
                   const char **out_code, struct err *err)
{
    struct arena a = { 0 };
    struct bucket_view b;
    int rc = bucket_view(ds->e->store, &a, bucket, &b, err);

    *out_code = NULL;
    if (rc == 0 && !b.exists)
        *out_code = "NoSuchBucket";
    else if (rc == 0 && bucket_ask(&a, &b, "s3:PutObject",
                                   arena_printf(&a, "arn:aws:s3:::%.*s/AWSLogs/%.*s/CloudTrail/x",
                                                STR_ARG(bucket), STR_ARG(t->owner)),
                                   t->arn, t->owner) == POLICY_DENY)
        *out_code = "AccessDenied";
    arena_free(&a);
    return rc;
}

/* The slot is the mark behind the events: where the emulator would deliver them. */
static int name_file(struct dataset *ds, const struct stream *s, struct file_job *f,
                     int64_t slot_ms, struct err *err)
{
    struct trail_key k = { .kind = s->kind,
                           .prefix = s->prefix,
                           .org_id = s->trail->org_id,
                           .account = s->account,
                           .region = s->region,
                           .at_ms = slot_ms };

    k.unique = unique_of_file(&f->a, ds->e->seed, s->trail->arn, s->bucket, f->first_id);
    return trail_key_write(&f->a, &k, &f->key, err);
}

static struct spare spare_take(struct dataset *ds)
{
    struct spare s = { 0 };

    (void)pthread_mutex_lock(&ds->lock);
    if (ds->spare_count > 0)
        s = ds->spare[--ds->spare_count];
    (void)pthread_mutex_unlock(&ds->lock);
    return s;
}

/* The stream's open file becomes a job; the stream is empty. */
static struct file_job *cut(struct dataset *ds, struct stream *s)
{
    struct file_job *f = mem_alloc(sizeof *f);
    struct spare spare = spare_take(ds);

    f->ds = ds;
    f->file = s->file;
    f->hints = s->hints;
    f->bucket = arena_copy(&f->a, s->bucket);
    f->newest_ms = s->file.newest_ms;
    f->oldest_ms = s->file.oldest_ms;
    f->records = s->file.record_count;
    f->text_bytes = s->file.text.len;
    f->first_id = arena_copy(&f->a, str_c(s->first_id));
    s->file = (struct logfile){ .text = spare.text };
    s->hints = spare.hints;
    (void)pthread_mutex_lock(&ds->lock);
    f->next = ds->jobs;
    if (ds->jobs)
        ds->jobs->prev = f;
    ds->jobs = f;
    (void)pthread_mutex_unlock(&ds->lock);
    return f;
}

static void text_done(struct dataset *ds, struct file_job *f)
{
    ds->text_under_way -= f->text_bytes;
    if (ds->spare_count < COUNT(ds->spare)) {
        buf_clear(&f->file.text);
        hints_clear(&f->hints);
        ds->spare[ds->spare_count++] = (struct spare){ buf_take(&f->file.text), f->hints };
        f->hints = (struct hints){ 0 };
    }
    logfile_free(&f->file);
    hints_free(&f->hints);
}

static int write_file(struct crew_job *job, unsigned worker, struct err *err)
{
    struct file_job *f = (struct file_job *)job;
    struct dataset *ds = f->ds;
    struct output_done done = { 0 };
    struct str text = logfile_end(&f->file, f->hash_hex);
    int rc = output_write(&ds->output, worker,
                          &(struct output_object){ .bucket = f->bucket,
                                                   .key = f->key,
                                                   .text = text,
                                                   .hints = &f->hints,
                                                   .hash_hex = f->hash_hex,
                                                   .modified_ms = f->at_ms,
                                                   .records = f->records },
                          &done, err);

    (void)pthread_mutex_lock(&ds->lock);
    ds->files_done++;
    ds->kept += done.kept;
    ds->gzip_bytes += done.gzip_bytes;
    text_done(ds, f);
    if (rc == 0 && f->interval)
        chains_settle(ds, f->interval);
    bool is_over = !f->interval;
    (void)pthread_mutex_unlock(&ds->lock);
    if (is_over)
        dataset_drop_file(ds, f);
    return rc;
}

/* Delivered now: it gets its name, its place in a digest, and a thread. */
static int send(struct dataset *ds, struct stream *s, struct file_job *f, int64_t slot_ms,
                struct err *err)
{
    int64_t now_ms = clock_now_ms(&ds->e->clock);
    int rc = name_file(ds, s, f, slot_ms, err);

    f->at_ms = now_ms;
    if (rc < 0)
        return rc;
    f->interval = s->has_digests ? chains_take(ds, s->trail, s->account, s->region) : NULL;
    (void)pthread_mutex_lock(&ds->lock);
    if (f->interval)
        chains_add(f->interval, f);
    ds->text_under_way += f->text_bytes;
    (void)pthread_mutex_unlock(&ds->lock);
    ds->counts.records += f->records;
    ds->counts.text_bytes += f->text_bytes;
    truth_count(ds, s->account, s->region, f->records);
    s->trail->delivered_ms = now_ms;
    f->job.run = write_file;
    crew_push(ds->crew, &f->job);
    return dataset_relieve(ds, err);
}

static int hold(struct dataset *ds, struct stream *s, const char *why, struct err *err)
{
    struct file_job *f = cut(ds, s);

    *s->last_held = f;
    s->last_held = &f->next_held;
    ds->held_bytes += f->text_bytes;
    if (ds->held_bytes <= HELD_TEXT_BYTES)
        return 0;
    return err_set(err, E_LIMIT, "%.*s can't deliver into %.*s (%s), and over %u MB wait",
                   STR_ARG(s->trail->arn), STR_ARG(s->bucket), why, HELD_TEXT_BYTES >> 20);
}

static int send_held(struct dataset *ds, struct stream *s, int64_t slot_ms, struct err *err)
{
    int rc = 0;

    while (rc == 0 && s->held) {
        struct file_job *f = s->held;

        s->held = f->next_held;
        ds->held_bytes -= f->text_bytes;
        rc = send(ds, s, f, slot_ms, err);
    }
    s->last_held = &s->held;
    return rc;
}

/* Files that waited for their bucket go first, in the order in which they were filled. */
static int deliver(struct dataset *ds, struct stream *s, int64_t slot_ms, struct err *err)
{
    const char *why;
    int rc = streams_bucket(ds, s->trail, s->bucket, &why, err);

    if (rc < 0)
        return rc;
    if (why)
        return s->file.text.len >= FILE_TEXT_BYTES ? hold(ds, s, why, err) : 0;
    rc = send_held(ds, s, slot_ms, err);
    if (rc == 0 && s->file.record_count > 0)
        rc = send(ds, s, cut(ds, s), slot_ms, err);
    return rc;
}

int streams_deliver(struct dataset *ds, int64_t slot_ms, struct err *err)
{
    struct stream *s = ds->filled;
    int rc = 0;

    ds->filled = NULL;
    ds->last_filled = &ds->filled;
    for (struct stream *next; rc == 0 && s; s = next) {
        next = s->next_filled;
        s->is_filled = false;
        rc = deliver(ds, s, slot_ms, err);
        if (s->held || s->file.record_count > 0) { /* again at the next mark */
            s->is_filled = true;
            s->next_filled = NULL;
            *ds->last_filled = s;
            ds->last_filled = &s->next_filled;
        }
    }
    return rc;
}

/* Behind the record at the end of the text. */
static void add_hints(struct stream *s, struct str record, const struct hints *known)
{
    size_t at = s->file.text.len - record.len;

    if (known)
        hints_add(&s->hints, known->items, known->count, at);
    else
        hints_find_all(&s->hints, record, at);
}

static int add(struct dataset *ds, struct stream *s, const struct journal_entry *entry,
               const struct hints *hints, struct err *err)
{
    if (!s->is_filled) {
        s->is_filled = true;
        s->next_filled = NULL;
        *ds->last_filled = s;
        ds->last_filled = &s->next_filled;
    }
    if (s->file.record_count == 0)
        (void)snprintf(s->first_id, sizeof s->first_id, "%.*s", STR_ARG(entry->facts.event_id));
    logfile_add(&s->file, entry->record, entry->facts.time_ms);
    if (ds->opt.gzip_level == GZIP_FAST)
        add_hints(s, entry->record, hints);
    return s->file.text.len < FILE_TEXT_BYTES ? 0 : deliver(ds, s, ds->next_mark_ms, err);
}

int streams_put(struct dataset *ds, const struct journal_entry *entry, const struct hints *hints,
                bool *out_taken, struct err *err)
{
    *out_taken = false;
    if (!dataset_has(ds, entry->facts.account, entry->facts.region))
        return 0;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < ds->configs.count; i++) {
        const struct trail_epoch *epoch = config_takes(&ds->configs.trails[i], entry);

        if (!epoch)
            continue;
        struct stream *s = stream_find(ds, ds->trail_of[i], epoch, &entry->facts);
        s->has_digests = epoch->validation && !ds->opt.no_digests;
        *out_taken = true;
        rc = add(ds, s, entry, hints, err);
    }
    return rc;
}

static void stream_free(struct stream *s)
{
    logfile_free(&s->file);
    hints_free(&s->hints);
}

void streams_free(struct dataset *ds)
{
    for (size_t i = 0; i < STREAM_BUCKETS; i++)
        for (struct stream *s = ds->streams[i]; s; s = s->chain)
            stream_free(s);
    for (size_t i = 0; i < ds->spare_count; i++) {
        buf_free(&ds->spare[i].text);
        hints_free(&ds->spare[i].hints);
    }
}
