#include "verify/expect/parse.h"

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/codec/yaml.h"

struct parse {
    struct arena *arena;
    const char *file;
    struct err *err;
};

static int fail(struct parse *p, const struct value *at, const char *what)
{
    return err_set(p->err, E_PARSE, "%s:%d: %s", p->file, yaml_line(at), what);
}

/* ---- members, each by a row ---- */

typedef int member_fn(struct parse *p, const struct value *v, void *field);

static int read_pattern(struct parse *p, const struct value *v, void *field)
{
    struct str text = value_to_text(p->arena, v);

    if (text.len == 0)
        return fail(p, v, "expected a text");
    *(struct str *)field = text;
    return 0;
}

static int read_call(struct parse *p, const struct value *v, void *field)
{
    struct err why = { 0 };

    if (call_name_parse(p->arena, value_to_text(p->arena, v), field, &why) < 0)
        return fail(p, v, why.text);
    return 0;
}

static int read_event(struct parse *p, const struct value *v, void *field)
{
    struct call_name *c = field;
    struct str name = value_to_text(p->arena, v);

    if (name.len == 0)
        return fail(p, v, "expected an event's name, such as ConsoleLogin");
    c->text = c->name = name;
    return 0;
}

static int read_source(struct parse *p, const struct value *v, void *field)
{
    struct call_name *c = field;

    return read_pattern(p, v, &c->source);
}

static int read_map(struct parse *p, const struct value *v, void *field)
{
    if (v->kind != VALUE_MAP)
        return fail(p, v, "expected members, such as {userName: bob}");
    *(const struct value **)field = v;
    return 0;
}

static int read_time(struct parse *p, const struct value *v, void *field)
{
    if (clock_parse_written(value_to_text(p->arena, v), field, NULL) < 0)
        return fail(p, v, "expected a time, such as 2026-01-05T09:00:00Z");
    return 0;
}

static int read_count(struct parse *p, const struct value *v, void *field)
{
    if (v->kind != VALUE_INT || v->u.integer < 0)
        return fail(p, v, "expected a number from 0");
    *(int64_t *)field = v->u.integer;
    return 0;
}

static int read_never(struct parse *p, const struct value *v, void *field)
{
    if (v->kind != VALUE_BOOL || !v->u.boolean)
        return fail(p, v, "expected true");
    *(int64_t *)field = 0;
    return 0;
}

static int read_duration(struct parse *p, const struct value *v, void *field)
{
    if (clock_parse_duration(value_to_text(p->arena, v), field, NULL) < 0)
        return fail(p, v, "expected a duration, such as 90s, 15m or 1h");
    return 0;
}

/* What an item may say, steps and whole expectations alike. */
struct item {
    struct expect_step step;
    int64_t exactly, least, most, never, within_ms; /* -1: not given */
    const struct value *order;
    struct str name;
};

static int read_order(struct parse *p, const struct value *v, void *field)
{
    if (v->kind != VALUE_LIST || v->count < 2)
        return fail(p, v, "expected a list of two calls or more");
    *(const struct value **)field = v;
    return 0;
}

static const struct member {
    const char *name;
    member_fn *read;
    size_t offset;
    bool in_step; /* also in a step of an order */
} members[] = {
    { "call", read_call, offsetof(struct item, step.call), true },
    { "event", read_event, offsetof(struct item, step.call), true },
    { "source", read_source, offsetof(struct item, step.call), true },
    { "by", read_pattern, offsetof(struct item, step.by), true },
    { "where", read_map, offsetof(struct item, step.where), true },
    { "response", read_map, offsetof(struct item, step.response), true },
    { "record", read_map, offsetof(struct item, step.record), true },
    { "capture", read_map, offsetof(struct item, step.capture), true },
    { "error", read_pattern, offsetof(struct item, step.error), true },
    { "region", read_pattern, offsetof(struct item, step.region), true },
    { "account", read_pattern, offsetof(struct item, step.account), true },
    { "after", read_time, offsetof(struct item, step.after_ms), true },
    { "before", read_time, offsetof(struct item, step.before_ms), true },
    { "exactly", read_count, offsetof(struct item, exactly), false },
    { "at_least", read_count, offsetof(struct item, least), false },
    { "at_most", read_count, offsetof(struct item, most), false },
    { "never", read_never, offsetof(struct item, never), false },
    { "within", read_duration, offsetof(struct item, within_ms), false },
    { "order", read_order, offsetof(struct item, order), false },
    { "name", read_pattern, offsetof(struct item, name), false },
};

static const struct member *member_of(struct str name)
{
    for (size_t i = 0; i < COUNT(members); i++)
        if (str_eq_c(name, members[i].name))
            return &members[i];
    return NULL;
}

static int fail_member(struct parse *p, const struct value *m, bool is_step)
{
    struct buf b = { 0 };

    buf_printf(&b, "unknown member '%.*s': expected", STR_ARG(m->name));
    for (size_t i = 0; i < COUNT(members); i++)
        if (!is_step || members[i].in_step)
            buf_printf(&b, "%s %s", i > 0 ? "," : "", members[i].name);
    struct str what = arena_copy(p->arena, buf_view(&b));

    buf_free(&b);
    return fail(p, m, what.ptr);
}

static int read_item(struct parse *p, const struct value *v, bool is_step, struct item *out)
{
    *out = (struct item){ .exactly = -1, .least = -1, .most = -1, .never = -1 };
    out->step.after_ms = INT64_MIN;
    out->step.before_ms = INT64_MAX;
    out->step.line = yaml_line(v);
    if (v->kind == VALUE_STRING && is_step)
        return read_call(p, v, &out->step.call);
    if (v->kind != VALUE_MAP)
        return fail(p, v, "expected members, such as call: iam.CreateUser");
    for (const struct value *m = value_first(v); m; m = m->next) {
        const struct member *row = member_of(m->name);

        if (!row || (is_step && !row->in_step))
            return fail_member(p, m, is_step);
        int rc = row->read(p, m, (char *)out + row->offset);

        if (rc < 0)
            return rc;
    }
    if (value_get_c(v, "call") && (value_get_c(v, "event") || value_get_c(v, "source")))
        return fail(p, v, "expected call, or event and source, not both");
    if (!out->order && out->step.call.name.len == 0)
        return fail(p, v, "expected call, event or order");
    return 0;
}

/* ---- an expectation ---- */

static int read_counts(struct parse *p, const struct value *at, const struct item *i,
                       struct expectation *e)
{
    int given = (i->exactly >= 0) + (i->never >= 0) + (i->least >= 0 || i->most >= 0);

    if (given > 1)
        return fail(p, at, "expected exactly, never, or at_least and at_most");
    e->least = 1;
    e->most = INT64_MAX;
    if (i->never >= 0)
        e->least = e->most = 0;
    if (i->exactly >= 0)
        e->least = e->most = i->exactly;
    if (i->least >= 0)
        e->least = i->least;
    if (i->most >= 0) {
        e->most = i->most;
        e->least = i->least >= 0 ? i->least : 0;
    }
    if (e->least > e->most)
        return fail(p, at, "expected at_least not above at_most");
    return 0;
}

static int read_steps(struct parse *p, const struct value *list, struct expectation *e)
{
    e->steps = arena_array(p->arena, list->count, sizeof *e->steps);
    for (const struct value *v = value_first(list); v; v = v->next) {
        struct item step;
        int rc = read_item(p, v, true, &step);

        if (rc < 0)
            return rc;
        e->steps[e->step_count++] = step.step;
    }
    return 0;
}

static struct str count_text(struct parse *p, const struct expectation *e)
{
    if (e->most == 0)
        return STR("never");
    if (e->least == e->most)
        return arena_printf(p->arena, "exactly %lld", (long long)e->least);
    if (e->most == INT64_MAX)
        return arena_printf(p->arena, "at least %lld", (long long)e->least);
    if (e->least == 0)
        return arena_printf(p->arena, "at most %lld", (long long)e->most);
    return arena_printf(p->arena, "%lld to %lld", (long long)e->least, (long long)e->most);
}

static struct str name_of(struct parse *p, const struct expectation *e)
{
    struct str out = STR("");

    if (!e->is_order)
        return arena_printf(p->arena, "%.*s %.*s%s%.*s", STR_ARG(count_text(p, e)),
                            STR_ARG(e->steps[0].call.text), e->steps[0].by.len ? " by " : "",
                            STR_ARG(e->steps[0].by));
    for (size_t i = 0; i < e->step_count; i++)
        out = arena_printf(p->arena, "%.*s%s%.*s", STR_ARG(out), i ? ", then " : "",
                           STR_ARG(e->steps[i].call.text));
    return out;
}

static int read_expectation(struct parse *p, const struct value *v, struct expectation *e)
{
    struct item i;
    int rc = read_item(p, v, false, &i);

    if (rc < 0)
        return rc;
    e->line = yaml_line(v);
    e->within_ms = i.within_ms;
    e->is_order = i.order != NULL;
    if (e->is_order && (i.step.call.name.len || i.exactly >= 0 || i.least >= 0 || i.most >= 0))
        return fail(p, v, "expected no call and no count beside order");
    if (e->is_order) {
        rc = read_steps(p, i.order, e);
    } else {
        e->steps = arena_alloc(p->arena, sizeof *e->steps);
        e->steps[0] = i.step;
        e->step_count = 1;
        rc = read_counts(p, v, &i, e);
    }
    if (rc == 0)
        e->name = i.name.len ? i.name : name_of(p, e);
    return rc;
}

int expect_parse(struct arena *a, struct str path, struct str text, struct expect_file *out,
                 struct err *err)
{
    struct parse p = { a, arena_copy(a, path).ptr, err };
    struct value *root;
    int rc = yaml_parse(a, p.file, text, &root, err);

    if (rc < 0)
        return rc;
    const struct value *list = value_get_c(root, "expect");

    if (!list || list->kind != VALUE_LIST || list->count == 0)
        return fail(&p, root, "expected 'expect:' and a list of expectations");
    for (const struct value *m = value_first(root); m; m = m->next)
        if (m != list)
            return fail(
                &p, m,
                arena_printf(a, "unknown member '%.*s': expected 'expect:' alone", STR_ARG(m->name))
                    .ptr);
    *out = (struct expect_file){ arena_copy(a, path),
                                 arena_array(a, list->count, sizeof *out->list), 0 };
    for (const struct value *v = value_first(list); v && rc == 0; v = v->next)
        rc = read_expectation(&p, v, &out->list[out->count++]);
    return rc;
}
