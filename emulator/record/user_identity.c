#include "emulator/record/user_identity.h"

#include "core/base/clock.h"
#include "core/codec/json.h"
#include "emulator/identity/identity.h"
#include "emulator/record/scalar.h"

static const char *const type_names[] = {
    [PRINCIPAL_ROOT] = "Root",
    [PRINCIPAL_IAM_USER] = "IAMUser",
    [PRINCIPAL_ASSUMED_ROLE] = "AssumedRole",
    [PRINCIPAL_FEDERATED_USER] = "FederatedUser",
    [PRINCIPAL_WEB_IDENTITY] = "WebIdentityUser",
    [PRINCIPAL_SAML] = "SAMLUser",
    [PRINCIPAL_AWS_SERVICE] = "AWSService",
    [PRINCIPAL_AWS_ACCOUNT] = "AWSAccount",
    [PRINCIPAL_ANONYMOUS] = "AWSAccount",
    [PRINCIPAL_IDENTITY_CENTER] = "IdentityCenterUser",
    [PRINCIPAL_UNKNOWN] = "Unknown",
};

static void put_type(struct buf *out, enum principal_type type)
{
    scalar_key(out, STR("type"), LETTER_AS_IS);
    json_add_string(out, str_c(type_names[type]));
}

static void write_issuer(struct buf *out, const struct principal *who)
{
    if (!who->issuer_arn.len)
        return;
    scalar_key(out, STR("sessionIssuer"), LETTER_AS_IS);
    buf_add_char(out, '{');
    scalar_put(out, "type",
               who->issuer_type == PRINCIPAL_ASSUMED_ROLE ? STR("Role")
                                                          : str_c(type_names[who->issuer_type]));
    scalar_put(out, "principalId", who->issuer_id);
    scalar_put(out, "arn", who->issuer_arn);
    scalar_put(out, "accountId", who->issuer_account);
    scalar_put(out, "userName", who->issuer_user_name);
    buf_add_char(out, '}');
}

static void write_federation(struct buf *out, const struct principal *who, bool when_empty)
{
    if (!when_empty && !who->federated_provider.len)
        return;
    scalar_key(out, STR("webIdFederationData"), LETTER_AS_IS);
    buf_add_char(out, '{');
    scalar_put(out, "federatedProvider", who->federated_provider);
    if (who->federated_attributes) {
        scalar_key(out, STR("attributes"), LETTER_AS_IS);
        json_write(out, who->federated_attributes);
    }
    buf_add_char(out, '}');
}

/* Up to eventVersion 1.08 a session without issuer or federation says so with empty objects. */
static void write_session(struct buf *out, const struct plan *p, const struct principal *who)
{
    char created[CLOCK_ISO_SIZE];

    if (!who->is_session)
        return;
    scalar_key(out, STR("sessionContext"), LETTER_AS_IS);
    buf_add_char(out, '{');
    write_issuer(out, who);
    if (p->empty_context && !who->issuer_arn.len && who->type != PRINCIPAL_ROOT)
        buf_add(out, STR("\"sessionIssuer\":{}"));
    write_federation(out, who, p->empty_context && who->type != PRINCIPAL_ROOT);
    clock_iso(who->session_created_ms, created);
    scalar_key(out, STR("attributes"), LETTER_AS_IS);
    buf_add_char(out, '{');
    scalar_put(out, "creationDate", str_c(created));
    scalar_put(out, "mfaAuthenticated", who->mfa ? STR("true") : STR("false"));
    buf_add_char(out, '}');
    if (who->ec2_role_delivery)
        scalar_put(out, "ec2RoleDelivery", STR("2.0"));
    scalar_put(out, "sourceIdentity", who->source_identity);
    if (who->assumed_root)
        scalar_put(out, "assumedRoot", STR("true"));
    buf_add_char(out, '}');
}

/* Root's own key has no user name; an account alias would stand there. */
static void write_full(struct buf *out, const struct plan *p, const struct principal *who)
{
    bool is_role = who->type == PRINCIPAL_ASSUMED_ROLE;

    put_type(out, who->type);
    scalar_put(out, "principalId", who->principal_id);
    scalar_put(out, "arn", who->arn);
    scalar_put(out, "accountId", who->account);
    scalar_put(out, "accessKeyId", who->access_key_id);
    scalar_put(out, "userName",
               is_role || who->type == PRINCIPAL_FEDERATED_USER || who->type == PRINCIPAL_ROOT
                   ? (struct str){ 0 }
                   : who->user_name);
    write_session(out, p, who);
}

static void write_foreign(struct buf *out, const struct principal *who)
{
    put_type(out, PRINCIPAL_AWS_ACCOUNT);
    scalar_put(out, "principalId", who->principal_id);
    scalar_put(out, "accountId", who->account);
}

void user_identity_write(struct buf *out, const struct plan *p, const struct call *call,
                         enum identity_view view)
{
    const struct principal *who = call->who;

    buf_add_char(out, '{');
    switch (who->type) {
    case PRINCIPAL_AWS_SERVICE:
        put_type(out, who->type);
        scalar_put(out, "invokedBy", who->service);
        buf_add_char(out, '}');
        return;
    case PRINCIPAL_ANONYMOUS:
        buf_add(out, STR("\"type\":\"AWSAccount\",\"principalId\":\"\","
                         "\"accountId\":\"ANONYMOUS_PRINCIPAL\""));
        break;
    case PRINCIPAL_AWS_ACCOUNT:
        write_foreign(out, who);
        break;
    case PRINCIPAL_SAML:
    case PRINCIPAL_WEB_IDENTITY:
        put_type(out, who->type);
        scalar_put(out, "principalId", who->principal_id);
        scalar_put(out, "userName", who->user_name);
        scalar_put(out, "identityProvider", who->identity_provider);
        break;
    default:
        if (view == VIEW_FOREIGN)
            write_foreign(out, who);
        else
            write_full(out, p, who);
        break;
    }
    scalar_put(out, "invokedBy", call->invoked_by);
    buf_add_char(out, '}');
}

struct str user_identity_name(const struct call *call)
{
    const struct principal *who = call->who;
    struct str head, session;

    switch (who->type) {
    case PRINCIPAL_ROOT:
        return STR("root");
    case PRINCIPAL_ASSUMED_ROLE:
    case PRINCIPAL_FEDERATED_USER:
        if (who->session_name.len)
            return who->session_name;
        return str_rcut(who->principal_id, ':', &head, &session) ? session : who->user_name;
    case PRINCIPAL_AWS_SERVICE:
    case PRINCIPAL_AWS_ACCOUNT:
    case PRINCIPAL_ANONYMOUS:
        return (struct str){ 0 };
    default:
        return who->user_name;
    }
}
