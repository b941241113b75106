/* emulator/record/s3_body - an S3 configuration as org.json reads its XML: attributes are members,
 * a single element is no array, an empty one is "", text is coerced.
 */
#pragma once

#include "core/base/buf.h"
#include "core/codec/value.h"
#include "emulator/record/plan.h"

/* The content of the element that member m is, from the tree of the parsed request. */
void s3_body_write(struct buf *out, const struct plan *p, const struct cat_member *m,
                   const struct value *v);
