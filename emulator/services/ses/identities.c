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

HANDLER(ses, GetIdentityVerificationAttributes)
{
    struct value *map = value_map(j->a);

    for (const struct value *v = value_first(param(j->call, "Identities")); v; v = v->next) {
        const struct value *doc =
            v->kind == VALUE_STRING ? job_get(j, "Identity", v->u.text) : NULL;
        struct value *row = value_map(j->a);
        if (!doc)
            continue;
        value_put_c(j->a, row, "VerificationStatus", "Pending");
        if (str_eq_c(value_get_str(doc, "kind"), "Domain"))
            value_put_str(j->a, row, "VerificationToken", value_get_str(doc, "token"));
        value_set(map, v->u.text, row);
    }
    job_answer(j, "VerificationAttributes", map);
    return j->rc;
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
