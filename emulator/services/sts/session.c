/* Credentials that live for a while: issued, described, their parameters checked. */
#include "emulator/services/sts/sts.h"

#include "core/aws/ids.h"
#include "core/base/clock.h"

#define SHORTEST_S       900
#define MOST_POLICY      2048 /* characters of an inline session policy */
#define MOST_TAGS        50
#define MOST_POLICY_ARNS 10

void sts_invalid(struct ctx *cx, struct outcome *out, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    struct str text = arena_vprintf(cx->a, fmt, ap);
    va_end(ap);
    outcome_refuse(cx->a, out, 400, "ValidationError", "%.*s", STR_ARG(text));
}

void sts_denied(struct ctx *cx, const struct call *call, struct outcome *out, const char *action,
                struct str resource)
{
    outcome_refuse(cx->a, out, 403, "AccessDenied",
                   "User: %.*s is not authorized to perform: sts:%s on resource: %.*s",
                   STR_ARG(call->who->arn), action, STR_ARG(resource));
}

static struct str wire_name(struct ctx *cx, const char *member)
{
    struct str name = arena_copy(cx->a, str_c(member));

    ((char *)name.ptr)[0] = (char)(name.ptr[0] | 0x20); /* messages say roleArn for RoleArn */
    return name;
}

static void violated(struct ctx *cx, struct outcome *out, const char *member, struct str value,
                     const char *constraint)
{
    sts_invalid(cx, out,
                "1 validation error detected: Value '%.*s' at '%.*s' failed to satisfy constraint: "
                "Member must %s",
                STR_ARG(value), STR_ARG(wire_name(cx, member)), constraint);
}

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("_+=,.@-", c));
}

bool sts_name_ok(struct ctx *cx, const struct call *call, struct outcome *out, const char *member,
                 size_t most)
{
    struct str name = param_str(call, member);
    bool ok = true;

    if (!param_has(call, member)) {
        sts_invalid(cx, out,
                    "1 validation error detected: Value null at '%.*s' failed to satisfy "
                    "constraint: Member must not be null",
                    STR_ARG(wire_name(cx, member)));
        return false;
    }
    for (size_t i = 0; ok && i < name.len; i++)
        ok = is_name_char(name.ptr[i]);
    if (!ok)
        violated(cx, out, member, name, "satisfy regular expression pattern: [\\w+=,.@-]*");
    else if (name.len < 2)
        violated(cx, out, member, name, "have length greater than or equal to 2");
    else if (name.len > most)
        violated(cx, out, member, name,
                 arena_printf(cx->a, "have length less than or equal to %zu", most).ptr);
    return !outcome_refused(out);
}

bool sts_duration_ok(struct ctx *cx, const struct call *call, struct outcome *out, int64_t most_s,
                     int64_t *out_s, int64_t fallback_s)
{
    int64_t s = param_int(call, "DurationSeconds", fallback_s);
    struct str text = arena_printf(cx->a, "%lld", (long long)s);

    if (s < SHORTEST_S)
        violated(cx, out, "DurationSeconds", text, "have value greater than or equal to 900");
    else if (s > most_s)
        violated(
            cx, out, "DurationSeconds", text,
            arena_printf(cx->a, "have value less than or equal to %lld", (long long)most_s).ptr);
    *out_s = s;
    return !outcome_refused(out);
}

static size_t tags_size(const struct value *tags)
{
    size_t size = 0;

    for (const struct value *t = value_first(tags); t; t = t->next)
        size += value_get_str(t, "Key").len + value_get_str(t, "Value").len;
    return size;
}

/* How AWS packs policy and tags is not published: the share of the characters stands for it. */
bool sts_policy_ok(struct ctx *cx, const struct call *call, struct outcome *out)
{
    struct value *arns = param(call, "PolicyArns"), *tags = param(call, "Tags");
    struct str text = param_str(call, "Policy");
    struct policy *parsed;
    size_t size = text.len + tags_size(tags);

    if (arns && arns->count > MOST_POLICY_ARNS)
        sts_invalid(cx, out, "The number of policy ARNs can't be over %d", MOST_POLICY_ARNS);
    else if (tags && tags->count > MOST_TAGS)
        sts_invalid(cx, out, "The number of session tags can't be over %d", MOST_TAGS);
    else if (text.len > MOST_POLICY)
        violated(cx, out, "Policy", text, "have length less than or equal to 2048");
    else if (text.len > 0 && policy_parse(cx->a, text, POLICY_IDENTITY, &parsed, NULL) < 0)
        outcome_refuse(cx->a, out, 400, "MalformedPolicyDocumentException",
                       "This policy contains invalid Json");
    else if (size > 2 * MOST_POLICY)
        outcome_refuse(cx->a, out, 400, "PackedPolicyTooLargeException",
                       "Packed size of session tags consumes %zu%% of allotted space.",
                       100 * size / (2 * MOST_POLICY));
    else if (text.len > 0 || tags || arns)
        value_put_int(cx->a, outcome_output(cx, out), "PackedPolicySize",
                      (int64_t)(100 * size / (2 * MOST_POLICY) + 1));
    return !outcome_refused(out);
}

struct value *sts_tags(struct ctx *cx, const struct call *call)
{
    struct value *tags = param(call, "Tags");

    if (!tags || tags->count == 0)
        return NULL;
    struct value *map = value_map(cx->a);
    for (const struct value *t = value_first(tags); t; t = t->next)
        value_set(map, value_get_str(t, "Key"), value_str(cx->a, value_get_str(t, "Value")));
    return map;
}

static void put_credentials(struct ctx *cx, const struct principal *p, struct outcome *out)
{
    struct value *c = value_map(cx->a);

    value_put_str(cx->a, c, "AccessKeyId", p->access_key_id);
    value_put_str(cx->a, c, "SecretAccessKey", p->secret);
    value_put_str(cx->a, c, "SessionToken", p->session_token);
    value_put_time(cx->a, c, "Expiration", p->session_expires_ms);
    value_set(outcome_output(cx, out), STR("Credentials"), c);
}

int sts_issue(struct ctx *cx, struct principal *p, int64_t duration_s, struct outcome *out,
              struct err *err)
{
    p->is_session = true;
    p->access_key_id = ids_unique(cx->a, &cx->rng, "ASIA", p->account);
    p->secret = ids_secret_key(cx->a, &cx->rng);
    p->session_token = ids_session_token(cx->a, &cx->rng);
    p->session_created_ms = cx->now_ms - cx->now_ms % 1000; /* STS knows whole seconds */
    p->session_expires_ms = p->session_created_ms + duration_s * 1000;
    put_credentials(cx, p, out);
    out->changed = true;
    return identity_put_key(cx->e->identity, p, err);
}

int sts_find_role(struct ctx *cx, struct str role_arn, struct sts_role *out, struct err *err)
{
    struct str head, name;
    struct value *doc;

    *out = (struct sts_role){ 0 };
    if (arn_parse(role_arn, &out->arn, NULL) < 0 || !str_eq_c(out->arn.service, "iam") ||
        !str_has_prefix(out->arn.resource, STR("role/")) ||
        !str_rcut(out->arn.resource, '/', &head, &name))
        return 0;
    out->name = name;
    struct doc_key key = {
        .account = out->arn.account, .service = STR("iam"), .type = STR("Role"), .id = name
    };
    int rc = store_doc_get(cx->e->store, cx->a, key, &doc, err);
    if (rc < 0)
        return rc == E_MISSING ? 0 : rc;
    if (!str_eq(value_get_str(doc, "Arn"), role_arn)) /* another path */
        return 0;
    out->doc = doc;
    /* A trust policy that IAM took and we can't read trusts nobody. */
    (void)policy_parse(cx->a, value_get_str(doc, "AssumeRolePolicyDocument"), POLICY_TRUST,
                       &out->trust, NULL);
    return 0;
}

struct principal *sts_role_session(struct ctx *cx, const struct sts_role *role,
                                   struct str session_name, struct outcome *out)
{
    struct principal *p = arena_alloc(cx->a, sizeof *p);
    struct value *user = value_map(cx->a);

    p->type = PRINCIPAL_ASSUMED_ROLE;
    p->account = role->arn.account;
    p->session_name = session_name;
    p->issuer_type = PRINCIPAL_ASSUMED_ROLE;
    p->issuer_id = value_get_str(role->doc, "RoleId");
    p->issuer_arn = value_get_str(role->doc, "Arn");
    p->issuer_account = role->arn.account;
    p->issuer_user_name = role->name;
    p->principal_id =
        arena_printf(cx->a, "%.*s:%.*s", STR_ARG(p->issuer_id), STR_ARG(session_name));
    p->arn = arena_printf(cx->a, "arn:%.*s:sts::%.*s:assumed-role/%.*s/%.*s",
                          STR_ARG(role->arn.partition), STR_ARG(role->arn.account),
                          STR_ARG(role->name), STR_ARG(session_name));
    value_put_str(cx->a, user, "AssumedRoleId", p->principal_id);
    value_put_str(cx->a, user, "Arn", p->arn);
    value_set(outcome_output(cx, out), STR("AssumedRoleUser"), user);
    return p;
}

void sts_context_add(struct ctx *cx, struct sts_context *c, struct str key, struct str value)
{
    if (value.len == 0 || c->count == COUNT(c->attrs))
        return;
    struct str *copy = arena_alloc(cx->a, sizeof *copy);
    *copy = value;
    c->attrs[c->count++] = (struct policy_attr){ key, copy, 1 };
}

static void add_tags(struct ctx *cx, struct sts_context *c, const char *prefix,
                     const struct value *tags)
{
    for (const struct value *t = value_first(tags); t; t = t->next)
        if (t->kind == VALUE_STRING)
            sts_context_add(cx, c, arena_printf(cx->a, "%s%.*s", prefix, STR_ARG(t->name)),
                            t->u.text);
}

/* Source: IAM User Guide, "AWS global condition context keys". */
void sts_context_of_call(struct ctx *cx, const struct call *call, struct sts_context *c)
{
    const struct principal *who = call->who;
    bool is_role = who->type == PRINCIPAL_ASSUMED_ROLE;
    char now[CLOCK_ISO_SIZE];

    clock_iso(cx->now_ms, now);
    sts_context_add(cx, c, STR("aws:CurrentTime"), arena_copy(cx->a, str_c(now)));
    sts_context_add(cx, c, STR("aws:EpochTime"),
                    arena_printf(cx->a, "%lld", (long long)(cx->now_ms / 1000)));
    sts_context_add(cx, c, STR("aws:PrincipalArn"), is_role ? who->issuer_arn : who->arn);
    sts_context_add(cx, c, STR("aws:PrincipalAccount"), who->account);
    sts_context_add(cx, c, STR("aws:PrincipalType"),
                    who->type == PRINCIPAL_IAM_USER ? STR("User")
                    : who->type == PRINCIPAL_ROOT   ? STR("Account")
                    : is_role                       ? STR("AssumedRole")
                                                    : (struct str){ 0 });
    sts_context_add(cx, c, STR("aws:userid"), who->principal_id);
    if (who->type == PRINCIPAL_IAM_USER)
        sts_context_add(cx, c, STR("aws:username"), who->user_name);
    sts_context_add(cx, c, STR("aws:SourceIp"), call->source_ip);
    sts_context_add(cx, c, STR("aws:UserAgent"), call->user_agent);
    sts_context_add(cx, c, STR("aws:RequestedRegion"), call->region);
    sts_context_add(cx, c, STR("aws:SecureTransport"), STR("false"));
    if (who->is_session)
        sts_context_add(cx, c, STR("aws:MultiFactorAuthPresent"),
                        who->mfa ? STR("true") : STR("false"));
    add_tags(cx, c, "aws:PrincipalTag/", who->session_tags);
    add_tags(cx, c, "aws:RequestTag/", sts_tags(cx, call));
    sts_context_add(cx, c, STR("sts:RoleSessionName"), param_str(call, "RoleSessionName"));
    sts_context_add(cx, c, STR("sts:ExternalId"), param_str(call, "ExternalId"));
}
