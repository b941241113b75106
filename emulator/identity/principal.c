/* A principal's members as rows: copied, written and read by them. */
#include "core/aws/ids.h"
#include "emulator/identity/keys.h"

#define TEXT(name, member)                                                                         \
    {                                                                                              \
        name, offsetof(struct principal, member)                                                   \
    }
static const struct member {
    const char *name;
    size_t offset;
} texts[] = {
    TEXT("Account", account),
    TEXT("PrincipalId", principal_id),
    TEXT("Arn", arn),
    TEXT("AccessKeyId", access_key_id),
    TEXT("UserName", user_name),
    TEXT("Secret", secret),
    TEXT("SessionToken", session_token),
    TEXT("SessionName", session_name),
    TEXT("SourceIdentity", source_identity),
    TEXT("IssuerId", issuer_id),
    TEXT("IssuerArn", issuer_arn),
    TEXT("IssuerAccount", issuer_account),
    TEXT("IssuerUserName", issuer_user_name),
    TEXT("FederatedProvider", federated_provider),
    TEXT("IdentityProvider", identity_provider),
    TEXT("Service", service),
    TEXT("SessionPolicy", session_policy),
}, flags[] = {
    TEXT("IsSession", is_session),
    TEXT("Mfa", mfa),
    TEXT("IsInactive", is_inactive),
    TEXT("Ec2RoleDelivery", ec2_role_delivery),
    TEXT("AssumedRoot", assumed_root),
}, times[] = {
    TEXT("Created", session_created_ms),
    TEXT("Expires", session_expires_ms),
}, trees[] = {
    TEXT("FederatedAttributes", federated_attributes),
    TEXT("SessionTags", session_tags),
    TEXT("TransitiveTags", transitive_tags),
};
#undef TEXT

#define MEMBER(p, type, row) (*(type *)((char *)(p) + (row).offset))
#define VIEW(p, type, row)   (*(const type *)((const char *)(p) + (row).offset))

struct value *principal_encode(struct arena *a, const struct principal *p)
{
    struct value *v = value_map(a);

    value_put_int(a, v, "Type", p->type);
    value_put_int(a, v, "IssuerType", p->issuer_type);
    for (size_t i = 0; i < COUNT(texts); i++)
        if (VIEW(p, struct str, texts[i]).len > 0)
            value_put_str(a, v, texts[i].name, VIEW(p, struct str, texts[i]));
    for (size_t i = 0; i < COUNT(flags); i++)
        if (VIEW(p, bool, flags[i]))
            value_put_bool(a, v, flags[i].name, true);
    for (size_t i = 0; i < COUNT(times); i++)
        if (VIEW(p, int64_t, times[i]) != 0)
            value_put_time(a, v, times[i].name, VIEW(p, int64_t, times[i]));
    for (size_t i = 0; i < COUNT(trees); i++)
        if (VIEW(p, struct value *, trees[i]))
            value_set(v, str_c(trees[i].name), value_copy(a, VIEW(p, struct value *, trees[i])));
    return v;
}

struct principal *principal_decode(struct arena *a, const struct value *v)
{
    struct principal *p = arena_alloc(a, sizeof *p);

    p->type = (enum principal_type)value_get_int(v, "Type", PRINCIPAL_UNKNOWN);
    p->issuer_type = (enum principal_type)value_get_int(v, "IssuerType", PRINCIPAL_ROOT);
    for (size_t i = 0; i < COUNT(texts); i++)
        MEMBER(p, struct str, texts[i]) = value_get_str(v, texts[i].name);
    for (size_t i = 0; i < COUNT(flags); i++)
        MEMBER(p, bool, flags[i]) = value_get_bool(v, flags[i].name, false);
    for (size_t i = 0; i < COUNT(times); i++)
        MEMBER(p, int64_t, times[i]) = value_get_time(v, times[i].name, 0);
    for (size_t i = 0; i < COUNT(trees); i++)
        MEMBER(p, struct value *, trees[i]) = value_get_c(v, trees[i].name);
    return p;
}

struct principal *principal_copy(struct arena *a, const struct principal *p)
{
    struct principal *copy = arena_alloc(a, sizeof *copy);

    *copy = *p;
    for (size_t i = 0; i < COUNT(texts); i++)
        if (VIEW(p, struct str, texts[i]).len > 0)
            MEMBER(copy, struct str, texts[i]) = arena_copy(a, VIEW(p, struct str, texts[i]));
    for (size_t i = 0; i < COUNT(trees); i++)
        if (VIEW(p, struct value *, trees[i]))
            MEMBER(copy, struct value *, trees[i]) =
                value_copy(a, VIEW(p, struct value *, trees[i]));
    return copy;
}

/* Source: reference of records, "AWSService": type and the service's host, nothing else. */
struct principal *principal_service(struct arena *a, struct str host)
{
    struct principal *p = arena_alloc(a, sizeof *p);

    p->type = PRINCIPAL_AWS_SERVICE;
    p->service = arena_copy(a, host);
    return p;
}

struct principal *principal_root(struct arena *a, struct str account)
{
    struct principal *p = arena_alloc(a, sizeof *p);

    p->type = PRINCIPAL_ROOT;
    p->account = arena_copy(a, account);
    p->principal_id = p->account;
    p->arn = arena_printf(a, "arn:aws:iam::%.*s:root", STR_ARG(account));
    return p;
}

struct str principal_believed_id(struct arena *a, struct str account, struct str name)
{
    struct rng r;

    rng_init(&r, str_hash(name), str_hash(account));
    return ids_unique(a, &r, "AIDA", account);
}
