/* What AWS adds to a new resource on its own - limits, endpoints, counters, switches: JSON by
 * service and type, fixtures/templates/SERVICE.json, filled in for the resource. */
#include "core/aws/ids.h"
#include "core/aws/region.h"
#include "core/base/embed.h"
#include "core/codec/json.h"
#include "emulator/engine/generic/work.h"

struct filler {
    struct work *w;
    struct resource *r; /* NULL: an answer that is of no resource */
    struct rng rng;     /* the same for the same resource and text */
};

/* "hex:8", "digits:9", "lower:10": made-up characters, always the same of the resource. */
static bool fill_chance(struct filler *f, struct str name, struct str *out)
{
    static const struct {
        const char *name, *alphabet;
    } kinds[] = { { "hex", "0123456789abcdef" },
                  { "digits", "123456789" },
                  { "lower", "abcdefghijklmnopqrstuvwxyz0123456789" },
                  { "upper", "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789" },
                  { "mixed", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" } };
    struct str kind, length;
    int64_t n;

    if (str_eq_c(name, "uuid")) {
        char uuid[37];

        rng_uuid(&f->rng, uuid);
        *out = arena_copy(f->w->a, str_c(uuid));
        return true;
    }
    if (!str_cut(name, ':', &kind, &length) || !str_to_i64(length, &n) || n < 1 || n > 200)
        return false;
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (str_eq_c(kind, kinds[i].name)) {
            *out = rng_chars(&f->rng, f->w->a, str_c(kinds[i].alphabet), (size_t)n);
            return true;
        }
    return false;
}

/* The text of "account", "arn", "in:Member" ...; false when the resource has none. */
static bool fill_text(struct filler *f, struct str name, struct str *out)
{
    struct work *w = f->w;
    const struct call *call = w->call;

    if (str_eq_c(name, "account"))
        *out = call->account;
    else if (str_eq_c(name, "region"))
        *out = call->region;
    else if (str_eq_c(name, "partition"))
        *out = region_partition(call->region);
    else if (str_eq_c(name, "created_s") && f->r)
        *out =
            arena_printf(w->a, "%lld", (long long)(value_get_time(f->r->doc, "created", 0) / 1000));
    else if (str_has_prefix(name, STR("in:")) && f->r)
        *out =
            identity_text(w->a, path_get(value_get_c(f->r->doc, "in"), str_sub(name, 3, name.len)));
    else if (str_has_prefix(name, STR("in:")))
        *out = identity_text(w->a, path_get(call->params, str_sub(name, 3, name.len)));
    else if (f->r && (str_eq_c(name, "id") || str_eq_c(name, "arn") || str_eq_c(name, "name")))
        *out = identity_text(w->a, identity_of(w, f->r, name, UINT32_MAX));
    else if (f->r && str_has_prefix(name, STR("key:")))
        *out = identity_text(w->a,
                             value_get(value_get_c(f->r->doc, "keys"), str_sub(name, 4, name.len)));
    else
        return fill_chance(f, name, out);
    return out->len > 0;
}

static struct value *fill_string(struct filler *f, struct str text)
{
    struct buf b = { 0 };
    struct str before, rest = text, name, value;
    bool whole = true;

    if (f->r && str_eq_c(text, "{created_ms}"))
        return value_int(f->w->a, value_get_time(f->r->doc, "created", 0));
    if (str_eq_c(text, "{now}"))
        return value_time(f->w->a, f->w->cx->now_ms);
    if (f->r && (str_eq_c(text, "{created}") || str_eq_c(text, "{updated}"))) {
        const struct value *when = value_get(f->r->doc, str_sub(text, 1, text.len - 2));

        return when ? value_copy(f->w->a, when) : NULL;
    }
    rng_init(&f->rng, (uint64_t)value_get_int(f->r ? f->r->doc : NULL, "seed", 1), str_hash(text));
    while (whole && rest.len > 0) {
        bool is_open = str_cut(rest, '{', &before, &rest);

        buf_add(&b, before);
        if (is_open)
            whole = str_cut(rest, '}', &name, &rest) && fill_text(f, name, &value);
        if (is_open && whole)
            buf_add(&b, value);
    }
    struct str filled = arena_copy(f->w->a, buf_view(&b));
    buf_free(&b);
    return whole ? value_str(f->w->a, filled) : NULL;
}

static struct value *fill(struct filler *f, const struct value *v)
{
    struct value *out;

    if (v->kind == VALUE_STRING)
        return fill_string(f, v->u.text);
    if (v->kind != VALUE_LIST && v->kind != VALUE_MAP)
        return value_copy(f->w->a, v);
    out = v->kind == VALUE_LIST ? value_list(f->w->a) : value_map(f->w->a);
    for (const struct value *k = value_first(v); k; k = k->next) {
        struct value *one = fill(f, k);

        if (one && v->kind == VALUE_LIST)
            value_push(out, one);
        else if (one)
            value_append(out, k->name, one);
    }
    return out;
}

struct value *template_fill(struct work *w, struct resource *r, const struct value *v)
{
    struct filler f = { .w = w, .r = r };

    return fill(&f, v);
}

/* As it stands in the file: not filled in. */
static const struct value *raw_template(struct work *w)
{
    struct str path, text;
    struct value *all = NULL;

    if (!w->type)
        return NULL;
    path = arena_printf(w->a, "templates/%.*s.json", STR_ARG(w->call->service_name));
    text = embed_find(path);
    if (!text.ptr || json_parse(w->a, text, &all, NULL) < 0)
        return NULL;
    return value_get(all, life_str(w->cat, w->type->name));
}

struct value *template_of(struct work *w, struct resource *r)
{
    const struct value *own = raw_template(w);

    return own ? template_fill(w, r, own) : NULL;
}

struct value *template_member(struct work *w, struct resource *r, struct str path)
{
    const struct value *own = raw_template(w), *member;
    struct str head, name;

    if (!str_rcut(path, '.', &head, &name))
        name = head;
    member = value_get(own, name);
    return member ? template_fill(w, r, member) : NULL;
}

struct value *template_merge(struct arena *a, const struct value *base, const struct value *over)
{
    struct value *out = value_copy(a, base);

    for (const struct value *v = value_first(over); v; v = v->next) {
        struct str normal = noun_normal(a, v->name);
        struct value *there = NULL;

        for (struct value *k = value_first(out); k && !there; k = k->next)
            if (str_eq(noun_normal(a, k->name), normal))
                there = k;
        if (there && there->kind == VALUE_MAP && v->kind == VALUE_MAP)
            value_set(out, there->name, template_merge(a, there, v));
        else
            value_set(out, there ? there->name : v->name, value_copy(a, v));
    }
    return out;
}
