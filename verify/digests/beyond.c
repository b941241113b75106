/* What `aws cloudtrail validate-logs` does not look at, and a reader of logs would want to know. */
#include "core/base/clock.h"
#include "core/trail/scan.h"
#include "verify/digests/private.h"

static void check_gzip(struct chain_run *run, const char *kind, struct str bucket, struct str key,
                       const struct inflated *file)
{
    if (file->extent == GUNZIP_CUT)
        chain_note(run, kind, bucket, key, "the gzip member's end is cut off");
    else if (file->used < file->stored)
        chain_note(run, kind, bucket, key, "%zu bytes stand behind the gzip member",
                   file->stored - file->used);
}

static void expect(struct chain_run *run, const struct loaded *d, bool holds, const char *what)
{
    if (!holds)
        chain_note(run, "Digest file", d->bucket, d->key, "%s", what);
}

/* A member may be absent, as in old files; when there, it says this. */
static bool says(const struct value *v, const char *name, const char *text)
{
    const struct value *m = value_get_c(v, name);

    return !m || m->kind == VALUE_NULL || str_eq_c(value_get_str(v, name), text);
}

static void check_link(struct chain_run *run, const struct loaded *d, const struct loaded *newer)
{
    expect(run, d, says(newer->json, "previousDigestHashValue", d->hash),
           "the next digest gives another hash of this one (previousDigestHashValue)");
    expect(run, d,
           !d->metadata ||
               str_eq(value_get_str(newer->json, "previousDigestSignature"), d->signature),
           "the next digest gives another signature of this one (previousDigestSignature)");
    expect(run, d, newer->start_ms == d->end_ms,
           "the next digest does not begin where this one ends");
}

/* Source: CloudTrail User Guide, "CloudTrail digest file structure". */
void beyond_digest(struct chain_run *run, const struct loaded *d, const struct loaded *newer,
                   const struct inflated *file)
{
    const struct chain_trail *t = run->trail;
    struct trail_key k;

    if (!run->has_beyond)
        return;
    check_gzip(run, "Digest file", d->bucket, d->key, file);
    expect(run, d, !d->metadata || says(d->metadata, "signature-algorithm", "SHA256withRSA"),
           "the metadata signature-algorithm is not SHA256withRSA");
    expect(run, d, says(d->json, "digestSignatureAlgorithm", "SHA256withRSA"),
           "digestSignatureAlgorithm is not SHA256withRSA");
    expect(run, d, says(d->json, "previousDigestHashAlgorithm", "SHA-256"),
           "previousDigestHashAlgorithm is not SHA-256");
    expect(run, d, says(d->json, "awsAccountId", arena_copy(&run->arena, t->account).ptr),
           "awsAccountId is not the account in the key");
    expect(run, d, trail_key_parse(d->key, &k, NULL) == 0 && k.at_ms == d->end_ms,
           "digestEndTime is not the time in the key");
    expect(run, d, d->start_ms < d->end_ms, "digestStartTime is not before digestEndTime");
    if (newer)
        check_link(run, d, newer);
}

/* ---- logs ---- */

struct span_ms {
    int64_t oldest, newest;
};

static bool event_times(const struct inflated *file, struct span_ms *out)
{
    struct scan *s = scan_open();
    struct buf text = { 0 };
    struct scan_record r;
    enum scan_step step;

    *out = (struct span_ms){ INT64_MAX, INT64_MIN };
    buf_add(&text, file->text);
    scan_pad(&text);
    scan_start(s, text.ptr, text.len, SCAN_WHOLE);
    while ((step = scan_next(s, &r)) == SCAN_RECORD) {
        int64_t ms;

        if (clock_parse(scan_top_str(&r, SCAN_EVENT_TIME), &ms, NULL) < 0)
            continue;
        out->oldest = ms < out->oldest ? ms : out->oldest;
        out->newest = ms > out->newest ? ms : out->newest;
    }
    buf_free(&text);
    scan_close(s);
    return step == SCAN_END && out->oldest <= out->newest;
}

static bool is_time(const struct value *log, const char *name, int64_t ms)
{
    int64_t told;
    struct str text = value_get_str(log, name);

    return text.len == 0 || (clock_parse(text, &told, NULL) == 0 && told == ms);
}

void beyond_log(struct chain_run *run, const struct value *log, const struct inflated *file)
{
    struct str bucket = value_get_str(log, "s3Bucket"), key = value_get_str(log, "s3Object");
    struct span_ms span;
    struct trail_key k;

    if (!run->has_beyond)
        return;
    check_gzip(run, "Log file", bucket, key, file);
    if (!says(log, "hashAlgorithm", "SHA-256"))
        chain_note(run, "Log file", bucket, key, "hashAlgorithm is not SHA-256");
    if (trail_key_parse(key, &k, NULL) < 0)
        chain_note(run, "Log file", bucket, key, "the key is none that CloudTrail writes");
    else if (!str_eq(k.account, run->trail->account) || !str_eq(k.region, run->trail->region))
        chain_note(run, "Log file", bucket, key,
                   "lies in another account or region than its digest");
    if (event_times(file, &span) && (!is_time(log, "oldestEventTime", span.oldest) ||
                                     !is_time(log, "newestEventTime", span.newest)))
        chain_note(run, "Log file", bucket, key,
                   "the digest gives other times of its oldest and newest events");
}
