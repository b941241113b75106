#include "emulator/engine/faults.h"

#include <pthread.h>
#include <stdatomic.h>

#include "core/base/clock.h"
#include "core/base/limits.h"
#include "core/base/mem.h"

enum { DELAY_MOST_MS = 60000, ERROR_STATUS = 503 };

struct rule {
    struct str service, operation, account, region; /* empty: any */
    uint64_t skip, count;                           /* count 0: all */
    uint64_t seen, hits;
    struct fault_met what;
    struct value *as_put;
};

struct faults {
    pthread_mutex_t lock;
    struct arena arena;
    struct rule *rules;
    _Atomic size_t count;
    _Atomic bool delays;
};

struct faults *faults_new(void)
{
    struct faults *f = mem_alloc(sizeof *f);

    (void)pthread_mutex_init(&f->lock, NULL); /* default attributes: cannot fail here */
    return f;
}

void faults_free(struct faults *f)
{
    if (!f)
        return;
    (void)pthread_mutex_destroy(&f->lock);
    arena_free(&f->arena);
    mem_free(f);
}

/* ---- reading rules ---- */

static const struct member {
    const char *name;
    enum value_kind kind;
} members[] = {
    { "service", VALUE_STRING }, { "operation", VALUE_STRING }, { "account", VALUE_STRING },
    { "region", VALUE_STRING },  { "skip", VALUE_INT },         { "count", VALUE_INT },
    { "error", VALUE_STRING },   { "status", VALUE_INT },       { "message", VALUE_STRING },
    { "delay", VALUE_STRING },
};

static int check_members(const struct value *rule, size_t i, struct err *err)
{
    if (rule->kind != VALUE_MAP)
        return err_set(err, E_PARSE, "rule %zu: expected an object", i);
    for (const struct value *v = value_first(rule); v; v = v->next) {
        size_t k = 0;

        while (k < COUNT(members) && !str_eq_c(v->name, members[k].name))
            k++;
        if (k == COUNT(members))
            return err_set(err, E_PARSE, "rule %zu: unknown member '%.*s'", i, STR_ARG(v->name));
        if (v->kind != members[k].kind)
            return err_set(err, E_PARSE, "rule %zu: %s: expected a %s", i, members[k].name,
                           members[k].kind == VALUE_INT ? "number" : "text");
    }
    return 0;
}

static int read_number(const struct value *rule, size_t i, const char *name, int64_t least,
                       int64_t most, int64_t *out, struct err *err)
{
    const struct value *v = value_get_c(rule, name);

    if (!v)
        return 0;
    if (v->kind != VALUE_INT || v->u.integer < least || v->u.integer > most)
        return err_set(err, E_PARSE, "rule %zu: %s: expected a number from %lld to %lld", i, name,
                       (long long)least, (long long)most);
    *out = v->u.integer;
    return 0;
}

static int read_what(struct arena *a, const struct value *rule, size_t i, struct fault_met *out,
                     struct err *err)
{
    struct str delay = value_get_str(rule, "delay");
    int64_t status = ERROR_STATUS;
    int rc = read_number(rule, i, "status", 400, 599, &status, err);

    if (rc < 0)
        return rc;
    if (value_get_c(rule, "delay") && (clock_parse_duration(delay, &out->delay_ms, NULL) < 0 ||
                                       out->delay_ms < 0 || out->delay_ms > DELAY_MOST_MS))
        return err_set(err, E_PARSE, "rule %zu: delay: expected a time up to 60s, such as 500ms",
                       i);
    out->status = (int)status;
    out->code = arena_copy(a, value_get_str(rule, "error"));
    out->message = arena_copy(a, value_get_str(rule, "message"));
    if (out->code.len == 0 && out->delay_ms == 0)
        return err_set(err, E_PARSE, "rule %zu: expected error or delay", i);
    return 0;
}

static int read_rule(struct arena *a, const struct value *v, size_t i, struct rule *out,
                     struct err *err)
{
    int64_t skip = 0, count = 0;
    int rc = check_members(v, i, err);

    if (rc == 0)
        rc = read_number(v, i, "skip", 0, INT64_MAX, &skip, err);
    if (rc == 0)
        rc = read_number(v, i, "count", 1, INT64_MAX, &count, err);
    if (rc == 0)
        rc = read_what(a, v, i, &out->what, err);
    out->skip = (uint64_t)skip;
    out->count = (uint64_t)count;
    out->as_put = value_copy(a, v);
    out->service = value_get_str(out->as_put, "service");
    out->operation = value_get_str(out->as_put, "operation");
    out->account = value_get_str(out->as_put, "account");
    out->region = value_get_str(out->as_put, "region");
    return rc;
}

int faults_put(struct faults *f, const struct value *doc, struct err *err)
{
    const struct value *list = value_get_c(doc, "rules");
    struct arena a = { 0 };
    size_t n = 0;
    bool delays = false;
    int rc = 0;

    if (!list || list->kind != VALUE_LIST || list->count > LIMIT_FAULT_RULES)
        return err_set(err, E_PARSE, "expected {\"rules\": [...]}, at most %d", LIMIT_FAULT_RULES);
    struct rule *rules = arena_array(&a, list->count + 1, sizeof *rules);

    for (const struct value *v = value_first(list); rc == 0 && v; v = v->next) {
        rc = read_rule(&a, v, n, &rules[n], err);
        delays = delays || rules[n].what.delay_ms > 0;
        n++;
    }
    if (rc < 0) {
        arena_free(&a);
        return rc;
    }
    (void)pthread_mutex_lock(&f->lock);
    arena_free(&f->arena);
    f->arena = a;
    f->rules = rules;
    atomic_store(&f->count, n);
    atomic_store(&f->delays, delays);
    (void)pthread_mutex_unlock(&f->lock);
    return 0;
}

void faults_clear(struct faults *f)
{
    (void)pthread_mutex_lock(&f->lock);
    atomic_store(&f->count, 0);
    atomic_store(&f->delays, false);
    arena_free(&f->arena);
    (void)pthread_mutex_unlock(&f->lock);
}

struct value *faults_list(struct faults *f, struct arena *a)
{
    struct value *out = value_map(a), *list = value_list(a);

    (void)pthread_mutex_lock(&f->lock);
    for (size_t i = 0; i < f->count; i++) {
        struct value *v = value_copy(a, f->rules[i].as_put);

        value_put_int(a, v, "hits", (int64_t)f->rules[i].hits);
        value_push(list, v);
    }
    (void)pthread_mutex_unlock(&f->lock);
    value_set(out, STR("rules"), list);
    return out;
}

/* ---- meeting them ---- */

static bool fits(struct str pattern, struct str text)
{
    return pattern.len == 0 || str_match(pattern, text);
}

static bool rule_fits(const struct rule *r, const struct call *call)
{
    return fits(r->service, call->service_name) && fits(r->operation, call->action) &&
           fits(r->account, call->account) && fits(r->region, call->region);
}

/* The first that fits and is not used up; it counts the call, whether or not it is its turn. */
static struct rule *find(struct faults *f, const struct call *call)
{
    for (size_t i = 0; i < f->count; i++) {
        struct rule *r = &f->rules[i];

        if ((r->count == 0 || r->hits < r->count) && rule_fits(r, call))
            return r;
    }
    return NULL;
}

bool faults_meet(struct faults *f, struct arena *a, const struct call *call, struct fault_met *out)
{
    bool hit = false;

    if (atomic_load(&f->count) == 0)
        return false;
    (void)pthread_mutex_lock(&f->lock);
    struct rule *r = find(f, call);

    if (r && r->seen++ >= r->skip) {
        r->hits++;
        hit = true;
        *out = r->what;
        out->code = arena_copy(a, r->what.code);
        out->message = arena_copy(a, r->what.message);
    }
    (void)pthread_mutex_unlock(&f->lock);
    return hit;
}

bool faults_may_delay(const struct faults *f)
{
    return atomic_load(&f->delays);
}
