/* Metric math: text to tree, by recursive descent. */
#include "emulator/services/cloudwatch/math.h"

#include <assert.h>

#include "core/base/limits.h"

struct parser {
    struct arena *a;
    struct str text;
    size_t at;
    int depth;
    struct err *err;
};

/* Loosest first. Source: CloudWatch User Guide, "Metric math syntax and functions": arithmetic,
 * comparison and logical operators. */
enum { LEVEL_OR, LEVEL_AND, LEVEL_COMPARE, LEVEL_SUM, LEVEL_PRODUCT, LEVEL_UNARY };
static const struct {
    const char *text;
    int level;
    enum math_op op;
    bool is_word;
} operators[] = {
    { "||", LEVEL_OR, MATH_OR, false },
    { "OR", LEVEL_OR, MATH_OR, true },
    { "&&", LEVEL_AND, MATH_AND, false },
    { "AND", LEVEL_AND, MATH_AND, true },
    { "==", LEVEL_COMPARE, MATH_EQUAL, false },
    { "!=", LEVEL_COMPARE, MATH_UNEQUAL, false },
    { "<=", LEVEL_COMPARE, MATH_LESS_EQUAL, false },
    { ">=", LEVEL_COMPARE, MATH_GREATER_EQUAL, false },
    { "<", LEVEL_COMPARE, MATH_LESS, false },
    { ">", LEVEL_COMPARE, MATH_GREATER, false },
    { "+", LEVEL_SUM, MATH_ADD, false },
    { "-", LEVEL_SUM, MATH_SUBTRACT, false },
    { "*", LEVEL_PRODUCT, MATH_MULTIPLY, false },
    { "/", LEVEL_PRODUCT, MATH_DIVIDE, false },
    { "%", LEVEL_PRODUCT, MATH_MODULO, false },
};

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char peek(struct parser *p)
{
    while (p->at < p->text.len && strchr(" \t\r\n", p->text.ptr[p->at]) && p->text.ptr[p->at])
        p->at++;
    return p->at < p->text.len ? p->text.ptr[p->at] : '\0';
}

static bool accept(struct parser *p, char c)
{
    if (peek(p) != c || p->at >= p->text.len)
        return false;
    p->at++;
    return true;
}

static int expected(struct parser *p, const char *what)
{
    if (p->at >= p->text.len)
        return err_set(p->err, E_PARSE, "expected %s at the end of the expression", what);
    unsigned char found = (unsigned char)p->text.ptr[p->at];
    if (found < ' ' || found > '~') /* a part of a character is no text to answer */
        return err_set(p->err, E_PARSE, "expected %s at character %zu", what, p->at + 1);
    return err_set(p->err, E_PARSE, "expected %s at character %zu, found '%c'", what, p->at + 1,
                   found);
}

static struct math_node *node_of(struct parser *p, enum math_kind kind)
{
    struct math_node *n = arena_alloc(p->a, sizeof *n);

    n->kind = kind;
    return n;
}

static struct str word_at(struct parser *p)
{
    size_t end = p->at;

    while (end < p->text.len && (is_letter(p->text.ptr[end]) || is_digit(p->text.ptr[end])))
        end++;
    return str_sub(p->text, p->at, end - p->at);
}

static int parse_level(struct parser *p, int level, struct math_node **out);

static int parse_list(struct parser *p, char close, struct math_node *into)
{
    struct math_node **tail = &into->first;

    if (accept(p, close))
        return 0;
    for (;;) {
        int rc = parse_level(p, LEVEL_OR, tail);

        if (rc < 0)
            return rc;
        tail = &(*tail)->next;
        into->count++;
        if (accept(p, close))
            return 0;
        if (!accept(p, ','))
            return expected(p, close == ')' ? "',' or ')'" : "',' or ']'");
    }
}

static int parse_name(struct parser *p, struct math_node **out)
{
    struct str word = word_at(p);

    p->at += word.len;
    *out = node_of(p, MATH_NAME);
    (*out)->text = word;
    if (!accept(p, '('))
        return 0;
    (*out)->kind = MATH_CALL;
    return parse_list(p, ')', *out);
}

static int parse_number(struct parser *p, struct math_node **out)
{
    size_t end = p->at;

    while (end < p->text.len && (is_digit(p->text.ptr[end]) || p->text.ptr[end] == '.'))
        end++;
    if (end < p->text.len && (p->text.ptr[end] | 0x20) == 'e') {
        size_t k = end + 1;

        if (k < p->text.len && (p->text.ptr[k] == '-' || p->text.ptr[k] == '+'))
            k++;
        while (k < p->text.len && is_digit(p->text.ptr[k]))
            end = ++k;
    }
    *out = node_of(p, MATH_NUMBER);
    if (!str_to_f64(str_sub(p->text, p->at, end - p->at), &(*out)->number))
        return expected(p, "a number");
    p->at = end;
    return 0;
}

static int parse_string(struct parser *p, char quote, struct math_node **out)
{
    size_t from = p->at, end = from;

    while (end < p->text.len && p->text.ptr[end] != quote)
        end++;
    p->at = end;
    if (end == p->text.len)
        return expected(p, "the end of a string");
    p->at++;
    *out = node_of(p, MATH_TEXT);
    (*out)->text = str_sub(p->text, from, end - from);
    return 0;
}

static int parse_primary(struct parser *p, struct math_node **out)
{
    char c = peek(p);
    int rc;

    if (is_letter(c))
        return parse_name(p, out);
    if (is_digit(c) || c == '.')
        return parse_number(p, out);
    if (accept(p, '\''))
        return parse_string(p, '\'', out);
    if (accept(p, '"'))
        return parse_string(p, '"', out);
    if (accept(p, '[')) {
        *out = node_of(p, MATH_LIST);
        return parse_list(p, ']', *out);
    }
    if (!accept(p, '('))
        return expected(p, "a number, an id, a function or '('");
    rc = parse_level(p, LEVEL_OR, out);
    if (rc == 0 && !accept(p, ')'))
        rc = expected(p, "')'");
    return rc;
}

static struct math_node *binary(struct parser *p, enum math_op op, struct math_node *left,
                                struct math_node *right)
{
    struct math_node *n = node_of(p, MATH_BINARY);

    assert(left && right);
    n->op = op;
    n->first = left;
    left->next = right;
    n->count = 2;
    return n;
}

/* ^ binds tighter than a sign before it, and to the right. */
static int parse_unary(struct parser *p, struct math_node **out)
{
    struct math_node *inner = NULL, *power = NULL;
    int rc;

    if (++p->depth > LIMIT_NESTING)
        return err_set(p->err, E_PARSE, "nested more than %d deep", LIMIT_NESTING);
    if (accept(p, '-')) {
        rc = parse_unary(p, &inner);
        if (rc == 0) {
            *out = node_of(p, MATH_NEGATE);
            (*out)->first = inner;
            (*out)->count = 1;
        }
    } else {
        rc = parse_primary(p, out);
        if (rc == 0 && accept(p, '^')) {
            rc = parse_unary(p, &power);
            if (rc == 0)
                *out = binary(p, MATH_POWER, *out, power);
        }
    }
    p->depth--;
    return rc;
}

static bool accept_operator(struct parser *p, int level, enum math_op *op)
{
    (void)peek(p); /* to the next character */
    for (size_t i = 0; i < COUNT(operators); i++) {
        struct str text = str_c(operators[i].text), rest = str_sub(p->text, p->at, p->text.len);

        if (operators[i].level != level ||
            !(operators[i].is_word ? str_eq(word_at(p), text) : str_has_prefix(rest, text)))
            continue;
        p->at += text.len;
        *op = operators[i].op;
        return true;
    }
    return false;
}

static int parse_level(struct parser *p, int level, struct math_node **out)
{
    struct math_node *right = NULL;
    enum math_op op;

    if (level == LEVEL_UNARY)
        return parse_unary(p, out);
    int rc = parse_level(p, level + 1, out);
    while (rc == 0 && accept_operator(p, level, &op)) {
        rc = parse_level(p, level + 1, &right);
        if (rc == 0)
            *out = binary(p, op, *out, right);
    }
    return rc;
}

int math_parse(struct arena *a, struct str text, struct math_node **out, struct err *err)
{
    struct parser p = { .a = a, .text = text, .err = err };

    (void)peek(&p); /* to the first character */
    struct str first = word_at(&p);
    if (str_eq_nocase(first, STR("SELECT")))
        return err_set(err, E_PARSE, "Metrics Insights queries (SELECT) are not supported");
    int rc = parse_level(&p, LEVEL_OR, out);
    if (rc == 0 && (peek(&p) != '\0' || p.at < p.text.len))
        rc = expected(&p, "an operator");
    return rc;
}
