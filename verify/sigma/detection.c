/* The selections of a rule: maps of fields, lists of them, keywords -> what they ask. */
#include "verify/sigma/private.h"

#include "core/codec/json.h"
#include "core/codec/yaml.h"

/* The modifiers of one item, read. */
struct modifiers {
    enum test_kind kind;
    enum compare compare;
    int ends;
    bool all, cased;
    char flags[4]; /* of a regular expression */
};

struct expr *expr_new(struct arena *a, enum expr_kind kind)
{
    struct expr *e = arena_alloc(a, sizeof *e);

    e->kind = kind;
    return e;
}

void expr_push(struct arena *a, struct expr *e, const struct expr *kid)
{
    if ((e->kid_count & (e->kid_count - 1)) == 0) { /* full at 0, 1, 2, 4, 8 ... */
        const struct expr **kids =
            arena_array(a, e->kid_count ? e->kid_count * 2 : 1, sizeof(*kids));

        if (e->kid_count > 0)
            memcpy(kids, e->kids, e->kid_count * sizeof *kids);
        e->kids = kids;
    }
    e->kids[e->kid_count++] = kid;
}

/* ---- modifiers ---- */

enum modifier_does { DOES_KIND, DOES_ENDS, DOES_COMPARE, DOES_ALL, DOES_CASED, DOES_FLAG };

static const struct modifier {
    const char *name;
    enum modifier_does does;
    int what;
} modifiers[] = {
    { "contains", DOES_ENDS, GLOB_OPEN_START | GLOB_OPEN_END },
    { "startswith", DOES_ENDS, GLOB_OPEN_END },
    { "endswith", DOES_ENDS, GLOB_OPEN_START },
    { "all", DOES_ALL, 0 },
    { "cased", DOES_CASED, 0 },
    { "re", DOES_KIND, TEST_REGEX },
    { "exists", DOES_KIND, TEST_EXISTS },
    { "fieldref", DOES_KIND, TEST_FIELD },
    { "lt", DOES_COMPARE, COMPARE_LT },
    { "lte", DOES_COMPARE, COMPARE_LTE },
    { "gt", DOES_COMPARE, COMPARE_GT },
    { "gte", DOES_COMPARE, COMPARE_GTE },
    { "i", DOES_FLAG, 'i' },
    { "m", DOES_FLAG, 'm' },
    { "s", DOES_FLAG, 's' },
};

static const struct modifier *modifier_find(struct str name)
{
    for (size_t i = 0; i < COUNT(modifiers); i++)
        if (str_eq_c(name, modifiers[i].name))
            return &modifiers[i];
    return NULL;
}

static void modifier_apply(struct modifiers *m, const struct modifier *row)
{
    size_t flags = strlen(m->flags);

    switch (row->does) {
    case DOES_KIND:
        m->kind = (enum test_kind)row->what;
        break;
    case DOES_ENDS:
        m->ends = row->what;
        break;
    case DOES_COMPARE:
        m->kind = TEST_NUMBER;
        m->compare = (enum compare)row->what;
        break;
    case DOES_ALL:
        m->all = true;
        break;
    case DOES_CASED:
        m->cased = true;
        break;
    case DOES_FLAG:
        if (flags + 1 < sizeof m->flags)
            m->flags[flags] = (char)row->what;
        break;
    }
}

static int modifiers_check(struct compiling *c, const struct modifiers *m, struct str key)
{
    if (m->flags[0] && m->kind != TEST_REGEX)
        return sigma_refuse(c, "'%.*s': i, m and s belong to re", STR_ARG(key));
    if (m->ends != GLOB_WHOLE && m->kind != TEST_GLOB && m->kind != TEST_FIELD)
        return sigma_refuse(c, "'%.*s': these modifiers don't go together", STR_ARG(key));
    return 0;
}

/* names: what stands behind the field's name. */
static int modifiers_read(struct compiling *c, struct str key, struct str names,
                          struct modifiers *out)
{
    struct str name;

    *out = (struct modifiers){ .kind = TEST_GLOB };
    while (names.len > 0) {
        (void)str_cut(names, '|', &name, &names);
        const struct modifier *row = modifier_find(name);

        if (str_eq_c(name, "expand"))
            return sigma_refuse(c, "'%.*s' needs values for its placeholders", STR_ARG(key));
        if (!row)
            return sigma_refuse(c, "'%.*s': the modifier '%.*s' is not evaluated", STR_ARG(key),
                                STR_ARG(name));
        modifier_apply(out, row);
    }
    return modifiers_check(c, out, key);
}

/* ---- values ---- */

static int exists_test(struct compiling *c, const struct value *v, struct test *t)
{
    if (v->kind != VALUE_BOOL)
        return sigma_refuse(c, "line %d: exists takes true or false", yaml_line(v));
    t->kind = v->u.boolean ? TEST_EXISTS : TEST_ABSENT;
    return 0;
}

static int number_test(struct compiling *c, const struct value *v, struct test *t)
{
    if (v->kind != VALUE_INT && v->kind != VALUE_FLOAT)
        return sigma_refuse(c, "line %d: expected a number", yaml_line(v));
    t->number = v->kind == VALUE_INT ? (double)v->u.integer : v->u.real;
    return 0;
}

/* A scalar as Sigma compares it: as text. */
static int value_text(struct compiling *c, const struct value *v, struct str *out)
{
    struct buf text = { 0 };

    if (v->kind == VALUE_FLOAT) {
        json_add_double(&text, v->u.real);
        *out = arena_copy(&c->s->arena, buf_view(&text));
        buf_free(&text);
    } else if (v->kind == VALUE_LIST || v->kind == VALUE_MAP) {
        return sigma_refuse(c, "line %d: expected a text, a number, true, false or null",
                            yaml_line(v));
    } else {
        *out = arena_copy(&c->s->arena, value_to_text(&c->s->arena, v));
    }
    return 0;
}

static int text_test(struct compiling *c, const struct modifiers *m, const struct value *v,
                     struct test *t)
{
    struct str text;

    if (v->kind == VALUE_NULL && m->kind == TEST_GLOB && m->ends == GLOB_WHOLE) {
        t->kind = TEST_NULL;
        return 0;
    }
    if (value_text(c, v, &text) < 0)
        return c->why.code;
    if (m->kind == TEST_FIELD)
        t->other = field_number(c->s, text);
    else if (m->kind == TEST_REGEX)
        t->regex = regex_compile(c->s, text, m->flags, &c->why);
    else
        t->glob = glob_compile(&c->s->arena, text, m->ends, m->cased);
    return c->why.code;
}

static int test_compile(struct compiling *c, const struct modifiers *m, const struct value *v,
                        struct test *t)
{
    *t = (struct test){
        .kind = m->kind, .compare = m->compare, .ends = m->ends, .is_cased = m->cased
    };
    switch (m->kind) {
    case TEST_EXISTS:
        return exists_test(c, v, t);
    case TEST_NUMBER:
        return number_test(c, v, t);
    default:
        return text_test(c, m, v, t);
    }
}

/* One value, or a list of them. */
static int tests_compile(struct compiling *c, const struct modifiers *m, const struct value *values,
                         struct expr *leaf)
{
    bool is_list = values->kind == VALUE_LIST;
    size_t count = is_list ? values->count : 1;
    const struct value *v = is_list ? value_first(values) : values;
    struct test *tests = arena_array(&c->s->arena, count + 1, sizeof *tests);

    if (count == 0)
        return sigma_refuse(c, "line %d: an empty list matches nothing", yaml_line(values));
    leaf->all = m->all;
    leaf->tests = tests;
    for (; leaf->test_count < count; leaf->test_count++, v = v->next) {
        struct test *t = &tests[leaf->test_count];

        if (test_compile(c, m, v, t) < 0)
            return c->why.code;
        t->owner = leaf;
    }
    return 0;
}

/* ---- selections ---- */

static struct expr *item_compile(struct compiling *c, const struct value *item)
{
    struct str name, names;
    struct modifiers m;
    struct expr *leaf = expr_new(&c->s->arena, EXPR_FIELD);

    (void)str_cut(item->name, '|', &name, &names);
    if (modifiers_read(c, item->name, names, &m) < 0 || tests_compile(c, &m, item, leaf) < 0)
        return NULL;
    if (name.len == 0)
        leaf->kind = EXPR_KEYWORD;
    else
        leaf->field = field_number(c->s, name);
    return leaf;
}

static struct expr *map_compile(struct compiling *c, const struct value *map)
{
    struct expr *e = expr_new(&c->s->arena, EXPR_AND);

    if (map->count == 0) {
        (void)sigma_refuse(c, "line %d: an empty selection", yaml_line(map));
        return NULL;
    }
    for (const struct value *item = value_first(map); item; item = item->next) {
        struct expr *leaf = item_compile(c, item);

        if (!leaf)
            return NULL;
        expr_push(&c->s->arena, e, leaf);
    }
    return e;
}

/* Texts without a field: each is looked for in every value of the record. */
static struct expr *keywords_compile(struct compiling *c, const struct value *words)
{
    const struct modifiers m = { .kind = TEST_GLOB, .ends = GLOB_OPEN_START | GLOB_OPEN_END };
    struct expr *leaf = expr_new(&c->s->arena, EXPR_KEYWORD);

    return tests_compile(c, &m, words, leaf) < 0 ? NULL : leaf;
}

static struct expr *list_compile(struct compiling *c, const struct value *list)
{
    struct expr *e = expr_new(&c->s->arena, EXPR_OR);

    for (const struct value *v = value_first(list); v; v = v->next) {
        struct expr *kid = v->kind == VALUE_MAP ? map_compile(c, v) : keywords_compile(c, v);

        if (!kid)
            return NULL;
        expr_push(&c->s->arena, e, kid);
    }
    return e;
}

struct expr *detection_compile(struct compiling *c, const struct value *selection)
{
    if (selection->kind == VALUE_MAP)
        return map_compile(c, selection);
    if (selection->kind == VALUE_LIST && selection->count > 0)
        return list_compile(c, selection);
    return keywords_compile(c, selection);
}
