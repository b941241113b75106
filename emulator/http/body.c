#include "emulator/http/body.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/fs.h"
#include "core/base/limits.h"
#include "core/base/log.h"

#define KEPT_BYTES (64u << 10) /* room in memory that a connection keeps between requests */

#define STAGED "http-" /* our files among those of staging/ */

static int remove_leftovers(struct arena *a, const char *dir, struct err *err)
{
    struct fs_entry *entries = NULL;
    size_t count = 0;
    int rc = fs_list(a, dir, &entries, &count, err);

    for (size_t i = 0; i < count && rc == 0; i++)
        if (str_has_prefix(entries[i].name, STR(STAGED)))
            rc = fs_remove(arena_printf(a, "%s/%.*s", dir, STR_ARG(entries[i].name)).ptr, err);
    return rc;
}

int staging_open(struct staging *s, const char *data_dir, bool power_safe, struct err *err)
{
    struct arena a = { 0 };
    const char *dir = arena_printf(&a, "%s/staging", data_dir).ptr;
    int rc = fs_mkdirs(dir, err);

    *s = (struct staging){ .data_fd = -1, .power_safe = power_safe };
    if (rc == 0)
        rc = remove_leftovers(&a, dir, err);
    if (rc == 0)
        s->data_fd = open(data_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (rc == 0 && s->data_fd < 0)
        rc = err_sys(err, "open", data_dir);
    arena_free(&a);
    return rc;
}

void staging_close(struct staging *s)
{
    if (s->data_fd >= 0)
        (void)close(s->data_fd); /* only read through: nothing to lose */
    s->data_fd = -1;
}

void body_init(struct body_sink *b, struct staging *s)
{
    *b = (struct body_sink){ .staging = s, .fd = -1 };
}

void body_free(struct body_sink *b)
{
    body_drop(b);
    buf_free(&b->text);
    chunked_free(&b->chunked);
    multipart_free(&b->multipart);
    sha256_free(&b->sha);
}

void body_drop(struct body_sink *b)
{
    if (b->fd >= 0) {
        (void)close(b->fd); /* its bytes were read back or are not wanted */
        (void)unlinkat(b->staging->data_fd, b->path, 0); /* gone when a service took it */
        b->fd = -1;
    }
    if (b->is_chunked)
        chunked_free(&b->chunked);
    if (b->is_form)
        multipart_free(&b->multipart);
    if (b->text.cap > KEPT_BYTES)
        buf_free(&b->text);
}

/* A sub-resource of an object is a document, not the object's bytes.
 * Source: botocore s3, requestUri of PutObjectTagging, PutObjectAcl ... */
static bool is_subresource(const struct request *q)
{
    static const char *const names[] = { "acl",        "tagging",      "retention", "legal-hold",
                                         "encryption", "renameObject", "annotation" };

    for (size_t i = 0; q->param_count > 0 && i < COUNT(names); i++)
        if (request_has_param(q, names[i]))
            return true;
    return false;
}

/* PutObject or UploadPart: the path names a key. */
static bool is_object_upload(const struct request *q, bool is_s3)
{
    struct str path = str_sub(q->path, 1, q->path.len), bucket, key = path;

    if (!str_eq_c(q->method, "PUT") || !is_s3 || is_subresource(q))
        return false;
    return q->s3_bucket.len ? key.len > 0 : str_cut(path, '/', &bucket, &key) && key.len > 0;
}

/* "aws-chunked" among the tokens of Content-Encoding. */
static bool says_aws_chunked(const struct request *q)
{
    struct str rest = request_header(q, "content-encoding"), token;

    while (rest.len > 0) {
        (void)str_cut(rest, ',', &token, &rest); /* the last token has no comma */
        if (str_eq_nocase(str_trim(token), STR("aws-chunked")))
            return true;
    }
    return false;
}

static bool is_sha256(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!memchr("0123456789abcdefABCDEF", s.ptr[i], 22))
            return false;
    return s.len == 64;
}

static bool refuse(struct body_sink *b, enum refusal why)
{
    if (b->refusal == REFUSE_NOTHING)
        b->refusal = why;
    return false;
}

static bool begin_chunked(struct body_sink *b, struct arena *a, const struct request *q)
{
    struct str form = request_header(q, "x-amz-content-sha256");
    struct str length = request_header(q, "x-amz-decoded-content-length");

    b->is_chunked = chunked_init(&b->chunked, a, form);
    if (!b->is_chunked)
        return refuse(b, REFUSE_BAD_SHA256_FORM);
    if (length.len == 0)
        return refuse(b, REFUSE_LENGTH_MISSING);
    if (!str_to_i64(length, &b->expected) || b->expected < 0)
        return refuse(b, REFUSE_BAD_CHUNKS);
    return true;
}

bool body_begin(struct body_sink *b, struct arena *a, const struct request *q, bool is_s3)
{
    struct str form = request_header(q, "x-amz-content-sha256");
    int64_t declared = -1;
    uint64_t most;

    b->is_form = is_s3 && post_form_is_asked(q);
    b->is_upload = b->is_form || is_object_upload(q, is_s3);
    b->limit = b->is_upload ? LIMIT_S3_PART_BYTES : LIMIT_HTTP_BODY_BYTES;
    b->refusal = REFUSE_NOTHING;
    b->is_chunked = false;
    b->len = 0;
    b->expected = -1;
    buf_clear(&b->text);
    /* Without the header a signature covers the hash all the same. */
    b->is_hashed = b->is_upload && !b->is_form &&
                   (is_sha256(form) || (form.len == 0 && request_has_header(q, "authorization")));
    if (b->is_hashed)
        sha256_init(&b->sha);
    if (b->is_form && !multipart_init(&b->multipart, a, request_header(q, "content-type"))) {
        b->is_form = false;
        return refuse(b, REFUSE_BAD_FORM);
    }
    /* STREAMING-...-EVENTS is an event stream, whose frames are the operation's own. */
    if (str_has_prefix(form, STR("STREAMING-")) ? !str_has_suffix(form, STR("-EVENTS"))
                                                : says_aws_chunked(q) && form.len > 0)
        if (!begin_chunked(b, a, q))
            return false;
    if (!str_to_i64(request_header(q, "content-length"), &declared) &&
        request_has_header(q, "content-length"))
        declared = INT64_MAX; /* libmicrohttpd lets none but numbers through: a larger one */
    /* Framing may at most double a body: one byte of data can cost many, but no client does that.
     */
    most = b->is_chunked ? 2 * b->limit : b->limit;
    if (b->is_form)
        most += 2 * LIMIT_S3_FORM_BYTES;
    if ((declared > 0 && (uint64_t)declared > most) ||
        (b->expected > 0 && (uint64_t)b->expected > b->limit))
        return refuse(b, REFUSE_TOO_LARGE);
    return true;
}

static void fail(struct body_sink *b, int rc, const struct err *err)
{
    (void)rc; /* whatever the kind, the client gets AWS's 500 and the log gets the reason */
    log_write(LOG_ERROR, "%s", err->text);
    (void)refuse(b, REFUSE_INTERNAL);
}

static int create(const struct body_sink *b)
{
    return openat(b->staging->data_fd, b->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
}

/* From memory to a file: the upload has outgrown LIMIT_BODY_MEMORY_BYTES. */
static int spill(struct body_sink *b, struct err *err)
{
    (void)snprintf(b->path, sizeof b->path, "staging/" STAGED "%016llx",
                   (unsigned long long)atomic_fetch_add(&b->staging->next, 1));
    b->fd = create(b);
    if (b->fd < 0 && errno == ENOENT) {                      /* a reset has removed the folder */
        (void)mkdirat(b->staging->data_fd, "staging", 0755); /* create says if it failed */
        b->fd = create(b);
    }
    if (b->fd < 0)
        return err_sys(err, "create", b->path);
    return fs_write_all(b->fd, buf_view(&b->text), b->path, err);
}

static void keep(struct body_sink *b, struct str bytes)
{
    struct err err = { 0 };
    int rc = 0;

    b->len += bytes.len;
    if (b->len > b->limit) {
        (void)refuse(b, REFUSE_TOO_LARGE);
        return;
    }
    if (b->is_hashed)
        sha256_add(&b->sha, bytes);
    if (b->fd < 0 && b->is_upload && b->len > LIMIT_BODY_MEMORY_BYTES)
        rc = spill(b, &err);
    if (rc == 0 && b->fd >= 0)
        rc = fs_write_all(b->fd, bytes, b->path, &err);
    else if (rc == 0)
        buf_add(&b->text, bytes);
    if (rc < 0)
        fail(b, rc, &err);
}

static void add_form(struct body_sink *b, struct str bytes)
{
    struct str piece;
    int rc = 1;

    while (b->refusal == REFUSE_NOTHING &&
           (rc = multipart_next(&b->multipart, &bytes, &piece, NULL)) > 0)
        keep(b, piece);
    if (rc < 0)
        (void)refuse(b, rc == E_LIMIT ? REFUSE_FORM_TOO_LARGE : REFUSE_BAD_FORM);
}

void body_add(struct body_sink *b, struct str bytes)
{
    struct str piece;
    int rc = 0;

    if (b->refusal == REFUSE_NOTHING && b->is_form)
        add_form(b, bytes);
    else if (b->refusal == REFUSE_NOTHING && !b->is_chunked)
        keep(b, bytes);
    while (b->refusal == REFUSE_NOTHING && b->is_chunked) {
        rc = chunked_next(&b->chunked, &bytes, &piece, NULL);
        if (rc < 0)
            (void)refuse(b, rc == E_LIMIT ? REFUSE_TOO_LARGE : REFUSE_BAD_CHUNKS);
        if (rc <= 0)
            break;
        keep(b, piece);
    }
}

/* The trailer that X-Amz-Trailer announced must have come. */
static bool has_trailer(const struct request *q)
{
    struct str announced = request_header(q, "x-amz-trailer");

    return announced.len == 0 || str_eq_nocase(str_trim(announced), q->trailer_checksum_name);
}

static void end_chunked(struct body_sink *b, struct request *q)
{
    if (chunked_end(&b->chunked, q, NULL) < 0)
        (void)refuse(b, REFUSE_INCOMPLETE);
    else if (b->len != (uint64_t)b->expected)
        (void)refuse(b, REFUSE_LENGTH_DIFFERS);
    else if (!has_trailer(q))
        (void)refuse(b, REFUSE_BAD_TRAILER);
}

static void end_form(struct body_sink *b, struct request *q)
{
    int rc = multipart_end(&b->multipart, &b->form, NULL);

    if (rc < 0)
        (void)refuse(b, rc == E_MISSING ? REFUSE_NO_FILE : REFUSE_BAD_FORM);
    else
        q->form = &b->form;
}

void body_end(struct body_sink *b, struct request *q)
{
    struct err err = { 0 };

    if (b->refusal == REFUSE_NOTHING && b->is_form)
        end_form(b, q);

    if (b->refusal == REFUSE_NOTHING && b->is_chunked)
        end_chunked(b, q);
    if (b->refusal == REFUSE_NOTHING && b->fd >= 0 && b->staging->power_safe && fsync(b->fd) < 0)
        fail(b, err_sys(&err, "sync", b->path), &err);
    if (b->refusal != REFUSE_NOTHING)
        return;
    if (b->fd >= 0)
        q->body = (struct body){ .path = b->path, .len = (int64_t)b->len };
    else if (b->len)
        q->body = (struct body){ .text = buf_view(&b->text), .len = (int64_t)b->len };
    if (b->is_hashed) {
        sha256_end(&b->sha, b->sha_hex);
        q->sha256_hex = (struct str){ b->sha_hex, 64 };
    }
}
