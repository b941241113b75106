/* userIdentity: who called. Source: CloudTrail User Guide, "CloudTrail userIdentity element", and
 * what real records show. */
#include "core/aws/arn.h"
#include "verify/records/check.h"
#include "verify/records/form.h"

enum member {
    M_TYPE,
    M_PRINCIPAL_ID,
    M_ARN,
    M_ACCOUNT_ID,
    M_ACCESS_KEY_ID,
    M_USER_NAME,
    M_SESSION_CONTEXT,
    M_INVOKED_BY,
    M_ON_BEHALF_OF,
    M_CREDENTIAL_ID,
    M_IN_SCOPE_OF,
    M_INVOKED_BY_DELEGATE,
    M_IDENTITY_PROVIDER,
    MEMBERS
};

static const struct member_row {
    struct str name;
    enum scan_kind kind;
} member_rows[MEMBERS] = {
#define NAME(text)                                                                                 \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }
    { NAME("type"), SCAN_STRING },
    { NAME("principalId"), SCAN_STRING },
    { NAME("arn"), SCAN_STRING },
    { NAME("accountId"), SCAN_STRING },
    { NAME("accessKeyId"), SCAN_STRING },
    { NAME("userName"), SCAN_STRING },
    { NAME("sessionContext"), SCAN_MAP },
    { NAME("invokedBy"), SCAN_STRING },
    { NAME("onBehalfOf"), SCAN_MAP },
    { NAME("credentialId"), SCAN_STRING },
    { NAME("inScopeOf"), SCAN_MAP },
    { NAME("invokedByDelegate"), SCAN_MAP },
    { NAME("identityProvider"), SCAN_STRING },
#undef NAME
};

#define BIT(m) (1u << M_##m)
#define OFTEN  (BIT(TYPE) | BIT(INVOKED_BY) | BIT(IN_SCOPE_OF) | BIT(INVOKED_BY_DELEGATE))
#define WHOLE  (BIT(PRINCIPAL_ID) | BIT(ARN) | BIT(ACCOUNT_ID))
#define KEYED  (OFTEN | WHOLE | BIT(ACCESS_KEY_ID) | BIT(SESSION_CONTEXT))
#define ANY    ((1u << MEMBERS) - 1)

static const struct type_row {
    const char *type;
    unsigned always, may;
    const char *service, *resource; /* of its ARN: how the resource begins */
    const char *principal;          /* how principalId begins */
} type_rows[] = {
    { "Root", WHOLE, KEYED | BIT(USER_NAME), "iam", "root", NULL },
    { "IAMUser", BIT(ACCOUNT_ID) | BIT(USER_NAME), KEYED | BIT(USER_NAME), "iam", "user/", "AIDA" },
    { "AssumedRole", WHOLE | BIT(SESSION_CONTEXT), KEYED | BIT(ON_BEHALF_OF) | BIT(CREDENTIAL_ID),
      "sts", "assumed-role/", "AROA" },
    { "FederatedUser", WHOLE | BIT(SESSION_CONTEXT), KEYED, "sts", "federated-user/", NULL },
    { "AWSService", BIT(INVOKED_BY), BIT(TYPE) | BIT(INVOKED_BY), NULL, NULL, NULL },
    { "AWSAccount", BIT(PRINCIPAL_ID) | BIT(ACCOUNT_ID),
      OFTEN | BIT(PRINCIPAL_ID) | BIT(ACCOUNT_ID), NULL, NULL, NULL },
    { "SAMLUser", BIT(PRINCIPAL_ID) | BIT(USER_NAME) | BIT(IDENTITY_PROVIDER),
      OFTEN | BIT(PRINCIPAL_ID) | BIT(USER_NAME) | BIT(IDENTITY_PROVIDER), NULL, NULL, NULL },
    { "WebIdentityUser", BIT(PRINCIPAL_ID) | BIT(USER_NAME) | BIT(IDENTITY_PROVIDER),
      OFTEN | BIT(PRINCIPAL_ID) | BIT(USER_NAME) | BIT(IDENTITY_PROVIDER), NULL, NULL, NULL },
    { "IdentityCenterUser", BIT(ACCOUNT_ID) | BIT(ON_BEHALF_OF),
      OFTEN | BIT(ACCOUNT_ID) | BIT(ON_BEHALF_OF) | BIT(CREDENTIAL_ID), NULL, NULL, NULL },
    { "Role", BIT(ACCOUNT_ID), KEYED | BIT(USER_NAME), NULL, NULL, "AROA" },
    { "Directory", 0, ANY, NULL, NULL, NULL },
    { "Unknown", 0, ANY, NULL, NULL, NULL },
};
/* Of service events. Source: real records: {"accountId","invokedBy"}. */
static const struct type_row no_type = { "", 0, ANY, NULL, NULL, NULL };

struct identity {
    struct check *c;
    const struct scan_node *map, *at[MEMBERS];
    const struct type_row *type;
    int64_t creation_ms;
};

static struct str text(const struct identity *d, enum member m)
{
    return scan_is(d->at[m], SCAN_STRING) ? scan_value(d->at[m]) : STR("");
}

static bool is_type(const struct identity *d, const char *type)
{
    return strcmp(d->type->type, type) == 0;
}

static const char *shown(struct check *c, struct str s)
{
    return arena_copy(&c->out->arena, str_sub(s, 0, 100)).ptr;
}

/* ---- members ---- */

static enum member member_of(struct str name)
{
    unsigned m = 0;

    while (m < MEMBERS && !str_eq(member_rows[m].name, name))
        m++;
    return (enum member)m;
}

static const char *path_of(struct check *c, struct str name)
{
    return arena_printf(&c->out->arena, "userIdentity.%.*s", STR_ARG(name)).ptr;
}

static void find_members(struct identity *d)
{
    struct check *c = d->c;

    for (const struct scan_node *n = scan_first(d->map); n; n = scan_after(d->map, n)) {
        enum member m = member_of(scan_name(n));

        if (m == MEMBERS) {
            note(c, RULE_IDENTITY_UNKNOWN, path_of(c, scan_name(n)),
                 "expected no member of this name");
            continue;
        }
        d->at[m] = n;
        if (n->kind != member_rows[m].kind)
            note(c, RULE_IDENTITY_MEMBER_TYPE, path_of(c, scan_name(n)), "expected %s",
                 member_rows[m].kind == SCAN_MAP ? "an object" : "a string");
    }
}

static void find_type(struct identity *d)
{
    struct str name = text(d, M_TYPE);

    d->type = &no_type;
    for (size_t i = 0; i < COUNT(type_rows); i++)
        if (str_eq_c(name, type_rows[i].type))
            d->type = &type_rows[i];
    if (d->type != &no_type)
        return;
    if (name.len)
        note(d->c, RULE_IDENTITY_TYPE, "userIdentity.type", "expected IAMUser or the like, not %s",
             shown(d->c, name));
    else if (d->c->kind != KIND_SERVICE_EVENT)
        note(d->c, RULE_IDENTITY_TYPE, "userIdentity.type",
             "expected a type in all but service events");
}

static void check_presence(struct identity *d)
{
    for (unsigned m = 0; m < MEMBERS; m++) {
        const char *path;
        bool must = d->type->always >> m & 1, may = d->type->may >> m & 1;

        if (d->at[m] ? may : !must)
            continue;
        path = path_of(d->c, member_rows[m].name);
        if (d->at[m])
            note(d->c, RULE_IDENTITY_UNEXPECTED, path, "expected none in %s", d->type->type);
        else
            note(d->c, RULE_IDENTITY_MISSING, path, "expected it in %s", d->type->type);
    }
}

/* ---- values ---- */

static void check_account(struct identity *d, const struct arn *arn, bool has_arn)
{
    struct str account = text(d, M_ACCOUNT_ID);

    if (account.len == 0)
        return;
    if (!form_account(account) && !str_eq_c(account, "ANONYMOUS_PRINCIPAL") &&
        !str_eq_c(account, "anonymous"))
        note(d->c, RULE_ACCOUNT_FORM, "userIdentity.accountId", "expected 12 digits, not %s",
             shown(d->c, account));
    else if (has_arn && arn->account.len && !str_eq(arn->account, account))
        note(d->c, RULE_IDENTITY_ACCOUNT, "userIdentity.accountId", "expected %s, as in the ARN",
             shown(d->c, arn->account));
}

static struct str last_part(struct str s, char sep)
{
    struct str head, tail;

    return str_rcut(s, sep, &head, &tail) ? tail : s;
}

/* userName and session name repeat what ends the ARN. */
static void check_name(struct identity *d, struct str resource)
{
    struct str name = text(d, M_USER_NAME), last = last_part(resource, '/');
    struct str principal = text(d, M_PRINCIPAL_ID), head, session;

    if (is_type(d, "IAMUser") && name.len && !d->at[M_USER_NAME]->escaped && !str_eq(name, last))
        note(d->c, RULE_IDENTITY_NAME, "userIdentity.userName", "expected %s, as in the ARN",
             shown(d->c, last));
    if (is_type(d, "AssumedRole") && str_cut(principal, ':', &head, &session) &&
        !str_eq(session, last))
        note(d->c, RULE_IDENTITY_NAME, "userIdentity.principalId",
             "expected the session's name %s behind ':', as in the ARN", shown(d->c, last));
}

static void check_arn(struct identity *d)
{
    struct str s = text(d, M_ARN);
    struct arn arn = { 0 };
    bool is_arn = s.len && form_arn(s) && arn_parse(s, &arn, NULL) == 0;

    check_account(d, &arn, is_arn);
    if (!d->type->service || s.len == 0)
        return;
    if (!is_arn || !str_eq_c(arn.service, d->type->service) ||
        !str_has_prefix(arn.resource, str_c(d->type->resource))) {
        note(d->c, RULE_IDENTITY_ARN, "userIdentity.arn",
             "expected arn:aws:%s::ACCOUNT:%s..., not %s", d->type->service, d->type->resource,
             shown(d->c, s));
        return;
    }
    check_name(d, arn.resource);
}

static void check_principal(struct identity *d)
{
    struct str s = text(d, M_PRINCIPAL_ID), account = text(d, M_ACCOUNT_ID), id, session;
    bool has_session = str_cut(s, ':', &id, &session);
    const char *wanted = NULL;

    if (s.len == 0)
        return;
    if (d->type->principal && !form_unique_id(id, d->type->principal))
        wanted = d->type->principal;
    else if (is_type(d, "AssumedRole") && !has_session)
        wanted = "AROA...:SESSION";
    else if (is_type(d, "IAMUser") && has_session)
        wanted = "AIDA... alone";
    else if (is_type(d, "Root") && account.len && !str_eq(s, account))
        wanted = "the account";
    else if (is_type(d, "FederatedUser") && !(has_session && form_account(id)))
        wanted = "ACCOUNT:NAME";
    if (wanted)
        note(d->c, RULE_IDENTITY_PRINCIPAL, "userIdentity.principalId", "expected %s, not %s",
             wanted, shown(d->c, s));
}

/* A console session has no key, or an empty one; ConsoleLogin never has a session. */
static void check_key_id(struct identity *d)
{
    struct str key = text(d, M_ACCESS_KEY_ID);
    bool is_temporary = form_unique_id(key, "ASIA"), is_long = form_unique_id(key, "AKIA");
    bool has_session = d->at[M_SESSION_CONTEXT] != NULL;

    if (form_account(key) && str_eq(key, text(d, M_ACCOUNT_ID)))
        note(d->c, RULE_IDENTITY_KEY_LOCAL, "userIdentity.accessKeyId", "expected a key's id");
    else if (key.len && !is_temporary && !is_long && !form_unique_id(key, "ABIA"))
        note(d->c, RULE_IDENTITY_KEY, "userIdentity.accessKeyId",
             "expected AKIA... or ASIA..., not %s", shown(d->c, key));
    if (is_long && has_session)
        note(d->c, RULE_IDENTITY_LONG_LIVED, "userIdentity.sessionContext",
             "expected none with a long-lived key");
    if (is_temporary && !has_session && is_type(d, "IAMUser"))
        note(d->c, RULE_IDENTITY_SESSION, "userIdentity.sessionContext",
             "expected one with a temporary key");
    if (is_long && is_type(d, "AssumedRole"))
        note(d->c, RULE_IDENTITY_KEY, "userIdentity.accessKeyId", "expected ASIA... for a role");
}

/* ---- the session ---- */

/* NULL, or what is wrong with the role that a session says it is of. */
static const char *wrong_issuer(struct identity *d, const struct scan_node *issuer,
                                const struct arn *arn, bool is_arn)
{
    struct str id = scan_value(scan_get(issuer, STR("principalId"))), head, tail, role, resource;
    struct str name = scan_value(scan_get(issuer, STR("userName")));
    struct arn own;

    (void)str_cut(text(d, M_PRINCIPAL_ID), ':', &head, &tail); /* no ':': noted elsewhere */
    if (!str_eq_c(scan_value(scan_get(issuer, STR("type"))), "Role"))
        return "expected type Role for an assumed role";
    if (!str_eq(id, head))
        return "expected the principalId of the session's role";
    if (!is_arn || !str_has_prefix(arn->resource, STR("role/")))
        return "expected the ARN of a role";
    if (!str_eq(last_part(arn->resource, '/'), name))
        return "expected the userName that ends the ARN";
    if (arn_parse(text(d, M_ARN), &own, NULL) == 0 &&
        str_cut(own.resource, '/', &head, &resource) && str_cut(resource, '/', &role, &tail) &&
        !str_eq(role, name))
        return "expected the role that userIdentity.arn names";
    return NULL;
}

static void check_issuer(struct identity *d, const struct scan_node *issuer)
{
    const char *at = "userIdentity.sessionContext.sessionIssuer";
    struct str account = scan_value(scan_get(issuer, STR("accountId")));
    struct arn arn = { 0 };
    bool is_arn = arn_parse(scan_value(scan_get(issuer, STR("arn"))), &arn, NULL) == 0;
    const char *wrong = wrong_issuer(d, issuer, &arn, is_arn);

    if (wrong)
        note(d->c, RULE_SESSION_ISSUER, at, "%s", wrong);
    if (is_arn && !str_eq(arn.account, account))
        note(d->c, RULE_IDENTITY_ACCOUNT, at, "expected one account in accountId and arn");
}

static void check_attributes(struct identity *d, const struct scan_node *attributes)
{
    const struct scan_node *mfa = scan_get(attributes, STR("mfaAuthenticated"));
    const struct scan_node *creation = scan_get(attributes, STR("creationDate"));
    const char *at = "userIdentity.sessionContext.attributes";

    if (!scan_is(mfa, SCAN_STRING) ||
        !(str_eq_c(scan_value(mfa), "true") || str_eq_c(scan_value(mfa), "false")))
        note(d->c, RULE_SESSION_ATTRIBUTES, at, "expected mfaAuthenticated \"true\" or \"false\"");
    if (!scan_is(creation, SCAN_STRING) || (!form_time(scan_value(creation), &d->creation_ms) &&
                                            !form_time_basic(scan_value(creation))))
        note(d->c, RULE_SESSION_ATTRIBUTES, at, "expected creationDate, a time");
}

static void check_session(struct identity *d)
{
    const struct scan_node *s = d->at[M_SESSION_CONTEXT];
    const struct scan_node *issuer = scan_get(s, STR("sessionIssuer"));
    const struct scan_node *federation = scan_get(s, STR("webIdFederationData"));
    const struct scan_node *attributes = scan_get(s, STR("attributes"));
    const struct scan_node *delivery = scan_get(s, STR("ec2RoleDelivery"));

    if (!scan_is(s, SCAN_MAP))
        return;
    if (is_type(d, "AssumedRole"))
        check_issuer(d, issuer);
    if (attributes)
        check_attributes(d, attributes);
    else
        note(d->c, RULE_SESSION_ATTRIBUTES, "userIdentity.sessionContext", "expected attributes");
    if (d->c->minor >= 9 &&
        ((federation && federation->span == 1) || (issuer && issuer->span == 1)))
        note(d->c, RULE_SESSION_EMPTY, "userIdentity.sessionContext",
             "expected no empty member from 1.09 on");
    if (delivery && !str_eq_c(scan_value(delivery), "1.0") &&
        !str_eq_c(scan_value(delivery), "2.0"))
        note(d->c, RULE_SESSION_DELIVERY, "userIdentity.sessionContext.ec2RoleDelivery",
             "expected \"1.0\" or \"2.0\"");
}

/* ---- what has been seen before ---- */

static size_t hash_of(struct str s)
{
    uint64_t h = s.len, word = 0;

    for (; s.len >= 8; s = (struct str){ s.ptr + 8, s.len - 8 }) {
        memcpy(&word, s.ptr, 8);
        h = (h ^ word) * 0x9e3779b97f4a7c15ull;
    }
    word = 0;
    memcpy(&word, s.ptr, s.len);
    h = (h ^ word) * 0x9e3779b97f4a7c15ull;
    return (size_t)(h >> 32);
}

static bool is_remembered(const struct memo *m, const struct check *c, struct str raw)
{
    return str_eq(buf_view(&m->text), raw) && raw.len > 0 && m->kind == c->kind &&
           m->is_modern == (c->minor >= 9);
}

static void remember(struct memo *m, const struct check *c, struct str raw, int64_t creation_ms)
{
    buf_clear(&m->text);
    buf_add(&m->text, raw);
    m->kind = c->kind;
    m->is_modern = c->minor >= 9;
    m->creation_ms = creation_ms;
}

void checker_free(struct checker *k)
{
    for (size_t i = 0; i < MEMO_SLOTS; i++)
        buf_free(&k->memo[i].text);
}

static int64_t check_all(struct check *c, const struct scan_node *map)
{
    struct identity d = { .c = c, .map = map, .creation_ms = INT64_MIN };

    find_members(&d);
    find_type(&d);
    check_presence(&d);
    check_arn(&d);
    check_principal(&d);
    check_key_id(&d);
    check_session(&d);
    return d.creation_ms;
}

void check_identity(struct check *c)
{
    const struct scan_node *map = scan_top(c->r, SCAN_USER_IDENTITY);
    int64_t creation_ms;

    if (!scan_is(map, SCAN_MAP))
        return;
    struct str raw = scan_value(map);
    struct memo *m = &c->checker->memo[hash_of(raw) % MEMO_SLOTS];

    if (is_remembered(m, c, raw)) {
        creation_ms = m->creation_ms;
    } else {
        uint64_t noted = c->out->total;

        creation_ms = check_all(c, map);
        if (c->out->total == noted)
            remember(m, c, raw, creation_ms);
    }
    if (creation_ms != INT64_MIN && c->has_time && creation_ms > c->time_ms)
        note(c, RULE_SESSION_TIME, "userIdentity.sessionContext.attributes.creationDate",
             "expected a time that is not behind eventTime");
}
