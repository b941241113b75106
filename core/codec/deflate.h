/* core/codec/deflate - a deflate encoder made for JSON records: what repeats in them begins where a
 * member begins, so only there it looks for it.
 *
 * Any bytes may be given; what is no JSON gets Huffman codes and few matches. The same bytes on
 * every machine. Decoding is gzip_read's. Source: RFC 1951.
 */
#pragma once

#include "core/base/buf.h"
#include "core/codec/hints.h"

/* Append the raw deflate stream of bytes (one or more dynamic blocks). known: the hints of all of
 * bytes in their order, where the writer knew them; NULL: they are found here. */
void deflate_records(struct buf *out, struct str bytes, const struct hints *known);
/* The same in one pass (repeats.h): half the time for any records, a quarter where each is like one
 * of the last dozen, as those of a busy emulator are; files up to a sixth larger. */
void deflate_alike(struct buf *out, struct str bytes);
