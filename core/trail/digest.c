#include "core/trail/digest.h"

#include "core/base/clock.h"
#include "core/codec/json.h"

static void add_name(struct buf *out, const char *name)
{
    if (out->len > 0 && out->ptr[out->len - 1] != '{')
        buf_add_char(out, ',');
    json_add_string(out, str_c(name));
    buf_add_char(out, ':');
}

/* An empty text is null: the members of a digest are never empty strings. */
static void add_text(struct buf *out, const char *name, struct str text)
{
    add_name(out, name);
    if (text.len > 0)
        json_add_string(out, text);
    else
        buf_add(out, STR("null"));
}

static void add_time(struct buf *out, const char *name, bool has_time, int64_t ms)
{
    char iso[CLOCK_ISO_SIZE];

    clock_iso(ms, iso);
    add_text(out, name, has_time ? str_c(iso) : STR(""));
}

static void add_log(struct buf *out, const struct digest_log *log)
{
    buf_add_char(out, '{');
    add_text(out, "s3Bucket", log->bucket);
    add_text(out, "s3Object", log->key);
    add_text(out, "hashValue", log->hash_hex);
    add_text(out, "hashAlgorithm", STR("SHA-256"));
    add_time(out, "newestEventTime", true, log->newest_ms);
    add_time(out, "oldestEventTime", true, log->oldest_ms);
    buf_add_char(out, '}');
}

/* Source: CloudTrail User Guide, "CloudTrail digest file structure": members and their order. */
void digest_write(struct buf *out, const struct digest *d)
{
    buf_add_char(out, '{');
    add_text(out, "awsAccountId", d->account);
    add_time(out, "digestStartTime", true, d->start_ms);
    add_time(out, "digestEndTime", true, d->end_ms);
    add_text(out, "digestS3Bucket", d->bucket);
    add_text(out, "digestS3Object", d->key);
    add_text(out, "digestPublicKeyFingerprint", d->fingerprint);
    add_text(out, "digestSignatureAlgorithm", STR("SHA256withRSA"));
    add_time(out, "newestEventTime", d->has_events, d->newest_ms);
    add_time(out, "oldestEventTime", d->has_events, d->oldest_ms);
    add_text(out, "previousDigestS3Bucket", d->previous_bucket);
    add_text(out, "previousDigestS3Object", d->previous_key);
    add_text(out, "previousDigestHashValue", d->previous_hash_hex);
    add_text(out, "previousDigestHashAlgorithm", d->has_previous ? STR("SHA-256") : STR(""));
    add_text(out, "previousDigestSignature", d->previous_signature_hex);
    add_name(out, "logFiles");
    buf_add_char(out, '[');
    for (size_t i = 0; i < d->log_count; i++) {
        if (i > 0)
            buf_add_char(out, ',');
        add_log(out, &d->logs[i]);
    }
    buf_add(out, STR("]}"));
}

/* The members without which validate-logs calls a digest "invalid format".
 * Source: awscli customizations/cloudtrail/validation.py, DigestProvider and DigestTraverser. */
static const char *const required[] = {
    "digestPublicKeyFingerprint", "digestS3Bucket", "digestS3Object",
    "previousDigestSignature",    "digestEndTime",  "digestStartTime",
};

static int check_members(const struct value *v, struct err *err)
{
    if (!v || v->kind != VALUE_MAP)
        return err_set(err, E_PARSE, "a digest must be a JSON object");
    for (size_t i = 0; i < COUNT(required); i++)
        if (!value_get_c(v, required[i]))
            return err_set(err, E_PARSE, "the digest lacks %s", required[i]);
    const struct value *logs = value_get_c(v, "logFiles");
    if (!logs || logs->kind != VALUE_LIST)
        return err_set(err, E_PARSE, "the digest lacks a list logFiles");
    return 0;
}

/* A time that is absent or null leaves *out_ms as it is; anything else must be one. */
static int time_member(const struct value *v, const char *name, int64_t *out_ms, bool *out_has,
                       struct err *err)
{
    struct str text = value_get_str(v, name);

    *out_has = false;
    if (text.len == 0)
        return 0;
    int rc = clock_parse(text, out_ms, err);
    *out_has = rc == 0;
    return rc;
}

static int log_parse(const struct value *v, struct digest_log *out, struct err *err)
{
    bool has_time;

    *out = (struct digest_log){
        .bucket = value_get_str(v, "s3Bucket"),
        .key = value_get_str(v, "s3Object"),
        .hash_hex = value_get_str(v, "hashValue"),
    };
    if (!out->bucket.len || !out->key.len || !out->hash_hex.len)
        return err_set(err, E_PARSE, "a log file of the digest lacks bucket, object or hash");
    int rc = time_member(v, "newestEventTime", &out->newest_ms, &has_time, err);
    return rc < 0 ? rc : time_member(v, "oldestEventTime", &out->oldest_ms, &has_time, err);
}

static int logs_parse(struct arena *a, const struct value *list, struct digest *d, struct err *err)
{
    struct digest_log *logs = arena_array(a, list->count, sizeof *logs);
    size_t n = 0;

    for (const struct value *v = value_first(list); v; v = v->next) {
        int rc = log_parse(v, &logs[n++], err);
        if (rc < 0)
            return rc;
    }
    d->logs = logs;
    d->log_count = n;
    return 0;
}

int digest_parse(struct arena *a, struct str json, struct digest *out, struct err *err)
{
    struct value *v;
    bool has_start, has_end, has_oldest;

    int rc = json_parse(a, json, &v, err);
    if (rc < 0 || (rc = check_members(v, err)) < 0)
        return rc;
    struct digest d = {
        .account = value_get_str(v, "awsAccountId"),
        .bucket = value_get_str(v, "digestS3Bucket"),
        .key = value_get_str(v, "digestS3Object"),
        .fingerprint = value_get_str(v, "digestPublicKeyFingerprint"),
        .previous_bucket = value_get_str(v, "previousDigestS3Bucket"),
        .previous_key = value_get_str(v, "previousDigestS3Object"),
        .previous_hash_hex = value_get_str(v, "previousDigestHashValue"),
        .previous_signature_hex = value_get_str(v, "previousDigestSignature"),
        .end_text = value_get_str(v, "digestEndTime"),
    };
    d.has_previous = d.previous_key.len > 0;
    if ((rc = time_member(v, "digestStartTime", &d.start_ms, &has_start, err)) < 0 ||
        (rc = time_member(v, "digestEndTime", &d.end_ms, &has_end, err)) < 0 ||
        (rc = time_member(v, "newestEventTime", &d.newest_ms, &d.has_events, err)) < 0 ||
        (rc = time_member(v, "oldestEventTime", &d.oldest_ms, &has_oldest, err)) < 0)
        return rc;
    if (!has_start || !has_end)
        return err_set(err, E_PARSE, "digestStartTime and digestEndTime must be times");
    if ((rc = logs_parse(a, value_get_c(v, "logFiles"), &d, err)) < 0)
        return rc;
    *out = d;
    return 0;
}

/* Source: CloudTrail User Guide, "Custom implementations of CloudTrail log file integrity
 * validation": the data signing string. */
struct str digest_string_to_sign(struct arena *a, const struct digest *d, struct str hash_hex)
{
    char iso[CLOCK_ISO_SIZE];

    clock_iso(d->end_ms, iso);
    struct str end = d->end_text.len ? d->end_text : str_c(iso);
    struct str previous = d->previous_signature_hex.len ? d->previous_signature_hex : STR("null");
    return arena_printf(a, "%.*s\n%.*s/%.*s\n%.*s\n%.*s", STR_ARG(end), STR_ARG(d->bucket),
                        STR_ARG(d->key), STR_ARG(hash_hex), STR_ARG(previous));
}
