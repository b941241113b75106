/* Digests signed anew: each names the hash and the signature of the one before it, so a change to
 * one is a change to all that follow. Source: CloudTrail User Guide, "CloudTrail digest file
 * structure", "Custom implementations of CloudTrail log file integrity validation"; backfill
 * digests: awscli customizations/cloudtrail/validation.py. */
#include "core/aws/sigv4.h"
#include "core/base/clock.h"
#include "core/base/embed.h"
#include "core/base/fs.h"
#include "core/codec/gzip.h"
#include "core/trail/digest.h"
#include "verify/replay/faults.h"

enum { LATE_MS = 2 * 3600 * 1000, GZIP_LEVEL = 6, TEST_KEYS = 8 };

/* The digests of one trail in one region, oldest first. */
struct chain {
    struct plan *p;
    struct source_reader *reader;
    const char *keys_dir;
    struct delivery **items;
    size_t count;
    struct digest_key *key; /* that signs now */
    char fingerprint[33];
    struct str region;
    struct err *err;
};

static bool same_chain(const struct delivery *a, const struct delivery *b)
{
    const struct trail_key *x = &a->file->at, *y = &b->file->at;

    return str_eq(a->file->bucket, b->file->bucket) && str_eq(x->account, y->account) &&
           str_eq(x->region, y->region) && str_eq(x->prefix, y->prefix) &&
           str_eq(x->org_id, y->org_id);
}

/* All digests that lie where first lies, first among them or a log of theirs. */
static struct chain chain_open(struct plan *p, const struct delivery *first, const char *keys_dir,
                               struct err *err)
{
    struct chain c = { .p = p, .keys_dir = keys_dir, .region = first->file->at.region, .err = err };

    c.items = arena_array(&p->arena, p->count + 1, sizeof(struct delivery *));
    for (size_t i = 0; i < p->count; i++)
        if (delivery_is_digest(&p->items[i]) && p->items[i].file->at.kind == KEY_DIGEST &&
            same_chain(first, &p->items[i]))
            c.items[c.count++] = &p->items[i];
    c.reader = source_reader_open(p->source);
    return c;
}

static void chain_close(struct chain *c)
{
    digest_key_free(c->key);
    source_reader_close(c->reader);
}

static int load_digest(struct chain *c, size_t i, struct digest *out)
{
    struct content content;
    struct arena *a = &c->p->arena;
    int rc = content_make(&content, a, c->reader, c->p, c->items[i], true, c->err);

    if (rc < 0)
        return rc;
    rc = digest_parse(a, arena_copy(a, buf_view(&content.text)), out, c->err);
    content_free(&content);
    return rc;
}

static int read_key(struct chain *c, struct str pem)
{
    digest_key_free(c->key);
    c->key = NULL;
    int rc = digest_key_read_pem(&c->key, pem, c->err);

    return rc < 0 ? rc : digest_key_fingerprint(c->key, c->fingerprint, c->err);
}

/* With a seed the test keys sign, and keys/ holds only their public halves. */
static int take_test_key(struct chain *c, struct str fingerprint)
{
    int rc = 0;

    for (int i = 0; rc == 0 && i < TEST_KEYS; i++) {
        rc = read_key(c, embed_find(arena_printf(&c->p->arena, "keys/test-%d.pem", i)));
        if (rc == 0 && str_eq_c(fingerprint, c->fingerprint))
            return 0;
    }
    return rc < 0 ? rc
                  : err_set(c->err, E_PARSE, "the private key %.*s is not in %s",
                            STR_ARG(fingerprint), c->keys_dir ? c->keys_dir : "keys/");
}

/* The private key that has this fingerprint. */
static int take_key(struct chain *c, struct str fingerprint)
{
    struct buf pem = { 0 };
    struct str path =
        arena_printf(&c->p->arena, "%s/%.*s-%.*s.pem", c->keys_dir ? c->keys_dir : ".",
                     STR_ARG(c->region), STR_ARG(fingerprint));

    if (str_eq_c(fingerprint, c->fingerprint))
        return 0;
    if (!fs_is_file(path.ptr))
        return take_test_key(c, fingerprint);
    int rc = fs_read(path.ptr, &pem, c->err);

    if (rc == 0)
        rc = read_key(c, buf_view(&pem));
    buf_free(&pem);
    return rc;
}

/* Write and sign d as the bytes of a delivery; its hash and signature are for the next one. */
static int sign(struct chain *c, struct digest *d, struct delivery *out, char hash_hex[65],
                struct str *out_signature)
{
    struct arena *a = &c->p->arena;
    struct buf text = { 0 }, packed = { 0 };

    d->fingerprint = arena_copy(a, str_c(c->fingerprint));
    digest_write(&text, d);
    sha256_hex(buf_view(&text), hash_hex);
    int rc =
        digest_sign(c->key, digest_string_to_sign(a, d, str_c(hash_hex)), a, out_signature, c->err);

    if (rc == 0)
        rc = gzip_write(&packed, buf_view(&text), GZIP_LEVEL, c->err);
    if (rc == 0) {
        out->bytes = arena_copy(a, buf_view(&packed));
        out->metadata = value_map(a);
        value_put_str(a, out->metadata, "signature", *out_signature);
        value_put_c(a, out->metadata, "signature-algorithm", "SHA256withRSA");
    }
    buf_free(&text);
    buf_free(&packed);
    return rc;
}

/* Sign d, which is item from, and make all that follow name what came before them. fixed: the key
 * that is loaded signs, else the one that each names. */
static int sign_from(struct chain *c, size_t from, struct digest *d, bool fixed)
{
    char hash[65];
    struct str signature;
    int rc = 0;

    for (size_t i = from; rc == 0 && i < c->count; i++) {
        if (i > from) {
            rc = load_digest(c, i, d);
            if (rc < 0)
                return rc;
            d->previous_hash_hex = arena_copy(&c->p->arena, str_c(hash));
            d->previous_signature_hex = signature;
        }
        rc = fixed ? 0 : take_key(c, d->fingerprint);
        if (rc == 0)
            rc = sign(c, d, c->items[i], hash, &signature);
    }
    return rc;
}

/* ---- backfill ---- */

static bool without(struct arena *a, struct digest *d, struct str key, struct digest_log *out)
{
    struct digest_log *kept = arena_array(a, d->log_count + 1, sizeof *kept);
    size_t n = 0;
    bool found = false;

    for (size_t i = 0; i < d->log_count; i++) {
        if (str_eq(d->logs[i].key, key)) {
            *out = d->logs[i];
            found = true;
        } else {
            kept[n++] = d->logs[i];
        }
    }
    d->logs = kept;
    d->log_count = n;
    return found;
}

static int add_backfill(struct chain *c, const struct delivery *regular, const struct digest *hour,
                        const struct digest_log *log)
{
    struct arena *a = &c->p->arena;
    struct trail_key at = regular->file->at;
    struct delivery d = *regular;
    struct digest backfill = { .account = hour->account,
                               .bucket = hour->bucket,
                               .start_ms = hour->start_ms,
                               .end_ms = hour->end_ms,
                               .has_events = true,
                               .newest_ms = log->newest_ms,
                               .oldest_ms = log->oldest_ms,
                               .logs = log,
                               .log_count = 1 };
    char hash[65], made[CLOCK_ISO_SIZE];
    struct str signature;

    at.kind = KEY_DIGEST_BACKFILL;
    int rc = trail_key_write(a, &at, &d.key, c->err);

    d.at_ms += LATE_MS;
    backfill.key = d.key;
    if (rc == 0)
        rc = sign(c, &backfill, &d, hash, &signature);
    if (rc < 0)
        return rc;
    clock_iso(d.at_ms, made);
    value_put_str(a, d.metadata, "backfill-generation-timestamp", arena_copy(a, str_c(made)));
    (void)plan_add(c->p, &d);
    return 0;
}

static int backfill(struct chain *c, struct delivery *late, const struct delivery *log)
{
    struct digest d;
    struct digest_log row;
    int rc = 0;

    for (size_t i = 0; i < c->count; i++) {
        if (c->items[i]->at_ms < log->at_ms)
            continue;
        rc = load_digest(c, i, &d);
        if (rc < 0)
            return rc;
        if (!without(&c->p->arena, &d, log->key, &row))
            continue;
        struct digest hour = d;

        late->at_ms += LATE_MS;
        rc = sign_from(c, i, &d, false);
        return rc < 0 ? rc : add_backfill(c, c->items[i], &hour, &row);
    }
    return err_set(c->err, E_MISSING, "no digest names %.*s", STR_ARG(log->key));
}

int chain_backfill(struct plan *p, struct delivery *log, const char *keys_dir, struct err *err)
{
    const struct delivery was = *log; /* log is gone when the plan grows */
    struct chain c = chain_open(p, &was, keys_dir, err);

    int rc = backfill(&c, log, &was);

    chain_close(&c);
    return rc;
}

/* ---- rotation ---- */

/* A test key that the digest was not signed with. */
static int other_key(struct chain *c, struct rng *rng, struct str fingerprint)
{
    uint64_t first = rng_below(rng, TEST_KEYS);
    int rc = 0;

    for (uint64_t i = 0; rc == 0 && i < 2; i++) { /* one of two neighbours is another one */
        rc = read_key(c, embed_find(arena_printf(&c->p->arena, "keys/test-%d.pem",
                                                 (int)((first + i) % TEST_KEYS))));
        if (rc == 0 && !str_eq_c(fingerprint, c->fingerprint))
            break;
    }
    return rc;
}

static int publish_key(struct chain *c)
{
    struct arena *a = &c->p->arena;
    struct public_key *k = arena_alloc(a, sizeof *k);
    struct buf pem = { 0 };
    int rc = digest_key_public_pem(c->key, &pem, c->err);

    k->name = arena_printf(a, "%.*s-%s.pub.pem", STR_ARG(c->region), c->fingerprint);
    k->pem = arena_copy(a, buf_view(&pem));
    k->next = c->p->keys;
    c->p->keys = k;
    buf_free(&pem);
    return rc;
}

static int rotate(struct chain *c, struct rng *rng)
{
    size_t middle = c->count / 2;
    struct digest d;
    int rc = load_digest(c, middle, &d);

    if (rc == 0)
        rc = other_key(c, rng, d.fingerprint);
    if (rc == 0)
        rc = publish_key(c);
    if (rc == 0)
        rc = sign_from(c, middle, &d, true);
    if (rc == 0)
        plan_tell(c->p, "key-rotation", c->items[middle]);
    return rc;
}

int chain_rotate(struct plan *p, struct rng *rng, const char *keys_dir, struct err *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < p->count; i++) {
        struct delivery *d = &p->items[i];

        if (!delivery_is_digest(d) || d->bytes.ptr || d->file->at.kind != KEY_DIGEST)
            continue;
        struct chain c = chain_open(p, d, keys_dir, err);

        if (c.count > 1 && c.items[0] == d)
            rc = rotate(&c, rng);
        chain_close(&c);
    }
    return rc;
}
