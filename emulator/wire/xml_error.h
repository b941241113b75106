/* emulator/wire/xml_error - Code, Message and the further members of an error, in XML bodies. */
#pragma once

#include "core/codec/xml.h"
#include "emulator/wire/protocol.h"

/* The body of an answer; what it says of its request's id goes to in. E_PARSE: not XML, or a web
 * page. */
int xml_answer_parse(struct wire_in *in, struct xml_node **out);
/* Code and text of an error's body. 0 or E_PARSE. */
int xml_error_parse(struct wire_in *in, struct wire_fault *out);

void xml_error_members(struct wire_out *o, const struct wire_error *e);
