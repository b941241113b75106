#include "emulator/services/tags.h"

#include "emulator/services/job.h"

static bool is_among(const struct value *gone, const char *key, struct str text)
{
    for (const struct value *g = value_first(gone); g; g = g->next)
        if (str_eq(g->kind == VALUE_STRING ? g->u.text : value_get_str(g, key), text))
            return true;
    return false;
}

struct value *tags_without(struct arena *a, const struct value *tags, const char *key,
                           const struct value *gone)
{
    struct value *left = value_list(a);

    for (const struct value *t = value_first(tags); t; t = t->next)
        if (!is_among(gone, key, value_get_str(t, key)))
            value_push(left, value_copy(a, t));
    return left;
}

struct value *tags_with(struct arena *a, const struct value *tags, const char *key,
                        const struct value *more)
{
    struct value *all = tags_without(a, tags, key, more);

    for (const struct value *t = value_first(more); t; t = t->next)
        value_push(all, value_copy(a, t));
    return all;
}

struct value *tags_merge(struct arena *a, const struct value *tags, const struct value *more)
{
    struct value *all = tags ? value_copy(a, tags) : value_list(a);

    for (const struct value *t = value_first(more); t; t = t->next) {
        struct value *old = list_find(all, "Key", value_get_str(t, "Key"));

        if (old)
            value_put_str(a, old, "Value", value_get_str(t, "Value"));
        else
            value_push(all, value_copy(a, t));
    }
    return all;
}

bool tags_reserved(const struct value *tags)
{
    for (const struct value *t = value_first(tags); t; t = t->next)
        if (str_eq_nocase(str_sub(t->name, 0, strlen("aws:")), STR("aws:")))
            return true;
    return false;
}
