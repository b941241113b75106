#include "emulator/wire/rest.h"

#include "core/codec/json.h"
#include "emulator/wire/scalar.h"

/* --- reading --- */

static int bind_text(struct wire_in *in, struct slot m, struct str text, struct value *params)
{
    struct value *v;

    if (scalar_parse(in->a, m, text, &v, in->err) < 0)
        return E_PARSE;
    value_append(params, slot_name(m), v);
    return 0;
}

static int bind_label(struct wire_in *in, struct str label, struct str text, struct value *params)
{
    struct slot root = wire_input(in), m;
    uint32_t hint = 0;
    struct str decoded;

    if (!slot_find_wire(root, label, &hint, &m) || m.member->location != CAT_URI)
        return 0;
    if (uri_decode(in->a, text, URI_PLUS_IS_PLUS, &decoded, in->err) < 0)
        return E_PARSE;
    return bind_text(in, m, decoded, params);
}

/* The end of a label's text: the next '/', or for a greedy one where the template's rest begins. */
static size_t label_end(struct str path, size_t from, bool greedy, size_t rest_len)
{
    size_t end = from;

    if (greedy)
        return path.len >= from + rest_len ? path.len - rest_len : path.len;
    while (end < path.len && path.ptr[end] != '/')
        end++;
    return end;
}

static int bind_path(struct wire_in *in, struct str template, struct value *params)
{
    struct str path = in->q->path;
    size_t at = 0;

    for (size_t t = 0; t < template.len && at <= path.len; t++, at++) {
        if (template.ptr[t] != '{')
            continue;
        ptrdiff_t close = str_find(str_sub(template, t, template.len), STR("}"));
        if (close < 0)
            return 0;
        struct str label = str_sub(template, t + 1, (size_t)close - 1);
        bool greedy = str_has_suffix(label, STR("+"));

        t += (size_t)close;
        size_t end = label_end(path, at, greedy, template.len - t - 1);
        if (bind_label(in, str_sub(label, 0, label.len - greedy), str_sub(path, at, end - at),
                       params) < 0)
            return E_PARSE;
        at = end - 1; /* the loop's step goes past the label's last byte */
    }
    return 0;
}

/* S3 names bucket and key by host or path: identify has told them apart. */
static void bind_s3_label(struct wire_in *in, struct slot m, struct value *params)
{
    struct str name = slot_wire(m, NULL);

    if (str_eq_c(name, "Bucket"))
        value_append(params, slot_name(m), value_str(in->a, in->route->s3_bucket));
    else if (in->route->s3_has_key && str_eq_c(name, "Key"))
        value_append(params, slot_name(m), value_str(in->a, in->route->s3_key));
}

static int bind_uri(struct wire_in *in, struct value *params)
{
    struct str template, query;

    if (in->route->s3_bucket.len)
        return 0;
    (void)str_cut(cat_str(in->cat, in->route->op->uri), '?', &template, &query);
    return bind_path(in, template, params);
}

/* Query keys that every request may carry: signatures, SDK marks.
 * Source: Signature Version 4 "Query string authentication", S3 "Signing and authenticating REST
 * requests" (version 2); x-id is the mark of SDKs made from Smithy models. */
static bool is_common_param(struct str name)
{
    static const char *const names[] = {
        "X-Amz-Algorithm",
        "X-Amz-Credential",
        "X-Amz-Date",
        "X-Amz-Expires",
        "X-Amz-SignedHeaders",
        "X-Amz-Signature",
        "X-Amz-Security-Token",
        "AWSAccessKeyId",
        "Signature",
        "x-id",
    };

    for (size_t i = 0; i < COUNT(names); i++)
        if (str_eq_c(name, names[i]))
            return true;
    return false;
}

static bool is_fixed_key(struct wire_in *in, struct str name)
{
    struct str path, rest, key, pair, value;

    (void)str_cut(cat_str(in->cat, in->route->op->uri), '?', &path, &rest);
    while (rest.len) {
        (void)str_cut(rest, '&', &pair, &rest);
        (void)str_cut(pair, '=', &key, &value);
        if (str_eq(key, name))
            return true;
    }
    return false;
}

static bool is_claimed(struct wire_in *in, struct str name)
{
    struct slot root = wire_input(in), m;

    for (uint32_t i = 0; i < root.shape->member_count; i++) {
        m = slot_at(root, i);
        if (m.member->location == CAT_QUERYSTRING && m.shape->type != CAT_MAP &&
            str_eq(slot_wire(m, NULL), name))
            return true;
    }
    return is_common_param(name) || is_fixed_key(in, name);
}

static int bind_query_list(struct wire_in *in, struct slot m, struct str name, struct value *params)
{
    struct slot element = slot_at(m, 0);
    struct value *list = value_list(in->a), *item;

    for (size_t i = 0; i < in->q->param_count; i++) {
        const struct uri_param *p = &in->q->params[i];

        if (!str_eq(p->name, name))
            continue;
        if (scalar_parse(in->a, element, p->value, &item, in->err) < 0)
            return E_PARSE;
        value_push(list, item);
    }
    if (list->count)
        value_append(params, slot_name(m), list);
    return 0;
}

/* Every parameter that no other member claims; the values are strings or lists of them. */
static int bind_query_map(struct wire_in *in, struct slot m, struct value *params)
{
    struct slot value = slot_at(m, 1);
    struct value *map = value_map(in->a), *v;

    for (size_t i = 0; i < in->q->param_count; i++) {
        const struct uri_param *p = &in->q->params[i];

        if (is_claimed(in, p->name))
            continue;
        if (value.shape->type != CAT_LIST) {
            value_set(map, p->name, value_str(in->a, p->value));
            continue;
        }
        v = value_get(map, p->name);
        if (!v)
            value_append(map, p->name, v = value_list(in->a));
        value_push(v, value_str(in->a, p->value));
    }
    if (map->count)
        value_append(params, slot_name(m), map);
    return 0;
}

static int bind_query(struct wire_in *in, struct slot m, struct value *params)
{
    struct str name = slot_wire(m, NULL);

    if (m.shape->type == CAT_MAP)
        return bind_query_map(in, m, params);
    if (m.shape->type == CAT_LIST)
        return bind_query_list(in, m, name, params);
    for (size_t i = 0; i < in->q->param_count; i++)
        if (str_eq(in->q->params[i].name, name))
            return bind_text(in, m, in->q->params[i].value, params);
    return 0;
}

/* The next element of a comma-separated header; quotes keep commas, a backslash keeps a quote.
 * Source: Smithy 2.0 specification, "httpHeader trait", serialisation of lists. */
static struct str next_element(struct arena *a, struct str *rest)
{
    struct str head, s = str_trim(*rest);

    if (!s.len || s.ptr[0] != '"') {
        (void)str_cut(s, ',', &head, rest);
        return str_trim(head);
    }
    char *out = arena_alloc(a, s.len);
    size_t len = 0, i = 1;
    for (; i < s.len && s.ptr[i] != '"'; i++) {
        if (s.ptr[i] == '\\' && i + 1 < s.len)
            i++;
        out[len++] = s.ptr[i];
    }
    (void)str_cut(str_sub(s, i, s.len), ',', &head, rest);
    return (struct str){ out, len };
}

static int bind_header_list(struct wire_in *in, struct slot m, struct str text,
                            struct value *params)
{
    struct value *list = value_list(in->a), *item;

    while (text.len) {
        struct str one = next_element(in->a, &text);

        if (scalar_parse(in->a, slot_at(m, 0), one, &item, in->err) < 0)
            return E_PARSE;
        value_push(list, item);
    }
    value_append(params, slot_name(m), list);
    return 0;
}

static int bind_json_header(struct wire_in *in, struct slot m, struct str text,
                            struct value *params)
{
    struct str json;
    struct value *v;

    if (base64_decode(in->a, text, &json, in->err) < 0 || json_parse(in->a, json, &v, in->err) < 0)
        return E_PARSE;
    value_append(params, slot_name(m), v);
    return 0;
}

static int bind_header(struct wire_in *in, struct slot m, struct str text, struct value *params)
{
    if (m.shape->type == CAT_LIST)
        return bind_header_list(in, m, text, params);
    if (m.member->flags & CAT_M_JSONVALUE)
        return bind_json_header(in, m, text, params);
    /* S3 stores any Expires and ignores conditions with a date it can't read: kept as text.
     * Source: S3 API Reference, "PutObject", Expires; botocore handlers.py. */
    if (m.shape->type == CAT_TIMESTAMP && in->route->protocol == CAT_REST_XML) {
        struct value *v;

        if (scalar_parse(in->a, m, text, &v, NULL) < 0)
            v = value_str(in->a, text);
        value_append(params, slot_name(m), v);
        return 0;
    }
    return bind_text(in, m, text, params);
}

/* Without a name the prefix is empty: every header (dataexchange SendApiAsset). */
static struct str header_prefix(struct slot m)
{
    return slot_is_named(m) ? slot_wire(m, NULL) : STR("");
}

static void bind_prefix(struct wire_in *in, struct slot m, struct value *params)
{
    struct str prefix = header_prefix(m);
    struct value *map = value_map(in->a);

    for (size_t i = 0; i < in->q->header_count; i++) {
        const struct http_header *h = &in->q->headers[i];

        if (str_eq_nocase(str_sub(h->name, 0, prefix.len), prefix))
            value_append(map, str_sub(h->name, prefix.len, h->name.len),
                         value_str(in->a, h->value));
    }
    if (map->count)
        value_append(params, slot_name(m), map);
}

/* One bit for a name's length and last letter. An operation of S3 may bind forty headers, a request
 * carries a dozen: most members are ruled out by one test. */
static uint64_t sieve_bit(struct str name)
{
    return 1ull << ((name.len * 5 + (name.len ? name.ptr[name.len - 1] | 0x20u : 0u)) & 63);
}

static uint64_t sieve_headers(const struct request *q)
{
    uint64_t bits = 0;

    for (size_t i = 0; i < q->header_count; i++)
        bits |= sieve_bit(q->headers[i].name);
    return bits;
}

static int bind_named_header(struct wire_in *in, struct slot m, struct str name,
                             struct value *params)
{
    for (size_t i = 0; i < in->q->header_count; i++)
        if (str_eq_nocase(in->q->headers[i].name, name))
            return bind_header(in, m, in->q->headers[i].value, params);
    return 0;
}

static int bind_located(struct wire_in *in, struct slot m, struct value *params)
{
    if (m.member->location == CAT_QUERYSTRING && in->q->param_count)
        return bind_query(in, m, params);
    if (m.member->location == CAT_HEADERS)
        bind_prefix(in, m, params);
    else if (m.member->location == CAT_STATUS && in->is_answer)
        value_append(params, slot_name(m), value_int(in->a, in->status));
    else if (m.member->location == CAT_URI && in->route->s3_bucket.len)
        bind_s3_label(in, m, params);
    return 0;
}

static int bind_members(struct wire_in *in, struct value *params, bool *has_body)
{
    struct slot root = wire_input(in);
    const struct cat_member *members = cat_shape_members(in->cat, root.shape);
    uint64_t sieve = sieve_headers(in->q);
    int rc = 0;

    for (uint32_t i = 0; rc == 0 && members && i < root.shape->member_count; i++) {
        const struct cat_member *m = &members[i];

        if (m->location == CAT_BODY) {
            *has_body = true;
        } else if (m->location != CAT_HEADER) {
            rc = bind_located(in, slot_at(root, i), params);
        } else {
            struct str name = cat_str(in->cat, m->wire);

            if (sieve & sieve_bit(name))
                rc = bind_named_header(in, slot_at(root, i), name, params);
            if (in->is_answer)
                rc = 0; /* one that can't be read is left out */
        }
    }
    return rc;
}

static int parse_payload(struct wire_in *in, const struct rest_codec *codec, struct slot m,
                         struct value *params)
{
    struct value *v;

    if ((m.shape->flags & (CAT_S_EVENTSTREAM | CAT_S_STREAMING)) ||
        (m.member->flags & CAT_M_STREAMING) || !in->body.len)
        return 0;
    if (m.shape->type == CAT_BLOB)
        v = value_blob(in->a, in->body);
    else if (m.shape->type == CAT_STRING && !slot_is_document(m))
        v = value_str(in->a, in->body);
    else if (codec->parse(in, m, true, &v) < 0)
        return E_PARSE;
    value_append(params, slot_name(m), v);
    return 0;
}

static int bind_rest(struct wire_in *in, const struct rest_codec *codec, struct value *params)
{
    struct slot root = wire_input(in), payload;
    struct value *body;
    bool has_body = false;

    if (bind_members(in, params, &has_body) < 0)
        return E_PARSE;
    if (slot_payload(root, &payload))
        return parse_payload(in, codec, payload, params);
    if (!has_body || !in->body.len)
        return 0;
    if (codec->parse(in, root, false, &body) < 0)
        return E_PARSE;
    for (struct value *kid = value_first(body), *next; kid; kid = next) {
        next = kid->next;
        kid->next = NULL;
        value_append(params, kid->name, kid);
    }
    return 0;
}

int rest_parse(struct wire_in *in, const struct rest_codec *codec, struct value *params)
{
    if (!in->shape)
        return 0;
    if (bind_uri(in, params) < 0)
        return E_PARSE;
    return bind_rest(in, codec, params);
}

int rest_read(struct wire_in *in, const struct rest_codec *codec, struct value *output)
{
    return in->shape ? bind_rest(in, codec, output) : 0;
}

/* --- writing --- */

static struct str header_safe(struct arena *a, struct str s)
{
    struct str copy = arena_copy(a, s);
    char *p = (char *)copy.ptr;

    if (!str_has_control(s))
        return copy;
    for (size_t i = 0; i < copy.len; i++)
        if ((unsigned char)p[i] < ' ' || p[i] == 0x7f)
            p[i] = ' ';
    return copy;
}

void rest_header(struct arena *a, struct reply *reply, struct str name, struct str value)
{
    reply_header(a, reply, header_safe(a, name).ptr, header_safe(a, value));
}

static void add_element(struct wire_out *o, struct buf *out, struct slot s, const struct value *v)
{
    struct scalar_style style = { .ts = CAT_TS_RFC822 };
    bool quoted = v->kind == VALUE_STRING && (memchr(v->u.text.ptr, ',', v->u.text.len) ||
                                              memchr(v->u.text.ptr, '"', v->u.text.len));

    if (!quoted) {
        scalar_add(o->a, out, s, style, v);
        return;
    }
    buf_add_char(out, '"');
    for (size_t i = 0; i < v->u.text.len; i++) {
        if (v->u.text.ptr[i] == '"')
            buf_add_char(out, '\\');
        buf_add_char(out, v->u.text.ptr[i]);
    }
    buf_add_char(out, '"');
}

static void write_header(struct wire_out *o, struct slot m, const struct value *v)
{
    struct str name = slot_wire(m, NULL);
    struct buf text = { .arena = o->a }, json = { .arena = o->a };

    /* The length is the body's; only an answer without one has to say it. */
    if (str_eq_nocase(name, STR("Content-Length")) && !str_eq_c(o->q->method, "HEAD"))
        return;
    if (m.shape->type == CAT_LIST) {
        for (const struct value *kid = value_first(v); kid; kid = kid->next) {
            if (kid != value_first(v))
                buf_add_char(&text, ',');
            add_element(o, &text, slot_at(m, 0), kid);
        }
    } else if (m.member->flags & CAT_M_JSONVALUE) {
        json_write(&json, v);
        base64_encode(&text, buf_view(&json));
    } else {
        scalar_add(o->a, &text, m, (struct scalar_style){ .ts = CAT_TS_RFC822 }, v);
    }
    if (m.shape->type != CAT_LIST || text.len)
        reply_header(o->a, o->reply, name.ptr, header_safe(o->a, buf_view(&text)));
}

static void write_prefixed(struct wire_out *o, struct slot m, const struct value *v)
{
    struct str parts[2] = { header_prefix(m) };

    for (const struct value *kid = value_first(v); kid; kid = kid->next) {
        parts[1] = kid->name;
        if (kid->kind == VALUE_STRING)
            rest_header(o->a, o->reply, arena_join(o->a, parts, 2, STR("")), kid->u.text);
    }
}

void rest_write_bound(struct wire_out *o, struct slot s, const struct value *tree)
{
    uint32_t hint = 0;
    struct slot m;

    for (const struct value *kid = value_first(tree); kid; kid = kid->next) {
        if (!slot_find_name(s, kid->name, &hint, &m) || kid->kind == VALUE_NULL)
            continue;
        if (m.member->location == CAT_HEADER)
            write_header(o, m, kid);
        else if (m.member->location == CAT_HEADERS)
            write_prefixed(o, m, kid);
        else if (m.member->location == CAT_STATUS && kid->kind == VALUE_INT)
            o->reply->status = (int)kid->u.integer;
    }
}

static void write_payload(struct wire_out *o, const struct rest_codec *codec, struct slot m)
{
    const struct value *v = value_get(o->tree, slot_name(m));
    bool is_raw =
        m.shape->type == CAT_BLOB || (m.shape->type == CAT_STRING && !slot_is_document(m));

    if (o->outcome->body.text.ptr || o->outcome->body.path)
        o->reply->body = o->outcome->body;
    else if (v && is_raw)
        buf_add(&o->body, v->u.text);
    else if (v && slot_can_write(m, v))
        codec->write(o, m, v);
    if (is_raw)
        wire_header_c(o, "Content-Type",
                      m.shape->type == CAT_BLOB ? "application/octet-stream" : "text/plain");
}

/* An empty structure is said ({}), one whose members all stand in headers is not. */
static bool has_body_members(struct slot root)
{
    for (uint32_t i = 0; i < root.shape->member_count; i++)
        if (cat_shape_member(root.cat, root.shape, i)->location == CAT_BODY)
            return true;
    return root.shape->member_count == 0;
}

static bool holds_body_members(struct slot root, const struct value *tree)
{
    uint32_t hint = 0;
    struct slot m;

    for (const struct value *kid = value_first(tree); kid; kid = kid->next)
        if (slot_find_name(root, kid->name, &hint, &m) && m.member->location == CAT_BODY &&
            slot_can_write(m, kid))
            return true;
    return false;
}

/* Five operations are modelled as 204 and yet with members: one that has something to say says it
 * with 200, as RFC 9110 (15.3.5) lets no content follow a 204. */
static void write_members(struct wire_out *o, const struct rest_codec *codec, struct slot root)
{
    if (o->reply->status != 204) {
        if (has_body_members(root))
            codec->write(o, root, o->tree);
    } else if (holds_body_members(root, o->tree)) {
        o->reply->status = 200;
        codec->write(o, root, o->tree);
    }
}

void rest_write(struct wire_out *o, const struct rest_codec *codec)
{
    struct slot root = wire_output(o), payload;

    if (!root.shape)
        return;
    if (slot_payload(root, &payload))
        write_payload(o, codec, payload);
    else
        write_members(o, codec, root);
    rest_write_bound(o, root, o->tree);
}
