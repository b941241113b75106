/* core/codec/gzip - one gzip member <-> bytes (zlib). */
#pragma once

#include "core/base/buf.h"
#include "core/base/err.h"

#define GZIP_FAST  0
#define GZIP_ALIKE (-2)

/* One member, header as CloudTrail's files have it: mtime 0, no name, OS byte 0 (unknown writers
 * see the same bytes everywhere). level: 1 to 9 as zlib's, or GZIP_FAST or GZIP_ALIKE, which are
 * made for record files (deflate_records and deflate_alike of deflate.h). Appends to out. */
int gzip_write(struct buf *out, struct str bytes, int level, struct err *err);
struct hints;
/* GZIP_FAST for who knows the hints of bytes (hints.h); NULL: they are found. */
void gzip_write_known(struct buf *out, struct str bytes, const struct hints *known);

enum gzip_extra { GZIP_WHOLE, GZIP_MORE_MEMBERS, GZIP_TRAILING_BYTES };
/* Inflate the first member and any that follow; appends to out. E_PARSE (says what: header, data,
 * CRC, length, truncated), E_LIMIT over limit_bytes. *out_extra (may be NULL) tells what stood
 * behind the first member. */
int gzip_read(struct str bytes, size_t limit_bytes, struct buf *out, enum gzip_extra *out_extra,
              struct err *err);
