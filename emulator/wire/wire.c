#include "emulator/wire/wire.h"

#include "core/base/limits.h"
#include "core/codec/gzip.h"
#include "emulator/wire/protocol.h"
#include "emulator/wire/rest.h"

#define BODY_GUESS 512 /* most answers are shorter: no growing on the way */

static const struct wire_protocol *const protocols[] = {
    [CAT_JSON] = &wire_json,         [CAT_REST_JSON] = &wire_rest_json,
    [CAT_REST_XML] = &wire_rest_xml, [CAT_QUERY] = &wire_query,
    [CAT_EC2] = &wire_ec2,           [CAT_CBOR] = &wire_cbor,
};

/* --- requests --- */

bool wire_is_event_stream(const struct cat_op *op)
{
    return (op->flags & (CAT_O_EVENTSTREAM_IN | CAT_O_EVENTSTREAM_OUT)) != 0;
}

static bool streams(const struct cat *cat, const struct cat_shape *shape)
{
    struct slot payload;

    if (!slot_payload(slot_root(cat, shape), &payload))
        return false;
    return (payload.member->flags & CAT_M_STREAMING) || (payload.shape->flags & CAT_S_STREAMING);
}

bool wire_streams_input(const struct cat *cat, const struct cat_op *op)
{
    return streams(cat, cat_op_input(cat, op));
}

bool wire_streams_output(const struct cat *cat, const struct cat_op *op)
{
    return streams(cat, cat_op_output(cat, op));
}

/* A body may come compressed where the model says requestcompression; S3 stores what it gets.
 * Source: Smithy 2.0 specification, "requestCompression trait". */
static int load_body(struct wire_in *in)
{
    struct buf plain = { 0 };
    int rc;

    in->body = in->q->body.text;
    if (streams(in->cat, in->shape) ||
        !str_eq_nocase(request_header(in->q, "Content-Encoding"), STR("gzip")))
        return 0;
    rc = gzip_read(in->body, LIMIT_HTTP_BODY_BYTES, &plain, NULL, in->err);
    if (rc == 0)
        in->body = arena_copy(in->a, buf_view(&plain));
    buf_free(&plain);
    return rc;
}

int wire_parse(struct arena *a, const struct cat *cat, const struct request *q,
               const struct route *route, struct value **params, struct str *code_out,
               struct err *err)
{
    const struct wire_protocol *p = protocols[route->protocol];
    struct wire_in in = { .a = a, .cat = cat, .q = q, .route = route, .err = err };
    struct value *map = value_map(a);

    in.shape = cat_op_input(cat, route->op);
    if (load_body(&in) < 0 || p->parse(&in, map) < 0) {
        *code_out = in.code.len ? in.code : str_c(p->parse_code);
        return E_PARSE;
    }
    *params = map;
    return 0;
}

static bool is_modelled(struct slot root, struct str name, enum cat_location location)
{
    for (uint32_t i = 0; root.shape && i < root.shape->member_count; i++) {
        struct slot m = slot_at(root, i);

        if (m.member->location == location && str_eq_nocase(slot_wire(m, NULL), name))
            return true;
    }
    return false;
}

/* What a presigned URL proves its caller with: never on record. Its date, algorithm, signed headers
 * and expiry are. */
static bool is_credential(struct str name)
{
    static const char *const names[] = { "X-Amz-Credential", "X-Amz-Signature",
                                         "X-Amz-Security-Token", "AWSAccessKeyId", "Signature" };

    for (size_t i = 0; i < COUNT(names); i++)
        if (str_eq_nocase(name, str_c(names[i])))
            return true;
    return false;
}

struct value *wire_unmodeled(struct arena *a, const struct cat *cat, const struct request *q,
                             const struct route *route)
{
    struct slot root = slot_root(cat, route->op ? cat_op_input(cat, route->op) : NULL);
    struct value *map = value_map(a);

    for (size_t i = 0; i < q->param_count; i++)
        if (!is_modelled(root, q->params[i].name, CAT_QUERYSTRING) &&
            !is_credential(q->params[i].name))
            value_set(map, q->params[i].name, value_str(a, q->params[i].value));
    return map->count ? map : NULL;
}

/* --- answers --- */

enum {
    J = 1 << CAT_JSON,
    C = 1 << CAT_CBOR,
    R = 1 << CAT_REST_JSON,
    X = 1 << CAT_REST_XML,
    Q = 1 << CAT_QUERY,
    E = 1 << CAT_EC2,
    RX = R | X,
    RXQ = RX | Q,
    RXQE = RXQ | E,
    ANY = RXQE | J | C,
};

static const struct code_status {
    unsigned protocols;
    const char *code;
    int status;
} code_statuses[] = {
#define STATUS(protocols, code, status) { protocols, code, status },
#include "emulator/wire/status.def"
#undef STATUS
};

static int status_of(struct str code, enum cat_protocol protocol)
{
    for (size_t i = 0; i < COUNT(code_statuses); i++)
        if ((code_statuses[i].protocols & (1u << protocol)) &&
            str_eq_c(code, code_statuses[i].code))
            return code_statuses[i].status;
    return 0;
}

/* What a refusal is called on the wire. */
static struct str error_code(const struct cat *cat, const struct cat_shape *error, struct str code)
{
    const struct cat_rare *rare = error ? cat_shape_rare(cat, error) : NULL;

    if (rare && rare->error_code)
        return cat_str(cat, rare->error_code);
    return error ? cat_str(cat, error->name) : code;
}

static int refusal_status(const struct cat *cat, const struct cat_shape *error,
                          enum cat_protocol protocol, const struct outcome *out)
{
    const struct cat_rare *rare = error ? cat_shape_rare(cat, error) : NULL;
    int status = out->status;

    if (!status && rare)
        status = (int)rare->http_status;
    if (!status)
        status = status_of(error_code(cat, error, out->code), protocol);
    if (!status)
        status = error && (error->flags & CAT_S_FAULT) ? 500 : 400;
    return status;
}

int wire_status(const struct cat *cat, const struct cat_op *op, enum cat_protocol protocol,
                const struct outcome *out)
{
    if (out->code.len > 0)
        return refusal_status(cat, op ? cat_op_error(cat, op, out->code) : NULL, protocol, out);
    if (out->status)
        return out->status;
    return op && op->status ? op->status : 200;
}

static struct wire_error error_of(const struct wire_out *o)
{
    const struct cat_shape *s = o->op ? cat_op_error(o->cat, o->op, o->outcome->code) : NULL;
    struct wire_error e = { .shape = s, .message = o->outcome->message };

    e.members = o->outcome->error;
    e.type = s ? cat_str(o->cat, s->name) : o->outcome->code;
    e.code = error_code(o->cat, s, o->outcome->code);
    e.status = refusal_status(o->cat, s, o->route->protocol, o->outcome);
    e.is_sender = e.status < 500;
    return e;
}

void wire_header_c(struct wire_out *o, const char *name, const char *value)
{
    reply_header(o->a, o->reply, name, str_c(value));
}

struct str wire_message_name(const struct wire_out *o, const struct wire_error *e,
                             const char *fallback)
{
    static const char *const names[] = { "message", "Message" };

    for (size_t i = 0; e->shape && i < COUNT(names); i++)
        if (cat_member_find(o->cat, e->shape, str_c(names[i])))
            return str_c(names[i]);
    return str_c(fallback);
}

void wire_query_compatible(struct wire_out *o, const struct wire_error *e)
{
    if (!o->service || !(o->service->flags & CAT_SV_QUERY_COMPATIBLE))
        return;
    rest_header(
        o->a, o->reply, STR("x-amzn-query-error"),
        arena_printf(o->a, "%.*s;%s", STR_ARG(e->code), e->is_sender ? "Sender" : "Receiver"));
}

/* S3 has ids of its own. Source: S3 User Guide, "Getting Amazon S3 request IDs". */
static void add_ids(struct wire_out *o)
{
    if (!o->host_id.len) {
        reply_header(o->a, o->reply, "x-amzn-RequestId", o->request_id);
        return;
    }
    reply_header(o->a, o->reply, "x-amz-request-id", o->request_id);
    reply_header(o->a, o->reply, "x-amz-id-2", o->host_id);
}

static void write_success(struct wire_out *o, const struct wire_protocol *p)
{
    o->reply->status = wire_status(o->cat, o->op, o->route->protocol, o->outcome);
    if (o->op)
        p->write(o);
}

static void write_refusal(struct wire_out *o, const struct wire_protocol *p)
{
    struct wire_error e = error_of(o);

    o->reply->status = e.status;
    p->refuse(o, &e);
}

void wire_write(struct arena *a, const struct cat *cat, const struct request *q,
                const struct route *route, const struct outcome *out, struct str request_id,
                struct str host_id, struct reply *reply)
{
    const struct wire_protocol *p = protocols[route->protocol];
    struct wire_out o = { .a = a, .cat = cat, .q = q, .route = route, .op = route->op };

    o.outcome = out;
    o.tree = out->output;
    o.request_id = request_id;
    o.host_id = host_id;
    o.reply = reply;
    o.service = route->op ? cat_op_service(cat, route->op) : cat_service_find(cat, route->service);
    o.shape = route->op ? cat_op_output(cat, route->op) : NULL;
    o.body.arena = a;
    (void)buf_reserve(&o.body, BODY_GUESS);
    add_ids(&o);
    if (outcome_refused(out))
        write_refusal(&o, p);
    else
        write_success(&o, p);
    for (const struct value *h = value_first(out->headers); h; h = h->next)
        if (h->kind == VALUE_STRING)
            rest_header(a, reply, h->name, h->u.text);
    if (o.body.len)
        reply->body = (struct body){ .text = buf_text(&o.body) };
}

/* --- answers of others --- */

struct str wire_bare_code(struct str type)
{
    struct str head, code;

    if (!str_rcut(type, '#', &head, &code))
        code = type;
    (void)str_cut(code, ':', &code, &head); /* without ':' all of it is the code */
    return str_trim(code);
}

/* What clients take for the id: query and ec2 say it in the body, the others in a header.
 * Source: botocore parsers.py, ResponseMetadata. */
static struct str answered_id(const struct wire_in *in)
{
    static const char *const names[] = { "x-amzn-RequestId", "x-amz-request-id",
                                         "x-amzn-request-id" };
    bool says_in_body = in->route->protocol == CAT_QUERY || in->route->protocol == CAT_EC2;
    struct str id = says_in_body ? in->request_id : (struct str){ 0 };

    for (size_t i = 0; id.len == 0 && i < COUNT(names); i++)
        id = request_header(in->q, names[i]);
    return id.len > 0 ? id : in->request_id;
}

static int read_refusal(struct wire_in *in, const struct wire_protocol *p, struct outcome *out)
{
    struct wire_fault fault = { 0 };

    if (p->read_error(in, &fault) < 0)
        return E_PARSE;
    out->status = in->status;
    out->code = fault.code;
    out->message = fault.message;
    return 0;
}

/* S3 may find out after its 200 was sent. Source: S3 API Reference, "CompleteMultipartUpload",
 * "CopyObject". */
static bool is_late_error(const struct wire_in *in)
{
    struct str head = str_trim(in->body);
    ptrdiff_t at = str_find(str_sub(head, 0, 200), STR("<Error>"));

    return in->route->protocol == CAT_REST_XML && !streams(in->cat, in->shape) && at >= 0 &&
           (at == 0 || str_has_prefix(head, STR("<?xml")));
}

/* The whole body is frames of events: the rest protocols leave such a payload out by themselves. */
static bool is_all_events(const struct wire_in *in)
{
    return (in->route->op->flags & CAT_O_EVENTSTREAM_OUT) &&
           (in->route->protocol == CAT_JSON || in->route->protocol == CAT_CBOR);
}

static int read_success(struct wire_in *in, const struct wire_protocol *p, struct outcome *out)
{
    struct value *output = value_map(in->a);
    int rc = 0;

    if (!is_all_events(in))
        rc = p->read ? p->read(in, output) : p->parse(in, output);
    if (rc == 0 && in->shape)
        out->output = output;
    return rc;
}

int wire_read(struct arena *a, const struct cat *cat, const struct request *q,
              const struct route *route, const struct reply *answer, struct outcome *out,
              struct str *request_id, struct err *err)
{
    const struct wire_protocol *p = protocols[route->protocol];
    struct request as = { .method = q->method,
                          .headers = answer->headers,
                          .header_count = answer->header_count,
                          .body = answer->body };
    struct wire_in in = { .a = a, .cat = cat, .q = &as, .route = route, .is_answer = true };
    int rc;

    in.shape = cat_op_output(cat, route->op);
    in.status = answer->status;
    rc = in.status < 200 ? E_PARSE : load_body(&in); /* the end of no exchange */
    if (rc == 0 && (in.status >= 300 || is_late_error(&in)))
        rc = read_refusal(&in, p, out);
    else if (rc == 0)
        rc = read_success(&in, p, out);
    *request_id = answered_id(&in);
    return rc < 0 ? err_set(err, E_PARSE, "an answer of status %d that is not %.*s's", in.status,
                            STR_ARG(route->action))
                  : 0;
}
