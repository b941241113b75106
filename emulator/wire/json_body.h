/* emulator/wire/json_body - JSON bodies of json and rest-json, straight from the value tree. */
#pragma once

#include "core/base/buf.h"
#include "emulator/wire/tree.h"

/* Parse a body into *out (an empty body is an empty map): E_PARSE as tree_from_wire. */
int json_body_parse(struct arena *a, struct slot s, enum tree_part part, struct str text,
                    struct value **out, struct err *err);
/* One value. v may be NULL for an empty structure. */
void json_body_write(struct arena *a, struct buf *out, struct slot s, enum tree_part part,
                     const struct value *v);
/* The members of a structure, each preceded by a comma where the object has begun already. */
void json_body_members(struct arena *a, struct buf *out, struct slot s, enum tree_part part,
                       const struct value *v);
