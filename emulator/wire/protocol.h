/* emulator/wire/protocol - private to this folder: what each protocol file offers to wire.c, and
 * what it is handed. One struct wire_protocol per enum cat_protocol.
 */
#pragma once

#include "core/base/buf.h"
#include "emulator/engine/call.h"
#include "emulator/wire/shape.h"
#include "emulator/wire/wire.h"

/* A request being parsed; or an answer, whose headers and body then stand in for a request's. */
struct wire_in {
    struct arena *a;
    const struct cat *cat;
    const struct request *q;
    const struct route *route;
    const struct cat_shape *shape; /* of the input; NULL when the operation has none */
    struct str body;               /* in memory, content-encoding taken off */
    struct str code;               /* to set on failure, where the protocol's default won't do */
    struct err *err;
    bool is_answer;        /* then shape is the output's */
    int status;            /* of an answer */
    struct str request_id; /* set when an answer's body says it */
};

/* What an answer says of a refusal. */
struct wire_fault {
    struct str code, message;
};

/* A refusal with everything an answer says of it. */
struct wire_error {
    const struct cat_shape *shape; /* NULL when the model has none */
    struct str code;               /* on the wire */
    struct str type;               /* the exception shape's name, else the code */
    struct str message;
    const struct value *members; /* further members, or NULL */
    int status;
    bool is_sender;
};

/* An answer being written. */
struct wire_out {
    struct arena *a;
    const struct cat *cat;
    const struct request *q;
    const struct route *route;
    const struct cat_service *service; /* NULL when unknown */
    const struct cat_op *op;           /* NULL when unknown */
    const struct cat_shape *shape;     /* of the output, or NULL */
    const struct value *tree;          /* outcome->output, or NULL */
    const struct outcome *outcome;
    struct str request_id, host_id;
    struct buf body;
    struct reply *reply;
};

struct wire_protocol {
    const char *parse_code; /* the error code for what can't be parsed */
    /* *params is an empty map to fill. 0 or E_PARSE. */
    int (*parse)(struct wire_in *in, struct value *params);
    void (*write)(struct wire_out *o);
    void (*refuse)(struct wire_out *o, const struct wire_error *e);
    /* An answer's output; NULL: it is read as a request is. 0 or E_PARSE. */
    int (*read)(struct wire_in *in, struct value *output);
    /* 0, or E_PARSE: it is no error of this protocol. */
    int (*read_error)(struct wire_in *in, struct wire_fault *out);
};
extern const struct wire_protocol wire_query, wire_ec2, wire_json, wire_rest_json, wire_rest_xml,
    wire_cbor;

static inline struct slot wire_input(const struct wire_in *in)
{
    struct slot s = slot_root(in->cat, in->shape);

    s.is_answer = in->is_answer;
    return s;
}
static inline struct slot wire_output(const struct wire_out *o)
{
    return slot_root(o->cat, o->shape);
}
/* The code of "namespace#Code:uri", as __type and x-amzn-ErrorType have it.
 * Source: Smithy AWS specification, "AWS JSON protocols", "Operation error serialization". */
struct str wire_bare_code(struct str type);
/* A header with a C value; both borrowed. */
void wire_header_c(struct wire_out *o, const char *name, const char *value);
/* The name (lower or upper first letter) under which an error shape carries its text. */
struct str wire_message_name(const struct wire_out *o, const struct wire_error *e,
                             const char *fallback);
/* x-amzn-query-error for services that once spoke query; nothing for others.
 * Source: Smithy AWS specification, "AWS Query compatible protocol" (awsQueryCompatible trait). */
void wire_query_compatible(struct wire_out *o, const struct wire_error *e);
