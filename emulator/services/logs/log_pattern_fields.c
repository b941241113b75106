/* [ip, user, ..., status = 4* && status != 404, bytes > 1000] */
#include "emulator/services/logs/log_pattern_parts.h"

#include "core/base/buf.h"

struct field {
    struct str name; /* empty: none */
    const struct node *test;
};

enum { FIELDS_MOST = 512 };

struct fields_pattern {
    struct field *fields;
    size_t count;
    size_t gap; /* where ... stands among them; count: nowhere */
    bool has_gap;
};

struct field_test {
    enum test_op op;
    struct operand operand;
};

static bool is_name(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
}

/* NAME OP VALUE, of the field's own name. */
static int scan_field_test(struct lex *s, void *arg, const void **out)
{
    struct field_test *t = arena_alloc(s->a, sizeof *t);
    struct field *f = arg;
    struct str name = lex_run(s, is_name);

    *out = t;
    if (name.len == 0)
        return lex_fail(s, "a field's name is missing");
    if (f->name.len > 0 && !str_eq(f->name, name))
        return lex_fail(s, "a condition on another field");
    f->name = arena_copy(s->a, name);
    int rc = lex_operator(s, &t->op);
    return rc < 0 ? rc : lex_operand(s, &t->operand);
}

/* Nothing, a name, or conditions. */
static int scan_field(struct lex *s, struct field *f)
{
    size_t from;

    *f = (struct field){ 0 };
    lex_blanks(s);
    from = s->at;
    if (lex_peek(s) != '(') {
        struct str name = lex_run(s, is_name);
        lex_blanks(s);
        if (lex_peek(s) == ',' || lex_peek(s) == ']') {
            f->name = arena_copy(s->a, name);
            return 0;
        }
    }
    s->at = from;
    return lex_expression(s, scan_field_test, f, &f->test);
}

static bool has_name(const struct field *fields, size_t count, struct str name)
{
    for (size_t i = 0; i < count; i++)
        if (name.len > 0 && str_eq(fields[i].name, name))
            return true;
    return false;
}

static int scan_fields(struct lex *s, struct fields_pattern *p)
{
    for (;;) {
        lex_blanks(s);
        if (lex_take(s, "...")) {
            if (p->has_gap)
                return lex_fail(s, "a second ...");
            p->has_gap = true;
            p->gap = p->count;
        } else {
            struct field *f = &p->fields[p->count];
            if (p->count == FIELDS_MOST)
                return lex_fail(s, "too many fields");
            int rc = scan_field(s, f);
            if (rc < 0)
                return rc;
            if (has_name(p->fields, p->count, f->name))
                return lex_fail(s, "a second field of that name");
            p->count++;
        }
        lex_blanks(s);
        if (lex_take(s, "]"))
            return 0;
        if (!lex_take(s, ","))
            return lex_fail(s, "a comma or a closing ] is missing");
    }
}

int log_fields_parse(struct lex *s, struct fields_pattern **out)
{
    struct fields_pattern *p = arena_alloc(s->a, sizeof *p);
    int rc = 0;

    lex_blanks(s);
    p->has_gap = lex_take(s, "]"); /* [] says nothing of the fields: all of them, any */
    if (!p->has_gap) {
        p->fields = arena_array(s->a, FIELDS_MOST, sizeof *p->fields);
        rc = scan_fields(s, p);
    }
    *out = p;
    return rc;
}

/* ---- a message's fields ---- */

/* Source: the guide, "space-delimited": what stands between [ ] or " " is one field. */
static struct str next_field(struct str text, size_t *at)
{
    char open = text.ptr[*at], close = '"';
    size_t end = *at;

    if (open == '[')
        close = ']';
    if (open == '"' || open == '[')
        for (size_t i = *at + 1; i < text.len; i++)
            if (text.ptr[i] == close && (i + 1 == text.len || text.ptr[i + 1] == ' ')) {
                struct str field = str_sub(text, *at + 1, i - *at - 1);
                *at = i + 1;
                return field;
            }
    while (end < text.len && text.ptr[end] != ' ')
        end++;
    struct str field = str_sub(text, *at, end - *at);
    *at = end;
    return field;
}

static void split(struct log_pattern_subject *s)
{
    struct buf fields = { 0 };

    for (size_t at = 0; at < s->message.len;) {
        if (s->message.ptr[at] == ' ') {
            at++;
            continue;
        }
        struct str f = next_field(s->message, &at);
        buf_add(&fields, (struct str){ (const char *)&f, sizeof f });
    }
    s->field_count = fields.len / sizeof *s->fields;
    struct str *copy = arena_array(s->a, s->field_count + 1, sizeof *copy);
    if (fields.len > 0)
        memcpy(copy, fields.ptr, fields.len);
    s->fields = copy;
    s->are_fields_known = true;
    buf_free(&fields);
}

/* The message's field for the pattern's i-th. */
static size_t place_of(const struct fields_pattern *p, const struct log_pattern_subject *s,
                       size_t i)
{
    return p->has_gap && i >= p->gap ? s->field_count - (p->count - i) : i;
}

struct field_subject {
    struct arena *a;
    struct str text;
};

static bool field_test_holds(const void *test, void *arg)
{
    const struct field_test *t = test;
    struct field_subject *f = arg;
    double number;
    bool is_number = log_number_read(f->text, &number);

    return log_operand_holds(&t->operand, t->op, f->a, f->text, is_number ? &number : NULL);
}

bool log_fields_match(const struct fields_pattern *p, struct log_pattern_subject *s)
{
    if (!s->are_fields_known)
        split(s);
    if (p->has_gap ? s->field_count < p->count : s->field_count != p->count)
        return false;
    for (size_t i = 0; i < p->count; i++) {
        struct field_subject f = { s->a, s->fields[place_of(p, s, i)] };
        if (p->fields[i].test && !log_node_holds(p->fields[i].test, field_test_holds, &f))
            return false;
    }
    return true;
}

void log_fields_extract(const struct fields_pattern *p, struct log_pattern_subject *s,
                        struct value *out)
{
    const struct str **names;

    if (!log_fields_match(p, s))
        return;
    names = arena_array(s->a, s->field_count + 1, sizeof *names);
    for (size_t i = 0; i < p->count; i++)
        names[place_of(p, s, i)] = &p->fields[i].name;
    for (size_t i = 0; i < s->field_count; i++) {
        struct str name = names[i] && names[i]->len > 0
                              ? arena_printf(s->a, "$%.*s", STR_ARG(*names[i]))
                              : arena_printf(s->a, "$%zu", i + 1);
        value_set(out, name, value_str(s->a, s->fields[i]));
    }
}

int log_fields_place(const struct fields_pattern *p, struct str name)
{
    int64_t n;

    for (size_t i = 0; i < p->count; i++)
        if (name.len > 0 && str_eq(p->fields[i].name, name))
            return p->has_gap && i >= p->gap ? -(int)(p->count - i) : (int)i + 1;
    return str_to_i64(name, &n) && n > 0 && n <= FIELDS_MOST ? (int)n : 0;
}

bool log_fields_select(const struct fields_pattern *p, int place, struct log_pattern_subject *s,
                       struct str *out)
{
    if (!log_fields_match(p, s))
        return false;
    int64_t i = place > 0 ? place - 1 : (int64_t)s->field_count + place;
    if (i < 0 || i >= (int64_t)s->field_count)
        return false;
    *out = s->fields[i];
    return true;
}
