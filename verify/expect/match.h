/* verify/expect/match - does a value hold what a pattern asks for, and if not, where not.
 *
 * A pattern's map is a subset: its members must be there and match; a list's elements must each be
 * found. Strings know * and ?; ${name} is bound by the first value that it meets and must be equal
 * from then on; null matches what is absent. A string that holds JSON (a policy) is looked into
 * when a map is asked of it. Member names may begin with a capital, as boto3 writes them, and name
 * members of members by dots.
 */
#pragma once

#include "core/base/buf.h"
#include "core/codec/value.h"

struct bindings {
    struct binding {
        struct str name, text;
        struct binding *next;
    } * first;
};
const struct binding *bindings_find(const struct bindings *b, struct str name);

struct match {
    struct arena *arena;
    struct bindings bound; /* those of before; a match adds its own */
    size_t differences;
    struct buf *lines; /* NULL: only count them; a line each, indented */
};
void match_value(struct match *m, struct str path, const struct value *pattern,
                 const struct value *got);
/* A text against a pattern with wildcards and ${name}. */
void match_text(struct match *m, struct str path, struct str pattern, struct str got);
