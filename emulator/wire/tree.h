/* emulator/wire/tree - trees by wire names <-> trees by the model: JSON and CBOR bodies.
 *
 * A parsed body is turned in place: members renamed, scalars typed, the unknown dropped.
 */
#pragma once

#include "core/base/err.h"
#include "emulator/wire/shape.h"

enum tree_part {
    TREE_ALL,
    TREE_BODY, /* at the root, members bound to a header, label or query key are not in the body */
};

/* Returns 0, or E_PARSE with the text that AWS answers with SerializationException. */
int tree_from_wire(struct arena *a, struct slot s, enum tree_part part, struct value *v,
                   struct err *err);
/* A tree by the model, again by wire names, for a codec that writes whole trees. */
struct value *tree_to_wire(struct arena *a, struct slot s, const struct value *v);
