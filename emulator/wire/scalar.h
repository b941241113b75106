/* emulator/wire/scalar - one scalar as text, both ways: headers, labels, query strings, XML, forms.
 * JSON and CBOR carry types of their own and come here only for timestamps.
 */
#pragma once

#include "core/base/buf.h"
#include "core/base/err.h"
#include "emulator/wire/shape.h"

/* Text -> value by the shape. Strings borrow text. E_PARSE when the text is not of that type. */
int scalar_parse(struct arena *a, struct slot s, struct str text, struct value **out,
                 struct err *err);

/* How a place writes what it holds. */
struct scalar_style {
    enum cat_ts ts;    /* where the model says nothing */
    bool always_milli; /* ISO times always carry ".000" */
};
/* Value -> text, unescaped. A string where the model has a timestamp stays as it is (S3's Expires
 * may hold anything). Lists and maps write nothing. */
void scalar_add(struct arena *a, struct buf *out, struct slot s, struct scalar_style style,
                const struct value *v);
/* A time as text in that format; epoch seconds carry milliseconds only when there are any. */
void scalar_add_time(struct arena *a, struct buf *out, struct scalar_style style, int64_t ms);
/* Epoch seconds -> ms. False when out of int64's range, or NaN. */
bool scalar_epoch_ms(double seconds, int64_t *out_ms);
const char *scalar_type_name(enum cat_type type); /* "Integer", for messages */
