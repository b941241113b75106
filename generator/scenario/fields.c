#include "generator/scenario/fields.h"

#include <stdio.h>

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/codec/yaml.h"
#include "generator/scenario/near.h"

int place_fail(struct place at, struct err *err, const char *fmt, ...)
{
    char text[448];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap); /* longer ones are cut */
    va_end(ap);
    return err_set(err, E_PARSE, "%s:%u: %s", at.file, at.line, text);
}

struct place source_place(const struct source *s, const struct value *v)
{
    int line = yaml_line(v);

    return (struct place){ s->file, line > 0 ? (uint32_t)line : 1u };
}

int source_expected(struct source *s, const struct value *v, const char *fmt, ...)
{
    char text[400];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap); /* longer ones are cut */
    va_end(ap);
    if (v && v->name.len > 0)
        return place_fail(source_place(s, v), s->err, "%.*s: expected %s", STR_ARG(v->name), text);
    return place_fail(source_place(s, v), s->err, "expected %s", text);
}

static const struct field *row_of(const struct field *rows, size_t count, struct str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq_c(name, rows[i].name))
            return &rows[i];
    return NULL;
}

static int unknown_key(struct source *s, const struct value *v, const char *what,
                       const struct field *rows, size_t count)
{
    struct near near = near_start(v->name);
    struct buf known = { 0 };

    for (size_t i = 0; i < count; i++) {
        near_try(&near, str_c(rows[i].name));
        buf_printf(&known, "%s%s", i > 0 ? ", " : "", rows[i].name);
    }
    struct str best = near_best(&near);
    struct str text = arena_copy(s->a, buf_view(&known));

    buf_free(&known);
    if (best.len > 0)
        return place_fail(source_place(s, v), s->err,
                          "'%.*s': expected a key of %s; did you mean '%.*s'?", STR_ARG(v->name),
                          what, STR_ARG(best));
    return place_fail(source_place(s, v), s->err, "'%.*s': expected a key of %s: %.*s",
                      STR_ARG(v->name), what, STR_ARG(text));
}

int fields_read(struct source *s, const struct value *map, const char *what,
                const struct field *rows, size_t count, void *out)
{
    if (!map || map->kind != VALUE_MAP)
        return source_expected(s, map, "%s, as 'key: value'", what);
    for (const struct value *v = value_first(map); v; v = v->next) {
        const struct field *row = row_of(rows, count, v->name);
        int rc =
            row ? row->read(s, v, (char *)out + row->offset) : unknown_key(s, v, what, rows, count);

        if (rc < 0)
            return rc;
    }
    for (size_t i = 0; i < count; i++)
        if (rows[i].is_needed && !value_get_c(map, rows[i].name))
            return place_fail(source_place(s, map), s->err, "expected '%s' in %s", rows[i].name,
                              what);
    return 0;
}

int field_words(struct source *s, const struct value *v, void *field)
{
    struct str text = value_to_text(s->a, v);

    if (text.len == 0)
        return source_expected(s, v, "a text");
    *(struct str *)field = text;
    return 0;
}

static bool is_name(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
            c != '-' && c != '_' && c != '.')
            return false;
    }
    return s.len > 0;
}

int field_name(struct source *s, const struct value *v, void *field)
{
    struct str text = value_to_text(s->a, v);

    if (!is_name(text))
        return source_expected(s, v, "a name of letters, digits, '-', '_' and '.'");
    *(struct str *)field = text;
    return 0;
}

int field_texts(struct source *s, const struct value *v, void *field)
{
    struct names *n = field;
    bool is_list = v->kind == VALUE_LIST;
    size_t count = is_list ? v->count : 1;

    n->items = arena_array(s->a, count, sizeof *n->items);
    n->count = 0;
    for (const struct value *k = is_list ? value_first(v) : v; k; k = is_list ? k->next : NULL) {
        struct str text = value_to_text(s->a, k);

        if (text.len == 0)
            return source_expected(s, v, "a text, or a list of texts");
        n->items[n->count++] = text;
    }
    return 0;
}

int field_flag(struct source *s, const struct value *v, void *field)
{
    if (v->kind != VALUE_BOOL)
        return source_expected(s, v, "true or false");
    *(bool *)field = v->u.boolean;
    return 0;
}

int field_said(struct source *s, const struct value *v, void *field)
{
    if (v->kind != VALUE_BOOL)
        return source_expected(s, v, "true or false");
    *(enum said *)field = v->u.boolean ? SAID_YES : SAID_NO;
    return 0;
}

int field_count(struct source *s, const struct value *v, void *field)
{
    if (v->kind != VALUE_INT || v->u.integer < 1)
        return source_expected(s, v, "a whole number, 1 or more");
    *(int64_t *)field = v->u.integer;
    return 0;
}

int field_fraction(struct source *s, const struct value *v, void *field)
{
    double d = v->kind == VALUE_INT ? (double)v->u.integer : v->u.real;

    if ((v->kind != VALUE_INT && v->kind != VALUE_FLOAT) || d < 0)
        return source_expected(s, v, "a number, 0 or more, such as 0.1");
    *(double *)field = d;
    return 0;
}

/* "A..B" or "A" alone, by the parser of one end. */
static bool parse_span(struct str text, bool (*parse)(struct str, int64_t *), struct span *out)
{
    ptrdiff_t dots = str_find(text, STR(".."));
    struct str from = dots < 0 ? text : str_sub(text, 0, (size_t)dots);
    struct str to = dots < 0 ? text : str_sub(text, (size_t)dots + 2, text.len);

    return parse(str_trim(from), &out->least) && parse(str_trim(to), &out->most) &&
           out->least >= 0 && out->least <= out->most;
}

int field_counts(struct source *s, const struct value *v, void *field)
{
    struct span span;

    if (!parse_span(value_to_text(s->a, v), str_to_i64, &span) || span.most < 1)
        return source_expected(s, v, "a count such as 5, or a span of counts such as 5..40");
    *(struct span *)field = span;
    return 0;
}

static const struct unit {
    const char *name;
    int64_t ms;
} units[] = { { "ms", 1 },      { "s", 1000 },     { "m", 60000 },
              { "h", 3600000 }, { "d", 86400000 }, { "w", 7 * 86400000ll } };

#define DURATION_MOST_MS (3660 * 86400000ll) /* ten years: sums can't overflow */

bool duration_parse(struct str text, int64_t *out_ms)
{
    int64_t total = 0;

    if (text.len == 0)
        return false;
    while (text.len > 0) {
        size_t digits = 0, letters = 0;
        const struct unit *unit = NULL;
        int64_t n;

        while (digits < text.len && text.ptr[digits] >= '0' && text.ptr[digits] <= '9')
            digits++;
        while (digits + letters < text.len && text.ptr[digits + letters] >= 'a' &&
               text.ptr[digits + letters] <= 'z')
            letters++;
        for (size_t i = 0; i < COUNT(units); i++)
            if (str_eq_c(str_sub(text, digits, letters), units[i].name))
                unit = &units[i];
        if (!unit || !str_to_i64(str_sub(text, 0, digits), &n) || n > DURATION_MOST_MS / unit->ms)
            return false;
        total += n * unit->ms;
        if (total > DURATION_MOST_MS)
            return false;
        text = str_sub(text, digits + letters, text.len);
    }
    *out_ms = total;
    return true;
}

int field_duration(struct source *s, const struct value *v, void *field)
{
    if (!duration_parse(value_to_text(s->a, v), field))
        return source_expected(s, v, "a duration such as 90s, 15m or 2h");
    return 0;
}

int field_durations(struct source *s, const struct value *v, void *field)
{
    struct span span;

    if (!parse_span(value_to_text(s->a, v), duration_parse, &span))
        return source_expected(s, v, "a duration such as 90s, or a span such as 1s..90s");
    *(struct span *)field = span;
    return 0;
}

int field_moment(struct source *s, const struct value *v, void *field)
{
    struct str text = value_to_text(s->a, v);
    struct moment m = { .is_set = true };

    m.is_offset = str_has_prefix(text, STR("+"));
    if (m.is_offset ? !duration_parse(str_sub(text, 1, text.len), &m.ms)
                    : v->kind != VALUE_STRING || clock_parse(text, &m.ms, NULL) < 0)
        return source_expected(s, v,
                               "a time such as 2026-01-05T09:00:00Z, or an offset such as +2d3h");
    *(struct moment *)field = m;
    return 0;
}

/* "HH:MM" of a day, 24:00 included. */
static bool parse_clock(struct str text, int64_t *out_ms)
{
    struct str hour, minute;
    int64_t h, m;

    if (!str_cut(text, ':', &hour, &minute) || hour.len != 2 || minute.len != 2 ||
        !str_to_i64(hour, &h) || !str_to_i64(minute, &m) || h < 0 || h > 24 || m < 0 || m > 59 ||
        (h == 24 && m > 0))
        return false;
    *out_ms = (h * 60 + m) * 60000;
    return true;
}

int field_zone(struct source *s, const struct value *v, void *field)
{
    struct {
        int64_t ms;
        bool is_set;
    } *zone = field;
    struct str text = value_to_text(s->a, v);
    bool is_west = str_has_prefix(text, STR("-"));

    if (!str_eq_c(text, "Z") && ((!is_west && !str_has_prefix(text, STR("+"))) ||
                                 !parse_clock(str_sub(text, 1, text.len), &zone->ms)))
        return source_expected(s, v, "a distance from UTC in quotes, such as \"+01:00\", or Z");
    if (str_eq_c(text, "Z"))
        zone->ms = 0;
    if (is_west)
        zone->ms = -zone->ms;
    zone->is_set = true;
    return 0;
}

int field_day_time(struct source *s, const struct value *v, void *field)
{
    if (!parse_clock(value_to_text(s->a, v), field))
        return source_expected(s, v, "a time of day in quotes, such as \"08:30\"");
    return 0;
}

int field_value(struct source *s, const struct value *v, void *field)
{
    (void)s; /* anything goes */
    *(const struct value **)field = v;
    return 0;
}

int field_map(struct source *s, const struct value *v, void *field)
{
    if (v->kind != VALUE_MAP)
        return source_expected(s, v, "names with values");
    *(const struct value **)field = v;
    return 0;
}

/* Items begin with a pointer to the next one; what kind of item is not known here. */
static void *next_of(const void *item)
{
    void *next;

    memcpy(&next, item, sizeof next);
    return next;
}

int list_read(struct source *s, const struct value *v, const struct list_of *of, void *head)
{
    bool is_list = v->kind == VALUE_LIST;
    void *tail = head;

    if (!is_list && v->kind != VALUE_MAP)
        return source_expected(s, v, "a list");
    while (next_of(tail)) /* what another file brought stays in front */
        tail = next_of(tail);
    for (const struct value *k = is_list ? value_first(v) : v; k; k = is_list ? k->next : NULL) {
        void *item = arena_alloc(s->a, of->size);
        int rc = of->item(s, k, item);

        if (rc < 0)
            return rc;
        memcpy(tail, &item, sizeof item);
        tail = item;
    }
    return 0;
}

int word_index(struct str word, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq_c(word, words[i]))
            return (int)i;
    return -1;
}
