#include "emulator/http/server.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <microhttpd.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "emulator/http/inbound.h"
#include "emulator/http/outbound.h"
#include "emulator/http/workers.h"

/* A connection's memory: request line, headers, a piece of the body. libmicrohttpd clears all of it
 * after each request: 64 KiB cost a tenth of the requests per second, 128 KiB a third. */
#define POOL_BYTES       (32u << 10)
#define CONNECTION_LIMIT 1024u
#define LONG_US          1000000 /* an answer that took so long finds its connection idle */
#define FINISH_S         10      /* what is being answered at the end may take this long */
#define WAITING_LIMIT    256u    /* answers that wait for another server; more are refused */

struct server {
    struct server_options opt;
    struct arena arena; /* what opt points to */
    struct staging staging;
    struct arenas arenas; /* of requests */
    struct MHD_Daemon *daemon;
    struct workers *workers; /* NULL: no answer waits */
    struct stall_watch *stalls;
    uint16_t port;
    _Atomic bool is_stopping;
    _Atomic unsigned busy_count; /* requests between their headers and the end of their reply */
    pthread_mutex_t lock;
    pthread_cond_t idle; /* busy_count fell to 0 while stopping */
};

static void *on_line(void *cls, const char *target, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct inbound *in = info ? info->socket_context : NULL;

    (void)cls; /* the connection knows its own */
    if (in)
        inbound_start(in, target);
    return in;
}

static void on_connection(void *cls, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct server *s = cls;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *context = inbound_open(&s->staging, &s->arenas, connection);
    } else {
        inbound_close(*context);
        *context = NULL;
    }
}

static void count_busy(struct server *s, struct inbound *in)
{
    in->is_counted = true;
    (void)atomic_fetch_add(&s->busy_count, 1);
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **context,
                         enum MHD_RequestTerminationCode code)
{
    struct server *s = cls;
    struct inbound *in = *context;

    (void)connection, (void)code; /* sent or broken off: over is over */
    if (!in)
        return;
    (void)stall_end(s->stalls, &in->stall); /* over, whoever has answered it */
    inbound_over(in);
    if (in->is_counted && atomic_fetch_sub(&s->busy_count, 1) == 1 &&
        atomic_load(&s->is_stopping)) {
        (void)pthread_mutex_lock(&s->lock);
        (void)pthread_cond_signal(&s->idle);
        (void)pthread_mutex_unlock(&s->lock);
    }
    in->is_counted = false;
    *context = NULL;
}

/* libmicrohttpd counts an answer's making as idleness: it begins to count anew when a time-out
 * follows on none. A stream may be silent for as long as it likes. */
static void keep_open(struct server *s, const struct inbound *in, bool for_ever)
{
    if (!for_ever && clock_monotonic_us() - in->began_us < LONG_US)
        return;
    (void)MHD_set_connection_option(in->connection, MHD_CONNECTION_OPTION_TIMEOUT, 0u);
    if (!for_ever)
        (void)MHD_set_connection_option(in->connection, MHD_CONNECTION_OPTION_TIMEOUT,
                                        s->opt.idle_timeout_s);
}

static enum MHD_Result send_reply(struct server *s, struct MHD_Connection *connection,
                                  struct inbound *in, const struct reply *reply,
                                  struct stream *stream)
{
    struct outbound o = { .connection = connection,
                          .data_fd = s->staging.data_fd,
                          .is_head = str_eq_c(in->request.method, "HEAD"),
                          .closes =
                              atomic_load(&s->is_stopping) || in->refusal == REFUSE_BAD_HEADERS };
    struct reply apology = { 0 };
    struct err err = { 0 };

    in->state = INBOUND_ANSWERED;
    keep_open(s, in, stream != NULL);
    if (outbound_send(&o, reply, stream, &err) == 0)
        return MHD_YES;
    log_write(LOG_ERROR, "%s", err.text);
    refuse_write(&in->arena, &in->request, REFUSE_INTERNAL, &apology);
    return outbound_send(&o, &apology, NULL, NULL) == 0 ? MHD_YES : MHD_NO;
}

/* From a thread of the journal. */
static void resume(void *arg, int rc)
{
    struct inbound *in = arg;

    in->held_rc = rc;
    MHD_resume_connection(in->connection);
}

/* The connection sleeps, its thread goes on with others: many replies share one sync of the disk.
 */
static enum MHD_Result hold(struct server *s, struct inbound *in, const struct reply *reply)
{
    in->reply = *reply;
    in->state = INBOUND_HELD;
    in->keeps_arena = true;
    in->waiter = (struct journal_waiter){ .tell = resume, .arg = in };
    MHD_suspend_connection(in->connection);
    s->opt.hold(s->opt.answer_arg, &in->waiter); /* from here on in is another thread's */
    return MHD_YES;
}

static enum MHD_Result send_or_hold(struct server *s, struct inbound *in, const struct reply *reply,
                                    struct stream *stream)
{
    return reply->waits && s->opt.hold ? hold(s, in, reply)
                                       : send_reply(s, in->connection, in, reply, stream);
}

static enum MHD_Result send_held(struct server *s, struct inbound *in)
{
    if (in->held_rc < 0) {
        in->reply = (struct reply){ 0 };
        refuse_write(&in->arena, &in->request, REFUSE_INTERNAL, &in->reply);
    }
    return send_reply(s, in->connection, in, &in->reply, NULL);
}

static enum MHD_Result answer(struct server *s, struct inbound *in)
{
    struct reply reply = { 0 };
    struct stream *stream = NULL;

    if (in->body.refusal != REFUSE_NOTHING)
        refuse_mark(&in->request, in->body.refusal);
    if (in->refusal != REFUSE_NOTHING)
        refuse_write(&in->arena, &in->request, in->refusal, &reply);
    else
        stream = s->opt.answer(s->opt.answer_arg, &in->arena, &in->request, &reply);
    return send_or_hold(s, in, &reply, stream);
}

/* --- answers that wait for another server --- */

static void run_waiting(void *arg)
{
    struct inbound *in = arg;
    struct server *s = in->server;

    in->stream = s->opt.answer(s->opt.answer_arg, &in->arena, &in->request, &in->reply);
    MHD_resume_connection(in->connection); /* on_request is called once more */
}

static enum server_wait waits(struct server *s, struct inbound *in)
{
    return s->workers && in->refusal == REFUSE_NOTHING && in->body.refusal == REFUSE_NOTHING
               ? s->opt.may_wait(s->opt.answer_arg, &in->arena, &in->request)
               : SERVER_IS_QUICK;
}

/* True: a worker has it. */
static bool hand_over(struct server *s, struct MHD_Connection *connection, struct inbound *in)
{
    enum server_wait wait = waits(s, in);

    if (wait == SERVER_IS_QUICK)
        return false;
    in->server = s;
    in->reply = (struct reply){ 0 };
    in->work = (struct work){ .run = run_waiting, .arg = in };
    if (!workers_reserve(s->workers)) {
        if (wait == SERVER_WAITS)
            in->body.refusal = REFUSE_BUSY;
        return false;
    }
    in->state = INBOUND_WAITING;
    MHD_suspend_connection(connection);
    workers_put(s->workers, &in->work);
    return true;
}

static int socket_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

    return info ? info->connect_fd : -1;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *size, void **context)
{
    struct server *s = cls;
    struct inbound *in = *context;

    (void)url; /* on_line kept the target as it came */
    if (!in)
        return MHD_NO;
    if (in->state == INBOUND_LINE) {
        count_busy(s, in);
        if (!inbound_headers(in, connection, method, version, &s->opt.names) &&
            (in->hangs_up || request_has_header(&in->request, "expect")))
            return answer(s, in); /* before the client sends the body */
        if (inbound_has_body(in))
            stall_begin(s->stalls, &in->stall, socket_of(connection), &in->request);
        return MHD_YES;
    }
    if (in->state == INBOUND_HELD)
        return send_held(s, in);
    if (*size > 0) {
        bool goes_on = inbound_body(in, (struct str){ data, *size });

        stall_touch(&in->stall);
        *size = 0;
        return goes_on ? MHD_YES : MHD_NO;
    }
    if (in->state == INBOUND_WAITING) {
        struct reply reply = in->reply;
        return send_or_hold(s, in, &reply, in->stream);
    }
    if (!stall_end(s->stalls, &in->stall))
        return MHD_NO;
    inbound_complete(in);
    if (hand_over(s, connection, in))
        return MHD_YES;
    return answer(s, in);
}

/* Escapes stay: what a path means is wire's to say. */
static size_t keep_escapes(void *cls, struct MHD_Connection *connection, char *text)
{
    (void)cls, (void)connection; /* nothing is changed */
    return strlen(text);
}

static int bind_one(const struct addrinfo *ai, const char *where, struct err *err)
{
    int on = 1, fd = socket(ai->ai_family, ai->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return err_sys(err, "socket for", where);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on); /* a help, not a need */
    if (bind(fd, ai->ai_addr, ai->ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0)
        return fd;
    (void)err_sys(err, "listen on", where);
    (void)close(fd); /* never used */
    return E_IO;
}

/* Returns the listening socket, or a failure. */
static int listen_on(struct server *s, struct err *err)
{
    struct str host = s->opt.host;
    const char *name = arena_copy(&s->arena, host).ptr;
    const char *port = arena_printf(&s->arena, "%u", s->opt.port).ptr;
    const char *where = arena_printf(&s->arena, "%s:%s", name, port).ptr;
    struct addrinfo *found, hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
    int rc = getaddrinfo(name, port, &hints, &found), fd;

    if (rc != 0)
        return err_set(err, E_PARSE, "listen on %s: %s", where, gai_strerror(rc));
    fd = bind_one(found, where, err);
    freeaddrinfo(found);
    return fd;
}

static uint16_t bound_port(int fd)
{
    struct sockaddr_storage sa = { 0 };
    socklen_t len = sizeof sa;
    char text[8];
    int64_t n = 0;

    if (getsockname(fd, (struct sockaddr *)&sa, &len) == 0 &&
        getnameinfo((struct sockaddr *)&sa, len, NULL, 0, text, sizeof text, NI_NUMERICSERV) == 0)
        (void)str_to_i64(str_c(text), &n); /* the system's own digits */
    return (uint16_t)n;
}

static int start(struct server *s, int fd, struct err *err)
{
    /* poll, not epoll: libmicrohttpd 0.9.75 blocks for a whole time-out when exactly 128
     * connections of one thread are ready (README.md), and below 256 connections poll costs nothing
     * more. */
    unsigned flags = MHD_USE_POLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME;
    struct MHD_OptionItem pool[] = {
        { MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)s->opt.threads, NULL }, { MHD_OPTION_END, 0, NULL }
    };

    s->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, on_request, s, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_CONNECTION_LIMIT, CONNECTION_LIMIT, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)POOL_BYTES, MHD_OPTION_URI_LOG_CALLBACK, on_line, s, MHD_OPTION_NOTIFY_CONNECTION,
        on_connection, s, MHD_OPTION_NOTIFY_COMPLETED, on_completed, s,
        MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL, MHD_OPTION_CONNECTION_TIMEOUT,
        s->opt.idle_timeout_s, s->opt.threads > 1 ? MHD_OPTION_ARRAY : MHD_OPTION_END, pool,
        MHD_OPTION_END);
    return s->daemon ? 0 : err_set(err, E_IO, "the HTTP threads could not be started");
}

int server_open(struct server **out, const struct server_options *opt, struct err *err)
{
    struct server *s = mem_alloc(sizeof *s);
    int fd, rc;

    s->opt = *opt;
    s->opt.host = arena_copy(&s->arena, opt->host);
    (void)pthread_mutex_init(&s->lock, NULL); /* default attributes: cannot fail here */
    (void)pthread_cond_init(&s->idle, NULL);
    s->staging.data_fd = -1;
    arenas_open(&s->arenas);
    fd = rc = listen_on(s, err);
    if (rc >= 0)
        rc = staging_open(&s->staging, opt->data_dir, opt->power_safe, err);
    if (rc >= 0) {
        s->port = bound_port(fd);
        s->stalls = stall_open(opt->body_timeout_ms);
        if (s->opt.may_wait)
            s->workers = workers_open(WAITING_LIMIT);
        rc = s->stalls ? start(s, fd, err)
                       : err_set(err, E_IO, "the thread of time-outs could not be started");
    }
    if (rc < 0) {
        if (fd >= 0)
            (void)close(fd); /* never used */
        server_close(s);
        return rc;
    }
    *out = s;
    return 0;
}

uint16_t server_port(const struct server *s)
{
    return s->port;
}

static void wait_idle(struct server *s)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_REALTIME,
                        &until); /* a deadline for waiting, not the emulator's time */
    until.tv_sec += FINISH_S;
    (void)pthread_mutex_lock(&s->lock);
    while (atomic_load(&s->busy_count) > 0)
        if (pthread_cond_timedwait(&s->idle, &s->lock, &until) == ETIMEDOUT)
            break;
    (void)pthread_mutex_unlock(&s->lock);
}

void server_close(struct server *s)
{
    if (!s)
        return;
    atomic_store(&s->is_stopping, true);
    if (s->daemon) {
        MHD_socket fd = MHD_quiesce_daemon(s->daemon);

        wait_idle(s);
        if (s->workers)
            s->opt.stop_waiting(s->opt.answer_arg);
        workers_close(s->workers); /* every connection is awake then */
        wait_idle(s);              /* until what they were told is sent */
        MHD_stop_daemon(s->daemon);
        if (fd != MHD_INVALID_SOCKET)
            (void)close(fd); /* nothing is lost with a listening socket */
    }
    stall_close(s->stalls);
    staging_close(&s->staging);
    arenas_close(&s->arenas);
    (void)pthread_cond_destroy(&s->idle);
    (void)pthread_mutex_destroy(&s->lock);
    arena_free(&s->arena);
    mem_free(s);
}
