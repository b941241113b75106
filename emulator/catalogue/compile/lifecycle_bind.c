#include "emulator/catalogue/compile/lifecycle.h"
#include "emulator/catalogue/hints.h"

struct sought {
    const struct infer *in;
    const struct type *t;
    const struct type_key *key;
};

static bool is_same(const void *arg, struct str normal, const struct found *f)
{
    const struct sought *s = arg;

    (void)f;
    return str_eq(normal, s->key->normal);
}
static bool is_kin(const void *arg, struct str normal, const struct found *f)
{
    const struct sought *s = arg;
    struct str kind = noun_identity(s->t->normal, s->key->normal);

    (void)f;
    return kind.len > 0 && str_eq(kind, noun_identity(s->t->normal, normal));
}
static bool is_plural(const void *arg, struct str normal, const struct found *f)
{
    const struct sought *s = arg;

    (void)f;
    return noun_meets(normal, s->key->normal);
}
static bool is_any(const void *arg, struct str normal, const struct found *f)
{
    const struct sought *s = arg;
    struct str kind = noun_identity(s->t->normal, normal);

    (void)f;
    if (s->key->source != LIFE_OWN && noun_identity(s->t->normal, s->key->normal).len == 0)
        return false;
    return str_eq_c(kind, "id") || str_eq_c(kind, "arn") || str_eq_c(kind, "name") ||
           noun_meets(normal, s->t->normal) || str_eq_c(normal, "resource");
}

/* currentDeploymentGroupName of an update: the name until now. */
static bool is_former(const void *arg, struct str normal, const struct found *f)
{
    static const char *const words[] = { "current", "old", "existing", "original" };
    const struct sought *s = arg;

    (void)f;
    for (size_t i = 0; i < COUNT(words); i++) {
        struct str word = str_c(words[i]);

        if (str_has_prefix(normal, word) &&
            str_eq(str_sub(normal, word.len, normal.len), s->key->normal))
            return true;
    }
    return false;
}
/* Rule {Name} is the RuleName. */
static bool is_joined(const void *arg, struct str normal, const struct found *f)
{
    const struct sought *s = arg;
    struct str holder, leaf;

    if (!str_rcut(f->path, '.', &holder, &leaf) || !str_has_suffix(s->key->normal, normal))
        return false;
    return str_eq(noun_normal(s->in->a, holder),
                  str_sub(s->key->normal, 0, s->key->normal.len - normal.len));
}

static bool bind_key(struct infer *in, const struct type *t, const struct type_key *key,
                     const struct cat_shape *input, struct str *path)
{
    static const struct {
        found_fn *fits;
        int levels;
    } ways[] = { { is_same, 1 },   { is_kin, 1 },    { is_plural, 1 }, { is_any, 1 },
                 { is_former, 1 }, { is_joined, 2 }, { is_same, 3 } };
    struct sought s = { in, t, key };
    struct found f;

    for (size_t i = 0; i < COUNT(ways); i++)
        if (shape_search(in, input, ways[i].levels, ways[i].fits, &s, &f)) {
            *path = f.path;
            return true;
        }
    return false;
}

static bool is_bound(const struct life *op, struct str path)
{
    for (uint32_t i = 0; i < op->bound_count; i++)
        if (str_eq(op->bound[i].path, path))
            return true;
    return false;
}

uint32_t bind_keys(struct infer *in, const struct type *t, struct life *op)
{
    const struct cat_shape *input = cat_op_input(in->cat, op->op);
    struct str path;

    op->bound_count = 0;
    for (uint32_t i = 0; i < t->key_count; i++)
        if (bind_key(in, t, &t->keys[i], input, &path) && !is_bound(op, path))
            op->bound[op->bound_count++] = (struct bound){ path, i };
    return op->bound_count;
}

/* The key by which one is told from its siblings: its own identity, else one that ends its noun
 * (the Domain of a UserPoolDomain), else the last. */
static uint32_t own_key(const struct type *t)
{
    for (uint32_t i = t->key_count; i-- > 0;)
        if (noun_identity(t->normal, t->keys[i].normal).len > 0 || t->keys[i].source == LIFE_OWN)
            return i;
    for (uint32_t i = t->key_count; i-- > 0;)
        if (str_has_suffix(t->normal, t->keys[i].normal))
            return i;
    return t->key_count - 1;
}

static bool binds_own(const struct type *t, const struct life *op)
{
    for (uint32_t i = 0; i < op->bound_count; i++)
        if (op->bound[i].key == own_key(t))
            return true;
    return t->key_count == 0;
}

void bind_all(struct infer *in)
{
    for (uint32_t i = 0; i < in->op_count; i++) {
        struct life *op = &in->ops[i];

        if (op->type < 0 || op->role == LIFE_NONE)
            continue;
        const struct type *t = &in->types[op->type];

        (void)bind_keys(in, t, op);
        if (op->role == LIFE_LIST) {
            op->text = list_path(in, t, op->op);
            if (op->text.len == 0)
                op->role = t->key_count > 0 && binds_own(t, op) ? LIFE_GET : LIFE_NONE;
        } else if (op->role != LIFE_CREATE && !binds_own(t, op)) {
            op->role = LIFE_NONE;
        }
    }
}

/* ---- the list in an output ---- */

static const struct cat_shape *follow(struct infer *in, const struct cat_shape *s, struct str path)
{
    struct str part;

    while (s && path.len > 0) {
        const struct cat_member *m = NULL;

        (void)str_cut(path, '.', &part, &path);
        if (s->type == CAT_STRUCTURE)
            m = cat_member_find(in->cat, s, part);
        s = m ? cat_member_shape(in->cat, m) : NULL;
    }
    return s;
}

/* How well a member holds the list: by its name, then by what it is a list of. */
static int list_fit(struct infer *in, const struct type *t, const struct cat_member *m)
{
    const struct cat_shape *s = cat_member_shape(in->cat, m);
    struct str normal = noun_normal(in->a, cat_str(in->cat, m->name));

    if (s->type != CAT_LIST && s->type != CAT_MAP)
        return 0;
    int fit = s->type == CAT_LIST ? 2 : 1;

    if (s->type == CAT_LIST &&
        cat_member_shape(in->cat, cat_shape_member(in->cat, s, 0))->type == CAT_STRUCTURE)
        fit += 2;
    if (noun_meets(normal, t->normal))
        fit += 8;
    else if (str_eq_c(normal, "items") || str_has_prefix(normal, t->normal))
        fit += 4;
    return fit;
}

static struct str best_list(struct infer *in, const struct type *t, const struct cat_shape *s,
                            int *best)
{
    struct str name = { 0 };

    for (uint32_t i = 0; s && i < s->member_count; i++) {
        const struct cat_member *m = cat_shape_member(in->cat, s, i);
        int fit = list_fit(in, t, m);

        if (fit > *best) {
            *best = fit;
            name = cat_str(in->cat, m->name);
        }
    }
    return name;
}

struct str list_path(struct infer *in, const struct type *t, const struct cat_op *op)
{
    const struct cat_page *page = cat_op_page(in->cat, op);
    const struct cat_shape *out = cat_op_output(in->cat, op), *s;
    struct str path = page ? cat_str(in->cat, page->result_key) : (struct str){ 0 };
    int best = 0;

    s = path.len > 0 ? follow(in, out, path) : NULL;
    if (s && (s->type == CAT_LIST || s->type == CAT_MAP))
        return path;
    path = best_list(in, t, out, &best);
    for (uint32_t i = 0; path.len == 0 && out && i < out->member_count; i++) {
        const struct cat_member *m = cat_shape_member(in->cat, out, i);
        struct str name;

        s = cat_member_shape(in->cat, m);
        name = s->type == CAT_STRUCTURE ? best_list(in, t, s, &best) : (struct str){ 0 };
        if (name.len > 0)
            path =
                arena_printf(in->a, "%.*s.%.*s", STR_ARG(cat_str(in->cat, m->name)), STR_ARG(name));
    }
    return path;
}
