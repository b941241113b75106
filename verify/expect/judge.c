#include "verify/expect/judge.h"

#include "core/base/clock.h"
#include "core/codec/json.h"

enum { SHOWN_RECORDS = 5 };

struct judge {
    struct arena *arena;
    const struct expect_file *file;
    const struct seen_list *seen;
    struct bindings bound;
    struct buf detail;
};

/* ---- one record against one step ---- */

static const struct value *at_path(const struct value *v, struct str path)
{
    struct str name;

    while (v && path.len > 0) {
        (void)str_cut(path, '.', &name, &path); /* no dot: the last name */
        v = value_get(v, name);
    }
    return v;
}

static struct str text_at(struct judge *j, const struct seen *s, const char *path)
{
    return value_to_text(j->arena, at_path(s->tree, str_c(path)));
}

static void match_by(struct judge *j, struct match *m, const struct expect_step *step,
                     const struct seen *s)
{
    struct str arn = text_at(j, s, "userIdentity.arn");
    struct str caller = text_at(j, s, "userIdentity.invokedBy");

    if (step->by.len)
        match_text(m, STR("userIdentity.arn"), step->by, arn.len ? arn : caller);
}

/* Records say NoSuchEntityException and Client.InvalidGroup.NotFound where clients are answered
 * NoSuchEntity and InvalidGroup.NotFound. */
static struct str client_code(struct str code)
{
    static const struct str heads[] = { { "Client.", 7 }, { "Server.", 7 } };
    static const struct str tails[] = { { "Exception", 9 }, { "Fault", 5 } };

    for (size_t i = 0; i < COUNT(heads); i++)
        if (str_has_prefix(code, heads[i]))
            code = str_sub(code, heads[i].len, code.len);
    for (size_t i = 0; i < COUNT(tails); i++)
        if (str_has_suffix(code, tails[i]))
            code = str_sub(code, 0, code.len - tails[i].len);
    return code;
}

static void match_error(struct judge *j, struct match *m, const struct expect_step *step,
                        const struct seen *s)
{
    struct str code = text_at(j, s, "errorCode");

    if (step->error.len == 0 || str_eq_c(step->error, "any"))
        return;
    if (str_eq_c(step->error, "none") && code.len == 0)
        code = STR("none");
    /* a sign-in that failed has a message and no code */
    if (str_eq_c(code, "none") && value_get_c(s->tree, "errorMessage"))
        code = text_at(j, s, "errorMessage");
    if (code.len == 0)
        code = STR("none");
    if (!str_match(client_code(step->error), client_code(code)))
        match_text(m, STR("errorCode"), step->error, code);
}

static void match_time(struct judge *j, struct match *m, const struct expect_step *step,
                       const struct seen *s)
{
    char iso[CLOCK_ISO_SIZE];

    if (s->time_ms >= step->after_ms && s->time_ms <= step->before_ms)
        return;
    m->differences++;
    clock_iso(s->time_ms, iso);
    if (m->lines)
        buf_printf(m->lines, "    eventTime: expected within after and before, found %s\n", iso);
    (void)j; /* a time needs no memory */
}

static void capture(struct judge *j, struct match *m, const struct expect_step *step,
                    const struct seen *s)
{
    for (const struct value *c = value_first(step->capture); c; c = c->next) {
        const struct value *v = at_path(s->tree, value_to_text(j->arena, c));
        struct str text = value_to_text(j->arena, v);

        if (!v)
            match_text(m, value_to_text(j->arena, c), STR("something to capture"), STR("nothing"));
        else
            match_text(m, value_to_text(j->arena, c),
                       arena_printf(j->arena, "${%.*s}", STR_ARG(c->name)), text);
    }
}

static struct match match_step(struct judge *j, const struct expect_step *step,
                               const struct seen *s, struct buf *lines)
{
    struct match m = { .arena = j->arena, .bound = j->bound, .lines = lines };

    match_by(j, &m, step, s);
    if (step->region.len)
        match_text(&m, STR("awsRegion"), step->region, text_at(j, s, "awsRegion"));
    if (step->account.len)
        match_text(&m, STR("recipientAccountId"), step->account,
                   text_at(j, s, "recipientAccountId"));
    match_error(j, &m, step, s);
    match_time(j, &m, step, s);
    if (step->where)
        match_value(&m, STR("requestParameters"), step->where,
                    value_get_c(s->tree, "requestParameters"));
    if (step->response)
        match_value(&m, STR("responseElements"), step->response,
                    value_get_c(s->tree, "responseElements"));
    if (step->record)
        match_value(&m, STR(""), step->record, s->tree);
    if (m.differences == 0)
        capture(j, &m, step, s);
    return m;
}

/* ---- saying ---- */

static void say_place(struct judge *j, const char *what, const struct seen *s)
{
    char iso[CLOCK_ISO_SIZE];

    clock_iso(s->time_ms, iso);
    buf_printf(&j->detail, "  %s %.*s:record %llu, %s, %.*s of %.*s\n", what, STR_ARG(s->file),
               (unsigned long long)s->number, iso, STR_ARG(s->name), STR_ARG(s->source));
}

/* The record of the call that differs least, and where it differs. */
static void say_nearest(struct judge *j, const struct expect_step *step)
{
    const struct seen *nearest = NULL;
    size_t least = SIZE_MAX;

    for (size_t i = 0; i < j->seen->count; i++) {
        const struct seen *s = &j->seen->items[i];

        if (!call_name_fits(&step->call, s->source, s->name))
            continue;
        size_t differences = match_step(j, step, s, NULL).differences;

        if (differences > 0 && differences < least) {
            least = differences;
            nearest = s;
        }
    }
    if (nearest) {
        say_place(j, "nearest:", nearest);
        (void)match_step(j, step, nearest, &j->detail); /* its lines are what is wanted */
    }
}

static void say_others(struct judge *j, const struct expect_step *step)
{
    struct str source, name;
    size_t shown = 0;

    for (const struct value *v = value_first(j->seen->others); v; v = v->next) {
        (void)str_cut(v->name, ' ', &source, &name); /* made with one */
        if (step->call.source.len && !str_match(step->call.source, source))
            continue;
        if (shown == 0)
            buf_printf(&j->detail, "  no such call; seen of %.*s:", STR_ARG(source));
        if (shown++ < 10)
            buf_printf(&j->detail, " %.*s (%lld)", STR_ARG(name), (long long)v->u.integer);
    }
    if (shown > 0)
        buf_add_c(&j->detail, shown > 10 ? " ...\n" : "\n");
    else
        buf_add_c(&j->detail, "  no such call, and none of this service\n");
}

static bool was_called(const struct judge *j, const struct expect_step *step)
{
    for (size_t i = 0; i < j->seen->count; i++)
        if (call_name_fits(&step->call, j->seen->items[i].source, j->seen->items[i].name))
            return true;
    return false;
}

static void say_missing(struct judge *j, const struct expect_step *step)
{
    if (was_called(j, step))
        say_nearest(j, step);
    else
        say_others(j, step);
}

/* ---- an expectation ---- */

static struct str judge_count(struct judge *j, const struct expectation *e)
{
    const struct expect_step *step = &e->steps[0];
    struct bindings first_bound = j->bound;
    const struct seen *first = NULL, *last = NULL;
    int64_t found = 0;

    for (size_t i = 0; i < j->seen->count; i++) {
        const struct seen *s = &j->seen->items[i];

        if (!call_name_fits(&step->call, s->source, s->name))
            continue;
        struct match m = match_step(j, step, s, NULL);

        if (m.differences > 0)
            continue;
        if (found++ == 0) {
            first_bound = m.bound;
            first = s;
        }
        last = s;
        if (found > e->most && found <= e->most + SHOWN_RECORDS)
            say_place(j, "found:", s);
    }
    if (found < e->least)
        say_missing(j, step);
    j->bound = first_bound;
    if (found < e->least || found > e->most)
        return arena_printf(j->arena, "expected %.*s, found %lld", STR_ARG(e->name),
                            (long long)found);
    if (e->within_ms && first && last->time_ms - first->time_ms > e->within_ms) {
        say_place(j, "first:", first);
        say_place(j, "last:", last);
        return arena_printf(j->arena, "expected them within %lld s, they took %lld s",
                            (long long)(e->within_ms / 1000),
                            (long long)((last->time_ms - first->time_ms) / 1000));
    }
    return STR("");
}

/* The first record from place from on that the step fits; eventTime has no parts of a second, so
 * records of one second may stand in either order. */
static const struct seen *find_step(struct judge *j, const struct expect_step *step, size_t from,
                                    const struct seen *behind, const struct seen **used,
                                    size_t used_count)
{
    for (size_t i = from; i < j->seen->count; i++) {
        const struct seen *s = &j->seen->items[i];
        bool is_used = behind && s->time_ms < behind->time_ms;

        for (size_t k = 0; k < used_count; k++)
            is_used |= used[k] == s;
        if (is_used || !call_name_fits(&step->call, s->source, s->name))
            continue;
        struct match m = match_step(j, step, s, NULL);

        if (m.differences == 0) {
            j->bound = m.bound;
            return s;
        }
    }
    return NULL;
}

/* The steps of an order, the first at place from or behind it. Returns how many there are. */
static size_t follow(struct judge *j, const struct expectation *e, size_t from,
                     const struct seen **used)
{
    size_t k = 0;

    while (k < e->step_count &&
           (used[k] = find_step(j, &e->steps[k], k ? 0 : from, k ? used[k - 1] : NULL, used, k)))
        k++;
    return k;
}

static bool is_in_time(const struct expectation *e, const struct seen **used)
{
    return !e->within_ms || used[e->step_count - 1]->time_ms - used[0]->time_ms <= e->within_ms;
}

/* The first beginning need not be the one that goes on: what it binds, and when it was, may be
 * another's. Without either, a later one would find no more. */
static bool has_order(struct judge *j, const struct expectation *e, const struct seen **used)
{
    const struct bindings before = j->bound;
    size_t found, from = 0;

    do {
        j->bound = before;
        found = follow(j, e, from, used);
        if (found == e->step_count && is_in_time(e, used))
            return true;
        if (found > 0)
            from = (size_t)(used[0] - j->seen->items) + 1;
    } while (found > 0 && (e->within_ms || j->bound.first != before.first));
    j->bound = before;
    return false;
}

static struct str judge_order(struct judge *j, const struct expectation *e)
{
    const struct seen **used = arena_array(j->arena, e->step_count, sizeof *used);

    if (has_order(j, e, used))
        return STR("");
    size_t k = follow(j, e, 0, used); /* the first one is told of */

    if (k < e->step_count) {
        if (k > 0)
            say_place(j, "behind:", used[k - 1]);
        const struct seen *before = find_step(j, &e->steps[k], 0, NULL, used, k);

        if (before)
            say_place(j, "but before it:", before);
        else
            say_missing(j, &e->steps[k]);
        return arena_printf(j->arena, "step %zu, %.*s, was not found%s", k + 1,
                            STR_ARG(e->steps[k].call.text), k ? " behind the one before" : "");
    }
    const struct seen *first = used[0], *last = used[e->step_count - 1];

    say_place(j, "first:", first);
    say_place(j, "last:", last);
    return arena_printf(j->arena, "expected within %lld s, took %lld s",
                        (long long)(e->within_ms / 1000),
                        (long long)((last->time_ms - first->time_ms) / 1000));
}

void judge_all(struct arena *a, const struct expect_file *file, const struct seen_list *seen,
               struct report *report)
{
    struct judge j = { .arena = a, .file = file, .seen = seen };

    for (size_t i = 0; i < file->count; i++) {
        const struct expectation *e = &file->list[i];

        buf_clear(&j.detail);
        struct str message = e->is_order ? judge_order(&j, e) : judge_count(&j, e);
        struct report_case c = {
            .suite = file->path,
            .name = arena_printf(a, "line %d: %.*s", e->line, STR_ARG(e->name)),
            .verdict = message.len ? REPORT_FAILED : REPORT_PASSED,
            .message = message,
            .detail = message.len ? buf_view(&j.detail) : STR(""),
        };

        report_case(report, &c);
    }
    buf_free(&j.detail);
}
