#include "emulator/http/control.h"

#include <pthread.h>
#include <stdatomic.h>

#include "core/base/mem.h"
#include "core/base/version.h"
#include "core/codec/json.h"
#include "emulator/engine/faults.h"
#include "emulator/engine/inject.h"
#include "emulator/engine/schedule.h"
#include "emulator/http/host.h"
#include "emulator/http/ui.h"
#include "emulator/services/cloudwatch/state.h"
#include "emulator/services/events/responders.h"
#include "emulator/services/s3.h"
#include "emulator/services/sns/signature.h"
#include "emulator/store/history.h"
#include "emulator/telemetry/telemetry.h"
#include "emulator/trail/trail.h"

#define PAST_LINES 256 /* fetched at a time: bounds memory */

struct control {
    struct engine *engine;
    struct str listen_host;
    struct hub *hub;
    pthread_mutex_t lock;
    bool is_watching; /* records reach the hub: from the first follower on */
};

/* One control call. */
struct visit {
    struct control *control;
    struct arena *a;
    const struct request *q;
    struct str name;    /* what stands behind the route's path */
    struct value *body; /* POST: a JSON object, or NULL when empty */
    struct reply *reply;
    struct stream *stream;
};

typedef int control_fn(struct visit *v, struct err *err);
#define ROUTE(method, path, run, help) static control_fn run;
#include "emulator/http/control.def"
#undef ROUTE

static const struct control_route {
    const char *method, *path;
    control_fn *run;
    const char *help;
} routes[] = {
#define ROUTE(method, path, run, help) { #method, path, run, help },
#include "emulator/http/control.def"
#undef ROUTE
};

struct control *control_open(struct engine *e, struct str listen_host)
{
    struct control *c = mem_alloc(sizeof *c);

    c->engine = e;
    c->listen_host = listen_host;
    c->hub = hub_open();
    (void)pthread_mutex_init(&c->lock, NULL); /* default attributes: cannot fail here */
    return c;
}

void control_end(struct control *c)
{
    hub_end(c->hub);
}

void control_close(struct control *c)
{
    if (!c)
        return;
    hub_close(c->hub);
    (void)pthread_mutex_destroy(&c->lock);
    mem_free(c);
}

static void answer_text(struct visit *v, int status, const char *type, struct buf *text)
{
    v->reply->status = status;
    v->reply->body.text = arena_copy(v->a, buf_view(text));
    v->reply->body.len = (int64_t)text->len;
    reply_header(v->a, v->reply, "Content-Type", str_c(type));
    buf_free(text);
}

static int answer_json(struct visit *v, int status, const struct value *doc)
{
    struct buf text = { 0 };

    json_write(&text, doc);
    buf_add_char(&text, '\n');
    answer_text(v, status, "application/json", &text);
    return 0;
}

static int answer_error(struct visit *v, int status, const char *text)
{
    struct value *doc = value_map(v->a);

    value_put_c(v->a, doc, "error", text);
    return answer_json(v, status, doc);
}

static int control_routes(struct visit *v, struct err *err)
{
    struct value *doc = value_map(v->a), *list = value_list(v->a);

    (void)err; /* a table can't fail */
    for (size_t i = 0; i < COUNT(routes); i++) {
        struct value *row = value_map(v->a);
        struct str path = str_c(routes[i].path);

        value_put_c(v->a, row, "method", routes[i].method);
        value_set(row, STR("path"),
                  value_str(v->a, arena_printf(v->a, "/_mocktrail/%s%s", routes[i].path,
                                               str_has_suffix(path, STR("/")) ? "NAME" : "")));
        value_put_c(v->a, row, "does", routes[i].help);
        value_push(list, row);
    }
    value_set(doc, STR("routes"), list);
    return answer_json(v, 200, doc);
}

static int control_health(struct visit *v, struct err *err)
{
    struct engine *e = v->control->engine;
    struct value *doc = value_map(v->a), *records = value_map(v->a);

    (void)err; /* who is answered by a running server needs no more proof of it */
    value_put_bool(v->a, doc, "ready", true);
    value_put_c(v->a, doc, "version", MOCKTRAIL_VERSION);
    value_put_int(v->a, doc, "operations", cat_op_count(e->cat));
    value_put_int(v->a, records, "accepted", (int64_t)atomic_load(&e->accepted_count));
    engine_enter(e);
    value_put_int(v->a, records, "delivered", (int64_t)trail_delivered_count(e->trail));
    value_put_int(v->a, records, "pending", (int64_t)trail_pending_count(e->trail));
    engine_leave(e);
    value_set(doc, STR("records"), records);
    return answer_json(v, 200, doc);
}

static int control_metrics(struct visit *v, struct err *err)
{
    struct engine *e = v->control->engine;
    struct buf text = { 0 };

    engine_enter(e);
    int rc = telemetry_sync(e, err);
    buf_printf(&text,
               "# HELP mocktrail_records_accepted_total Calls answered and recorded.\n"
               "# TYPE mocktrail_records_accepted_total counter\n"
               "mocktrail_records_accepted_total %llu\n"
               "# HELP mocktrail_records_delivered_total Records in delivered log files.\n"
               "# TYPE mocktrail_records_delivered_total counter\n"
               "mocktrail_records_delivered_total %llu\n"
               "# HELP mocktrail_records_pending Records that wait for delivery.\n"
               "# TYPE mocktrail_records_pending gauge\n"
               "mocktrail_records_pending %llu\n",
               (unsigned long long)atomic_load(&e->accepted_count),
               (unsigned long long)trail_delivered_count(e->trail),
               (unsigned long long)trail_pending_count(e->trail));
    cw_exposition(e, &text);
    engine_leave(e);
    if (rc == 0)
        answer_text(v, 200, "text/plain; version=0.0.4", &text);
    buf_free(&text);
    return rc;
}

static int control_sns(struct visit *v, struct err *err)
{
    struct engine *e = v->control->engine;
    struct buf text = { 0 };
    struct str pem = { 0 };

    engine_enter(e);
    int rc = sns_certificate(e, v->a, v->name, &pem, err);
    engine_leave(e);
    if (rc == E_MISSING)
        return answer_error(v, 404, "no certificate of that name");
    if (rc == 0) {
        buf_add(&text, pem);
        answer_text(v, 200, "application/x-pem-file", &text);
    }
    return rc;
}

static int control_ui(struct visit *v, struct err *err)
{
    return ui_page(v->a, v->name, v->reply, err);
}

static int control_ui_read(struct visit *v, struct err *err)
{
    struct buf text = { 0 };
    int status = 200;
    int rc = ui_read(v->control->engine, v->a, v->body, &status, &text, err);

    if (rc == 0)
        answer_text(v, status, "application/json", &text);
    else
        buf_free(&text);
    return rc;
}

static int answer_done(struct visit *v, int rc)
{
    struct value *doc = value_map(v->a);

    if (rc < 0)
        return rc;
    value_put_bool(v->a, doc, "ok", true);
    return answer_json(v, 200, doc);
}

static int control_flush(struct visit *v, struct err *err)
{
    struct engine *e = v->control->engine;
    int rc = responders_settle(e, err);

    engine_enter(e);
    if (rc == 0)
        rc = s3_settle(e, err);
    if (rc == 0)
        rc = trail_flush(e->trail, err);
    engine_leave(e);
    return answer_done(v, rc);
}

static int control_responders(struct visit *v, struct err *err)
{
    struct engine *e = v->control->engine;
    struct value *doc = value_map(v->a), *list = NULL;

    engine_enter(e);
    int rc = responders_show(e, v->a, &list, err);
    engine_leave(e);
    if (rc < 0)
        return rc;
    value_set(doc, STR("responders"), list);
    return answer_json(v, 200, doc);
}

static int control_reset(struct visit *v, struct err *err)
{
    faults_clear(engine_faults(v->control->engine));
    return answer_done(v, engine_reset(v->control->engine, err));
}

static int control_snapshot(struct visit *v, struct err *err)
{
    return answer_done(v, engine_snapshot(v->control->engine, v->name, err));
}

static int control_restore(struct visit *v, struct err *err)
{
    return answer_done(v, engine_restore(v->control->engine, v->name, err));
}

static int control_clock(struct visit *v, struct err *err)
{
    struct engine *e = v->control->engine;
    struct value *doc = value_map(v->a);
    char now[CLOCK_ISO_SIZE];

    (void)err; /* reading the clock can't fail */
    clock_iso(clock_now_ms(&e->clock), now);
    value_put_c(v->a, doc, "now", now);
    value_put_c(v->a, doc, "mode", e->opt.clock_is_virtual ? "virtual" : "real");
    value_put_bool(v->a, doc, "frozen", schedule_is_frozen(e->schedule));
    return answer_json(v, 200, doc);
}

static int clock_advance(struct engine *e, const struct value *arg, struct err *err)
{
    int64_t ms = 0;

    if (arg->kind != VALUE_STRING || clock_parse_duration(arg->u.text, &ms, NULL) < 0 || ms < 0)
        return err_set(err, E_PARSE,
                       "advance: expected a duration such as \"90s\", \"15m\", \"1h\"");
    return engine_advance(e, clock_now_ms(&e->clock) + ms, err);
}

static int clock_set(struct engine *e, const struct value *arg, struct err *err)
{
    int64_t ms = 0;

    if (arg->kind != VALUE_STRING || clock_parse_written(arg->u.text, &ms, NULL) < 0)
        return err_set(err, E_PARSE, "set: expected a time such as \"2026-01-01T00:00:00Z\"");
    return engine_advance(e, ms, err);
}

static int clock_hold(struct engine *e, const struct value *arg, struct err *err)
{
    if (arg->kind != VALUE_BOOL)
        return err_set(err, E_PARSE, "freeze: expected true or false");
    return schedule_freeze(e->schedule, arg->u.boolean, err);
}

static int control_set_clock(struct visit *v, struct err *err)
{
    static const struct {
        const char *name;
        int (*run)(struct engine *e, const struct value *arg, struct err *err);
    } verbs[] = { { "advance", clock_advance }, { "set", clock_set }, { "freeze", clock_hold } };
    const struct value *arg = value_first(v->body);

    if (!arg || arg->next)
        return err_set(err, E_PARSE, "expected one of advance, set, freeze");
    for (size_t i = 0; i < COUNT(verbs); i++)
        if (str_eq_c(arg->name, verbs[i].name)) {
            int rc = verbs[i].run(v->control->engine, arg, err);

            return rc < 0 ? rc : control_clock(v, err);
        }
    return err_set(err, E_PARSE, "'%.*s': expected advance, set or freeze", STR_ARG(arg->name));
}

static void on_record(void *arg, const struct journal_entry *entry)
{
    hub_put(arg, entry->record);
}

static int on_reopened(void *arg, struct engine *e, struct err *err)
{
    return trail_add_sink(e->trail, "control-events", on_record, arg, err);
}

/* Records reach the hub from the first follower on; nobody pays for it before. */
static int watch(struct control *c, struct err *err)
{
    int rc = 0;

    (void)pthread_mutex_lock(&c->lock);
    if (!c->is_watching)
        rc = engine_watch(c->engine, on_reopened, c->hub, err);
    c->is_watching = rc == 0;
    (void)pthread_mutex_unlock(&c->lock);
    return rc;
}

/* The event history as it was when it was asked for. */
struct past {
    struct engine *engine;
    struct history_span span;
};

static int past_fill(void *arg, struct buf *out, struct err *err)
{
    struct past *p = arg;
    struct arena a = { 0 };
    struct history_line *lines;
    size_t count = 0;

    engine_enter(p->engine);
    int rc = history_page(p->engine->store, &a, &p->span, &lines, &count, err);
    engine_leave(p->engine);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        buf_add(out, lines[i].record);
        buf_add_char(out, '\n');
        p->span.after = lines[i].number;
    }
    arena_free(&a);
    return rc < 0 ? rc : count > 0;
}

static void past_drop(void *arg)
{
    mem_free(arg);
}

static int past_open(struct engine *e, struct stream **out, struct err *err)
{
    struct past past = { .engine = e, .span = { .limit = PAST_LINES } };

    engine_enter(e);
    int rc = trail_sync_history(e->trail, err);
    if (rc == 0)
        past.span.last = history_reached(e->store);
    engine_leave(e);
    if (rc < 0)
        return rc;
    struct past *kept = mem_alloc(sizeof *kept);
    *kept = past;
    *out = stream_of(past_fill, past_drop, kept);
    return 0;
}

static int control_events(struct visit *v, struct err *err)
{
    struct str follow = request_param(v->q, "follow");
    bool follows = str_eq_c(follow, "1");
    int rc;

    if (!follows && follow.len > 0 && !str_eq_c(follow, "0"))
        return err_set(err, E_PARSE, "follow: expected 1, or 0 for the records so far");
    rc = follows ? watch(v->control, err) : past_open(v->control->engine, &v->stream, err);
    if (rc < 0)
        return rc;
    v->reply->status = 200;
    reply_header(v->a, v->reply, "Content-Type", STR("application/x-ndjson"));
    if (follows)
        v->stream = hub_follow(v->control->hub);
    return 0;
}

static int control_inject(struct visit *v, struct err *err)
{
    struct value *doc = value_map(v->a);
    size_t count = 0;
    int rc = engine_inject(v->control->engine, v->a, v->q->body.text, &count, err);

    if (rc < 0)
        return rc;
    value_put_int(v->a, doc, "accepted", (int64_t)count);
    return answer_json(v, 200, doc);
}

static int control_faults(struct visit *v, struct err *err)
{
    (void)err; /* never fails */
    return answer_json(v, 200, faults_list(engine_faults(v->control->engine), v->a));
}

static int control_put_faults(struct visit *v, struct err *err)
{
    int rc = faults_put(engine_faults(v->control->engine), v->body, err);

    return rc < 0 ? rc : control_faults(v, err);
}

static int control_clear_faults(struct visit *v, struct err *err)
{
    faults_clear(engine_faults(v->control->engine));
    return control_faults(v, err);
}

static int status_of(int rc)
{
    static const struct {
        int rc, status;
    } map[] = { { E_PARSE, 400 }, { E_LIMIT, 400 }, { E_MISSING, 404 }, { E_CONFLICT, 409 } };

    for (size_t i = 0; i < COUNT(map); i++)
        if (map[i].rc == rc)
            return map[i].status;
    return 500;
}

static bool is_from_here(const struct control *c, const struct request *q)
{
    return host_is_local(request_header(q, "host"), c->listen_host) &&
           (!request_has_header(q, "origin") ||
            host_origin_is_local(request_header(q, "origin"), c->listen_host));
}

/* The route of a path and method; *path_known: of the path with another method. */
static const struct control_route *find_route(struct visit *v, struct str rest, bool *path_known)
{
    for (size_t i = 0; i < COUNT(routes); i++) {
        struct str path = str_c(routes[i].path);
        bool takes_name = str_has_suffix(path, STR("/"));

        if (takes_name ? !str_has_prefix(rest, path) || rest.len == path.len : !str_eq(rest, path))
            continue;
        *path_known = true;
        if (!str_eq_c(v->q->method, routes[i].method))
            continue;
        v->name = str_sub(rest, path.len, rest.len);
        return &routes[i];
    }
    return NULL;
}

static int parse_body(struct visit *v, struct err *err)
{
    struct str text = str_trim(v->q->body.text);
    int rc;

    if (text.len == 0)
        return 0;
    rc = json_parse(v->a, text, &v->body, err);
    if (rc == 0 && v->body->kind != VALUE_MAP)
        rc = err_set(err, E_PARSE, "expected a JSON object");
    return rc;
}

bool control_may_wait(const struct control *c, const struct request *q)
{
    return str_eq_c(q->method, "POST") && is_from_here(c, q);
}

bool control_owns(const struct request *q)
{
    return str_has_prefix(q->path, STR("/_mocktrail/")) || str_eq_c(q->path, "/_mocktrail");
}

/* What stands behind /_mocktrail/; a slash at its end says nothing. */
static struct str route_path(const struct request *q)
{
    struct str rest = str_sub(q->path, STR("/_mocktrail/").len, q->path.len);

    if (str_has_suffix(rest, STR("/")))
        rest.len--;
    return rest;
}

struct stream *control_answer(struct control *c, struct arena *a, const struct request *q,
                              struct reply *reply)
{
    struct visit v = { .control = c, .a = a, .q = q, .reply = reply };
    struct err err = { 0 };
    bool path_known = false;
    const struct control_route *route = find_route(&v, route_path(q), &path_known);
    int rc = 0;

    if (!is_from_here(c, q))
        (void)answer_error(&v, 403,
                           "control calls come from this machine only: "
                           "the Host or Origin header names another");
    else if (q->refused_code.len)
        (void)answer_error(&v, q->refused_status, arena_copy(a, q->refused_message).ptr);
    else if (!route && path_known)
        (void)answer_error(&v, 405, "this route knows another method: GET /_mocktrail/ lists them");
    else if (!route)
        (void)answer_error(&v, 404, "no such route: GET /_mocktrail/ lists them");
    else if (route->run != control_inject) /* which takes lists and lines too */
        rc = parse_body(&v, &err);
    if (route && reply->status == 0 && rc == 0)
        rc = route->run(&v, &err);
    if (rc < 0)
        (void)answer_error(&v, status_of(rc), err.text);
    return v.stream;
}
