#include "emulator/catalogue/compile/lifecycle.h"

/* ---- tags ---- */

static bool has_word(struct str name, const char *word)
{
    ptrdiff_t at = str_find(name, str_c(word));
    size_t end = at < 0 ? 0 : (size_t)at + strlen(word);

    return at >= 0 && (end == name.len || (name.ptr[end] >= 'A' && name.ptr[end] <= 'Z'));
}

static enum life_role tag_role(struct str name)
{
    static const struct {
        const char *start;
        enum life_role role;
    } starts[] = {
        { "Untag", LIFE_UNTAG },        { "Remove", LIFE_UNTAG },   { "Delete", LIFE_UNTAG },
        { "Disassociate", LIFE_UNTAG }, { "List", LIFE_LIST_TAGS }, { "Describe", LIFE_LIST_TAGS },
        { "Get", LIFE_LIST_TAGS },      { "Tag", LIFE_TAG },        { "Add", LIFE_TAG },
        { "Create", LIFE_TAG },         { "Put", LIFE_TAG },        { "Set", LIFE_TAG },
        { "Update", LIFE_TAG },         { "Change", LIFE_TAG },     { "Associate", LIFE_TAG },
    };
    bool is_direct = (str_has_prefix(name, STR("Tag")) || str_has_prefix(name, STR("Untag"))) &&
                     !has_word(name, "Tags");

    if (!is_direct && !has_word(name, "Tags") && !has_word(name, "Tagging"))
        return LIFE_NONE;
    for (size_t i = 0; i < COUNT(starts); i++)
        if (str_has_prefix(name, str_c(starts[i].start)))
            return starts[i].role;
    return LIFE_NONE;
}

static bool is_tags_name(struct str normal)
{
    static const char *const names[] = { "tags",         "tagset",      "taglist", "tagstoadd",
                                         "tag",          "newtags",     "tagsmap", "tagsmodel",
                                         "tagstoupdate", "resourcetags" };

    for (size_t i = 0; i < COUNT(names); i++)
        if (str_eq_c(normal, names[i]))
            return true;
    return false;
}

static bool is_tag_keys_name(struct str normal)
{
    return is_tags_name(normal) || str_has_suffix(normal, STR("tagkeys")) ||
           str_has_suffix(normal, STR("tagkeylist")) || str_eq_c(normal, "keys") ||
           str_has_suffix(normal, STR("tagstoremove")) || str_eq_c(normal, "tagkey");
}

static bool fits_tags(const void *arg, struct str normal, const struct found *f)
{
    (void)arg;
    (void)f;
    return is_tags_name(normal);
}

/* The member that names the tagged thing: required before optional, ARNs and ids before others. */
static struct str tagged_member(struct infer *in, const struct cat_shape *s)
{
    struct str best = { 0 };
    int best_fit = 0;

    for (uint32_t i = 0; s && i < s->member_count; i++) {
        const struct cat_member *m = cat_shape_member(in->cat, s, i);
        const struct cat_shape *target = cat_member_shape(in->cat, m);
        struct str name = cat_str(in->cat, m->name), normal = noun_normal(in->a, name);
        bool is_list =
            target->type == CAT_LIST &&
            cat_member_shape(in->cat, cat_shape_member(in->cat, target, 0))->type == CAT_STRING;
        int fit = m->flags & CAT_M_REQUIRED || m->location == CAT_URI ? 4 : 0;

        if ((target->type != CAT_STRING && !is_list) || is_tag_keys_name(normal) ||
            str_has_suffix(normal, STR("token")))
            continue;
        if (str_find(normal, STR("arn")) >= 0 || str_has_prefix(normal, STR("resource")))
            fit += 3;
        else if (str_has_suffix(normal, STR("id")) || str_has_suffix(normal, STR("name")) ||
                 str_has_suffix(normal, STR("ids")) || str_has_suffix(normal, STR("names")))
            fit += 2;
        if (str_has_suffix(normal, STR("type")))
            fit -= 2;
        if (fit > best_fit) {
            best = name;
            best_fit = fit;
        }
    }
    return best;
}

/* Where the tags stand: a list of pairs at most two levels down, or a map at the top. */
static struct str tags_path(struct infer *in, const struct cat_shape *s)
{
    struct found f;

    for (uint32_t i = 0; s && i < s->member_count; i++) {
        const struct cat_member *m = cat_shape_member(in->cat, s, i);
        struct str name = cat_str(in->cat, m->name);

        if (cat_member_shape(in->cat, m)->type == CAT_MAP && is_tags_name(noun_normal(in->a, name)))
            return name;
    }
    return shape_search(in, s, 2, fits_tags, NULL, &f) ? f.path : (struct str){ 0 };
}

static struct str tags_member(struct infer *in, const struct cat_shape *s, enum life_role role)
{
    for (uint32_t i = 0; s && role == LIFE_UNTAG && i < s->member_count; i++) {
        struct str name = cat_str(in->cat, cat_shape_member(in->cat, s, i)->name);

        if (is_tag_keys_name(noun_normal(in->a, name)))
            return name;
    }
    return role == LIFE_TAG ? tags_path(in, s) : (struct str){ 0 };
}

void rest_tags(struct infer *in)
{
    for (uint32_t i = 0; i < in->op_count; i++) {
        struct life *op = &in->ops[i];
        enum life_role role = words_row(in, op->name) ? LIFE_NONE : tag_role(op->name);
        const struct cat_shape *input = cat_op_input(in->cat, op->op);
        struct str who = tagged_member(in, input), tags = tags_member(in, input, role);

        if (role == LIFE_NONE || who.len == 0 || (role != LIFE_LIST_TAGS && tags.len == 0))
            continue;
        if (role == LIFE_LIST_TAGS) {
            op->text = tags_path(in, cat_op_output(in->cat, op->op));
            if (op->text.len == 0)
                continue;
        }
        op->role = role;
        op->is_fixed = true;
        op->bound[op->bound_count++] = (struct bound){ who, 0 };
        if (tags.len > 0)
            op->bound[op->bound_count++] = (struct bound){ tags, 0 };
    }
}

/* ---- parts, relations ---- */

static struct str subject_of(struct infer *in, const struct life *op)
{
    static const char *const words[] = { "From", "To", "With", "For", "By", "Of", "In" };
    size_t cut = op->noun.len;

    for (size_t i = 0; i < COUNT(words); i++) {
        ptrdiff_t at = str_find(op->noun, str_c(words[i]));
        size_t end = at < 0 ? 0 : (size_t)at + strlen(words[i]);

        if (at > 0 && (size_t)at < cut && end < op->noun.len && op->noun.ptr[end] >= 'A' &&
            op->noun.ptr[end] <= 'Z')
            cut = (size_t)at;
    }
    return noun_normal(in->a, str_sub(op->noun, 0, cut));
}

static enum life_role part_role(const struct life *op)
{
    static const struct {
        unsigned classes;
        enum life_role role;
    } roles[] = {
        { VERB_NONE, LIFE_NONE },           { VERB_GET | VERB_LIST, LIFE_ASPECT_READ },
        { VERB_UPDATE, LIFE_ASPECT_WRITE }, { VERB_RELATE, LIFE_RELATE },
        { VERB_UNRELATE, LIFE_UNRELATE },   { VERB_DELETE | VERB_RESET, LIFE_ASPECT_DELETE },
        { VERB_STATE, LIFE_STATE },
    };

    for (size_t i = 0; i < COUNT(roles); i++)
        if (op->classes & roles[i].classes)
            return roles[i].role;
    return LIFE_NONE;
}

/* Longer nouns say more; at the front most of all. */
static int part_fit(struct infer *in, const struct type *t, const struct life *op)
{
    struct life trial = *op;
    ptrdiff_t at = str_find(op->normal, t->normal);

    if (at < 0 || t->key_count == 0 || t->normal.len < 2 || bind_keys(in, t, &trial) < t->key_count)
        return 0;
    return (int)t->normal.len * 2 + (at == 0);
}

/* A type all of whose keys are in the input, its noun in one key's name: PutRolePolicy(RoleName).
 */
static int key_fit(struct infer *in, const struct type *t, const struct life *op)
{
    struct life trial = *op;
    bool is_named = false;

    if (t->key_count == 0 || t->normal.len < 2 || bind_keys(in, t, &trial) < t->key_count)
        return 0;
    for (uint32_t i = 0; i < t->key_count; i++)
        is_named |= str_find(noun_normal(in->a, trial.bound[i].path), t->normal) >= 0;
    return is_named ? (int)t->key_count * 100 + (int)t->normal.len : 0;
}

typedef int fit_fn(struct infer *in, const struct type *t, const struct life *op);

static int best_type(struct infer *in, const struct life *op, fit_fn *fit)
{
    int best = -1, best_fit = 0;

    for (uint32_t i = 0; i < in->type_count; i++) {
        int f = fit(in, &in->types[i], op);

        if (f > best_fit) {
            best_fit = f;
            best = (int)i;
        }
    }
    return best;
}

static bool has_required(const struct infer *in, const struct life *op)
{
    const struct cat_shape *s = cat_op_input(in->cat, op->op);

    for (uint32_t i = 0; s && i < s->member_count; i++)
        if (cat_shape_member(in->cat, s, i)->flags & CAT_M_REQUIRED)
            return true;
    return false;
}

static void place_part(struct infer *in, struct life *op)
{
    enum life_role role = part_role(op);

    op->type = best_type(in, op, part_fit);
    if (op->type < 0)
        op->type = best_type(in, op, key_fit);
    if (op->type < 0)
        return;
    (void)bind_keys(in, &in->types[op->type], op);
    op->role = role;
    op->text = role == LIFE_STATE ? op->verb : subject_of(in, op);
}

static void place_setting(struct infer *in, struct life *op)
{
    if (op->classes & (VERB_GET | VERB_LIST) && !has_required(in, op))
        op->role = LIFE_SETTING_READ;
    else if (op->classes & (VERB_UPDATE | VERB_UPSERT))
        op->role = LIFE_SETTING_WRITE;
    else if (op->classes & (VERB_DELETE | VERB_RESET) && !has_required(in, op))
        op->role = LIFE_SETTING_DELETE;
    op->text = op->normal;
}

static bool is_written(const struct infer *in, const struct life *op, enum life_role a,
                       enum life_role b)
{
    for (uint32_t i = 0; i < in->op_count; i++) {
        const struct life *other = &in->ops[i];

        if ((other->role == a || other->role == b) && other->type == op->type &&
            noun_meets(other->text, op->text))
            return true;
    }
    return false;
}

/* What nothing writes can't be read: it is computed. What nothing reads is no setting. */
static void drop_unpaired(struct infer *in)
{
    for (uint32_t i = 0; i < in->op_count; i++) {
        struct life *op = &in->ops[i];
        bool keep = true;

        if (op->role == LIFE_ASPECT_READ || op->role == LIFE_ASPECT_DELETE)
            keep = is_written(in, op, LIFE_ASPECT_WRITE, LIFE_RELATE);
        else if (op->role == LIFE_SETTING_READ || op->role == LIFE_SETTING_DELETE)
            keep = is_written(in, op, LIFE_SETTING_WRITE, LIFE_SETTING_WRITE);
        else if (op->role == LIFE_SETTING_WRITE)
            keep = is_written(in, op, LIFE_SETTING_READ, LIFE_SETTING_READ);
        if (!keep && !op->is_fixed)
            op->role = LIFE_NONE;
    }
}

void rest_all(struct infer *in)
{
    for (uint32_t i = 0; i < in->op_count; i++) {
        struct life *op = &in->ops[i];

        if (op->role != LIFE_NONE || op->is_fixed || op->noun.len == 0 || op->is_batch)
            continue;
        op->type = -1;
        place_part(in, op);
        if (op->type < 0)
            place_setting(in, op);
    }
    drop_unpaired(in);
}
