/* emulator/services/tags - tags of a thing, as its document keeps them: a list of maps, whose
 * member key ("Key", "TagKey") names one. How many there may be, and how that is said, is the
 * service's.
 */
#pragma once

#include "core/codec/value.h"

/* The list without those whose keys stand in gone: texts, or tags; NULL: a copy. */
struct value *tags_without(struct arena *a, const struct value *tags, const char *key,
                           const struct value *gone);
/* The same, and more behind it. */
struct value *tags_with(struct arena *a, const struct value *tags, const char *key,
                        const struct value *more);
/* [{Key, Value}]: those of more replace those of the same key, which keep their places. */
struct value *tags_merge(struct arena *a, const struct value *tags, const struct value *more);
/* Of tags as a map: is there a key that only AWS may set? Source: Tagging AWS Resources User Guide,
 * "Tag naming limits and requirements": aws: in any case. */
bool tags_reserved(const struct value *tags);
#define TAGS_RESERVED "aws: prefixed tag key names are not allowed for external use."
