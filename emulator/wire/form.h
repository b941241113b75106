/* emulator/wire/form - the form-encoded parameters of query and ec2 requests -> a value tree.
 *
 * "Filter.1.Value.2=x" and its like. Names are sorted once and read as ranges; a name takes one
 * step a segment, at most LIMIT_NESTING.
 */
#pragma once

#include "core/codec/uri.h"
#include "emulator/wire/shape.h"
#include "core/base/err.h"

enum form_dialect { FORM_QUERY, FORM_EC2 };

struct form_entry {
    struct str name, value;
    size_t position; /* in the request: the last of equal names counts */
};

/* entries are sorted in place. Fills map, in the model's order. E_PARSE when a value is not of its
 * type or a name nests too deep. */
int form_parse(struct arena *a, struct slot s, enum form_dialect dialect,
               struct form_entry *entries, size_t count, struct value *map, struct err *err);
/* A member's name in ec2 requests. */
struct str form_ec2_name(struct arena *a, struct slot m);
