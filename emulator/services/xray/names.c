#include "emulator/services/xray/names.h"

#include "core/base/buf.h"

struct names {
    struct arena *a;
    const struct cat *cat;
    struct names_entry *first;
};

struct names *names_new(struct arena *a, const struct cat *cat)
{
    struct names *n = arena_alloc(a, sizeof *n);

    *n = (struct names){ a, cat, NULL };
    return n;
}

/* Event sources are made of endpoint prefixes; of two services with one prefix (elb, elbv2) the
 * first gives the name. */
static const struct cat_service *service_of(const struct cat *cat, struct str prefix)
{
    for (uint32_t i = 0; i < cat_service_count(cat); i++) {
        const struct cat_service *s = cat_service_at(cat, i);

        if (!(s->flags & CAT_SV_RETIRED) && (str_eq(cat_str(cat, s->endpoint_prefix), prefix) ||
                                             str_eq(cat_str(cat, s->service_id), prefix)))
            return s;
    }
    return cat_service_find(cat, prefix);
}

static struct str without_blanks(struct arena *a, const char *head, struct str s)
{
    struct buf b = { 0 };

    buf_add_c(&b, head);
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] != ' ')
            buf_add_char(&b, s.ptr[i]);
    struct str copy = arena_copy(a, buf_view(&b));
    buf_free(&b);
    return copy;
}

static struct names_entry *add(struct names *n, struct str source, struct str prefix)
{
    struct names_entry *e = arena_alloc(n->a, sizeof *e);

    e->source = arena_copy(n->a, source);
    e->service = n->cat ? service_of(n->cat, prefix) : NULL;
    e->name = e->service ? cat_str(n->cat, e->service->service_id) : arena_copy(n->a, prefix);
    e->origin = without_blanks(n->a, "AWS::", e->name);
    e->next = n->first;
    n->first = e;
    return e;
}

const struct names_entry *names_of(struct names *n, struct str event_source)
{
    struct str prefix, rest;

    for (const struct names_entry *e = n->first; e; e = e->next)
        if (str_eq(e->source, event_source))
            return e;
    (void)str_cut(event_source, '.', &prefix, &rest); /* without a dot: the whole */
    return add(n, event_source, prefix);
}

const struct names_entry *names_of_prefix(struct names *n, struct str prefix)
{
    return names_of(n, prefix);
}

struct str names_method(const struct names *n, const struct names_entry *of, struct str event_name)
{
    const struct cat_op *op = of->service ? cat_op_find(n->cat, of->service, event_name) : NULL;

    return op ? cat_str(n->cat, op->method) : (struct str){ "", 0 };
}
