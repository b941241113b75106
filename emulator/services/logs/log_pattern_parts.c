#include "emulator/services/logs/log_pattern_parts.h"

#include "core/base/limits.h"
#include "core/base/buf.h"

int lex_fail(struct lex *s, const char *what)
{
    return err_set(s->err, E_PARSE, "%s at character %zu", what, s->at + 1);
}

void lex_blanks(struct lex *s)
{
    while (s->at < s->text.len && strchr(" \t\r\n", s->text.ptr[s->at]) && s->text.ptr[s->at])
        s->at++;
}

bool lex_take(struct lex *s, const char *word)
{
    if (!str_has_prefix(str_sub(s->text, s->at, s->text.len), str_c(word)))
        return false;
    s->at += strlen(word);
    return true;
}

struct str lex_run(struct lex *s, bool (*holds)(int c))
{
    size_t from = s->at;

    while (s->at < s->text.len && holds((unsigned char)s->text.ptr[s->at]))
        s->at++;
    return str_sub(s->text, from, s->at - from);
}

int lex_quoted(struct lex *s, struct str *out)
{
    struct buf b = { 0 };
    bool is_closed = false;

    for (s->at++; !is_closed && s->at < s->text.len; s->at++) {
        char c = s->text.ptr[s->at];
        if (c == '\\' && s->at + 1 < s->text.len && strchr("\"\\", s->text.ptr[s->at + 1]) &&
            s->text.ptr[s->at + 1])
            buf_add_char(&b, s->text.ptr[++s->at]);
        else if (c == '"')
            is_closed = true;
        else
            buf_add_char(&b, c);
    }
    *out = arena_copy(s->a, buf_view(&b));
    buf_free(&b);
    return is_closed ? 0 : lex_fail(s, "a closing quote is missing");
}

/* ---- values ---- */

/* Source: the guide, "JSON": an integer or a decimal with an optional sign, perhaps followed by 'e'
 * and an integer with an optional sign. */
bool log_number_read(struct str text, double *out)
{
    size_t from = text.len > 0 && text.ptr[0] == '+' ? 1 : 0;
    bool has_digit = false;

    for (size_t i = from; i < text.len; i++) {
        char c = text.ptr[i];
        has_digit |= c >= '0' && c <= '9';
        if (!(c >= '0' && c <= '9') && (!c || !strchr("+-.eE", c)))
            return false;
    }
    return has_digit && str_to_f64(str_sub(text, from, text.len), out);
}

/* What needs no quotes: letters, digits and _ by the guide; . - * as its examples have them
 * (123.123.*), + for numbers, and : and / as in arn:aws:s3:::b/k of the CloudTrail guide's. */
static bool is_bare(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("_.-*+:/", c));
}

/* Source: the guide, "JSON": * matches any text before or after a term; within one it is itself. */
static void cut_stars(struct operand *o)
{
    if (o->text.len > 0 && o->text.ptr[0] == '*') {
        o->star_before = true;
        o->text = str_sub(o->text, 1, o->text.len);
    }
    if (o->text.len > 0 && o->text.ptr[o->text.len - 1] == '*') {
        o->star_behind = true;
        o->text.len--;
    }
}

int lex_operand(struct lex *s, struct operand *out)
{
    int rc = 0;

    *out = (struct operand){ 0 };
    lex_blanks(s);
    if (lex_peek(s) == '%')
        return lex_regex(s, &out->regex);
    if (lex_peek(s) == '"')
        rc = lex_quoted(s, &out->text);
    else {
        out->text = arena_copy(s->a, lex_run(s, is_bare));
        if (out->text.len == 0)
            return lex_fail(s, "a value is missing (other than letters, digits and _ . - * + : / "
                               "must be quoted)");
        out->is_number = log_number_read(out->text, &out->number);
    }
    cut_stars(out);
    return rc;
}

int lex_operator(struct lex *s, enum test_op *out)
{
    static const struct {
        const char *text;
        enum test_op op;
    } ops[] = { { "!=", OP_NE }, { "<=", OP_LE }, { ">=", OP_GE },
                { "=!", OP_NE }, /* Source: an older edition of the guide: [w1=!ERROR] */
                { "=", OP_EQ },  { "<", OP_LT },  { ">", OP_GT } };

    lex_blanks(s);
    for (size_t i = 0; i < COUNT(ops); i++)
        if (lex_take(s, ops[i].text)) {
            *out = ops[i].op;
            return 0;
        }
    return lex_fail(s, "one of = != < > <= >= is missing");
}

static bool is_like(const struct operand *o, struct str text)
{
    if (o->star_before && o->star_behind)
        return o->text.len == 0 || str_find(text, o->text) >= 0;
    if (o->star_before)
        return str_has_suffix(text, o->text);
    return o->star_behind ? str_has_prefix(text, o->text) : str_eq(text, o->text);
}

static bool is_equal(const struct operand *o, struct arena *a, struct str text,
                     const double *number)
{
    if (o->regex)
        return log_regex_match(o->regex, a, text);
    return (number && o->is_number && *number == o->number) || is_like(o, text);
}

bool log_operand_holds(const struct operand *o, enum test_op op, struct arena *a, struct str text,
                       const double *number)
{
    if (op == OP_EQ || op == OP_NE)
        return is_equal(o, a, text, number) == (op == OP_EQ);
    if (!number || !o->is_number)
        return false;
    switch (op) {
    case OP_LT:
        return *number < o->number;
    case OP_GT:
        return *number > o->number;
    case OP_LE:
        return *number <= o->number;
    default:
        return *number >= o->number;
    }
}

/* ---- && and || ---- */

static const struct node *new_node(struct lex *s, struct node n)
{
    struct node *out = arena_alloc(s->a, sizeof *out);

    *out = n;
    return out;
}

static int scan_primary(struct lex *s, lex_test_fn *fn, void *arg, const struct node **out)
{
    const void *test = NULL;
    int rc;

    lex_blanks(s);
    if (lex_take(s, "(")) {
        if (++s->depth > LIMIT_NESTING)
            return lex_fail(s, "too many parentheses");
        rc = lex_expression(s, fn, arg, out);
        s->depth--;
        lex_blanks(s);
        return rc < 0 || lex_take(s, ")") ? rc : lex_fail(s, "a ) is missing");
    }
    rc = fn(s, arg, &test);
    if (rc == 0)
        *out = new_node(s, (struct node){ .kind = NODE_TEST, .test = test });
    return rc;
}

static int scan_all(struct lex *s, lex_test_fn *fn, void *arg, const struct node **out)
{
    const struct node *right;
    int rc = scan_primary(s, fn, arg, out);

    for (lex_blanks(s); rc == 0 && lex_take(s, "&&"); lex_blanks(s)) {
        rc = scan_primary(s, fn, arg, &right);
        if (rc == 0)
            *out = new_node(s, (struct node){ NODE_AND, *out, right, NULL });
    }
    return rc;
}

int lex_expression(struct lex *s, lex_test_fn *fn, void *arg, const struct node **out)
{
    const struct node *right;
    int rc = scan_all(s, fn, arg, out);

    for (lex_blanks(s); rc == 0 && lex_take(s, "||"); lex_blanks(s)) {
        rc = scan_all(s, fn, arg, &right);
        if (rc == 0)
            *out = new_node(s, (struct node){ NODE_OR, *out, right, NULL });
    }
    return rc;
}

/* As deep as parentheses, for chains lean to the left: each turn takes the right side by itself. */
bool log_node_holds(const struct node *n, test_fn *fn, void *arg)
{
    if (n->kind == NODE_TEST)
        return fn(n->test, arg);
    bool left = log_node_holds(n->left, fn, arg);

    if (left == (n->kind == NODE_OR))
        return left;
    return log_node_holds(n->right, fn, arg);
}
