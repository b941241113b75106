#include "emulator/services/xray/trace.h"

#include <stdlib.h>

#include "core/base/limits.h"
#include "core/codec/json.h"

/* ---- documents: the last word on each id ---- */

struct document {
    struct str id;
    struct value *v;
};
struct documents {
    struct document *items;
    size_t count;
};

static bool is_alone(const struct value *v) /* a subsegment sent by itself */
{
    return str_eq_c(value_get_str(v, "type"), "subsegment");
}

static bool in_progress(const struct value *v)
{
    return value_get_bool(v, "in_progress", false);
}

/* Source: X-Ray Developer Guide, "AWS X-Ray segment documents", in_progress: a complete segment
 * takes the place of the one in progress. */
static void keep_document(struct documents *d, struct value *v)
{
    struct str id = value_get_str(v, "id");

    for (size_t i = 0; i < d->count; i++)
        if (str_eq(d->items[i].id, id)) {
            if (!in_progress(v) || in_progress(d->items[i].v))
                d->items[i].v = v;
            return;
        }
    d->items[d->count++] = (struct document){ id, v };
}

/* The subsegment of that id, at any depth; *depth is how deep it stands. */
static struct value *find_part(struct value *v, struct str id, int *depth)
{
    ++*depth;
    for (struct value *s = value_first(value_get_c(v, "subsegments")); s; s = s->next) {
        struct value *found = str_eq(value_get_str(s, "id"), id) ? s : find_part(s, id, depth);

        if (found)
            return found;
    }
    --*depth;
    return NULL;
}

static struct value *find_document(const struct documents *d, struct str id, int *depth)
{
    struct value *found = NULL;

    *depth = 0;
    for (size_t i = 0; !found && i < d->count; i++)
        if (d->items[i].v)
            found =
                str_eq(d->items[i].id, id) ? d->items[i].v : find_part(d->items[i].v, id, depth);
    return found;
}

static int height(const struct value *v)
{
    int most = 0;

    for (const struct value *s = value_first(value_get_c(v, "subsegments")); s; s = s->next) {
        int h = 1 + height(s);
        most = h > most ? h : most;
    }
    return most;
}

/* Among the parts of one parent an id stands once. */
static void put_part(struct arena *a, struct value *parent, struct value *part)
{
    struct value *old = value_get_c(parent, "subsegments"), *all = value_list(a);
    struct str id = value_get_str(part, "id");

    for (struct value *s = value_first(old), *next; s; s = next) {
        next = s->next;
        s->next = NULL;
        if (!str_eq(value_get_str(s, "id"), id))
            value_push(all, s);
    }
    (void)value_remove(part, STR("type"));
    (void)value_remove(part, STR("trace_id"));
    (void)value_remove(part, STR("parent_id"));
    value_push(all, part);
    value_set(parent, STR("subsegments"), all);
}

/* Does it go under that parent? One that holds its own parent would never end, and what is deeper
 * than a document may be stays apart. */
static struct value *place_of(const struct documents *d, struct value *v)
{
    struct str parent_id = value_get_str(v, "parent_id");
    int depth = 0;

    if (!is_alone(v) || str_eq(value_get_str(v, "id"), parent_id) ||
        find_part(v, parent_id, &depth))
        return NULL;
    struct value *parent = find_document(d, parent_id, &depth);
    return depth + height(v) < LIMIT_NESTING / 2 ? parent : NULL;
}

/* Subsegments that came alone go where they belong; one whose parent is not there stays. */
static void graft(struct arena *a, struct documents *d)
{
    size_t kept = 0;

    for (size_t i = 0; i < d->count; i++) {
        struct value *v = d->items[i].v, *parent = place_of(d, v);

        if (parent) {
            put_part(a, parent, v);
            d->items[i].v = NULL; /* not found here any more */
        }
    }
    for (size_t i = 0; i < d->count; i++)
        if (d->items[i].v)
            d->items[kept++] = d->items[i];
    d->count = kept;
}

/* ---- nodes ---- */

struct builder {
    struct arena *a;
    struct names *names;
    struct trace *t;
    size_t cap;
};

static double number(const struct value *v, double fallback)
{
    if (v && v->kind == VALUE_INT)
        return (double)v->u.integer;
    return v && v->kind == VALUE_FLOAT ? v->u.real : fallback;
}

static struct trace_node *add_node(struct builder *b, struct value *doc, struct trace_node *parent)
{
    struct trace *t = b->t;
    struct trace_node *n = arena_alloc(b->a, sizeof *n);

    if (t->count == b->cap) {
        struct trace_node **more = arena_array(b->a, b->cap * 2 + 8, sizeof *more);
        if (t->count > 0)
            memcpy(more, t->nodes, t->count * sizeof *more);
        t->nodes = more;
        b->cap = b->cap * 2 + 8;
    }
    t->nodes[t->count++] = n;
    n->doc = doc;
    n->parent = parent;
    n->id = value_get_str(doc, "id");
    n->name = value_get_str(doc, "name");
    n->account = value_get_str(value_get_c(doc, "aws"), "account_id");
    n->in_progress = in_progress(doc);
    n->start_s = number(value_get_c(doc, "start_time"), 0);
    n->end_s = number(value_get_c(doc, "end_time"), n->start_s);
    n->flags = (value_get_bool(doc, "error", false) ? TRACE_ERROR : 0u) |
               (value_get_bool(doc, "fault", false) ? TRACE_FAULT : 0u) |
               (value_get_bool(doc, "throttle", false) ? TRACE_THROTTLE | TRACE_ERROR : 0u);
    return n;
}

static void add_parts(struct builder *b, struct trace_node *above)
{
    for (struct value *s = value_first(value_get_c(above->doc, "subsegments")); s; s = s->next) {
        struct trace_node *n = add_node(b, s, above);

        n->segment = above->segment;
        n->is_remote = str_eq_c(value_get_str(s, "namespace"), "aws") ||
                       str_eq_c(value_get_str(s, "namespace"), "remote"); /* SDKs write "local" */
        add_parts(b, n); /* as deep as JSON may be */
    }
}

static void add_segment(struct builder *b, struct value *doc)
{
    struct trace_node *n = add_node(b, doc, NULL);

    n->is_segment = true;
    n->segment = n;
    n->parent_id = value_get_str(doc, "parent_id");
    n->type = value_get_str(doc, "origin");
    add_parts(b, n);
}

static struct trace_node *find_node(const struct trace *t, struct str id)
{
    for (size_t i = 0; id.len > 0 && i < t->count; i++)
        if (str_eq(t->nodes[i]->id, id))
            return t->nodes[i];
    return NULL;
}

static bool is_above(const struct trace_node *n, const struct trace_node *below)
{
    for (; below; below = below->parent)
        if (below == n)
            return true;
    return false;
}

static void link_segments(struct trace *t)
{
    for (size_t i = 0; i < t->count; i++) {
        struct trace_node *n = t->nodes[i];
        struct trace_node *parent = n->is_segment ? find_node(t, n->parent_id) : NULL;

        if (parent && !is_above(n, parent)) /* documents may name each other */
            n->parent = parent;
    }
}

/* ---- what is inferred ---- */

/* Source: X-Ray API Reference, "Service", Type: AWS::DynamoDB::Table for a table that was used; the
 * names of the members: X-Ray Developer Guide, "AWS X-Ray segment documents", aws. */
static const struct resource {
    const char *service, *member, *type;
} resources[] = {
    { "dynamodb", "table_name", "AWS::DynamoDB::Table" },
    { "s3", "bucket_name", "AWS::S3::Bucket" },
    { "sqs", "queue_url", "AWS::SQS::Queue" },
};

static void name_inferred(struct builder *b, struct trace_node *n, const struct value *sub)
{
    const struct value *aws = value_get_c(sub, "aws");

    if (!str_eq_c(value_get_str(sub, "namespace"), "aws")) {
        n->type = STR("remote");
        return;
    }
    const struct names_entry *named = names_of_prefix(b->names, n->name);
    for (size_t i = 0; i < COUNT(resources); i++) {
        struct str resource = value_get_str(aws, resources[i].member);

        if (resource.len > 0 && str_eq_nocase(n->name, str_c(resources[i].service))) {
            n->name = resource;
            n->type = str_c(resources[i].type);
            return;
        }
    }
    n->name = named->name;
    n->type = named->origin;
}

/* Source: X-Ray Developer Guide, "Getting data": an inferred segment of BatchGetTraces. */
static void add_inferred(struct builder *b, struct trace_node *sub)
{
    static const char *const same[] = { "start_time", "end_time", "in_progress", "http", "aws",
                                        "error",      "fault",    "throttle",    "cause" };
    struct value *doc = value_map(b->a);

    value_put_str(b->a, doc, "id",
                  arena_printf(b->a, "%016llx", ~(unsigned long long)str_hash(sub->id)));
    value_set(doc, STR("name"), value_str(b->a, sub->name));
    for (size_t i = 0; i < COUNT(same); i++)
        if (value_get_c(sub->doc, same[i]))
            value_set(doc, str_c(same[i]), value_copy(b->a, value_get_c(sub->doc, same[i])));
    struct trace_node *n = add_node(b, doc, sub);
    n->is_segment = n->is_inferred = true;
    n->segment = n;
    n->parent_id = sub->id;
    name_inferred(b, n, sub->doc);
    value_put_str(b->a, doc, "name", n->name);
    value_put_str(b->a, doc, "parent_id", sub->id);
    value_put_str(b->a, doc, "trace_id", b->t->id);
    if (!str_eq_c(n->type, "remote"))
        value_put_str(b->a, doc, "origin", n->type);
    value_put_bool(b->a, doc, "inferred", true);
}

static bool is_answered(const struct trace *t, const struct trace_node *sub)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->nodes[i]->is_segment && t->nodes[i]->parent == sub)
            return true;
    return false;
}

static void infer(struct builder *b)
{
    size_t real = b->t->count;

    for (size_t i = 0; i < real; i++) {
        struct trace_node *n = b->t->nodes[i];

        if (!n->is_segment && n->is_remote && !is_answered(b->t, n))
            add_inferred(b, n);
    }
}

/* ---- the whole ---- */

static void sum_up(struct trace *t)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct trace_node *n = t->nodes[i];

        if (i == 0 || n->start_s < t->start_s)
            t->start_s = n->start_s;
        if (i == 0 || n->end_s > t->end_s)
            t->end_s = n->end_s;
        t->is_partial |= n->in_progress;
        for (struct trace_node *above = n->parent; above; above = above->parent)
            above->below |= n->flags;
        if (n->is_segment && !n->parent && (!t->root || n->start_s < t->root->start_s))
            t->root = n;
    }
}

struct trace *trace_build(struct arena *a, struct names *names, const struct xray_line *lines,
                          size_t count)
{
    struct documents d = { arena_array(a, count, sizeof *d.items), 0 };
    struct trace *t = arena_alloc(a, sizeof *t);
    struct builder b = { a, names, t, 0 };
    size_t bytes = 0;

    for (size_t i = 0; i < count; i++) {
        struct value *v;

        t->limit_exceeded |= bytes + lines[i].text.len > XRAY_TRACE_BYTES;
        if (t->limit_exceeded || json_parse(a, lines[i].text, &v, NULL) < 0)
            continue;
        bytes += lines[i].text.len;
        keep_document(&d, v);
        t->id = lines[i].trace_id;
        t->revision++;
        if (lines[i].at_ms > t->changed_ms)
            t->changed_ms = lines[i].at_ms;
    }
    graft(a, &d);
    for (size_t i = 0; i < d.count; i++)
        add_segment(&b, d.items[i].v);
    link_segments(t);
    infer(&b);
    sum_up(t);
    return t->count > 0 ? t : NULL;
}
