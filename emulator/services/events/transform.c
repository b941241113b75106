#include "emulator/services/events/transform.h"

#include "core/base/clock.h"
#include "core/codec/json.h"

/* ---- paths ---- */

/* One step of a path: a name, or an index. */
struct step {
    struct str name;
    int64_t index; /* -1: it is a name */
};

static bool quoted_name(struct str inner, struct step *step)
{
    if (inner.len < 2 || (inner.ptr[0] != '\'' && inner.ptr[0] != '"') ||
        inner.ptr[inner.len - 1] != inner.ptr[0])
        return false;
    *step = (struct step){ str_sub(inner, 1, inner.len - 2), -1 };
    return true;
}

/* [0], ['name'] */
static bool bracket(struct str *path, struct step *step)
{
    const char *end = memchr(path->ptr, ']', path->len);

    if (!end)
        return false;
    struct str inner = str_sub(*path, 1, (size_t)(end - path->ptr) - 1);
    *path = str_sub(*path, inner.len + 2, path->len);
    *step = (struct step){ .index = -1 };
    return quoted_name(inner, step) || (str_to_i64(inner, &step->index) && step->index >= 0);
}

/* .name */
static bool dotted(struct str *path, struct step *step)
{
    size_t len = 1;

    while (len < path->len && path->ptr[len] != '.' && path->ptr[len] != '[')
        len++;
    *step = (struct step){ str_sub(*path, 1, len - 1), -1 };
    *path = str_sub(*path, len, path->len);
    return step->name.len > 0 && !memchr(step->name.ptr, '*', step->name.len) &&
           !memchr(step->name.ptr, '@', step->name.len);
}

int transform_path(const struct value *event, struct str path, const struct value **out,
                   struct err *err)
{
    const struct value *at = event;
    struct str rest = str_sub(path, 1, path.len);
    struct step step;

    if (path.len == 0 || path.ptr[0] != '$')
        return err_set(err, E_PARSE, "'%.*s' does not begin with $",
                       STR_ARG(str_sub(path, 0, 100)));
    while (rest.len > 0) {
        bool ok = rest.ptr[0] == '.'   ? dotted(&rest, &step)
                  : rest.ptr[0] == '[' ? bracket(&rest, &step)
                                       : false;
        if (!ok)
            return err_set(err, E_PARSE, "'%.*s' is no path of names and indexes",
                           STR_ARG(str_sub(path, 0, 100)));
        if (step.index < 0)
            at = value_get(at, step.name);
        else
            at = at && at->kind == VALUE_LIST ? value_at(at, (size_t)step.index) : NULL;
    }
    *out = at;
    return 0;
}

/* ---- templates ---- */

struct filler {
    struct arena *a;
    const struct value *paths;     /* name -> path */
    const struct transform_of *of; /* NULL: a trial without an event */
    struct buf *out;
    bool in_string;
};

static void add_json(struct filler *f, const struct value *v)
{
    json_write(f->out, v);
}

/* Within a string: texts as they are ("EventBridge doesn't escape values"), objects and lists
 * without their quotes. */
static void add_inside(struct filler *f, const struct value *v)
{
    struct buf json = { 0 };

    if (v->kind == VALUE_STRING) {
        buf_add(f->out, v->u.text);
        return;
    }
    json_write(&json, v);
    for (size_t i = 0; i < json.len; i++)
        if (json.ptr[i] != '"')
            buf_add_char(f->out, json.ptr[i]);
    buf_free(&json);
}

static const struct value *event_as_text(struct filler *f)
{
    struct buf json = { 0 };

    json_write(&json, f->of->event);
    const struct value *v = value_str(f->a, arena_copy(f->a, buf_view(&json)));
    buf_free(&json);
    return v;
}

/* Source: the same, "Predefined variables". */
static const char *const reserved_names[] = { "aws.events.rule-arn", "aws.events.rule-name",
                                              "aws.events.event", "aws.events.event.json",
                                              "aws.events.event.ingestion-time" };

/* aws.events.event is the event, aws.events.event.json the same as JSON. */
static const struct value *reserved(struct filler *f, struct str name)
{
    char time[CLOCK_ISO_SIZE];

    if (str_eq_c(name, "aws.events.rule-arn"))
        return value_str(f->a, f->of->rule_arn);
    if (str_eq_c(name, "aws.events.rule-name"))
        return value_str(f->a, f->of->rule_name);
    if (str_eq_c(name, "aws.events.event.ingestion-time")) {
        clock_iso(f->of->ingested_ms, time);
        return value_str(f->a, arena_copy(f->a, str_c(time)));
    }
    if (str_eq_c(name, "aws.events.event.json"))
        return f->in_string ? event_as_text(f) : f->of->event;
    return str_eq_c(name, "aws.events.event") ? f->of->event : NULL;
}

static bool is_variable(const struct filler *f, struct str name)
{
    for (size_t i = 0; i < COUNT(reserved_names); i++)
        if (str_eq_c(name, reserved_names[i]))
            return true;
    return value_get(f->paths, name) != NULL;
}

static void add_variable(struct filler *f, struct str name)
{
    const struct value *path = value_get(f->paths, name), *v = f->of ? reserved(f, name) : NULL;

    if (f->of && path && transform_path(f->of->event, path->u.text, &v, NULL) < 0)
        v = NULL; /* PutTargets has tried it */
    if (f->in_string) {
        if (v)
            add_inside(f, v);
    } else if (!f->of) {
        buf_add_c(f->out, "null");
    } else {
        add_json(f, v ? v : value_c(f->a, ""));
    }
}

/* The name between < and >, if there is one at i that is a variable. */
static bool variable_at(const struct filler *f, struct str text, size_t i, struct str *name)
{
    const char *end = text.ptr[i] == '<' ? memchr(text.ptr + i, '>', text.len - i) : NULL;

    if (!end)
        return false;
    *name = str_sub(text, i + 1, (size_t)(end - text.ptr) - i - 1);
    return is_variable(f, *name);
}

static void fill(struct filler *f, struct str text)
{
    struct str name;

    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (variable_at(f, text, i, &name)) {
            add_variable(f, name);
            i += name.len + 1;
            continue;
        }
        buf_add_char(f->out, c);
        if (c == '"')
            f->in_string = !f->in_string;
        if (c == '\\' && f->in_string && i + 1 < text.len)
            buf_add_char(f->out, text.ptr[++i]);
    }
}

static struct str filled(struct filler *f, struct str template)
{
    struct buf out = { 0 };

    f->out = &out;
    fill(f, template);
    struct str text = arena_copy(f->a, buf_view(&out));
    buf_free(&out);
    f->out = NULL;
    return text;
}

/* A template is JSON, or text: in quotes, or without, as the API Reference has it. */
static bool is_json_template(struct str text)
{
    text = str_trim(text);
    return text.len > 0 && (text.ptr[0] == '{' || text.ptr[0] == '[');
}

static struct str as_json(struct arena *a, const struct value *v)
{
    struct buf json = { 0 };

    json_write(&json, v);
    struct str text = arena_copy(a, buf_view(&json));
    buf_free(&json);
    return text;
}

/* "The JSON that is passed to the target is minified"; a text or number stays as it is. */
static int minified(struct arena *a, struct str text, struct str *out, struct err *err)
{
    struct value *v;
    int rc = json_parse(a, text, &v, err);

    if (rc == 0)
        *out = v->kind == VALUE_MAP || v->kind == VALUE_LIST ? as_json(a, v) : text;
    return rc;
}

static int by_template(struct arena *a, const struct value *transformer,
                       const struct transform_of *of, struct str *out, struct err *err)
{
    struct filler f = { .a = a, .paths = value_get_c(transformer, "InputPathsMap"), .of = of };
    struct str template = value_get_str(transformer, "InputTemplate");
    struct str text = filled(&f, template);

    if (is_json_template(template))
        return minified(a, text, out, err);
    *out = text;
    return 0;
}

int transform(struct arena *a, const struct value *target, const struct transform_of *of,
              struct str *out, struct err *err)
{
    const struct value *transformer = value_get_c(target, "InputTransformer"), *part = of->event;
    struct str input = value_get_str(target, "Input"), path = value_get_str(target, "InputPath");

    if (transformer)
        return by_template(a, transformer, of, out, err);
    if (input.len > 0)
        return minified(a, input, out, err);
    if (path.len > 0 && transform_path(of->event, path, &part, NULL) < 0)
        part = NULL; /* PutTargets has tried it */
    *out = part ? as_json(a, part) : STR("null");
    return 0;
}

/* ---- what PutTargets refuses ---- */

static int check_variables(const struct value *paths, struct err *err)
{
    const struct value *none;
    int rc = 0;

    for (const struct value *p = value_first(paths); rc == 0 && p; p = p->next) {
        if (str_has_prefix(p->name, STR("aws.events.")) || str_has_prefix(p->name, STR("AWS.")))
            return err_set(err, E_PARSE, "variable '%.*s' is reserved", STR_ARG(p->name));
        rc = transform_path(NULL, p->kind == VALUE_STRING ? p->u.text : STR(""), &none, err);
    }
    return rc;
}

/* Every <name> that looks like a variable must be one. */
static int check_names(const struct filler *f, struct str text, struct err *err)
{
    struct str name;

    for (size_t i = 0; i < text.len; i++) {
        const char *end = text.ptr[i] == '<' ? memchr(text.ptr + i, '>', text.len - i) : NULL;
        if (!end)
            continue;
        name = str_sub(text, i + 1, (size_t)(end - text.ptr) - i - 1);
        if (name.len > 0 && !memchr(name.ptr, ' ', name.len) && !memchr(name.ptr, '<', name.len) &&
            !is_variable(f, name))
            return err_set(err, E_PARSE,
                           "InputTemplate for target contains invalid placeholder <%.*s>",
                           STR_ARG(str_sub(name, 0, 100)));
    }
    return check_variables(f->paths, err);
}

/* Source: EventBridge API Reference, InputTransformer, "InputTemplate": JSON is to be valid
 * whatever its variables become, and they are no keys. */
static int check_template(struct arena *a, const struct value *transformer, struct err *err)
{
    struct filler f = { .a = a, .paths = value_get_c(transformer, "InputPathsMap") };
    struct str template = value_get_str(transformer, "InputTemplate"), none;
    struct err why = { 0 };

    int rc = check_names(&f, template, err);
    if (rc == 0 && is_json_template(template) && minified(a, filled(&f, template), &none, &why) < 0)
        rc = err_set(err, E_PARSE, "InputTemplate is no JSON: %s", why.text);
    return rc;
}

int transform_check(struct arena *a, const struct value *target, struct err *err)
{
    const struct value *transformer = value_get_c(target, "InputTransformer"), *none;
    struct str input = value_get_str(target, "Input"), path = value_get_str(target, "InputPath");
    struct value *json;

    if ((transformer != NULL) + (input.len > 0) + (path.len > 0) > 1)
        return err_set(err, E_PARSE,
                       "Only one of Input, InputPath, or InputTransformer must be provided");
    if (input.len > 0 && json_parse(a, input, &json, NULL) < 0)
        return err_set(err, E_PARSE, "JSON syntax error in input");
    if (path.len > 0)
        return transform_path(NULL, path, &none, err);
    return transformer ? check_template(a, transformer, err) : 0;
}
