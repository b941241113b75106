/* SES (the first API): who may send, and how much. Nobody clicks the link in a mail here, so an
 * identity stays Pending; nothing is sent, so nothing is counted.
 */
#include "emulator/services/job.h"

/* Source: SES API Reference, "Common errors". */
static int refuse_value(struct job *j, const char *what, struct str value)
{
    outcome_refuse(j->a, j->out, 400, "InvalidParameterValue", "Invalid %s<%.*s>.", what,
                   STR_ARG(value));
    return j->rc;
}

static int keep(struct job *j, struct str id, const char *kind, struct str token)
{
    struct value *doc = job_get(j, "Identity", id);

    if (doc)
        return j->rc;
    doc = value_map(j->a);
    value_put_c(j->a, doc, "kind", kind);
    value_put_str(j->a, doc, "token", token);
    return job_put(j, "Identity", id, doc);
}

HANDLER(ses, VerifyEmailIdentity)
{
    struct str address = job_text(j, "EmailAddress"), name, domain;

    if (!str_cut(address, '@', &name, &domain) || name.len == 0 || domain.len == 0)
        return refuse_value(j, "email address", address);
    (void)outcome_output(j->cx, j->out);
    return keep(j, address, "EmailAddress", STR(""));
}

/* Of before identities: the same, but for its answer. */
HANDLER(ses, VerifyEmailAddress)
{
    struct str address = job_text(j, "EmailAddress");

    if (str_find(address, STR("@")) < 1)
        return refuse_value(j, "email address", address);
    return keep(j, address, "EmailAddress", STR(""));
}

HANDLER(ses, DeleteVerifiedEmailAddress)
{
    return job_drop(j, "Identity", job_text(j, "EmailAddress"));
}

/* The token that the domain's owner should publish: 44 characters of base64, the same each time. */
HANDLER(ses, VerifyDomainIdentity)
{
    struct str domain = job_text(j, "Domain");
    const struct value *doc = job_get(j, "Identity", domain);
    struct str token = value_get_str(doc, "token");

    if (str_find(domain, STR(".")) < 0)
        return refuse_value(j, "domain name ", domain);
    if (!doc)
        token =
            rng_chars(&j->cx->rng, j->a,
                      STR("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"), 44);
    value_put_str(j->a, outcome_output(j->cx, j->out), "VerificationToken", token);
    return keep(j, domain, "Domain", token);
}

HANDLER(ses, DeleteIdentity)
{
    (void)outcome_output(j->cx, j->out);
    return job_drop(j, "Identity", job_text(j, "Identity"));
}

HANDLER(ses, ListIdentities)
{
    static const struct paging paging = {
        "MaxItems", "NextToken", "NextToken", 1, 1000, 100, "InvalidParameterValue"
    };
    struct str kind = job_text(j, "IdentityType");
    struct doc *docs;
    size_t count = job_list(j, "Identity", STR(""), &docs), kept = 0;
    struct job_item *items = arena_array(j->a, count + 1, sizeof *items);

    for (size_t i = 0; i < count; i++)
        if (kind.len == 0 || str_eq(kind, value_get_str(docs[i].value, "kind")))
            items[kept++] = (struct job_item){ docs[i].key.id, value_str(j->a, docs[i].key.id) };
    return job_page(j, &paging, "Identities", items, kept);
}

/* Of each identity asked for that is there: what row_of says of it. */
static int answer_each(struct job *j, const char *member,
                       struct value *(*row_of)(struct arena *a, const struct value *doc))
{
    struct value *map = value_map(j->a);

    for (const struct value *v = value_first(param(j->call, "Identities")); v; v = v->next) {
        const struct value *doc =
            v->kind == VALUE_STRING ? job_get(j, "Identity", v->u.text) : NULL;

        if (doc)
            value_set(map, v->u.text, row_of(j->a, doc));
    }
    job_answer(j, member, map);
    return j->rc;
}

static struct value *verification_of(struct arena *a, const struct value *doc)
{
    struct value *row = value_map(a);

    value_put_c(a, row, "VerificationStatus", "Pending");
    if (str_eq_c(value_get_str(doc, "kind"), "Domain"))
        value_put_str(a, row, "VerificationToken", value_get_str(doc, "token"));
    return row;
}

HANDLER(ses, GetIdentityVerificationAttributes)
{
    return answer_each(j, "VerificationAttributes", verification_of);
}

/* Nobody has asked for Easy DKIM: nothing here does. */
static struct value *dkim_of(struct arena *a, const struct value *doc)
{
    struct value *row = value_map(a);

    (void)doc; /* the same of all */
    value_put_bool(a, row, "DkimEnabled", false);
    value_put_c(a, row, "DkimVerificationStatus", "NotStarted");
    return row;
}

HANDLER(ses, GetIdentityDkimAttributes)
{
    return answer_each(j, "DkimAttributes", dkim_of);
}

static struct value *notifications_of(struct arena *a, const struct value *doc)
{
    struct value *row = value_map(a);

    value_put_c(a, row, "BounceTopic", "");
    value_put_c(a, row, "ComplaintTopic", "");
    value_put_c(a, row, "DeliveryTopic", "");
    value_put_bool(a, row, "ForwardingEnabled", value_get_bool(doc, "forwarding", true));
    return row;
}

HANDLER(ses, GetIdentityNotificationAttributes)
{
    return answer_each(j, "NotificationAttributes", notifications_of);
}

HANDLER(ses, SetIdentityFeedbackForwardingEnabled)
{
    struct str id = job_text(j, "Identity");
    struct value *doc = job_get(j, "Identity", id);

    if (!doc)
        return refuse_value(j, "identity", id);
    (void)outcome_output(j->cx, j->out);
    value_put_bool(j->a, doc, "forwarding", param_bool(j->call, "ForwardingEnabled", true));
    return job_put(j, "Identity", id, doc);
}

/* What an account has in the sandbox. Source: SES Developer Guide, "Request production access". */
HANDLER(ses, GetSendQuota)
{
    job_answer(j, "Max24HourSend", value_float(j->a, 200));
    job_answer(j, "MaxSendRate", value_float(j->a, 1));
    job_answer(j, "SentLast24Hours", value_float(j->a, 0));
    return 0;
}

HANDLER(ses, GetSendStatistics)
{
    job_answer(j, "SendDataPoints", value_list(j->a));
    return 0;
}

HANDLER(ses, GetAccountSendingEnabled)
{
    const struct value *doc = job_get(j, "Settings", STR("sending"));

    job_answer(j, "Enabled", value_bool(j->a, value_get_bool(doc, "enabled", true)));
    return j->rc;
}

HANDLER(ses, UpdateAccountSendingEnabled)
{
    struct value *doc = value_map(j->a);

    value_put_bool(j->a, doc, "enabled", param_bool(j->call, "Enabled", false));
    return job_put(j, "Settings", STR("sending"), doc);
}
