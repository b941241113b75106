/* emulator/record/scalar - single values as records write them: times, names, coerced text.
 * Writes JSON only; which form applies is emulator/record/plan's to say.
 */
#pragma once

#include "core/base/buf.h"
#include "core/codec/value.h"
#include "emulator/record/plan.h"

/* A time as a JSON string, or a number for TIME_EPOCH and TIME_EPOCH_MS. */
void scalar_time(struct buf *out, int64_t ms, enum time_form form);
/* A boolean, number, string or time. */
void scalar_write(struct buf *out, const struct value *v, enum time_form form);
/* The same, numbers and booleans as strings: 5 -> "5". */
void scalar_quoted(struct buf *out, const struct value *v, enum time_form form);
/* As org.json's XML reader turns text into a value: true and false are booleans, a decimal number
 * that prints back the same is a number, all else a string. */
void scalar_coerced(struct buf *out, const struct value *v, enum time_form form);
void scalar_coerced_text(struct buf *out, struct str text);

/* The fields of a java.nio.ByteBuffer that was filled with the bytes. */
void scalar_byte_buffer(struct buf *out, struct str bytes);
/* {"Artist":{"S":"x"}} as {"Artist":"x"}; binary values are left out. */
void scalar_plain_attributes(struct buf *out, const struct value *map);
/* A PartiQL statement as a JSON string, each literal replaced by ***(Redacted). */
void scalar_redacted(struct buf *out, struct str statement);

enum letter { LETTER_AS_IS, LETTER_LOWER };
/* ,"name": with the comma left out behind '{'; name comes from the catalogue or a table and needs
 * no escapes. */
void scalar_key(struct buf *out, struct str name, enum letter first);
/* The key and a text, as a JSON string; nothing when it is empty. */
void scalar_text(struct buf *out, struct str name, struct str text);
static inline void scalar_put(struct buf *out, const char *name, struct str text)
{
    if (text.len > 0)
        scalar_text(out, str_c(name), text);
}
/* The comma before a list element, unless it is the first. */
void scalar_comma(struct buf *out);
