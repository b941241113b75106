#include <stdarg.h>

#include "core/aws/sigv4.h"
#include "core/base/clock.h"
#include "core/base/limits.h"
#include "core/base/mem.h"
#include "core/codec/json.h"
#include "core/codec/uri.h"
#include "verify/digests/private.h"

enum { HOUR_MS = 3600 * 1000 };

/* Digests that are still to be looked at; the newest is taken from the end. */
struct list {
    const struct chain_digest *items;
    size_t count;
};

struct walk {
    struct chain_run *run;
    struct list left;
    struct str bucket, key;
    bool is_backfill;
    int64_t end_ms, last_start_ms;
    struct loaded newer; /* the digest that named key as its previous one */
    bool has_newer;
    const struct value *claim; /* the last digest that could be read, valid or not */
    size_t steps;
};

/* ---- saying ---- */

void chain_line(struct chain_run *run, const char *fmt, ...)
{
    struct arena_mark mark = arena_mark(&run->arena);
    va_list ap;

    va_start(ap, fmt);
    run->out.line(run->out.arg, arena_vprintf(&run->arena, fmt, ap));
    va_end(ap);
    arena_rewind(&run->arena, mark);
}

void chain_note(struct chain_run *run, const char *kind, struct str bucket, struct str key,
                const char *fmt, ...)
{
    struct arena_mark mark = arena_mark(&run->arena);
    va_list ap;

    if (!run->has_beyond)
        return;
    va_start(ap, fmt);
    struct str text = arena_vprintf(&run->arena, fmt, ap);

    va_end(ap);
    run->counts.noted++;
    chain_line(run, "(mocktrail) %s\ts3://%.*s/%.*s\tNOTED: %s", kind, STR_ARG(bucket),
               STR_ARG(key), text.ptr);
    arena_rewind(&run->arena, mark);
}

void chain_unlisted(struct chain_run *run, struct str key, const char *text)
{
    chain_note(run, "Log file", run->trail->bucket, key, "%s", text);
}

static void iso(int64_t ms, char out[CLOCK_ISO_SIZE])
{
    clock_iso(ms, out);
}

static const char *label(const struct walk *w)
{
    return w->is_backfill ? "(backfill) " : "";
}

static void say_invalid(struct walk *w, const char *why)
{
    struct chain_counts *n = &w->run->counts;

    *(w->is_backfill ? &n->invalid_backfill : &n->invalid_digests) += 1;
    chain_line(w->run, "%sDigest file\ts3://%.*s/%.*s\tINVALID: %s", label(w), STR_ARG(w->bucket),
               STR_ARG(w->key), why);
}

/* ---- loading ---- */

/* As zlib does: the first member; *out->text is what came of it. */
static int inflate_first(struct arena *a, struct str bytes, struct inflated *out, struct err *err)
{
    struct buf text = { 0 };
    int rc = gunzip_first(bytes, LIMIT_INFLATE_BYTES, &text, &out->used, &out->extent, err);

    out->stored = bytes.len;
    if (rc == 0)
        out->text = arena_copy(a, buf_view(&text));
    buf_free(&text);
    return rc;
}

static int fetch(struct chain_run *run, struct str bucket, struct str key, struct buf *out,
                 struct value **metadata, struct err *err)
{
    *metadata = NULL;
    return source_read_object(run->reader, &run->arena, bucket, key, out, metadata, err);
}

/* Where a copy kept no metadata, the next digest still says what this one's signature is. It need
 * not be valid itself: a signature that verifies is good, whoever told it. */
static struct str signature_of(const struct walk *w, const struct value *metadata, bool *has_all)
{
    struct str own = value_get_str(metadata, "signature");

    *has_all = value_get_c(metadata, "signature") && value_get_c(metadata, "signature-algorithm");
    if (metadata || !str_eq(value_get_str(w->claim, "previousDigestS3Object"), w->key))
        return own;
    struct str told = value_get_str(w->claim, "previousDigestSignature");

    *has_all = told.len > 0;
    return told;
}

/* NULL, or what validate-logs says of a signature that does not verify. */
static const char *check_signature(struct walk *w, const struct loaded *d,
                                   const struct public_key *key)
{
    struct arena *a = &w->run->arena;
    struct str previous = value_get_str(d->json, "previousDigestSignature"), bytes;
    struct str text;

    if (!key->key)
        return arena_printf(a, "Unable to load PKCS #1 key with fingerprint %.*s",
                            STR_ARG(key->fingerprint))
            .ptr;
    if (d->signature.len % 2 != 0)
        return "Odd-length string";
    if (hex_decode(a, d->signature, &bytes, NULL) < 0)
        return "Non-hexadecimal digit found";
    if (!value_get_c(d->json, "previousDigestSignature") ||
        value_get_c(d->json, "previousDigestSignature")->kind == VALUE_NULL)
        previous = STR("null");
    text = arena_printf(
        a, "%.*s\n%.*s/%.*s\n%s\n%.*s", STR_ARG(value_get_str(d->json, "digestEndTime")),
        STR_ARG(value_get_str(d->json, "digestS3Bucket")),
        STR_ARG(value_get_str(d->json, "digestS3Object")), d->hash, STR_ARG(previous));
    return digest_verify(key->key, text, d->signature, NULL) == 0 ? NULL
                                                                  : "signature verification failed";
}

/* The members without which validate-logs calls a digest "invalid format". */
static bool has_required(const struct value *v)
{
    static const char *const required[] = {
        "digestPublicKeyFingerprint", "digestS3Bucket", "digestS3Object",
        "previousDigestSignature",    "digestEndTime",  "digestStartTime",
    };

    for (size_t i = 0; i < COUNT(required); i++)
        if (!value_get_c(v, required[i]))
            return false;
    return true;
}

/* Keys of backfilled digests are asked for around the time at which they were made. */
static int ask_for_backfill(struct walk *w, const struct value *metadata, struct err *err)
{
    int64_t made_ms;

    if (clock_parse(value_get_str(metadata, "backfill-generation-timestamp"), &made_ms, NULL) < 0)
        return 0;
    return public_keys_ask(w->run->keys, w->run->aws, w->run->trail->region, made_ms - HOUR_MS,
                           made_ms + HOUR_MS, err);
}

static const char *check_place(struct walk *w, struct loaded *d)
{
    struct str bucket = value_get_str(d->json, "digestS3Bucket");

    if (w->bucket.len == 0)
        w->bucket = bucket; /* a copy: only the digests know */
    d->bucket = w->bucket;
    if (!str_eq(bucket, w->bucket) || !str_eq(value_get_str(d->json, "digestS3Object"), w->key))
        return "has been moved from its original location";
    return NULL;
}

static const char *check_times(struct walk *w, struct loaded *d)
{
    struct str end = value_get_str(d->json, "digestEndTime");
    struct str start = value_get_str(d->json, "digestStartTime");

    if (clock_parse(end, &d->end_ms, NULL) < 0)
        return arena_printf(&w->run->arena, "Unable to parse date value: %.*s", STR_ARG(end)).ptr;
    if (clock_parse(start, &d->start_ms, NULL) < 0)
        return arena_printf(&w->run->arena, "Unable to parse date value: %.*s", STR_ARG(start)).ptr;
    return NULL;
}

/* What stands in the file, held against its metadata. *why: NULL, or the verdict. */
static int judge(struct walk *w, struct loaded *d, const char **why, struct err *err)
{
    struct arena *a = &w->run->arena;
    struct str fingerprint = value_get_str(d->json, "digestPublicKeyFingerprint");
    const struct public_key *key;
    bool has_signature;

    d->signature = signature_of(w, d->metadata, &has_signature);
    *why = "signature verification failed";
    if (!has_signature)
        return 0;
    *why = "invalid format";
    if ((w->is_backfill && !value_get_c(d->metadata, "backfill-generation-timestamp")) ||
        d->json->kind != VALUE_MAP || !has_required(d->json))
        return 0;
    *why = check_place(w, d);
    if (*why)
        return 0;
    key = public_keys_find(w->run->keys, fingerprint);
    if (!key && w->is_backfill && w->run->aws) {
        int rc = ask_for_backfill(w, d->metadata, err);

        if (rc < 0)
            return rc;
        key = public_keys_find(w->run->keys, fingerprint);
    }
    if (key)
        *why = check_signature(w, d, key);
    else
        *why = arena_printf(a, "public key not found in region %.*s for fingerprint %.*s",
                            STR_ARG(w->run->trail->home), STR_ARG(fingerprint))
                   .ptr;
    if (!*why)
        *why = check_times(w, d);
    return 0;
}

/* 0 with *why; E_MISSING: no such object; else the machine's failure. */
static int load(struct walk *w, struct loaded *d, struct inflated *file, const char **why,
                struct err *err)
{
    struct buf stored = { 0 };
    int rc = fetch(w->run, w->bucket, w->key, &stored, &d->metadata, err);

    *why = "invalid format";
    if (rc == 0) {
        d->key = w->key;
        if (inflate_first(&w->run->arena, buf_view(&stored), file, NULL) == 0 &&
            file->extent == GUNZIP_WHOLE &&
            json_parse(&w->run->arena, file->text, &d->json, NULL) == 0) {
            sha256_hex(file->text, d->hash);
            rc = judge(w, d, why, err);
        }
    }
    buf_free(&stored);
    return rc;
}

/* ---- logs ---- */

static void say_log(struct chain_run *run, const struct value *log, const char *verdict)
{
    bool is_valid = strcmp(verdict, "valid") == 0;

    *(is_valid ? &run->counts.valid_logs : &run->counts.invalid_logs) += 1;
    chain_line(run, "Log file\ts3://%.*s/%.*s\t%s%s", STR_ARG(value_get_str(log, "s3Bucket")),
               STR_ARG(value_get_str(log, "s3Object")), is_valid ? "" : "INVALID: ", verdict);
}

static int check_log(struct chain_run *run, const struct value *log, struct err *err)
{
    struct arena_mark mark = arena_mark(&run->arena);
    struct buf stored = { 0 };
    struct value *metadata;
    struct inflated file = { 0 };
    struct err why = { 0 };
    char hash[65];
    int rc = fetch(run, value_get_str(log, "s3Bucket"), value_get_str(log, "s3Object"), &stored,
                   &metadata, &why);

    if (rc == E_MISSING) {
        say_log(run, log, "not found");
    } else if (rc == 0 && inflate_first(&run->arena, buf_view(&stored), &file, NULL) < 0) {
        say_log(run, log, "invalid format");
    } else if (rc == 0) {
        sha256_hex(file.text, hash);
        bool is_good = str_eq_c(value_get_str(log, "hashValue"), hash);

        say_log(run, log, is_good ? "valid" : "hash value doesn't match");
        if (is_good)
            beyond_log(run, log, &file);
    }
    buf_free(&stored);
    arena_rewind(&run->arena, mark);
    return rc == 0 || rc == E_MISSING ? 0 : err_set(err, rc, "%s", why.text);
}

static void remember_log(struct chain_keys *k, const struct value *log)
{
    if (k->count == k->cap) {
        k->cap = k->cap ? 2 * k->cap : 64;
        k->keys = mem_realloc(k->keys, k->cap * sizeof *k->keys);
    }
    k->keys[k->count++] = value_get_str(log, "s3Object");
}

static void remember_doubted(struct chain_run *run, const struct value *json)
{
    const struct value *logs = value_get_c(json, "logFiles");

    for (const struct value *log = value_first(logs); log; log = log->next)
        remember_log(&run->doubted, log);
}

static int check_logs(struct chain_run *run, const struct loaded *d, struct err *err)
{
    const struct value *logs = value_get_c(d->json, "logFiles");
    int rc = 0;

    for (const struct value *log = value_first(logs); log && rc == 0; log = log->next) {
        remember_log(&run->listed, log);
        rc = check_log(run, log, err);
    }
    return rc;
}

/* ---- from one to the next ---- */

static void note_found_times(struct chain_run *run, const struct loaded *d)
{
    int64_t start_ms = d->start_ms > run->start_ms ? d->start_ms : run->start_ms;
    int64_t end_ms = d->end_ms < run->end_ms ? d->end_ms : run->end_ms;

    if (!run->has_found || start_ms < run->found_start_ms)
        run->found_start_ms = start_ms;
    if (!run->has_found || end_ms > run->found_end_ms)
        run->found_end_ms = end_ms;
    run->has_found = true;
}

/* The newest that is left and older than before_ms. */
static bool take_next(struct walk *w, int64_t before_ms)
{
    while (w->left.count > 0) {
        const struct chain_digest *d = &w->left.items[--w->left.count];

        if (d->at_ms >= before_ms)
            continue;
        w->key = d->key;
        w->end_ms = d->at_ms;
        return true;
    }
    w->key = STR("");
    return false;
}

/* The time in a key. Source: validation.py, extract_digest_key_date. */
static int64_t time_of_key(struct str key)
{
    struct trail_key k;

    return trail_key_parse(key, &k, NULL) == 0 ? k.at_ms : INT64_MIN;
}

static void after_start_of_chain(struct walk *w)
{
    char from[CLOCK_ISO_SIZE], to[CLOCK_ISO_SIZE];
    int64_t last_start_ms = w->last_start_ms;

    if (!take_next(w, time_of_key(w->key)))
        return;
    iso(w->end_ms, from);
    iso(last_start_ms, to);
    chain_line(w->run, "%sNo log files were delivered by CloudTrail between %s and %s", label(w),
               from, to);
}

static void go_back(struct walk *w, const struct loaded *d)
{
    struct str bucket = value_get_str(d->json, "previousDigestS3Bucket");
    struct str key = value_get_str(d->json, "previousDigestS3Object");

    w->has_newer = bucket.len > 0 && key.len > 0;
    if (!w->has_newer) {
        after_start_of_chain(w);
        return;
    }
    w->newer = *d;
    w->key = key;
    if (!str_eq(bucket, w->bucket)) {
        w->bucket = bucket;
        w->left.count = 0; /* what lies in another bucket was not listed */
    }
}

static int take_digest(struct walk *w, struct loaded *d, const struct inflated *file,
                       struct err *err)
{
    struct chain_run *run = w->run;

    w->last_start_ms = d->start_ms;
    note_found_times(run, d);
    *(w->is_backfill ? &run->counts.valid_backfill : &run->counts.valid_digests) += 1;
    chain_line(run, "%sDigest file\ts3://%.*s/%.*s\tvalid", label(w), STR_ARG(d->bucket),
               STR_ARG(d->key));
    beyond_digest(run, d, w->has_newer ? &w->newer : NULL, file);
    int rc = check_logs(run, d, err);

    go_back(w, d);
    return rc;
}

static int step(struct walk *w, struct err *err)
{
    struct loaded d = { .json = NULL };
    struct inflated file = { 0 };
    struct err why_not = { 0 };
    const char *why;
    int rc = load(w, &d, &file, &why, &why_not);

    w->claim = d.json;
    if (rc == 0 && !why)
        return take_digest(w, &d, &file, err);
    if (rc < 0 && rc != E_MISSING)
        return err_set(err, rc, "%s", why_not.text);
    say_invalid(w, rc == E_MISSING ? "not found" : why);
    if (rc == 0)
        remember_doubted(w->run, d.json);
    w->has_newer = false;
    (void)take_next(w, time_of_key(w->key)); /* none: the walk ends */
    return 0;
}

static int walk(struct chain_run *run, bool is_backfill, struct err *err)
{
    const struct chain_trail *t = run->trail;
    struct walk w = { .run = run, .bucket = t->bucket, .is_backfill = is_backfill };
    size_t most;
    int rc = 0;

    w.left = is_backfill ? (struct list){ t->backfill, t->backfill_count }
                         : (struct list){ t->standard, t->standard_count };
    most = 2 * (t->standard_count + t->backfill_count) + 16;
    if (!take_next(&w, INT64_MAX))
        return 0;
    w.last_start_ms = w.end_ms;
    while (rc == 0 && w.key.len > 0 && run->start_ms <= w.last_start_ms) {
        if (w.steps++ > most)
            return err_set(err, E_PARSE, "the chain of digests runs in a circle at s3://%.*s/%.*s",
                           STR_ARG(w.bucket), STR_ARG(w.key));
        rc = step(&w, err);
    }
    return rc;
}

int chain_walk(struct chain_run *run, struct err *err)
{
    int rc = walk(run, false, err);

    return rc < 0 ? rc : walk(run, true, err);
}

void chain_free(struct chain_run *run)
{
    mem_free(run->listed.keys);
    mem_free(run->doubted.keys);
    arena_free(&run->arena);
}
