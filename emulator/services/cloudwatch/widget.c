#include "emulator/services/cloudwatch/widget.h"

#include "emulator/services/cloudwatch/label.h"

#define DEFAULT_PERIOD_S 300 /* Source: the same, "period", "stat" */
#define DEFAULT_STAT     "Average"
#define PARTS_MOST       (2 + 2 * METRIC_DIMENSIONS_MOST)

/* Namespace, name, dimensions of a row; the next row may refer to them. */
struct parts {
    struct str of[PARTS_MOST];
    size_t count;
};

static int wrong(size_t row, struct err *err, const char *what)
{
    return err_set(err, E_PARSE, "metrics/%zu: %s", row, what);
}

static int add(struct parts *p, struct str text, size_t row, struct err *err)
{
    if (p->count == PARTS_MOST)
        return wrong(row, err, "more than 30 dimensions");
    p->of[p->count++] = text;
    return 0;
}

/* How many texts stand in a row from v on. */
static size_t texts_from(const struct value *v)
{
    size_t n = 0;

    for (; v && v->kind == VALUE_STRING; v = v->next)
        n++;
    return n;
}

/* *options: the map at the end, or NULL. */
static int read_parts(const struct value *row, size_t number, const struct parts *before,
                      struct parts *out, const struct value **options, struct err *err)
{
    int rc = 0;

    *out = (struct parts){ 0 };
    *options = NULL;
    for (const struct value *v = value_first(row); rc == 0 && v; v = v->next) {
        size_t follow = texts_from(v->next);

        if (v->kind == VALUE_MAP && !v->next) {
            *options = v;
        } else if (v->kind != VALUE_STRING) {
            rc = wrong(number, err, "expected texts, and options at the end");
        } else if (str_eq_c(v->u.text, "...")) {
            if (before->count < out->count + follow)
                return wrong(number, err, "\"...\" has nothing to repeat");
            while (rc == 0 && out->count + follow < before->count)
                rc = add(out, before->of[out->count], number, err);
        } else if (str_eq_c(v->u.text, ".")) {
            if (out->count >= before->count)
                return wrong(number, err, "\".\" has nothing to repeat");
            rc = add(out, before->of[out->count], number, err);
        } else {
            rc = add(out, v->u.text, number, err);
        }
    }
    if (rc == 0 && (out->count < 2 || out->count % 2 != 0))
        rc = wrong(number, err, "expected a namespace, a name, and pairs of dimensions");
    return rc;
}

static struct value *metric_of(struct arena *a, const struct parts *p)
{
    struct value *m = value_map(a), *dims = value_list(a);

    value_put_str(a, m, "Namespace", p->of[0]);
    value_put_str(a, m, "MetricName", p->of[1]);
    for (size_t i = 2; i < p->count; i += 2) {
        struct value *d = value_map(a);

        value_put_str(a, d, "Name", p->of[i]);
        value_put_str(a, d, "Value", p->of[i + 1]);
        value_push(dims, d);
    }
    value_set(m, STR("Dimensions"), dims);
    return m;
}

static struct str text_or(const struct value *map, const struct value *other, const char *name,
                          struct str fallback)
{
    struct str text = value_get_str(map, name);

    if (text.len == 0)
        text = value_get_str(other, name);
    return text.len > 0 ? text : fallback;
}

static struct value *stat_of(struct arena *a, const struct parts *p, const struct value *options,
                             const struct value *properties)
{
    struct value *s = value_map(a);
    int64_t period_s = value_get_int(properties, "period", DEFAULT_PERIOD_S);

    value_set(s, STR("Metric"), metric_of(a, p));
    value_put_int(a, s, "Period", value_get_int(options, "period", period_s));
    value_put_str(a, s, "Stat", text_or(options, properties, "stat", STR(DEFAULT_STAT)));
    return s;
}

static struct value *query_of(struct arena *a, const struct value *options, size_t number)
{
    struct value *q = value_map(a);
    struct str id = value_get_str(options, "id"), label = value_get_str(options, "label");

    value_put_str(a, q, "Id", id.len > 0 ? id : arena_printf(a, "row_%zu", number));
    if (label.len > 0)
        value_put_str(a, q, "Label", label);
    value_put_bool(a, q, "ReturnData", value_get_bool(options, "visible", true));
    return q;
}

int widget_queries(struct arena *a, const struct value *properties, struct value **out,
                   struct err *err)
{
    struct value *list = value_list(a);
    struct parts before = { 0 }, parts;
    const struct value *options;
    size_t number = 0;

    for (const struct value *row = value_first(value_get_c(properties, "metrics")); row;
         row = row->next, number++) {
        const struct value *first = value_first(row);
        struct value *q;

        if (first && first->kind == VALUE_MAP) {
            q = query_of(a, first, number);
            value_put_str(a, q, "Expression", value_get_str(first, "expression"));
            if (value_get_c(first, "period"))
                value_put_int(a, q, "Period", value_get_int(first, "period", 0));
        } else {
            int rc = read_parts(row, number, &before, &parts, &options, err);

            if (rc < 0)
                return rc;
            before = parts;
            q = query_of(a, options, number);
            value_set(q, STR("MetricStat"), stat_of(a, &parts, options, properties));
        }
        value_push(list, q);
    }
    *out = list;
    return 0;
}

/* ---- lines ---- */

/* The options of row i of the widget. */
static const struct value *options_of(const struct value *properties, size_t i)
{
    const struct value *row = value_at(value_get_c(properties, "metrics"), i);

    for (const struct value *v = value_first(row); v; v = v->next)
        if (v->kind == VALUE_MAP)
            return v;
    return NULL;
}

static struct widget_line line_of(struct arena *a, const struct query *q,
                                  const struct math_series *s, const struct value *options)
{
    return (struct widget_line){ .label = label_expand(a, q, s),
                                 .color = value_get_str(options, "color"),
                                 .is_right = str_eq_c(value_get_str(options, "yAxis"), "right"),
                                 .series = *s };
}

/* A number is a line of one point at each end. */
static struct math_series level(struct arena *a, const struct query *q)
{
    struct math_series s = math_series_of(a, query_period(q), 2);

    s.label = q->id;
    s.times_ms[0] = q->set->from_ms;
    s.times_ms[1] = q->set->to_ms;
    s.values[0] = s.values[1] = q->value.number;
    s.count = 2;
    return s;
}

struct lines {
    struct widget_line *all;
    size_t count;
};

static void add_lines(struct arena *a, struct lines *to, const struct query *q,
                      const struct value *options)
{
    size_t more = q->value.type == MATH_SCALAR ? 1 : q->value.count;
    struct widget_line *all = arena_array(a, to->count + more, sizeof *all);

    if (to->count > 0)
        memcpy(all, to->all, to->count * sizeof *all);
    to->all = all;
    for (size_t i = 0; i < more; i++) {
        struct math_series one = q->value.type == MATH_SCALAR ? level(a, q) : q->value.series[i];

        all[to->count++] = line_of(a, q, &one, options);
    }
}

int widget_lines(struct arena *a, const struct widget_ask *ask, struct widget_line **out,
                 size_t *count, struct err *err)
{
    struct query_set set = { .e = ask->e,
                             .a = a,
                             .account = ask->account,
                             .region = ask->region,
                             .from_ms = ask->from_ms,
                             .to_ms = ask->to_ms,
                             .now_ms = ask->now_ms };
    struct lines lines = { 0 };
    struct value *list;
    int rc = widget_queries(a, ask->properties, &list, err);

    if (rc == 0)
        rc = query_load(&set, list, err);
    for (size_t i = 0; rc == 0 && i < set.count; i++) {
        if (!set.queries[i].returns)
            continue;
        rc = query_run(&set.queries[i], err);
        if (rc == 0)
            add_lines(a, &lines, &set.queries[i], options_of(ask->properties, i));
    }
    if (rc == 0) {
        *out = lines.all;
        *count = lines.count;
    }
    return rc;
}
