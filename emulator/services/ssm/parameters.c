/* Parameters: put, found, read, deleted, labelled. */
#include "emulator/services/ssm/ssm.h"

#include "core/aws/arn.h"
#include "core/aws/region.h"
#include "core/codec/uri.h"
#include "emulator/services/behalf.h"

#define HOST "ssm.amazonaws.com"

struct value *ssm_latest(const struct value *doc)
{
    struct value *last = NULL;

    for (struct value *v = value_first(value_get_c(doc, "Versions")); v; v = v->next)
        last = v;
    return last;
}

struct value *ssm_numbered(const struct value *doc, int64_t number)
{
    for (struct value *v = value_first(value_get_c(doc, "Versions")); v; v = v->next)
        if (value_get_int(v, "Version", 0) == number)
            return v;
    return NULL;
}

bool ssm_has_label(const struct value *version, struct str label)
{
    for (const struct value *l = value_first(value_get_c(version, "Labels")); l; l = l->next)
        if (str_eq(l->u.text, label))
            return true;
    return false;
}

static struct value *selected(const struct value *doc, struct str selector)
{
    int64_t number;

    if (selector.len == 0)
        return ssm_latest(doc);
    if (str_to_i64(selector, &number))
        return ssm_numbered(doc, number);
    for (struct value *v = value_first(value_get_c(doc, "Versions")); v; v = v->next)
        if (ssm_has_label(v, selector))
            return v;
    return NULL;
}

struct str ssm_parameter_arn(struct ctx *cx, struct doc_key at)
{
    return arena_printf(cx->a, "arn:%.*s:ssm:%.*s:%.*s:parameter%s%.*s",
                        STR_ARG(region_partition(at.region)), STR_ARG(at.region),
                        STR_ARG(at.account), str_has_prefix(at.id, STR("/")) ? "" : "/",
                        STR_ARG(at.id));
}

int ssm_parameter_find(struct ctx *cx, const struct call *call, struct str asked,
                       struct ssm_parameter *p, struct err *err)
{
    struct str name = asked, selector = { 0 };
    struct arn arn;

    *p = (struct ssm_parameter){ 0 };
    if (arn_parse(asked, &arn, NULL) == 0 && str_has_prefix(arn.resource, STR("parameter/"))) {
        if (!str_eq(arn.account, call->account) || !str_eq(arn.region, call->region))
            return 0;
        name = str_sub(arn.resource, strlen("parameter"), arn.resource.len);
    }
    (void)str_cut(name, ':', &name, &selector); /* none: the whole is the name */
    p->at = ssm_at(call, "Parameter", name);
    int rc = store_doc_get(cx->e->store, cx->a, p->at, &p->doc, err);
    if (rc == E_MISSING && str_has_prefix(asked, STR("arn:"))) { /* names without a path */
        p->at.id = str_sub(name, 1, name.len);
        rc = store_doc_get(cx->e->store, cx->a, p->at, &p->doc, err);
    }
    if (rc == E_MISSING)
        p->doc = NULL;
    if (rc < 0)
        return rc == E_MISSING ? 0 : rc;
    p->version = selected(p->doc, selector);
    if (selector.len > 0)
        p->selector = arena_printf(cx->a, ":%.*s", STR_ARG(selector));
    return 0;
}

int ssm_parameter_save(struct ctx *cx, const struct ssm_parameter *p, struct err *err)
{
    return store_doc_put(cx->e->store, p->at, p->doc, err);
}

/* Source: real records of the KMS calls that Parameter Store makes. */
static struct value *kms_params(struct ctx *cx, struct doc_key at)
{
    struct value *params = value_map(cx->a), *context = value_map(cx->a);

    value_put_str(cx->a, context, "PARAMETER_ARN", ssm_parameter_arn(cx, at));
    value_set(params, STR("EncryptionContext"), context);
    value_put_c(cx->a, params, "EncryptionAlgorithm", "SYMMETRIC_DEFAULT");
    return params;
}

static struct str blob_of(const struct value *map, const char *name)
{
    const struct value *v = value_get_c(map, name);

    return v && v->kind == VALUE_BLOB ? v->u.text : (struct str){ 0 };
}

/* KMS's own words, behind InvalidKeyId. */
static void kms_refused(struct ctx *cx, struct outcome *out, const struct outcome *kms)
{
    outcome_refuse(cx->a, out, 0, "InvalidKeyId", "%.*s (Service: Kms, Error Code: %.*s)",
                   STR_ARG(kms->message), STR_ARG(kms->code));
}

int ssm_seal(struct ctx *cx, const struct call *call, struct outcome *out, struct doc_key at,
             struct str key_id, struct str *sealed, struct err *err)
{
    struct value *params = kms_params(cx, at);
    struct outcome kms;
    struct buf text = { 0 };

    value_set(params, STR("Plaintext"), value_blob(cx->a, param_str(call, "Value")));
    value_put_str(cx->a, params, "KeyId", key_id);
    int rc = behalf_call(cx, call,
                         &(struct behalf){ .service = "kms",
                                           .operation = "Encrypt",
                                           .host = HOST,
                                           .params = params,
                                           .seen_as = "AWS Internal" },
                         &kms, err);
    if (rc < 0)
        return rc;
    if (outcome_refused(&kms)) {
        kms_refused(cx, out, &kms);
        return 0;
    }
    base64_encode(&text, blob_of(kms.output, "CiphertextBlob"));
    *sealed = arena_copy(cx->a, buf_view(&text));
    buf_free(&text);
    return 0;
}

static int open(struct ctx *cx, const struct call *call, struct outcome *out,
                const struct ssm_parameter *p, struct str *plain, struct err *err)
{
    struct value *params = kms_params(cx, p->at);
    struct outcome kms;
    struct str blob;
    int rc = base64_decode(cx->a, value_get_str(p->version, "Value"), &blob, err);

    if (rc < 0)
        return rc;
    value_set(params, STR("CiphertextBlob"), value_blob(cx->a, blob));
    rc = behalf_call(cx, call,
                     &(struct behalf){ .service = "kms",
                                       .operation = "Decrypt",
                                       .host = HOST,
                                       .params = params,
                                       .seen_as = "AWS Internal" },
                     &kms, err);
    if (rc == 0 && outcome_refused(&kms))
        kms_refused(cx, out, &kms);
    else if (rc == 0)
        *plain = blob_of(kms.output, "Plaintext");
    return rc;
}

int ssm_put_value(struct ctx *cx, const struct call *call, struct outcome *out,
                  const struct ssm_parameter *p, struct value *into, struct err *err)
{
    struct str value = value_get_str(p->version, "Value");
    int rc = 0;

    if (str_eq_c(value_get_str(p->version, "Type"), "SecureString") &&
        param_bool(call, "WithDecryption", false))
        rc = open(cx, call, out, p, &value, err);
    if (rc == 0 && !outcome_refused(out))
        value_put_str(cx->a, into, "Value", value);
    return rc;
}

int ssm_parameter_show(struct ctx *cx, const struct call *call, struct outcome *out,
                       const struct ssm_parameter *p, struct value **shown, struct err *err)
{
    static const char *const members[] = { "Type", "Version", "LastModifiedDate", "DataType" };
    struct value *v = value_map(cx->a);

    value_put_str(cx->a, v, "Name", p->at.id);
    ssm_copy(cx, p->version, v, members, COUNT(members));
    if (p->selector.len > 0)
        value_put_str(cx->a, v, "Selector", p->selector);
    value_put_str(cx->a, v, "ARN", ssm_parameter_arn(cx, p->at));
    *shown = v;
    return ssm_put_value(cx, call, out, p, v, err);
}

int ssm_GetParameter(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    struct ssm_parameter p;
    struct value *shown;
    int rc = ssm_parameter_find(cx, call, param_str(call, "Name"), &p, err);

    if (rc < 0)
        return rc;
    if (!p.doc) {
        outcome_refuse(cx->a, out, 0, "ParameterNotFound", "%s", "");
        return 0;
    }
    if (!p.version) {
        outcome_refuse(cx->a, out, 0, "ParameterVersionNotFound",
                       "Systems Manager could not find version %.*s of %.*s. Verify the version "
                       "and try again.",
                       STR_ARG(str_sub(p.selector, 1, p.selector.len)), STR_ARG(p.at.id));
        return 0;
    }
    rc = ssm_parameter_show(cx, call, out, &p, &shown, err);
    if (rc == 0 && !outcome_refused(out))
        value_set(outcome_output(cx, out), STR("Parameter"), shown);
    return rc;
}

int ssm_GetParameters(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    struct value *found = value_list(cx->a), *invalid = value_list(cx->a), *shown;
    struct ssm_parameter p;

    for (const struct value *n = value_first(param(call, "Names")); n; n = n->next) {
        int rc = ssm_parameter_find(cx, call, n->u.text, &p, err);
        if (rc < 0)
            return rc;
        if (!p.version) {
            value_push(invalid, value_copy(cx->a, n));
            continue;
        }
        rc = ssm_parameter_show(cx, call, out, &p, &shown, err);
        if (rc < 0 || outcome_refused(out))
            return rc;
        value_push(found, shown);
    }
    value_set(outcome_output(cx, out), STR("Parameters"), found);
    value_set(out->output, STR("InvalidParameters"), invalid);
    return 0;
}

int ssm_DeleteParameter(struct ctx *cx, const struct call *call, struct outcome *out,
                        struct err *err)
{
    int rc =
        store_doc_delete(cx->e->store, ssm_at(call, "Parameter", param_str(call, "Name")), err);

    if (rc == E_MISSING)
        outcome_refuse(cx->a, out, 0, "ParameterNotFound", "%s", "");
    else if (rc == 0)
        (void)outcome_output(cx, out);
    return rc == E_MISSING ? 0 : rc;
}

int ssm_DeleteParameters(struct ctx *cx, const struct call *call, struct outcome *out,
                         struct err *err)
{
    struct value *gone = value_list(cx->a), *invalid = value_list(cx->a);

    for (const struct value *n = value_first(param(call, "Names")); n; n = n->next) {
        int rc = store_doc_delete(cx->e->store, ssm_at(call, "Parameter", n->u.text), err);
        if (rc < 0 && rc != E_MISSING)
            return rc;
        value_push(rc == 0 ? gone : invalid, value_copy(cx->a, n));
    }
    value_set(outcome_output(cx, out), STR("DeletedParameters"), gone);
    value_set(out->output, STR("InvalidParameters"), invalid);
    return 0;
}
