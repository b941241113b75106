#include "core/aws/arn.h"
#include "core/aws/ids.h"
#include "core/aws/region.h"
#include "emulator/services/cloudtrail/cloudtrail.h"
#include "emulator/trail/bucket.h"
#include "emulator/trail/config.h"
#include "emulator/trail/trail.h"

struct str ct_arn(struct ctx *cx, struct str region, struct str account, struct str name)
{
    return arena_printf(cx->a, "arn:%.*s:cloudtrail:%.*s:%.*s:trail/%.*s",
                        STR_ARG(region_partition(region)), STR_ARG(region), STR_ARG(account),
                        STR_ARG(name));
}

struct doc_key ct_status_key(const struct ct_trail *trail)
{
    return config_key(trail->key.account, trail->key.region, "TrailStatus", trail->key.id);
}

bool ct_is_default(const struct doc *trail)
{
    return str_eq(trail->key.id, STR("mocktrail"));
}

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_mark(char c)
{
    return c == '.' || c == '_' || c == '-';
}

static bool is_ip_address(struct str s)
{
    int dots = 0;

    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '.')
            dots++;
        else if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
    }
    return dots == 3;
}

/* Source: CloudTrail API Reference, "CreateTrail", Name: the requirements, in this order. */
static const char *name_fault(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!is_alnum(s.ptr[i]) && !is_mark(s.ptr[i]))
            return "Trail name or ARN can only contain uppercase letters, lowercase letters, "
                   "numbers, periods (.), hyphens (-), and underscores (_).";
    if (!is_alnum(s.ptr[0]))
        return "Trail name must starts with a letter or number.";
    if (!is_alnum(s.ptr[s.len - 1]))
        return "Trail name must ends with a letter or number.";
    for (size_t i = 1; i < s.len; i++)
        if (is_mark(s.ptr[i]) && is_mark(s.ptr[i - 1]))
            return "Trail name cannot have two adjacent periods, underscores or hyphens.";
    return is_ip_address(s) ? "Trail name must not be formatted as an IP address." : NULL;
}

bool ct_name_ok(struct ctx *cx, struct outcome *out, struct str name)
{
    const char *fault = NULL;

    if (name.len < 3)
        outcome_refuse(cx->a, out, 400, "InvalidTrailNameException",
                       "Trail name too short. Minimum allowed length: 3 characters. Specified name "
                       "length: %zu characters.",
                       name.len);
    else if (name.len > 128)
        outcome_refuse(cx->a, out, 400, "InvalidTrailNameException",
                       "Trail name too long. Maximum allowed length: 128 characters. Specified "
                       "name length: %zu characters.",
                       name.len);
    else if ((fault = name_fault(name)) != NULL)
        outcome_refuse(cx->a, out, 400, "InvalidTrailNameException", "%s", fault);
    return !outcome_refused(out);
}

/* NAME, or arn:PARTITION:cloudtrail:REGION:ACCOUNT:trail/NAME, as the key of a document. */
static bool name_read(struct ctx *cx, const struct call *call, struct outcome *out, struct str name,
                      struct doc_key *key)
{
    struct arn arn;

    if (!str_has_prefix(name, STR("arn:"))) {
        *key = config_key(call->account, call->region, "Trail", name);
        return ct_name_ok(cx, out, name);
    }
    if (arn_parse(name, &arn, NULL) < 0 || !str_eq(arn.service, STR("cloudtrail")) ||
        !ids_is_account(arn.account) || !str_has_prefix(arn.resource, STR("trail/"))) {
        outcome_refuse(cx->a, out, 400, "CloudTrailARNInvalidException",
                       "Trail ARN %.*s is not valid.", STR_ARG(name));
        return false;
    }
    *key = config_key(arn.account, arn.region, "Trail", str_sub(arn.resource, 6, name.len));
    return ct_name_ok(cx, out, key->id);
}

static void unknown(struct ctx *cx, const struct call *call, struct outcome *out,
                    struct doc_key key)
{
    struct str arn = ct_arn(cx, key.region, key.account, key.id);

    outcome_refuse(cx->a, out, 400, "TrailNotFoundException",
                   "Unknown trail: %.*s for the user: %.*s", STR_ARG(arn), STR_ARG(call->account));
}

/* Trails of the organization are seen by its members. */
static int is_shared(struct ctx *cx, const struct call *call, const struct ct_trail *found,
                     bool *out, struct err *err)
{
    struct str management, org;

    *out = str_eq(found->key.account, call->account);
    if (*out || !value_get_bool(found->doc, "IsOrganizationTrail", false))
        return 0;
    int rc = config_organization(cx->e->store, cx->a, call->account, &management, &org, err);
    *out = rc == 0 && str_eq(management, found->key.account);
    return rc;
}

static bool may_change(struct ctx *cx, const struct call *call, struct outcome *out,
                       const struct ct_trail *found)
{
    if (!str_eq(found->key.account, call->account))
        outcome_refuse(cx->a, out, 400, "NotOrganizationMasterAccountException",
                       "The account is not the management account of the organization.");
    else if (!str_eq(found->key.region, call->region))
        outcome_refuse(cx->a, out, 400, "InvalidHomeRegionException",
                       "The trail's home region is %.*s, not %.*s.", STR_ARG(found->key.region),
                       STR_ARG(call->region));
    return !outcome_refused(out);
}

/* A multi-region trail of another home, named from here: only its ARN names it for a READ, but a
 * CHANGE is told where its home is. */
static int find_elsewhere(struct ctx *cx, const struct call *call, struct ct_trail *found,
                          struct err *err)
{
    struct doc *docs;
    size_t count;
    int rc = ct_visible(cx, call, call->region, &docs, &count, err);

    for (size_t i = 0; rc == 0 && i < count; i++)
        if (str_eq(docs[i].key.id, found->key.id)) {
            found->key = docs[i].key;
            found->doc = docs[i].value;
            return 0;
        }
    return rc < 0 ? rc : E_MISSING;
}

int ct_find(struct ctx *cx, const struct call *call, struct outcome *out, struct str name,
            enum ct_use use, struct ct_trail *found, struct err *err)
{
    struct doc_key asked;
    bool shared = true;

    *found = (struct ct_trail){ 0 };
    if (!name_read(cx, call, out, name, &found->key))
        return 0;
    asked = found->key;
    int rc = store_doc_get(cx->e->store, cx->a, found->key, &found->doc, err);
    if (rc == E_MISSING && use == CT_CHANGE)
        rc = find_elsewhere(cx, call, found, err);
    if (rc == 0)
        rc = is_shared(cx, call, found, &shared, err);
    if (rc < 0 && rc != E_MISSING)
        return rc;
    if (rc == E_MISSING || !shared) {
        found->doc = NULL;
        unknown(cx, call, out, asked);
    } else if (use == CT_CHANGE && !may_change(cx, call, out, found)) {
        found->doc = NULL;
    }
    return 0;
}

static bool is_seen_in(const struct doc *trail, struct str region)
{
    return region.len == 0 || str_eq(trail->key.region, region) ||
           value_get_bool(trail->value, "IsMultiRegionTrail", false);
}

static int add_trails(struct ctx *cx, struct str account, bool org_only, struct str region,
                      struct buf *out, struct err *err)
{
    struct doc *docs;
    size_t count;
    int rc = store_doc_list(cx->e->store, cx->a, config_key(account, STR(""), "Trail", STR("")),
                            STR(""), 0, &docs, &count, err);

    for (size_t i = 0; rc == 0 && i < count; i++)
        if (is_seen_in(&docs[i], region) &&
            (!org_only || value_get_bool(docs[i].value, "IsOrganizationTrail", false)))
            buf_add(out, (struct str){ (const char *)&docs[i], sizeof docs[i] });
    return rc;
}

int ct_visible(struct ctx *cx, const struct call *call, struct str region, struct doc **out,
               size_t *count, struct err *err)
{
    struct buf found = { 0 };
    struct str management, org;
    int rc = add_trails(cx, call->account, false, region, &found, err);

    if (rc == 0)
        rc = config_organization(cx->e->store, cx->a, call->account, &management, &org, err);
    if (rc == 0 && management.len > 0 && !str_eq(management, call->account))
        rc = add_trails(cx, management, true, region, &found, err);
    if (rc == 0) {
        *count = found.len / sizeof **out;
        *out = arena_array(cx->a, *count, sizeof **out);
        if (*count > 0)
            memcpy(*out, found.ptr, found.len);
    }
    buf_free(&found);
    return rc;
}

int ct_changed(struct ctx *cx, const struct call *call, const struct ct_trail *trail,
               struct err *err)
{
    struct str arn = ct_arn(cx, trail->key.region, trail->key.account, trail->key.id);

    return trail_changed(cx->e->trail, trail->key.account, arn, call->seq, err);
}

int ct_save(struct ctx *cx, const struct call *call, const struct ct_trail *trail, struct err *err)
{
    int rc = store_doc_put(cx->e->store, trail->key, trail->doc, err);

    return rc < 0 ? rc : ct_changed(cx, call, trail, err);
}

/* Source: CloudTrail User Guide, "Amazon S3 bucket policy for CloudTrail": what must be allowed. */
static bool policy_lets_in(struct ctx *cx, const struct call *call, const struct bucket_view *b,
                           const struct value *trail, struct str holder)
{
    struct str arn = value_get_str(trail, "TrailARN"), prefix = value_get_str(trail, "S3KeyPrefix");
    struct str bucket =
        arena_printf(cx->a, "arn:%.*s:s3:::%.*s", STR_ARG(region_partition(call->region)),
                     STR_ARG(value_get_str(trail, "S3BucketName")));
    struct str object =
        arena_printf(cx->a, "%.*s/%.*s%sAWSLogs/%.*s/CloudTrail/check", STR_ARG(bucket),
                     STR_ARG(prefix), prefix.len ? "/" : "", STR_ARG(holder));

    return bucket_ask(cx->a, b, "s3:GetBucketAcl", bucket, arn, call->account) == POLICY_ALLOW &&
           bucket_ask(cx->a, b, "s3:PutObject", object, arn, call->account) == POLICY_ALLOW;
}

int ct_bucket_ok(struct ctx *cx, const struct call *call, struct outcome *out,
                 const struct value *trail, struct str org_id, struct err *err)
{
    struct str name = value_get_str(trail, "S3BucketName");
    struct bucket_view b;
    int rc = bucket_view(cx->e->store, cx->a, name, &b, err);

    if (rc < 0)
        return rc;
    if (!b.exists)
        outcome_refuse(cx->a, out, 400, "S3BucketDoesNotExistException",
                       "S3 bucket %.*s does not exist!", STR_ARG(name));
    else if (!policy_lets_in(cx, call, &b, trail, call->account) ||
             (org_id.len > 0 && !policy_lets_in(cx, call, &b, trail, org_id)))
        outcome_refuse(cx->a, out, 400, "InsufficientS3BucketPolicyException",
                       "Incorrect S3 bucket policy is detected for bucket: %.*s", STR_ARG(name));
    return !outcome_refused(out);
}
