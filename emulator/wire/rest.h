/* emulator/wire/rest - what rest-json and rest-xml share: labels, query keys, headers, status,
 * payloads. The body itself is the codec's.
 */
#pragma once

#include "emulator/wire/protocol.h"

struct rest_codec {
    /* The body by the shape into *out. is_payload: the whole of it is that one member; else
     * members bound elsewhere are not in it. E_PARSE. */
    int (*parse)(struct wire_in *in, struct slot s, bool is_payload, struct value **out);
    /* A body for the shape; for a payload s.member is set. v may be NULL (an empty structure). */
    void (*write)(struct wire_out *o, struct slot s, const struct value *v);
};

/* Labels, query keys, headers and body -> params. E_PARSE. */
int rest_parse(struct wire_in *in, const struct rest_codec *codec, struct value *params);
/* The same of an answer: headers, status and body -> output. */
int rest_read(struct wire_in *in, const struct rest_codec *codec, struct value *output);
/* Headers, status and body of a success. */
void rest_write(struct wire_out *o, const struct rest_codec *codec);
/* Members of tree that the shape binds to headers or the status. */
void rest_write_bound(struct wire_out *o, struct slot s, const struct value *tree);
/* Set a header; what could end the line early becomes a blank. name and value are copied. */
void rest_header(struct arena *a, struct reply *reply, struct str name, struct str value);
/* rest_xml.c: the body of a request, its root element as the model names it. */
void rest_xml_ask(struct arena *a, struct buf *out, const struct cat_op *op, struct slot s,
                  const struct value *v);
