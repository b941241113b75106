#include "emulator/record/names.h"

#include "core/aws/region.h"

static void names_add(struct names *out, struct str name)
{
    if (name.len && out->count < NAMES_MAX)
        out->items[out->count++] = name;
}

/* All scalars below v along path; lists are walked through. */
static void collect(struct names *out, const struct value *v, struct str path)
{
    struct str head, tail;

    if (!v)
        return;
    if (v->kind == VALUE_LIST) {
        for (const struct value *kid = value_first(v); kid; kid = kid->next)
            collect(out, kid, path);
    } else if (path.len) {
        (void)str_cut(path, '.', &head, &tail);
        collect(out, value_get(v, head), tail);
    } else if (v->kind == VALUE_STRING) {
        names_add(out, v->u.text);
    }
}

/* "RequestItems#": the keys of a map. */
static void collect_keys(struct names *out, const struct value *map)
{
    for (const struct value *kid = map && map->kind == VALUE_MAP ? value_first(map) : NULL; kid;
         kid = kid->next)
        names_add(out, kid->name);
}

static struct str next_word(struct str *rest)
{
    struct str s = *rest;
    size_t from = 0, to;

    while (from < s.len && (unsigned char)s.ptr[from] <= ' ')
        from++;
    for (to = from; to < s.len && (unsigned char)s.ptr[to] > ' ';)
        to++;
    *rest = str_sub(s, to, s.len);
    return str_sub(s, from, to - from);
}

/* The table of a PartiQL statement: behind FROM, INTO or UPDATE, quoted or not, without its index.
 */
static struct str partiql_table(struct str statement)
{
    struct str rest = statement, word, tail;
    bool is_next = false;

    while ((word = next_word(&rest)).len > 0) {
        if (is_next) {
            if (word.ptr[0] == '"')
                word = str_sub(word, 1, word.len);
            for (const char *stop = "\".;"; *stop; stop++)
                (void)str_cut(word, *stop, &word, &tail);
            return word;
        }
        is_next = str_eq_nocase(word, STR("from")) || str_eq_nocase(word, STR("into")) ||
                  str_eq_nocase(word, STR("update"));
    }
    return (struct str){ 0 };
}

static void change_each(struct names *out, struct str (*change)(struct str))
{
    for (size_t i = 0; i < out->count; i++)
        out->items[i] = change(out->items[i]);
}

static struct str last_part(struct str url)
{
    struct str head, tail;

    return str_rcut(url, '/', &head, &tail) ? tail : url;
}

/* One alternative of a path. */
static void names_of(struct names *out, struct str path, const struct call *call,
                     const struct outcome *outcome)
{
    const struct value *root = call->params;
    char last = path.len ? path.ptr[path.len - 1] : 0;

    if (path.len && path.ptr[0] == '>') {
        root = outcome->output;
        path = str_sub(path, 1, path.len);
    }
    if (last == '#' || last == '/' || last == '$')
        path.len--;
    if (last == '#')
        collect_keys(out, value_get(root, path));
    else
        collect(out, root, path);
    if (last == '/')
        change_each(out, last_part);
    else if (last == '$')
        change_each(out, partiql_table);
}

static bool is_known(const struct names *names, size_t before, struct str name)
{
    for (size_t i = 0; i < before; i++)
        if (str_eq(names->items[i], name))
            return true;
    return false;
}

/* Keep the first of equal names. */
static void names_tidy(struct names *names)
{
    size_t kept = 0;

    for (size_t i = 0; i < names->count; i++)
        if (!is_known(names, kept, names->items[i]) && str_find(names->items[i], STR("alias/")) < 0)
            names->items[kept++] = names->items[i];
    names->count = kept;
}

void names_at(struct names *out, struct str path, const struct call *call,
              const struct outcome *outcome)
{
    struct str choice, rest = path;

    while (out->count == 0 && rest.len > 0) {
        (void)str_cut(rest, '|', &choice, &rest);
        names_of(out, choice, call, outcome);
        names_tidy(out);
    }
}

/* Joined; an ARN's "parameter/" and a name's leading "/" make one slash. */
static struct str joined(struct arena *a, struct str done, struct str literal, struct str value)
{
    bool has_slash = str_has_suffix(literal, STR("/")) && str_has_prefix(value, STR("/"));
    const struct str parts[] = { done, literal, has_slash ? str_sub(value, 1, value.len) : value };

    return arena_join(a, parts, COUNT(parts), (struct str){ 0 });
}

static bool fixed_token(struct str token, const struct call *call, struct str *value)
{
    if (str_eq(token, STR("partition")))
        *value = region_partition(call->region);
    else if (str_eq(token, STR("region")))
        *value = call->region;
    else if (str_eq(token, STR("account")))
        *value = call->account;
    else
        return false;
    return true;
}

struct expansion {
    struct names *out;
    struct arena *a;
    const struct call *call;
    const struct outcome *outcome;
};

/* Recursion is as deep as the template has tokens. */
static void expand(const struct expansion *x, struct str done, struct str rest)
{
    struct str literal, token, tail, value;
    struct names names = { 0 };

    if (!str_cut(rest, '{', &literal, &tail)) {
        names_add(x->out, joined(x->a, done, rest, (struct str){ 0 }));
        return;
    }
    (void)str_cut(tail, '}', &token, &tail);
    if (fixed_token(token, x->call, &value)) {
        expand(x, joined(x->a, done, literal, value), tail);
        return;
    }
    names_at(&names, token, x->call, x->outcome);
    for (size_t i = 0; i < names.count; i++) {
        if (str_has_suffix(literal, STR("key/")) && str_find(names.items[i], STR("alias/")) >= 0)
            continue; /* an alias is not the key that it stands for */
        if (str_has_prefix(names.items[i], STR("arn:")))
            names_add(x->out, names.items[i]);
        else
            expand(x, joined(x->a, done, literal, names.items[i]), tail);
    }
}

void names_expand(struct names *out, struct arena *a, struct str template, const struct call *call,
                  const struct outcome *outcome)
{
    const struct expansion x = { out, a, call, outcome };

    expand(&x, (struct str){ 0 }, template);
}
