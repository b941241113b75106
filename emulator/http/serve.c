#include "emulator/http/serve.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/aws/ids.h"
#include "core/aws/region.h"
#include "core/base/log.h"
#include "core/base/version.h"
#include "emulator/engine/engine.h"
#include "emulator/engine/upstream/upstream.h"
#include "emulator/http/control.h"
#include "emulator/http/refuse.h"
#include "emulator/http/server.h"
#include "emulator/http/xray_daemon.h"
#include "emulator/services/events/responders.h"
#include "emulator/services/s3.h"

struct listen_at {
    struct str host; /* without [] */
    uint16_t port;
};

struct clock_choice {
    bool is_virtual;
    int64_t start_ms;
};

struct seed_choice {
    bool is_given;
    uint64_t number;
};

struct serve {
    struct listen_at listen, xray; /* xray.host empty: no daemon's port */
    struct str data, account, region, root_secret, config, responders_file;
    struct responders *responders;
    struct clock_choice clock;
    struct seed_choice seed;
    int64_t deliver_every_ms, digest_every_ms;
    enum durability durability;
    enum auth_mode auth;
    bool no_default_trail, allow_remote;
    struct option_list host_suffixes, upstreams;
    int64_t upstream_timeout_ms, body_timeout_ms, idle_timeout_ms;
    struct upstream_rule *rules; /* of upstreams */
    uint64_t threads;            /* 0: the cores */

    struct engine *engine;
    struct control *control;
    struct xray_daemon *daemon; /* NULL: none */
};

static int parse_listen(struct arena *a, struct str text, void *field, struct err *err)
{
    struct listen_at *at = field;
    struct str host, port;
    int64_t n = -1;

    if (!str_rcut(text, ':', &host, &port) || !str_to_i64(port, &n) || n < 0 || n > 65535)
        n = -1;
    if (str_has_prefix(host, STR("[")) && str_has_suffix(host, STR("]")))
        host = str_sub(host, 1, host.len - 2);
    if (n < 0 || host.len == 0)
        return err_set(err, E_PARSE, "HOST:PORT, such as 127.0.0.1:4566");
    *at = (struct listen_at){ arena_copy(a, host), (uint16_t)n };
    return 0;
}

static int parse_account(struct arena *a, struct str text, void *field, struct err *err)
{
    if (!ids_is_account(text))
        return err_set(err, E_PARSE, "an account of 12 digits (in a file: in quotes)");
    *(struct str *)field = arena_copy(a, text);
    return 0;
}

static int parse_region(struct arena *a, struct str text, void *field, struct err *err)
{
    if (!region_find(text))
        return err_set(err, E_PARSE, "an AWS region, such as eu-west-1");
    *(struct str *)field = arena_copy(a, text);
    return 0;
}

static int parse_clock(struct arena *a, struct str text, void *field, struct err *err)
{
    struct clock_choice *clock = field;
    struct str start = str_sub(text, STR("virtual:").len, text.len);

    (void)a; /* numbers need no memory */
    clock->is_virtual = str_has_prefix(text, STR("virtual:"));
    if (!clock->is_virtual && !str_eq_c(text, "real"))
        return err_set(err, E_PARSE, "real, or virtual:START");
    if (clock->is_virtual && clock_parse_written(start, &clock->start_ms, NULL) < 0)
        return err_set(err, E_PARSE, "a time behind 'virtual:', such as 2026-01-01T00:00:00Z");
    return 0;
}

static int parse_seed(struct arena *a, struct str text, void *field, struct err *err)
{
    struct seed_choice *seed = field;

    seed->is_given = true;
    return option_u64(a, text, &seed->number, err);
}

static int parse_threads(struct arena *a, struct str text, void *field, struct err *err)
{
    if (option_u64(a, text, field, NULL) < 0 || *(uint64_t *)field < 1 || *(uint64_t *)field > 256)
        return err_set(err, E_PARSE, "a number from 1 to 256");
    return 0;
}

static int parse_idle_timeout(struct arena *a, struct str text, void *field, struct err *err)
{
    int64_t ms = 0;

    if (option_duration_ms(a, text, &ms, NULL) < 0 || ms % 1000 != 0 || ms > 86400000)
        return err_set(err, E_PARSE, "a duration of whole seconds, at most 1d");
    *(int64_t *)field = ms;
    return 0;
}

static int parse_durability(struct arena *a, struct str text, void *field, struct err *err)
{
    (void)a; /* numbers need no memory */
    if (!str_eq_c(text, "os") && !str_eq_c(text, "disk"))
        return err_set(err, E_PARSE, "os or disk");
    *(enum durability *)field = str_eq_c(text, "disk") ? DURABILITY_DISK : DURABILITY_OS;
    return 0;
}

static int parse_auth(struct arena *a, struct str text, void *field, struct err *err)
{
    (void)a; /* numbers need no memory */
    if (str_eq_c(text, "enforce"))
        return err_set(err, E_PARSE,
                       "identify or verify: enforce is not available in this version");
    if (!str_eq_c(text, "identify") && !str_eq_c(text, "verify"))
        return err_set(err, E_PARSE, "identify or verify");
    *(enum auth_mode *)field = str_eq_c(text, "verify") ? AUTH_VERIFY : AUTH_IDENTIFY;
    return 0;
}

static const struct option rows[] = {
#define OPTION(name, arg, fallback, parse, field, help)                                            \
    { name, arg, fallback, help, parse, offsetof(struct serve, field) },
#define FLAG(name, field, help) { name, NULL, NULL, help, NULL, offsetof(struct serve, field) },
#include "emulator/http/serve.def"
#undef OPTION
#undef FLAG
};

const struct option_set serve_options = {
    .command = "serve",
    .about = "The emulator: answers AWS API calls and keeps the audit trail of them.",
    .rows = rows,
    .count = COUNT(rows),
};

/* OPTIONS that is a browser's preflight: S3 answers by the bucket's CORS rules. */
static bool is_preflight(const struct request *q)
{
    return str_eq_c(q->method, "OPTIONS") && request_has_header(q, "origin") &&
           request_has_header(q, "access-control-request-method");
}

static struct stream *answer(void *arg, struct arena *a, const struct request *q,
                             struct reply *reply)
{
    struct serve *s = arg;

    if (control_owns(q))
        return control_answer(s->control, a, q, reply);
    if (!is_preflight(q))
        engine_answer(s->engine, a, q, reply);
    else if (s3_cors_preflight(s->engine, a, q, reply) != 1)
        refuse_write(a, q, REFUSE_NO_CORS, reply);
    return NULL;
}

static enum server_wait may_wait(void *arg, struct arena *a, const struct request *q)
{
    const struct serve *s = arg;

    if (control_owns(q))
        return control_may_wait(s->control, q) ? SERVER_IS_SLOW : SERVER_IS_QUICK;
    return !is_preflight(q) && engine_may_wait(s->engine, a, q) ? SERVER_WAITS : SERVER_IS_QUICK;
}

static void stop_waiting(void *arg)
{
    struct serve *s = arg;

    engine_stop_waiting(s->engine);
}

static void hold(void *arg, struct journal_waiter *w)
{
    struct serve *s = arg;

    engine_when_durable(s->engine, w);
}

/* Bad usage and bad input are 2; what the machine refuses is 1. */
static int exit_code(int rc)
{
    return rc == 0 ? 0 : rc == E_IO ? 1 : 2;
}

static int read_upstreams(struct arena *a, struct serve *s, struct err *err)
{
    s->rules = arena_array(a, s->upstreams.count + 1, sizeof *s->rules);
    for (size_t i = 0; i < s->upstreams.count; i++) {
        struct str text = s->upstreams.items[i];
        struct err why = { 0 };

        if (upstream_rule_parse(a, text, &s->rules[i], &why) < 0)
            return err_set(err, E_PARSE, "--upstream '%.*s': expected %s", STR_ARG(text), why.text);
    }
    if (s->upstreams.count > 0 && s->upstream_timeout_ms <= 0)
        return err_set(err, E_PARSE, "--upstream-timeout: expected more than 0s");
    return 0;
}

/* What is there, is it a directory that we may use? One that is not there is made. */
static int check_data(const struct serve *s, struct err *err)
{
    struct stat st;

    if (stat(s->data.ptr, &st) < 0)
        return errno == ENOTDIR
                   ? err_set(err, E_PARSE,
                             "--data '%s': expected a directory, a part of it is a file",
                             s->data.ptr)
                   : 0;
    if (!S_ISDIR(st.st_mode))
        return err_set(err, E_PARSE, "--data '%s': expected a directory, it is a file",
                       s->data.ptr);
    return access(s->data.ptr, R_OK | W_OK | X_OK) < 0 ? err_sys(err, "use --data", s->data.ptr)
                                                       : 0;
}

static int open_engine(struct serve *s, struct err *err)
{
    struct engine_options opt = {
        .data_dir = s->data.ptr,
        .account = s->account,
        .region = s->region,
        .clock_is_virtual = s->clock.is_virtual,
        .clock_start_ms = s->clock.start_ms,
        .seeded = s->seed.is_given,
        .seed = s->seed.number,
        .deliver_every_ms = s->deliver_every_ms,
        .digest_every_ms = s->digest_every_ms,
        .durability = s->durability,
        .auth = s->auth,
        .root_secret = s->root_secret,
        .no_default_trail = s->no_default_trail,
        .upstreams = s->rules,
        .upstream_count = s->upstreams.count,
        .upstream_timeout_ms = s->upstream_timeout_ms,
        .allow_remote = s->allow_remote,
        .responders = s->responders,
    };

    return engine_open(&s->engine, &opt, err);
}

static int open_server(struct serve *s, struct server **out, struct err *err)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    struct server_options opt = {
        .host = s->listen.host,
        .port = s->listen.port,
        .threads = s->threads  ? (unsigned)s->threads
                   : cores > 0 ? (unsigned)cores
                               : 1,
        .data_dir = s->data.ptr,
        .power_safe = s->durability == DURABILITY_DISK,
        .body_timeout_ms = s->body_timeout_ms,
        .idle_timeout_s = (unsigned)(s->idle_timeout_ms / 1000),
        .names = { s->host_suffixes.items, s->host_suffixes.count },
        .answer = answer,
        .hold = hold,
        .answer_arg = s,
        .may_wait = may_wait,
        .stop_waiting = stop_waiting,
    };

    return server_open(out, &opt, err);
}

/* "127.0.0.1:4566", "[::1]:4566" */
static struct str address_of(struct arena *a, struct str host, uint16_t port)
{
    bool is_v6 = memchr(host.ptr, ':', host.len) != NULL;

    return arena_printf(a, "%s%.*s%s:%u", is_v6 ? "[" : "", STR_ARG(host), is_v6 ? "]" : "", port);
}

static void say_ready(struct arena *a, const struct serve *s, const struct server *server)
{
    (void)printf("listening on http://%s\n",
                 address_of(a, s->listen.host, server_port(server)).ptr);
    if (s->daemon)
        (void)printf("xray daemon on %s\n",
                     address_of(a, s->xray.host, xray_daemon_port(s->daemon)).ptr);
    (void)fflush(stdout); /* who can't be told can still connect */
}

static int open_daemon(struct serve *s, struct err *err)
{
    struct xray_daemon_options opt = { .host = s->xray.host,
                                       .port = s->xray.port,
                                       .data_dir = s->data.ptr };

    return s->xray.host.len > 0 ? xray_daemon_open(&s->daemon, s->engine, &opt, err) : 0;
}

/* A server that listens on every address is called on the loopback. */
static int start_responders(struct arena *a, struct serve *s, const struct server *server,
                            struct err *err)
{
    struct str host = s->listen.host;

    if (!s->responders)
        return 0;
    if (str_eq_c(host, "0.0.0.0"))
        host = STR("127.0.0.1");
    else if (str_eq_c(host, "::"))
        host = STR("::1");
    struct str address = address_of(a, host, server_port(server));
    return responders_start(s->responders, s->engine,
                            arena_printf(a, "http://%.*s", STR_ARG(address)), err);
}

/* Everything between the options and the exit. */
static int run(struct arena *a, struct serve *s, const sigset_t *stop, struct err *err)
{
    struct server *server = NULL;
    struct err close_err = { 0 };
    int rc = open_engine(s, err), closed, signal_number;

    if (rc < 0)
        return rc;
    s->control = control_open(s->engine, s->listen.host);
    rc = open_daemon(s, err);
    if (rc == 0)
        rc = open_server(s, &server, err);
    if (rc == 0)
        rc = start_responders(a, s, server, err);
    if (rc == 0) {
        say_ready(a, s, server);
        (void)sigwait(stop, &signal_number); /* either of them ends us */
    }
    responders_stop(s->responders);
    control_end(s->control);
    engine_end_polls(s->engine);
    server_close(server);
    xray_daemon_close(s->daemon);
    closed = engine_close(s->engine, &close_err);
    control_close(s->control);
    return rc < 0 || closed == 0 ? rc : err_set(err, closed, "%s", close_err.text);
}

int serve_main(int argc, char **argv)
{
    struct serve s = { 0 };
    struct arena a = { 0 };
    struct err err = { 0 };
    sigset_t stop;
    int operand_start, rc = options_read(&a, &serve_options, argc, (const char *const *)argv, &s,
                                         &operand_start, &err);

    if (rc == OPTIONS_HELP)
        options_help(&serve_options, stdout);
    if (rc == OPTIONS_VERSION)
        (void)printf("mocktrail %s\n", MOCKTRAIL_VERSION);
    if (rc == OPTIONS_GO) {
        (void)signal(SIGPIPE, SIG_IGN);
        (void)sigemptyset(&stop);
        (void)sigaddset(&stop, SIGTERM);
        (void)sigaddset(&stop, SIGINT);
        /* Before any thread is made, so that each inherits it and sigwait gets them all. */
        (void)pthread_sigmask(SIG_BLOCK, &stop, NULL);
        rc = read_upstreams(&a, &s, &err);
        if (rc == 0)
            rc = check_data(&s, &err);
        if (rc == 0 && s.responders_file.len > 0)
            rc = responders_load(&s.responders, s.responders_file.ptr, &err);
        if (rc == 0)
            rc = run(&a, &s, &stop, &err);
        responders_close(s.responders);
    }
    if (rc < 0)
        (void)fprintf(stderr, "mocktrail serve: %s\n", err.text);
    arena_free(&a);
    return rc < 0 ? exit_code(rc) : 0;
}
