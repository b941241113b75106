#include "emulator/services/cloudwatch/dashboard_body.h"

#include "core/codec/json.h"

enum kind { IS_TEXT, IS_NUMBER, IS_BOOL, IS_LIST, IS_MAP, IS_REAL };
enum need { REQUIRED, OPTIONAL };

/* Members by where they stand: "" is the body, "widget" a widget, else a widget's properties by
 * its type; with dots what lies in a member of these, or in each item of its list. values: what a
 * text may be, parted by blanks; most: of a number, from least on. */
static const struct member {
    const char *where, *name;
    enum kind kind;
    enum need need;
    const char *values;
    int64_t least, most;
} members[] = {
    { "", "widgets", IS_LIST, REQUIRED, NULL, 0, 0 },
    { "", "start", IS_TEXT, OPTIONAL, NULL, 0, 0 },
    { "", "end", IS_TEXT, OPTIONAL, NULL, 0, 0 },
    { "", "periodOverride", IS_TEXT, OPTIONAL, "auto inherit", 0, 0 },
    { "", "variables", IS_LIST, OPTIONAL, NULL, 0, 0 },
    { "widget", "type", IS_TEXT, REQUIRED, "metric text log alarm explorer custom", 0, 0 },
    { "widget", "x", IS_NUMBER, OPTIONAL, NULL, 0, 23 },
    { "widget", "y", IS_NUMBER, OPTIONAL, NULL, 0, INT32_MAX },
    { "widget", "width", IS_NUMBER, OPTIONAL, NULL, 1, 24 },
    { "widget", "height", IS_NUMBER, OPTIONAL, NULL, 1, 1000 },
    { "widget", "properties", IS_MAP, REQUIRED, NULL, 0, 0 },
    { "metric", "metrics", IS_LIST, OPTIONAL, NULL, 0, 0 },
    { "metric", "region", IS_TEXT, REQUIRED, NULL, 0, 0 },
    { "metric", "accountId", IS_TEXT, OPTIONAL, NULL, 0, 0 },
    { "metric", "annotations", IS_MAP, OPTIONAL, NULL, 0, 0 },
    { "metric", "legend", IS_MAP, OPTIONAL, NULL, 0, 0 },
    { "metric", "liveData", IS_BOOL, OPTIONAL, NULL, 0, 0 },
    { "metric", "period", IS_NUMBER, OPTIONAL, NULL, 1, 31536000 },
    { "metric", "singleValueFullPrecision", IS_BOOL, OPTIONAL, NULL, 0, 0 },
    { "metric", "setPeriodToTimeRange", IS_BOOL, OPTIONAL, NULL, 0, 0 },
    { "metric", "sparkline", IS_BOOL, OPTIONAL, NULL, 0, 0 },
    { "metric", "stacked", IS_BOOL, OPTIONAL, NULL, 0, 0 },
    { "metric", "stat", IS_TEXT, OPTIONAL, NULL, 0, 0 },
    { "metric", "table", IS_MAP, OPTIONAL, NULL, 0, 0 },
    { "metric", "timezone", IS_TEXT, OPTIONAL, NULL, 0, 0 },
    { "metric", "title", IS_TEXT, OPTIONAL, NULL, 0, 0 },
    { "metric", "trend", IS_BOOL, OPTIONAL, NULL, 0, 0 },
    { "metric", "view", IS_TEXT, OPTIONAL, "timeSeries singleValue gauge bar pie table", 0, 0 },
    { "metric", "yAxis", IS_MAP, OPTIONAL, NULL, 0, 0 },
    { "metric.annotations", "horizontal", IS_LIST, OPTIONAL, NULL, 0, 0 },
    { "metric.annotations", "vertical", IS_LIST, OPTIONAL, NULL, 0, 0 },
    { "metric.annotations", "alarms", IS_LIST, OPTIONAL, NULL, 0, 0 },
    { "metric.annotations.horizontal", "value", IS_REAL, REQUIRED, NULL, 0, 0 },
    { "metric.annotations.horizontal", "color", IS_TEXT, OPTIONAL, NULL, 0, 0 },
    { "metric.annotations.horizontal", "label", IS_TEXT, OPTIONAL, NULL, 0, 0 },
    { "metric.annotations.horizontal", "fill", IS_TEXT, OPTIONAL, "above below none", 0, 0 },
    { "metric.annotations.horizontal", "visible", IS_BOOL, OPTIONAL, NULL, 0, 0 },
    { "metric.annotations.horizontal", "yAxis", IS_TEXT, OPTIONAL, "left right", 0, 0 },
    { "metric.annotations.vertical", "value", IS_TEXT, REQUIRED, NULL, 0, 0 },
    { "metric.annotations.vertical", "color", IS_TEXT, OPTIONAL, NULL, 0, 0 },
    { "metric.annotations.vertical", "label", IS_TEXT, OPTIONAL, NULL, 0, 0 },
    { "metric.annotations.vertical", "fill", IS_TEXT, OPTIONAL, "before after none", 0, 0 },
    { "metric.annotations.vertical", "visible", IS_BOOL, OPTIONAL, NULL, 0, 0 },
    { "metric.legend", "position", IS_TEXT, OPTIONAL, "right bottom hidden", 0, 0 },
    { "metric.yAxis", "left", IS_MAP, OPTIONAL, NULL, 0, 0 },
    { "metric.yAxis", "right", IS_MAP, OPTIONAL, NULL, 0, 0 },
    { "metric.yAxis.left", "label", IS_TEXT, OPTIONAL, NULL, 0, 0 },
    { "metric.yAxis.left", "min", IS_REAL, OPTIONAL, NULL, 0, 0 },
    { "metric.yAxis.left", "max", IS_REAL, OPTIONAL, NULL, 0, 0 },
    { "metric.yAxis.left", "showUnits", IS_BOOL, OPTIONAL, NULL, 0, 0 },
    { "metric.yAxis.right", "label", IS_TEXT, OPTIONAL, NULL, 0, 0 },
    { "metric.yAxis.right", "min", IS_REAL, OPTIONAL, NULL, 0, 0 },
    { "metric.yAxis.right", "max", IS_REAL, OPTIONAL, NULL, 0, 0 },
    { "metric.yAxis.right", "showUnits", IS_BOOL, OPTIONAL, NULL, 0, 0 },
    { "text", "markdown", IS_TEXT, REQUIRED, NULL, 0, 0 },
    { "text", "background", IS_TEXT, OPTIONAL, "transparent solid", 0, 0 },
    { "log", "query", IS_TEXT, REQUIRED, NULL, 0, 0 },
    { "log", "region", IS_TEXT, REQUIRED, NULL, 0, 0 },
    { "log", "accountId", IS_TEXT, OPTIONAL, NULL, 0, 0 },
    { "log", "title", IS_TEXT, OPTIONAL, NULL, 0, 0 },
    { "log", "stacked", IS_BOOL, OPTIONAL, NULL, 0, 0 },
    { "log", "view", IS_TEXT, OPTIONAL, "timeSeries table bar pie", 0, 0 },
    { "alarm", "alarms", IS_LIST, REQUIRED, NULL, 0, 0 },
    { "alarm", "sortBy", IS_TEXT, OPTIONAL, "default stateUpdatedTimestamp timestamp", 0, 0 },
    { "alarm", "states", IS_LIST, OPTIONAL, NULL, 0, 0 },
    { "alarm", "title", IS_TEXT, OPTIONAL, NULL, 0, 0 },
    { "explorer", "metrics", IS_LIST, REQUIRED, NULL, 0, 0 },
    { "explorer", "labels", IS_LIST, REQUIRED, NULL, 0, 0 },
    { "explorer", "aggregateBy", IS_MAP, OPTIONAL, NULL, 0, 0 },
    { "explorer", "period", IS_NUMBER, OPTIONAL, NULL, 1, 31536000 },
    { "explorer", "splitBy", IS_TEXT, OPTIONAL, NULL, 0, 0 },
    { "explorer", "title", IS_TEXT, OPTIONAL, NULL, 0, 0 },
    { "explorer", "widgetOptions", IS_MAP, OPTIONAL, NULL, 0, 0 },
    { "custom", "endpoint", IS_TEXT, REQUIRED, NULL, 0, 0 },
    { "custom", "params", IS_MAP, OPTIONAL, NULL, 0, 0 },
    { "custom", "title", IS_TEXT, OPTIONAL, NULL, 0, 0 },
    { "custom", "updateOn", IS_MAP, OPTIONAL, NULL, 0, 0 },
};

/* Source: the same: 500 widgets a dashboard, 500 metrics a widget, 100 alarms a widget. */
enum { WIDGETS_MOST = 500, METRICS_MOST = 500, ALARMS_MOST = 100 };

struct checker {
    struct arena *a;
    struct value *messages;
    size_t errors;
};

static void say(struct checker *c, struct str path, bool is_error, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
static void say(struct checker *c, struct str path, bool is_error, const char *fmt, ...)
{
    struct value *m = value_map(c->a);
    va_list ap;

    va_start(ap, fmt);
    struct str text = arena_vprintf(c->a, fmt, ap);
    va_end(ap);
    value_put_str(c->a, m, "DataPath", path);
    value_put_str(c->a, m, "Message", text);
    value_push(c->messages, m);
    c->errors += is_error;
}

static bool is_kind(const struct value *v, enum kind kind)
{
    static const enum value_kind kinds[] = { VALUE_STRING, VALUE_INT, VALUE_BOOL,
                                             VALUE_LIST,   VALUE_MAP, VALUE_FLOAT };

    return v->kind == kinds[kind] || (kind == IS_REAL && v->kind == VALUE_INT);
}

/* What is wrong below a property is said, and the dashboard kept: AWS's own schema is unpublished,
 * and what it draws in spite of that must not be refused here. */
static bool is_fatal(const char *where)
{
    return !strchr(where, '.');
}

static bool is_among(struct str text, const char *values)
{
    struct str rest = str_c(values), word;

    while (rest.len > 0) {
        (void)str_cut(rest, ' ', &word, &rest);
        if (str_eq(word, text))
            return true;
    }
    return false;
}

static void check_member(struct checker *c, struct str path, const struct member *m,
                         const struct value *v)
{
    static const char *const words[] = { "a string", "an integer", "a boolean",
                                         "an array", "an object",  "a number" };
    bool fatal = is_fatal(m->where);
    struct str at = arena_printf(c->a, "%.*s/%s", STR_ARG(path), m->name);

    if (!is_kind(v, m->kind))
        say(c, at, fatal, "Should be %s", words[m->kind]);
    else if (m->values && !is_among(v->u.text, m->values))
        say(c, at, fatal, "Should be equal to one of the allowed values: %s", m->values);
    else if (m->kind == IS_NUMBER && (v->u.integer < m->least || v->u.integer > m->most))
        say(c, at, fatal, "Should be from %lld to %lld", (long long)m->least, (long long)m->most);
}

static bool is_known(const char *where, struct str name)
{
    for (size_t i = 0; i < COUNT(members); i++)
        if (strcmp(members[i].where, where) == 0 && str_eq_c(name, members[i].name))
            return true;
    return false;
}

static void check_map(struct checker *c, struct str path, const char *where,
                      const struct value *map);

/* What lies in a member that has rows of its own: a map, or a list of such; a band of annotations
 * is a list in the list. */
static void check_inside(struct checker *c, struct str path, const char *where,
                         const struct value *v)
{
    size_t i = 0;

    if (v->kind == VALUE_MAP)
        check_map(c, path, where, v);
    for (const struct value *item = v->kind == VALUE_LIST ? value_first(v) : NULL; item;
         item = item->next)
        check_inside(c, arena_printf(c->a, "%.*s/%zu", STR_ARG(path), i++), where, item);
}

static bool has_rows(const char *where)
{
    for (size_t i = 0; i < COUNT(members); i++)
        if (strcmp(members[i].where, where) == 0)
            return true;
    return false;
}

static void check_map(struct checker *c, struct str path, const char *where,
                      const struct value *map)
{
    for (size_t i = 0; i < COUNT(members); i++) {
        const struct member *m = &members[i];
        const struct value *v = value_get_c(map, m->name);

        if (strcmp(m->where, where) != 0)
            continue;
        const char *inner = arena_printf(c->a, "%s.%s", where, m->name).ptr;
        if (v)
            check_member(c, path, m, v);
        else if (m->need == REQUIRED)
            say(c, path, is_fatal(where), "Should have property '%s'", m->name);
        if (v && has_rows(inner))
            check_inside(c, arena_printf(c->a, "%.*s/%s", STR_ARG(path), m->name), inner, v);
    }
    for (const struct value *v = value_first(map); v; v = v->next)
        if (!is_known(where, v->name))
            say(c, path, false, "Should NOT have additional property '%.*s'", STR_ARG(v->name));
}

static void check_rows(struct checker *c, struct str path, const struct value *rows)
{
    size_t i = 0;

    if (rows->count > METRICS_MOST)
        say(c, path, true, "Should NOT have more than %d items", METRICS_MOST);
    for (const struct value *r = value_first(rows); r; r = r->next, i++) {
        struct str at = arena_printf(c->a, "%.*s/%zu", STR_ARG(path), i);
        const struct value *first = value_first(r);

        if (r->kind != VALUE_LIST || r->count == 0)
            say(c, at, true, "Should be an array with a metric or an expression");
        else if (first->kind == VALUE_MAP && !value_get_c(first, "expression"))
            say(c, at, true, "Should have property 'expression'");
        else if (first->kind != VALUE_MAP && first->kind != VALUE_STRING)
            say(c, at, true, "Should begin with a namespace");
    }
}

static void check_metric(struct checker *c, struct str path, const struct value *properties)
{
    const struct value *rows = value_get_c(properties, "metrics");
    const struct value *alarms = value_get_c(value_get_c(properties, "annotations"), "alarms");

    if (rows && rows->kind == VALUE_LIST)
        check_rows(c, arena_printf(c->a, "%.*s/metrics", STR_ARG(path)), rows);
    if (!rows && !alarms)
        say(c, path, true, "Should have property 'metrics' or 'annotations.alarms'");
}

static void check_widget(struct checker *c, struct str path, const struct value *widget)
{
    struct str type = value_get_str(widget, "type");
    const struct value *properties = value_get_c(widget, "properties");
    struct str at = arena_printf(c->a, "%.*s/properties", STR_ARG(path));

    if (widget->kind != VALUE_MAP) {
        say(c, path, true, "Should be an object");
        return;
    }
    check_map(c, path, "widget", widget);
    if (!is_among(type, "metric text log alarm explorer custom") || !properties ||
        properties->kind != VALUE_MAP)
        return;
    check_map(c, at, arena_copy(c->a, type).ptr, properties);
    if (str_eq_c(type, "metric"))
        check_metric(c, at, properties);
    const struct value *alarms = value_get_c(properties, "alarms");
    if (str_eq_c(type, "alarm") && alarms && alarms->count > ALARMS_MOST)
        say(c, at, true, "Should NOT have more than %d alarms", ALARMS_MOST);
}

int dashboard_check(struct arena *a, struct str text, struct value *messages, size_t *errors,
                    struct value **body, struct err *err)
{
    struct checker c = { a, messages, 0 };
    size_t i = 0;

    if (json_parse(a, text, body, NULL) < 0 || (*body)->kind != VALUE_MAP)
        return err_set(err, E_PARSE, "The field DashboardBody must be a valid JSON object");
    const struct value *widgets = value_get_c(*body, "widgets");
    check_map(&c, STR(""), "", *body);
    if (widgets && widgets->kind == VALUE_LIST && widgets->count > WIDGETS_MOST)
        say(&c, STR("/widgets"), true, "Should NOT have more than %d items", WIDGETS_MOST);
    if (widgets && widgets->kind == VALUE_LIST)
        for (const struct value *w = value_first(widgets); w; w = w->next)
            check_widget(&c, arena_printf(a, "/widgets/%zu", i++), w);
    *errors = c.errors;
    return 0;
}
