#include "emulator/catalogue/lifecycle.h"

#include "emulator/catalogue/file.h"

struct str life_str(const struct cat *cat, uint32_t off)
{
    return cat_text_at(&cat->sections[CAT_SEC_LIFE_STRINGS], off);
}

const struct life_op *life_op_find(const struct cat *cat, const struct cat_op *op)
{
    uint32_t index = cat_op_index(cat, op), low = 0, high = cat->sections[CAT_SEC_LIFE_OPS].count;

    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        const struct life_op *row = cat_element(cat, CAT_SEC_LIFE_OPS, mid);

        if (row->op == index)
            return row;
        if (row->op < index)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

uint32_t life_op_count(const struct cat *cat)
{
    return cat->sections[CAT_SEC_LIFE_OPS].count;
}
const struct life_op *life_op_at(const struct cat *cat, uint32_t i)
{
    return cat_element(cat, CAT_SEC_LIFE_OPS, i);
}

uint32_t life_type_count(const struct cat *cat)
{
    return cat->sections[CAT_SEC_LIFE_TYPES].count;
}
const struct life_type *life_type_at(const struct cat *cat, uint32_t i)
{
    return cat_element(cat, CAT_SEC_LIFE_TYPES, i);
}
const struct life_type *life_type_of(const struct cat *cat, const struct life_op *op)
{
    return op->type ? life_type_at(cat, (uint32_t)op->type - 1) : NULL;
}
const struct life_key *life_key_at(const struct cat *cat, const struct life_type *t, uint32_t i)
{
    return cat_element(cat, CAT_SEC_LIFE_KEYS, t->first_key + i);
}
const struct life_binding *life_binding_at(const struct cat *cat, const struct life_op *op,
                                           uint32_t i)
{
    return cat_element(cat, CAT_SEC_LIFE_BINDINGS, (uint32_t)op->first_binding + i);
}

static const char *const role_names[LIFE_ROLES] = {
    [LIFE_NONE] = "none",
    [LIFE_CREATE] = "create",
    [LIFE_GET] = "get",
    [LIFE_LIST] = "list",
    [LIFE_UPDATE] = "update",
    [LIFE_DELETE] = "delete",
    [LIFE_STATE] = "state",
    [LIFE_TAG] = "tag",
    [LIFE_UNTAG] = "untag",
    [LIFE_LIST_TAGS] = "list tags",
    [LIFE_ASPECT_READ] = "read part",
    [LIFE_ASPECT_WRITE] = "write part",
    [LIFE_ASPECT_DELETE] = "delete part",
    [LIFE_RELATE] = "relate",
    [LIFE_UNRELATE] = "unrelate",
    [LIFE_SETTING_READ] = "read setting",
    [LIFE_SETTING_WRITE] = "write setting",
    [LIFE_SETTING_DELETE] = "delete setting",
};

const char *life_role_name(enum life_role role)
{
    return role_names[role];
}
