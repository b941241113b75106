/* emulator/wire/query_params - gathers what a query or ec2 request sends, in form body and query
 * string alike, and reads it by the input shape. */
#pragma once

#include "emulator/wire/form.h"
#include "emulator/wire/protocol.h"

/* Fills params. E_PARSE; in->code is set when the encoding itself is broken. */
int query_params_parse(struct wire_in *in, enum form_dialect dialect, struct value *params);
