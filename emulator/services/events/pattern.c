#include "emulator/services/events/pattern.h"

#include "core/codec/json.h"
#include "emulator/services/events/pattern_tests.h"

/* A field of the event, or a $or between fields. */
struct field {
    enum { FIELD_LEAF, FIELD_OBJECT, FIELD_OR } kind;
    struct str name;
    const struct pattern_test *tests; /* LEAF: one must hold */
    struct field *fields;             /* OBJECT: all must hold */
    struct branch *branches;          /* OR: one must hold */
    bool wants_something;             /* a test below is of what is there, not of its absence */
    struct field *next;
};
struct branch {
    struct field *fields;
    struct branch *next;
};
struct event_pattern {
    struct field *fields;
};

/* ---- compiling ---- */

struct compiler {
    struct arena *a;
    struct err *err;
};

static int compile_object(struct compiler *c, const struct value *object, struct field **out,
                          uint64_t *combinations);

/* Names that can't be fields of a $or: an object with one is taken for a match expression.
 * Source: event-ruler README, "The $or Primitive", RESERVED_FIELD_NAMES_IN_OR_RELATIONSHIP. */
static const char *const reserved[] = { "exactly",  "prefix",
                                        "suffix",   "anything-but",
                                        "numeric",  "cidr",
                                        "exists",   "equals-ignore-case",
                                        "wildcard", "regular-expression" };

static bool is_branch(const struct value *v)
{
    if (v->kind != VALUE_MAP || v->count == 0)
        return false;
    for (const struct value *k = value_first(v); k; k = k->next)
        for (size_t i = 0; i < COUNT(reserved); i++)
            if (str_eq_c(k->name, reserved[i]))
                return false;
    return true;
}

/* Source: event-ruler README, the same: two objects at least, else it is a field of that name. */
static bool is_or(const struct value *v)
{
    if (!str_eq_c(v->name, "$or") || v->kind != VALUE_LIST || v->count < 2)
        return false;
    for (const struct value *k = value_first(v); k; k = k->next)
        if (!is_branch(k))
            return false;
    return true;
}

static int compile_or(struct compiler *c, const struct value *list, struct field *f,
                      uint64_t *combinations)
{
    struct branch **tail = &f->branches;
    uint64_t sum = 0;

    f->kind = FIELD_OR;
    for (const struct value *k = value_first(list); k; k = k->next) {
        uint64_t own = 1;
        struct branch *b = arena_alloc(c->a, sizeof *b);
        int rc = compile_object(c, k, &b->fields, &own);

        if (rc < 0)
            return rc;
        sum += own;
        *tail = b;
        tail = &b->next;
    }
    *combinations *= sum;
    f->wants_something = true; /* no quirk of absence hangs on a choice */
    return 0;
}

static int compile_leaf(struct compiler *c, const struct value *list, struct field *f)
{
    int rc = pattern_tests_compile(c->a, list, &f->tests, c->err);

    f->kind = FIELD_LEAF;
    for (const struct pattern_test *t = f->tests; rc == 0 && t; t = t->next)
        f->wants_something |= t->kind != TEST_ABSENT;
    return rc;
}

static int compile_field(struct compiler *c, const struct value *v, struct field *f,
                         uint64_t *combinations)
{
    f->name = v->name;
    if (is_or(v))
        return compile_or(c, v, f, combinations);
    if (v->kind == VALUE_LIST)
        return compile_leaf(c, v, f);
    if (v->kind != VALUE_MAP)
        return err_set(c->err, E_PARSE, "\"%.*s\" must be an object or an array",
                       STR_ARG(str_sub(v->name, 0, 200)));
    f->kind = FIELD_OBJECT;
    int rc = compile_object(c, v, &f->fields, combinations);
    for (const struct field *k = f->fields; rc == 0 && k; k = k->next)
        f->wants_something |= k->wants_something;
    return rc;
}

static int compile_object(struct compiler *c, const struct value *object, struct field **out,
                          uint64_t *combinations)
{
    struct field *first = NULL, **tail = &first;

    if (object->count == 0)
        return err_set(c->err, E_PARSE, "Empty objects are not allowed");
    for (const struct value *k = value_first(object); k; k = k->next) {
        struct field *f = arena_alloc(c->a, sizeof *f);
        int rc = compile_field(c, k, f, combinations);

        if (rc == 0 && *combinations > EVENT_PATTERN_COMBINATIONS_MOST)
            rc = err_set(c->err, E_LIMIT, "Event pattern has more than %d rule combinations",
                         EVENT_PATTERN_COMBINATIONS_MOST);
        if (rc < 0)
            return rc;
        *tail = f;
        tail = &f->next;
    }
    *out = first;
    return 0;
}

int event_pattern_compile(struct arena *a, const struct value *tree,
                          const struct event_pattern **out, struct err *err)
{
    struct compiler c = { a, err };
    struct event_pattern *p = arena_alloc(a, sizeof *p);
    uint64_t combinations = 1;

    if (!tree || tree->kind != VALUE_MAP)
        return err_set(err, E_PARSE, "Filter is not an object");
    int rc = compile_object(&c, tree, &p->fields, &combinations);
    if (rc == 0)
        *out = p;
    return rc;
}

int event_pattern_parse(struct arena *a, struct str text, const struct event_pattern **out,
                        struct err *err)
{
    struct err why = { 0 };
    struct value *tree;
    int rc = json_parse(a, text, &tree, &why);

    return rc < 0 ? err_set(err, rc, "Invalid JSON: %s", why.text)
                  : event_pattern_compile(a, tree, out, err);
}

/* ---- matching ---- */

static bool object_matches(const struct field *fields, const struct value *object);

/* Elements of lists in lists count as elements of one. */
static bool any_leaf_passes(const struct pattern_test *t, const struct value *v)
{
    if (!v || v->kind == VALUE_MAP)
        return false;
    if (v->kind != VALUE_LIST)
        return pattern_test_passes(t, v);
    for (const struct value *k = value_first(v); k; k = k->next)
        if (any_leaf_passes(t, k))
            return true;
    return false;
}

static const struct pattern_test anything = { .kind = TEST_EXISTS };

static bool leaf_matches(const struct field *f, const struct value *v)
{
    for (const struct pattern_test *t = f->tests; t; t = t->next)
        if (t->kind == TEST_ABSENT ? !any_leaf_passes(&anything, v) : any_leaf_passes(t, v))
            return true;
    return false;
}

/* All conditions on the elements of an array must hold in one element; where only absence is asked
 * for, in all of them.
 * Source: event-ruler README, "JSON Array Matching"; ArrayMembership. */
static bool element_matches(const struct field *f, const struct value *list)
{
    for (const struct value *k = value_first(list); k; k = k->next) {
        bool matches = k->kind == VALUE_LIST ? element_matches(f, k) : object_matches(f->fields, k);
        if (matches == f->wants_something)
            return matches;
    }
    return list->count == 0 ? object_matches(f->fields, NULL) : !f->wants_something;
}

static bool field_matches(const struct field *f, const struct value *object)
{
    const struct value *v = f->kind == FIELD_OR ? NULL : value_get(object, f->name);

    if (f->kind == FIELD_LEAF)
        return leaf_matches(f, v);
    if (f->kind == FIELD_OBJECT)
        return v && v->kind == VALUE_LIST ? element_matches(f, v) : object_matches(f->fields, v);
    for (const struct branch *b = f->branches; b; b = b->next)
        if (object_matches(b->fields, object))
            return true;
    return false;
}

/* object may be NULL or no map: then it has no fields. */
static bool object_matches(const struct field *fields, const struct value *object)
{
    for (const struct field *f = fields; f; f = f->next)
        if (!field_matches(f, object))
            return false;
    return true;
}

bool event_pattern_matches(const struct event_pattern *p, const struct value *event)
{
    return object_matches(p->fields, event);
}
