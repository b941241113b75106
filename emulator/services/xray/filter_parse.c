#include "emulator/services/xray/filter_ast.h"

enum scope { T = 1, S = 2, C = 4 };

static const struct keyword {
    const char *text;
    enum filter_type type;
    unsigned scopes;
} keywords[] = {
#define KEYWORD(id, text, kind, scopes) { text, TYPE_##kind, scopes },
#include "emulator/services/xray/filter.def"
#undef KEYWORD
};

/* ---- words ---- */

enum token_kind { TOKEN_END, TOKEN_WORD, TOKEN_STRING, TOKEN_NUMBER, TOKEN_SIGN, TOKEN_BAD };
struct token {
    enum token_kind kind;
    struct str text; /* of a string: without quotes and escapes */
    double number;
    size_t at;
};

struct parser {
    struct arena *a;
    struct str text;
    size_t at; /* behind now */
    struct token now;
    const struct filter_groups *groups;
    int *groups_taken; /* by all parsers of one expression */
    int depth;
    struct err *err;
    bool failed;
};

static bool is_word(char c, bool first)
{
    bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';

    return letter || c == '_' || (!first && ((c >= '0' && c <= '9') || c == '.' || c == '-'));
}

static bool is_number(char c)
{
    return (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '+' || (c | 0x20) == 'e';
}

/* A string's text, its escapes undone: \" and \\. */
static void take_string(struct parser *p, struct token *t)
{
    char *out = arena_alloc(p->a, p->text.len + 1);
    size_t len = 0;

    t->kind = TOKEN_BAD; /* until its end is found */
    for (p->at++; p->at < p->text.len; p->at++) {
        char c = p->text.ptr[p->at];

        if (c == '"') {
            p->at++;
            *t = (struct token){ .kind = TOKEN_STRING, .text = { out, len }, .at = t->at };
            return;
        }
        if (c == '\\' && p->at + 1 < p->text.len)
            c = p->text.ptr[++p->at];
        out[len++] = c;
    }
}

static void take_run(struct parser *p, struct token *t, bool is_name)
{
    size_t from = p->at;

    while (p->at < p->text.len &&
           (is_name ? is_word(p->text.ptr[p->at], false) : is_number(p->text.ptr[p->at])))
        p->at++;
    t->text = str_sub(p->text, from, p->at - from);
    t->kind = TOKEN_WORD;
    if (!is_name)
        t->kind = str_to_f64(t->text, &t->number) ? TOKEN_NUMBER : TOKEN_BAD;
}

static void take_sign(struct parser *p, struct token *t)
{
    static const char *const signs[] = { "!=", "<=", ">=", "!", "=", "<", ">", "(",
                                         ")",  "{",  "}",  "[", "]", ",", ":" };
    struct str rest = str_sub(p->text, p->at, p->text.len);

    t->kind = TOKEN_BAD;
    for (size_t i = 0; i < COUNT(signs); i++)
        if (str_has_prefix(rest, str_c(signs[i]))) {
            t->kind = TOKEN_SIGN;
            t->text = str_c(signs[i]);
            p->at += t->text.len;
            return;
        }
}

static void advance(struct parser *p)
{
    while (p->at < p->text.len && memchr(" \t\r\n", p->text.ptr[p->at], 4))
        p->at++;
    p->now = (struct token){ .kind = TOKEN_END, .at = p->at };
    if (p->at == p->text.len)
        return;
    char c = p->text.ptr[p->at];
    if (c == '"')
        take_string(p, &p->now);
    else if (is_word(c, true))
        take_run(p, &p->now, true);
    else if (is_number(c))
        take_run(p, &p->now, false);
    else
        take_sign(p, &p->now);
}

static struct filter *fail(struct parser *p, const char *what)
{
    if (!p->failed)
        (void)err_set(p->err, E_PARSE, "at character %zu: %s", p->now.at + 1, what);
    p->failed = true;
    return NULL;
}

static bool is_sign(const struct parser *p, const char *sign)
{
    return p->now.kind == TOKEN_SIGN && str_eq_c(p->now.text, sign);
}

static bool is_named(const struct parser *p, const char *word)
{
    return p->now.kind == TOKEN_WORD && str_eq_nocase(p->now.text, str_c(word));
}

static bool accept(struct parser *p, const char *sign)
{
    if (!is_sign(p, sign))
        return false;
    advance(p);
    return true;
}

static bool expect(struct parser *p, const char *sign)
{
    if (!p->failed && !accept(p, sign))
        (void)fail(p, arena_printf(p->a, "expected '%s'", sign).ptr);
    return !p->failed;
}

/* ---- operators and values ---- */

static enum filter_op take_op(struct parser *p)
{
    static const struct {
        const char *text;
        enum filter_op op;
    } ops[] = { { "=", OP_EQ },
                { "!=", OP_NE },
                { "<", OP_LT },
                { "<=", OP_LE },
                { ">", OP_GT },
                { ">=", OP_GE },
                { "CONTAINS", OP_CONTAINS },
                { "BEGINSWITH", OP_BEGINSWITH },
                { "ENDSWITH", OP_ENDSWITH } };

    for (size_t i = 0; i < COUNT(ops); i++)
        if (is_sign(p, ops[i].text) || is_named(p, ops[i].text)) {
            advance(p);
            return ops[i].op;
        }
    return OP_SET;
}

static struct filter_value take_value(struct parser *p)
{
    struct filter_value v = { TYPE_STRING, p->now.number, p->now.text };

    if (is_named(p, "true") || is_named(p, "false")) {
        v.type = TYPE_BOOL;
        v.number = is_named(p, "true");
    } else if (p->now.kind == TOKEN_NUMBER) {
        v.type = TYPE_NUMBER;
    } else if (p->now.kind != TOKEN_STRING && p->now.kind != TOKEN_WORD) {
        (void)fail(p, "expected a value");
        return v;
    }
    advance(p);
    return v;
}

static bool fits(enum filter_type type, enum filter_op op)
{
    bool is_order = op == OP_LT || op == OP_LE || op == OP_GT || op == OP_GE;
    bool is_text = op == OP_CONTAINS || op == OP_BEGINSWITH || op == OP_ENDSWITH;

    return !(is_order && type != TYPE_NUMBER) && !(is_text && type != TYPE_STRING);
}

/* What stands behind a keyword of that type; annotations take the type of the value. */
static struct filter *take_comparison(struct parser *p, struct filter *f, enum filter_type type)
{
    bool is_any = f->kind == FILTER_ANNOTATION;

    f->op = take_op(p);
    if (f->op == OP_SET)
        return f;
    size_t at = p->now.at;
    f->value = take_value(p);
    if (p->failed)
        return NULL;
    if (is_any)
        type = f->value.type;
    else if (type == TYPE_BOOL && (str_eq_nocase(f->value.text, STR("true")) ||
                                   str_eq_nocase(f->value.text, STR("false"))))
        f->value =
            (struct filter_value){ TYPE_BOOL, (f->value.text.ptr[0] | 0x20) == 't', f->value.text };
    else if (type == TYPE_STRING && f->value.type == TYPE_BOOL)
        f->value.type = TYPE_STRING;
    if (f->value.type == type && fits(type, f->op))
        return f;
    p->now.at = at;
    return fail(p, "the keyword, the operator and the value do not go together");
}

/* ---- keywords ---- */

static struct filter *parse_any(struct parser *p, unsigned scope);

static struct filter *new_filter(struct parser *p, enum filter_kind kind)
{
    struct filter *f = arena_alloc(p->a, sizeof *f);

    f->kind = kind;
    return f;
}

static struct filter *parse_braces(struct parser *p, struct filter *f, unsigned scope)
{
    if (!p->failed && accept(p, "{")) {
        f->left = parse_any(p, scope);
        (void)expect(p, "}");
    }
    return p->failed ? NULL : f;
}

static struct str *id_part(const struct parser *p, struct filter_service *s)
{
    if (is_named(p, "name"))
        return &s->name;
    if (is_named(p, "type"))
        return &s->type;
    return is_named(p, "account.id") ? &s->account : NULL;
}

static void take_id_part(struct parser *p, struct filter_service *s)
{
    struct str *part = id_part(p, s);

    if (!part) {
        (void)fail(p, "expected name, type or account.id");
        return;
    }
    advance(p);
    if (!expect(p, ":"))
        return;
    if (p->now.kind != TOKEN_STRING) {
        (void)fail(p, "expected a string in quotation marks");
        return;
    }
    *part = p->now.text;
    advance(p);
}

/* A name, an id(), or nothing: any service. */
static void take_service(struct parser *p, struct filter_service *s)
{
    if (p->now.kind == TOKEN_STRING) {
        s->name = p->now.text;
        advance(p);
    } else if (is_named(p, "id")) {
        advance(p);
        if (!expect(p, "("))
            return;
        do
            take_id_part(p, s);
        while (!p->failed && accept(p, ","));
        (void)expect(p, ")");
    }
}

static struct filter *parse_services(struct parser *p, enum filter_kind kind)
{
    struct filter *f = new_filter(p, kind);

    advance(p);
    if (!expect(p, "("))
        return NULL;
    take_service(p, &f->ends[0]);
    if (kind == FILTER_EDGE && expect(p, ","))
        take_service(p, &f->ends[1]);
    (void)expect(p, ")");
    return parse_braces(p, f, S);
}

static struct filter *parse_cause(struct parser *p)
{
    static const char *const causes[CAUSE_KINDS] = { "fault", "error", "responsetime" };
    static const char *const lists[] = { "service", "entity", "exception" };
    struct filter *f = new_filter(p, FILTER_CAUSE);

    for (size_t c = 0; c < COUNT(causes); c++)
        for (size_t l = 0; l < COUNT(lists); l++)
            if (is_named(p, arena_printf(p->a, "rootcause.%s.%s", causes[c], lists[l]).ptr)) {
                f->cause = (enum cause_kind)c;
                f->list = (enum filter_list)l;
                advance(p);
                return parse_braces(p, f, C);
            }
    return fail(p, "this root cause is not supported");
}

static struct filter *parse_annotation(struct parser *p)
{
    struct filter *f = new_filter(p, FILTER_ANNOTATION);
    struct str prefix = STR("annotation.");

    f->annotation = str_sub(p->now.text, prefix.len, p->now.text.len);
    advance(p);
    if (f->annotation.len == 0 && !p->failed) {
        if (!expect(p, "["))
            return NULL;
        f->annotation = p->now.text;
        if (p->now.kind != TOKEN_WORD && p->now.kind != TOKEN_STRING)
            return fail(p, "expected the key of an annotation");
        advance(p);
        if (!expect(p, "]"))
            return NULL;
    }
    return take_comparison(p, f, TYPE_STRING);
}

/* A group's expression stands in for it. */
static struct filter *parse_group(struct parser *p, bool by_arn)
{
    struct parser inner = *p;
    struct str expression;

    advance(p);
    enum filter_op op = take_op(p);
    if ((op != OP_EQ && op != OP_NE) || p->now.kind != TOKEN_STRING)
        return fail(p, "a group is compared by = or != with a string");
    if (!p->groups || !p->groups->find(p->groups->arg, by_arn, p->now.text, &expression))
        return fail(p, "there is no such group");
    if (++*p->groups_taken > FILTER_GROUPS)
        return fail(p, "the expression names too many groups, and groups of groups");
    inner.text = expression;
    inner.at = 0;
    advance(&inner);
    struct filter *of = inner.now.kind == TOKEN_END ? new_filter(p, FILTER_AND) /* of nothing */
                                                    : parse_any(&inner, T);
    if (!inner.failed && inner.now.kind != TOKEN_END)
        (void)fail(&inner, "expected the end of the group's expression");
    p->failed |= inner.failed;
    if (p->failed)
        return NULL;
    advance(p);
    if (op == OP_EQ)
        return of;
    struct filter *not = new_filter(p, FILTER_NOT);
    not ->left = of;
    return not ;
}

static struct filter *parse_keyword(struct parser *p, unsigned scope)
{
    for (size_t i = 0; i < COUNT(keywords); i++) {
        if (!is_named(p, keywords[i].text))
            continue;
        if (!(keywords[i].scopes & scope))
            return fail(p, "this keyword has no meaning here");
        struct filter *f = new_filter(p, FILTER_KEYWORD);
        f->keyword = (enum filter_keyword)i;
        advance(p);
        return take_comparison(p, f, keywords[i].type);
    }
    return fail(p, "this keyword is not supported");
}

static bool begins_nocase(struct str s, struct str prefix)
{
    return str_eq_nocase(str_sub(s, 0, prefix.len), prefix);
}

/* What only a trace can be asked, not a service within it. */
static struct filter *parse_word(struct parser *p, unsigned scope)
{
    struct str word = p->now.text;
    bool is_complex = is_named(p, "service") || is_named(p, "edge") || is_named(p, "annotation") ||
                      begins_nocase(word, STR("annotation.")) ||
                      begins_nocase(word, STR("group.")) || begins_nocase(word, STR("rootcause."));

    if (!is_complex)
        return parse_keyword(p, scope);
    if (scope != T)
        return fail(p, "this keyword has no meaning within braces");
    if (is_named(p, "service") || is_named(p, "edge"))
        return parse_services(p, is_named(p, "edge") ? FILTER_EDGE : FILTER_SERVICE);
    if (begins_nocase(word, STR("annotation")))
        return parse_annotation(p);
    if (begins_nocase(word, STR("rootcause.")))
        return parse_cause(p);
    if (is_named(p, "group.name") || is_named(p, "group.arn"))
        return parse_group(p, is_named(p, "group.arn"));
    return fail(p, "this keyword is not supported");
}

/* ---- combinations ---- */

static struct filter *parse_one(struct parser *p, unsigned scope)
{
    struct filter *f;

    if (++p->depth > FILTER_DEPTH)
        return fail(p, "the expression is nested too deeply");
    if (accept(p, "!")) {
        f = new_filter(p, FILTER_NOT);
        f->left = parse_one(p, scope);
    } else if (accept(p, "(")) {
        f = parse_any(p, scope);
        (void)expect(p, ")");
    } else if (p->now.kind == TOKEN_WORD && !is_named(p, "and") && !is_named(p, "or")) {
        f = parse_word(p, scope);
    } else {
        f = fail(p, "expected a keyword");
    }
    p->depth--;
    return p->failed ? NULL : f;
}

static struct filter *join(struct parser *p, enum filter_kind kind, struct filter *left,
                           struct filter *right)
{
    struct filter *f = new_filter(p, kind);

    f->left = left;
    f->right = right;
    return f;
}

static bool ends_all(const struct parser *p)
{
    return p->now.kind == TOKEN_END || is_sign(p, ")") || is_sign(p, "}") || is_named(p, "or");
}

/* Source: the guide's "ok !partial duration <3": what stands side by side must all hold. */
static struct filter *parse_all(struct parser *p, unsigned scope)
{
    struct filter *f = parse_one(p, scope);

    while (!p->failed && !ends_all(p)) {
        if (is_named(p, "and"))
            advance(p);
        f = join(p, FILTER_AND, f, parse_one(p, scope));
    }
    return p->failed ? NULL : f;
}

static struct filter *parse_any(struct parser *p, unsigned scope)
{
    struct filter *f = parse_all(p, scope);

    while (!p->failed && is_named(p, "or")) {
        advance(p);
        f = join(p, FILTER_OR, f, parse_all(p, scope));
    }
    return p->failed ? NULL : f;
}

int filter_parse(struct arena *a, struct str text, const struct filter_groups *groups,
                 struct filter **out, struct err *err)
{
    struct err why = { 0 };
    int groups_taken = 0;
    struct parser p = {
        .a = a, .text = text, .groups = groups, .groups_taken = &groups_taken, .err = &why
    };

    if (text.len > FILTER_BYTES)
        return err_set(err, E_PARSE, "the expression is longer than %u bytes", FILTER_BYTES);
    advance(&p);
    struct filter *f = parse_any(&p, T);
    if (!p.failed && p.now.kind != TOKEN_END)
        (void)fail(&p, "expected the end of the expression");
    if (p.failed)
        return err_set(err, E_PARSE, "%s", why.text);
    *out = f;
    return 0;
}

int filter_entity_parse(struct arena *a, struct str text, struct filter_entity *out,
                        struct err *err)
{
    struct err why = { 0 };
    struct parser p = { .a = a, .text = text, .err = &why };
    struct filter bare = { .kind = FILTER_SERVICE }, *f = &bare;

    if (text.len > FILTER_BYTES)
        return err_set(err, E_PARSE, "the expression is longer than %u bytes", FILTER_BYTES);
    advance(&p);
    if (is_named(&p, "id"))
        take_service(&p, &bare.ends[0]);
    else if (is_named(&p, "service") || is_named(&p, "edge"))
        f = parse_services(&p, is_named(&p, "edge") ? FILTER_EDGE : FILTER_SERVICE);
    else
        (void)fail(&p, "expected id, service or edge");
    if (!p.failed && (p.now.kind != TOKEN_END || f->left))
        (void)fail(&p, "expected the end of the expression");
    if (p.failed)
        return err_set(err, E_PARSE, "%s", why.text);
    *out = (struct filter_entity){ .is_edge = f->kind == FILTER_EDGE };
    for (int i = 0; i < 2; i++) {
        out->name[i] = f->ends[i].name;
        out->type[i] = f->ends[i].type;
    }
    return 0;
}
