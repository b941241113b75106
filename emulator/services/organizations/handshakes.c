/* Invitations. A handshake is a document of the organization that invites; the invited account
 * finds it by the account that it names. */
#include "emulator/services/organizations/organizations.h"

#include "emulator/trail/config.h"

#define DAY_MS 86400000LL
/* Source: Organizations User Guide, "Quotas": handshakes expire after 15 days, and stay listed for
 * 30 days behind their end. */
enum { OPEN_DAYS = 15 };

static struct value *pair(struct job *j, const char *first, struct str a, const char *second,
                          const char *b)
{
    struct value *v = value_map(j->a);

    value_put_str(j->a, v, first, a);
    value_put_c(j->a, v, second, b);
    return v;
}

static struct value *resources_of(struct job *j, struct str org, const struct value *target)
{
    struct value *organization = job_get(j, "Organization", org);
    struct value *list = value_list(j->a), *about = value_list(j->a),
                 *row = pair(j, "Value", org, "Type", "ORGANIZATION");

    value_push(about, pair(j, "Value", value_get_str(organization, "MasterAccountEmail"), "Type",
                           "MASTER_EMAIL"));
    value_push(about, pair(j, "Value", STR("management"), "Type", "MASTER_NAME"));
    value_push(about, pair(j, "Value", value_get_str(organization, "FeatureSet"), "Type",
                           "ORGANIZATION_FEATURE_SET"));
    value_set(row, STR("Resources"), about);
    value_push(list, row);
    value_push(list, pair(j, "Value", value_get_str(target, "Id"), "Type",
                          arena_copy(j->a, value_get_str(target, "Type")).ptr));
    if (job_has(j, "Notes"))
        value_push(list, pair(j, "Value", job_text(j, "Notes"), "Type", "NOTES"));
    return list;
}

/* The state as it is now: what was open too long has expired. */
static struct value *settle(struct job *j, struct value *h)
{
    if (h && str_eq_c(value_get_str(h, "State"), "OPEN") &&
        value_get_time(h, "ExpirationTimestamp", 0) <= j->cx->now_ms)
        value_put_c(j->a, h, "State", "EXPIRED");
    return h;
}

static bool is_invited(struct job *j, struct str account)
{
    struct doc *docs;
    size_t count = job_list(j, "Handshake", STR(""), &docs);

    for (size_t i = 0; i < count; i++)
        if (str_eq(value_get_str(docs[i].value, "_account"), account) &&
            str_eq_c(value_get_str(settle(j, docs[i].value), "State"), "OPEN"))
            return true;
    return false;
}

HANDLER(organizations, InviteAccountToOrganization)
{
    const struct value *target = param(j->call, "Target");
    struct str org, other, theirs, account = value_get_str(target, "Id");
    struct value *h = value_map(j->a), *parties = value_list(j->a);

    if (!org_manager(j, &org))
        return j->rc;
    j->rc = config_organization(j->cx->e->store, j->a, account, &other, &theirs, j->err);
    if (j->rc < 0)
        return j->rc;
    if (account.len > 0 && theirs.len > 0)
        return job_refuse(j, "HandshakeConstraintViolationException",
                          "The invited account is already a member of an organization.");
    if (is_invited(j, account))
        return org_refuse(j, "DuplicateHandshakeException");
    struct str id = org_id(j, "h-", 32);
    value_put_str(j->a, h, "Id", id);
    value_put_str(j->a, h, "Arn",
                  arena_printf(j->a, "arn:aws:organizations::%.*s:handshake/%.*s/invite/%.*s",
                               STR_ARG(j->account), STR_ARG(org), STR_ARG(id)));
    value_push(parties, pair(j, "Id", org, "Type", "ORGANIZATION"));
    value_push(parties,
               pair(j, "Id", account, "Type", arena_copy(j->a, value_get_str(target, "Type")).ptr));
    value_set(h, STR("Parties"), parties);
    value_put_c(j->a, h, "State", "OPEN");
    value_put_time(j->a, h, "RequestedTimestamp", j->cx->now_ms);
    value_put_time(j->a, h, "ExpirationTimestamp", j->cx->now_ms + OPEN_DAYS * DAY_MS);
    value_put_c(j->a, h, "Action", "INVITE");
    value_set(h, STR("Resources"), resources_of(j, org, target));
    value_put_str(j->a, h, "_account", account);
    value_put_str(j->a, h, "_org", org);
    if (job_has(j, "Tags")) /* the account gets them when it accepts */
        value_set(h, STR("_tags"), value_copy(j->a, param(j->call, "Tags")));
    job_answer(j, "Handshake", h);
    return job_put(j, "Handshake", id, h);
}

/* A handshake that the caller is a party of, wherever it is kept; j's documents become those of the
 * account that keeps it. */
static struct value *handshake_need(struct job *j)
{
    struct doc *docs;
    struct str id = job_text(j, "HandshakeId");

    j->account = j->region = STR("");
    size_t count = id.len > 0 ? job_list(j, "Handshake", id, &docs) : 0;
    for (size_t i = 0; i < count; i++) {
        struct str owner = docs[i].key.account;

        if (!str_eq(docs[i].key.id, id))
            continue;
        j->account = owner;
        if (str_eq(owner, j->call->account) ||
            str_eq(value_get_str(docs[i].value, "_account"), j->call->account))
            return settle(j, docs[i].value);
    }
    if (j->rc == 0)
        org_refuse(j, "HandshakeNotFoundException");
    return NULL;
}

HANDLER(organizations, DescribeHandshake)
{
    struct value *h = handshake_need(j);

    if (h)
        job_answer(j, "Handshake", h);
    return j->rc;
}

enum side { INVITER, INVITED };

/* Bring an open handshake into its last state. NULL: refused. */
static struct value *conclude(struct job *j, enum side side, const char *state)
{
    struct value *h = handshake_need(j);

    if (!h)
        return NULL;
    if (str_eq_c(value_get_str(h, "State"), state))
        org_refuse(j, "HandshakeAlreadyInStateException");
    else if (!str_eq_c(value_get_str(h, "State"), "OPEN"))
        org_refuse(j, "InvalidHandshakeTransitionException");
    else if (str_eq(j->account, j->call->account) != (side == INVITER))
        org_refuse(j, "AccessDeniedException");
    if (job_stopped(j))
        return NULL;
    value_put_c(j->a, h, "State", state);
    job_put(j, "Handshake", job_text(j, "HandshakeId"), h);
    job_answer(j, "Handshake", h);
    return h;
}

HANDLER(organizations, AcceptHandshake)
{
    struct value *h = conclude(j, INVITED, "ACCEPTED"), *account = value_map(j->a);
    struct str management, org, id = j->call->account;

    if (!h || j->rc < 0)
        return j->rc;
    j->rc = config_organization(j->cx->e->store, j->a, id, &management, &org, j->err);
    if (j->rc == 0 && org.len > 0)
        return job_refuse(j, "HandshakeConstraintViolationException",
                          "The account is already a member of an organization.");
    value_put_str(j->a, account, "Id", id);
    value_put_str(j->a, account, "Name", id);
    value_put_str(j->a, account, "Email", arena_printf(j->a, "root+%.*s@example.com", STR_ARG(id)));
    if (value_get_c(h, "_tags"))
        value_set(account, STR("_tags"), value_copy(j->a, value_get_c(h, "_tags")));
    return org_join(j, value_get_str(h, "_org"), account, "INVITED");
}

HANDLER(organizations, DeclineHandshake)
{
    (void)conclude(j, INVITED, "DECLINED"); /* j says how it went */
    return j->rc;
}

HANDLER(organizations, CancelHandshake)
{
    (void)conclude(j, INVITER, "CANCELED"); /* j says how it went */
    return j->rc;
}

/* Of the docs, those of the asked action that concern account (empty: all). */
static int list_handshakes(struct job *j, struct str account)
{
    struct str action = value_get_str(param(j->call, "Filter"), "ActionType");
    struct doc *docs;
    size_t count = job_list(j, "Handshake", STR(""), &docs), n = 0;
    struct job_item *items = arena_array(j->a, count + 1, sizeof *items);

    for (size_t i = 0; i < count; i++) {
        struct value *h = settle(j, docs[i].value);

        if ((account.len == 0 || str_eq(value_get_str(h, "_account"), account)) &&
            (action.len == 0 || str_eq(value_get_str(h, "Action"), action)))
            items[n++] = (struct job_item){ docs[i].key.id, h };
    }
    return job_page(j, &org_paging, "Handshakes", items, n);
}

HANDLER(organizations, ListHandshakesForOrganization)
{
    struct str org;

    return org_manager(j, &org) ? list_handshakes(j, STR("")) : j->rc;
}

HANDLER(organizations, ListHandshakesForAccount)
{
    j->account = j->region = STR("");
    return list_handshakes(j, j->call->account);
}
