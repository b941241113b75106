#include "core/codec/yaml.h"

#include <math.h>

#include <yaml.h>

#include "core/base/limits.h"

struct reader {
    struct arena *a;
    const char *file;
    yaml_parser_t parser;
    yaml_event_t event; /* the current one */
    int depth;
    struct err *err;
};

static int fail_at(struct reader *r, int code, size_t line, const char *what)
{
    return err_set(r->err, code, "%s:%zu: %s", r->file, line + 1, what);
}

static int next_event(struct reader *r)
{
    yaml_event_delete(&r->event);
    if (yaml_parser_parse(&r->parser, &r->event))
        return 0;
    memset(&r->event, 0, sizeof r->event);
    return fail_at(r, E_PARSE, r->parser.problem_mark.line,
                   r->parser.problem ? r->parser.problem : "no YAML");
}

static bool is_one_of(struct str s, const char *const *words)
{
    while (*words && !str_eq_c(s, *words))
        words++;
    return *words;
}

/* "007" and account numbers with a leading zero are names, not numbers. */
static bool is_number(struct str s)
{
    if (s.len && (s.ptr[0] == '-' || s.ptr[0] == '+'))
        s = str_sub(s, 1, s.len);
    return s.len && s.ptr[0] >= '0' && s.ptr[0] <= '9' &&
           !(s.len > 1 && s.ptr[0] == '0' && s.ptr[1] >= '0' && s.ptr[1] <= '9');
}

/* A plain scalar's meaning. What a double can't hold, or would only round, stays text. */
static struct value *resolve(struct arena *a, struct str s)
{
    static const char *const nulls[] = { "", "~", "null", "Null", "NULL", NULL };
    static const char *const trues[] = { "true", "True", "TRUE", NULL };
    static const char *const falses[] = { "false", "False", "FALSE", NULL };
    struct str digits = s.len && s.ptr[0] == '+' ? str_sub(s, 1, s.len) : s;
    int64_t n;
    double d;

    if (is_one_of(s, nulls))
        return value_null(a);
    if (is_one_of(s, trues) || is_one_of(s, falses))
        return value_bool(a, is_one_of(s, trues));
    if (is_number(s) && str_to_i64(digits, &n))
        return value_int(a, n);
    if (is_number(s) && str_find(s, STR(".")) > 0 && str_to_f64(digits, &d))
        return value_float(a, d);
    return value_str(a, s);
}

static int read_scalar(struct reader *r, struct value **out)
{
    struct str text = { (const char *)r->event.data.scalar.value, r->event.data.scalar.length };

    text = arena_copy(r->a, text);
    *out = r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE ? resolve(r->a, text)
                                                                 : value_str(r->a, text);
    return 0;
}

static int read_node(struct reader *r, struct value **out);

static int read_list(struct reader *r, struct value **out)
{
    struct value *item = NULL;
    int rc;

    *out = value_list(r->a);
    while ((rc = next_event(r)) == 0 && r->event.type != YAML_SEQUENCE_END_EVENT) {
        rc = read_node(r, &item);
        if (rc < 0)
            return rc;
        value_push(*out, item);
    }
    return rc;
}

static int read_member(struct reader *r, struct value *map)
{
    struct value *item = NULL;
    int rc;

    if (r->event.type != YAML_SCALAR_EVENT)
        return fail_at(r, E_PARSE, r->event.start_mark.line, "expected a word as a key");

    struct str name = { (const char *)r->event.data.scalar.value, r->event.data.scalar.length };

    name = arena_copy(r->a, name);
    rc = next_event(r);
    if (rc == 0)
        rc = read_node(r, &item);
    if (rc == 0)
        value_append(map, name, item);
    return rc;
}

static int read_map(struct reader *r, struct value **out)
{
    int rc;

    *out = value_map(r->a);
    while ((rc = next_event(r)) == 0 && r->event.type != YAML_MAPPING_END_EVENT) {
        rc = read_member(r, *out);
        if (rc < 0)
            return rc;
    }
    if (rc < 0)
        return rc;

    const struct value *twice = value_keep_last(r->a, *out);

    if (twice)
        return err_set(r->err, E_PARSE, "%s:%u: key \"%.*s\" stands here a second time", r->file,
                       twice->line, STR_ARG(twice->name));
    return 0;
}

static bool has_anchor_or_tag(const yaml_event_t *e)
{
    switch (e->type) {
    case YAML_SCALAR_EVENT:
        return e->data.scalar.anchor || e->data.scalar.tag;
    case YAML_SEQUENCE_START_EVENT:
        return e->data.sequence_start.anchor || e->data.sequence_start.tag;
    case YAML_MAPPING_START_EVENT:
        return e->data.mapping_start.anchor || e->data.mapping_start.tag;
    default:
        return e->type == YAML_ALIAS_EVENT;
    }
}

/* The value that the current event begins. */
static int read_node(struct reader *r, struct value **out)
{
    size_t line = r->event.start_mark.line;
    int rc;

    if (has_anchor_or_tag(&r->event))
        return fail_at(r, E_PARSE, line, "anchors, aliases and tags are not read: write it out");
    if (r->depth == LIMIT_NESTING)
        return fail_at(r, E_LIMIT, line, "nested too deep");
    r->depth++;
    if (r->event.type == YAML_SEQUENCE_START_EVENT)
        rc = read_list(r, out);
    else if (r->event.type == YAML_MAPPING_START_EVENT)
        rc = read_map(r, out);
    else
        rc = read_scalar(r, out);
    r->depth--;
    if (rc == 0)
        (*out)->line = (uint32_t)line + 1;
    return rc;
}

/* From a document's start event to the event behind its end. */
static int read_document(struct reader *r, struct value **out)
{
    int rc = next_event(r);

    if (rc == 0)
        rc = read_node(r, out);
    if (rc == 0)
        rc = next_event(r);
    return rc == 0 ? next_event(r) : rc;
}

/* Stream start, the documents, stream end. */
static int read_stream(struct reader *r, struct value *documents)
{
    int rc = next_event(r);

    if (rc == 0)
        rc = next_event(r);
    while (rc == 0 && r->event.type != YAML_STREAM_END_EVENT) {
        struct value *one = NULL;

        if (documents->count == LIMIT_YAML_DOCUMENTS)
            return fail_at(r, E_LIMIT, r->event.start_mark.line, "too many documents");
        rc = read_document(r, &one);
        if (rc == 0)
            value_push(documents, one);
    }
    return rc;
}

int yaml_parse_all(struct arena *a, const char *file, struct str text, struct value **out,
                   struct err *err)
{
    struct reader r = { .a = a, .file = file, .err = err };
    struct value *documents = value_list(a);

    if (text.len > LIMIT_YAML_BYTES)
        return err_set(err, E_LIMIT, "%s:1: %zu bytes, more than %llu", file, text.len,
                       LIMIT_YAML_BYTES);
    if (!yaml_parser_initialize(&r.parser))
        return err_set(err, E_LIMIT, "%s:1: no memory for a parser", file);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)(text.ptr ? text.ptr : ""),
                                 text.len);

    int rc = read_stream(&r, documents);

    yaml_event_delete(&r.event);
    yaml_parser_delete(&r.parser);
    if (rc == 0)
        *out = documents;
    return rc;
}

int yaml_parse(struct arena *a, const char *file, struct str text, struct value **out,
               struct err *err)
{
    struct value *documents = NULL;
    int rc = yaml_parse_all(a, file, text, &documents, err);

    if (rc < 0)
        return rc;
    if (documents->count > 1)
        return err_set(err, E_PARSE, "%s:%d: expected one document only", file,
                       yaml_line(value_at(documents, 1)));
    *out = documents->count > 0 ? value_first(documents) : value_null(a);
    return 0;
}

int yaml_line(const struct value *v)
{
    return v ? (int)v->line : 0;
}
