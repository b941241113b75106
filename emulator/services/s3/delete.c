/* DeleteObject, DeleteObjects. */
#include "emulator/services/s3/bucket.h"
#include "emulator/services/s3/notification.h"

#define KEYS_MAX 1000 /* Source: S3 API Reference, DeleteObjects */

static const char *why_locked(struct op *op, struct str key, struct str version, int *rc)
{
    struct object o;

    *rc = 0;
    if (!op->bucket->object_lock || version.len == 0)
        return NULL;
    *rc = object_find(op, op->bucket, key, version, &o);
    if (*rc == 0 && !o.is_marker)
        return object_locked(op, &o);
    if (*rc == E_MISSING)
        *rc = 0;
    return NULL;
}

static int remove_one(struct op *op, struct str key, struct str version, struct removal *out)
{
    int rc = version.len > 0 ? object_remove_version(op, key, version, out)
                             : object_remove(op, key, out);

    if (rc == 0)
        notification_removed(op, key, version, out);
    return rc;
}

/* If-Match on a delete. 1 go on, 0 refused, < 0. */
static int check_match(struct op *op)
{
    struct str want = op_param(op, "IfMatch");
    struct object o;

    if (want.len == 0 || str_eq_c(want, "*"))
        return 1;
    int rc = object_find(op, op->bucket, op->key, op_param(op, "VersionId"), &o);
    if (rc == E_MISSING)
        return op_refuse(op, "NoSuchKey");
    if (rc < 0)
        return rc;
    if (str_eq(want, object_etag(op, &o)) || str_eq(want, o.etag))
        return 1;
    return op_refuse_with(op, "PreconditionFailed", "Condition", STR("If-Match"));
}

int run_DeleteObject(struct op *op)
{
    struct value *output = outcome_output(op->cx, op->out);
    struct str version = op_param(op, "VersionId");
    struct removal gone;
    int rc;

    op_lock(op, op->key);
    const char *locked = why_locked(op, op->key, version, &rc);
    if (rc < 0)
        return rc;
    if (locked)
        return op_refuse_text(op, "AccessDenied", "%s", locked);
    if ((rc = check_match(op)) <= 0 || (rc = remove_one(op, op->key, version, &gone)) < 0)
        return rc;
    if (gone.version.len > 0)
        value_put_str(op->a, output, "VersionId", gone.version);
    if (gone.is_marker)
        value_put_bool(op->a, output, "DeleteMarker", true);
    return 0;
}

struct batch {
    struct value *deleted, *errors;
    bool quiet;
};

static void add_error(struct op *op, struct batch *b, const struct value *asked, const char *code,
                      struct str text)
{
    struct value *e = value_map(op->a);
    struct str version = value_get_str(asked, "VersionId");

    value_put_str(op->a, e, "Key", value_get_str(asked, "Key"));
    if (version.len > 0)
        value_put_str(op->a, e, "VersionId", version);
    value_put_c(op->a, e, "Code", code);
    value_put_str(op->a, e, "Message", text);
    value_push(b->errors, e);
}

static int delete_in_batch(struct op *op, struct batch *b, const struct value *asked)
{
    struct str key = value_get_str(asked, "Key"), version = value_get_str(asked, "VersionId");
    struct value *d = value_map(op->a);
    struct removal gone;
    int rc;

    if (op_denied(op, key)) {
        add_error(op, b, asked, "AccessDenied", error_text("AccessDenied"));
        return 0;
    }
    const char *locked = why_locked(op, key, version, &rc);
    if (rc < 0)
        return rc;
    if (locked) {
        add_error(op, b, asked, "AccessDenied", str_c(locked));
        return 0;
    }
    if ((rc = remove_one(op, key, version, &gone)) < 0 || b->quiet)
        return rc;
    value_put_str(op->a, d, "Key", key);
    if (version.len > 0)
        value_put_str(op->a, d, "VersionId", version);
    if (gone.is_marker) {
        value_put_bool(op->a, d, "DeleteMarker", true);
        value_put_str(op->a, d, "DeleteMarkerVersionId", gone.version);
    }
    value_push(b->deleted, d);
    return 0;
}

static bool is_repeated(const struct value *asked)
{
    for (const struct value *o = asked->next; o; o = o->next)
        if (str_eq(value_get_str(o, "Key"), value_get_str(asked, "Key")) &&
            str_eq(value_get_str(o, "VersionId"), value_get_str(asked, "VersionId")))
            return true;
    return false;
}

int run_DeleteObjects(struct op *op)
{
    const struct value *del = value_get_c(op->call->params, "Delete");
    const struct value *list = value_get_c(del, "Objects");
    struct batch b = { value_list(op->a), value_list(op->a), value_get_bool(del, "Quiet", false) };
    struct value *output = outcome_output(op->cx, op->out);
    size_t n = 0, count = list && list->kind == VALUE_LIST ? list->count : 0;
    int rc = 0;

    if (count == 0 || count > KEYS_MAX)
        return op_refuse(op, "MalformedXML");
    struct str *keys = arena_array(op->a, count, sizeof *keys);
    for (const struct value *o = value_first(list); o; o = o->next)
        keys[n++] = value_get_str(o, "Key");
    op_lock_keys(op, keys, n);
    for (const struct value *o = value_first(list); rc == 0 && o; o = o->next)
        if (!is_repeated(o)) /* effects are not seen yet: each version goes once */
            rc = delete_in_batch(op, &b, o);
    if (b.deleted->count > 0)
        value_set(output, STR("Deleted"), b.deleted);
    if (b.errors->count > 0)
        value_set(output, STR("Errors"), b.errors);
    return rc;
}
