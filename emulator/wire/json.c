#include "emulator/wire/json_body.h"
#include "emulator/wire/json_error.h"

#include "core/codec/json.h"
#include "emulator/wire/rest.h"

static int parse(struct wire_in *in, struct value *params)
{
    struct value *body;

    if (!in->shape)
        return 0;
    if (json_body_parse(in->a, wire_input(in), TREE_ALL, in->body, &body, in->err) < 0)
        return E_PARSE;
    *params = *body;
    return 0;
}

static void content_type(struct wire_out *o)
{
    struct str version = o->route->json_version;

    if (!version.len && o->service)
        version = cat_str(o->cat, o->service->json_version);
    wire_header_c(o, "Content-Type",
                  str_eq_c(version, "1.0") ? "application/x-amz-json-1.0"
                                           : "application/x-amz-json-1.1");
}

static void write(struct wire_out *o)
{
    content_type(o);
    if (o->shape)
        json_body_write(o->a, &o->body, wire_output(o), TREE_ALL, o->tree);
}

struct str json_error_type(const struct wire_out *o, const struct wire_error *e)
{
    bool compatible = o->service && (o->service->flags & CAT_SV_QUERY_COMPATIBLE);

    return compatible ? e->type : e->code;
}

static void member_start(struct buf *out, struct str name)
{
    if (out->ptr[out->len - 1] != '{')
        buf_add_char(out, ',');
    json_add_string(out, name);
    buf_add_char(out, ':');
}

void json_error_members(struct wire_out *o, const struct wire_error *e, enum tree_part part)
{
    struct slot root = slot_root(o->cat, e->shape), m;
    uint32_t hint = 0;

    member_start(&o->body, wire_message_name(o, e, "message"));
    json_add_string(&o->body, e->message);
    if (e->shape)
        json_body_members(o->a, &o->body, root, part, e->members);
    for (const struct value *kid = value_first(e->members); kid; kid = kid->next) {
        if (e->shape && slot_find_name(root, kid->name, &hint, &m))
            continue;
        member_start(&o->body, kid->name);
        json_write(&o->body, kid);
    }
}

static void refuse(struct wire_out *o, const struct wire_error *e)
{
    struct str type = json_error_type(o, e);

    content_type(o);
    rest_header(o->a, o->reply, STR("x-amzn-ErrorType"), type);
    wire_query_compatible(o, e);
    buf_add(&o->body, STR("{\"__type\":"));
    json_add_string(&o->body, type);
    json_error_members(o, e, TREE_ALL);
    buf_add_char(&o->body, '}');
}

int json_error_read(struct wire_in *in, const struct value *body, struct wire_fault *out)
{
    static const char *const codes[] = { "__type", "code", "Code" };
    static const char *const texts[] = { "message", "Message", "errorMessage" };
    struct str code = request_header(in->q, "x-amzn-ErrorType");

    for (size_t i = 0; code.len == 0 && i < COUNT(codes); i++)
        code = value_get_str(body, codes[i]);
    out->code = wire_bare_code(code);
    for (size_t i = 0; out->message.len == 0 && i < COUNT(texts); i++)
        out->message = value_get_str(body, texts[i]);
    return out->code.len > 0 ? 0 : E_PARSE;
}

int json_error_parse(struct wire_in *in, struct wire_fault *out)
{
    struct value *body = NULL;

    if (str_trim(in->body).len > 0 && json_parse(in->a, in->body, &body, in->err) < 0)
        return E_PARSE;
    return json_error_read(in, body, out);
}

const struct wire_protocol wire_json = { "SerializationException", parse, write, refuse, NULL,
                                         json_error_parse };
