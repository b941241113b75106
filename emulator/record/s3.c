#include "emulator/record/s3.h"

#include <assert.h>

#include "core/codec/json.h"
#include "emulator/record/scalar.h"
#include "emulator/record/s3_body.h"
#include "emulator/record/tree.h"

/* One member of requestParameters, before it is put into order. */
struct entry {
    struct str name, text; /* text: when value is NULL */
    const struct value *value;
    const struct cat_member *body; /* value is the XML body's tree */
    uint32_t hash;
    bool is_policy;
};
struct entries {
    struct entry *items;
    size_t count, cap;
};

/* Java's String.hashCode, spread as java.util.HashMap does. */
static uint32_t java_hash(struct str s)
{
    uint32_t h = 0;

    for (size_t i = 0; i < s.len; i++)
        h = h * 31 + (unsigned char)s.ptr[i];
    return h ^ (h >> 16);
}

static struct entry *entry_add(struct entries *e, struct str name, struct str text)
{
    assert(e->count < e->cap); /* entries_max counted them */
    struct entry *it = &e->items[e->count++];

    *it = (struct entry){ .name = name, .text = text, .hash = java_hash(name) };
    return it;
}

/* The literal query of the requestUri: "?acl", "?list-type=2". */
static void add_subresources(struct entries *e, const struct plan *p)
{
    struct str path, query, pair, name, text;

    (void)str_cut(cat_str(p->cat, p->op->uri), '?', &path, &query);
    for (struct str rest = query; rest.len > 0;) {
        (void)str_cut(rest, '&', &pair, &rest);
        (void)str_cut(pair, '=', &name, &text);
        if (!str_eq(name, STR("x-id"))) /* only clients that send it: see unmodeled */
            (void)entry_add(e, name, text);
    }
}

static bool is_shown(const struct plan *p, const struct cat_member *m, const struct value *v)
{
    const struct member_rule *rule = plan_rule(p, SIDE_REQUEST, m);

    return v->kind != VALUE_NULL && !(rule && rule->action == RULE_DROP);
}

/* A parameter that is shown, with its member. */
struct bound {
    const struct value *value;
    const struct cat_member *member;
};

static size_t bind_params(struct bound *bound, const struct call *call, const struct plan *p)
{
    size_t count = 0;
    uint32_t hint = 0;

    for (const struct value *v = value_first(call->params); v && p->input; v = v->next) {
        const struct cat_member *m = tree_member(p, p->input, v->name, &hint);

        if (m && is_shown(p, m, v))
            bound[count++] = (struct bound){ v, m };
    }
    return count;
}

/* Source: real records of PutBucketAcl and of uploads with grants. */
#define GRANT_PREFIX "x-amz-grant-"

/* Headers that grant stand together in a member of their own. */
static void add_grants(struct entries *e, struct arena *a, const struct plan *p,
                       const struct bound *bound, size_t count)
{
    struct value *grants = NULL;

    for (size_t i = 0; i < count; i++) {
        struct str name = cat_str(p->cat, bound[i].member->wire);

        if (bound[i].member->location != CAT_HEADER || !str_has_prefix(name, STR(GRANT_PREFIX)))
            continue;
        if (!grants)
            grants = value_map(a);
        value_set(grants, name, value_copy(a, bound[i].value));
    }
    if (grants)
        entry_add(e, STR("accessControlList"), (struct str){ 0 })->value = grants;
}

/* Members in one place of the request: the query, the headers. */
static void add_located(struct entries *e, const struct plan *p, const struct bound *bound,
                        size_t count, enum cat_location where)
{
    for (size_t i = 0; i < count; i++) {
        if (bound[i].member->location != where)
            continue;
        struct str name = cat_str(p->cat, bound[i].member->wire);
        if (where != CAT_HEADER ||
            (str_has_prefix(name, STR("x-amz-")) && !str_has_prefix(name, STR(GRANT_PREFIX))))
            entry_add(e, name, (struct str){ 0 })->value = bound[i].value;
    }
}

/* What a presigned URL proves itself with; its other parameters are shown. */
static bool is_secret_param(struct str name)
{
    static const char *const hidden[] = { "x-amz-credential", "x-amz-signature",
                                          "x-amz-security-token", "signature", "awsaccesskeyid" };

    for (size_t i = 0; i < COUNT(hidden); i++)
        if (str_eq_nocase(name, str_c(hidden[i])))
            return true;
    return false;
}

static bool is_amz(struct str name)
{
    return str_eq_nocase(str_sub(name, 0, 6), STR("x-amz-"));
}

static bool is_in_query(const struct request *q, struct str name)
{
    for (size_t i = 0; q && i < q->param_count; i++)
        if (str_eq(q->params[i].name, name))
            return true;
    return false;
}

/* Query parameters that the model lacks; of headers only the modelled ones are shown. */
static void add_unmodeled(struct entries *e, const struct call *call)
{
    for (const struct value *v = value_first(call->unmodeled); v; v = v->next)
        if (!is_secret_param(v->name) && (!is_amz(v->name) || is_in_query(call->request, v->name)))
            entry_add(e, v->name, (struct str){ 0 })->value = v;
}

static void add_path(struct entries *e, const struct call *call, const char *member,
                     struct str name)
{
    const struct value *v = value_get_c(call->params, member);

    if (v)
        entry_add(e, name, (struct str){ 0 })->value = v;
}

static void add_body(struct entries *e, const struct plan *p, const struct bound *bound,
                     size_t count)
{
    if (!p->input || !p->input->payload)
        return;
    const struct cat_member *m = cat_shape_member(p->cat, p->input, p->input->payload - 1u);

    for (size_t i = 0; i < count; i++) {
        struct entry *it;

        if (bound[i].member != m || tree_is_bytes(p->cat, m))
            continue;
        if (str_eq(p->operation, STR("PutBucketPolicy"))) {
            it = entry_add(e, STR("bucketPolicy"), (struct str){ 0 });
            it->is_policy = true;
        } else {
            it = entry_add(e, cat_str(p->cat, m->wire), (struct str){ 0 });
            it->body = m;
        }
        it->value = bound[i].value;
    }
}

static size_t entries_max(const struct call *call, const struct plan *p)
{
    struct str uri = cat_str(p->cat, p->op->uri);
    size_t n = 8; /* path, body, Host */

    for (size_t i = 0; i < uri.len; i++)
        n += uri.ptr[i] == '&' || uri.ptr[i] == '?';
    n += call->params->count;
    return n + (call->unmodeled ? call->unmodeled->count : 0);
}

static void write_policy(struct buf *out, struct arena *a, const struct value *v)
{
    struct value *policy;

    if (v->kind == VALUE_STRING && json_parse(a, v->u.text, &policy, NULL) == 0)
        json_write(out, policy);
    else
        json_write(out, v);
}

static void entry_write(struct buf *out, struct arena *a, const struct plan *p,
                        const struct entry *it)
{
    scalar_comma(out);
    json_add_string(out, it->name);
    buf_add_char(out, ':');
    if (!it->value)
        json_add_string(out, it->text);
    else if (it->is_policy)
        write_policy(out, a, it->value);
    else if (it->body)
        s3_body_write(out, p, it->body, it->value);
    else if (it->value->kind == VALUE_LIST || it->value->kind == VALUE_MAP)
        json_write(out, it->value);
    else
        scalar_quoted(out, it->value, TIME_ISO);
}

/* The order of a java.util.HashMap: by hash modulo the table's size, which doubles at three
 * quarters; equal places keep the order of insertion. It is the order of real records. */
static void entries_write(struct buf *out, struct arena *a, const struct plan *p,
                          const struct entries *e)
{
    uint32_t size = 8;

    while (e->count > size / 4 * 3)
        size *= 2;
    buf_add_char(out, '{');
    for (uint32_t place = 0; place < size; place++)
        for (size_t i = 0; i < e->count; i++)
            if ((e->items[i].hash & (size - 1)) == place)
                entry_write(out, a, p, &e->items[i]);
    buf_add_char(out, '}');
}

void s3_request(struct buf *out, struct arena *a, const struct plan *p, const struct call *call)
{
    struct entries e = { .cap = entries_max(call, p) };

    struct bound *bound = arena_array(a, call->params->count, sizeof *bound);
    size_t count = bind_params(bound, call, p);

    e.items = arena_array(a, e.cap, sizeof *e.items);
    add_subresources(&e, p);
    add_located(&e, p, bound, count, CAT_QUERYSTRING);
    add_unmodeled(&e, call);
    add_path(&e, call, "Bucket", STR("bucketName"));
    add_body(&e, p, bound, count);
    if (call->host.len)
        (void)entry_add(&e, STR("Host"), call->host);
    add_path(&e, call, "Key", STR("key"));
    add_grants(&e, a, p, bound, count);
    add_located(&e, p, bound, count, CAT_HEADER);
    if (e.count)
        entries_write(out, a, p, &e);
    else
        buf_add(out, STR("null"));
}

void s3_response(struct buf *out, const struct plan *p, const struct value *output)
{
    static const char *const shown[] = { "x-amz-server-side-encryption", "x-amz-version-id",
                                         "x-amz-expiration", "x-amz-copy-source-version-id" };
    size_t from = out->len;
    uint32_t hint = 0;

    buf_add_char(out, '{');
    for (const struct value *v = p->output ? value_first(output) : NULL; v; v = v->next) {
        const struct cat_member *m = tree_member(p, p->output, v->name, &hint);
        struct str name = m ? cat_str(p->cat, m->wire) : (struct str){ 0 };

        if (!m || m->location != CAT_HEADER || v->kind == VALUE_NULL)
            continue;
        for (size_t i = 0; i < COUNT(shown); i++)
            if (i == 0 ? str_has_prefix(name, str_c(shown[i])) : str_eq_c(name, shown[i])) {
                scalar_key(out, name, LETTER_AS_IS);
                scalar_quoted(out, v, TIME_ISO);
            }
    }
    if (out->len == from + 1) {
        out->len = from;
        buf_add(out, STR("null"));
    } else {
        buf_add_char(out, '}');
    }
}

/* "Default_" unless the request asked for it. */
static void write_sse(struct buf *out, const struct call *call, const struct outcome *outcome)
{
    struct str applied = value_get_str(outcome->output, "ServerSideEncryption");
    bool asked = value_get_c(call->params, "ServerSideEncryption") != NULL;

    if (value_get_str(outcome->output, "SSECustomerAlgorithm").len) {
        buf_add(out, STR(",\"SSEApplied\":\"SSE_C\""));
    } else if (applied.len) {
        buf_add(out, asked ? STR(",\"SSEApplied\":\"") : STR(",\"SSEApplied\":\"Default_"));
        buf_add(out, str_eq(applied, STR("AES256")) ? STR("SSE_S3\"") : STR("SSE_KMS\""));
    }
}

static struct str method_name(const struct call *call)
{
    if (call->auth == AUTH_QUERY)
        return STR("QueryString");
    if (call->auth == AUTH_HEADER || (call->door != DOOR_HTTP && call->auth == AUTH_NONE))
        return STR("AuthHeader");
    return (struct str){ 0 };
}

void s3_additional(struct buf *out, const struct plan *p, const struct call *call,
                   const struct outcome *outcome)
{
    struct str method = method_name(call);
    struct str version = call->signature_version;

    if (!version.len && method.len)
        version = STR("SigV4");
    if (version.len) {
        scalar_key(out, STR("SignatureVersion"), LETTER_AS_IS);
        json_add_string(out, version);
    }
    if (call->door == DOOR_GENERATOR) { /* plain HTTP has no cipher, and says so */
        scalar_key(out, STR("CipherSuite"), LETTER_AS_IS);
        json_add_string(out, STR("TLS_AES_128_GCM_SHA256"));
    }
    scalar_key(out, STR("bytesTransferredIn"), LETTER_AS_IS);
    buf_add_i64(out, outcome->bytes_in);
    if (p->is_data && !p->read_only)
        write_sse(out, call, outcome);
    if (method.len) {
        scalar_key(out, STR("AuthenticationMethod"), LETTER_AS_IS);
        json_add_string(out, method);
    }
    if (call->host_id.len) {
        scalar_key(out, STR("x-amz-id-2"), LETTER_AS_IS);
        json_add_string(out, call->host_id);
    }
    scalar_key(out, STR("bytesTransferredOut"), LETTER_AS_IS);
    buf_add_i64(out, outcome->bytes_out);
}
