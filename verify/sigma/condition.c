/* The condition of a rule: names of its selections, and, or, not, parentheses, "1 of x*", "all of
 * them". Source: Sigma specification, "Condition". */
#include "verify/sigma/private.h"

#include "core/base/limits.h"

struct parsing {
    struct compiling *c;
    struct str rest, word; /* word: the next one, not taken yet */
    const struct named_expr *all;
    size_t count;
    int depth;
};

static bool is_blank(char ch)
{
    return ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r';
}

static void next_word(struct parsing *p)
{
    size_t n = 0;

    p->rest = str_trim(p->rest);
    if (p->rest.len > 0 && strchr("()|", p->rest.ptr[0]))
        n = 1;
    else
        while (n < p->rest.len && !is_blank(p->rest.ptr[n]) && !strchr("()|", p->rest.ptr[n]))
            n++;
    p->word = str_sub(p->rest, 0, n);
    p->rest = str_sub(p->rest, n, p->rest.len);
}

static bool take_word(struct parsing *p, const char *word)
{
    if (!str_eq_nocase(p->word, str_c(word)))
        return false;
    next_word(p);
    return true;
}

static struct expr *fail(struct parsing *p, const char *expected)
{
    if (p->word.len == 0)
        (void)sigma_refuse(p->c, "the condition ends where %s was expected", expected);
    else
        (void)sigma_refuse(p->c, "the condition has '%.*s' where %s was expected", STR_ARG(p->word),
                           expected);
    return NULL;
}

static struct expr *named(struct parsing *p)
{
    for (size_t i = 0; i < p->count; i++)
        if (str_eq(p->all[i].name, p->word)) {
            next_word(p);
            return p->all[i].expr;
        }
    return fail(p, "the name of a selection");
}

/* "them" are all selections but those whose names begin with an underscore. */
static bool is_meant(struct str pattern, struct str name)
{
    if (str_eq_nocase(pattern, STR("them")))
        return name.ptr[0] != '_';
    return str_match(pattern, name);
}

static struct expr *several(struct parsing *p, enum expr_kind kind)
{
    struct expr *e = expr_new(&p->c->s->arena, kind);

    if (!take_word(p, "of"))
        return fail(p, "'of'");
    for (size_t i = 0; i < p->count; i++)
        if (is_meant(p->word, p->all[i].name))
            expr_push(&p->c->s->arena, e, p->all[i].expr);
    if (e->kid_count == 0)
        return fail(p, "'them' or a pattern that a selection's name matches");
    next_word(p);
    return e;
}

static struct expr *either(struct parsing *p);

static struct expr *primary(struct parsing *p)
{
    if (take_word(p, "(")) {
        struct expr *e = p->depth++ < LIMIT_NESTING ? either(p) : fail(p, "less nesting");

        p->depth--;
        return !e || take_word(p, ")") ? e : fail(p, "')'");
    }
    if (take_word(p, "1") || take_word(p, "any"))
        return several(p, EXPR_OR);
    if (take_word(p, "all"))
        return several(p, EXPR_AND);
    return named(p);
}

static struct expr *negated(struct parsing *p)
{
    bool is_not = false;

    while (take_word(p, "not"))
        is_not = !is_not;
    struct expr *inner = primary(p);

    if (!inner || !is_not)
        return inner;
    struct expr *e = expr_new(&p->c->s->arena, EXPR_NOT);

    expr_push(&p->c->s->arena, e, inner);
    return e;
}

/* One level of "x WORD x WORD x"; a single x stands for itself. */
static struct expr *chain(struct parsing *p, const char *word, enum expr_kind kind,
                          struct expr *(*part)(struct parsing *))
{
    struct arena *a = &p->c->s->arena;
    struct expr *e = expr_new(a, kind), *kid;

    do {
        kid = part(p);
        if (!kid)
            return NULL;
        expr_push(a, e, kid);
    } while (take_word(p, word));
    return e->kid_count == 1 ? kid : e;
}

static struct expr *both(struct parsing *p)
{
    return chain(p, "and", EXPR_AND, negated);
}

static struct expr *either(struct parsing *p)
{
    return chain(p, "or", EXPR_OR, both);
}

struct expr *condition_compile(struct compiling *c, struct str text, const struct named_expr *all,
                               size_t count)
{
    struct parsing p = { .c = c, .rest = text, .all = all, .count = count };

    next_word(&p);
    struct expr *e = either(&p);

    if (e && str_eq_c(p.word, "|")) {
        (void)sigma_refuse(
            c, "aggregations behind '|' left Sigma with version 2: write a correlation");
        return NULL;
    }
    return !e || p.word.len == 0 ? e : fail(&p, "'and', 'or' or the end");
}
