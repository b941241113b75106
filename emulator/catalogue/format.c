#include "emulator/catalogue/format.h"

static const uint32_t element_bytes[CAT_SEC_COUNT] = {
    [CAT_SEC_STRINGS] = 1,
    [CAT_SEC_SERVICES] = sizeof(struct cat_service),
    [CAT_SEC_OPS] = sizeof(struct cat_op),
    [CAT_SEC_SHAPES] = sizeof(struct cat_shape),
    [CAT_SEC_RARES] = sizeof(struct cat_rare),
    [CAT_SEC_MEMBERS] = sizeof(struct cat_member),
    [CAT_SEC_EXTRAS] = sizeof(struct cat_extra),
    [CAT_SEC_CONSTRAINTS] = sizeof(struct cat_constraint_row),
    [CAT_SEC_NUMBERS] = sizeof(int64_t),
    [CAT_SEC_ENUMS] = sizeof(uint32_t),
    [CAT_SEC_ERRORS] = sizeof(uint32_t),
    [CAT_SEC_EXCEPTIONS] = sizeof(uint32_t),
    [CAT_SEC_BY_NAME] = sizeof(cat_slot),
    [CAT_SEC_BY_OP] = sizeof(cat_slot),
    [CAT_SEC_BY_TARGET] = sizeof(cat_slot),
    [CAT_SEC_BY_PREFIX] = sizeof(cat_slot),
    [CAT_SEC_BY_ACTION] = sizeof(cat_slot),
    [CAT_SEC_BY_ENDPOINT] = sizeof(cat_slot),
    [CAT_SEC_BY_SIGNING] = sizeof(cat_slot),
    [CAT_SEC_GROUPS] = sizeof(struct cat_group),
    [CAT_SEC_NODES] = sizeof(struct cat_node),
    [CAT_SEC_ROUTES] = sizeof(struct cat_route),
    [CAT_SEC_CONDITIONS] = sizeof(struct cat_condition),
    [CAT_SEC_PAGES] = sizeof(struct cat_page),
    [CAT_SEC_READIES] = sizeof(struct cat_ready),
    [CAT_SEC_LIFE_STRINGS] = 1,
    [CAT_SEC_LIFE_OPS] = sizeof(struct life_op),
    [CAT_SEC_LIFE_TYPES] = sizeof(struct life_type),
    [CAT_SEC_LIFE_KEYS] = sizeof(struct life_key),
    [CAT_SEC_LIFE_BINDINGS] = sizeof(struct life_binding),
};

uint32_t cat_element_bytes(enum cat_section id)
{
    return element_bytes[id];
}

uint64_t cat_sizes(void)
{
    return str_hash((struct str){ (const char *)element_bytes, sizeof element_bytes });
}

uint64_t cat_check_sum(const struct cat_header *h, const struct cat_section_row *rows)
{
    struct cat_header plain = *h;

    plain.check = 0;
    return cat_hash_two(str_hash((struct str){ (const char *)&plain, sizeof plain }),
                        (struct str){ (const char *)rows, CAT_SEC_COUNT * sizeof *rows });
}
