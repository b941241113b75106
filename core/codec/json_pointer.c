#include "core/codec/json.h"

/* Whether name is what token stands for: "~1" is '/', "~0" is '~'. */
static bool is_named(struct str name, struct str token)
{
    size_t at = 0;

    for (size_t i = 0; i < token.len; i++, at++) {
        char c = token.ptr[i];

        if (c == '~' && i + 1 < token.len && (token.ptr[i + 1] == '0' || token.ptr[i + 1] == '1'))
            c = token.ptr[++i] == '1' ? '/' : '~';
        if (at == name.len || name.ptr[at] != c)
            return false;
    }
    return at == name.len;
}

static struct value *find_member(const struct value *map, struct str token)
{
    struct value *k = value_first(map);

    while (k && !is_named(k->name, token))
        k = k->next;
    return k;
}

/* An index has no sign and no leading zero. */
static struct value *find_item(const struct value *list, struct str token)
{
    int64_t index;

    if (!str_to_i64(token, &index) || token.ptr[0] == '-' || (token.len > 1 && token.ptr[0] == '0'))
        return NULL;
    return value_at(list, (size_t)index);
}

struct value *json_pointer(const struct value *root, struct str pointer)
{
    struct value *at = (struct value *)root;

    if (pointer.len == 0)
        return at;
    if (pointer.ptr[0] != '/')
        return NULL;

    struct str rest = str_sub(pointer, 1, pointer.len), token;
    bool has_more = true;

    while (at && has_more) {
        has_more = str_cut(rest, '/', &token, &rest);
        at = at->kind == VALUE_LIST ? find_item(at, token) : find_member(at, token);
    }
    return at;
}
