/* core/codec/cbor - CBOR <-> values (libcbor): the wire form of smithy-rpc-v2-cbor.
 * Tag 1 is VALUE_TIME; byte strings are VALUE_BLOB; halves and singles widen; indefinite lengths
 * are read; undefined reads as null; map keys must be text. Nesting and size are held to limits.h.
 */
#pragma once

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/codec/value.h"

int cbor_parse(struct arena *a, struct str bytes, struct value **out, struct err *err);
void cbor_write(struct buf *out, const struct value *v); /* definite lengths, shortest integers */
