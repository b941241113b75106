#include <unistd.h>

#include "core/aws/md5.h"
#include "core/aws/region.h"
#include "core/trail/keys.h"
#include "emulator/trail/digest_files.h"
#include "emulator/store/objects.h"
#include "emulator/trail/state.h"

/* Documents of a trail (all with the owner's account):
 *   DigestState  region HOME, id NAME           {Last}: the end of its newest digests, or the time
 *                                               at which validation was switched on
 *   DigestChain  region SRC, id NAME/ACCOUNT    the newest digest of one chain
 *   DigestLog    region SRC, id NAME/ACCOUNT/KEY  a log that stands in no digest yet
 *   DigestFiles  region HOME, id NAME/END       {Moves}: files that lie staged, put in place by the
 *                                               next digests_settle, after a crash as well */

struct batch {
    struct trail *t;
    const struct trail_config *c;
    const struct trail_epoch *epoch; /* where the digests go */
    int64_t start_ms, end_ms;
    bool is_last;
    const char *error; /* S3's code, or NULL */
    struct arena a;
    struct chain *chains, **last;
    size_t chain_count;
};

static struct doc_key state_key(const struct trail_config *c)
{
    return config_key(c->owner, c->home, "DigestState", c->name);
}

static struct doc_key files_key(struct batch *b)
{
    return config_key(
        b->c->owner, b->c->home, "DigestFiles",
        arena_printf(&b->a, "%.*s/%020lld", STR_ARG(b->c->name), (long long)b->end_ms));
}

static struct doc_key chain_key(struct batch *b, const struct chain *chain)
{
    return config_key(
        b->c->owner, chain->region, "DigestChain",
        arena_printf(&b->a, "%.*s/%.*s", STR_ARG(b->c->name), STR_ARG(chain->account)));
}

int digests_add_log(struct trail *t, const struct trail_config *c, struct str account,
                    struct str region, const struct delivered_log *log, struct err *err)
{
    struct arena a = { 0 };
    struct value *doc = value_map(&a);
    struct str id =
        arena_printf(&a, "%.*s/%.*s/%.*s", STR_ARG(c->name), STR_ARG(account), STR_ARG(log->key));

    value_put_str(&a, doc, "Bucket", log->bucket);
    value_put_str(&a, doc, "Key", log->key);
    value_put_str(&a, doc, "Hash", log->hash_hex);
    value_put_time(&a, doc, "Newest", log->newest_ms);
    value_put_time(&a, doc, "Oldest", log->oldest_ms);
    int rc = store_doc_put(t->e->store, config_key(c->owner, region, "DigestLog", id), doc, err);
    arena_free(&a);
    return rc;
}

static int64_t whole_second(int64_t ms)
{
    return ms - ms % 1000;
}

int digests_changed(struct trail *t, struct doc_key trail, const struct value *doc, struct err *err)
{
    struct arena a = { 0 };
    struct value *state = NULL;
    struct doc_key key = config_key(trail.account, trail.region, "DigestState", trail.id);
    int rc = 0;

    if (!value_get_bool(doc, "IsLogging", false) ||
        !value_get_bool(doc, "LogFileValidationEnabled", false))
        return 0; /* if it had been on: digests_end, once all before the change is delivered */
    rc = store_doc_get(t->e->store, &a, key, &state, err);
    if (rc == E_MISSING) {
        state = value_map(&a);
        value_put_time(&a, state, "Last", whole_second(clock_now_ms(&t->e->clock)));
        rc = store_doc_put(t->e->store, key, state, err);
    }
    arena_free(&a);
    return rc;
}

/* One chain for each account and region; the logs are those of that region. */
static int chain_add(struct batch *b, struct str account, struct str region, struct err *err)
{
    struct chain *chain = arena_alloc(&b->a, sizeof *chain);
    struct str id = arena_printf(&b->a, "%.*s/%.*s/", STR_ARG(b->c->name), STR_ARG(account));

    chain->account = account;
    chain->region = region;
    *b->last = chain;
    b->last = &chain->next;
    b->chain_count++;
    return store_doc_list(b->t->e->store, &b->a, config_key(b->c->owner, region, "DigestLog", id),
                          STR(""), 0, &chain->logs, &chain->log_count, err);
}

static bool has_chain(const struct batch *b, struct str account, struct str region)
{
    for (const struct chain *c = b->chains; c; c = c->next)
        if (str_eq(c->account, account) && str_eq(c->region, region))
            return true;
    return false;
}

/* Regions that an account must opt into get a chain once a log or an older digest is there. */
static int add_opted_in(struct batch *b, struct str account, const char *type, struct err *err)
{
    struct doc *docs;
    size_t count;
    int rc = store_doc_list(b->t->e->store, &b->a, config_key(b->c->owner, STR(""), type, STR("")),
                            STR(""), 0, &docs, &count, err);

    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct str id = arena_printf(&b->a, "%.*s/%.*s", STR_ARG(b->c->name), STR_ARG(account));
        if (str_has_prefix(docs[i].key.id, id) && !has_chain(b, account, docs[i].key.region))
            rc = chain_add(b, account, docs[i].key.region, err);
    }
    return rc;
}

/* Idle regions have digests, too. Source: CloudTrail User Guide, "CloudTrail digest file
 * structure": a digest file every hour whether or not there was activity. */
static int add_chains(struct batch *b, struct str account, struct err *err)
{
    struct str partition = region_partition(b->c->home);
    int rc = 0;

    if (!b->epoch->multi_region)
        rc = chain_add(b, account, b->c->home, err);
    for (size_t i = 0; rc == 0 && b->epoch->multi_region && region_at(i); i++)
        if (region_at(i)->enabled_by_default && str_eq_c(partition, region_at(i)->partition))
            rc = chain_add(b, account, str_c(region_at(i)->name), err);
    if (rc == 0)
        rc = add_opted_in(b, account, "DigestLog", err);
    return rc < 0 ? rc : add_opted_in(b, account, "DigestChain", err);
}

static void fill_logs(struct batch *b, struct chain *chain)
{
    struct digest *d = &chain->digest;
    struct digest_log *logs = arena_array(&b->a, chain->log_count, sizeof *logs);

    for (size_t i = 0; i < chain->log_count; i++) {
        const struct value *v = chain->logs[i].value;
        logs[i] = (struct digest_log){ .bucket = value_get_str(v, "Bucket"),
                                       .key = value_get_str(v, "Key"),
                                       .hash_hex = value_get_str(v, "Hash"),
                                       .newest_ms = value_get_time(v, "Newest", 0),
                                       .oldest_ms = value_get_time(v, "Oldest", 0) };
        if (!d->has_events || logs[i].newest_ms > d->newest_ms)
            d->newest_ms = logs[i].newest_ms;
        if (!d->has_events || logs[i].oldest_ms < d->oldest_ms)
            d->oldest_ms = logs[i].oldest_ms;
        d->has_events = true;
    }
    d->logs = logs;
    d->log_count = chain->log_count;
}

static int fill_previous(struct batch *b, struct chain *chain, struct err *err)
{
    struct digest *d = &chain->digest;
    struct value *previous;
    int rc = store_doc_get(b->t->e->store, &b->a, chain_key(b, chain), &previous, err);

    if (rc < 0)
        return rc == E_MISSING ? 0 : rc;
    d->has_previous = true;
    d->previous_bucket = value_get_str(previous, "Bucket");
    d->previous_key = value_get_str(previous, "Key");
    d->previous_hash_hex = value_get_str(previous, "Hash");
    d->previous_signature_hex = value_get_str(previous, "Signature");
    return 0;
}

static int fill_key(struct batch *b, struct chain *chain, struct err *err)
{
    struct trail_key k = { .kind = KEY_DIGEST,
                           .prefix = b->epoch->prefix,
                           .org_id = b->c->org_id,
                           .account = chain->account,
                           .region = chain->region,
                           .trail = b->c->name,
                           .home = b->c->home,
                           .at_ms = b->end_ms };

    return trail_key_write(&b->a, &k, &chain->digest.key, err);
}

/* All that a digest says; what is left is arithmetic and files. */
static int chain_fill(struct batch *b, struct chain *chain, struct err *err)
{
    chain->digest = (struct digest){ .account = chain->account,
                                     .bucket = b->epoch->bucket,
                                     .start_ms = b->start_ms,
                                     .end_ms = b->end_ms };
    int rc = fill_previous(b, chain, err);
    if (rc == 0)
        rc = fill_key(b, chain, err);
    if (rc == 0)
        rc = signing_warm(b->t->signing, chain->region, b->end_ms, &chain->key, chain->fingerprint,
                          err);
    chain->digest.fingerprint = str_c(chain->fingerprint);
    fill_logs(b, chain);
    return rc;
}

/* What the successor points to. */
static struct value *newest_of(struct arena *a, const struct chain *chain)
{
    struct value *newest = value_map(a);

    value_put_str(a, newest, "Bucket", chain->digest.bucket);
    value_put_str(a, newest, "Key", chain->digest.key);
    value_put_c(a, newest, "Hash", chain->hash_hex);
    value_put_str(a, newest, "Signature", chain->signature_hex);
    return newest;
}

static int save_chain(struct batch *b, const struct chain *chain, struct err *err)
{
    struct store *s = b->t->e->store;
    int rc = b->is_last ? store_doc_delete(s, chain_key(b, chain), err)
                        : store_doc_put(s, chain_key(b, chain), newest_of(&b->a, chain), err);

    if (rc == E_MISSING)
        rc = 0;
    if (rc == 0)
        rc = signing_document(b->t->signing, chain->region, b->end_ms, err);
    for (size_t i = 0; rc == 0 && i < chain->log_count; i++)
        rc = store_doc_delete(s, chain->logs[i].key, err);
    return rc;
}

static int save_state(struct batch *b, struct err *err)
{
    struct store *s = b->t->e->store;
    struct value *state = value_map(&b->a);

    if (b->is_last)
        return store_doc_delete(s, state_key(b->c), err);
    value_put_time(&b->a, state, "Last", b->end_ms);
    return store_doc_put(s, state_key(b->c), state, err);
}

/* Whoever the bucket notifies hears of these once they are in place. */
static struct value *objects_of(struct batch *b)
{
    struct value *list = value_list(&b->a);

    for (const struct chain *c = b->chains; c; c = c->next) {
        struct value *o = value_map(&b->a);

        value_put_str(&b->a, o, "Bucket", c->digest.bucket);
        value_put_str(&b->a, o, "Key", c->digest.key);
        value_push(list, o);
    }
    return list;
}

static int save_files(struct batch *b, struct err *err)
{
    struct value *doc = value_map(&b->a), *moves = value_list(&b->a);

    for (const struct chain *c = b->chains; c; c = c->next)
        for (size_t i = 0; i < WHOLE_MOVES; i++) {
            value_push(moves, value_str(&b->a, c->moves[i].from));
            value_push(moves, value_str(&b->a, c->moves[i].to));
        }
    value_set(doc, STR("Moves"), moves);
    if (announce_is_heard(b->t, b->epoch->bucket))
        value_set(doc, STR("Announced"), objects_of(b));
    return store_doc_put(b->t->e->store, files_key(b), doc, err);
}

/* With the bucket out of order nothing moves on: the next digest spans this time as well. */
static int save_batch(void *arg, struct err *err)
{
    struct batch *b = arg;
    struct value *status = value_map(&b->a);
    int rc = 0;

    if (b->error) {
        value_put_c(&b->a, status, "LatestDigestDeliveryError", b->error);
    } else {
        value_put_time(&b->a, status, "LatestDigestDeliveryTime", b->end_ms);
        value_set(status, STR("LatestDigestDeliveryError"), value_null(&b->a));
        for (const struct chain *c = b->chains; rc == 0 && c; c = c->next)
            rc = save_chain(b, c, err);
        if (rc == 0)
            rc = save_state(b, err);
        if (rc == 0)
            rc = save_files(b, err);
    }
    return rc < 0 ? rc : trail_status_put(b->t, b->c, status, err);
}

static int make_files(struct batch *b, struct err *err)
{
    int rc = trail_bucket_check(b->t, &b->a, b->c, b->epoch->bucket, &b->error, err);

    for (struct chain *c = b->chains; rc == 0 && !b->error && c; c = c->next)
        rc = chain_fill(b, c, err);
    if (rc < 0 || b->error)
        return rc;
    rc = digest_files_make(b->t, b->chains, &b->a, err);
    if (rc == E_MISSING) /* the bucket's folder was taken away by hand */
        b->error = "NoSuchBucket";
    else if (rc == 0)
        b->t->unsettled += b->chain_count;
    return rc == E_MISSING ? 0 : rc;
}

/* The files lie staged before the state that goes with them is committed; they are put in place by
 * digests_settle, now or after a crash. */
static int batch_run(struct batch *b, struct err *err)
{
    int rc = 0;

    b->last = &b->chains;
    for (size_t i = 0; rc == 0 && i < b->c->account_count; i++)
        rc = add_chains(b, b->c->accounts[i], err);
    if (rc == 0)
        rc = make_files(b, err);
    if (rc == 0)
        rc = store_transact(b->t->e->store, save_batch, b, err);
    arena_free(&b->a);
    return rc;
}

struct settling {
    struct trail *t;
    struct arena *a;
    struct store *store;
    struct doc *docs;
    size_t count;
};

/* A digest that was taken away meanwhile is not told of. */
static int announce_digest(struct settling *s, const struct value *o, struct err *err)
{
    struct announced object = { .bucket = value_get_str(o, "Bucket"),
                                .key = value_get_str(o, "Key"),
                                .at_ms = clock_now_ms(&s->t->e->clock) };
    struct buf bytes = { 0 };
    struct str path;
    int root, rc = object_root(s->t->e->opt.data_dir, &root, err);

    if (rc < 0)
        return rc;
    rc = object_path(s->a, object.bucket, object.key, &path, err);
    if (rc == 0)
        rc = object_read(root, path, &bytes, NULL);
    if (rc == 0) {
        object.size = (int64_t)bytes.len;
        object.etag = md5_hex(s->a, buf_view(&bytes));
        rc = announce(s->t, s->a, NULL, &object, err);
    }
    buf_free(&bytes);
    (void)close(root); /* read only */
    return rc == E_MISSING ? 0 : rc;
}

static int forget_files(void *arg, struct err *err)
{
    struct settling *s = arg;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < s->count; i++) {
        const struct value *o = value_first(value_get_c(s->docs[i].value, "Announced"));

        for (; rc == 0 && o; o = o->next)
            rc = announce_digest(s, o, err);
        if (rc == 0)
            rc = store_doc_delete(s->store, s->docs[i].key, err);
    }
    return rc;
}

int digests_settle(struct trail *t, struct err *err)
{
    struct arena a = { 0 };
    struct settling s = { .t = t, .a = &a, .store = t->e->store };
    int rc = 0;

    if (t->unsettled == 0)
        return 0;
    rc = store_doc_list(s.store, &a, config_key(STR(""), STR(""), "DigestFiles", STR("")), STR(""),
                        0, &s.docs, &s.count, err);
    if (rc == 0)
        rc = digest_files_place(t, &a, s.docs, s.count, err);
    if (rc == 0)
        rc = store_transact(s.store, forget_files, &s, err);
    if (rc == 0)
        t->unsettled = 0;
    arena_free(&a);
    return rc;
}

static bool is_validating(const struct trail_config *c)
{
    const struct trail_epoch *now = config_now(c);

    return now->exists && now->logging && now->validation;
}

/* The end of the last digest of a trail; false: it has no digests. */
static int last_end(struct trail *t, const struct trail_config *c, int64_t *out_ms, bool *out_has,
                    struct err *err)
{
    struct arena a = { 0 };
    struct value *state;
    int rc = store_doc_get(t->e->store, &a, state_key(c), &state, err);

    *out_has = rc == 0;
    if (rc == 0)
        *out_ms = value_get_time(state, "Last", 0);
    arena_free(&a);
    return rc == E_MISSING ? 0 : rc;
}

/* Where the interval ends: at its hour, unless the emulator was off when that came. */
static int64_t end_of(const struct trail *t, enum digests_which which, int64_t last_ms)
{
    int64_t now_ms = whole_second(clock_now_ms(&t->e->clock));
    int64_t every_ms = t->e->opt.digest_every_ms;

    if (which == DIGESTS_ALL)
        return now_ms;
    return now_ms - last_ms < 2 * every_ms ? whole_second(last_ms + every_ms) : now_ms;
}

int digests_run(struct trail *t, enum digests_which which, struct err *err)
{
    int64_t now_ms = clock_now_ms(&t->e->clock);
    uint64_t end;
    int rc = trail_load_configs(t, &end, err);

    for (size_t i = 0; rc == 0 && i < t->configs.count; i++) {
        const struct trail_config *c = &t->configs.trails[i];
        int64_t last_ms;
        bool has;
        if (!is_validating(c))
            continue;
        if ((rc = last_end(t, c, &last_ms, &has, err)) < 0 || !has)
            continue;
        if (which == DIGESTS_DUE && last_ms + t->e->opt.digest_every_ms > now_ms)
            continue;
        struct batch b = { .t = t, .c = c, .epoch = config_now(c), .start_ms = last_ms };
        b.end_ms = end_of(t, which, last_ms);
        if (b.end_ms > last_ms)
            rc = batch_run(&b, err);
    }
    return rc;
}

int digests_end(struct trail *t, struct err *err)
{
    uint64_t end;
    int rc = trail_load_configs(t, &end, err);

    for (size_t i = 0; rc == 0 && i < t->configs.count; i++) {
        const struct trail_config *c = &t->configs.trails[i];
        int64_t last_ms;
        bool has;
        if (is_validating(c) || config_now(c)->position > t->delivered)
            continue;
        if ((rc = last_end(t, c, &last_ms, &has, err)) < 0 || !has)
            continue;
        struct batch b = { .t = t, .c = c, .epoch = config_last_alive(c), .start_ms = last_ms };
        b.end_ms = whole_second(clock_now_ms(&t->e->clock));
        b.is_last = true;
        if (!b.epoch)
            continue;
        if (b.end_ms <= last_ms)
            b.end_ms = last_ms + 1000; /* stopped within the second it was started in */
        rc = batch_run(&b, err);
    }
    return rc;
}

int digests_next_due(struct trail *t, int64_t overdue_ms, int64_t *out_ms, struct err *err)
{
    int64_t now_ms = clock_now_ms(&t->e->clock);
    struct arena a = { 0 };
    struct doc *docs;
    size_t count;
    int rc = store_doc_list(t->e->store, &a, config_key(STR(""), STR(""), "DigestState", STR("")),
                            STR(""), 0, &docs, &count, err);

    *out_ms = INT64_MAX;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        int64_t due = value_get_time(docs[i].value, "Last", 0) + t->e->opt.digest_every_ms;
        if (due <= now_ms)
            due = overdue_ms;
        if (due < *out_ms)
            *out_ms = due;
    }
    arena_free(&a);
    return rc;
}
