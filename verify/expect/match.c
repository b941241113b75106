#include "verify/expect/match.h"

#include "core/codec/json.h"
#include "core/codec/uri.h"

enum { SHOWN = 200 };

const struct binding *bindings_find(const struct bindings *b, struct str name)
{
    for (const struct binding *p = b->first; p; p = p->next)
        if (str_eq(p->name, name))
            return p;
    return NULL;
}

static void bind(struct match *m, struct str name, struct str text)
{
    struct binding *p = arena_alloc(m->arena, sizeof *p);

    *p = (struct binding){ arena_copy(m->arena, name), arena_copy(m->arena, text), m->bound.first };
    m->bound.first = p;
}

static struct str json_of(struct arena *a, const struct value *v)
{
    struct buf b = { 0 };

    if (v)
        json_write(&b, v);
    struct str s = v ? arena_copy(a, buf_view(&b)) : STR("nothing");

    buf_free(&b);
    return s;
}

/* Texts without quotes: they are for a person. */
static struct str shown(struct arena *a, const struct value *v)
{
    return v && v->kind == VALUE_STRING ? v->u.text : json_of(a, v);
}

static void differ(struct match *m, struct str path, struct str wanted, struct str got)
{
    m->differences++;
    if (m->lines)
        buf_printf(m->lines, "    %.*s: expected %.*s, found %.*s%s\n", STR_ARG(path),
                   STR_ARG(str_sub(wanted, 0, SHOWN)), STR_ARG(str_sub(got, 0, SHOWN)),
                   got.len > SHOWN ? "..." : "");
}

/* ${name} alone. */
static bool is_capture(struct str pattern, struct str *name)
{
    if (!str_has_prefix(pattern, STR("${")) || !str_has_suffix(pattern, STR("}")) ||
        pattern.len < 4)
        return false;
    *name = str_sub(pattern, 2, pattern.len - 3);
    return !memchr(name->ptr, '$', name->len) && !memchr(name->ptr, '}', name->len);
}

/* Its wildcards as bytes that no UTF-8 text holds. */
static struct str hide_wildcards(struct arena *a, struct str text)
{
    if (!memchr(text.ptr, '*', text.len) && !memchr(text.ptr, '?', text.len))
        return text;
    char *out = arena_alloc(a, text.len);

    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (c == '*' || c == '?')
            c = c == '*' ? '\xfe' : '\xff';
        out[i] = c;
    }
    return (struct str){ out, text.len };
}

enum bound_for { BOUND_TO_SHOW, BOUND_TO_MATCH };

/* The pattern with each ${name} that is bound replaced. What it stood for is meant letter by
 * letter: to match, its wildcards are hidden, as those of the text that it is held against. */
static struct str with_bound(struct match *m, struct str pattern, enum bound_for use)
{
    struct str out = STR("");

    for (ptrdiff_t at; (at = str_find(pattern, STR("${"))) >= 0;) {
        struct str rest = str_sub(pattern, (size_t)at + 2, pattern.len), name, tail;
        const struct binding *b;

        if (!str_cut(rest, '}', &name, &tail) || !(b = bindings_find(&m->bound, name)))
            break;
        struct str text = use == BOUND_TO_MATCH ? hide_wildcards(m->arena, b->text) : b->text;

        out = arena_printf(m->arena, "%.*s%.*s%.*s", STR_ARG(out), (int)at, pattern.ptr,
                           STR_ARG(text));
        pattern = tail;
    }
    return arena_printf(m->arena, "%.*s%.*s", STR_ARG(out), STR_ARG(pattern));
}

void match_text(struct match *m, struct str path, struct str pattern, struct str got)
{
    struct str name;

    if (is_capture(pattern, &name) && !bindings_find(&m->bound, name)) {
        bind(m, name, got);
        return;
    }
    if (!str_match(with_bound(m, pattern, BOUND_TO_MATCH), hide_wildcards(m->arena, got)))
        differ(m, path, with_bound(m, pattern, BOUND_TO_SHOW), got);
}

static struct str path_to(struct match *m, struct str path, struct str name)
{
    return path.len ? arena_printf(m->arena, "%.*s.%.*s", STR_ARG(path), STR_ARG(name)) : name;
}

/* A policy in a string, maybe percent-encoded as IAM answers it. */
static const struct value *inside(struct match *m, const struct value *got)
{
    struct value *v;
    struct str text;

    if (!got || got->kind != VALUE_STRING)
        return got;
    text = got->u.text;
    if (str_has_prefix(text, STR("%7B")) &&
        uri_decode(m->arena, text, URI_PLUS_IS_PLUS, &text, NULL) < 0)
        return got;
    return json_parse(m->arena, text, &v, NULL) == 0 ? v : got;
}

static const struct value *member_of(struct match *m, const struct value *map, struct str name)
{
    const struct value *v = value_get(map, name);
    struct str head, tail;

    if (v || name.len == 0)
        return v;
    if (name.ptr[0] >= 'A' && name.ptr[0] <= 'Z') {
        struct str lower = arena_printf(m->arena, "%c%.*s", name.ptr[0] | 0x20,
                                        STR_ARG(str_sub(name, 1, name.len)));

        v = value_get(map, lower);
    }
    if (!v && str_cut(name, '.', &head, &tail) && head.len)
        v = member_of(m, inside(m, member_of(m, map, head)), tail);
    return v;
}

static void match_map(struct match *m, struct str path, const struct value *pattern,
                      const struct value *got)
{
    const struct value *map = inside(m, got);

    if (!map || map->kind != VALUE_MAP) {
        differ(m, path, json_of(m->arena, pattern), json_of(m->arena, got));
        return;
    }
    for (const struct value *p = value_first(pattern); p; p = p->next)
        match_value(m, path_to(m, path, p->name), p, member_of(m, map, p->name));
}

/* Each wanted element is looked for among all: what is bound on the way is kept. */
static void match_list(struct match *m, struct str path, const struct value *pattern,
                       const struct value *got)
{
    for (const struct value *p = value_first(pattern); p; p = p->next) {
        bool found = false;

        for (const struct value *g = value_first(got); g && !found; g = g->next) {
            struct match try = { .arena = m->arena, .bound = m->bound };

            match_value(&try, path, p, g);
            found = try.differences == 0;
            if (found)
                m->bound = try.bound;
        }
        if (!found)
            differ(m, path, arena_printf(m->arena, "%.*s in it", STR_ARG(json_of(m->arena, p))),
                   json_of(m->arena, got));
    }
}

static bool is_scalar(const struct value *v)
{
    return v->kind == VALUE_STRING || v->kind == VALUE_BOOL || v->kind == VALUE_INT ||
           v->kind == VALUE_FLOAT;
}

void match_value(struct match *m, struct str path, const struct value *pattern,
                 const struct value *got)
{
    if (pattern->kind == VALUE_NULL) {
        if (got && got->kind != VALUE_NULL)
            differ(m, path, STR("nothing"), shown(m->arena, got));
    } else if (pattern->kind == VALUE_MAP) {
        match_map(m, path, pattern, got);
    } else if (pattern->kind == VALUE_LIST && got && got->kind == VALUE_LIST) {
        match_list(m, path, pattern, got);
    } else if (pattern->kind == VALUE_STRING && got && is_scalar(got)) {
        struct str text = got->kind == VALUE_STRING ? got->u.text : json_of(m->arena, got);

        match_text(m, path, pattern->u.text, text);
    } else if (!got || !value_equal(pattern, got)) {
        differ(m, path, shown(m->arena, pattern), shown(m->arena, got));
    }
}
