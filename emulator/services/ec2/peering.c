/* VPC peering connections. Each side, which may lie in another account or region, has a copy of the
 * document, with tags of its own. Source: VPC Peering Guide, "VPC peering connection lifecycle". */
#include "core/aws/ids.h"
#include "core/aws/region.h"
#include "emulator/services/ec2/ec2.h"

#define LIFE_MS (7 * 24 * 3600 * 1000LL) /* of a request that nobody accepts */

static const char *const sides[] = { "RequesterVpcInfo", "AccepterVpcInfo" };

static const struct {
    const char *state, *message;
    bool names_who; /* the message ends with an account */
} messages[] = {
    { "initiating-request", "Initiating Request to ", true },
    { "pending-acceptance", "Pending Acceptance by ", true },
    { "provisioning", "Provisioning", false },
    { "active", "Active", false },
    { "rejected", "Rejected by ", true },
    { "deleted", "Deleted by ", true },
    { "expired", "Expired", false },
    { "failed", "Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range", false },
};

/* Source: EC2 API Reference, VpcPeeringConnection, "expirationTime" of an unaccepted request. */
int ec2_peering_complete(struct ec2 *j, struct value *doc)
{
    struct str state = ec2_state(EC2_PEERING, doc), who = value_get_str(doc, "_by");
    bool is_open = str_eq_c(state, "initiating-request") || str_eq_c(state, "pending-acceptance");

    if (who.len == 0)
        who = value_get_str(value_get_c(doc, sides[1]), "OwnerId");
    for (size_t i = 0; i < COUNT(messages); i++)
        if (str_eq_c(state, messages[i].state))
            value_put_str(j->a, value_get_c(doc, "Status"), "Message",
                          arena_printf(j->a, "%s%.*s", messages[i].message,
                                       messages[i].names_who ? (int)who.len : 0, who.ptr));
    if (!is_open)
        (void)value_remove(doc, STR("ExpirationTime")); /* true while it was open */
    return 0;
}

static bool is_own_side(const struct ec2 *j, const struct value *info)
{
    return str_eq(value_get_str(info, "OwnerId"), j->call->account) &&
           str_eq(value_get_str(info, "Region"), j->call->region);
}

static struct doc_key key_at(const char *type, const struct value *info, struct str id)
{
    return (struct doc_key){ .account = value_get_str(info, "OwnerId"),
                             .region = value_get_str(info, "Region"),
                             .service = STR("ec2"),
                             .type = str_c(type),
                             .id = id };
}

static int save_other(struct ec2 *j, const struct value *doc, const struct value *info)
{
    const struct ec2_kind *k = &ec2_kinds[EC2_PEERING];
    struct doc_key key = key_at(k->type, info, ec2_id(k, doc));
    struct value *copy = value_copy(j->a, doc), *other;
    int rc = store_doc_get(j->cx->e->store, j->a, key, &other, j->err);

    if (rc < 0 && rc != E_MISSING)
        return rc;
    value_set(copy, STR("Tags"),
              rc == 0 ? value_copy(j->a, ec2_list(j, other, "Tags")) : value_list(j->a));
    return store_doc_put(j->cx->e->store, key, copy, j->err);
}

/* A request that failed is nobody's but who made it. */
static int save(struct ec2 *j, struct value *doc)
{
    int rc = ec2_peering_complete(j, doc);

    if (rc == 0)
        rc = ec2_save(j, EC2_PEERING, doc);
    if (str_eq_c(ec2_state(EC2_PEERING, doc), "failed"))
        return rc;
    for (size_t i = 0; rc == 0 && i < COUNT(sides); i++)
        if (!is_own_side(j, value_get_c(doc, sides[i])))
            rc = save_other(j, doc, value_get_c(doc, sides[i]));
    return rc;
}

/* ---- a request ---- */

/* {OwnerId, VpcId, Region} that the call asks for. */
static int peer_info(struct ec2 *j, struct value **info)
{
    struct str owner = param_str(j->call, "PeerOwnerId"), region = param_str(j->call, "PeerRegion");

    if (!param_has(j->call, "PeerVpcId"))
        return ec2_refuse(j, "MissingParameter",
                          "The request must contain the parameter peerVpcId");
    if (owner.len > 0 && !ids_is_account(owner))
        return ec2_refuse(j, "InvalidParameterValue",
                          "Value (%.*s) for parameter peerOwnerId is invalid.", STR_ARG(owner));
    if (region.len > 0 && !region_find(region))
        return ec2_refuse(j, "InvalidParameterValue",
                          "Value (%.*s) for parameter peerRegion is invalid.", STR_ARG(region));
    *info = value_map(j->a);
    value_put_str(j->a, *info, "OwnerId", owner.len > 0 ? owner : j->call->account);
    value_put_str(j->a, *info, "VpcId", param_str(j->call, "PeerVpcId"));
    value_put_str(j->a, *info, "Region", region.len > 0 ? region : j->call->region);
    return 0;
}

/* *vpc NULL: another account or region has none of that id. */
static int find_peer(struct ec2 *j, const struct value *info, struct value **vpc)
{
    struct str id = value_get_str(info, "VpcId");
    int rc;

    *vpc = NULL;
    if (is_own_side(j, info))
        return ec2_load(j, EC2_VPC, id, vpc);
    rc = store_doc_get(j->cx->e->store, j->a, key_at(ec2_kinds[EC2_VPC].type, info, id), vpc,
                       j->err);
    return rc == E_MISSING ? 0 : rc;
}

static bool overlap(const struct value *vpc, const struct value *peer)
{
    const struct value *ours = value_get_c(vpc, "CidrBlockAssociationSet");
    const struct value *theirs = value_get_c(peer, "CidrBlockAssociationSet");
    struct cidr a, b;

    for (const struct value *u = value_first(ours); u; u = u->next)
        for (const struct value *t = value_first(theirs); t; t = t->next)
            if (cidr_parse(value_get_str(u, "CidrBlock"), &a) &&
                cidr_parse(value_get_str(t, "CidrBlock"), &b) && cidr_overlap(a, b))
                return true;
    return false;
}

/* What a side tells of its VPC: the accepter's only once it has accepted. */
static void tell_blocks(struct ec2 *j, struct value *info, const struct value *vpc)
{
    struct value *set = value_list(j->a), *options = value_map(j->a);

    for (const struct value *b = value_first(value_get_c(vpc, "CidrBlockAssociationSet")); b;
         b = b->next) {
        struct value *item = value_map(j->a);
        value_put_str(j->a, item, "CidrBlock", value_get_str(b, "CidrBlock"));
        value_push(set, item);
    }
    value_put_bool(j->a, options, "AllowDnsResolutionFromRemoteVpc", false);
    value_put_bool(j->a, options, "AllowEgressFromLocalClassicLinkToRemoteVpc", false);
    value_put_bool(j->a, options, "AllowEgressFromLocalVpcToRemoteClassicLink", false);
    value_put_str(j->a, info, "CidrBlock", value_get_str(vpc, "CidrBlock"));
    value_set(info, STR("CidrBlockSet"), set);
    value_set(info, STR("PeeringOptions"), options);
}

int ec2_create_peering(struct ec2 *j)
{
    struct value *vpc, *peer, *doc, *theirs = NULL, *ours = value_map(j->a);
    int rc = ec2_load_param(j, EC2_VPC, "VpcId", &vpc);

    if (rc == 0)
        rc = peer_info(j, &theirs);
    if (rc == 0)
        rc = find_peer(j, theirs, &peer);
    if (rc == 0)
        rc = ec2_new(j, EC2_PEERING, &doc);
    if (rc != 0)
        return rc;
    value_put_str(j->a, ours, "OwnerId", j->call->account);
    value_put_str(j->a, ours, "VpcId", param_str(j->call, "VpcId"));
    value_put_str(j->a, ours, "Region", j->call->region);
    tell_blocks(j, ours, vpc);
    value_set(doc, str_c(sides[0]), ours);
    value_set(doc, str_c(sides[1]), theirs);
    value_put_time(j->a, doc, "ExpirationTime", (j->cx->now_ms + LIFE_MS) / 1000 * 1000);
    if (!peer || overlap(vpc, peer))
        ec2_state_set(j, EC2_PEERING, doc, "failed");
    rc = save(j, doc);
    value_set(ec2_output(j), STR("VpcPeeringConnection"), value_copy(j->a, doc));
    return rc;
}

/* ---- what becomes of it ---- */

static bool is_open(struct str state)
{
    return str_eq_c(state, "initiating-request") || str_eq_c(state, "pending-acceptance");
}

/* Source: EC2 API Reference, "Error codes", InvalidStateTransition, OperationNotPermitted. */
static int load_for(struct ec2 *j, const char *verb, const char *to, struct value **doc)
{
    int rc = ec2_load_param(j, EC2_PEERING, "VpcPeeringConnectionId", doc);

    if (rc != 0)
        return rc;
    struct str id = ec2_id(&ec2_kinds[EC2_PEERING], *doc), state = ec2_state(EC2_PEERING, *doc);
    bool ends = strcmp(to, "deleted") == 0;

    if (!ends && !is_own_side(j, value_get_c(*doc, sides[1])))
        return ec2_refuse(j, "OperationNotPermitted", "User %.*s cannot %s peering %.*s",
                          STR_ARG(j->call->account), verb, STR_ARG(id));
    if (!is_open(state) && !(ends && str_eq_c(state, "active")))
        return ec2_refuse(
            j, "InvalidStateTransition",
            "Invalid state transition for %.*s, attempted to transition from %.*s to %s",
            STR_ARG(id), STR_ARG(state), to);
    return 0;
}

static int leave(struct ec2 *j, const char *verb, const char *to)
{
    struct value *doc;
    int rc = load_for(j, verb, to, &doc);

    if (rc != 0)
        return rc;
    ec2_state_set(j, EC2_PEERING, doc, to);
    value_put_str(j->a, doc, "_by", j->call->account);
    rc = save(j, doc);
    return rc != 0 ? rc : ec2_return_true(j);
}

int ec2_accept_peering(struct ec2 *j)
{
    struct value *doc, *vpc, *info;
    int rc = load_for(j, "accept", "active", &doc);

    if (rc != 0)
        return rc;
    info = value_get_c(doc, sides[1]);
    rc = ec2_load(j, EC2_VPC, value_get_str(info, "VpcId"), &vpc);
    if (rc != 0)
        return rc;
    tell_blocks(j, info, vpc);
    ec2_state_set(j, EC2_PEERING, doc, "provisioning");
    rc = save(j, doc);
    value_set(ec2_output(j), STR("VpcPeeringConnection"), value_copy(j->a, doc));
    return rc;
}

int ec2_reject_peering(struct ec2 *j)
{
    return leave(j, "reject", "rejected");
}

int ec2_delete_peering(struct ec2 *j)
{
    return leave(j, "delete", "deleted");
}

int ec2_describe_peerings(struct ec2 *j)
{
    return ec2_describe(j, EC2_PEERING);
}
