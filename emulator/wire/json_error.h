/* emulator/wire/json_error - the text and the further members of an error, in JSON bodies. */
#pragma once

#include "emulator/wire/protocol.h"
#include "emulator/wire/tree.h"

/* Into o->body, behind '{' or behind another member. */
void json_error_members(struct wire_out *o, const struct wire_error *e, enum tree_part part);
/* Code and text of an error's body, by header where one says the code. 0 or E_PARSE. */
int json_error_read(struct wire_in *in, const struct value *body, struct wire_fault *out);
/* The same, the body being JSON. */
int json_error_parse(struct wire_in *in, struct wire_fault *out);
/* __type of json and CBOR: the shape's name for services that once spoke query (their old code goes
 * into a header), the wire code for others. */
struct str json_error_type(const struct wire_out *o, const struct wire_error *e);
