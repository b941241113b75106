/* Values put and read; stages moved by hand. */
#include "emulator/services/secretsmanager/secretsmanager.h"

#include "emulator/services/behalf.h"

#define DAY_MS (24 * 3600 * 1000ll)

int secretsmanager_PutSecretValue(struct ctx *cx, const struct call *call, struct outcome *out,
                                  struct err *err)
{
    struct str id;
    struct sm_secret s;
    int rc = sm_find(cx, call, out, SM_LIVE, &s, err);

    if (rc < 0 || !s.doc)
        return rc;
    if (!param_has(call, "SecretString") && !param_has(call, "SecretBinary")) {
        sm_bad_request(cx, out, "You must provide either SecretString or SecretBinary.");
        return 0;
    }
    rc = sm_add_version(cx, call, out, &s, &id, err);
    if (rc < 0 || outcome_refused(out))
        return rc;
    value_put_time(cx->a, s.doc, "LastChangedDate", cx->now_ms);
    struct value *o = sm_answer(cx, out, &s);
    value_put_str(cx->a, o, "VersionId", id);
    value_set(o, STR("VersionStages"),
              value_copy(cx->a, value_get_c(sm_version(s.doc, id), "VersionStages")));
    return sm_save(cx, &s, err);
}

/* By id, by stage, or AWSCURRENT; both given must agree. */
static struct value *pick(struct ctx *cx, const struct call *call, struct outcome *out,
                          const struct value *doc)
{
    struct str id = param_str(call, "VersionId"), stage = param_str(call, "VersionStage");
    const char *label = stage.len ? arena_copy(cx->a, stage).ptr : "AWSCURRENT";
    struct value *v = id.len ? sm_version(doc, id) : sm_staged(doc, label);

    if (!v && id.len > 0)
        outcome_refuse(cx->a, out, 0, "ResourceNotFoundException",
                       "Secrets Manager can't find the specified secret value for VersionId: %.*s",
                       STR_ARG(id));
    else if (!v)
        outcome_refuse(cx->a, out, 0, "ResourceNotFoundException",
                       "Secrets Manager can't find the specified secret value for staging label: "
                       "%s",
                       label);
    else if (id.len > 0 && stage.len > 0 && !sm_has_stage(v, stage))
        sm_bad_request(cx, out,
                       "You provided a VersionStage that is not associated to the provided "
                       "VersionId.");
    return outcome_refused(out) ? NULL : v;
}

int secretsmanager_GetSecretValue(struct ctx *cx, const struct call *call, struct outcome *out,
                                  struct err *err)
{
    struct value *version, *o;
    struct sm_secret s;
    int rc = sm_find(cx, call, out, SM_LIVE, &s, err);

    if (rc < 0 || !s.doc || !(version = pick(cx, call, out, s.doc)))
        return rc;
    o = sm_answer(cx, out, &s);
    value_put_str(cx->a, o, "VersionId", value_get_str(version, "VersionId"));
    rc = sm_open(cx, call, out, &s, version, o, err);
    if (rc < 0 || outcome_refused(out))
        return rc;
    value_set(o, STR("VersionStages"), value_copy(cx->a, value_get_c(version, "VersionStages")));
    value_put_time(cx->a, o, "CreatedDate", value_get_time(version, "CreatedDate", 0));
    /* Source: Secrets Manager API Reference, "DescribeSecret", LastAccessedDate: the day, no time.
     */
    int64_t today_ms = cx->now_ms - cx->now_ms % DAY_MS;
    if (value_get_time(version, "LastAccessedDate", 0) == today_ms)
        return 0;
    value_put_time(cx->a, version, "LastAccessedDate", today_ms);
    value_put_time(cx->a, s.doc, "LastAccessedDate", today_ms);
    return sm_save(cx, &s, err);
}

static bool batch_ok(struct ctx *cx, const struct call *call, struct outcome *out)
{
    if (param_has(call, "SecretIdList") == param_has(call, "Filters"))
        sm_bad_parameter(cx, out,
                         "Either 'SecretIdList' or 'Filters' must be provided, but not both.");
    else if (param_has(call, "MaxResults") && !param_has(call, "Filters"))
        sm_bad_parameter(cx, out,
                         "'Filters' not specified. 'Filters' must also be specified when "
                         "'MaxResults' is provided.");
    return !outcome_refused(out);
}

/* Source: Secrets Manager User Guide, "Retrieve a group of secrets in a batch": a GetSecretValue is
 * logged for each. */
static int batch_one(struct ctx *cx, const struct call *call, struct str id, struct value *values,
                     struct value *errors, struct err *err)
{
    struct value *params = value_map(cx->a), *row;
    struct outcome one;

    value_put_str(cx->a, params, "SecretId", id);
    int rc = behalf_call(cx, call,
                         &(struct behalf){ .service = "secretsmanager",
                                           .operation = "GetSecretValue",
                                           .host = NULL,
                                           .params = params },
                         &one, err);
    if (rc < 0)
        return rc;
    if (!outcome_refused(&one)) {
        value_push(values, one.output);
        return 0;
    }
    row = value_map(cx->a);
    value_put_str(cx->a, row, "SecretId", id);
    value_put_str(cx->a, row, "ErrorCode", one.code);
    value_put_str(cx->a, row, "Message", one.message);
    value_push(errors, row);
    return 0;
}

static int batch_filtered(struct ctx *cx, const struct call *call, struct outcome *out,
                          struct value *values, struct value *errors, struct err *err)
{
    int64_t most = param_int(call, "MaxResults", 20); /* Source: the same, API Reference */
    struct str after = { 0 };
    struct doc *docs;
    size_t count, i = 0;
    int rc;

    if (!page_after(cx, call, param_str(call, "NextToken"), &after)) {
        outcome_refuse(cx->a, out, 0, "InvalidNextTokenException", "The NextToken is invalid.");
        return 0;
    }
    if ((rc = sm_matching(cx, call, out, &docs, &count, err)) < 0 || outcome_refused(out))
        return rc;
    while (after.len > 0 && i < count && !str_eq(docs[i++].key.id, after))
        ;
    for (; rc == 0 && i < count && most > 0; i++, most--)
        rc = batch_one(cx, call, docs[i].key.id, values, errors, err);
    if (rc == 0 && i < count)
        value_put_str(cx->a, outcome_output(cx, out), "NextToken",
                      page_token(cx, call, docs[i - 1].key.id));
    return rc;
}

int secretsmanager_BatchGetSecretValue(struct ctx *cx, const struct call *call, struct outcome *out,
                                       struct err *err)
{
    struct value *values = value_list(cx->a), *errors = value_list(cx->a);
    int rc = 0;

    if (!batch_ok(cx, call, out))
        return 0;
    if (param_has(call, "Filters"))
        rc = batch_filtered(cx, call, out, values, errors, err);
    for (const struct value *v = value_first(param(call, "SecretIdList")); rc == 0 && v;
         v = v->next)
        rc = batch_one(cx, call, v->u.text, values, errors, err);
    value_set(outcome_output(cx, out), STR("SecretValues"), values);
    value_set(out->output, STR("Errors"), errors);
    return rc;
}

static bool stage_move_ok(struct ctx *cx, const struct call *call, struct outcome *out,
                          const struct value *holder)
{
    struct str from = param_str(call, "RemoveFromVersionId");
    struct str stage = param_str(call, "VersionStage");

    if (from.len > 0 && (!holder || !str_eq(value_get_str(holder, "VersionId"), from)))
        outcome_refuse(cx->a, out, 0, "InvalidParameterException",
                       "The staging label %.*s isn't currently attached to version %.*s.",
                       STR_ARG(stage), STR_ARG(from));
    else if (from.len == 0 && holder &&
             !str_eq(value_get_str(holder, "VersionId"), param_str(call, "MoveToVersionId")))
        outcome_refuse(cx->a, out, 0, "InvalidParameterException",
                       "The parameter RemoveFromVersionId can't be empty. Staging label %.*s is "
                       "currently attached to version %.*s, so you must explicitly reference that "
                       "version in RemoveFromVersionId.",
                       STR_ARG(stage), STR_ARG(value_get_str(holder, "VersionId")));
    else if (str_eq_c(stage, "AWSCURRENT") && !param_has(call, "MoveToVersionId"))
        sm_bad_parameter(cx, out,
                         "You can only move staging label AWSCURRENT to a different secret "
                         "version. It can't be completely removed.");
    return !outcome_refused(out);
}

int secretsmanager_UpdateSecretVersionStage(struct ctx *cx, const struct call *call,
                                            struct outcome *out, struct err *err)
{
    struct str to = param_str(call, "MoveToVersionId"), stage = param_str(call, "VersionStage");
    struct sm_secret s;
    int rc = sm_find(cx, call, out, SM_LIVE, &s, err);

    if (rc < 0 || !s.doc)
        return rc;
    struct value *holder = sm_staged(s.doc, arena_copy(cx->a, stage).ptr);
    struct value *target = to.len ? sm_version(s.doc, to) : NULL;
    if (!stage_move_ok(cx, call, out, holder))
        return 0;
    if (to.len > 0 && !target) {
        outcome_refuse(cx->a, out, 0, "InvalidParameterException", "Not a valid version: %.*s",
                       STR_ARG(to));
        return 0;
    }
    if (target)
        sm_move_stage(cx, s.doc, target, stage);
    else if (holder)
        sm_take_stage(cx, holder, stage);
    value_put_time(cx->a, s.doc, "LastChangedDate", cx->now_ms);
    (void)sm_answer(cx, out, &s);
    return sm_save(cx, &s, err);
}
