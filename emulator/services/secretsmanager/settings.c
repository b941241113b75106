/* What a secret says of itself; tags, resource policy, rotation. */
#include "emulator/services/secretsmanager/secretsmanager.h"
#include "emulator/services/tags.h"

#include "core/aws/arn.h"
#include "core/aws/policy.h"

static const char *const described[] = {
    "ARN",
    "Name",
    "Type",
    "Description",
    "KmsKeyId",
    "RotationEnabled",
    "RotationLambdaARN",
    "RotationRules",
    "LastChangedDate",
    "LastAccessedDate",
    "DeletedDate",
    "Tags",
    "CreatedDate",
};

void sm_describe(struct ctx *cx, const struct value *doc, const char *stages_member,
                 struct value *into)
{
    for (size_t i = 0; i < COUNT(described); i++)
        if (value_get_c(doc, described[i]))
            value_set(into, str_c(described[i]), value_copy(cx->a, value_get_c(doc, described[i])));
    struct value *stages = sm_stages(cx, doc);
    if (stages->count > 0)
        value_set(into, str_c(stages_member), stages);
}

int secretsmanager_DescribeSecret(struct ctx *cx, const struct call *call, struct outcome *out,
                                  struct err *err)
{
    struct sm_secret s;
    int rc = sm_find(cx, call, out, SM_ALSO_DELETED, &s, err);

    if (rc == 0 && s.doc)
        sm_describe(cx, s.doc, "VersionIdsToStages", outcome_output(cx, out));
    return rc;
}

int secretsmanager_TagResource(struct ctx *cx, const struct call *call, struct outcome *out,
                               struct err *err)
{
    struct sm_secret s;
    int rc = sm_find(cx, call, out, SM_LIVE, &s, err);

    if (rc < 0 || !s.doc)
        return rc;
    struct value *all = tags_with(cx->a, value_get_c(s.doc, "Tags"), "Key", param(call, "Tags"));
    if (!sm_tags_ok(cx, out, all))
        return 0;
    value_set(s.doc, STR("Tags"), all);
    return sm_save(cx, &s, err);
}

int secretsmanager_UntagResource(struct ctx *cx, const struct call *call, struct outcome *out,
                                 struct err *err)
{
    struct sm_secret s;
    int rc = sm_find(cx, call, out, SM_LIVE, &s, err);

    if (rc < 0 || !s.doc)
        return rc;
    value_set(s.doc, STR("Tags"),
              tags_without(cx->a, value_get_c(s.doc, "Tags"), "Key", param(call, "TagKeys")));
    return sm_save(cx, &s, err);
}

static bool policy_ok(struct ctx *cx, struct outcome *out, struct str text, struct policy **policy)
{
    struct err why = { 0 };

    if (policy_parse(cx->a, text, POLICY_RESOURCE, policy, &why) < 0)
        outcome_refuse(cx->a, out, 0, "MalformedPolicyDocumentException",
                       "This resource policy contains a syntax error: %s", why.text);
    return !outcome_refused(out);
}

int secretsmanager_PutResourcePolicy(struct ctx *cx, const struct call *call, struct outcome *out,
                                     struct err *err)
{
    struct str text = param_str(call, "ResourcePolicy");
    struct policy *policy;
    struct sm_secret s;
    int rc = sm_find(cx, call, out, SM_LIVE, &s, err);

    if (rc < 0 || !s.doc || !policy_ok(cx, out, text, &policy))
        return rc;
    if (param_bool(call, "BlockPublicPolicy", false) && policy_is_public(policy)) {
        outcome_refuse(cx->a, out, 0, "PublicPolicyException",
                       "You can't attach a resource policy that allows broad access to the "
                       "secret.");
        return 0;
    }
    value_put_str(cx->a, s.doc, "Policy", text);
    (void)sm_answer(cx, out, &s);
    return sm_save(cx, &s, err);
}

int secretsmanager_GetResourcePolicy(struct ctx *cx, const struct call *call, struct outcome *out,
                                     struct err *err)
{
    struct sm_secret s;
    int rc = sm_find(cx, call, out, SM_LIVE, &s, err);

    if (rc < 0 || !s.doc)
        return rc;
    struct value *o = sm_answer(cx, out, &s);
    if (value_get_c(s.doc, "Policy"))
        value_put_str(cx->a, o, "ResourcePolicy", value_get_str(s.doc, "Policy"));
    return 0;
}

int secretsmanager_DeleteResourcePolicy(struct ctx *cx, const struct call *call,
                                        struct outcome *out, struct err *err)
{
    struct sm_secret s;
    int rc = sm_find(cx, call, out, SM_LIVE, &s, err);

    if (rc < 0 || !s.doc)
        return rc;
    (void)value_remove(s.doc, STR("Policy")); /* none is no error */
    (void)sm_answer(cx, out, &s);
    return sm_save(cx, &s, err);
}

int secretsmanager_ValidateResourcePolicy(struct ctx *cx, const struct call *call,
                                          struct outcome *out, struct err *err)
{
    struct value *errors = value_list(cx->a);
    struct policy *policy;
    struct sm_secret s;

    if (param_has(call, "SecretId")) {
        int rc = sm_find(cx, call, out, SM_LIVE, &s, err);
        if (rc < 0 || !s.doc)
            return rc;
    }
    if (!policy_ok(cx, out, param_str(call, "ResourcePolicy"), &policy))
        return 0;
    if (policy_is_public(policy)) {
        struct value *row = value_map(cx->a);
        value_put_c(cx->a, row, "CheckName", "PublicPolicy");
        value_put_c(cx->a, row, "ErrorMessage", "The policy allows broad access to the secret.");
        value_push(errors, row);
    }
    struct value *o = outcome_output(cx, out);
    value_put_bool(cx->a, o, "PolicyValidationPassed", errors->count == 0);
    value_set(o, STR("ValidationErrors"), errors);
    return 0;
}

static int function_exists(struct ctx *cx, struct str text, bool *exists, struct err *err)
{
    struct arn arn;
    struct value *doc;
    struct str kind, name;

    *exists = false;
    if (arn_parse(text, &arn, NULL) < 0 || !str_cut(arn.resource, ':', &kind, &name))
        return 0;
    int rc = store_doc_get(cx->e->store, cx->a,
                           (struct doc_key){ .account = arn.account,
                                             .region = arn.region,
                                             .service = STR("lambda"),
                                             .type = STR("Function"),
                                             .id = name },
                           &doc, err);
    *exists = rc == 0;
    return rc == E_MISSING ? 0 : rc;
}

/* A rotation is four calls of a Lambda function, and no function runs here: as with AWS, a function
 * that can't be invoked is refused at once, and nothing is turned on. */
int secretsmanager_RotateSecret(struct ctx *cx, const struct call *call, struct outcome *out,
                                struct err *err)
{
    struct sm_secret s;
    bool exists;
    int rc = sm_find(cx, call, out, SM_LIVE, &s, err);

    if (rc < 0 || !s.doc)
        return rc;
    if (!param_has(call, "RotationLambdaARN")) {
        sm_bad_request(cx, out, "No Lambda rotation function ARN is associated with this secret.");
        return 0;
    }
    rc = function_exists(cx, param_str(call, "RotationLambdaARN"), &exists, err);
    if (rc == 0 && exists)
        outcome_refuse(cx->a, out, 501, "NotImplemented",
                       "mocktrail runs no Lambda functions, so it rotates no secrets.");
    else if (rc == 0)
        outcome_refuse(cx->a, out, 400, "AccessDeniedException",
                       "Secrets Manager cannot invoke the specified Lambda function. Ensure that "
                       "the function policy grants access to the principal "
                       "secretsmanager.amazonaws.com.");
    return rc;
}

int secretsmanager_CancelRotateSecret(struct ctx *cx, const struct call *call, struct outcome *out,
                                      struct err *err)
{
    struct sm_secret s;
    int rc = sm_find(cx, call, out, SM_LIVE, &s, err);

    if (rc == 0 && s.doc) /* no rotation can be on */
        sm_bad_request(cx, out,
                       "You tried to cancel the rotation of a secret that has none configured.");
    return rc;
}
