/* Does a record hold what a rule asks? */
#include "verify/sigma/private.h"

struct asking {
    struct arena *a;
    const struct sigma *s;
    const struct scan_record *r;
    const struct test *test;
    struct str other; /* TEST_FIELD: the text it must equal */
};

static bool compares(const struct test *t, struct str text)
{
    double d;

    if (!str_to_f64(text, &d))
        return false;
    switch (t->compare) {
    case COMPARE_LT:
        return d < t->number;
    case COMPARE_LTE:
        return d <= t->number;
    case COMPARE_GT:
        return d > t->number;
    case COMPARE_GTE:
        return d >= t->number;
    }
    return false;
}

/* Plain text, though it may hold '*': escaped before it becomes a pattern. */
static bool equals_other(const struct asking *q, struct str text)
{
    struct buf escaped = { 0 };

    for (size_t i = 0; i < q->other.len; i++) {
        char c = q->other.ptr[i];

        if (c == '*' || c == '?' || c == '\\')
            buf_add_char(&escaped, '\\');
        buf_add_char(&escaped, c);
    }
    struct glob g = glob_compile(q->a, buf_view(&escaped), q->test->ends, q->test->is_cased);

    buf_free(&escaped);
    return glob_match(&g, text);
}

static bool value_passes(void *arg, const struct scan_node *n)
{
    const struct asking *q = arg;

    if (n->kind == SCAN_NULL)
        return q->test->kind == TEST_NULL;
    switch (q->test->kind) {
    case TEST_GLOB:
        return glob_match(&q->test->glob, field_text(q->a, n));
    case TEST_REGEX:
        return regex_match(q->test->regex, field_text(q->a, n));
    case TEST_NUMBER:
        return compares(q->test, field_text(q->a, n));
    case TEST_FIELD:
        return equals_other(q, field_text(q->a, n));
    case TEST_EXISTS:
    case TEST_ABSENT:
        return true;
    case TEST_NULL:
        break;
    }
    return false;
}

static bool is_there(void *arg, const struct scan_node *n)
{
    (void)arg;
    (void)n;
    return true;
}

/* Any value of the other field may be the one. */
static bool other_passes(void *arg, const struct scan_node *n)
{
    struct asking *q = arg;
    const struct expr *e = q->test->owner;

    if (n->kind == SCAN_NULL)
        return false;
    q->other = field_text(q->a, n);
    return field_each(&q->s->fields[e->field], q->r, value_passes, q);
}

static bool test_holds(struct asking *q, const struct expr *e)
{
    const struct field *f = &q->s->fields[e->field];

    switch (q->test->kind) {
    case TEST_ABSENT:
        return !field_each(f, q->r, value_passes, q);
    case TEST_NULL:
        return !field_each(f, q->r, is_there, q) || field_each(f, q->r, value_passes, q);
    case TEST_FIELD:
        return field_each(&q->s->fields[q->test->other], q->r, other_passes, q);
    default:
        return field_each(f, q->r, value_passes, q);
    }
}

/* A keyword stands in any value of the record. */
static bool keyword_holds(struct asking *q)
{
    for (uint32_t i = 0; i < q->r->node_count; i++) {
        const struct scan_node *n = &q->r->nodes[i];

        if (n->kind != SCAN_MAP && n->kind != SCAN_LIST && value_passes(q, n))
            return true;
    }
    return false;
}

static bool leaf_holds(struct asking *q, const struct expr *e)
{
    for (size_t i = 0; i < e->test_count; i++) {
        q->test = &e->tests[i];
        bool holds = e->kind == EXPR_KEYWORD ? keyword_holds(q) : test_holds(q, e);

        if (holds != e->all)
            return holds;
    }
    return e->all;
}

static bool holds(struct asking *q, const struct expr *e)
{
    switch (e->kind) {
    case EXPR_AND:
    case EXPR_OR:
        for (size_t i = 0; i < e->kid_count; i++)
            if (holds(q, e->kids[i]) == (e->kind == EXPR_OR))
                return e->kind == EXPR_OR;
        return e->kind == EXPR_AND;
    case EXPR_NOT:
        return !holds(q, e->kids[0]);
    case EXPR_FIELD:
    case EXPR_KEYWORD:
        return leaf_holds(q, e);
    }
    return false;
}

bool expr_holds(struct arena *a, const struct sigma *s, const struct expr *e,
                const struct scan_record *r)
{
    struct asking q = { .a = a, .s = s, .r = r };

    return holds(&q, e);
}
