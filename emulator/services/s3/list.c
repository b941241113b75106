/* ListObjects, ListObjectsV2, ListObjectVersions: keys in byte order, rolled up by a delimiter. */
#include "core/codec/uri.h"
#include "emulator/services/s3/bucket.h"
#include "emulator/services/s3/listing.h"
#include "emulator/services/s3/object.h"
#include "emulator/services/s3/restore.h"

#define KEYS_MAX 1000

struct page {
    struct op *op;
    struct str prefix, delimiter, after; /* after: the marker, whatever the call names it */
    int64_t max, count;
    bool encode, truncated, with_owner;
    struct value *contents, *prefixes;
    struct str last; /* the last key or prefix given */
};

/* What is shown of a key: as it is, or percent-encoded for encoding-type=url. */
static struct str shown(const struct page *p, struct str key)
{
    struct buf text = { 0 };

    if (!p->encode)
        return key;
    uri_encode(&text, key, URI_KEEP_SLASH);
    key = arena_copy(p->op->a, buf_view(&text));
    buf_free(&text);
    return key;
}

static int page_start(struct op *op, struct page *p, const char *max_name)
{
    struct str type = op_param(op, "EncodingType");

    *p = (struct page){ .op = op,
                        .prefix = op_param(op, "Prefix"),
                        .delimiter = op_param(op, "Delimiter"),
                        .max = value_get_int(op->call->params, max_name, KEYS_MAX),
                        .encode = str_eq_c(type, "url"),
                        .contents = value_list(op->a),
                        .prefixes = value_list(op->a) };
    if (p->max < 0) {
        (void)op_refuse_text(op, "InvalidArgument",
                             "Argument maxKeys must be an integer between 0 and 2147483647");
        return 0;
    }
    if (p->max > KEYS_MAX)
        p->max = KEYS_MAX;
    if (type.len > 0 && !p->encode)
        return op_refuse_text(op, "InvalidArgument",
                              "Invalid Encoding Method specified in Request");
    return 1;
}

/* The prefix that a key is rolled up into, or empty. */
static struct str rolled_up(const struct page *p, struct str key)
{
    struct str rest = str_sub(key, p->prefix.len, key.len);
    ptrdiff_t at = p->delimiter.len ? str_find(rest, p->delimiter) : -1;

    return at < 0 ? STR("") : str_sub(key, 0, p->prefix.len + (size_t)at + p->delimiter.len);
}

static void add_prefix(struct page *p, struct str prefix)
{
    struct value *entry = value_map(p->op->a);

    value_put_str(p->op->a, entry, "Prefix", shown(p, prefix));
    value_push(p->prefixes, entry);
    p->last = prefix;
    p->count++;
}

/* Room for one more? Otherwise the page ends before this. */
static bool is_full(struct page *p)
{
    if (p->count < p->max)
        return false;
    p->truncated = p->max > 0;
    return true;
}

/* Take key if it is rolled up: 1 taken, 0 it stands for itself, -1 the page is full. */
static int roll_up(struct page *p, struct walk *w, struct str key)
{
    struct str prefix = rolled_up(p, key);

    if (prefix.len == 0)
        return is_full(p) ? -1 : 0;
    if (!str_eq(prefix, p->after)) { /* a page that ended with this prefix does not repeat it */
        if (is_full(p))
            return -1;
        add_prefix(p, prefix);
    }
    walk_skip(w, prefix);
    return 1;
}

static void put_algorithm(struct op *op, const struct object *o, struct value *entry)
{
    const struct value *sums = value_get_c(o->meta, "Checksums");
    struct str type = value_get_str(sums, "ChecksumType");
    struct value *list = value_list(op->a);

    for (size_t i = 0; i < CHECKSUM_COUNT; i++)
        if (value_get(sums, checksum_member((enum checksum)i)))
            value_push(list, value_str(op->a, checksum_name((enum checksum)i)));
    if (list->count == 0)
        return;
    value_set(entry, STR("ChecksumAlgorithm"), list);
    value_put_str(op->a, entry, "ChecksumType", type);
}

static bool wants_restore(const struct op *op)
{
    const struct value *wanted = value_get_c(op->call->params, "OptionalObjectAttributes");

    return str_eq_c(value_first(wanted) ? value_first(wanted)->u.text : STR(""), "RestoreStatus");
}

static struct value *object_entry(struct page *p, const struct object *o)
{
    struct op *op = p->op;
    struct value *entry = value_map(op->a);
    struct str class = value_get_str(o->meta, "StorageClass");

    value_put_str(op->a, entry, "Key", shown(p, o->key));
    value_put_time(op->a, entry, "LastModified", o->modified_ms / 1000 * 1000);
    value_set(entry, STR("ETag"), value_str(op->a, object_etag(op, o)));
    put_algorithm(op, o, entry);
    value_put_int(op->a, entry, "Size", o->size);
    value_put_str(op->a, entry, "StorageClass", class.len ? class : STR("STANDARD"));
    if (p->with_owner)
        value_set(entry, STR("Owner"), op_owner(op, op->bucket->owner));
    if (wants_restore(op) && restore_status(op, o))
        value_set(entry, STR("RestoreStatus"), restore_status(op, o));
    return entry;
}

static int list_keys(struct page *p)
{
    struct op *op = p->op;
    struct walk w = { .bucket = op->bucket->name, .prefix = p->prefix, .after = p->after };
    struct str key;
    struct object o;
    int rc = walk_start(&w, op->a, op->s3->root, op->err);

    while (rc == 0 && (rc = walk_next(&w, &key, op->err)) > 0) {
        int rolled = roll_up(p, &w, key);
        rc = 0;
        if (rolled < 0)
            break;
        if (rolled > 0)
            continue;
        rc = object_find(op, op->bucket, key, STR(""), &o);
        if (rc == 0 && !o.is_marker) {
            value_push(p->contents, object_entry(p, &o));
            p->last = key;
            p->count++;
        }
        if (rc == E_MISSING) /* removed in between */
            rc = 0;
    }
    return rc;
}

/* The members that all lists echo. */
static struct value *answer_page(struct page *p, const char *contents)
{
    struct op *op = p->op;
    struct value *output = outcome_output(op->cx, op->out);

    value_put_bool(op->a, output, "IsTruncated", p->truncated);
    if (p->contents->count > 0)
        value_set(output, str_c(contents), p->contents);
    value_put_str(op->a, output, "Name", op->bucket->name);
    value_put_str(op->a, output, "Prefix", shown(p, p->prefix));
    if (p->delimiter.len > 0)
        value_put_str(op->a, output, "Delimiter", shown(p, p->delimiter));
    value_put_int(op->a, output, "MaxKeys", p->max);
    if (p->prefixes->count > 0)
        value_set(output, STR("CommonPrefixes"), p->prefixes);
    if (p->encode)
        value_put_c(op->a, output, "EncodingType", "url");
    return output;
}

int run_ListObjects(struct op *op)
{
    struct page p;
    int rc = page_start(op, &p, "MaxKeys");

    if (rc <= 0)
        return rc;
    p.after = op_param(op, "Marker");
    p.with_owner = true;
    rc = list_keys(&p);
    if (rc < 0)
        return rc;
    struct value *output = answer_page(&p, "Contents");
    value_put_str(op->a, output, "Marker", shown(&p, p.after));
    if (p.truncated && p.delimiter.len > 0) /* otherwise the last key is the marker */
        value_put_str(op->a, output, "NextMarker", shown(&p, p.last));
    return 0;
}

int run_ListObjectsV2(struct op *op)
{
    struct str token = op_param(op, "ContinuationToken"), start = op_param(op, "StartAfter");
    struct page p;
    int rc = page_start(op, &p, "MaxKeys");

    if (rc <= 0)
        return rc;
    p.after = start;
    p.with_owner = value_get_bool(op->call->params, "FetchOwner", false);
    if (param_has(op->call, "ContinuationToken") && !page_after(op->cx, op->call, token, &p.after))
        return op_refuse_text(op, "InvalidArgument",
                              "The continuation token provided is incorrect");
    rc = list_keys(&p);
    if (rc < 0)
        return rc;
    struct value *output = answer_page(&p, "Contents");
    value_put_int(op->a, output, "KeyCount", p.count);
    if (token.len > 0)
        value_put_str(op->a, output, "ContinuationToken", token);
    if (p.truncated)
        value_put_str(op->a, output, "NextContinuationToken", page_token(op->cx, op->call, p.last));
    if (start.len > 0)
        value_put_str(op->a, output, "StartAfter", shown(&p, start));
    return 0;
}

/* ---- versions ---- */

struct version_page {
    struct page page;
    struct value *markers;
    struct str version_marker, last_version;
};

static void add_version(struct version_page *v, const struct object *o, bool is_latest)
{
    struct op *op = v->page.op;
    struct value *entry = value_map(op->a);

    if (o->is_marker) {
        value_put_str(op->a, entry, "Key", shown(&v->page, o->key));
        value_put_time(op->a, entry, "LastModified", o->modified_ms / 1000 * 1000);
        value_set(entry, STR("Owner"), op_owner(op, op->bucket->owner));
        value_push(v->markers, entry);
    } else {
        entry = object_entry(&v->page, o);
        value_push(v->page.contents, entry);
    }
    value_put_str(op->a, entry, "VersionId", o->version);
    value_put_bool(op->a, entry, "IsLatest", is_latest);
    v->page.last = o->key;
    v->last_version = o->version;
    v->page.count++;
}

/* The versions of one key, from behind the version marker on if that names this key. */
static int add_versions(struct version_page *v, struct str key)
{
    struct object *all;
    size_t count, i = 0;
    int rc = object_versions(v->page.op, key, &all, &count);

    if (rc == 0 && v->version_marker.len > 0 && str_eq(key, v->page.after)) {
        while (i < count && !str_eq(all[i].version, v->version_marker))
            i++;
        i++; /* behind it; a marker that is gone ends the key */
    }
    for (; rc == 0 && i < count; i++) {
        if (is_full(&v->page))
            return 0;
        add_version(v, &all[i], i == 0 && all[i].is_current);
    }
    return rc;
}

/* The next key of the two trees together. */
static int next_of_both(struct walk w[2], struct str key[2], bool has[2], struct op *op,
                        struct str *out)
{
    for (size_t i = 0; i < 2; i++) {
        if (has[i] && !(w[i].skip.len > 0 && str_has_prefix(key[i], w[i].skip)))
            continue;
        int rc = walk_next(&w[i], &key[i], op->err);
        if (rc < 0)
            return rc;
        has[i] = rc > 0;
    }
    if (!has[0] && !has[1])
        return 0;
    int order = !has[0] ? 1 : !has[1] ? -1 : str_cmp(key[0], key[1]);
    *out = order <= 0 ? key[0] : key[1];
    has[0] = has[0] && order > 0;
    has[1] = has[1] && order < 0;
    return 1;
}

static int list_versions(struct version_page *v)
{
    struct op *op = v->page.op;
    /* With a version marker the marker's own key is not over: begin just before it. */
    bool again = v->version_marker.len > 0 && v->page.after.len > 0;
    struct str after = again ? STR("") : v->page.after;
    struct walk w[2] = { { .tree = WALK_OBJECTS }, { .tree = WALK_VERSIONS } };
    struct str keys[2] = { 0 }, key;
    bool has[2] = { false, false };
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < 2; i++) {
        w[i].bucket = op->bucket->name;
        w[i].prefix = v->page.prefix;
        w[i].after = after;
        rc = walk_start(&w[i], op->a, op->s3->root, op->err);
    }
    while (rc == 0 && (rc = next_of_both(w, keys, has, op, &key)) > 0) {
        rc = 0;
        if (again && str_cmp(key, v->page.after) < 0)
            continue;
        int rolled = roll_up(&v->page, &w[0], key);
        if (rolled < 0)
            break;
        if (rolled > 0)
            walk_skip(&w[1], w[0].skip);
        else
            rc = add_versions(v, key);
        if (v->page.truncated)
            break;
    }
    return rc;
}

int run_ListObjectVersions(struct op *op)
{
    struct version_page v = { .markers = value_list(op->a),
                              .version_marker = op_param(op, "VersionIdMarker") };
    int rc = page_start(op, &v.page, "MaxKeys");

    if (rc <= 0)
        return rc;
    v.page.after = op_param(op, "KeyMarker");
    v.page.with_owner = true;
    if (v.version_marker.len > 0 && v.page.after.len == 0)
        return op_refuse_text(op, "InvalidArgument",
                              "A version-id marker cannot be specified without a key marker.");
    rc = list_versions(&v);
    if (rc < 0)
        return rc;
    struct value *output = answer_page(&v.page, "Versions");
    if (v.markers->count > 0)
        value_set(output, STR("DeleteMarkers"), v.markers);
    value_put_str(op->a, output, "KeyMarker", shown(&v.page, v.page.after));
    value_put_str(op->a, output, "VersionIdMarker", v.version_marker);
    if (v.page.truncated) {
        value_put_str(op->a, output, "NextKeyMarker", shown(&v.page, v.page.last));
        value_put_str(op->a, output, "NextVersionIdMarker", v.last_version);
    }
    return 0;
}
