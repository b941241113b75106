#include "verify/run/sink.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <sys/socket.h>

#include <microhttpd.h>

#include "core/base/clock.h"
#include "core/base/limits.h"
#include "core/base/mem.h"

struct body {
    struct buf text;
    int64_t at_us;
    struct body *next;
};

struct sink {
    struct MHD_Daemon *daemon;
    pthread_mutex_t lock;
    struct body *first, *last;
    uint64_t count;
};

static void keep(struct sink *s, struct body *b)
{
    b->at_us = clock_monotonic_us();
    (void)pthread_mutex_lock(&s->lock);
    if (s->last)
        s->last->next = b;
    else
        s->first = b;
    s->last = b;
    s->count++;
    (void)pthread_mutex_unlock(&s->lock);
}

static enum MHD_Result answer(struct MHD_Connection *c, unsigned status)
{
    struct MHD_Response *r = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    enum MHD_Result rc = MHD_queue_response(c, status, r);

    MHD_destroy_response(r);
    return rc;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *c, const char *url,
                                  const char *method, const char *version, const char *bytes,
                                  size_t *size, void **state)
{
    struct body *b = *state;

    (void)url;
    (void)method;
    (void)version;
    if (!b) {
        *state = mem_alloc(sizeof *b);
        return MHD_YES;
    }
    if (*size > 0) {
        if (b->text.len + *size > LIMIT_JSON_BYTES)
            return MHD_NO; /* hangs up */
        buf_add(&b->text, (struct str){ bytes, *size });
        *size = 0;
        return MHD_YES;
    }
    *state = NULL;
    keep(arg, b);
    return answer(c, MHD_HTTP_OK);
}

static void body_free(struct body *b)
{
    buf_free(&b->text);
    mem_free(b);
}

/* A request that broke off. */
static void on_end(void *arg, struct MHD_Connection *c, void **state,
                   enum MHD_RequestTerminationCode why)
{
    (void)arg;
    (void)c;
    (void)why;
    if (*state)
        body_free(*state);
    *state = NULL;
}

int sink_start(struct sink **out, struct err *err)
{
    struct sink *s = mem_alloc(sizeof *s);
    struct sockaddr_in at = { .sin_family = AF_INET,
                              .sin_addr = { .s_addr = htonl(INADDR_LOOPBACK) } };

    (void)pthread_mutex_init(&s->lock, NULL);
    s->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL, 0, NULL, NULL,
                                 on_request, s, MHD_OPTION_SOCK_ADDR, &at,
                                 MHD_OPTION_NOTIFY_COMPLETED, on_end, NULL, MHD_OPTION_END);
    if (!s->daemon) {
        sink_stop(s);
        return err_set(err, E_IO, "the sink for findings could not listen on 127.0.0.1");
    }
    *out = s;
    return 0;
}

void sink_stop(struct sink *s)
{
    if (!s)
        return;
    if (s->daemon)
        MHD_stop_daemon(s->daemon);
    while (s->first) {
        struct body *b = s->first;

        s->first = b->next;
        body_free(b);
    }
    (void)pthread_mutex_destroy(&s->lock);
    mem_free(s);
}

unsigned sink_port(const struct sink *s)
{
    return MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}

uint64_t sink_count(struct sink *s)
{
    (void)pthread_mutex_lock(&s->lock);
    uint64_t n = s->count;
    (void)pthread_mutex_unlock(&s->lock);
    return n;
}

void sink_take(struct sink *s, sink_fn *fn, void *arg)
{
    (void)pthread_mutex_lock(&s->lock);
    struct body *first = s->first;
    s->first = s->last = NULL;
    (void)pthread_mutex_unlock(&s->lock);
    while (first) {
        struct body *b = first;

        first = b->next;
        fn(arg, buf_view(&b->text), b->at_us);
        body_free(b);
    }
}
