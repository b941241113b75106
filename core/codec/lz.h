/* core/codec/lz - bytes of our own databases <-> fewer bytes, at the speed of a copy or two: a
 * block of LZ4 (liblz4) behind a head that tells the length. Records repeat each other, so that
 * little is left of them. Not for what others read: that is gzip's.
 */
#pragma once

#include "core/base/buf.h"
#include "core/base/err.h"

void lz_pack(struct buf *out, struct str bytes); /* appends; at most LZ4_MAX_INPUT_SIZE */
bool lz_is_packed(struct str bytes);             /* do they begin as lz_pack's? */
/* Appends to out. E_PARSE: not what lz_pack made; E_LIMIT: it says that it becomes more than
 * limit_bytes. */
int lz_unpack(struct str packed, size_t limit_bytes, struct buf *out, struct err *err);
