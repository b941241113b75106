#include "verify/replay/private.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/codec/json.h"
#include "core/trail/scan.h"
#include "verify/replay/faults.h"
#include "verify/replay/post.h"
#include "verify/source/classify.h"

enum { LOG_EVENTS_MOST = 100 }; /* of one subscription message */

/* ---- stdout ---- */

static int stdout_open(struct target *t, struct str rest, struct err *err)
{
    (void)t;
    return rest.len == 0 ? 0 : err_set(err, E_PARSE, "expected nothing behind stdout");
}

static int stdout_record(struct target *t, const struct scan_record *r, struct err *err)
{
    (void)t;
    if (fwrite(r->text.ptr, 1, r->text.len, stdout) != r->text.len || putchar('\n') == EOF)
        return err_sys(err, "write", "standard output");
    return 0;
}

static int stdout_end(struct target *t, struct err *err)
{
    (void)t;
    return fflush(stdout) == 0 ? 0 : err_sys(err, "write", "standard output");
}

/* ---- dir: a data directory, or plain files where no bucket is known ---- */

/* Does path lie in dir, or is it dir? Of two that are there. */
static bool is_within(const char *path, const char *dir)
{
    char inner[PATH_MAX], outer[PATH_MAX];

    if (!realpath(path, inner) || !realpath(dir, outer))
        return false;
    size_t len = strlen(outer);

    return strncmp(inner, outer, len) == 0 && (inner[len] == 0 || inner[len] == '/');
}

static int dir_open(struct target *t, struct str rest, struct err *err)
{
    const struct target_options *opt = t->opt;

    if (rest.len == 0)
        return err_set(err, E_PARSE, "expected a directory");
    t->place = rest;
    for (size_t i = 0; i < opt->path_count; i++)
        if (is_within(opt->paths[i].ptr, rest.ptr))
            return err_set(err, E_PARSE,
                           "%.*s lies in dir:%s: expected another directory, for files of the same "
                           "names would be replaced",
                           STR_ARG(opt->paths[i]), rest.ptr);
    return fs_mkdirs(rest.ptr, err);
}

static int dir_put(struct target *t, struct str name, struct str bytes, struct err *err)
{
    struct str path = arena_printf(&t->scratch, "%.*s/%.*s", STR_ARG(t->place), STR_ARG(name));
    int rc = fs_mkdirs_for(path.ptr, err);

    return rc < 0 ? rc : fs_replace_fast(path.ptr, bytes, err);
}

/* The object's metadata, as docs/formats.md has it. */
static struct str dir_meta(struct target *t, const struct content *c)
{
    struct arena *a = &t->scratch;
    struct value *meta = value_map(a);
    struct buf text = { 0 };

    value_put_c(a, meta, "ContentType", "application/json");
    value_put_c(a, meta, "ContentEncoding", "gzip");
    if (c->metadata)
        value_set(meta, STR("Metadata"), value_copy(a, c->metadata));
    json_write(&text, meta);
    struct str out = arena_copy(a, buf_view(&text));

    buf_free(&text);
    return out;
}

static int dir_deliver(struct target *t, const struct delivery *d, const struct content *c,
                       struct err *err)
{
    struct arena *a = &t->scratch;
    struct str key = classify_path_of_key(a, d->key);

    if (!c)
        return 0;
    if (d->file->bucket.len == 0 || d->file->kind == SOURCE_RECORDS) {
        struct str head, name;

        if (!str_rcut(d->key, '/', &head, &name))
            name = d->key;
        return dir_put(t, d->file->kind == SOURCE_RECORDS ? name : key, buf_view(&c->stored), err);
    }
    int rc =
        dir_put(t, arena_printf(a, "buckets/%.*s/%.*s", STR_ARG(d->file->bucket), STR_ARG(key)),
                buf_view(&c->stored), err);

    if (rc == 0)
        rc = dir_put(t,
                     arena_printf(a, "meta/%.*s/%.*s.json", STR_ARG(d->file->bucket), STR_ARG(key)),
                     dir_meta(t, c), err);
    return rc;
}

/* The dataset's public keys go along, so that the copy can be verified. */
static int dir_copy_keys(struct target *t, struct err *err)
{
    struct arena *a = &t->arena;
    struct fs_entry *entries;
    size_t count = 0;
    int rc = 0;

    if (!t->opt->keys_dir || fs_list(a, t->opt->keys_dir, &entries, &count, NULL) < 0)
        return 0; /* a source without keys */
    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct buf pem = { 0 };

        if (!str_has_suffix(entries[i].name, STR(".pub.pem")))
            continue;
        rc = fs_read(arena_printf(a, "%s/%.*s", t->opt->keys_dir, STR_ARG(entries[i].name)).ptr,
                     &pem, err);
        if (rc == 0)
            rc = dir_put(t, arena_printf(a, "keys/%.*s", STR_ARG(entries[i].name)), buf_view(&pem),
                         err);
        buf_free(&pem);
    }
    return rc;
}

/* ---- s3: ---- */

int target_check_local(const struct target *t, struct str url, struct err *err)
{
    if (t->opt->allow_remote || post_is_local(url))
        return 0;
    return err_set(err, E_PARSE,
                   "%.*s is not this machine: --allow-remote says that it may be sent to",
                   STR_ARG(url));
}

int target_open_url(struct target *t, struct str url, struct str *path, struct err *err)
{
    ptrdiff_t at = str_find(url, STR("://"));
    struct str host;

    (void)str_cut(str_sub(url, (size_t)at + 3, url.len), '/', &host, path); /* none: empty */
    t->origin = str_sub(url, 0, (size_t)at + 3 + host.len);
    int rc = target_check_local(t, t->origin, err);

    return rc < 0 ? rc : aws_open(&t->aws, &(struct aws_options){ t->origin, t->opt->region }, err);
}

/* http://HOST:PORT[/BUCKET] */
static int s3_open(struct target *t, struct str rest, struct err *err)
{
    if (str_find(rest, STR("://")) < 0)
        return err_set(err, E_PARSE, "expected http://HOST:PORT or http://HOST:PORT/BUCKET");
    return target_open_url(t, rest, &t->place, err);
}

static int s3_deliver(struct target *t, const struct delivery *d, const struct content *c,
                      struct err *err)
{
    if (!c || d->notice_only)
        return 0;
    struct aws_object o = { .bucket = t->place.len ? t->place : d->file->bucket,
                            .key = d->key,
                            .bytes = buf_view(&c->stored),
                            .content_type = STR("application/json"),
                            .content_encoding = STR("gzip"),
                            .metadata = c->metadata };

    if (o.bucket.len == 0)
        return err_set(err, E_PARSE, "%.*s: in which bucket? Say s3:http://HOST:PORT/BUCKET",
                       STR_ARG(d->key));
    return o.bytes.len == 0 ? 0 : aws_s3_put(t->aws, &t->scratch, &o, err);
}

/* ---- http:, events:, logs: ---- */

static int http_open(struct target *t, struct str rest, struct err *err)
{
    int rc = target_check_local(t, rest, err);

    return rc < 0 ? rc : post_open(&t->post, rest, err);
}

static int http_record(struct target *t, const struct scan_record *r, struct err *err)
{
    return post_send(t->post, r->text, err);
}

static int events_record(struct target *t, const struct scan_record *r, struct err *err)
{
    struct buf body = { 0 };
    char id[37];

    rng_uuid(&t->rng, id);
    envelope_event(&body, &t->scratch, r, id);
    int rc = post_send(t->post, buf_view(&body), err);

    buf_free(&body);
    return rc;
}

static int logs_send(struct target *t, struct err *err)
{
    struct buf body = { 0 };

    if (t->waiting_count == 0)
        return 0;
    int rc = envelope_logs(&body, &t->stream, buf_view(&t->waiting), err);

    if (rc == 0)
        rc = post_send(t->post, buf_view(&body), err);
    buf_clear(&t->waiting);
    t->waiting_count = 0;
    buf_free(&body);
    return rc;
}

static int logs_record(struct target *t, const struct scan_record *r, struct err *err)
{
    if (t->waiting_count == 0)
        t->stream = (struct envelope_stream){
            arena_copy(&t->scratch, scan_top_str(r, SCAN_RECIPIENT_ACCOUNT_ID)),
            arena_copy(&t->scratch, scan_top_str(r, SCAN_AWS_REGION)), STR("CloudTrail/mocktrail")
        };
    else
        buf_add_char(&t->waiting, ',');
    envelope_log_event(&t->waiting, &t->scratch, r);
    return ++t->waiting_count == LOG_EVENTS_MOST ? logs_send(t, err) : 0;
}

/* ---- records one by one ---- */

static int records_deliver(struct target *t, const struct delivery *d, const struct content *c,
                           struct err *err)
{
    struct scan_record r;
    struct buf text = { 0 };
    enum scan_step step = SCAN_END;
    int rc = 0;

    if (!c || d->notice_only || !(delivery_is_log(d) || d->file->kind == SOURCE_INSIGHT))
        return 0;
    struct scan *scan = scan_open();

    buf_add(&text, buf_view(&c->text));
    scan_pad(&text);
    scan_start(scan, text.ptr, text.len, SCAN_WHOLE);
    while (rc == 0 && (step = scan_next(scan, &r)) == SCAN_RECORD)
        rc = t->row->record(t, &r, err);
    if (rc == 0 && step == SCAN_BROKEN)
        rc = err_set(err, E_PARSE, "%.*s: %s", STR_ARG(d->file->name), scan_why(scan));
    if (rc == 0 && t->row->end)
        rc = t->row->end(t, err);
    scan_close(scan);
    buf_free(&text);
    return rc;
}

/* ---- the rows ---- */

static const struct target_row rows[] = {
    { "stdout", "stdout", TO_RECORDS, stdout_open, records_deliver, stdout_record, stdout_end },
    { "dir:", "dir:DIR", TO_DIR, dir_open, dir_deliver, NULL, NULL },
    { "s3:", "s3:URL", TO_S3, s3_open, s3_deliver, NULL, NULL },
    { "sqs:", "sqs:URL", TO_QUEUE, queue_open, queue_deliver, NULL, NULL },
    { "sns-sqs:", "sns-sqs:URL", TO_QUEUE, wrapped_open, topic_deliver, NULL, NULL },
    { "topic:", "topic:URL/ARN", TO_QUEUE, topic_open, topic_deliver, NULL, NULL },
    { "group:", "group:URL", TO_RECORDS, group_open, records_deliver, group_record, group_end },
    { "http:", "http:URL", TO_RECORDS, http_open, records_deliver, http_record, NULL },
    { "events:", "events:URL", TO_RECORDS, http_open, records_deliver, events_record, NULL },
    { "logs:", "logs:URL", TO_RECORDS, http_open, records_deliver, logs_record, logs_send },
    { "xray:", "xray:HOST:PORT", TO_RECORDS, datagrams_open, records_deliver, datagrams_record,
      NULL },
};

int target_open(struct target **out, struct str spec, const struct target_options *opt,
                struct err *err)
{
    const struct target_row *row = NULL;

    for (size_t i = 0; i < COUNT(rows) && !row; i++)
        if (str_has_prefix(spec, str_c(rows[i].prefix)))
            row = &rows[i];
    if (!row)
        return err_set(
            err, E_PARSE,
            "expected stdout, dir:DIR, xray:HOST:PORT, or s3:, sqs:, sns-sqs:, topic:, group:, "
            "http:, events: or logs: with a URL, not '%.*s'",
            STR_ARG(spec));
    struct target *t = mem_alloc(sizeof *t);

    t->row = row;
    t->opt = opt;
    t->datagram_fd = -1;
    rng_init(&t->rng, str_hash(spec), 0);
    int rc = row->open(t, arena_copy(&t->arena, str_sub(spec, strlen(row->prefix), spec.len)), err);

    if (rc == 0 && row->kind == TO_DIR)
        rc = dir_copy_keys(t, err);
    if (rc < 0) {
        (void)target_close(t, NULL); /* nothing waits */
        return rc;
    }
    *out = t;
    return 0;
}

int target_close(struct target *t, struct err *err)
{
    int rc = 0;

    if (!t)
        return 0;
    if (t->row->end && t->post)
        rc = t->row->end(t, err);
    group_free(t);
    datagrams_close(t);
    post_close(t->post);
    aws_close(t->aws);
    buf_free(&t->waiting);
    arena_free(&t->scratch);
    arena_free(&t->arena);
    mem_free(t);
    return rc;
}

unsigned target_kind(const struct target *t)
{
    return t->row->kind;
}

bool target_wants_text(const struct target *t)
{
    return t->row->record != NULL;
}

int target_deliver(struct target *t, const struct delivery *d, const struct content *c,
                   struct err *err)
{
    int rc = t->row->deliver(t, d, c, err);

    if (t->waiting_count == 0)
        arena_reset(&t->scratch);
    return rc;
}

int target_expire_receipts(struct target *t, uint64_t count, struct err *err)
{
    return count > 0 && t->row->kind == TO_QUEUE ? queue_expire_receipts(t, count, err) : 0;
}

int target_keys(struct target *t, const struct public_key *first, struct err *err)
{
    int rc = 0;

    for (const struct public_key *k = first; rc == 0 && k && t->row->kind == TO_DIR; k = k->next)
        rc = dir_put(t, arena_printf(&t->scratch, "keys/%.*s", STR_ARG(k->name)), k->pem, err);
    return rc;
}
