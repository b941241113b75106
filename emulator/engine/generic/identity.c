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

/* fixtures/lifecycle/ids.tsv: the form of a type's identity of this kind, filled in; NULL: the
 * models say enough. */
static struct value *formed(struct work *w, struct resource *r, struct str kind)
{
    struct str rest = embed_find(STR("lifecycle/ids.tsv")), line, cells[4];

    while (w->type && rest.len > 0) {
        (void)str_cut(rest, '\n', &line, &rest);
        for (size_t i = 0; i < COUNT(cells); i++)
            (void)str_cut(line, '\t', &cells[i], &line);
        if (str_eq(cells[0], w->call->service_name) && str_eq(cells[2], kind) &&
            str_eq(cells[1], life_str(w->cat, w->type->name)))
            return template_fill(w, r, value_str(w->a, cells[3]));
    }
    return NULL;
}

/* Does text have this shape: its length and its pattern. */
static bool fits(struct work *w, uint32_t shape, struct str text)
{
    const struct cat_shape *s = cat_shape_at(w->cat, shape);
    struct cat_constraint c = cat_constraint_at(w->cat, s);
    const struct pattern *p;

    if (s->type != CAT_STRING)
        return true;
    if ((c.has_min && (int64_t)text.len < c.min) || (c.has_max && (int64_t)text.len > c.max))
        return false;
    p = c.pattern.len > 0 ? pattern_parse(w->a, c.pattern) : NULL;
    return !p || pattern_match(p, text);
}

static const char lower_digits[] = "abcdefghijklmnopqrstuvwxyz0123456789";

static struct str uuid(struct work *w, struct rng *rng)
{
    char text[37];

    rng_uuid(rng, text);
    return arena_copy(w->a, str_c(text));
}

static struct str plain_id(struct work *w, struct rng *rng, const struct cat_constraint *c)
{
    int64_t len = c->has_max && c->max < 10 ? c->max : 10;

    if (!c->has_max || c->max >= 36)
        return uuid(w, rng);
    if (c->has_min && c->min > len)
        len = c->min;
    return rng_chars(rng, w->a, str_c(lower_digits), (size_t)len);
}

/* A text of the pattern, if it has one; empty where none was found. */
static struct str of_pattern(struct work *w, struct rng *rng, uint32_t shape)
{
    struct str pattern = cat_constraint_at(w->cat, cat_shape_at(w->cat, shape)).pattern;
    const struct pattern *p = pattern.len > 0 ? pattern_parse(w->a, pattern) : NULL;

    static const size_t lengths[] = { 10, 16, 22, 28, 34, 40, 64, 5, 1, 0 };

    for (size_t i = 0; p && i < COUNT(lengths); i++) {
        struct str text = pattern_make(w->a, p, rng, lengths[i]);

        if (fits(w, shape, text))
            return text;
    }
    return (struct str){ 0 };
}

/* Plain forms first where the pattern takes them: a real id is no riot of punctuation. */
static struct str make_text(struct work *w, struct rng *rng, uint32_t shape)
{
    struct cat_constraint c = cat_constraint_at(w->cat, cat_shape_at(w->cat, shape));
    struct str text, made;

    if (c.enum_count > 0)
        return cat_enum_at(w->cat, cat_shape_at(w->cat, shape), 0);
    text = plain_id(w, rng, &c);
    if (fits(w, shape, text))
        return text;
    text = rng_chars(rng, w->a, str_c(lower_digits), 10);
    if (fits(w, shape, text))
        return text;
    made = of_pattern(w, rng, shape);
    return made.len > 0 ? made : text;
}

/* ---- ARNs ---- */

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

#define ARN_PARTS 6

/* An ARN made of a pattern, with the true partition, service, region and account where it takes
 * them. */
static struct str true_arn(struct work *w, uint32_t shape, struct str arn)
{
    const struct str truths[ARN_PARTS] = { { 0 },
                                           region_partition(w->call->region),
                                           cat_str(w->cat, w->call->service->signing_name),
                                           w->call->region,
                                           w->call->account,
                                           { 0 } };
    struct str parts[ARN_PARTS], rest = arn;

    for (size_t i = 0; i + 1 < ARN_PARTS; i++)
        if (!str_cut(rest, ':', &parts[i], &rest))
            return arn;
    parts[ARN_PARTS - 1] = rest;
    for (size_t i = 1; i + 1 < ARN_PARTS; i++) {
        struct str made = parts[i];

        parts[i] = truths[i];
        struct str whole = arena_join(w->a, parts, ARN_PARTS, STR(":"));
        if (fits(w, shape, whole))
            arn = whole;
        else
            parts[i] = made;
    }
    return arn;
}

/* The shapes in which an identity of this kind will be asked for and shown. */
struct forms {
    uint32_t of[20];
    size_t count;
};

static struct forms forms_of(struct work *w, struct str kind, uint32_t shown)
{
    struct forms f = { 0 };

    for (uint32_t i = 0; w->type && i < w->type->key_count; i++) {
        const struct life_key *k = life_key_at(w->cat, w->type, i);
        struct str head, leaf, path = life_str(w->cat, k->path), name = life_str(w->cat, k->name);

        if (!str_rcut(path, '.', &head, &leaf))
            leaf = path;
        if (cat_shape_at(w->cat, k->shape)->type != CAT_STRING || f.count == COUNT(f.of) - 1)
            continue;
        if (str_eq(noun_identity(w->noun, noun_normal(w->a, k->source == LIFE_OWN ? leaf : name)),
                   kind))
            f.of[f.count++] = k->shape;
    }
    if (shown != UINT32_MAX && cat_shape_at(w->cat, shown)->type == CAT_STRING)
        f.of[f.count++] = shown;
    return f;
}

static bool fits_all(struct work *w, const struct forms *f, struct str text)
{
    for (size_t i = 0; i < f->count; i++)
        if (!fits(w, f->of[i], text))
            return false;
    return true;
}

/* The usual form if nothing speaks against it, else one that the patterns take. */
static struct str arn_for(struct work *w, struct rng *rng, const struct forms *f, struct str id)
{
    const struct str ids[] = { id, uuid(w, rng), rng_chars(rng, w->a, str_c(lower_digits), 12) };
    struct str usual = make_arn(w, id), best = { 0 };

    for (size_t i = 0; i < COUNT(ids); i++) {
        struct str arn = make_arn(w, ids[i]);

        if (fits_all(w, f, arn))
            return arn;
    }
    for (size_t i = 0; i < f->count; i++) {
        struct str arn = true_arn(w, f->of[i], of_pattern(w, rng, f->of[i]));

        if (arn.len > 0 && fits_all(w, f, arn))
            return arn;
        if (arn.len > 0 && best.len == 0)
            best = arn;
    }
    return best.len > 0 ? best : usual;
}

static struct str text_for(struct work *w, struct rng *rng, const struct forms *f)
{
    struct str best = { 0 };

    for (size_t i = 0; i < f->count; i++) {
        struct str text = make_text(w, rng, f->of[i]);

        if (fits_all(w, f, text))
            return text;
        if (best.len == 0)
            best = text;
    }
    return best;
}

static bool is_numbered(struct str kind)
{
    return str_eq_c(kind, "version") || str_eq_c(kind, "number");
}

struct value *identity_make(struct work *w, struct resource *r, struct rng *rng, uint32_t shape,
                            struct str kind)
{
    const struct cat_shape *s = cat_shape_at(w->cat, shape);
    struct value *v = s->type == CAT_STRING ? formed(w, r, kind) : NULL;

    if (v)
        return v;
    switch (s->type) {
    case CAT_LIST: {
        struct value *list = value_list(w->a);
        struct value *one = identity_make(w, r, rng, cat_shape_member(w->cat, s, 0)->shape, kind);

        if (one)
            value_push(list, one);
        return one ? list : NULL;
    }
    case CAT_INTEGER:
    case CAT_LONG:
        if (is_numbered(kind))
            return value_int(w->a, 1);
        return value_int(w->a, (int64_t)(100000000 + rng_below(rng, 900000000)));
    case CAT_STRING:
        if (is_numbered(kind) && fits(w, shape, STR("1")))
            return value_str(w->a, STR("1"));
        if (str_eq_c(kind, "arn"))
            return value_str(w->a, arn_for(w, rng, &(struct forms){ { shape }, 1 },
                                           rng_chars(rng, w->a, str_c(lower_digits), 12)));
        return value_str(w->a, make_text(w, rng, shape));
    default:
        return NULL;
    }
}

static bool is_secret_key(const struct work *w, struct str name)
{
    for (uint32_t i = 0; i < w->type->key_count; i++) {
        const struct life_key *k = life_key_at(w->cat, w->type, i);

        if (str_eq(life_str(w->cat, k->name), name))
            return (cat_shape_at(w->cat, k->shape)->flags & CAT_S_SENSITIVE) != 0;
    }
    return false;
}

/* The part of an ARN that tells the resource: its keys, the client's name before all. */
static struct str arn_tail(struct work *w, struct resource *r, struct value *ids)
{
    struct str name = value_get_str(ids, "name"), text;
    struct value *keys = value_get_c(r->doc, "keys");
    struct value *id = value_get_c(ids, "id");

    for (const struct value *k = value_first(keys); k; k = k->next) {
        text = identity_text(w->a, k);
        if (str_has_prefix(text, STR("arn:")) || text.len == 0 || is_secret_key(w, k->name))
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
    struct forms f = forms_of(w, kind, shape);
    bool is_text = shape == UINT32_MAX || s->type == CAT_STRING;

    if (is_text && (v = formed(w, r, kind)) != NULL) {
        value_set(ids, kind, v);
        return v;
    }
    if (str_eq_c(kind, "arn"))
        v = is_text ? value_str(w->a, arn_for(w, &rng, &f, arn_tail(w, r, ids))) : NULL;
    else if (shape == UINT32_MAX && f.count == 0)
        v = value_str(w->a, rng_chars(&rng, w->a, STR("0123456789abcdef"), 10));
    else if (is_text && !is_numbered(kind))
        v = value_str(w->a, text_for(w, &rng, &f));
    else
        v = identity_make(w, r, &rng, shape, kind);
    if (v)
        value_set(ids, kind, v);
    return v;
}
