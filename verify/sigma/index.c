/* Which rules a record can match at all, by its eventName: a hundred rules cost little more than
 * one. */
#include "verify/sigma/private.h"

struct slot {
    struct str name; /* lower case; ptr NULL: free */
    struct rule **rules;
    size_t count;
};
struct index {
    struct slot *slots;
    size_t mask;
    struct rule **always; /* rules that any eventName may match */
    size_t always_count;
};

/* Names that a rule asks for; is_any: it may match others, too. */
struct names {
    struct str *items;
    size_t count;
    bool is_any;
};

static uint64_t hash_lower(struct str s)
{
    uint64_t h = 14695981039346656037ull;

    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];

        h = (h ^ (c >= 'A' && c <= 'Z' ? c + 32u : c)) * 1099511628211ull;
    }
    return h;
}

static const struct names any_name = { .is_any = true };

/* ---- what a rule asks of eventName ---- */

static struct names leaf_names(struct arena *a, const struct sigma *s, const struct expr *e)
{
    struct names n = { .items = arena_array(a, e->test_count, sizeof(struct str)) };

    if (s->fields[e->field].top != SCAN_EVENT_NAME || (e->all && e->test_count > 1))
        return any_name;
    for (size_t i = 0; i < e->test_count; i++) {
        const struct test *t = &e->tests[i];

        if (t->kind != TEST_GLOB || !t->glob.is_plain || t->glob.is_cased)
            return any_name;
        n.items[n.count++] = t->glob.pattern;
    }
    return n;
}

static struct names expr_names(struct arena *a, const struct sigma *s, const struct expr *e);

/* Of what must hold together, the shortest list will do. */
static struct names and_names(struct arena *a, const struct sigma *s, const struct expr *e)
{
    struct names best = any_name;

    for (size_t i = 0; i < e->kid_count; i++) {
        struct names n = expr_names(a, s, e->kids[i]);

        if (!n.is_any && (best.is_any || n.count < best.count))
            best = n;
    }
    return best;
}

static struct names or_names(struct arena *a, const struct sigma *s, const struct expr *e)
{
    struct names all = { 0 };

    for (size_t i = 0; i < e->kid_count; i++) {
        struct names n = expr_names(a, s, e->kids[i]);
        struct str *both = arena_array(a, all.count + n.count + 1, sizeof *both);

        if (n.is_any)
            return any_name;
        if (all.count > 0)
            memcpy(both, all.items, all.count * sizeof *both);
        if (n.count > 0)
            memcpy(both + all.count, n.items, n.count * sizeof *both);
        all = (struct names){ both, all.count + n.count, false };
    }
    return all;
}

static struct names expr_names(struct arena *a, const struct sigma *s, const struct expr *e)
{
    switch (e->kind) {
    case EXPR_AND:
        return and_names(a, s, e);
    case EXPR_OR:
        return or_names(a, s, e);
    case EXPR_FIELD:
        return leaf_names(a, s, e);
    case EXPR_NOT:
    case EXPR_KEYWORD:
        break;
    }
    return any_name;
}

/* ---- the table ---- */

static struct slot *slot_for(const struct index *x, struct str name)
{
    size_t i = hash_lower(name) & x->mask;

    while (x->slots[i].name.ptr && !str_eq_nocase(x->slots[i].name, name))
        i = (i + 1) & x->mask;
    return &x->slots[i];
}

/* Names first: then each slot has room for every rule that it may hold. */
static void add_name(struct arena *a, struct index *x, struct str name, size_t rules_most)
{
    struct slot *slot = slot_for(x, name);

    if (slot->name.ptr)
        return;
    slot->name = name.ptr ? name : STR("");
    slot->rules = arena_array(a, rules_most, sizeof(struct rule *));
}

static void push_once(struct rule **rules, size_t *count, struct rule *r)
{
    if (*count == 0 || rules[*count - 1] != r)
        rules[(*count)++] = r;
}

static void add_rule(struct index *x, const struct names *n, struct rule *r)
{
    if (n->is_any) {
        push_once(x->always, &x->always_count, r);
        for (size_t i = 0; i <= x->mask; i++)
            if (x->slots[i].name.ptr)
                push_once(x->slots[i].rules, &x->slots[i].count, r);
        return;
    }
    for (size_t i = 0; i < n->count; i++) {
        struct slot *slot = slot_for(x, n->items[i]);

        push_once(slot->rules, &slot->count, r);
    }
}

struct index *index_build(struct sigma *s)
{
    struct arena *a = &s->arena;
    struct index *x = arena_alloc(a, sizeof *x);
    struct names *names = arena_array(a, s->rule_count + 1, sizeof *names);
    size_t count = 0, size = 16;

    for (size_t i = 0; i < s->rule_count; i++) {
        names[i] = s->rules[i]->expr ? expr_names(a, s, s->rules[i]->expr) : (struct names){ 0 };
        count += names[i].count;
    }
    while (size < count * 2 + 2)
        size *= 2;
    x->mask = size - 1;
    x->slots = arena_array(a, size, sizeof *x->slots);
    x->always = arena_array(a, s->rule_count + 1, sizeof *x->always);
    for (size_t i = 0; i < s->rule_count; i++)
        for (size_t k = 0; k < names[i].count; k++)
            add_name(a, x, names[i].items[k], s->rule_count);
    for (size_t i = 0; i < s->rule_count; i++)
        if (s->rules[i]->expr)
            add_rule(x, &names[i], s->rules[i]);
    return x;
}

struct candidates index_find(const struct index *x, struct str event_name)
{
    const struct slot *slot = slot_for(x, event_name);

    if (slot->name.ptr)
        return (struct candidates){ slot->rules, slot->count };
    return (struct candidates){ x->always, x->always_count };
}
