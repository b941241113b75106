#include "emulator/http/outbound.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <microhttpd.h>

/* A HEAD reply tells the length of a body that is not sent: this is never read. */
static ssize_t read_nothing(void *cls, uint64_t pos, char *out, size_t max)
{
    (void)cls, (void)pos, (void)out, (void)max; /* see above */
    return MHD_CONTENT_READER_END_WITH_ERROR;
}

static struct str find_header(const struct reply *r, struct str name)
{
    for (size_t i = 0; i < r->header_count; i++)
        if (str_eq_nocase(r->headers[i].name, name))
            return r->headers[i].value;
    return (struct str){ 0 };
}

static int from_file(const struct outbound *o, const struct reply *reply, struct MHD_Response **out,
                     struct err *err)
{
    const struct body *b = &reply->body;
    int fd = openat(o->data_fd, b->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat st;
    int rc = 0;

    if (fd < 0)
        return err_sys(err, "open", b->path);
    if (reply->body_is_spooled)
        (void)unlinkat(o->data_fd, b->path, 0); /* what stays is removed at the next start */
    if (fstat(fd, &st) < 0)
        rc = err_sys(err, "stat", b->path);
    else if (st.st_size < b->offset + b->len)
        rc = err_set(err, E_MISSING, "%s: shorter than it was a moment ago", b->path);
    if (rc == 0)
        *out = MHD_create_response_from_fd_at_offset64((uint64_t)b->len, fd, (uint64_t)b->offset);
    if (rc == 0 && !*out)
        rc = err_set(err, E_LIMIT, "out of memory for a response");
    if (rc < 0)
        (void)close(fd); /* nothing was written */
    return rc;
}

static int make_response(const struct outbound *o, const struct reply *reply, struct stream *stream,
                         struct MHD_Response **out, struct err *err)
{
    const struct body *b = &reply->body;
    int64_t head_len;

    if (stream)
        *out = stream_response(stream, o->connection);
    else if (o->is_head && str_to_i64(find_header(reply, STR("content-length")), &head_len) &&
             head_len >= 0)
        *out = MHD_create_response_from_callback((uint64_t)head_len, 1, read_nothing, NULL, NULL);
    else if (b->path && b->len > 0)
        return from_file(o, reply, out, err);
    else
        *out = MHD_create_response_from_buffer(b->path ? 0 : b->text.len, (void *)b->text.ptr,
                                               MHD_RESPMEM_PERSISTENT);
    return *out ? 0 : err_set(err, E_LIMIT, "out of memory for a response");
}

/* A header's text as a C string. Strings of the arena carry a NUL, borrowed ones may not. */
static bool add_header(struct MHD_Response *response, struct str name, struct str value)
{
    char key[256], text[8192];

    if (name.len >= sizeof key || value.len >= sizeof text)
        return false;
    memcpy(key, name.ptr, name.len);
    key[name.len] = '\0';
    if (value.len)
        memcpy(text, value.ptr, value.len);
    text[value.len] = '\0';
    return MHD_add_response_header(response, key, text) == MHD_YES;
}

static bool is_own_header(struct str name)
{
    return str_eq_nocase(name, STR("content-length")) || str_eq_nocase(name, STR("date")) ||
           str_eq_nocase(name, STR("connection")) || str_eq_nocase(name, STR("transfer-encoding"));
}

int outbound_send(const struct outbound *o, const struct reply *reply, struct stream *stream,
                  struct err *err)
{
    struct MHD_Response *response = NULL;
    int rc = make_response(o, reply, stream, &response, err);

    if (rc < 0)
        return rc;
    for (size_t i = 0; i < reply->header_count; i++) {
        struct http_header h = reply->headers[i];

        /* What HTTP can't carry (a line break in user metadata) is left out. */
        if (!is_own_header(h.name))
            (void)add_header(response, h.name, h.value);
    }
    if (o->closes)
        (void)MHD_add_response_header(response, "Connection", "close");
    if (MHD_queue_response(o->connection, (unsigned)reply->status, response) != MHD_YES)
        rc = err_set(err, E_IO, "a response could not be queued");
    MHD_destroy_response(response);
    return rc;
}
