/* Digests: when an interval ends, what it holds, and how each points to the one before it. */
#include <stdlib.h>

#include "core/aws/region.h"
#include "core/aws/sigv4.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/trail/digest.h"
#include "core/trail/keys.h"
#include "generator/dataset/state.h"

/* Source: CloudTrail User Guide, "CloudTrail digest file structure": a digest file every hour
 * whether or not there was activity. */
#define DIGEST_MS (3600 * 1000ll)
#define RETRY_MS  (5 * 60 * 1000ll) /* into a bucket that is out of order */

static int64_t whole_second(int64_t ms)
{
    return ms - ms % 1000;
}

static struct chain *chain_find(struct dataset *ds, struct ds_trail *t, struct str account,
                                struct str region)
{
    uint64_t hash = str_hash(t->arn) ^ str_hash(account) * 31 ^ str_hash(region) * 7;

    for (struct chain *c = ds->chains; c; c = c->next)
        if (c->hash == hash && c->trail == t && str_eq(c->region, region) &&
            str_eq(c->account, account))
            return c;
    struct chain *c = arena_alloc(&ds->a, sizeof *c);

    c->hash = hash;
    c->trail = t;
    c->account = arena_copy(&ds->a, account);
    c->region = arena_copy(&ds->a, region);
    c->last = &c->first;
    *ds->last_chain = c;
    ds->last_chain = &c->next;
    return c;
}

static struct interval *open_interval(struct chain *c)
{
    if (!c->open) {
        c->open = mem_alloc(sizeof *c->open);
        c->open->chain = c;
    }
    return c->open;
}

struct interval *chains_take(struct dataset *ds, struct ds_trail *t, struct str account,
                             struct str region)
{
    return t->has_chains ? open_interval(chain_find(ds, t, account, region)) : NULL;
}

void chains_add(struct interval *v, struct file_job *log)
{
    if (v->log_count == v->log_cap) {
        v->log_cap = v->log_cap ? 2 * v->log_cap : 16;
        v->logs = mem_realloc(v->logs, v->log_cap * sizeof *v->logs);
    }
    v->logs[v->log_count++] = log;
    v->left++;
}

static void interval_free(struct interval *v)
{
    arena_free(&v->a);
    mem_free(v->logs);
    mem_free(v);
}

static int by_key(const void *a, const void *b)
{
    const struct file_job *x = *(struct file_job *const *)a, *y = *(struct file_job *const *)b;

    return str_cmp(x->key, y->key);
}

static void fill_logs(struct interval *v, struct digest *d)
{
    struct digest_log *logs = arena_array(&v->a, v->log_count, sizeof *logs);

    if (v->log_count > 0)
        qsort(v->logs, v->log_count, sizeof *v->logs, by_key);
    for (size_t i = 0; i < v->log_count; i++) {
        const struct file_job *f = v->logs[i];

        logs[i] = (struct digest_log){ .bucket = f->bucket,
                                       .key = f->key,
                                       .hash_hex = str_c(f->hash_hex),
                                       .newest_ms = f->newest_ms,
                                       .oldest_ms = f->oldest_ms };
        if (i == 0 || f->newest_ms > d->newest_ms)
            d->newest_ms = f->newest_ms;
        if (i == 0 || f->oldest_ms < d->oldest_ms)
            d->oldest_ms = f->oldest_ms;
    }
    d->has_events = v->log_count > 0;
    d->logs = logs;
    d->log_count = v->log_count;
}

static void fill_previous(const struct chain *c, struct digest *d)
{
    d->has_previous = c->has_previous;
    if (!c->has_previous)
        return;
    d->previous_bucket = buf_view(&c->previous_bucket);
    d->previous_key = buf_view(&c->previous_key);
    d->previous_hash_hex = str_c(c->previous_hash);
    d->previous_signature_hex = buf_view(&c->previous_signature);
}

static void replace(struct buf *b, struct str text)
{
    buf_clear(b);
    buf_add(b, text);
}

/* What the next digest points to. After the last one a chain starts anew. */
static void keep(struct interval *v, const struct digest *d, const char *hash, struct str signature)
{
    struct chain *c = v->chain;

    c->has_previous = !v->is_last;
    replace(&c->previous_bucket, d->bucket);
    replace(&c->previous_key, d->key);
    replace(&c->previous_signature, signature);
    memcpy(c->previous_hash, hash, sizeof c->previous_hash);
}

static int sign_and_write(struct dataset *ds, struct interval *v, const struct digest *d,
                          unsigned worker, struct err *err)
{
    struct buf json = { 0 };
    struct str signature;
    struct output_done done;
    char hash[65];

    digest_write(&json, d);
    sha256_hex(buf_view(&json), hash);
    int rc =
        digest_sign(v->key, digest_string_to_sign(&v->a, d, str_c(hash)), &v->a, &signature, err);
    if (rc == 0)
        rc = output_write(&ds->output, worker,
                          &(struct output_object){ .bucket = d->bucket,
                                                   .key = d->key,
                                                   .text = buf_view(&json),
                                                   .signature = signature,
                                                   .hash_hex = hash,
                                                   .modified_ms = v->end_ms },
                          &done, err);
    if (rc == 0)
        keep(v, d, hash, signature);
    buf_free(&json);
    return rc;
}

static int write_interval(struct crew_job *job, unsigned worker, struct err *err);

/* The chain's first interval goes to the crew when nothing is missing. Under the lock. */
static void push_ready(struct dataset *ds, struct chain *c)
{
    struct interval *v = c->first;

    if (!v || c->is_busy || v->left > 0)
        return;
    c->is_busy = true;
    v->job.run = write_interval;
    crew_push(ds->crew, &v->job);
}

static void interval_done(struct interval *v)
{
    struct dataset *ds = v->ds;
    struct chain *c = v->chain;

    for (size_t i = 0; i < v->log_count; i++)
        dataset_drop_file(ds, v->logs[i]);
    (void)pthread_mutex_lock(&ds->lock);
    c->first = v->next;
    if (!c->first)
        c->last = &c->first;
    c->is_busy = false;
    ds->intervals_under_way--;
    ds->digests_done++;
    push_ready(ds, c);
    (void)pthread_mutex_unlock(&ds->lock);
    interval_free(v);
}

static int write_interval(struct crew_job *job, unsigned worker, struct err *err)
{
    struct interval *v = (struct interval *)job;
    const struct chain *c = v->chain;
    struct digest d = { .account = c->account,
                        .bucket = v->bucket,
                        .fingerprint = str_c(v->fingerprint),
                        .start_ms = v->start_ms,
                        .end_ms = v->end_ms };
    struct trail_key k = { .kind = KEY_DIGEST,
                           .prefix = v->prefix,
                           .org_id = c->trail->org_id,
                           .account = c->account,
                           .region = c->region,
                           .trail = c->trail->name,
                           .home = c->trail->home,
                           .at_ms = v->end_ms };
    int rc = trail_key_write(&v->a, &k, &d.key, err);

    if (rc < 0)
        return rc;
    fill_logs(v, &d);
    fill_previous(c, &d);
    rc = sign_and_write(v->ds, v, &d, worker, err);
    if (rc == 0)
        interval_done(v);
    return rc;
}

void chains_settle(struct dataset *ds, struct interval *v)
{
    v->left--;
    if (v->is_closed && v->chain->first == v)
        push_ready(ds, v->chain);
}

/* One trail's digests that end now. */
struct closing {
    struct dataset *ds;
    struct ds_trail *t;
    const struct trail_config *config;
    const struct trail_epoch *epoch; /* where the digests go */
    int64_t end_ms;
    bool is_last;
};

static int close_one(const struct closing *cl, struct chain *c, struct err *err)
{
    struct dataset *ds = cl->ds;
    struct interval *v = open_interval(c);
    int rc = signing_warm(ds->signing, c->region, cl->end_ms, &v->key, v->fingerprint, err);

    if (rc == 0)
        rc = signing_document(ds->signing, c->region, cl->end_ms, err);
    if (rc < 0)
        return rc;
    v->ds = ds;
    v->start_ms = cl->t->digest_ms;
    v->end_ms = cl->end_ms;
    v->is_last = cl->is_last;
    v->bucket = arena_copy(&v->a, cl->epoch->bucket);
    v->prefix = arena_copy(&v->a, cl->epoch->prefix);
    c->open = NULL;
    c->is_known = !cl->is_last;
    (void)pthread_mutex_lock(&ds->lock);
    v->is_closed = true;
    *c->last = v;
    c->last = &v->next;
    ds->intervals_under_way++;
    push_ready(ds, c);
    (void)pthread_mutex_unlock(&ds->lock);
    return dataset_relieve(ds, err);
}

static int close_region(const struct closing *cl, struct str account, struct str region,
                        struct err *err)
{
    if (!dataset_has(cl->ds, account, region))
        return 0;
    return close_one(cl, chain_find(cl->ds, cl->t, account, region), err);
}

/* Regions that an account must opt into have a chain once a log or an older digest is there. */
static int close_opted_in(const struct closing *cl, struct str account, struct err *err)
{
    int rc = 0;

    for (struct chain *c = cl->ds->chains; rc == 0 && c; c = c->next) {
        const struct region *r = region_find(c->region);
        bool is_listed =
            cl->epoch->multi_region ? r && r->enabled_by_default : str_eq(c->region, cl->t->home);
        if (c->trail != cl->t || !str_eq(c->account, account) || is_listed)
            continue;
        if (c->open || c->is_known)
            rc = close_one(cl, c, err);
    }
    return rc;
}

static int close_account(const struct closing *cl, struct str account, struct err *err)
{
    struct str partition = region_partition(cl->t->home);
    int rc = 0;

    if (!cl->epoch->multi_region)
        rc = close_region(cl, account, cl->t->home, err);
    for (size_t i = 0; rc == 0 && cl->epoch->multi_region && region_at(i); i++)
        if (region_at(i)->enabled_by_default && str_eq_c(partition, region_at(i)->partition))
            rc = close_region(cl, account, str_c(region_at(i)->name), err);
    return rc < 0 ? rc : close_opted_in(cl, account, err);
}

/* With the bucket out of order nothing moves on: the next digest spans this time as well. */
static int close_all(const struct closing *cl, int64_t now_ms, struct err *err)
{
    const char *why;
    int rc = streams_bucket(cl->ds, cl->t, cl->epoch->bucket, &why, err);

    if (rc == 0 && why) {
        cl->t->retry_ms = now_ms + RETRY_MS;
        return 0;
    }
    for (size_t i = 0; rc == 0 && i < cl->config->account_count; i++)
        rc = close_account(cl, cl->config->accounts[i], err);
    if (rc < 0)
        return rc;
    cl->t->digest_ms = cl->end_ms;
    cl->t->retry_ms = 0;
    cl->t->has_chains = !cl->is_last;
    return 0;
}

static bool is_validating(const struct dataset *ds, const struct trail_config *c)
{
    const struct trail_epoch *now = config_now(c);

    return now->exists && now->logging && now->validation && !ds->opt.no_digests;
}

static struct doc_key state_key(const struct ds_trail *t)
{
    return config_key(t->owner, t->home, "DigestState", t->name);
}

int chains_follow(struct dataset *ds, struct err *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < ds->configs.count; i++) {
        struct ds_trail *t = ds->trail_of[i];
        struct value *state;
        struct arena a = { 0 };

        if (t->has_chains || !is_validating(ds, &ds->configs.trails[i]))
            continue;
        rc = store_doc_get(ds->e->store, &a, state_key(t), &state, err);
        t->has_chains = rc == 0;
        if (rc == 0)
            t->digest_ms = value_get_time(state, "Last", 0);
        arena_free(&a);
        if (rc == E_MISSING)
            rc = 0;
    }
    return rc;
}

static int64_t due_of(const struct ds_trail *t)
{
    int64_t due = whole_second(t->digest_ms + DIGEST_MS);

    return t->retry_ms > due ? t->retry_ms : due;
}

int chains_due(struct dataset *ds, int64_t now_ms, struct err *err)
{
    int rc = 0;

    ds->next_digest_ms = INT64_MAX;
    for (size_t i = 0; rc == 0 && i < ds->configs.count; i++) {
        struct closing cl = { .ds = ds,
                              .t = ds->trail_of[i],
                              .config = &ds->configs.trails[i],
                              .epoch = config_now(&ds->configs.trails[i]) };

        if (!cl.t->has_chains || !is_validating(ds, cl.config))
            continue;
        cl.end_ms = cl.t->retry_ms ? whole_second(now_ms) : due_of(cl.t);
        if (due_of(cl.t) <= now_ms)
            rc = close_all(&cl, now_ms, err);
        if (due_of(cl.t) < ds->next_digest_ms)
            ds->next_digest_ms = due_of(cl.t);
    }
    return rc;
}

int chains_end(struct dataset *ds, int64_t now_ms, struct err *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < ds->configs.count; i++) {
        struct closing cl = { .ds = ds,
                              .t = ds->trail_of[i],
                              .config = &ds->configs.trails[i],
                              .epoch = config_last_alive(&ds->configs.trails[i]),
                              .end_ms = whole_second(now_ms),
                              .is_last = true };

        if (!cl.t->has_chains || !cl.epoch || is_validating(ds, cl.config))
            continue;
        if (cl.end_ms <= cl.t->digest_ms)
            cl.end_ms = cl.t->digest_ms + 1000; /* stopped within the second it was started in */
        rc = close_all(&cl, now_ms, err);
        if (rc == 0 && !cl.t->has_chains)
            rc = store_doc_delete(ds->e->store, state_key(cl.t), err);
        if (rc == E_MISSING)
            rc = 0;
    }
    return rc;
}

int chains_finish(struct dataset *ds, int64_t now_ms, struct err *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < ds->configs.count; i++) {
        struct closing cl = { .ds = ds,
                              .t = ds->trail_of[i],
                              .config = &ds->configs.trails[i],
                              .epoch = config_now(&ds->configs.trails[i]),
                              .end_ms = whole_second(now_ms) };

        if (cl.t->has_chains && is_validating(ds, cl.config) && cl.end_ms > cl.t->digest_ms)
            rc = close_all(&cl, now_ms, err);
    }
    return rc;
}

static struct doc_key chain_key(const char *type, struct arena *a, const struct chain *c,
                                struct str rest)
{
    const struct ds_trail *t = c->trail;

    return config_key(t->owner, c->region, type,
                      arena_printf(a, "%.*s/%.*s%s%.*s", STR_ARG(t->name), STR_ARG(c->account),
                                   rest.len ? "/" : "", STR_ARG(rest)));
}

/* A log that stands in no digest yet: the next one, of whoever serves this, lists it. */
static int save_open(struct dataset *ds, struct arena *a, const struct chain *c, struct err *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && c->open && i < c->open->log_count; i++) {
        const struct file_job *f = c->open->logs[i];
        struct value *doc = value_map(a);

        value_put_str(a, doc, "Bucket", f->bucket);
        value_put_str(a, doc, "Key", f->key);
        value_put_c(a, doc, "Hash", f->hash_hex);
        value_put_time(a, doc, "Newest", f->newest_ms);
        value_put_time(a, doc, "Oldest", f->oldest_ms);
        rc = store_doc_put(ds->e->store, chain_key("DigestLog", a, c, f->key), doc, err);
    }
    return rc;
}

static int save_chain(struct dataset *ds, struct arena *a, const struct chain *c, struct err *err)
{
    struct value *doc = value_map(a);

    if (!c->has_previous || !c->trail->has_chains)
        return save_open(ds, a, c, err);
    value_put_str(a, doc, "Bucket", buf_view(&c->previous_bucket));
    value_put_str(a, doc, "Key", buf_view(&c->previous_key));
    value_put_c(a, doc, "Hash", c->previous_hash);
    value_put_str(a, doc, "Signature", buf_view(&c->previous_signature));
    int rc = store_doc_put(ds->e->store, chain_key("DigestChain", a, c, STR("")), doc, err);
    return rc < 0 ? rc : save_open(ds, a, c, err);
}

int chains_save(struct dataset *ds, struct err *err)
{
    struct arena a = { 0 };
    int rc = 0;

    for (const struct chain *c = ds->chains; rc == 0 && c; c = c->next)
        rc = save_chain(ds, &a, c, err);
    for (const struct ds_trail *t = ds->trails; rc == 0 && t; t = t->next) {
        struct value *state = value_map(&a);

        value_put_time(&a, state, "Last", t->digest_ms);
        if (t->has_chains)
            rc = store_doc_put(ds->e->store, state_key(t), state, err);
    }
    arena_free(&a);
    return rc;
}

void chains_free(struct dataset *ds)
{
    for (struct chain *c = ds->chains; c; c = c->next) {
        for (struct interval *v = c->first, *next; v; v = next) {
            next = v->next;
            interval_free(v);
        }
        if (c->open)
            interval_free(c->open);
        buf_free(&c->previous_bucket);
        buf_free(&c->previous_key);
        buf_free(&c->previous_signature);
    }
}
