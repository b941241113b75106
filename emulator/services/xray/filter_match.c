#include <assert.h>

#include "emulator/services/xray/filter_ast.h"
#include "emulator/services/xray/summary.h"

/* What is asked: a trace; a segment of it; or an item of a root cause's list. */
struct asked {
    const struct trace *t;
    const struct trace_node *n;    /* NULL: the trace */
    const struct value *exception; /* of a list of a root cause; NULL: no exception */
    size_t index, count;
};

static bool matches(struct arena *a, const struct filter *f, const struct asked *q);

/* ---- the values of a keyword ---- */

static const struct value *http_part(const struct asked *q, const char *part)
{
    const struct trace_node *n = q->n ? q->n : q->t->root;

    return n ? value_get_c(value_get_c(n->doc, "http"), part) : NULL;
}

/* For keywords that stand within braces only, as the parser sees to. */
static const struct trace_node *segment_of(const struct asked *q)
{
    assert(q->n);
    return q->n;
}

static unsigned flags_of(const struct asked *q)
{
    unsigned flags = 0;

    if (q->n)
        return q->n->flags;
    for (size_t i = 0; i < q->t->count; i++)
        flags |= q->t->nodes[i]->is_segment ? q->t->nodes[i]->flags & TRACE_THROTTLE : 0;
    return flags | (q->t->root ? q->t->root->flags : 0);
}

static bool is_ok(const struct asked *q)
{
    int64_t status = value_get_int(http_part(q, "response"), "status", 200);

    return flags_of(q) == 0 && status >= 200 && status < 300;
}

static bool has_inferred(const struct trace *t)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->nodes[i]->is_inferred)
            return true;
    return false;
}

static bool truth(enum filter_keyword k, const struct asked *q)
{
    switch (k) {
    case KEY_OK:
        return is_ok(q);
    case KEY_ERROR:
        return flags_of(q) & TRACE_ERROR;
    case KEY_THROTTLE:
        return flags_of(q) & TRACE_THROTTLE;
    case KEY_FAULT:
        return flags_of(q) & TRACE_FAULT;
    case KEY_PARTIAL:
        return q->n ? q->n->in_progress : q->t->is_partial;
    case KEY_INFERRED:
        return q->n ? q->n->segment->is_inferred : has_inferred(q->t);
    case KEY_FIRST:
        return q->index == 0;
    case KEY_LAST:
        return q->index + 1 == q->count;
    case KEY_REMOTE:
        return segment_of(q)->is_remote;
    default: /* KEY_ROOT: no other is a bool */
        return q->n == q->t->root;
    }
}

/* False: there is none. */
static bool number_of(enum filter_keyword k, const struct asked *q, double *out)
{
    const struct trace_node *n = q->n ? q->n : q->t->root;

    switch (k) {
    case KEY_RESPONSETIME:
        *out = n ? trace_node_seconds(n) : 0;
        return n != NULL;
    case KEY_DURATION:
        *out = q->n ? trace_node_seconds(q->n) : q->t->end_s - q->t->start_s;
        return true;
    case KEY_STATUS:
        *out = (double)value_get_int(http_part(q, "response"), "status", -1);
        return *out >= 0;
    case KEY_INDEX:
        *out = (double)q->index;
        return true;
    default: /* KEY_COVERAGE: no other is a number */
        *out = cause_coverage(q->t, q->n);
        return true;
    }
}

static struct str user_of(const struct trace_node *n)
{
    return value_get_str(n->doc, "user");
}

static struct str text_of(enum filter_keyword k, const struct asked *q)
{
    const struct value *request = http_part(q, "request");

    switch (k) {
    case KEY_URL:
        return value_get_str(request, "url");
    case KEY_METHOD:
        return value_get_str(request, "method");
    case KEY_USERAGENT:
        return value_get_str(request, "user_agent");
    case KEY_CLIENTIP:
        return value_get_str(request, "client_ip");
    case KEY_NAME:
        return q->exception ? value_get_str(q->exception, "type") : segment_of(q)->name;
    case KEY_TYPE:
        return segment_of(q)->segment->type;
    default: /* KEY_MESSAGE: no other is one text */
        return value_get_str(q->exception, "message");
    }
}

/* ---- comparisons ---- */

static bool compare_number(double x, enum filter_op op, double y)
{
    switch (op) {
    case OP_EQ:
        return x == y;
    case OP_NE:
        return x != y;
    case OP_LT:
        return x < y;
    case OP_LE:
        return x <= y;
    case OP_GT:
        return x > y;
    case OP_GE:
        return x >= y;
    default: /* OP_SET: the parser lets no other pass */
        return true;
    }
}

static bool compare_text(struct str x, enum filter_op op, struct str y)
{
    switch (op) {
    case OP_EQ:
        return str_eq(x, y);
    case OP_NE:
        return !str_eq(x, y);
    case OP_CONTAINS:
        return y.len == 0 || str_find(x, y) >= 0;
    case OP_BEGINSWITH:
        return str_has_prefix(x, y);
    case OP_ENDSWITH:
        return str_has_suffix(x, y);
    default: /* OP_SET: the parser lets no other pass */
        return true;
    }
}

/* Keywords whose value is that of any segment of the trace. */
typedef struct str node_text(const struct trace_node *n);
static node_text *const of_any[KEY_COUNT] = {
    [KEY_USER] = user_of,
    [KEY_ZONE] = summary_zone,
    [KEY_INSTANCE] = summary_instance,
    [KEY_RESOURCE] = summary_resource,
};

/* A text that is not there is neither equal nor unequal. */
static bool text_matches(const struct filter *f, const struct asked *q)
{
    node_text *any = of_any[f->keyword];

    if (!any) {
        struct str x = text_of(f->keyword, q);
        return x.len > 0 && compare_text(x, f->op, f->value.text);
    }
    for (size_t i = 0; i < q->t->count; i++) {
        const struct trace_node *n = q->t->nodes[i];
        struct str x = any(n);

        if ((!q->n || q->n == n) && x.len > 0 && compare_text(x, f->op, f->value.text))
            return true;
    }
    return false;
}

static bool keyword_matches(const struct filter *f, const struct asked *q)
{
    double x;

    if (f->keyword <= KEY_ROOT) {
        bool wanted = f->op == OP_SET || (f->value.number != 0) == (f->op == OP_EQ);
        return truth(f->keyword, q) == wanted;
    }
    if (f->keyword <= KEY_COVERAGE)
        return number_of(f->keyword, q, &x) && compare_number(x, f->op, f->value.number);
    return text_matches(f, q);
}

static bool annotation_is(const struct filter *f, const struct value *v)
{
    bool is_number = v->kind == VALUE_INT || v->kind == VALUE_FLOAT;

    if (f->op == OP_SET) /* Source: the guide: of a bool its value, else whether it is there */
        return v->kind != VALUE_BOOL || v->u.boolean;
    if (f->value.type == TYPE_STRING)
        return v->kind == VALUE_STRING && compare_text(v->u.text, f->op, f->value.text);
    if (f->value.type == TYPE_BOOL)
        return v->kind == VALUE_BOOL && compare_number(v->u.boolean, f->op, f->value.number);
    return is_number && compare_number(v->kind == VALUE_INT ? (double)v->u.integer : v->u.real,
                                       f->op, f->value.number);
}

static bool annotation_matches(const struct filter *f, const struct trace *t)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct value *v =
            value_get(value_get_c(t->nodes[i]->doc, "annotations"), f->annotation);

        if (v && annotation_is(f, v))
            return true;
    }
    return false;
}

/* ---- services, edges, causes ---- */

static bool is_service(const struct filter_service *s, const struct trace_node *n)
{
    return (s->name.len == 0 || str_eq(s->name, n->name)) &&
           (s->type.len == 0 || str_eq(s->type, n->type)) &&
           (s->account.len == 0 || str_eq(s->account, n->account));
}

bool filter_entity_is(const struct filter_entity *of, int end, const struct trace_node *n)
{
    struct filter_service s = { of->name[end], of->type[end], { "", 0 } };

    return is_service(&s, n);
}

static bool any_segment(struct arena *a, const struct filter *f, const struct trace *t)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct trace_node *n = t->nodes[i];
        struct asked q = { .t = t, .n = n };

        if (!n->is_segment || !is_service(&f->ends[f->kind == FILTER_EDGE], n))
            continue;
        if (f->kind == FILTER_EDGE) {
            if (!n->parent || !is_service(&f->ends[0], n->parent->segment))
                continue;
            if (!n->parent->is_segment)
                q.n = n->parent; /* the call as its caller saw it */
        }
        if (!f->left || matches(a, f->left, &q))
            return true;
    }
    return false;
}

/* Items of a cause's list: what is asked of each stands in q. */
static size_t items_of(const struct filter *f, const struct cause *c, const struct asked *of,
                       struct asked *out)
{
    size_t count = 0;

    for (size_t i = 0; i < c->count; i++) {
        struct asked q = { .t = of->t, .n = c->path[i] };
        bool is_new = i == 0 || c->path[i]->segment != c->path[i - 1]->segment;

        if (f->list == LIST_ENTITY || (f->list == LIST_SERVICE && is_new)) {
            q.n = f->list == LIST_SERVICE ? q.n->segment : q.n;
            if (out)
                out[count] = q;
            count++;
        }
        const struct value *x = value_first(cause_exceptions(c->path[i]));
        for (; f->list == LIST_EXCEPTION && x; x = x->next) {
            q.exception = x;
            if (out)
                out[count] = q;
            count++;
        }
    }
    return count;
}

static bool cause_matches(struct arena *a, const struct filter *f, const struct asked *q)
{
    struct cause *causes;
    size_t count = cause_find(a, q->t, f->cause, &causes);

    for (size_t c = 0; c < count; c++) {
        size_t items = items_of(f, &causes[c], q, NULL);
        struct asked *item = arena_array(a, items + 1, sizeof *item);

        (void)items_of(f, &causes[c], q, item); /* as many again */
        for (size_t i = 0; i < items; i++) {
            item[i].index = i;
            item[i].count = items;
            if (!f->left || matches(a, f->left, &item[i]))
                return true;
        }
    }
    return false;
}

static bool matches(struct arena *a, const struct filter *f, const struct asked *q)
{
    switch (f->kind) {
    case FILTER_AND: /* of nothing: a group without an expression */
        return !f->left || (matches(a, f->left, q) && matches(a, f->right, q));
    case FILTER_OR:
        return matches(a, f->left, q) || matches(a, f->right, q);
    case FILTER_NOT:
        return !matches(a, f->left, q);
    case FILTER_KEYWORD:
        return keyword_matches(f, q);
    case FILTER_ANNOTATION:
        return annotation_matches(f, q->t);
    case FILTER_CAUSE:
        return cause_matches(a, f, q);
    default: /* FILTER_SERVICE, FILTER_EDGE */
        return any_segment(a, f, q->t);
    }
}

bool filter_matches(struct arena *a, const struct filter *f, const struct trace *t)
{
    struct arena_mark mark = arena_mark(a);
    bool yes = !f || matches(a, f, &(struct asked){ .t = t });

    arena_rewind(a, mark);
    return yes;
}
