#include "emulator/http/xray_daemon.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/mem.h"
#include "emulator/http/server.h"
#include "emulator/identity/identity.h"
#include "emulator/services/xray/datagram.h"
#include "emulator/wire/wire.h"

#define DATAGRAM_BYTES 65536u /* none is longer */
#define PORT_TRIES     20     /* for one that is free for UDP and for TCP */
#define AGENT          "mocktrail-xray-daemon"

struct xray_daemon {
    struct engine *e;
    int socket, stop[2]; /* a pipe: closed at its writing end, the thread ends */
    uint16_t port;
    pthread_t thread;
    bool has_thread;
    struct server *server;
    uint64_t refused_count;
    char bytes[DATAGRAM_BYTES];
};

/* ---- calls ---- */

static int perform(struct engine *e, struct arena *a, struct call *call, struct outcome *out,
                   struct err *err)
{
    struct err why = { 0 };

    call->cat = e->cat;
    call->service = cat_op_service(e->cat, call->op);
    call->service_name = cat_str(e->cat, call->service->name);
    call->action = cat_str(e->cat, call->op->name);
    call->protocol = CAT_REST_JSON;
    call->region = e->opt.region;
    call->account = e->opt.account;
    call->who = principal_root(a, call->account);
    call->host = arena_printf(a, "xray.%.*s.amazonaws.com", STR_ARG(call->region));
    call->door = DOOR_HTTP;
    call->auth = AUTH_HEADER;
    call->signature_version = STR("SigV4");
    engine_begin(e, a, call);
    int rc = engine_submit(e, a, call, out, &why);
    if (rc < 0)
        log_write(LOG_ERROR, "xray daemon: %s", why.text);
    return rc < 0 ? err_set(err, rc, "%s", why.text) : 0;
}

static void say_unprocessed(const struct outcome *out)
{
    const struct value *list = value_get_c(out->output, "UnprocessedTraceSegments");

    for (const struct value *v = value_first(list); v; v = v->next) {
        struct str code = value_get_str(v, "ErrorCode"), id = value_get_str(v, "Id");
        log_write(LOG_WARN, "xray daemon: segment '%.*s' not taken: %.*s", STR_ARG(id),
                  STR_ARG(code));
    }
}

static void put_segment(struct xray_daemon *d, struct arena *a, struct str document,
                        struct str source)
{
    struct value *params = value_map(a), *list = value_list(a);
    struct outcome out = { 0 };
    struct call call = { .op = cat_op_find_c(d->e->cat, "xray", "PutTraceSegments"),
                         .params = params,
                         .source_ip = source,
                         .user_agent = STR(AGENT) };

    value_push(list, value_str(a, document));
    value_set(params, STR("TraceSegmentDocuments"), list);
    engine_enter(d->e);
    if (perform(d->e, a, &call, &out, NULL) == 0) /* else it was logged: nobody waits for it */
        say_unprocessed(&out);
    engine_leave(d->e);
}

/* ---- UDP ---- */

static struct str address_text(struct arena *a, const struct sockaddr_storage *from, socklen_t len)
{
    char host[NI_MAXHOST];

    if (getnameinfo((const struct sockaddr *)from, len, host, sizeof host, NULL, 0,
                    NI_NUMERICHOST) != 0)
        return STR("");
    return arena_copy(a, str_c(host));
}

/* False: nothing is there now. */
static bool take_datagram(struct xray_daemon *d, struct arena *a)
{
    struct sockaddr_storage from;
    socklen_t from_len = sizeof from;
    struct err err = { 0 };
    struct str document;
    ssize_t len = recvfrom(d->socket, d->bytes, sizeof d->bytes, MSG_DONTWAIT,
                           (struct sockaddr *)&from, &from_len);

    if (len < 0)
        return errno == EINTR;
    if (xray_datagram_parse(a, (struct str){ d->bytes, (size_t)len }, &document, &err) == 0) {
        put_segment(d, a, document, address_text(a, &from, from_len));
    } else {
        d->refused_count++;
        log_write(LOG_WARN, "xray daemon: refused %s (%llu so far)", err.text,
                  (unsigned long long)d->refused_count);
    }
    arena_reset(a);
    return true;
}

static void *receive(void *arg)
{
    struct xray_daemon *d = arg;
    struct pollfd fds[] = { { .fd = d->socket, .events = POLLIN },
                            { .fd = d->stop[0], .events = POLLIN } };
    struct arena a = { 0 };

    while (!(fds[1].revents & (POLLHUP | POLLIN))) {
        if (poll(fds, COUNT(fds), -1) < 0 && errno != EINTR)
            break;
        while (take_datagram(d, &a)) /* all that is there, before the end as well */
            ;
    }
    arena_free(&a);
    return NULL;
}

/* ---- TCP ---- */

static const struct proxied {
    const char *path, *operation;
} proxied[] = {
    { "/GetSamplingRules", "GetSamplingRules" },
    { "/SamplingTargets", "GetSamplingTargets" },
};

static const char *operation_of(const struct request *q)
{
    for (size_t i = 0; i < COUNT(proxied); i++)
        if (str_eq_c(q->path, proxied[i].path) && str_eq_c(q->method, "POST"))
            return proxied[i].operation;
    return NULL;
}

static void answer_call(struct engine *e, struct arena *a, const struct request *q,
                        const struct route *route, struct reply *reply)
{
    struct outcome out = { 0 };
    struct call call = { .op = route->op,
                         .params = value_map(a),
                         .source_ip = q->source_ip,
                         .user_agent = request_header(q, "user-agent") };
    struct err err = { 0 };
    struct str code = { 0 };

    if (wire_parse(a, e->cat, q, route, &call.params, &code, &err) < 0)
        outcome_refuse(a, &out, 400, arena_copy(a, code).ptr, "%s", err.text);
    else if (perform(e, a, &call, &out, NULL) < 0)
        outcome_refuse(a, &out, 500, "InternalFailure", "The call could not be made.");
    wire_write(a, e->cat, q, route, &out, call.request_id, call.host_id, reply);
}

static struct stream *answer(void *arg, struct arena *a, const struct request *q,
                             struct reply *reply)
{
    struct xray_daemon *d = arg;
    const char *operation = operation_of(q);

    if (!operation) {
        reply->status = 404;
        reply_header(a, reply, "Content-Type", STR("text/plain"));
        reply->body.text = STR("this port answers POST /GetSamplingRules and /SamplingTargets\n");
        reply->body.len = (int64_t)reply->body.text.len;
        return NULL;
    }
    engine_enter(d->e);
    struct route route = { .op = cat_op_find_c(d->e->cat, "xray", operation),
                           .protocol = CAT_REST_JSON,
                           .region = d->e->opt.region,
                           .service = STR("xray"),
                           .action = str_c(operation) };
    answer_call(d->e, a, q, &route, reply);
    engine_leave(d->e);
    return NULL;
}

/* ---- open, close ---- */

static int port_of(int socket, uint16_t *out, struct err *err)
{
    struct sockaddr_storage at;
    socklen_t len = sizeof at;
    char text[NI_MAXSERV];
    int64_t n;

    if (getsockname(socket, (struct sockaddr *)&at, &len) < 0)
        return err_sys(err, "ask the port of", "--xray-daemon");
    if (getnameinfo((struct sockaddr *)&at, len, NULL, 0, text, sizeof text,
                    NI_NUMERICSERV | NI_DGRAM) != 0 ||
        !str_to_i64(str_c(text), &n))
        return err_set(err, E_IO, "ask the port of --xray-daemon");
    *out = (uint16_t)n;
    return 0;
}

static int bind_udp(struct xray_daemon *d, const struct xray_daemon_options *opt, struct err *err)
{
    struct addrinfo hints = { .ai_socktype = SOCK_DGRAM, .ai_flags = AI_PASSIVE }, *found;
    char host[256], port[8];

    if (snprintf(host, sizeof host, "%.*s", STR_ARG(opt->host)) >= (int)sizeof host)
        return err_set(err, E_PARSE, "--xray-daemon: the host's name is too long");
    (void)snprintf(port, sizeof port, "%u", opt->port); /* 5 digits */
    int rc = getaddrinfo(host, port, &hints, &found);
    if (rc != 0)
        return err_set(err, E_PARSE, "--xray-daemon '%s': %s", host, gai_strerror(rc));
    d->socket = socket(found->ai_family, found->ai_socktype, found->ai_protocol);
    rc = d->socket < 0 ? -1 : bind(d->socket, found->ai_addr, found->ai_addrlen);
    if (rc < 0)
        rc = err_sys(err, "bind --xray-daemon", host);
    freeaddrinfo(found);
    return rc < 0 ? rc : port_of(d->socket, &d->port, err);
}

static int open_tcp(struct xray_daemon *d, const struct xray_daemon_options *opt, struct err *err)
{
    struct server_options server = { .host = opt->host,
                                     .port = d->port,
                                     .threads = 1,
                                     .data_dir = opt->data_dir,
                                     .body_timeout_ms = 20000,
                                     .idle_timeout_s = 60,
                                     .answer = answer,
                                     .answer_arg = d };

    return server_open(&d->server, &server, err);
}

static void close_udp(struct xray_daemon *d)
{
    if (d->socket >= 0)
        (void)close(d->socket); /* nothing was written */
    d->socket = -1;
}

/* A port that UDP gave may be taken for TCP. */
static int open_ports(struct xray_daemon *d, const struct xray_daemon_options *opt, struct err *err)
{
    int rc = -1;

    for (int i = 0; rc < 0 && i < (opt->port == 0 ? PORT_TRIES : 1); i++) {
        if (err)
            *err = (struct err){ 0 };
        close_udp(d);
        rc = bind_udp(d, opt, err);
        if (rc == 0)
            rc = open_tcp(d, opt, err);
    }
    return rc;
}

int xray_daemon_open(struct xray_daemon **out, struct engine *e,
                     const struct xray_daemon_options *opt, struct err *err)
{
    struct xray_daemon *d = mem_alloc(sizeof *d);

    d->e = e;
    d->socket = d->stop[0] = d->stop[1] = -1;
    int rc = open_ports(d, opt, err);
    if (rc == 0 && pipe(d->stop) < 0)
        rc = err_sys(err, "make a pipe for", "--xray-daemon");
    if (rc == 0 && pthread_create(&d->thread, NULL, receive, d) != 0)
        rc = err_set(err, E_IO, "start the thread of --xray-daemon");
    d->has_thread = rc == 0;
    if (rc < 0)
        xray_daemon_close(d);
    else
        *out = d;
    return rc;
}

uint16_t xray_daemon_port(const struct xray_daemon *d)
{
    return d->port;
}

void xray_daemon_close(struct xray_daemon *d)
{
    if (!d)
        return;
    if (d->stop[1] >= 0)
        (void)close(d->stop[1]); /* the thread's sign to end */
    if (d->has_thread)
        (void)pthread_join(d->thread, NULL);
    if (d->stop[0] >= 0)
        (void)close(d->stop[0]); /* nothing was written */
    server_close(d->server);
    close_udp(d);
    mem_free(d);
}
