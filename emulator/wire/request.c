#include "emulator/wire/request.h"

#include "core/codec/cbor.h"
#include "core/codec/json.h"
#include "core/codec/uri.h"
#include "emulator/wire/form.h"
#include "emulator/wire/json_body.h"
#include "emulator/wire/rest.h"
#include "emulator/wire/tree.h"
#include "emulator/wire/wire.h"
#include "emulator/wire/xml_body.h"

#define HEADERS_MOST 128

/* A request being written. */
struct asking {
    struct arena *a;
    const struct cat *cat;
    const struct cat_op *op;
    const struct cat_service *service;
    struct slot root; /* of the input; shape NULL: none */
    const struct value *params;
    struct request *q;
    struct buf path, query, body;
};

static void header(struct asking *w, struct str name, struct str value)
{
    if (w->q->header_count < HEADERS_MOST)
        w->q->headers[w->q->header_count++] =
            (struct http_header){ arena_copy(w->a, name), arena_copy(w->a, value) };
}

static struct str text_of(struct asking *w, struct slot s, enum cat_ts ts, const struct value *v)
{
    struct buf text = { 0 };

    scalar_add(w->a, &text, s, (struct scalar_style){ .ts = ts }, v);
    struct str out = arena_copy(w->a, buf_view(&text));
    buf_free(&text);
    return out;
}

static void add_pair(struct asking *w, struct str name, struct str value)
{
    if (w->query.len > 0)
        buf_add_char(&w->query, '&');
    uri_encode(&w->query, name, URI_KEEP_NONE);
    buf_add_char(&w->query, '=');
    uri_encode(&w->query, value, URI_KEEP_NONE);
}

/* --- query and ec2: one parameter a leaf --- */

/* Where a name stands: "Filter.1.Value". Longer ones than the parser reads are no request's. */
struct form_place {
    struct asking *w;
    enum form_dialect dialect;
};

static void form_value(const struct form_place *f, struct str name, struct slot s,
                       const struct value *v);

static struct str under(const struct form_place *f, struct str name, struct str part)
{
    return name.len > 0 ? arena_printf(f->w->a, "%.*s.%.*s", STR_ARG(name), STR_ARG(part)) : part;
}

static struct str numbered(const struct form_place *f, struct str name, size_t n)
{
    return arena_printf(f->w->a, "%.*s.%zu", STR_ARG(name), n);
}

static void form_list(const struct form_place *f, struct str name, struct slot s,
                      const struct value *v)
{
    struct slot element = slot_at(s, 0);
    size_t n = 0;

    if (f->dialect == FORM_QUERY && !slot_is_flat(s))
        name = under(f, name, slot_wire(element, "member"));
    for (const struct value *k = value_first(v); k; k = k->next)
        form_value(f, numbered(f, name, ++n), element, k);
}

static void form_map(const struct form_place *f, struct str name, struct slot s,
                     const struct value *v)
{
    struct slot key = slot_at(s, 0), value = slot_at(s, 1);
    size_t n = 0;

    if (!slot_is_flat(s))
        name = under(f, name, STR("entry"));
    for (const struct value *k = value_first(v); k; k = k->next) {
        struct str entry = numbered(f, name, ++n);

        add_pair(f->w, under(f, entry, slot_wire(key, "key")), k->name);
        form_value(f, under(f, entry, slot_wire(value, "value")), value, k);
    }
}

static void form_members(const struct form_place *f, struct str name, struct slot s,
                         const struct value *v)
{
    uint32_t hint = 0;
    struct slot m;

    for (const struct value *k = value_first(v); k; k = k->next) {
        if (!slot_find_name(s, k->name, &hint, &m))
            continue;
        struct str own = f->dialect == FORM_EC2 ? form_ec2_name(f->w->a, m) : slot_flat_wire(m);
        form_value(f, under(f, name, own), m, k);
    }
}

static void form_value(const struct form_place *f, struct str name, struct slot s,
                       const struct value *v)
{
    if (v->kind == VALUE_NULL)
        return;
    if (s.shape->type == CAT_LIST)
        form_list(f, name, s, v);
    else if (s.shape->type == CAT_MAP)
        form_map(f, name, s, v);
    else if (s.shape->type == CAT_STRUCTURE)
        form_members(f, name, s, v);
    else
        add_pair(f->w, name, text_of(f->w, s, CAT_TS_ISO8601, v));
}

static void ask_form(struct asking *w, enum form_dialect dialect)
{
    const struct form_place f = { w, dialect };

    w->root.over_query = dialect == FORM_QUERY;
    add_pair(w, STR("Action"), cat_str(w->cat, w->op->name));
    add_pair(w, STR("Version"), cat_str(w->cat, w->service->api_version));
    if (w->root.shape)
        form_members(&f, (struct str){ 0 }, w->root, w->params);
    buf_add(&w->body, buf_view(&w->query));
    buf_clear(&w->query);
    header(w, STR("Content-Type"), STR("application/x-www-form-urlencoded; charset=utf-8"));
}

static void ask_query(struct asking *w)
{
    ask_form(w, FORM_QUERY);
}

static void ask_ec2(struct asking *w)
{
    ask_form(w, FORM_EC2);
}

/* --- json and cbor: one document --- */

static void ask_json(struct asking *w)
{
    struct str version = cat_str(w->cat, w->service->json_version);

    header(w, STR("X-Amz-Target"),
           arena_printf(w->a, "%.*s.%.*s", STR_ARG(cat_str(w->cat, w->service->target_prefix)),
                        STR_ARG(cat_str(w->cat, w->op->name))));
    header(w, STR("Content-Type"),
           arena_printf(w->a, "application/x-amz-json-%.*s", STR_ARG(version)));
    if (w->root.shape)
        json_body_write(w->a, &w->body, w->root, TREE_ALL, w->params);
    else
        buf_add(&w->body, STR("{}"));
}

static void ask_cbor(struct asking *w)
{
    buf_clear(&w->path);
    buf_printf(&w->path, "/service/%.*s/operation/%.*s",
               STR_ARG(cat_str(w->cat, w->service->target_prefix)),
               STR_ARG(cat_str(w->cat, w->op->name)));
    header(w, STR("smithy-protocol"), STR("rpc-v2-cbor"));
    header(w, STR("Content-Type"), STR("application/cbor"));
    if (w->root.shape)
        cbor_write(&w->body, tree_to_wire(w->a, w->root, w->params));
}

/* --- rest: labels, query keys, headers, body --- */

static void label(struct asking *w, struct str name)
{
    bool greedy = str_has_suffix(name, STR("+"));
    uint32_t hint = 0;
    struct slot m;

    if (!w->root.shape || !slot_find_wire(w->root, str_sub(name, 0, name.len - greedy), &hint, &m))
        return;
    const struct value *v = value_get(w->params, slot_name(m));
    if (v)
        uri_encode(&w->path, text_of(w, m, CAT_TS_ISO8601, v),
                   greedy ? URI_KEEP_SLASH : URI_KEEP_NONE);
}

static void rest_path(struct asking *w)
{
    struct str template, fixed;

    (void)str_cut(cat_str(w->cat, w->op->uri), '?', &template, &fixed); /* few have fixed keys */
    buf_clear(&w->path);
    for (size_t i = 0; i < template.len; i++) {
        ptrdiff_t close = str_find(str_sub(template, i, template.len), STR("}"));

        if (template.ptr[i] != '{' || close < 0) {
            buf_add_char(&w->path, template.ptr[i]);
            continue;
        }
        label(w, str_sub(template, i + 1, (size_t)close - 1));
        i += (size_t)close;
    }
    buf_add(&w->query, fixed);
}

static void query_key(struct asking *w, struct slot m, struct str name, const struct value *v)
{
    if (m.shape->type == CAT_LIST) {
        for (const struct value *k = value_first(v); k; k = k->next)
            add_pair(w, name, text_of(w, slot_at(m, 0), CAT_TS_ISO8601, k));
    } else if (m.shape->type == CAT_MAP) {
        for (const struct value *k = value_first(v); k; k = k->next)
            query_key(w, slot_at(m, 1), k->name, k);
    } else {
        add_pair(w, name, text_of(w, m, CAT_TS_ISO8601, v));
    }
}

/* Commas within an element are kept by quotes. Source: Smithy 2.0 specification, "httpHeader
 * trait", serialisation of lists. */
static void add_element(struct buf *out, struct str text)
{
    bool needs_quotes = memchr(text.ptr, ',', text.len) || memchr(text.ptr, '"', text.len);

    if (out->len > 0)
        buf_add(out, STR(", "));
    if (needs_quotes)
        buf_add_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (needs_quotes && (text.ptr[i] == '"' || text.ptr[i] == '\\'))
            buf_add_char(out, '\\');
        buf_add_char(out, text.ptr[i]);
    }
    if (needs_quotes)
        buf_add_char(out, '"');
}

static void header_value(struct asking *w, struct slot m, const struct value *v)
{
    struct buf text = { 0 };
    struct buf json = { 0 };

    if (m.member->flags & CAT_M_JSONVALUE) {
        json_write(&json, v);
        base64_encode(&text, buf_view(&json));
    } else if (m.shape->type == CAT_LIST) {
        for (const struct value *k = value_first(v); k; k = k->next)
            add_element(&text, text_of(w, slot_at(m, 0), CAT_TS_RFC822, k));
    } else {
        scalar_add(w->a, &text, m, (struct scalar_style){ .ts = CAT_TS_RFC822 }, v);
    }
    header(w, slot_wire(m, NULL), buf_view(&text));
    buf_free(&text);
    buf_free(&json);
}

static void header_map(struct asking *w, struct slot m, const struct value *v)
{
    struct str prefix = slot_is_named(m) ? slot_wire(m, NULL) : STR("");

    for (const struct value *k = value_first(v); k; k = k->next)
        header(w, arena_printf(w->a, "%.*s%.*s", STR_ARG(prefix), STR_ARG(k->name)),
               value_to_text(w->a, k));
}

/* What the shape binds elsewhere. True: something is left for the body. */
static bool rest_bound(struct asking *w)
{
    uint32_t hint = 0;
    bool has_body = false;
    struct slot m;

    for (const struct value *k = value_first(w->params); w->root.shape && k; k = k->next) {
        if (!slot_find_name(w->root, k->name, &hint, &m) || k->kind == VALUE_NULL)
            continue;
        switch ((enum cat_location)m.member->location) {
        case CAT_QUERYSTRING:
            query_key(w, m, slot_wire(m, NULL), k);
            break;
        case CAT_HEADER:
            header_value(w, m, k);
            break;
        case CAT_HEADERS:
            header_map(w, m, k);
            break;
        case CAT_BODY:
            has_body = true;
            break;
        default:
            break;
        }
    }
    return has_body;
}

static bool is_document(struct slot payload)
{
    return payload.shape->type == CAT_STRUCTURE || payload.shape->type == CAT_LIST ||
           payload.shape->type == CAT_MAP;
}

/* The body: a payload as it is or by the codec, else all that is bound nowhere else. */
static void rest_body(struct asking *w, bool has_body,
                      void (*write)(struct asking *w, struct slot s, const struct value *v))
{
    struct slot payload;

    if (!w->root.shape)
        return;
    if (!slot_payload(w->root, &payload)) {
        if (has_body)
            write(w, w->root, w->params);
        return;
    }
    const struct value *v = value_get(w->params, slot_name(payload));
    if (v && is_document(payload))
        write(w, payload, v);
    else if (v)
        buf_add(&w->body, v->u.text);
}

static void write_json(struct asking *w, struct slot s, const struct value *v)
{
    json_body_write(w->a, &w->body, s, s.member ? TREE_ALL : TREE_BODY, v);
    header(w, STR("Content-Type"), STR("application/json"));
}

static void write_xml(struct asking *w, struct slot s, const struct value *v)
{
    rest_xml_ask(w->a, &w->body, w->op, s, v);
    header(w, STR("Content-Type"), STR("application/xml"));
}

static void ask_rest_json(struct asking *w)
{
    rest_path(w);
    rest_body(w, rest_bound(w), write_json);
}

static void ask_rest_xml(struct asking *w)
{
    rest_path(w);
    rest_body(w, rest_bound(w), write_xml);
}

void wire_request(struct arena *a, const struct cat *cat, const struct cat_op *op,
                  const struct value *params, struct body body, struct request *out)
{
    static void (*const asks[])(struct asking * w) = {
        [CAT_JSON] = ask_json,         [CAT_REST_JSON] = ask_rest_json,
        [CAT_REST_XML] = ask_rest_xml, [CAT_QUERY] = ask_query,
        [CAT_EC2] = ask_ec2,           [CAT_CBOR] = ask_cbor,
    };
    struct asking w = { .a = a, .cat = cat, .op = op, .params = params, .q = out };

    *out = (struct request){ .method = cat_str(cat, op->method) };
    out->headers = arena_array(a, HEADERS_MOST + 8, sizeof *out->headers);
    w.service = cat_op_service(cat, op);
    w.root = slot_root(cat, cat_op_input(cat, op));
    buf_add_char(&w.path, '/');
    asks[w.service->protocol](&w);
    out->path = arena_copy(a, buf_view(&w.path));
    out->query = arena_copy(a, buf_view(&w.query));
    out->target = out->query.len > 0
                      ? arena_printf(a, "%.*s?%.*s", STR_ARG(out->path), STR_ARG(out->query))
                      : out->path;
    out->body = body;
    if (!wire_streams_input(cat, op)) {
        out->body = (struct body){ .text = arena_copy(a, buf_view(&w.body)) };
        out->body.len = (int64_t)out->body.text.len;
    }
    (void)uri_parse_query(a, out->query, &out->params, &out->param_count, NULL); /* our own */
    buf_free(&w.path);
    buf_free(&w.query);
    buf_free(&w.body);
}
