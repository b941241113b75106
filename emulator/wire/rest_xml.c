#include "emulator/wire/rest.h"
#include "emulator/wire/xml_body.h"
#include "emulator/wire/xml_error.h"

#define DECLARATION "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
/* Source: S3 API Reference, "Error responses", MalformedXML. */
#define MALFORMED                                                                                  \
    "The XML you provided was not well-formed or did not validate against our published schema"

static const struct dialect {
    const char *service, *xmlns, *malformed_code;
    bool always_milli;
} dialects[] = {
#define DIALECT(service, xmlns, code, milli) { service, xmlns, code, milli },
#define ROOT(operation, element)
#include "emulator/wire/rest_xml.def"
#undef DIALECT
#undef ROOT
};

static const struct root {
    const char *operation, *element;
} roots[] = {
#define DIALECT(service, xmlns, code, milli)
#define ROOT(operation, element) { operation, element },
#include "emulator/wire/rest_xml.def"
#undef DIALECT
#undef ROOT
};

/* The first row also serves a service of which we know nothing. */
static const struct dialect *dialect_of(const struct cat *cat, const struct cat_service *service)
{
    for (size_t i = 0; service && i < COUNT(dialects); i++)
        if (str_eq_c(cat_str(cat, service->name), dialects[i].service))
            return &dialects[i];
    return &dialects[0];
}

static bool is_s3(const struct dialect *d)
{
    return d == &dialects[0];
}

/* S3 looks at the root's name. Others read what stands in it. */
static bool root_fits(struct wire_in *in, struct slot s, const struct xml_node *root)
{
    return !is_s3(dialect_of(in->cat, cat_op_service(in->cat, in->route->op))) || !s.member ||
           str_eq(root->local, slot_wire(s, NULL)) ||
           str_eq(root->local, cat_str(in->cat, s.shape->name));
}

static int parse_body(struct wire_in *in, struct slot s, bool is_payload, struct value **out)
{
    struct xml_node *root;

    (void)is_payload; /* the root element stands for either */
    if (in->is_answer)
        return xml_answer_parse(in, &root) < 0 ? E_PARSE
                                               : xml_body_parse(in->a, s, root, out, in->err);
    if (xml_parse(in->a, in->body, &root, NULL) == 0 && root_fits(in, s, root) &&
        xml_body_parse(in->a, s, root, out, NULL) == 0)
        return 0;
    in->code = str_c(dialect_of(in->cat, cat_op_service(in->cat, in->route->op))->malformed_code);
    return err_set(in->err, E_PARSE, MALFORMED);
}

static struct str root_name(struct wire_out *o, struct slot s, const struct dialect *d)
{
    for (size_t i = 0; is_s3(d) && !s.member && i < COUNT(roots); i++)
        if (str_eq_c(cat_str(o->cat, o->op->name), roots[i].operation))
            return str_c(roots[i].element);
    return s.member ? slot_wire(s, NULL) : cat_str(o->cat, s.shape->name);
}

/* <Root xmlns="..."> without its '>': an element that holds an attribute of its own is opened by
 * xml_body_open, and none of the roots does. */
static void open_root(struct wire_out *o, struct str name, const struct dialect *d)
{
    buf_add(&o->body, STR(DECLARATION "<"));
    buf_add(&o->body, name);
    buf_add(&o->body, STR(" xmlns=\""));
    buf_add_c(&o->body, d->xmlns);
    buf_add_char(&o->body, '"');
}

/* The one answer whose root is a text: the region, nothing for us-east-1.
 * Source: S3 API Reference, "GetBucketLocation". */
static void write_location(struct wire_out *o, const struct dialect *d, const struct value *v)
{
    struct str region = value_get_str(v, "LocationConstraint");

    open_root(o, STR("LocationConstraint"), d);
    if (!region.len) {
        buf_add(&o->body, STR("/>"));
        return;
    }
    buf_add_char(&o->body, '>');
    xml_text(&o->body, region);
    xml_close(&o->body, STR("LocationConstraint"));
}

static void write_body(struct wire_out *o, struct slot s, const struct value *v)
{
    const struct dialect *d = dialect_of(o->cat, o->service);
    const struct xml_style style = { .scalar = { CAT_TS_ISO8601, d->always_milli },
                                     .body_only = !s.member };
    struct str name = root_name(o, s, d);

    wire_header_c(o, "Content-Type", is_s3(d) ? "application/xml" : "text/xml");
    if (is_s3(d) && str_eq_c(cat_str(o->cat, o->op->name), "GetBucketLocation")) {
        write_location(o, d, v);
        return;
    }
    open_root(o, name, d);
    buf_add_char(&o->body, '>');
    xml_body_members(o->a, &o->body, s, style, v);
    xml_close(&o->body, name);
}

void rest_xml_ask(struct arena *a, struct buf *out, const struct cat_op *op, struct slot s,
                  const struct value *v)
{
    const struct dialect *d = dialect_of(s.cat, cat_op_service(s.cat, op));
    const struct xml_style style = { .scalar = { CAT_TS_ISO8601, d->always_milli },
                                     .body_only = !s.member };
    uint32_t own = cat_shape_rare(s.cat, s.shape)->location_name;
    struct str name = cat_str(s.cat, own ? own : s.shape->name);

    if (s.member)
        name = slot_wire(s, NULL);
    buf_add_char(out, '<');
    buf_add(out, name);
    buf_add(out, STR(" xmlns=\""));
    buf_add_c(out, d->xmlns);
    buf_add(out, STR("\">"));
    xml_body_members(a, out, s, style, v);
    xml_close(out, name);
}

static const struct rest_codec codec = { parse_body, write_body };

static int parse(struct wire_in *in, struct value *params)
{
    return rest_parse(in, &codec, params);
}

/* The answer to a form that asks for 201. Source: S3 API Reference, "POST Object", "Response
 * elements". */
static void write_post_response(struct wire_out *o)
{
    wire_header_c(o, "Content-Type", "application/xml");
    buf_add(&o->body, STR(DECLARATION "<PostResponse>"));
    xml_element(&o->body, STR("Location"), value_get_str(o->outcome->headers, "Location"));
    xml_element(&o->body, STR("Bucket"), o->route->s3_bucket);
    xml_element(&o->body, STR("Key"), o->route->s3_key);
    xml_element(&o->body, STR("ETag"), value_get_str(o->tree, "ETag"));
    buf_add(&o->body, STR("</PostResponse>"));
}

static void write(struct wire_out *o)
{
    rest_write(o, &codec);
    if (o->q->form && o->reply->status == 201)
        write_post_response(o);
}

/* S3's error has no namespace and no envelope; nothing goes with HEAD or 304.
 * Source: S3 API Reference, "REST error responses"; RFC 9110, 15.4.5. */
static void refuse_s3(struct wire_out *o, const struct wire_error *e)
{
    if (str_eq_c(o->q->method, "HEAD") || e->status == 304)
        return;
    wire_header_c(o, "Content-Type", "application/xml");
    buf_add(&o->body, STR(DECLARATION "<Error>"));
    xml_error_members(o, e);
    xml_element(&o->body, STR("RequestId"), o->request_id);
    xml_element(&o->body, STR("HostId"), o->host_id);
    buf_add(&o->body, STR("</Error>"));
}

static void refuse(struct wire_out *o, const struct wire_error *e)
{
    const struct dialect *d = dialect_of(o->cat, o->service);

    if (is_s3(d)) {
        refuse_s3(o, e);
        return;
    }
    wire_header_c(o, "Content-Type", "text/xml");
    open_root(o, STR("ErrorResponse"), d);
    buf_add(&o->body, STR("><Error>"));
    xml_element(&o->body, STR("Type"), e->is_sender ? STR("Sender") : STR("Receiver"));
    xml_error_members(o, e);
    buf_add(&o->body, STR("</Error>"));
    xml_element(&o->body, STR("RequestId"), o->request_id);
    buf_add(&o->body, STR("</ErrorResponse>"));
}

/* The root is the text, see write_location. */
static int read_location(struct wire_in *in, struct value *output)
{
    struct xml_node *root;

    if (xml_answer_parse(in, &root) < 0)
        return E_PARSE;
    if (root->text.len)
        value_append(output, STR("LocationConstraint"), value_str(in->a, str_trim(root->text)));
    return 0;
}

static int read(struct wire_in *in, struct value *output)
{
    if (str_eq_c(in->route->service, "s3") &&
        str_eq_c(cat_str(in->cat, in->route->op->name), "GetBucketLocation"))
        return read_location(in, output);
    return rest_read(in, &codec, output);
}

/* Errors that S3 says with a status alone: to HEAD, and 304.
 * Source: S3 API Reference, "Error responses", "List of error codes". */
static const struct bare {
    int status;
    const char *code, *text;
} bare_errors[] = {
    { 301, "PermanentRedirect", "The bucket is in another region." },
    { 304, "NotModified", "Not Modified" },
    { 307, "TemporaryRedirect", "You are being redirected to the bucket while DNS updates." },
    { 400, "BadRequest", "Bad Request" },
    { 403, "AccessDenied", "Access Denied" },
    { 404, "NoSuchKey", "The specified key does not exist." },
    { 405, "MethodNotAllowed", "The specified method is not allowed against this resource." },
    { 412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold" },
    { 416, "InvalidRange", "The requested range is not satisfiable" },
    { 500, "InternalError", "We encountered an internal error. Please try again." },
    { 501, "NotImplemented",
      "A header you provided implies functionality that is not implemented." },
    { 503, "ServiceUnavailable", "Service is unable to handle request." },
};

static int read_bare(struct wire_in *in, struct wire_fault *out)
{
    struct str name = cat_str(in->cat, in->route->op->name);

    for (size_t i = 0; i < COUNT(bare_errors); i++)
        if (bare_errors[i].status == in->status)
            *out = (struct wire_fault){ str_c(bare_errors[i].code), str_c(bare_errors[i].text) };
    if (in->status == 404 && str_eq_c(name, "HeadBucket"))
        *out =
            (struct wire_fault){ STR("NoSuchBucket"), STR("The specified bucket does not exist") };
    return out->code.len > 0 ? 0 : err_set(in->err, E_PARSE, "status %d alone", in->status);
}

static int read_error(struct wire_in *in, struct wire_fault *out)
{
    if (in->body.len == 0 && str_eq_c(in->route->service, "s3"))
        return read_bare(in, out);
    return xml_error_parse(in, out);
}

/* What can't be read outside the body: a label, a query key, a header. */
const struct wire_protocol wire_rest_xml = { "InvalidArgument", parse, write, refuse, read,
                                             read_error };
