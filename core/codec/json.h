/* core/codec/json - JSON text <-> values, and a writer for hot paths that builds no tree.
 *
 * Reading is strict RFC 8259 with UTF-8 checked (an invalid byte is E_PARSE), nesting held to
 * LIMIT_NESTING, size to LIMIT_JSON_BYTES. Integers that fit int64_t stay exact; others become
 * VALUE_FLOAT. Duplicate members: the last wins. For whole record files use core/trail's reader.
 */
#pragma once

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/codec/value.h"

/* Strings without escapes borrow text; others live in a. Returns 0, E_PARSE (with offset) or
 * E_LIMIT. */
int json_parse(struct arena *a, struct str text, struct value **out, struct err *err);
/* Compact, no blanks. VALUE_TIME as ISO string with seconds, VALUE_BLOB as base64. */
void json_write(struct buf *out, const struct value *v);
void json_write_pretty(struct buf *out, const struct value *v, int indent);
/* "text" with quotes and escapes; invalid UTF-8 becomes U+FFFD. */
void json_add_string(struct buf *out, struct str text);
/* Shortest form that reads back equal; integral doubles as AWS does ("80.0"), never exponent-less
 * huge digits. NaN and infinities become the strings "NaN", "Infinity", "-Infinity". */
void json_add_double(struct buf *out, double d);

/* RFC 6901 pointer, such as "/detail/userIdentity/arn" or "/Records/0". NULL if absent. */
struct value *json_pointer(const struct value *root, struct str pointer);
