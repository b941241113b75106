/* core/trail/reader - record files read fast: no tree, each record a span with its offset, members
 * found by scanning. For verification and queries; documents belong to core/codec/json.
 */
#pragma once

#include "core/base/arena.h"
#include "core/base/err.h"

struct record_iter {
    struct str text; /* a whole uncompressed file: {"Records":[...]}, or one record a line */
    size_t offset;
    uint64_t number; /* of the record last given, 1-based */
    bool is_lines, broken, done;
    struct err err;
};
struct record_iter record_iter_start(struct str text);
bool record_iter_next(struct record_iter *it, struct str *record); /* borrowed from text */
int record_iter_end(const struct record_iter *it,
                    struct err *err); /* 0, or E_PARSE with the number */

/* The raw JSON text of a member, found by a path such as "userIdentity.arn"; empty str if absent.
 * Strings come with their quotes. */
struct str record_member(struct str record, struct str path);
/* The same, a string without quotes and unescaped into a; empty when absent or no string. */
struct str record_text(struct arena *a, struct str record, struct str path);
/* What stands between the quotes of a JSON string, escapes resolved, copied into a. */
struct str record_unescape(struct arena *a, struct str raw);
