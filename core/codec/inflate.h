/* core/codec/inflate - a whole gzip member inflated from memory to memory by ISA-L, two to three
 * times as fast as zlib: for reading archives of logs. Bytes that come in pieces:
 * core/codec/gunzip.
 *
 * Threads: a struct inflate is one thread's; it holds tables that are made anew for each block.
 */
#pragma once

#include "core/base/buf.h"
#include "core/base/err.h"

struct inflate;
struct inflate *inflate_open(void);
void inflate_close(struct inflate *z); /* NULL is harmless */

/* The first member of bytes; appends to out at most `most` bytes. *out_used: how many bytes of the
 * input it takes. E_PARSE (header, data, CRC, length, truncated) in zlib's words, E_LIMIT over
 * most. A set of codes that is not complete, which zlib refuses, is no damage here when checksum
 * and length are right. */
int inflate_gzip(struct inflate *z, struct str bytes, size_t most, struct buf *out,
                 size_t *out_used, struct err *err);
