/* Deletions: what stands in the way, and what goes along. */
#include "emulator/services/ec2/ec2.h"

struct block {
    enum ec2_kind_id kind, by;
    const char *member, *unless, *is, *code, *text;
};

static const struct block blocks[] = {
#define BLOCKS(kind, by, member, unless, is, ...)                                                  \
    { EC2_##kind, EC2_##by, member, unless, is, __VA_ARGS__ },
#include "emulator/services/ec2/blocks.def"
#undef BLOCKS
};

/* Deleted with the thing that they name at member. */
static const struct {
    enum ec2_kind_id kind, part;
    const char *member;
} parts[] = {
    { EC2_VPC, EC2_ROUTE_TABLE, "VpcId" },
    { EC2_VPC, EC2_NETWORK_ACL, "VpcId" },
    { EC2_VPC, EC2_GROUP, "VpcId" },
    { EC2_GROUP, EC2_RULE, "GroupId" },
};

static int refuse(struct ec2 *j, const struct block *b, struct str id, struct str other)
{
    /* Both texts are rows of blocks.def: they take the first, or both. */
    outcome_refuse(j->a, j->out, 400, b->code, b->text, STR_ARG(id), STR_ARG(other));
    return EC2_REFUSED;
}

static int check_block(struct ec2 *j, const struct block *b, struct str id)
{
    const struct ec2_docs *docs;
    int rc = ec2_all(j, b->by, &docs);

    for (size_t i = 0; rc == 0 && i < docs->count; i++) {
        const struct value *other = docs->of[i];
        if (ec2_path_is(j, other, b->member, id) &&
            !(b->unless[0] && ec2_path_is(j, other, b->unless, str_c(b->is))))
            return refuse(j, b, id, ec2_id(&ec2_kinds[b->by], other));
    }
    return rc;
}

int ec2_dependants(struct ec2 *j, enum ec2_kind_id kind, struct str id)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < COUNT(blocks); i++)
        if (blocks[i].kind == kind)
            rc = check_block(j, &blocks[i], id);
    return rc;
}

static int drop_parts(struct ec2 *j, enum ec2_kind_id part, const char *member, struct str of)
{
    const struct ec2_docs *docs;
    int rc = ec2_all(j, part, &docs);
    const struct ec2_docs all = *docs; /* it is read anew after the first deletion */

    for (size_t i = 0; rc == 0 && i < all.count; i++)
        if (str_eq(value_get_str(all.of[i], member), of))
            rc = ec2_remove(j, part, ec2_id(&ec2_kinds[part], all.of[i]));
    return rc;
}

int ec2_remove(struct ec2 *j, enum ec2_kind_id kind, struct str id)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < COUNT(parts); i++)
        if (parts[i].kind == kind)
            rc = drop_parts(j, parts[i].part, parts[i].member, id);
    return rc != 0 ? rc : ec2_drop(j, kind, id);
}

int ec2_delete(struct ec2 *j, enum ec2_kind_id kind, const char *param)
{
    struct value *doc;
    int rc = ec2_load_param(j, kind, param, &doc);

    if (rc != 0)
        return rc;
    struct str id = ec2_id(&ec2_kinds[kind], doc);
    rc = ec2_dependants(j, kind, id);
    return rc != 0 ? rc : ec2_remove(j, kind, id);
}
