/* Encryption, resource policies, tags; and what is refused by name. */
#include "core/aws/policy.h"
#include "emulator/services/kms/kms.h"
#include "emulator/services/xray/ops.h"

#define SETTINGS      "Settings"
#define ENCRYPTION    "encryption" /* of SETTINGS: EncryptionConfig */
#define POLICY        "ResourcePolicy"
#define POLICIES_MOST 5          /* Source: X-Ray API Reference, "PutResourcePolicy" */
#define POLICY_BYTES  (5u << 10) /* Source: the same */
#define TAGS_MOST     50         /* Source: X-Ray API Reference, "TagResource" */

/* ---- encryption ---- */

static struct value *default_encryption(struct job *j)
{
    struct value *v = value_map(j->a);

    value_put_c(j->a, v, "Status", "ACTIVE");
    value_put_c(j->a, v, "Type", "NONE");
    return v;
}

HANDLER(xray, GetEncryptionConfig)
{
    struct value *v = job_get(j, SETTINGS, STR(ENCRYPTION));

    job_answer(j, "EncryptionConfig", v ? v : default_encryption(j));
    return j->rc;
}

static bool find_key(struct job *j, struct str id, struct str *arn)
{
    struct outcome out = { 0 };
    struct kms_key key = { 0 };

    j->rc = kms_locate(j->cx, j->call, &out, id, &key, j->err);
    if (j->rc == 0 && (outcome_refused(&out) || !key.doc))
        (void)job_refuse(j, XRAY_INVALID, "The KMS key %.*s can't be found", STR_ARG(id));
    *arn = key.arn;
    return !job_stopped(j);
}

/* Source: X-Ray API Reference, "PutEncryptionConfig": the answer says UPDATING; here it is done at
 * once. */
HANDLER(xray, PutEncryptionConfig)
{
    struct value *v = default_encryption(j), *seen;
    struct str id = job_text(j, "KeyId"), arn;
    bool is_kms = str_eq_c(job_text(j, "Type"), "KMS");

    if (is_kms != (id.len > 0))
        return job_refuse(j, XRAY_INVALID, "KeyId is required for the type KMS, and for it alone");
    if (is_kms && !find_key(j, id, &arn))
        return j->rc;
    if (is_kms) {
        value_put_c(j->a, v, "Type", "KMS");
        value_put_str(j->a, v, "KeyId", arn);
    }
    seen = value_copy(j->a, v);
    value_put_c(j->a, seen, "Status", "UPDATING");
    job_answer(j, "EncryptionConfig", seen);
    return job_put(j, SETTINGS, STR(ENCRYPTION), v);
}

/* ---- resource policies ---- */

static bool revision_is(struct job *j, const struct value *old)
{
    struct str asked = job_text(j, "PolicyRevisionId");
    struct str now = old ? value_get_str(old, "PolicyRevisionId") : STR("0");

    if (asked.len > 0 && !str_eq(asked, now))
        (void)job_refuse(j, "InvalidPolicyRevisionIdException",
                         "The policy revision id does not match the latest policy revision id");
    return !job_stopped(j);
}

static bool policy_is_good(struct job *j, const struct value *old)
{
    struct str text = job_text(j, "PolicyDocument");
    struct policy *policy;
    struct err why = { 0 };
    struct doc *docs;

    if (text.len > POLICY_BYTES)
        (void)job_refuse(j, "PolicySizeLimitExceededException",
                         "Exceeded the maximum size of a resource policy");
    else if (!old && job_list(j, POLICY, STR(""), &docs) >= POLICIES_MOST)
        (void)job_refuse(j, "PolicyCountLimitExceededException",
                         "Exceeded the maximum number of resource policies");
    else if (policy_parse(j->a, text, POLICY_RESOURCE, &policy, &why) < 0)
        (void)job_refuse(j, "MalformedPolicyDocumentException", "%s", why.text);
    return !job_stopped(j);
}

HANDLER(xray, PutResourcePolicy)
{
    struct str name = job_text(j, "PolicyName");
    struct value *old = job_get(j, POLICY, name), *v = value_map(j->a);
    int64_t revision = 0;

    if (j->rc < 0 || !revision_is(j, old) || !policy_is_good(j, old))
        return j->rc;
    if (old)
        (void)str_to_i64(value_get_str(old, "PolicyRevisionId"), &revision); /* ours: a number */
    value_put_str(j->a, v, "PolicyName", name);
    value_put_str(j->a, v, "PolicyDocument", job_text(j, "PolicyDocument"));
    value_put_str(j->a, v, "PolicyRevisionId", arena_printf(j->a, "%lld", (long long)revision + 1));
    value_put_time(j->a, v, "LastUpdatedTime", j->cx->now_ms);
    job_answer(j, "ResourcePolicy", v);
    return job_put(j, POLICY, name, v);
}

HANDLER(xray, ListResourcePolicies)
{
    struct value *list = value_list(j->a);
    struct doc *docs;
    size_t count = job_list(j, POLICY, STR(""), &docs);

    for (size_t i = 0; i < count; i++)
        value_push(list, value_copy(j->a, docs[i].value));
    job_answer(j, "ResourcePolicies", list);
    return j->rc;
}

HANDLER(xray, DeleteResourcePolicy)
{
    struct str name = job_text(j, "PolicyName");
    struct value *old = job_get(j, POLICY, name);

    if (!old && j->rc == 0)
        return job_refuse(j, XRAY_INVALID, "There is no resource policy with the name %.*s",
                          STR_ARG(name));
    if (j->rc < 0 || !revision_is(j, old))
        return j->rc;
    (void)outcome_output(j->cx, j->out);
    return job_drop(j, POLICY, name);
}

/* ---- tags ---- */

struct tagged {
    const char *type;
    struct str name;
    struct value *doc; /* NULL: refused, or j->rc */
};

/* Groups and sampling rules, by arn:aws:xray:REGION:ACCOUNT:group/NAME/UNIQUE and
 * ...:sampling-rule/NAME. */
static struct tagged find_tagged(struct job *j)
{
    struct str arn = job_text(j, "ResourceARN"), head, tail, rest;
    struct tagged t = { NULL, { "", 0 }, NULL };

    (void)str_cut(arn, '/', &head, &tail); /* without one: no name */
    if (str_has_suffix(head, STR(":group"))) {
        t.type = "Group";
        (void)str_rcut(tail, '/', &t.name, &rest);
        t.doc = job_get(j, t.type, t.name);
        if (!str_eq(value_get_str(t.doc, "GroupARN"), arn))
            t.doc = NULL;
    } else if (str_has_suffix(head, STR(":sampling-rule"))) {
        t.type = "SamplingRule";
        t.name = tail;
        t.doc = job_get(j, t.type, t.name);
        if (!str_eq(value_get_str(value_get_c(t.doc, "SamplingRule"), "RuleARN"), arn))
            t.doc = NULL;
    }
    if (!t.doc && j->rc == 0)
        (void)job_refuse(j, "ResourceNotFoundException", "The resource %.*s was not found",
                         STR_ARG(arn));
    return t;
}

HANDLER(xray, ListTagsForResource)
{
    struct tagged t = find_tagged(j);

    if (t.doc)
        job_answer(j, "Tags", tags_merge(j->a, value_get_c(t.doc, "Tags"), NULL));
    return j->rc;
}

HANDLER(xray, TagResource)
{
    struct tagged t = find_tagged(j);

    if (!t.doc)
        return j->rc;
    struct value *all = tags_merge(j->a, value_get_c(t.doc, "Tags"), param(j->call, "Tags"));
    if (all->count > TAGS_MOST)
        return job_refuse(j, "TooManyTagsException",
                          "You have exceeded the maximum number of tags you can apply to this "
                          "resource.");
    value_set(t.doc, STR("Tags"), all);
    (void)outcome_output(j->cx, j->out);
    return job_put(j, t.type, t.name, t.doc);
}

HANDLER(xray, UntagResource)
{
    struct tagged t = find_tagged(j);
    struct value *all = value_get_c(t.doc, "Tags");
    const struct value *keys = param(j->call, "TagKeys");

    if (!t.doc)
        return j->rc;
    for (const struct value *k = value_first(keys); k; k = k->next)
        all = list_without(j->a, all, "Key", k->u.text);
    value_set(t.doc, STR("Tags"), all);
    (void)outcome_output(j->cx, j->out);
    return job_put(j, t.type, t.name, t.doc);
}

/* ---- Transaction Search, which keeps spans in CloudWatch Logs, is not here ---- */

#define NO_SEARCH "has no Transaction Search"

HANDLER(xray, StartTraceRetrieval)
{
    return ops_not_here(j, NO_SEARCH);
}

HANDLER(xray, ListRetrievedTraces)
{
    return ops_not_here(j, NO_SEARCH);
}

HANDLER(xray, GetRetrievedTracesGraph)
{
    return ops_not_here(j, NO_SEARCH);
}

HANDLER(xray, CancelTraceRetrieval)
{
    return ops_not_here(j, NO_SEARCH);
}

HANDLER(xray, GetIndexingRules)
{
    return ops_not_here(j, NO_SEARCH);
}

HANDLER(xray, UpdateIndexingRule)
{
    return ops_not_here(j, NO_SEARCH);
}

static void answer_destination(struct job *j)
{
    value_put_c(j->a, outcome_output(j->cx, j->out), "Destination", "XRay");
    value_put_c(j->a, outcome_output(j->cx, j->out), "Status", "ACTIVE");
}

HANDLER(xray, GetTraceSegmentDestination)
{
    answer_destination(j);
    return j->rc;
}

HANDLER(xray, UpdateTraceSegmentDestination)
{
    if (!str_eq_c(job_text(j, "Destination"), "XRay"))
        return ops_not_here(j, NO_SEARCH);
    answer_destination(j);
    return j->rc;
}
