#include "emulator/services/cloudwatch/search.h"

#include "core/base/limits.h"
#include "emulator/store/series.h"

enum term_kind { TERM_AND, TERM_OR, TERM_NOT, TERM_WORD };
struct term {
    enum term_kind kind;
    struct term *left, *right;
    struct str property, word; /* property empty: any field */
    bool exact;
};
struct search {
    bool has_schema;
    struct str namespace_;
    struct str dimensions[METRIC_DIMENSIONS_MOST];
    size_t dimension_count;
    struct term *terms; /* or NULL */
};

struct parser {
    struct arena *a;
    struct str rest;
    int depth;
    struct err *err;
};

static void skip(struct parser *p)
{
    while (p->rest.len > 0 && (p->rest.ptr[0] == ' ' || p->rest.ptr[0] == '\t'))
        p->rest = str_sub(p->rest, 1, p->rest.len);
}

static bool accept(struct parser *p, char c)
{
    skip(p);
    if (p->rest.len == 0 || p->rest.ptr[0] != c)
        return false;
    p->rest = str_sub(p->rest, 1, p->rest.len);
    return true;
}

/* A bare word ends at a blank or a mark of the syntax. */
static struct str next_word(struct parser *p)
{
    size_t n = 0;

    skip(p);
    while (n < p->rest.len && !strchr(" \t(){},=\"", p->rest.ptr[n]))
        n++;
    return str_sub(p->rest, 0, n);
}

static bool accept_word(struct parser *p, const char *word)
{
    struct str next = next_word(p);

    if (!str_eq_c(next, word))
        return false;
    p->rest = str_sub(p->rest, next.len, p->rest.len);
    return true;
}

static int failed(struct parser *p, const char *what)
{
    return err_set(p->err, E_PARSE, "SEARCH: expected %s before '%.*s'", what,
                   (int)(p->rest.len > 30 ? 30 : p->rest.len), p->rest.ptr);
}

/* A word or a "quoted" one; *exact says which. */
static int take_word(struct parser *p, struct str *out, bool *exact)
{
    struct str tail;

    *exact = accept(p, '"');
    if (*exact) {
        if (!str_cut(p->rest, '"', out, &tail))
            return failed(p, "a closing quote");
        p->rest = tail;
        return 0;
    }
    *out = next_word(p);
    p->rest = str_sub(p->rest, out->len, p->rest.len);
    return out->len > 0 ? 0 : failed(p, "a word");
}

static struct term *term_of(struct parser *p, enum term_kind kind, struct term *left,
                            struct term *right)
{
    struct term *t = arena_alloc(p->a, sizeof *t);

    *t = (struct term){ .kind = kind, .left = left, .right = right };
    return t;
}

static int parse_or(struct parser *p, struct str property, struct term **out);

static int parse_term(struct parser *p, struct str property, struct term **out)
{
    struct str word = { 0 };
    bool exact = false;
    int rc;

    if (++p->depth > LIMIT_NESTING)
        return err_set(p->err, E_PARSE, "SEARCH: nested more than %d deep", LIMIT_NESTING);
    if (accept(p, '(')) {
        rc = parse_or(p, property, out);
        if (rc == 0 && !accept(p, ')'))
            rc = failed(p, "')'");
    } else if (accept_word(p, "NOT")) {
        rc = parse_term(p, property, out);
        if (rc == 0)
            *out = term_of(p, TERM_NOT, *out, NULL);
    } else {
        rc = take_word(p, &word, &exact);
        if (rc == 0 && property.len == 0 && accept(p, '=')) {
            rc = parse_term(p, word, out);
        } else if (rc == 0) {
            *out = term_of(p, TERM_WORD, NULL, NULL);
            (*out)->property = property;
            (*out)->word = word;
            (*out)->exact = exact;
        }
    }
    p->depth--;
    return rc;
}

static bool at_end(struct parser *p)
{
    skip(p);
    return p->rest.len == 0 || p->rest.ptr[0] == ')' || str_eq_c(next_word(p), "OR");
}

static int parse_and(struct parser *p, struct str property, struct term **out)
{
    struct term *right = NULL;
    int rc = parse_term(p, property, out);

    while (rc == 0 && !at_end(p)) {
        (void)accept_word(p, "AND"); /* or nothing, which means the same */
        rc = parse_term(p, property, &right);
        if (rc == 0)
            *out = term_of(p, TERM_AND, *out, right);
    }
    return rc;
}

static int parse_or(struct parser *p, struct str property, struct term **out)
{
    struct term *right = NULL;
    int rc = parse_and(p, property, out);

    while (rc == 0 && accept_word(p, "OR")) {
        rc = parse_and(p, property, &right);
        if (rc == 0)
            *out = term_of(p, TERM_OR, *out, right);
    }
    return rc;
}

static int parse_schema(struct parser *p, struct search *s)
{
    bool exact;
    int rc = take_word(p, &s->namespace_, &exact);

    s->has_schema = true;
    while (rc == 0 && accept(p, ',')) {
        if (s->dimension_count == METRIC_DIMENSIONS_MOST)
            return failed(p, "at most 30 dimensions");
        rc = take_word(p, &s->dimensions[s->dimension_count++], &exact);
    }
    if (rc == 0 && !accept(p, '}'))
        rc = failed(p, "'}'");
    return rc;
}

int search_parse(struct arena *a, struct str text, struct search **out, struct err *err)
{
    struct parser p = { .a = a, .rest = text, .err = err };
    struct search *s = arena_alloc(a, sizeof *s);
    int rc = accept(&p, '{') ? parse_schema(&p, s) : 0;

    skip(&p);
    if (rc == 0 && p.rest.len > 0)
        rc = parse_or(&p, STR(""), &s->terms);
    if (rc == 0 && p.rest.len > 0)
        rc = failed(&p, "the end");
    if (rc == 0 && !s->has_schema && !s->terms)
        rc = failed(&p, "a schema or a word");
    if (rc == 0)
        *out = s;
    return rc;
}

/* ---- matching ---- */

static int class_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return 1;
    if (c >= 'a' && c <= 'z')
        return 2;
    return c >= '0' && c <= '9' ? 3 : 0;
}

/* The next token of a name: a run of letters or digits, parted where case goes up (CPUUtilization
 * is CPU and Utilization). */
static bool next_token(struct str *rest, struct str *out)
{
    size_t n = 1;

    while (rest->len > 0 && class_of(rest->ptr[0]) == 0)
        *rest = str_sub(*rest, 1, rest->len);
    if (rest->len == 0)
        return false;
    for (; n < rest->len; n++) {
        int before = class_of(rest->ptr[n - 1]), here = class_of(rest->ptr[n]);
        bool last_capital =
            before == 1 && here == 1 && n + 1 < rest->len && class_of(rest->ptr[n + 1]) == 2;

        if (here == 0 || last_capital || (here != before && !(before == 1 && here == 2)))
            break;
    }
    *out = str_sub(*rest, 0, n);
    *rest = str_sub(*rest, n, rest->len);
    return true;
}

/* The tokens of word stand, in order, at the start of field. */
static bool begins_with(struct str field, struct str word)
{
    struct str have, want;

    while (next_token(&word, &want))
        if (!next_token(&field, &have) || !str_eq_nocase(have, want))
            return false;
    return true;
}

static bool field_matches(const struct term *t, struct str field)
{
    struct str rest = field, token;

    if (t->exact)
        return str_eq(field, t->word);
    if (str_eq_nocase(field, t->word))
        return true;
    do {
        if (rest.len > 0 && begins_with(rest, t->word))
            return true;
    } while (next_token(&rest, &token));
    return false;
}

static bool word_matches(const struct term *t, const struct metric_id *id)
{
    bool any = t->property.len == 0;

    if ((any || str_eq_c(t->property, "MetricName")) && field_matches(t, id->name))
        return true;
    if ((any || str_eq_c(t->property, "Namespace")) && field_matches(t, id->namespace_))
        return true;
    for (size_t i = 0; i < id->dimension_count; i++) {
        const struct metric_dimension *d = &id->dimensions[i];

        if (any && field_matches(t, d->name))
            return true;
        if ((any || str_eq(t->property, d->name)) && field_matches(t, d->value))
            return true;
    }
    return false;
}

static bool term_matches(const struct term *t, const struct metric_id *id)
{
    switch (t->kind) {
    case TERM_AND:
        return term_matches(t->left, id) && term_matches(t->right, id);
    case TERM_OR:
        return term_matches(t->left, id) || term_matches(t->right, id);
    case TERM_NOT:
        return !term_matches(t->left, id);
    default:
        return word_matches(t, id);
    }
}

static bool has_name(const struct metric_id *id, struct str name)
{
    for (size_t i = 0; i < id->dimension_count; i++)
        if (str_eq(id->dimensions[i].name, name))
            return true;
    return false;
}

bool search_matches(const struct search *s, const struct metric_id *id)
{
    if (s->has_schema &&
        (!str_eq(s->namespace_, id->namespace_) || s->dimension_count != id->dimension_count))
        return false;
    for (size_t i = 0; i < s->dimension_count; i++)
        if (!has_name(id, s->dimensions[i]))
            return false;
    return !s->terms || term_matches(s->terms, id);
}

int search_run(struct engine *e, struct arena *a, const struct search *s, struct str account,
               struct str region, struct metric_id **out, size_t *count, struct err *err)
{
    struct str prefix =
        metric_prefix(a, account, region, s->has_schema ? s->namespace_ : STR(""), STR(""));
    struct str *names;
    size_t total = 0, n = 0;
    int rc = series_names(e->store, a, (struct series_key){ METRIC_KIND, prefix }, STR(""), 0,
                          &names, &total, err);

    if (rc < 0)
        return rc;
    *out = arena_array(a, total < SEARCH_MOST ? total : SEARCH_MOST, sizeof **out);
    for (size_t i = 0; i < total && n < SEARCH_MOST; i++) {
        struct metric_id id;

        if (metric_of_series(a, names[i], &id) && search_matches(s, &id))
            (*out)[n++] = id;
    }
    *count = n;
    return 0;
}
