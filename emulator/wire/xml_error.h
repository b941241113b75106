/* emulator/wire/xml_error - Code, Message and the further members of an error, in XML bodies. */
#pragma once

#include "emulator/wire/protocol.h"

void xml_error_members(struct wire_out *o, const struct wire_error *e);
