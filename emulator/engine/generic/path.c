#include "emulator/engine/generic/work.h"

/* The next name of a path; *is_list when "[]" stands behind it. */
static struct str next_name(struct str *path, bool *is_list)
{
    struct str name;

    (void)str_cut(*path, '.', &name, path);
    *is_list = str_has_suffix(name, STR("[]"));
    return *is_list ? str_sub(name, 0, name.len - 2) : name;
}

const struct value *path_get(const struct value *root, struct str path)
{
    bool is_list;

    while (root && path.len > 0) {
        root = value_get(root, next_name(&path, &is_list));
        if (is_list)
            root = value_at(root, 0);
    }
    return root;
}

void path_put(struct arena *a, struct value *root, struct str path, struct value *v)
{
    bool is_list;
    struct str name = next_name(&path, &is_list);
    struct value *there;

    if (path.len == 0) {
        value_set(root, name, v);
        return;
    }
    there = value_get(root, name);
    if (!there) {
        there = is_list ? value_list(a) : value_map(a);
        value_set(root, name, there);
    }
    if (is_list && there->count == 0)
        value_push(there, value_map(a));
    path_put(a, is_list ? value_first(there) : there, path, v);
}

const struct cat_shape *path_shape(const struct cat *cat, const struct cat_shape *root,
                                   struct str path, const struct cat_member **member)
{
    bool is_list;

    while (root && path.len > 0) {
        const struct cat_member *m = cat_member_find(cat, root, next_name(&path, &is_list));

        if (m && is_list)
            m = cat_shape_member(cat, cat_member_shape(cat, m), 0);
        root = m ? cat_member_shape(cat, m) : NULL;
        if (member)
            *member = m;
    }
    return root;
}
