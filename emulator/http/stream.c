#include "emulator/http/stream.h"

#include <pthread.h>

#include <microhttpd.h>

#include "core/base/log.h"
#include "core/base/mem.h"

struct stream {
    struct hub *hub; /* NULL: fill it is */
    stream_fill_fn *fill;
    stream_drop_fn *drop;
    void *arg;
    struct stream *next;
    struct MHD_Connection *connection; /* NULL until it has a response */
    struct buf text;
    size_t sent; /* of text */
    bool is_waiting, is_over;
};

struct hub {
    pthread_mutex_t lock; /* guards every stream too */
    struct stream *first;
    bool is_over;
};

struct hub *hub_open(void)
{
    struct hub *h = mem_alloc(sizeof *h);

    (void)pthread_mutex_init(&h->lock, NULL); /* default attributes: cannot fail here */
    return h;
}

void hub_close(struct hub *h)
{
    if (!h)
        return;
    (void)pthread_mutex_destroy(&h->lock);
    mem_free(h);
}

struct stream *hub_follow(struct hub *h)
{
    struct stream *s = mem_alloc(sizeof *s);

    s->hub = h;
    (void)pthread_mutex_lock(&h->lock);
    s->is_over = h->is_over;
    s->next = h->first;
    h->first = s;
    (void)pthread_mutex_unlock(&h->lock);
    return s;
}

/* The hub's lock is held. */
static void wake(struct stream *s)
{
    if (s->is_waiting)
        MHD_resume_connection(s->connection);
    s->is_waiting = false;
}

static void put_line(struct stream *s, struct str line)
{
    if (s->is_over)
        return;
    if (s->text.len - s->sent + line.len > STREAM_LIMIT_BYTES) {
        line = STR("{\"error\": \"this reader fell behind: records from here on are left out\"}");
        s->is_over = true;
    }
    buf_add(&s->text, line);
    buf_add_char(&s->text, '\n');
    wake(s);
}

void hub_put(struct hub *h, struct str line)
{
    (void)pthread_mutex_lock(&h->lock);
    for (struct stream *s = h->first; s; s = s->next)
        put_line(s, line);
    (void)pthread_mutex_unlock(&h->lock);
}

void hub_end(struct hub *h)
{
    (void)pthread_mutex_lock(&h->lock);
    h->is_over = true;
    for (struct stream *s = h->first; s; s = s->next) {
        s->is_over = true;
        wake(s);
    }
    (void)pthread_mutex_unlock(&h->lock);
}

struct stream *stream_of(stream_fill_fn *fill, stream_drop_fn *drop, void *arg)
{
    struct stream *s = mem_alloc(sizeof *s);

    s->fill = fill;
    s->drop = drop;
    s->arg = arg;
    return s;
}

static ssize_t take(struct stream *s, char *out, size_t max)
{
    size_t n = s->text.len - s->sent;

    if (n > max)
        n = max;
    memcpy(out, s->text.ptr + s->sent, n);
    s->sent += n;
    if (s->sent == s->text.len) {
        s->sent = 0;
        buf_clear(&s->text);
    }
    return (ssize_t)n;
}

/* Under the lock: suspending and waking can't cross. */
static ssize_t read_hub(struct stream *s, char *out, size_t max)
{
    if (s->text.len > s->sent)
        return take(s, out, max);
    if (s->is_over)
        return MHD_CONTENT_READER_END_OF_STREAM;
    s->is_waiting = true;
    MHD_suspend_connection(s->connection);
    return 0;
}

static ssize_t read_filled(struct stream *s, char *out, size_t max)
{
    struct err err = { 0 };
    int rc = 1;

    while (s->text.len == s->sent && !s->is_over) {
        rc = s->fill(s->arg, &s->text, &err);
        s->is_over = rc <= 0;
    }
    if (rc < 0) {
        log_write(LOG_ERROR, "%s", err.text);
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    return s->text.len > s->sent ? take(s, out, max) : MHD_CONTENT_READER_END_OF_STREAM;
}

static ssize_t on_read(void *cls, uint64_t pos, char *out, size_t max)
{
    struct stream *s = cls;
    ssize_t n;

    (void)pos; /* a stream has no way back */
    if (!s->hub)
        return read_filled(s, out, max);
    (void)pthread_mutex_lock(&s->hub->lock);
    n = read_hub(s, out, max);
    (void)pthread_mutex_unlock(&s->hub->lock);
    return n;
}

static void leave_hub(struct stream *s)
{
    struct stream **at;

    (void)pthread_mutex_lock(&s->hub->lock);
    for (at = &s->hub->first; *at != s; at = &(*at)->next)
        continue;
    *at = s->next;
    (void)pthread_mutex_unlock(&s->hub->lock);
}

static void on_free(void *cls)
{
    struct stream *s = cls;

    if (s->hub)
        leave_hub(s);
    else
        s->drop(s->arg);
    buf_free(&s->text);
    mem_free(s);
}

struct MHD_Response *stream_response(struct stream *s, struct MHD_Connection *connection)
{
    struct MHD_Response *r =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 32u << 10, on_read, s, on_free);

    s->connection = connection;
    if (!r)
        on_free(s);
    return r;
}
