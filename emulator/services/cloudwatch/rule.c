#include "emulator/services/cloudwatch/rule.h"

#include "core/base/limits.h"

struct parser {
    struct arena *a;
    struct str text;
    size_t at;
    int depth, elements, children;
    struct err *err;
};

static void skip(struct parser *p)
{
    while (p->at < p->text.len && strchr(" \t\r\n", p->text.ptr[p->at]) && p->text.ptr[p->at])
        p->at++;
}

static bool accept(struct parser *p, char c)
{
    skip(p);
    if (p->at >= p->text.len || p->text.ptr[p->at] != c)
        return false;
    p->at++;
    return true;
}

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

static bool accept_word(struct parser *p, const char *word)
{
    size_t len = strlen(word);
    bool ends;

    skip(p);
    ends = p->at + len >= p->text.len || !is_letter(p->text.ptr[p->at + len]);
    if (!ends || !str_eq_nocase(str_sub(p->text, p->at, len), str_c(word)))
        return false;
    p->at += len;
    return true;
}

static int expected(struct parser *p, const char *what)
{
    skip(p);
    return err_set(p->err, E_PARSE, "expected %s at character %zu", what, p->at + 1);
}

static int element(struct parser *p)
{
    return ++p->elements <= RULE_ELEMENTS_MOST
               ? 0
               : err_set(p->err, E_PARSE, "a rule can have at most %d elements",
                         RULE_ELEMENTS_MOST);
}

static struct rule *rule_of(struct parser *p, enum rule_kind kind, struct rule *left,
                            struct rule *right)
{
    struct rule *r = arena_alloc(p->a, sizeof *r);

    *r = (struct rule){ .kind = kind, .left = left, .right = right };
    return r;
}

/* ("name") or (name): a bare one goes up to the closing parenthesis. */
static int parse_alarm(struct parser *p, enum alarm_state state, struct rule **out)
{
    char close = ')';
    size_t from;

    if (!accept(p, '('))
        return expected(p, "'('");
    if (accept(p, '"'))
        close = '"';
    else
        skip(p);
    from = p->at;
    while (p->at < p->text.len && p->text.ptr[p->at] != close)
        p->at++;
    *out = rule_of(p, RULE_STATE, NULL, NULL);
    (*out)->state = state;
    (*out)->alarm = str_trim(str_sub(p->text, from, p->at - from));
    if ((*out)->alarm.len == 0)
        return expected(p, "an alarm's name");
    if (close == '"' && !accept(p, '"'))
        return expected(p, "a closing quote");
    if (!accept(p, ')'))
        return expected(p, "')'");
    if (++p->children > RULE_CHILDREN_MOST)
        return err_set(p->err, E_PARSE, "a rule can name at most %d alarms", RULE_CHILDREN_MOST);
    return element(p);
}

static int parse_or(struct parser *p, struct rule **out);

static int parse_prime(struct parser *p, struct rule **out)
{
    static const struct {
        const char *word;
        enum alarm_state state;
    } functions[] = { { "ALARM", ALARM_ALARM },
                      { "OK", ALARM_OK },
                      { "INSUFFICIENT_DATA", ALARM_INSUFFICIENT } };
    int rc;

    for (size_t i = 0; i < COUNT(functions); i++)
        if (accept_word(p, functions[i].word))
            return parse_alarm(p, functions[i].state, out);
    bool is_true = accept_word(p, "TRUE");
    if (is_true || accept_word(p, "FALSE")) {
        *out = rule_of(p, RULE_CONSTANT, NULL, NULL);
        (*out)->constant = is_true;
        return element(p);
    }
    if (!accept(p, '('))
        return expected(p, "ALARM, OK, INSUFFICIENT_DATA, TRUE, FALSE, NOT or '('");
    rc = parse_or(p, out);
    if (rc == 0 && !accept(p, ')'))
        rc = expected(p, "')'");
    return rc < 0 ? rc : element(p);
}

static int parse_not(struct parser *p, struct rule **out)
{
    int rc;

    if (++p->depth > LIMIT_NESTING)
        return err_set(p->err, E_PARSE, "nested more than %d deep", LIMIT_NESTING);
    if (accept_word(p, "NOT")) {
        rc = parse_not(p, out);
        if (rc == 0)
            *out = rule_of(p, RULE_NOT, *out, NULL);
    } else {
        rc = parse_prime(p, out);
    }
    p->depth--;
    return rc;
}

static int parse_and(struct parser *p, struct rule **out)
{
    struct rule *right = NULL;
    int rc = parse_not(p, out);

    while (rc == 0 && accept_word(p, "AND")) {
        rc = parse_not(p, &right);
        if (rc == 0)
            *out = rule_of(p, RULE_AND, *out, right);
    }
    return rc;
}

static int parse_or(struct parser *p, struct rule **out)
{
    struct rule *right = NULL;
    int rc = parse_and(p, out);

    while (rc == 0 && accept_word(p, "OR")) {
        rc = parse_and(p, &right);
        if (rc == 0)
            *out = rule_of(p, RULE_OR, *out, right);
    }
    return rc;
}

int rule_parse(struct arena *a, struct str text, struct rule **out, struct err *err)
{
    struct parser p = { .a = a, .text = text, .err = err };
    int rc = parse_or(&p, out);

    skip(&p);
    if (rc == 0 && p.at < p.text.len)
        rc = expected(&p, "AND, OR or the end");
    return rc;
}

int rule_visit(const struct rule *r, rule_visit_fn *fn, void *arg)
{
    int rc = 0;

    if (!r)
        return 0;
    if (r->kind == RULE_STATE)
        return fn(arg, r);
    rc = rule_visit(r->left, fn, arg);
    return rc < 0 ? rc : rule_visit(r->right, fn, arg);
}

bool rule_holds(const struct rule *r, enum alarm_state (*state_of)(void *arg, struct str alarm),
                void *arg)
{
    switch (r->kind) {
    case RULE_STATE:
        return state_of(arg, r->alarm) == r->state;
    case RULE_CONSTANT:
        return r->constant;
    case RULE_NOT:
        return !rule_holds(r->left, state_of, arg);
    case RULE_AND:
        return rule_holds(r->left, state_of, arg) && rule_holds(r->right, state_of, arg);
    default:
        return rule_holds(r->left, state_of, arg) || rule_holds(r->right, state_of, arg);
    }
}
