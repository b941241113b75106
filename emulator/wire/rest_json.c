#include "emulator/wire/json_body.h"
#include "emulator/wire/json_error.h"
#include "emulator/wire/rest.h"

static int parse_body(struct wire_in *in, struct slot s, bool is_payload, struct value **out)
{
    return json_body_parse(in->a, s, is_payload ? TREE_ALL : TREE_BODY, in->body, out, in->err);
}

static void write_body(struct wire_out *o, struct slot s, const struct value *v)
{
    wire_header_c(o, "Content-Type", "application/json");
    json_body_write(o->a, &o->body, s, s.member ? TREE_ALL : TREE_BODY, v);
}

static const struct rest_codec codec = { parse_body, write_body };

static int parse(struct wire_in *in, struct value *params)
{
    return rest_parse(in, &codec, params);
}

static void write(struct wire_out *o)
{
    rest_write(o, &codec);
}

/* The code stands in the header alone; the body holds the text and what else the shape has.
 * Source: Smithy AWS specification, "AWS restJson1 protocol", "Operation error serialization". */
static void refuse(struct wire_out *o, const struct wire_error *e)
{
    wire_header_c(o, "Content-Type", "application/json");
    rest_header(o->a, o->reply, STR("x-amzn-ErrorType"), e->code);
    if (e->shape)
        rest_write_bound(o, slot_root(o->cat, e->shape), e->members);
    o->reply->status = e->status;
    buf_add_char(&o->body, '{');
    json_error_members(o, e, TREE_BODY);
    buf_add_char(&o->body, '}');
}

static int read(struct wire_in *in, struct value *output)
{
    return rest_read(in, &codec, output);
}

const struct wire_protocol wire_rest_json = { "SerializationException", parse, write, refuse, read,
                                              json_error_parse };
