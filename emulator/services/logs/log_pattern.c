#include "emulator/services/logs/log_pattern.h"

#include "emulator/services/logs/log_pattern_parts.h"

#define REGEX_MOST 2 /* Source: the guide, "Supported regular expressions (regex) syntax" */

struct term {
    enum { TERM_WANTED, TERM_EITHER, TERM_UNWANTED } kind;
    struct str text;
    struct log_regex *regex; /* or NULL */
    struct term *next;
};

struct log_pattern {
    enum log_pattern_kind kind;
    size_t regex_count;
    struct term *terms; /* none: matches all */
    bool has_either;    /* and no term of another kind */
    struct fields_pattern *fields;
    const struct node *json;
};

struct log_pattern_selector {
    struct json_path *path;
    int place;
};

/* ---- terms ---- */

/* Source: the guide: terms of other than letters, digits and underscores must be quoted. */
static bool is_word(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static int scan_term(struct lex *s, struct term *t)
{
    *t = (struct term){ .kind = TERM_WANTED };
    if (lex_take(s, "-"))
        t->kind = TERM_UNWANTED;
    else if (lex_take(s, "?"))
        t->kind = TERM_EITHER;
    if (t->kind == TERM_UNWANTED)
        lex_blanks(s); /* Source: the guide's example "ERROR" - "Exiting" */
    if (lex_peek(s) == '%')
        return lex_regex(s, &t->regex);
    if (lex_peek(s) == '"')
        return lex_quoted(s, &t->text);
    t->text = arena_copy(s->a, lex_run(s, is_word));
    return t->text.len > 0 ? 0 : lex_fail(s, "a term is missing, or one that must be quoted");
}

/* A message needs one of the ?terms; beside terms of another kind they say nothing.
 * Source: the guide, "unstructured log events": ? combined with other terms is ignored
 * (unconfirmed wording). */
static int terms_parse(struct lex *s, struct log_pattern *p)
{
    struct term **last = &p->terms;
    size_t either = 0, others = 0;

    for (lex_blanks(s); lex_peek(s) >= 0; lex_blanks(s)) {
        struct term *t = arena_alloc(s->a, sizeof *t);
        int rc = scan_term(s, t);
        if (rc < 0)
            return rc;
        if (lex_peek(s) >= 0 && !strchr(" \t\r\n", lex_peek(s)))
            return lex_fail(s, "a term that must be quoted");
        *(t->kind == TERM_EITHER ? &either : &others) += 1;
        *last = t;
        last = &t->next;
    }
    p->has_either = either > 0 && others == 0;
    return 0;
}

static bool has_term(const struct term *t, struct log_pattern_subject *s)
{
    return t->regex ? log_regex_match(t->regex, s->a, s->message)
                    : str_find(s->message, t->text) >= 0;
}

static bool terms_match(const struct log_pattern *p, struct log_pattern_subject *s)
{
    for (const struct term *t = p->terms; t; t = t->next) {
        if (t->kind == TERM_EITHER) {
            if (p->has_either && has_term(t, s))
                return true;
        } else if (has_term(t, s) != (t->kind == TERM_WANTED)) {
            return false;
        }
    }
    return !p->has_either;
}

/* ---- all three ---- */

static int parse_kind(struct lex *s, struct log_pattern *p)
{
    int rc;

    lex_blanks(s);
    if (lex_take(s, "{")) {
        p->kind = LOG_PATTERN_JSON;
        rc = log_json_parse(s, &p->json);
    } else if (lex_take(s, "[")) {
        p->kind = LOG_PATTERN_FIELDS;
        rc = log_fields_parse(s, &p->fields);
    } else {
        return terms_parse(s, p);
    }
    lex_blanks(s);
    return rc < 0 || lex_peek(s) < 0 ? rc : lex_fail(s, "something behind the pattern's end");
}

int log_pattern_parse(struct arena *a, struct str text, struct log_pattern **out, struct err *err)
{
    struct lex s = { .a = a, .text = text, .err = err };
    struct log_pattern *p = arena_alloc(a, sizeof *p);

    if (text.len > LOG_PATTERN_LENGTH_MOST)
        return err_set(err, E_LIMIT, "a pattern of over %d characters", LOG_PATTERN_LENGTH_MOST);
    int rc = parse_kind(&s, p);
    if (rc == 0 && s.regex_count > REGEX_MOST)
        rc = lex_fail(&s, "more than two regular expressions");
    if (rc < 0)
        return rc;
    p->regex_count = s.regex_count;
    *out = p;
    return 0;
}

enum log_pattern_kind log_pattern_kind(const struct log_pattern *p)
{
    return p->kind;
}

size_t log_pattern_regex_count(const struct log_pattern *p)
{
    return p->regex_count;
}

bool log_pattern_match(const struct log_pattern *p, struct log_pattern_subject *s)
{
    if (p->kind == LOG_PATTERN_JSON)
        return log_json_match(p->json, s);
    return p->kind == LOG_PATTERN_FIELDS ? log_fields_match(p->fields, s) : terms_match(p, s);
}

struct value *log_pattern_extract(const struct log_pattern *p, struct log_pattern_subject *s)
{
    struct value *out = value_map(s->a);

    if (p->kind == LOG_PATTERN_JSON)
        log_json_extract(p->json, s, out);
    else if (p->kind == LOG_PATTERN_FIELDS)
        log_fields_extract(p->fields, s, out);
    return out;
}

int log_pattern_selector_parse(struct arena *a, const struct log_pattern *p, struct str text,
                               struct log_pattern_selector **out, struct err *err)
{
    struct lex s = { .a = a, .text = text, .err = err };
    struct log_pattern_selector *selector = arena_alloc(a, sizeof *selector);
    int rc = 0;

    if (p->kind == LOG_PATTERN_JSON) {
        rc = log_path_scan(&s, &selector->path);
        if (rc == 0 && lex_peek(&s) >= 0)
            rc = lex_fail(&s, "something behind the selector's end");
    } else {
        if (p->kind == LOG_PATTERN_FIELDS && text.len > 1 && text.ptr[0] == '$')
            selector->place = log_fields_place(p->fields, str_sub(text, 1, text.len));
        if (selector->place == 0)
            rc = err_set(err, E_PARSE, "%.*s names no field of the pattern", STR_ARG(text));
    }
    if (rc == 0)
        *out = selector;
    return rc;
}

bool log_pattern_select(const struct log_pattern *p, const struct log_pattern_selector *selector,
                        struct log_pattern_subject *s, struct str *out)
{
    return p->kind == LOG_PATTERN_JSON ? log_path_text(selector->path, s, out)
                                       : log_fields_select(p->fields, selector->place, s, out);
}
