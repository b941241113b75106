/* Paths into answers. */
#include "generator/play/expr.h"

static struct value *one_at(const struct value *list, int64_t i)
{
    int64_t count = list && list->kind == VALUE_LIST ? (int64_t)list->count : 0;

    if (i < 0)
        i += count;
    return i >= 0 && i < count ? value_at(list, (size_t)i) : NULL;
}

static void add_copy(struct arena *a, struct value *list, const struct value *v)
{
    struct value *copy = arena_alloc(a, sizeof *copy);

    *copy = *v;
    copy->next = NULL;
    value_push(list, copy);
}

/* The rest of the path in each element; lists that come out are laid end to end. */
static struct value *all_of(struct arena *a, const struct value *list, struct str rest)
{
    struct value *all = value_list(a);

    if (!list || list->kind != VALUE_LIST)
        return NULL;
    for (struct value *k = value_first(list); k; k = k->next) {
        struct value *found = expr_path(a, k, rest);
        bool is_many = found && found->kind == VALUE_LIST && str_find(rest, STR("[*]")) >= 0;

        for (const struct value *f = is_many ? value_first(found) : NULL; f; f = f->next)
            add_copy(a, all, f);
        if (found && !is_many)
            add_copy(a, all, found);
    }
    return all;
}

struct value *expr_path(struct arena *a, struct value *v, struct str path)
{
    while (v && path.len > 0) {
        size_t n = 0;
        int64_t i;

        if (*path.ptr == '.') {
            path = str_sub(path, 1, path.len);
        } else if (*path.ptr == '[') {
            ptrdiff_t end = str_find(path, STR("]"));
            struct str inner = str_sub(path, 1, end > 0 ? (size_t)end - 1 : 0);
            struct str rest = str_sub(path, (size_t)(end > 0 ? end + 1 : 0), path.len);

            if (end < 0)
                return NULL;
            if (str_eq_c(inner, "*"))
                return all_of(a, v, rest);
            v = str_to_i64(inner, &i) ? one_at(v, i) : NULL;
            path = rest;
        } else {
            while (n < path.len && path.ptr[n] != '.' && path.ptr[n] != '[')
                n++;
            v = value_get(v, str_sub(path, 0, n));
            path = str_sub(path, n, path.len);
        }
    }
    return v;
}
