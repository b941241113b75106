/* core/codec/gunzip - gzip inflated piece by piece, for files too large to be in memory, and for
 * judging a file byte by byte (zlib). Whole files in one go: core/codec/gzip.
 *
 * Use:     g = gunzip_open(); gunzip_start(g); gunzip_step ... until it says GUNZIP_END.
 */
#pragma once

#include "core/base/buf.h"
#include "core/base/err.h"

struct gunzip;
struct gunzip *gunzip_open(void);
void gunzip_close(struct gunzip *g); /* NULL is harmless */
void gunzip_start(struct gunzip *g); /* a member begins */

enum gunzip_state { GUNZIP_GOES_ON, GUNZIP_END };
/* Inflate what stands at *in, which is moved behind what was used; appends at most `most` bytes to
 * out. GUNZIP_GOES_ON: more input or more room is needed. GUNZIP_END: the member is over, its
 * checksum right. E_PARSE says what is wrong. */
int gunzip_step(struct gunzip *g, struct str *in, size_t most, struct buf *out, struct err *err);

enum gunzip_extent { GUNZIP_WHOLE, GUNZIP_CUT }; /* CUT: the member's end is not there */
/* The first member of bytes; *out_used: how many of them it takes. What could be inflated of a
 * member that is cut off is in out. E_PARSE for damage, E_LIMIT over limit_bytes. */
int gunzip_first(struct str bytes, size_t limit_bytes, struct buf *out, size_t *out_used,
                 enum gunzip_extent *out_extent, struct err *err);
