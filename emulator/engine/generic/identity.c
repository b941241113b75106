#include "core/aws/ids.h"
#include "core/aws/region.h"
#include "core/base/embed.h"
#include "emulator/engine/generic/work.h"
#include "emulator/engine/pattern.h"

struct str identity_text(struct arena *a, const struct value *v)
{
    if (v && v->kind == VALUE_LIST)
        v = value_at(v, 0);
    if (v && v->kind == VALUE_MAP) {
        struct buf b = { 0 };

        for (const struct value *k = value_first(v); k; k = k->next) {
            buf_add(&b, identity_text(a, k));
            buf_add_char(&b, '\x1e');
        }
        struct str text = arena_copy(a, buf_view(&b));
        buf_free(&b);
        return text;
    }
    return value_to_text(a, v);
}

/* fixtures/lifecycle/ids.tsv: the prefix of a type's ids, and how many digits follow. */
static bool prefix_row(const struct work *w, struct str *prefix, int64_t *digits)
{
    struct str rest = embed_find(STR("lifecycle/ids.tsv")), line, cells[4];

    while (w->type && rest.len > 0) {
        (void)str_cut(rest, '\n', &line, &rest);
        for (size_t i = 0; i < COUNT(cells); i++)
            (void)str_cut(line, '\t', &cells[i], &line);
        if (str_eq(cells[0], w->call->service_name) &&
            str_eq(cells[1], life_str(w->cat, w->type->name)) && str_to_i64(cells[3], digits)) {
            *prefix = cells[2];
            return true;
        }
    }
    return false;
}

static bool fits(const struct cat_constraint *c, const struct pattern *p, struct str text)
{
    if ((c->has_min && (int64_t)text.len < c->min) || (c->has_max && (int64_t)text.len > c->max))
        return false;
    return !p || pattern_match(p, text);
}

static struct str plain_id(struct work *w, struct rng *rng, const struct cat_constraint *c)
{
    char uuid[37];
    int64_t len = c->has_max && c->max < 10 ? c->max : 10;

    if (!c->has_max || c->max >= 36) {
        rng_uuid(rng, uuid);
        return arena_copy(w->a, str_c(uuid));
    }
    if (c->has_min && c->min > len)
        len = c->min;
    return rng_chars(rng, w->a, STR("abcdefghijklmnopqrstuvwxyz0123456789"), (size_t)len);
}

/* Plain forms first where the pattern takes them: a real id is no riot of punctuation. */
static struct str make_text(struct work *w, struct rng *rng, uint32_t shape)
{
    struct cat_constraint c = cat_constraint_at(w->cat, cat_shape_at(w->cat, shape));
    const struct pattern *p = c.pattern.len > 0 ? pattern_parse(w->a, c.pattern) : NULL;
    struct str text, prefix;
    int64_t digits;

    if (c.enum_count > 0)
        return cat_enum_at(w->cat, cat_shape_at(w->cat, shape), 0);
    if (prefix_row(w, &prefix, &digits))
        return ids_hex(w->a, rng, arena_copy(w->a, prefix).ptr, (size_t)digits);
    text = plain_id(w, rng, &c);
    if (p && !fits(&c, p, text))
        text = rng_chars(rng, w->a, STR("abcdefghijklmnopqrstuvwxyz0123456789"), 10);
    for (size_t length = 10; p && !fits(&c, p, text) && length <= 40; length += 6)
        text = pattern_make(w->a, p, rng, length);
    return text;
}

/* arn:aws:ecs:us-east-1:111122223333:cluster/ID. Source: General Reference, "ARNs". */
static struct str make_arn(struct work *w, struct str id)
{
    struct str head, kind, form = w->type ? life_str(w->cat, w->type->arn) : STR("");
    const struct cat_service *s = w->call->service;

    if (!str_cut(form, ':', &head, &kind)) {
        head = cat_str(w->cat, s->signing_name);
        kind = arena_printf(w->a, "%.*s/", STR_ARG(w->noun));
    }
    return arena_printf(w->a, "arn:%.*s:%.*s:%.*s:%.*s:%.*s%.*s",
                        STR_ARG(region_partition(w->call->region)), STR_ARG(head),
                        STR_ARG(w->region), STR_ARG(w->call->account), STR_ARG(kind), STR_ARG(id));
}

struct value *identity_make(struct work *w, struct rng *rng, uint32_t shape, struct str kind)
{
    const struct cat_shape *s = cat_shape_at(w->cat, shape);

    switch (s->type) {
    case CAT_LIST: {
        struct value *list = value_list(w->a);
        struct value *one = identity_make(w, rng, cat_shape_member(w->cat, s, 0)->shape, kind);

        if (one)
            value_push(list, one);
        return one ? list : NULL;
    }
    case CAT_INTEGER:
    case CAT_LONG:
        if (str_eq_c(kind, "version") || str_eq_c(kind, "number"))
            return value_int(w->a, 1);
        return value_int(w->a, (int64_t)(100000000 + rng_below(rng, 900000000)));
    case CAT_STRING:
        if (str_eq_c(kind, "version") || str_eq_c(kind, "number"))
            return value_str(w->a, STR("1"));
        return value_str(w->a, make_text(w, rng, shape));
    default:
        return NULL;
    }
}

/* The part of an ARN that tells the resource: its keys, the client's name before all. */
static struct str arn_tail(struct work *w, struct resource *r, struct value *ids)
{
    struct str name = value_get_str(ids, "name"), text;
    struct value *keys = value_get_c(r->doc, "keys");
    struct value *id = value_get_c(ids, "id");

    for (const struct value *k = value_first(keys); k; k = k->next) {
        text = identity_text(w->a, k);
        if (str_has_prefix(text, STR("arn:")) || text.len == 0)
            continue;
        if (noun_identity(w->noun, noun_normal(w->a, k->name)).len > 0)
            return text;
    }
    if (id)
        return identity_text(w->a, id);
    if (name.len > 0)
        return name;
    return identity_text(w->a, identity_of(w, r, STR("id"), UINT32_MAX));
}

struct value *identity_of(struct work *w, struct resource *r, struct str kind, uint32_t shape)
{
    struct value *ids = value_get_c(r->doc, "ids"), *v = value_get(ids, kind);
    const struct cat_shape *s = cat_shape_at(w->cat, shape);
    struct rng rng;

    if (v)
        return v;
    rng_init(&rng, (uint64_t)value_get_int(r->doc, "seed", 1), str_hash(kind));
    if (str_eq_c(kind, "arn"))
        v = s->type == CAT_STRING || shape == UINT32_MAX
                ? value_str(w->a, make_arn(w, arn_tail(w, r, ids)))
                : NULL;
    else if (shape == UINT32_MAX)
        v = value_str(w->a, rng_chars(&rng, w->a, STR("0123456789abcdef"), 10));
    else
        v = identity_make(w, &rng, shape, kind);
    if (v)
        value_set(ids, kind, v);
    return v;
}
