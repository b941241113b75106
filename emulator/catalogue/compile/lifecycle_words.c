#include "core/base/embed.h"
#include "emulator/catalogue/compile/lifecycle.h"

static const struct {
    const char *name;
    unsigned class;
} class_names[] = {
    { "create", VERB_CREATE }, { "maybe", VERB_MAYBE },   { "again", VERB_AGAIN },
    { "upsert", VERB_UPSERT }, { "delete", VERB_DELETE }, { "undo", VERB_UNDO },
    { "get", VERB_GET },       { "list", VERB_LIST },     { "update", VERB_UPDATE },
    { "state", VERB_STATE },   { "relate", VERB_RELATE }, { "unrelate", VERB_UNRELATE },
    { "reset", VERB_RESET },   { "tag", VERB_TAG },       { "none", VERB_NONE },
};

/* The next line that is no comment, cut at its tabs; false at the end. */
static bool next_row(struct str *rest, struct str *cells, size_t count)
{
    struct str line;

    while (rest->len > 0) {
        (void)str_cut(*rest, '\n', &line, rest);
        if (line.len == 0 || line.ptr[0] == '#')
            continue;
        for (size_t i = 0; i < count; i++)
            (void)str_cut(line, '\t', &cells[i], &line);
        return true;
    }
    return false;
}

static int classes_of(struct str words, unsigned *out, struct err *err)
{
    struct str word;

    for (*out = 0; words.len > 0;) {
        unsigned class = 0;

        (void)str_cut(words, ' ', &word, &words);
        for (size_t i = 0; i < COUNT(class_names); i++)
            if (str_eq_c(word, class_names[i].name))
                class = class_names[i].class;
        if (class == 0)
            return err_set(err, E_PARSE, "lifecycle/verbs.tsv: \"%.*s\" is no class",
                           STR_ARG(word));
        *out |= class;
    }
    return 0;
}

bool words_role(struct str name, enum life_role *out)
{
    for (int i = 0; i < LIFE_ROLES; i++)
        if (str_eq_c(name, life_role_name((enum life_role)i))) {
            *out = (enum life_role)i;
            return true;
        }
    return false;
}

static int load_rows(struct infer *in, struct err *err)
{
    struct str rest = embed_find(STR("lifecycle/operations.tsv")), cells[5];
    struct life_row *rows = arena_array(in->a, 2000, sizeof *rows);
    enum life_role role;

    in->rows = rows;
    while (in->row_count < 2000 && next_row(&rest, cells, COUNT(cells))) {
        rows[in->row_count++] =
            (struct life_row){ cells[0], cells[1], cells[2], cells[3], cells[4] };
        if (!words_role(cells[2], &role))
            return err_set(err, E_PARSE, "lifecycle/operations.tsv: %.*s: \"%.*s\" is no role",
                           STR_ARG(cells[1]), STR_ARG(cells[2]));
    }
    return 0;
}

static bool is_source(struct str word)
{
    return str_eq_c(word, "input") || str_eq_c(word, "output") || str_eq_c(word, "own") ||
           str_eq_c(word, "drop") || str_eq_c(word, "same");
}

static int load_key_rows(struct infer *in, struct err *err)
{
    struct str rest = embed_find(STR("lifecycle/keys.tsv")), cells[6];
    struct key_row *rows = arena_array(in->a, 500, sizeof *rows);

    in->key_rows = rows;
    while (in->key_row_count < 500 && next_row(&rest, cells, COUNT(cells))) {
        rows[in->key_row_count++] =
            (struct key_row){ cells[0], cells[1], cells[2], cells[3], cells[4], cells[5] };
        if (!is_source(cells[3]))
            return err_set(err, E_PARSE, "lifecycle/keys.tsv: %.*s %.*s: \"%.*s\" is no source",
                           STR_ARG(cells[0]), STR_ARG(cells[2]), STR_ARG(cells[3]));
    }
    return 0;
}

int words_load(struct infer *in, struct err *err)
{
    struct str rest = embed_find(STR("lifecycle/verbs.tsv")), cells[2];
    struct verb *verbs = arena_array(in->a, 500, sizeof *verbs);
    int rc = 0;

    in->verbs = verbs;
    while (rc == 0 && in->verb_count < 500 && next_row(&rest, cells, COUNT(cells))) {
        verbs[in->verb_count].text = cells[0];
        rc = classes_of(cells[1], &verbs[in->verb_count++].classes, err);
    }
    if (rc == 0)
        rc = load_rows(in, err);
    return rc < 0 ? rc : load_key_rows(in, err);
}

const struct key_row *words_key_row(const struct infer *in, struct str type, struct str key)
{
    for (uint32_t i = 0; i < in->key_row_count; i++)
        if (str_eq(in->key_rows[i].key, key) && str_eq(in->key_rows[i].type, type) &&
            str_eq(in->key_rows[i].service, in->service_name))
            return &in->key_rows[i];
    return NULL;
}

const struct life_row *words_row(const struct infer *in, struct str operation)
{
    for (uint32_t i = 0; i < in->row_count; i++)
        if (str_eq(in->rows[i].operation, operation) &&
            str_eq(in->rows[i].service, in->service_name))
            return &in->rows[i];
    return NULL;
}

static bool is_upper(struct str s, size_t i)
{
    return i >= s.len || (s.ptr[i] >= 'A' && s.ptr[i] <= 'Z') ||
           (s.ptr[i] >= '0' && s.ptr[i] <= '9');
}

/* AddTagsToResource_2020_05_31 */
static struct str without_date(struct str name)
{
    size_t len = name.len, digits = 0;

    while (len > 0 && (name.ptr[len - 1] == '_' || is_upper(str_sub(name, len - 1, 1), 0)) &&
           !(name.ptr[len - 1] >= 'A' && name.ptr[len - 1] <= 'Z')) {
        digits += name.ptr[len - 1] != '_';
        len--;
    }
    return digits >= 8 ? str_sub(name, 0, len) : name;
}

static bool take_prefix(struct str *name, struct str prefix)
{
    if (!str_has_prefix(*name, prefix) || !is_upper(*name, prefix.len) || name->len == prefix.len)
        return false;
    *name = str_sub(*name, prefix.len, name->len);
    return true;
}

static const struct verb *longest_verb(const struct infer *in, struct str name)
{
    const struct verb *best = NULL;

    for (uint32_t i = 0; i < in->verb_count; i++) {
        const struct verb *v = &in->verbs[i];

        if (str_has_prefix(name, v->text) && is_upper(name, v->text.len) &&
            (!best || v->text.len > best->text.len))
            best = v;
    }
    return best;
}

void words_split(struct infer *in, struct life *op)
{
    struct str name = without_date(op->name);
    const struct verb *verb;

    op->is_batch = take_prefix(&name, STR("Batch")) || take_prefix(&name, STR("Bulk"));
    if (!op->is_batch)
        (void)take_prefix(&name, STR("Admin"));
    verb = longest_verb(in, name);
    if (verb) {
        op->verb = verb->text;
        op->classes = verb->classes;
    } else {
        size_t len = 1;

        while (len < name.len && !is_upper(name, len))
            len++;
        op->verb = str_sub(name, 0, len);
    }
    op->noun = str_sub(name, op->verb.len, name.len);
    op->normal = noun_normal(in->a, op->noun);
}
