/* Access keys: made here, believed by emulator/identity at once. */
#include "core/aws/ids.h"
#include "core/aws/region.h"
#include "emulator/services/iam/iam.h"
#include "emulator/store/history.h"
#include "emulator/trail/trail.h"

enum { KEYS_PER_USER = 2 }; /* Source: IAM User Guide, "IAM and AWS STS quotas" */

/* Whose keys the call is about: a user, or the root user where nobody is named. */
struct owner {
    struct str name;    /* empty: root */
    struct value *user; /* NULL: root */
    struct str id, arn;
};

/* Refused when there is no such user; owner->arn is then empty. */
static int owner_of(struct ctx *cx, const struct call *call, struct outcome *out,
                    struct owner *owner, struct err *err)
{
    *owner = (struct owner){ .name = iam_user_name(call) };
    if (owner->name.len == 0) {
        if (call->who->type != PRINCIPAL_ROOT) {
            outcome_refuse(cx->a, out, 400, "ValidationError",
                           "Must specify userName when calling with non-User credentials");
            return 0;
        }
        owner->id = call->account;
        owner->arn = arena_printf(cx->a, "arn:aws:iam::%.*s:root", STR_ARG(call->account));
        return 0;
    }
    int rc = iam_load(cx, call, out, &iam_user, owner->name, &owner->user, err);
    if (rc == 0 && owner->user) {
        owner->id = value_get_str(owner->user, "UserId");
        owner->arn = value_get_str(owner->user, "Arn");
    }
    return rc;
}

/* The owner's keys, oldest first. */
static int keys_of(struct ctx *cx, const struct call *call, struct str name, struct doc **keys,
                   size_t *count, struct err *err)
{
    struct doc *docs;
    size_t all;
    int rc = iam_all(cx, call, "AccessKey", &docs, &all, err);

    *count = 0;
    if (rc < 0)
        return rc;
    *keys = arena_array(cx->a, all + 1, sizeof **keys);
    for (size_t i = 0; i < all; i++)
        if (str_eq(value_get_str(docs[i].value, "UserName"), name))
            (*keys)[(*count)++] = docs[i];
    return 0;
}

/* What emulator/identity must know to take a signature of this key for its owner's. */
static int publish(struct ctx *cx, const struct call *call, const struct value *key,
                   struct err *err)
{
    bool root = value_get_str(key, "UserName").len == 0;
    struct principal p = {
        .type = root ? PRINCIPAL_ROOT : PRINCIPAL_IAM_USER,
        .account = call->account,
        .principal_id = value_get_str(key, "UserId"),
        .arn = value_get_str(key, "UserArn"),
        .access_key_id = value_get_str(key, "AccessKeyId"),
        .user_name = value_get_str(key, "UserName"),
        .secret = value_get_str(key, "SecretAccessKey"),
    };
    p.is_inactive = !str_eq_c(value_get_str(key, "Status"), "Active");
    return identity_put_key(cx->e->identity, &p, err);
}

int iam_CreateAccessKey(struct ctx *cx, const struct call *call, struct outcome *out,
                        struct err *err)
{
    struct owner owner;
    struct doc *keys;
    size_t count;
    int rc = owner_of(cx, call, out, &owner, err);

    if (rc < 0 || outcome_refused(out))
        return rc;
    rc = keys_of(cx, call, owner.name, &keys, &count, err);
    if (rc < 0)
        return rc;
    if (count >= KEYS_PER_USER) {
        outcome_refuse(cx->a, out, 0, "LimitExceededException",
                       "Cannot exceed quota for AccessKeysPerUser: %d", KEYS_PER_USER);
        return 0;
    }
    struct value *key = value_map(cx->a);
    struct str id = ids_unique(cx->a, &cx->rng, "AKIA", call->account);
    value_put_str(cx->a, key, "UserName", owner.name);
    value_put_str(cx->a, key, "AccessKeyId", id);
    value_put_c(cx->a, key, "Status", "Active");
    value_put_str(cx->a, key, "SecretAccessKey", ids_secret_key(cx->a, &cx->rng));
    value_put_time(cx->a, key, "CreateDate", iam_now(cx));
    value_set(outcome_output(cx, out), STR("AccessKey"), value_copy(cx->a, key));
    value_put_str(cx->a, key, "UserId", owner.id);
    value_put_str(cx->a, key, "UserArn", owner.arn);
    value_put_bool(cx->a, key, "IsRoot", owner.user == NULL);
    rc = iam_save(cx, call, "AccessKey", id, key, err);
    return rc < 0 ? rc : publish(cx, call, key, err);
}

int iam_ListAccessKeys(struct ctx *cx, const struct call *call, struct outcome *out,
                       struct err *err)
{
    static const char *const shown[] = { "UserName", "AccessKeyId", "Status", "CreateDate" };
    struct owner owner;
    struct doc *keys;
    size_t count;
    int rc = owner_of(cx, call, out, &owner, err);

    if (rc < 0 || outcome_refused(out))
        return rc;
    rc = keys_of(cx, call, owner.name, &keys, &count, err);
    if (rc < 0)
        return rc;
    struct iam_item *items = arena_array(cx->a, count + 1, sizeof *items);
    for (size_t i = 0; i < count; i++) {
        struct value *row = value_map(cx->a);
        for (size_t s = 0; s < COUNT(shown); s++)
            value_set(row, str_c(shown[s]),
                      value_copy(cx->a, value_get_c(keys[i].value, shown[s])));
        items[i] = (struct iam_item){ keys[i].key.id, row };
    }
    return iam_page(cx, call, out, "AccessKeyMetadata", items, count);
}

/* The key AccessKeyId of the call's owner; refused when absent (*key NULL). */
static int load_key(struct ctx *cx, const struct call *call, struct outcome *out,
                    struct value **key, struct err *err)
{
    struct str id = param_str(call, "AccessKeyId");
    struct owner owner;
    int rc = owner_of(cx, call, out, &owner, err);

    *key = NULL;
    if (rc < 0 || outcome_refused(out))
        return rc;
    rc = store_doc_get(cx->e->store, cx->a, iam_key(call, "AccessKey", id), key, err);
    if (rc < 0 && rc != E_MISSING)
        return rc;
    if (rc == E_MISSING || !str_eq(value_get_str(*key, "UserName"), owner.name)) {
        *key = NULL;
        iam_missing(cx, out, "The Access Key with id %.*s cannot be found.", STR_ARG(id));
    }
    return 0;
}

int iam_DeleteAccessKey(struct ctx *cx, const struct call *call, struct outcome *out,
                        struct err *err)
{
    struct value *key;
    int rc = load_key(cx, call, out, &key, err);

    if (rc < 0 || !key)
        return rc;
    rc = store_doc_delete(cx->e->store, iam_key(call, "AccessKey", param_str(call, "AccessKeyId")),
                          err);
    return rc < 0 ? rc : identity_drop_key(cx->e->identity, param_str(call, "AccessKeyId"), err);
}

int iam_UpdateAccessKey(struct ctx *cx, const struct call *call, struct outcome *out,
                        struct err *err)
{
    struct str status = param_str(call, "Status");
    struct value *key;

    if (!str_eq_c(status, "Active") && !str_eq_c(status, "Inactive")) {
        outcome_refuse(
            cx->a, out, 400, "ValidationError",
            "1 validation error detected: Value '%.*s' at 'status' failed to satisfy "
            "constraint: Member must satisfy enum value set: [Active, Inactive, Expired]",
            STR_ARG(status));
        return 0;
    }
    int rc = load_key(cx, call, out, &key, err);
    if (rc < 0 || !key)
        return rc;
    value_put_str(cx->a, key, "Status", status);
    rc = iam_save(cx, call, "AccessKey", param_str(call, "AccessKeyId"), key, err);
    return rc < 0 ? rc : publish(cx, call, key, err);
}

/* The newest event that the key signed, in whichever region; row->seq 0 when there is none. */
static int last_use(struct ctx *cx, const struct call *call, struct str key_id,
                    struct history_row *found, struct err *err)
{
    *found = (struct history_row){ 0 };
    int rc = trail_sync_history(cx->e->trail, err);
    for (size_t i = 0; rc == 0 && region_at(i); i++) {
        struct history_query q = { .account = call->account,
                                   .region = str_c(region_at(i)->name),
                                   .end_ms = INT64_MAX,
                                   .attribute = HISTORY_ACCESS_KEY_ID,
                                   .value = key_id,
                                   .limit = 1,
                                   .before_time_ms = INT64_MAX };
        struct history_row *rows;
        size_t count;
        bool more;
        rc = history_find(cx->e->store, cx->a, &q, &rows, &count, &more, err);
        if (rc == 0 && count > 0 && rows[0].seq > found->seq)
            *found = rows[0];
    }
    return rc;
}

/* Runs without the state lock: it waits for the history, and the drain that fills it takes that
 * lock. */
int iam_GetAccessKeyLastUsed(struct ctx *cx, const struct call *call, struct outcome *out,
                             struct err *err)
{
    struct str id = param_str(call, "AccessKeyId"), service, rest;
    struct value *key = NULL, *used = value_map(cx->a);
    struct history_row row;
    int rc = store_doc_get(cx->e->store, cx->a, iam_key(call, "AccessKey", id), &key, err);

    if (rc == E_MISSING) {
        iam_missing(cx, out, "The Access Key with id %.*s cannot be found.", STR_ARG(id));
        return 0;
    }
    if (rc < 0 || (rc = last_use(cx, call, id, &row, err)) < 0)
        return rc;
    bool ever = row.record.len > 0;
    (void)str_cut(row.event_source, '.', &service, &rest);
    if (ever)
        value_put_time(cx->a, used, "LastUsedDate", row.time_ms);
    value_put_str(cx->a, used, "ServiceName", ever ? service : STR("N/A"));
    value_put_str(cx->a, used, "Region", ever ? row.region : STR("N/A"));
    if (value_get_str(key, "UserName").len > 0)
        value_put_str(cx->a, outcome_output(cx, out), "UserName", value_get_str(key, "UserName"));
    value_set(outcome_output(cx, out), STR("AccessKeyLastUsed"), used);
    return 0;
}

int iam_credentials_held(struct ctx *cx, const struct call *call, struct str user, bool *out,
                         struct err *err)
{
    struct doc *keys;
    size_t count;
    int rc = keys_of(cx, call, user, &keys, &count, err);

    *out = rc == 0 && count > 0;
    return rc;
}

int iam_credentials_follow(struct ctx *cx, const struct call *call, struct str old_name,
                           const struct value *user, struct err *err)
{
    struct doc *keys;
    size_t count;
    int rc = keys_of(cx, call, old_name, &keys, &count, err);

    for (size_t i = 0; rc == 0 && i < count; i++) {
        value_put_str(cx->a, keys[i].value, "UserName", value_get_str(user, "UserName"));
        value_put_str(cx->a, keys[i].value, "UserArn", value_get_str(user, "Arn"));
        rc = iam_save(cx, call, "AccessKey", keys[i].key.id, keys[i].value, err);
        if (rc == 0)
            rc = publish(cx, call, keys[i].value, err);
    }
    return rc;
}
