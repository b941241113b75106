/* Identity providers: OpenID Connect and SAML. */
#include "emulator/services/iam/iam.h"

static int exists(struct ctx *cx, const struct call *call, struct outcome *out,
                  const struct iam_kind *kind, struct str arn, const char *message, struct err *err)
{
    struct value *doc;
    int rc = store_doc_get(cx->e->store, cx->a, iam_key(call, kind->type, arn), &doc, err);

    if (rc == 0)
        outcome_refuse(cx->a, out, 0, "EntityAlreadyExistsException", "%s", message);
    return rc == E_MISSING ? 0 : rc;
}

static int delete_provider(struct ctx *cx, const struct call *call, struct outcome *out,
                           const struct iam_kind *kind, struct err *err)
{
    struct value *doc;
    int rc = iam_load_named(cx, call, out, kind, &doc, err);

    if (rc < 0 || !doc)
        return rc;
    return store_doc_delete(cx->e->store,
                            iam_key(call, kind->type, param_str(call, kind->name_param)), err);
}

static int list_providers(struct ctx *cx, const struct call *call, struct outcome *out,
                          const struct iam_kind *kind, const char *member, const char *const *shown,
                          size_t shown_count, struct err *err)
{
    struct value *list = value_list(cx->a);
    struct doc *docs;
    size_t count;
    int rc = iam_all(cx, call, kind->type, &docs, &count, err);

    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct value *row = value_map(cx->a);
        value_put_str(cx->a, row, "Arn", docs[i].key.id);
        for (size_t s = 0; s < shown_count; s++)
            value_set(row, str_c(shown[s]),
                      value_copy(cx->a, value_get_c(docs[i].value, shown[s])));
        value_push(list, row);
    }
    value_set(outcome_output(cx, out), str_c(member), list);
    return rc;
}

static void put_tags(struct ctx *cx, const struct call *call, struct outcome *out,
                     struct value *doc)
{
    if (!value_first(param(call, "Tags")))
        return;
    value_set(doc, STR("Tags"), value_copy(cx->a, param(call, "Tags")));
    value_set(outcome_output(cx, out), STR("Tags"), value_copy(cx->a, param(call, "Tags")));
}

int iam_CreateOpenIDConnectProvider(struct ctx *cx, const struct call *call, struct outcome *out,
                                    struct err *err)
{
    struct str url = param_str(call, "Url");

    if (!str_has_prefix(url, STR("https://"))) {
        outcome_refuse(cx->a, out, 400, "ValidationError", "Invalid Open ID Connect Provider URL");
        return 0;
    }
    struct str host = str_sub(url, 8, url.len);
    struct str arn = iam_arn(cx, call, "oidc-provider", STR("/"), host);
    int rc = exists(cx, call, out, &iam_oidc, arn,
                    arena_printf(cx->a, "Provider with url %.*s already exists.", STR_ARG(url)).ptr,
                    err);
    if (rc < 0 || outcome_refused(out))
        return rc;
    struct value *doc = value_map(cx->a);
    value_put_str(cx->a, doc, "Url", host);
    static const char *const lists[] = { "ClientIDList", "ThumbprintList" };
    for (size_t i = 0; i < COUNT(lists); i++)
        value_set(doc, str_c(lists[i]),
                  param(call, lists[i]) ? value_copy(cx->a, param(call, lists[i]))
                                        : value_list(cx->a));
    value_put_time(cx->a, doc, "CreateDate", iam_now(cx));
    value_put_str(cx->a, outcome_output(cx, out), "OpenIDConnectProviderArn", arn);
    put_tags(cx, call, out, doc);
    return iam_save(cx, call, "OIDCProvider", arn, doc, err);
}

int iam_GetOpenIDConnectProvider(struct ctx *cx, const struct call *call, struct outcome *out,
                                 struct err *err)
{
    struct value *doc;
    int rc = iam_load_named(cx, call, out, &iam_oidc, &doc, err);

    if (rc == 0 && doc)
        out->output = iam_view(cx, doc, IAM_FULL);
    return rc;
}

int iam_ListOpenIDConnectProviders(struct ctx *cx, const struct call *call, struct outcome *out,
                                   struct err *err)
{
    return list_providers(cx, call, out, &iam_oidc, "OpenIDConnectProviderList", NULL, 0, err);
}

int iam_DeleteOpenIDConnectProvider(struct ctx *cx, const struct call *call, struct outcome *out,
                                    struct err *err)
{
    return delete_provider(cx, call, out, &iam_oidc, err);
}

static int change_oidc(struct ctx *cx, const struct call *call, struct outcome *out,
                       void (*change)(struct ctx *, const struct call *, struct value *),
                       struct err *err)
{
    struct value *doc;
    int rc = iam_load_named(cx, call, out, &iam_oidc, &doc, err);

    if (rc < 0 || !doc)
        return rc;
    change(cx, call, doc);
    return iam_save(cx, call, "OIDCProvider", param_str(call, "OpenIDConnectProviderArn"), doc,
                    err);
}

static void add_client(struct ctx *cx, const struct call *call, struct value *doc)
{
    if (!iam_list_has(doc, "ClientIDList", param_str(call, "ClientID")))
        iam_list_add(cx, doc, "ClientIDList", param_str(call, "ClientID"));
}

static void drop_client(struct ctx *cx, const struct call *call, struct value *doc)
{
    (void)iam_list_drop(cx, doc, "ClientIDList",
                        param_str(call, "ClientID")); /* absent: no error in AWS */
}

static void set_thumbprints(struct ctx *cx, const struct call *call, struct value *doc)
{
    value_set(doc, STR("ThumbprintList"), value_copy(cx->a, param(call, "ThumbprintList")));
}

int iam_AddClientIDToOpenIDConnectProvider(struct ctx *cx, const struct call *call,
                                           struct outcome *out, struct err *err)
{
    return change_oidc(cx, call, out, add_client, err);
}

int iam_RemoveClientIDFromOpenIDConnectProvider(struct ctx *cx, const struct call *call,
                                                struct outcome *out, struct err *err)
{
    return change_oidc(cx, call, out, drop_client, err);
}

int iam_UpdateOpenIDConnectProviderThumbprint(struct ctx *cx, const struct call *call,
                                              struct outcome *out, struct err *err)
{
    return change_oidc(cx, call, out, set_thumbprints, err);
}

static bool metadata_ok(struct ctx *cx, const struct call *call, struct outcome *out)
{
    struct str text = param_str(call, "SAMLMetadataDocument");
    bool ok =
        text.len >= 1000 && text.len <= 10000000 && str_find(text, STR("EntityDescriptor")) >= 0;

    if (!ok)
        outcome_refuse(cx->a, out, 0, "InvalidInputException", "Could not parse metadata");
    return ok;
}

int iam_CreateSAMLProvider(struct ctx *cx, const struct call *call, struct outcome *out,
                           struct err *err)
{
    struct str arn = iam_arn(cx, call, "saml-provider", STR("/"), param_str(call, "Name"));
    char uuid[37];

    if (!metadata_ok(cx, call, out))
        return 0;
    int rc = exists(cx, call, out, &iam_saml, arn, "EntityAlreadyExists", err);
    if (rc < 0 || outcome_refused(out))
        return rc;
    struct value *doc = value_map(cx->a);
    rng_uuid(&cx->rng, uuid);
    value_put_c(cx->a, doc, "SAMLProviderUUID", uuid);
    value_put_str(cx->a, doc, "SAMLMetadataDocument", param_str(call, "SAMLMetadataDocument"));
    value_put_time(cx->a, doc, "CreateDate", iam_now(cx));
    value_put_time(cx->a, doc, "ValidUntil", iam_now(cx) + 100ll * 365 * 86400 * 1000);
    value_put_str(cx->a, outcome_output(cx, out), "SAMLProviderArn", arn);
    put_tags(cx, call, out, doc);
    return iam_save(cx, call, "SAMLProvider", arn, doc, err);
}

int iam_GetSAMLProvider(struct ctx *cx, const struct call *call, struct outcome *out,
                        struct err *err)
{
    struct value *doc;
    int rc = iam_load_named(cx, call, out, &iam_saml, &doc, err);

    if (rc == 0 && doc)
        out->output = iam_view(cx, doc, IAM_FULL);
    return rc;
}

int iam_UpdateSAMLProvider(struct ctx *cx, const struct call *call, struct outcome *out,
                           struct err *err)
{
    struct value *doc;
    int rc = iam_load_named(cx, call, out, &iam_saml, &doc, err);

    if (rc < 0 || !doc || (param_has(call, "SAMLMetadataDocument") && !metadata_ok(cx, call, out)))
        return rc;
    if (param_has(call, "SAMLMetadataDocument"))
        value_put_str(cx->a, doc, "SAMLMetadataDocument", param_str(call, "SAMLMetadataDocument"));
    value_put_str(cx->a, outcome_output(cx, out), "SAMLProviderArn",
                  param_str(call, "SAMLProviderArn"));
    return iam_save(cx, call, "SAMLProvider", param_str(call, "SAMLProviderArn"), doc, err);
}

int iam_ListSAMLProviders(struct ctx *cx, const struct call *call, struct outcome *out,
                          struct err *err)
{
    static const char *const shown[] = { "ValidUntil", "CreateDate" };

    return list_providers(cx, call, out, &iam_saml, "SAMLProviderList", shown, COUNT(shown), err);
}

int iam_DeleteSAMLProvider(struct ctx *cx, const struct call *call, struct outcome *out,
                           struct err *err)
{
    return delete_provider(cx, call, out, &iam_saml, err);
}

/* Outbound federation: nobody could verify tokens of ours, for no issuer of AWS's serves our keys.
 * So it can't be enabled (501) and is what it is in every new account. */
static int refuse_disabled(struct ctx *cx, struct outcome *out)
{
    outcome_refuse(cx->a, out, 0, "FeatureDisabledException",
                   "Outbound web identity federation is disabled for your AWS account.");
    return 0;
}

int iam_GetOutboundWebIdentityFederationInfo(struct ctx *cx, const struct call *call,
                                             struct outcome *out, struct err *err)
{
    (void)call, (void)err;
    return refuse_disabled(cx, out);
}

int iam_DisableOutboundWebIdentityFederation(struct ctx *cx, const struct call *call,
                                             struct outcome *out, struct err *err)
{
    (void)call, (void)err;
    return refuse_disabled(cx, out);
}
