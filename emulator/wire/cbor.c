#include "emulator/wire/protocol.h"

#include "core/codec/cbor.h"
#include "emulator/wire/json_error.h"
#include "emulator/wire/rest.h"
#include "emulator/wire/tree.h"

static int parse(struct wire_in *in, struct value *params)
{
    struct value *tree;

    if (!in->shape || !in->body.len)
        return 0;
    if (cbor_parse(in->a, in->body, &tree, in->err) < 0 ||
        tree_from_wire(in->a, wire_input(in), TREE_ALL, tree, in->err) < 0)
        return E_PARSE;
    *params = *tree;
    return 0;
}

static void common_headers(struct wire_out *o)
{
    wire_header_c(o, "Content-Type", "application/cbor");
    wire_header_c(o, "smithy-protocol", "rpc-v2-cbor");
}

/* An operation without output answers an empty map: clients may rely on a body.
 * Source: Smithy RPC v2 CBOR protocol, "Responses". */
static void write(struct wire_out *o)
{
    const struct value *tree = o->tree ? o->tree : value_map(o->a);

    common_headers(o);
    cbor_write(&o->body, o->shape ? tree_to_wire(o->a, wire_output(o), tree) : value_map(o->a));
}

static void refuse(struct wire_out *o, const struct wire_error *e)
{
    struct value *body = value_map(o->a);

    common_headers(o);
    wire_query_compatible(o, e);
    value_append(body, STR("__type"), value_str(o->a, json_error_type(o, e)));
    value_append(body, wire_message_name(o, e, "message"), value_str(o->a, e->message));
    for (const struct value *kid = value_first(e->members); kid; kid = kid->next)
        value_set(body, kid->name, value_copy(o->a, kid));
    cbor_write(&o->body, body);
}

static int read_error(struct wire_in *in, struct wire_fault *out)
{
    struct value *body;

    if (cbor_parse(in->a, in->body, &body, in->err) < 0)
        return E_PARSE;
    return json_error_read(in, body, out);
}

const struct wire_protocol wire_cbor = {
    "SerializationException", parse, write, refuse, NULL, read_error
};
