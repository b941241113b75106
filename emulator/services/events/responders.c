#include "emulator/services/events/responders.h"

#include "core/base/fs.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/codec/yaml.h"
#include "emulator/engine/schedule.h"
#include "emulator/services/events/answer.h"
#include "emulator/telemetry/telemetry.h"

#define ROUNDS_MOST 100 /* of events that answer events, while the clock waits */
#define TIMEOUT_MS  30000

/* ---- the file ---- */

static int bad(const char *file, const struct value *at, struct err *err, const char *expected)
{
    return err_set(err, E_PARSE, "%s:%d: expected %s", file, yaml_line(at), expected);
}

static int load_run(struct responders *r, const char *file, const struct value *row,
                    struct responder *out, struct err *err)
{
    const struct value *run = value_get_c(row, "run");
    size_t n = 0;

    if (!run || run->kind != VALUE_LIST || run->count == 0)
        return bad(file, run ? run : row, err, "run: a list, a program and its arguments");
    out->argv = arena_array(&r->arena, run->count + 1, sizeof *out->argv);
    for (const struct value *k = value_first(run); k; k = k->next) {
        struct str text = value_to_text(&r->arena, k);
        if (text.len == 0)
            return bad(file, k, err, "a text in run");
        out->argv[n++] = arena_copy(&r->arena, text).ptr;
    }
    return 0;
}

/* A name that a function could have. Source: Lambda API Reference, "CreateFunction", FunctionName.
 */
static bool is_name(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!((s.ptr[i] >= 'a' && s.ptr[i] <= 'z') || (s.ptr[i] >= 'A' && s.ptr[i] <= 'Z') ||
              (s.ptr[i] >= '0' && s.ptr[i] <= '9') || s.ptr[i] == '-' || s.ptr[i] == '_'))
            return false;
    return s.len > 0 && s.len <= 64;
}

static struct responder *find(struct responders *r, struct str name)
{
    for (size_t i = 0; r && i < r->count; i++)
        if (str_eq(r->items[i].name, name))
            return &r->items[i];
    return NULL;
}

static int load_one(struct responders *r, const char *file, const struct value *row,
                    struct err *err)
{
    struct str name = value_to_text(&r->arena, value_get_c(row, "name"));
    struct str timeout = value_to_text(&r->arena, value_get_c(row, "timeout"));
    struct responder *out = &r->items[r->count];

    for (const struct value *k = value_first(row); k; k = k->next)
        if (!str_eq_c(k->name, "name") && !str_eq_c(k->name, "run") &&
            !str_eq_c(k->name, "timeout"))
            return bad(file, k, err, "name, run or timeout");
    if (row->kind != VALUE_MAP || !is_name(name))
        return bad(file, row, err, "name: 1 to 64 of A-Z a-z 0-9 - _");
    if (find(r, name))
        return bad(file, row, err, "names that differ");
    if (r->count == RESPONDERS_MOST)
        return bad(file, row, err, "at most 32 responders");
    *out = (struct responder){ .all = r,
                               .name = arena_copy(&r->arena, name),
                               .timeout_ms = TIMEOUT_MS };
    if (timeout.len > 0 &&
        (clock_parse_duration(timeout, &out->timeout_ms, NULL) < 0 || out->timeout_ms <= 0))
        return bad(file, row, err, "timeout: a duration, such as 30s");
    int rc = load_run(r, file, row, out, err);
    r->count += rc == 0;
    return rc;
}

static int load_all(struct responders *r, const char *file, struct str text, struct err *err)
{
    struct value *root, *list;
    int rc = yaml_parse(&r->arena, file, text, &root, err);

    if (rc < 0)
        return rc;
    list = value_get_c(root, "responders");
    if (!list || list->kind != VALUE_LIST || root->count != 1)
        return bad(file, root, err, "responders: a list, and nothing else");
    for (const struct value *k = value_first(list); rc == 0 && k; k = k->next)
        rc = load_one(r, file, k, err);
    return rc;
}

int responders_load(struct responders **out, const char *file, struct err *err)
{
    struct responders *r = mem_alloc(sizeof *r);
    struct buf text = { 0 };
    int rc = fs_read(file, &text, err);

    (void)pthread_mutex_init(&r->lock, NULL); /* default attributes: cannot fail here */
    (void)pthread_mutex_init(&r->fork_lock, NULL);
    (void)pthread_cond_init(&r->changed, NULL);
    if (rc == 0)
        rc = load_all(r, file, arena_copy(&r->arena, buf_view(&text)), err);
    buf_free(&text);
    if (rc < 0)
        responders_close(r);
    else
        *out = r;
    return rc;
}

void responders_close(struct responders *r)
{
    if (!r)
        return;
    (void)pthread_cond_destroy(&r->changed);
    (void)pthread_mutex_destroy(&r->fork_lock);
    (void)pthread_mutex_destroy(&r->lock);
    arena_free(&r->arena);
    mem_free(r);
}

/* ---- events that wait ---- */

static void stir(struct responders *r, struct responder *one)
{
    (void)pthread_mutex_lock(&r->lock);
    for (size_t i = 0; i < r->count; i++)
        if (!one || one == &r->items[i])
            r->items[i].is_stirred = true;
    (void)pthread_cond_broadcast(&r->changed);
    (void)pthread_mutex_unlock(&r->lock);
}

/* function:NAME, or function:NAME:QUALIFIER. */
static struct str function_name(const struct arn *arn)
{
    struct str kind, name, rest;

    if (!str_cut(arn->resource, ':', &kind, &name) || !str_eq_c(kind, "function"))
        return STR("");
    (void)str_cut(name, ':', &name, &rest); /* no qualifier: the whole is the name */
    return name;
}

static struct value *waiting(struct delivery *d)
{
    struct value *doc = value_map(d->a);
    struct arena *a = d->a;

    value_put_str(a, doc, "Input", d->input);
    value_set(doc, STR("Envelope"), value_copy(a, d->ev->envelope));
    value_set(doc, STR("Target"), value_copy(a, d->target));
    value_put_str(a, doc, "RuleName", d->rule->name);
    value_put_str(a, doc, "RuleArn", d->rule->arn);
    value_put_str(a, doc, "RuleAccount", d->rule->account);
    value_put_str(a, doc, "RuleRegion", d->rule->region);
    value_put_str(a, doc, "Bus", d->rule->bus);
    value_put_time(a, doc, "Accepted", clock_now_ms(&d->e->clock));
    value_put_int(a, doc, "Attempts", 0);
    return doc;
}

int responders_accept(struct delivery *d, const struct arn *arn, struct err *err)
{
    struct str name = function_name(arn);
    struct responder *one = find(d->e->opt.responders, name);
    char unique[37];

    if (!one)
        return err_set(err, E_MISSING,
                       "mocktrail runs no Lambda functions, and no responder is registered for "
                       "%.*s",
                       STR_ARG(d->arn));
    rng_uuid(d->ev->rng, unique);
    struct str id = arena_printf(d->a, "%.*s/%020lld/%s", STR_ARG(name),
                                 (long long)clock_now_ms(&d->e->clock), unique);
    int rc = store_doc_put(d->e->store, events_key(arn->account, arn->region, "Response", id),
                           waiting(d), err);
    if (rc == 0)
        stir(d->e->opt.responders, one); /* it gets the lock once this is committed */
    return rc;
}

/* ---- threads ---- */

/* Until none waits; a failure of the disk is told, and tried again when something stirs. */
static void answer_all(struct responder *by)
{
    struct err err = { 0 };
    bool found = true, stop = false;
    int rc = 0;

    while (rc == 0 && found && !stop) {
        rc = answer_one(by, &found, &err);
        (void)pthread_mutex_lock(&by->all->lock);
        stop = by->all->stop;
        (void)pthread_mutex_unlock(&by->all->lock);
    }
    if (rc < 0)
        log_write(LOG_ERROR, "responder %.*s: %s", STR_ARG(by->name), err.text);
}

static void *serve(void *arg)
{
    struct responder *by = arg;
    struct responders *r = by->all;

    (void)pthread_mutex_lock(&r->lock);
    while (!r->stop) {
        if (!by->is_stirred) {
            (void)pthread_cond_wait(&r->changed, &r->lock);
            continue;
        }
        by->is_stirred = false;
        by->is_busy = true;
        (void)pthread_mutex_unlock(&r->lock);
        answer_all(by);
        (void)pthread_mutex_lock(&r->lock);
        by->is_busy = false;
        (void)pthread_cond_broadcast(&r->changed);
    }
    (void)pthread_mutex_unlock(&r->lock);
    return NULL;
}

int responders_start(struct responders *r, struct engine *e, struct str endpoint, struct err *err)
{
    r->engine = e;
    r->endpoint = arena_copy(&r->arena, endpoint);
    for (size_t i = 0; i < r->count; i++) {
        r->items[i].is_stirred = true; /* what waited for a start */
        if (pthread_create(&r->items[i].thread, NULL, serve, &r->items[i]) != 0)
            return err_set(err, E_IO, "start the thread of responder %.*s",
                           STR_ARG(r->items[i].name));
        r->items[i].has_thread = true;
    }
    return schedule_add(e->schedule, RESPONDERS_JOB, clock_now_ms(&e->clock), responders_wake, e,
                        err);
}

void responders_stop(struct responders *r)
{
    if (!r)
        return;
    (void)pthread_mutex_lock(&r->lock);
    r->stop = true;
    (void)pthread_cond_broadcast(&r->changed);
    (void)pthread_mutex_unlock(&r->lock);
    for (size_t i = 0; i < r->count; i++)
        if (r->items[i].has_thread)
            (void)pthread_join(r->items[i].thread, NULL);
}

static bool is_idle(const struct responders *r)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->items[i].has_thread && (r->items[i].is_stirred || r->items[i].is_busy))
            return false;
    return true;
}

/* True: somebody had something to do. */
static bool wait_idle(struct responders *r)
{
    bool waited = false;

    (void)pthread_mutex_lock(&r->lock);
    while (!r->stop && !is_idle(r)) {
        waited = true;
        (void)pthread_cond_wait(&r->changed, &r->lock);
    }
    (void)pthread_mutex_unlock(&r->lock);
    return waited;
}

int responders_settle(struct engine *e, struct err *err)
{
    struct responders *r = e->opt.responders;
    bool more = r && r->engine;
    int rc = 0;

    for (int i = 0; rc == 0 && more && i < ROUNDS_MOST; i++) {
        rc = telemetry_sync(e, err);
        more = wait_idle(r);
    }
    return rc;
}

/* The job of retries: whoever has one due is stirred; next is the first due time ahead. */
int responders_wake(void *arg, int64_t now_ms, int64_t *next_ms, struct err *err)
{
    struct engine *e = arg;
    struct arena a = { 0 };
    struct doc *docs;
    size_t count;
    int rc = store_doc_list(e->store, &a, events_key(STR(""), STR(""), "Response", STR("")),
                            STR(""), 0, &docs, &count, err);

    *next_ms = INT64_MAX;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        int64_t at_ms = answer_due_ms(&docs[i]);
        if (at_ms > now_ms && at_ms < *next_ms)
            *next_ms = at_ms;
    }
    if (rc == 0 && count > 0) {
        stir(e->opt.responders, NULL);
        if (clock_is_frozen(&e->clock)) /* the answers have the due time, too */
            rc = responders_settle(e, err);
    }
    arena_free(&a);
    return rc;
}

/* ---- what the control API shows ---- */

static int show_one(struct engine *e, struct arena *a, const struct responder *by,
                    struct value *row, struct err *err)
{
    struct str prefix = arena_printf(a, "%.*s/", STR_ARG(by->name));
    struct value *runs = NULL, *argv = value_list(a);
    struct doc *docs;
    size_t count = 0;

    for (const char *const *arg = by->argv; *arg; arg++)
        value_push(argv, value_c(a, *arg));
    int rc = store_doc_list(e->store, a, events_key(STR(""), STR(""), "Response", prefix), STR(""),
                            0, &docs, &count, err);
    if (rc == 0)
        rc = store_doc_get(e->store, a, events_key(STR("-"), STR("-"), "ResponderRuns", by->name),
                           &runs, err);
    value_put_str(a, row, "name", by->name);
    value_set(row, STR("run"), argv);
    value_put_int(a, row, "waiting", (int64_t)count);
    value_set(row, STR("runs"), runs ? value_copy(a, value_get_c(runs, "Runs")) : value_list(a));
    return rc == E_MISSING ? 0 : rc;
}

int responders_show(struct engine *e, struct arena *a, struct value **out, struct err *err)
{
    struct responders *r = e->opt.responders;
    struct value *list = value_list(a);
    int rc = 0;

    for (size_t i = 0; rc == 0 && r && i < r->count; i++) {
        struct value *row = value_map(a);
        rc = show_one(e, a, &r->items[i], row, err);
        value_push(list, row);
    }
    *out = list;
    return rc;
}
