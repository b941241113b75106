/* emulator/record/tree - requestParameters and responseElements of dialects N and W: the tree of
 * values along its shape, members renamed, secrets replaced, blobs left out.
 */
#pragma once

#include "core/base/buf.h"
#include "core/codec/value.h"
#include "emulator/record/plan.h"

/* Append the object, or null when nothing is left of it. */
void tree_request(struct buf *out, const struct plan *p, const struct value *params);
void tree_response(struct buf *out, const struct plan *p, const struct value *output);

/* The defaults that a service adds: rows whose member given lacks. Behind '{' or members. */
void tree_defaults(struct buf *out, const struct plan *p, enum side side,
                   const struct value *given);
/* The member called name; looks from *hint on and moves it behind the find, so that values in the
 * shape's order cost one comparison each. NULL when the shape has none. */
const struct cat_member *tree_member(const struct plan *p, const struct cat_shape *s,
                                     struct str name, uint32_t *hint);
/* Left out by its kind: blobs, streams, event streams, the status code. */
bool tree_is_bytes(const struct cat *cat, const struct cat_member *m);
