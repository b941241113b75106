/* Which secret is meant; making, changing, deleting, restoring it. */
#include "emulator/services/secretsmanager/secretsmanager.h"

#include "core/aws/arn.h"
#include "core/aws/region.h"
#include "emulator/services/resource_policy.h"

#define DAY_MS (24 * 3600 * 1000ll)
/* Source: Secrets Manager API Reference, "DeleteSecret" RecoveryWindowInDays, "CreateSecret" Name;
 * "Resource quotas". */
enum { WINDOW_LEAST = 7, WINDOW_MOST = 30, NAME_MOST = 512, TAGS_MOST = 50, SUFFIX_LEN = 6 };

void sm_bad_parameter(struct ctx *cx, struct outcome *out, const char *text)
{
    outcome_refuse(cx->a, out, 0, "InvalidParameterException", "%s", text);
}

void sm_bad_request(struct ctx *cx, struct outcome *out, const char *text)
{
    outcome_refuse(cx->a, out, 0, "InvalidRequestException", "%s", text);
}

bool sm_is_gone(const struct ctx *cx, const struct value *doc)
{
    return value_get_time(doc, "DeletedDate", INT64_MAX) <= cx->now_ms;
}

static struct doc_key secret_at(const struct call *call, struct str name)
{
    return service_key_regional(call, "secretsmanager", "Secret", name);
}

static int load(struct ctx *cx, struct doc_key at, struct sm_secret *s, struct err *err)
{
    int rc = store_doc_get(cx->e->store, cx->a, at, &s->doc, err);

    if (rc == E_MISSING || (rc == 0 && sm_is_gone(cx, s->doc))) {
        s->doc = NULL;
        return 0;
    }
    if (rc == 0)
        s->arn = value_get_str(s->doc, "ARN");
    return rc;
}

/* An ARN names its secret with or without the six characters at its end. */
static int load_by_arn(struct ctx *cx, struct str text, struct sm_secret *s, struct err *err)
{
    struct str name, rest;
    struct arn arn;

    if (arn_parse(text, &arn, NULL) < 0 || !str_eq_c(arn.service, "secretsmanager") ||
        !str_cut(arn.resource, ':', &rest, &name) || !str_eq(arn.region, s->at.region))
        return 0;
    s->at.account = arn.account;
    s->at.id = name;
    int rc = load(cx, s->at, s, err);
    if (rc < 0 || s->doc || name.len <= SUFFIX_LEN + 1)
        return rc;
    s->at.id = str_sub(name, 0, name.len - SUFFIX_LEN - 1);
    rc = load(cx, s->at, s, err);
    if (s->doc && !str_eq(s->arn, text))
        s->doc = NULL;
    return rc;
}

/* The resource policy: it must let other accounts in, and may shut the own one out. */
static bool allowed(struct ctx *cx, const struct call *call, struct outcome *out,
                    const struct sm_secret *s)
{
    const struct resource_question q = {
        value_get_str(s->doc, "Policy"),
        arena_printf(cx->a, "secretsmanager:%.*s", STR_ARG(call->action)), s->arn, NULL
    };
    enum policy_effect effect = resource_policy_judge(cx, call, &q);
    bool own = str_eq(s->at.account, call->account);

    if (effect == POLICY_DENY || (effect == POLICY_NO_MATCH && !own))
        resource_policy_refuse(cx, call, out, &q, effect);
    return !outcome_refused(out);
}

int sm_find(struct ctx *cx, const struct call *call, struct outcome *out, enum sm_use use,
            struct sm_secret *s, struct err *err)
{
    struct str id = param_str(call, "SecretId");

    *s = (struct sm_secret){ .at = secret_at(call, id) };
    int rc =
        str_has_prefix(id, STR("arn:")) ? load_by_arn(cx, id, s, err) : load(cx, s->at, s, err);
    if (rc < 0)
        return rc;
    if (!s->doc)
        outcome_refuse(cx->a, out, 0, "ResourceNotFoundException",
                       "Secrets Manager can't find the specified secret.");
    else if (!allowed(cx, call, out, s))
        s->doc = NULL;
    else if (use == SM_LIVE && value_get_c(s->doc, "DeletedDate"))
        sm_bad_request(cx, out,
                       "You can't perform this operation on the secret because it was marked for "
                       "deletion.");
    if (outcome_refused(out))
        s->doc = NULL;
    return 0;
}

int sm_save(struct ctx *cx, const struct sm_secret *s, struct err *err)
{
    return store_doc_put(cx->e->store, s->at, s->doc, err);
}

int sm_sweep(struct ctx *cx, const struct call *call, struct err *err)
{
    struct doc *docs;
    size_t count;
    int rc = store_doc_list(cx->e->store, cx->a, secret_at(call, STR("")), STR(""), 0, &docs,
                            &count, err);

    for (size_t i = 0; rc == 0 && i < count; i++)
        if (sm_is_gone(cx, docs[i].value))
            rc = store_doc_delete(cx->e->store, docs[i].key, err);
    return rc;
}

struct value *sm_answer(struct ctx *cx, struct outcome *out, const struct sm_secret *s)
{
    struct value *o = outcome_output(cx, out);

    value_put_str(cx->a, o, "ARN", s->arn);
    value_put_str(cx->a, o, "Name", value_get_str(s->doc, "Name"));
    return o;
}

bool sm_tags_ok(struct ctx *cx, struct outcome *out, const struct value *tags)
{
    if (tags && tags->count > TAGS_MOST)
        sm_bad_parameter(cx, out, "The number of tags can't be over 50.");
    for (const struct value *t = value_first(tags); t && !outcome_refused(out); t = t->next) {
        if (str_has_prefix(value_get_str(t, "Key"), STR("aws:")))
            sm_bad_parameter(cx, out, "Tag keys beginning with aws: are reserved.");
        for (const struct value *u = t->next; u && !outcome_refused(out); u = u->next)
            if (str_eq(value_get_str(u, "Key"), value_get_str(t, "Key")))
                sm_bad_parameter(cx, out, "Tag keys can't be given twice.");
    }
    return !outcome_refused(out);
}

static bool name_ok(struct ctx *cx, struct outcome *out, struct str name)
{
    bool ok = name.len > 0 && name.len <= NAME_MOST;

    for (size_t i = 0; ok && i < name.len; i++) {
        char c = name.ptr[i];
        ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             (c && strchr("-/_+=.@!", c));
    }
    if (!ok)
        outcome_refuse(cx->a, out, 400, "ValidationException",
                       "Invalid name. Must be a valid name containing alphanumeric characters, or "
                       "any of the following: -/_+=.@!");
    return ok;
}

static bool no_replicas(struct ctx *cx, const struct call *call, struct outcome *out)
{
    const struct value *regions = param(call, "AddReplicaRegions");

    if (regions && regions->count > 0)
        outcome_refuse(cx->a, out, 501, "NotImplemented", "mocktrail replicates no secrets.");
    return !outcome_refused(out);
}

/* Members that a call sets as they come. */
static void take(struct ctx *cx, const struct call *call, struct value *doc)
{
    static const char *const members[] = { "Description", "KmsKeyId", "Type" };

    for (size_t i = 0; i < COUNT(members); i++)
        if (param_has(call, members[i]))
            value_put_str(cx->a, doc, members[i], param_str(call, members[i]));
}

static struct str arn_new(struct ctx *cx, const struct call *call, struct str name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    struct str suffix = rng_chars(&cx->rng, cx->a, str_c(letters), SUFFIX_LEN);

    return arena_printf(cx->a, "arn:%.*s:secretsmanager:%.*s:%.*s:secret:%.*s-%.*s",
                        STR_ARG(region_partition(call->region)), STR_ARG(call->region),
                        STR_ARG(call->account), STR_ARG(name), STR_ARG(suffix));
}

static void make(struct ctx *cx, const struct call *call, struct sm_secret *s)
{
    struct str name = param_str(call, "Name");

    s->at = secret_at(call, name);
    s->arn = arn_new(cx, call, name);
    s->doc = value_map(cx->a);
    value_put_str(cx->a, s->doc, "Name", name);
    value_put_str(cx->a, s->doc, "ARN", s->arn);
    take(cx, call, s->doc);
    if (param_has(call, "Tags"))
        value_set(s->doc, STR("Tags"), value_copy(cx->a, param(call, "Tags")));
    value_put_time(cx->a, s->doc, "CreatedDate", cx->now_ms);
    value_put_time(cx->a, s->doc, "LastChangedDate", cx->now_ms);
    value_set(s->doc, STR("Versions"), value_list(cx->a));
}

static void finish(struct ctx *cx, struct outcome *out, const struct sm_secret *s,
                   struct str version_id)
{
    struct value *o = sm_answer(cx, out, s);

    if (version_id.len > 0)
        value_put_str(cx->a, o, "VersionId", version_id);
}

/* A create that is tried again with its token, and the same value, succeeds again. */
static int again(struct ctx *cx, const struct call *call, struct outcome *out, struct sm_secret *s,
                 struct err *err)
{
    struct str token = param_str(call, "ClientRequestToken"), id;

    if (value_get_c(s->doc, "DeletedDate")) {
        sm_bad_request(cx, out,
                       "You can't create this secret because a secret with this name is already "
                       "scheduled for deletion.");
        return 0;
    }
    if (token.len == 0 || !sm_version(s->doc, token)) {
        outcome_refuse(cx->a, out, 0, "ResourceExistsException",
                       "The operation failed because the secret %.*s already exists.",
                       STR_ARG(param_str(call, "Name")));
        return 0;
    }
    int rc = sm_add_version(cx, call, out, s, &id, err);
    if (rc == 0 && !outcome_refused(out))
        finish(cx, out, s, id);
    return rc;
}

int secretsmanager_CreateSecret(struct ctx *cx, const struct call *call, struct outcome *out,
                                struct err *err)
{
    struct sm_secret s = { .at = secret_at(call, param_str(call, "Name")) };
    struct str version_id;

    if (!name_ok(cx, out, s.at.id) || !no_replicas(cx, call, out) ||
        !sm_tags_ok(cx, out, param(call, "Tags")))
        return 0;
    int rc = load(cx, s.at, &s, err);
    if (rc < 0 || s.doc)
        return rc < 0 ? rc : again(cx, call, out, &s, err);
    make(cx, call, &s);
    rc = sm_add_version(cx, call, out, &s, &version_id, err);
    if (rc < 0 || outcome_refused(out))
        return rc;
    finish(cx, out, &s, version_id);
    return sm_save(cx, &s, err);
}

int secretsmanager_UpdateSecret(struct ctx *cx, const struct call *call, struct outcome *out,
                                struct err *err)
{
    struct str version_id;
    struct sm_secret s;
    int rc = sm_find(cx, call, out, SM_LIVE, &s, err);

    if (rc < 0 || !s.doc)
        return rc;
    take(cx, call, s.doc);
    rc = sm_add_version(cx, call, out, &s, &version_id, err);
    if (rc < 0 || outcome_refused(out))
        return rc;
    value_put_time(cx->a, s.doc, "LastChangedDate", cx->now_ms);
    finish(cx, out, &s, version_id);
    return sm_save(cx, &s, err);
}

static bool window_ok(struct ctx *cx, const struct call *call, struct outcome *out)
{
    int64_t days = param_int(call, "RecoveryWindowInDays", WINDOW_MOST);

    if (param_bool(call, "ForceDeleteWithoutRecovery", false) &&
        param_has(call, "RecoveryWindowInDays"))
        sm_bad_parameter(cx, out,
                         "You can't use ForceDeleteWithoutRecovery in conjunction with "
                         "RecoveryWindowInDays.");
    else if (days < WINDOW_LEAST || days > WINDOW_MOST)
        sm_bad_parameter(cx, out,
                         "The RecoveryWindowInDays value must be between 7 and 30 days "
                         "(inclusive).");
    return !outcome_refused(out);
}

/* Source: Secrets Manager API Reference, "DeleteSecret", ForceDeleteWithoutRecovery: an absent
 * secret is no error, so that a retry is none. */
static void never_was(struct ctx *cx, const struct call *call, struct outcome *out)
{
    struct str id = param_str(call, "SecretId");
    struct value *o;

    if (!str_eq_c(out->code, "ResourceNotFoundException"))
        return;
    out->code = out->message = (struct str){ 0 };
    o = outcome_output(cx, out);
    value_put_str(cx->a, o, "ARN", str_has_prefix(id, STR("arn:")) ? id : arn_new(cx, call, id));
    value_put_str(cx->a, o, "Name", id);
    value_put_time(cx->a, o, "DeletionDate", cx->now_ms);
}

int secretsmanager_DeleteSecret(struct ctx *cx, const struct call *call, struct outcome *out,
                                struct err *err)
{
    bool at_once = param_bool(call, "ForceDeleteWithoutRecovery", false);
    struct sm_secret s;

    if (!window_ok(cx, call, out))
        return 0;
    int rc = sm_find(cx, call, out, at_once ? SM_ALSO_DELETED : SM_LIVE, &s, err);
    if (rc == 0 && !s.doc && at_once)
        never_was(cx, call, out);
    if (rc < 0 || !s.doc)
        return rc;
    int64_t date_ms =
        at_once ? cx->now_ms
                : cx->now_ms + param_int(call, "RecoveryWindowInDays", WINDOW_MOST) * DAY_MS;
    value_put_time(cx->a, sm_answer(cx, out, &s), "DeletionDate", date_ms);
    if (at_once)
        return store_doc_delete(cx->e->store, s.at, err);
    value_put_time(cx->a, s.doc, "DeletedDate", date_ms);
    return sm_save(cx, &s, err);
}

int secretsmanager_RestoreSecret(struct ctx *cx, const struct call *call, struct outcome *out,
                                 struct err *err)
{
    struct sm_secret s;
    int rc = sm_find(cx, call, out, SM_ALSO_DELETED, &s, err);

    if (rc < 0 || !s.doc)
        return rc;
    (void)value_remove(s.doc, STR("DeletedDate")); /* restoring a live secret changes nothing */
    (void)sm_answer(cx, out, &s);
    return sm_save(cx, &s, err);
}
