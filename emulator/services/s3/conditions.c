#include "emulator/services/s3/conditions.h"

/* A comma-separated list of ETags, quoted or not, or "*". */
static bool etag_listed(struct str list, struct str etag)
{
    struct str item;

    for (bool more = true; more;) {
        more = str_cut(list, ',', &item, &list);
        item = str_trim(item);
        if (str_has_prefix(item, STR("W/")))
            item = str_sub(item, 2, item.len);
        if (item.len >= 2 && item.ptr[0] == '"' && item.ptr[item.len - 1] == '"')
            item = str_sub(item, 1, item.len - 2);
        if (str_eq_c(item, "*") || str_eq(item, etag))
            return true;
    }
    return false;
}

static bool has(const struct op *op, const char *name)
{
    return name && value_get_c(op->call->params, name) != NULL;
}

static int64_t seconds(const struct op *op, const char *name)
{
    return value_get_time(op->call->params, name, 0) / 1000;
}

int condition_check(struct op *op, const struct condition_names *names, const struct object *o,
                    const char **failed)
{
    int64_t modified_s = o->modified_ms / 1000; /* headers tell whole seconds */

    if (has(op, names->match)) {
        *failed = "If-Match";
        if (!etag_listed(op_param(op, names->match), o->etag))
            return 412;
    } else if (has(op, names->unmodified)) {
        *failed = "If-Unmodified-Since";
        if (modified_s > seconds(op, names->unmodified))
            return 412;
    }
    if (has(op, names->none_match)) {
        *failed = "If-None-Match";
        if (etag_listed(op_param(op, names->none_match), o->etag))
            return 304;
    } else if (has(op, names->modified)) {
        *failed = "If-Modified-Since";
        if (modified_s <= seconds(op, names->modified))
            return 304;
    }
    return 0;
}

int condition_write(struct op *op)
{
    bool match = has(op, "IfMatch"), none = has(op, "IfNoneMatch");
    struct object o;
    int rc;

    if (!match && !none)
        return 1;
    if (none && !str_eq_c(op_param(op, "IfNoneMatch"), "*"))
        return op_refuse_with(op, "NotImplemented", "Header", STR("If-None-Match"));
    rc = object_find(op, op->bucket, op->key, STR(""), &o);
    if (rc < 0 && rc != E_MISSING)
        return rc;
    bool there = rc == 0 && !o.is_marker;
    if (match && !there)
        return op_refuse(op, "NoSuchKey");
    if (match && !etag_listed(op_param(op, "IfMatch"), o.etag))
        return op_refuse_with(op, "PreconditionFailed", "Condition", STR("If-Match"));
    if (none && there)
        return op_refuse_with(op, "PreconditionFailed", "Condition", STR("If-None-Match"));
    return 1;
}

/* Digits; what no int64_t holds lies beyond every object's end. */
static bool parse_offset(struct str text, int64_t *out)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
    if (text.len > 0 && !str_to_i64(text, out))
        *out = INT64_MAX;
    return text.len > 0;
}

enum range range_parse(struct str header, int64_t size, int64_t *first, int64_t *len)
{
    struct str from, to;
    int64_t a = 0, b = 0;
    bool has_a, has_b;

    if (!str_has_prefix(header, STR("bytes=")) || memchr(header.ptr, ',', header.len))
        return RANGE_WHOLE; /* S3 serves no multiple ranges: the whole object */
    if (!str_cut(str_sub(header, 6, header.len), '-', &from, &to))
        return RANGE_WHOLE;
    has_a = parse_offset(from, &a);
    has_b = parse_offset(to, &b);
    if ((from.len > 0 && !has_a) || (to.len > 0 && !has_b) || (!has_a && !has_b))
        return RANGE_WHOLE;
    if (!has_a) { /* the last b bytes */
        if (b == 0 || size == 0)
            return RANGE_BAD;
        a = b < size ? size - b : 0;
        b = size - 1;
    } else if (!has_b || b >= size) {
        if (has_b && b < a)
            return RANGE_WHOLE;
        b = size - 1;
    } else if (b < a) {
        return RANGE_WHOLE;
    }
    if (a >= size)
        return RANGE_BAD;
    *first = a;
    *len = b - a + 1;
    return RANGE_PART;
}
