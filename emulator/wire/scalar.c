#include "emulator/wire/scalar.h"

#include <math.h>

#include "core/base/clock.h"
#include "core/codec/json.h"
#include "core/codec/uri.h"

#define SECONDS_MAX 9.0e15 /* beyond it a double has no milliseconds, and int64_t ms no room */

const char *scalar_type_name(enum cat_type type)
{
    static const char *const names[] = {
        [CAT_STRUCTURE] = "Structure", [CAT_LIST] = "List",           [CAT_MAP] = "Map",
        [CAT_STRING] = "String",       [CAT_BLOB] = "Blob",           [CAT_BOOLEAN] = "Boolean",
        [CAT_INTEGER] = "Integer",     [CAT_LONG] = "Long",           [CAT_FLOAT] = "Float",
        [CAT_DOUBLE] = "Double",       [CAT_TIMESTAMP] = "Timestamp",
    };
    return names[type];
}

bool scalar_epoch_ms(double seconds, int64_t *out_ms)
{
    if (!(fabs(seconds) < SECONDS_MAX))
        return false;
    *out_ms = (int64_t)llround(seconds * 1000);
    return true;
}

static int parse_float(struct arena *a, struct str text, struct value **out)
{
    double d;

    if (str_eq_c(text, "NaN"))
        d = (double)NAN;
    else if (str_eq_c(text, "Infinity"))
        d = (double)INFINITY;
    else if (str_eq_c(text, "-Infinity"))
        d = -(double)INFINITY;
    else if (!str_to_f64(text, &d))
        return E_PARSE;
    *out = value_float(a, d);
    return 0;
}

static int parse_bool(struct arena *a, struct str text, struct value **out)
{
    bool yes = str_eq_nocase(text, STR("true")) || str_eq_c(text, "1");

    if (!yes && !str_eq_nocase(text, STR("false")) && !str_eq_c(text, "0"))
        return E_PARSE;
    *out = value_bool(a, yes);
    return 0;
}

static int parse_int(struct arena *a, struct str text, struct value **out)
{
    int64_t n;

    if (!str_to_i64(text, &n))
        return E_PARSE;
    *out = value_int(a, n);
    return 0;
}

static int parse_blob(struct arena *a, struct str text, struct value **out)
{
    struct str bytes;

    if (base64_decode(a, text, &bytes, NULL) < 0)
        return E_PARSE;
    *out = value_blob(a, bytes);
    return 0;
}

static int parse_time(struct arena *a, struct str text, struct value **out)
{
    int64_t ms;

    if (clock_parse(text, &ms, NULL) < 0)
        return E_PARSE;
    *out = value_time(a, ms);
    return 0;
}

static int parse(struct arena *a, enum cat_type type, struct str text, struct value **out)
{
    switch (type) {
    case CAT_STRING:
        *out = value_str(a, text);
        return 0;
    case CAT_BLOB:
        return parse_blob(a, text, out);
    case CAT_BOOLEAN:
        return parse_bool(a, str_trim(text), out);
    case CAT_INTEGER:
    case CAT_LONG:
        return parse_int(a, str_trim(text), out);
    case CAT_FLOAT:
    case CAT_DOUBLE:
        return parse_float(a, str_trim(text), out);
    case CAT_TIMESTAMP:
        return parse_time(a, str_trim(text), out);
    case CAT_STRUCTURE:
    case CAT_LIST:
    case CAT_MAP:
        break;
    }
    return E_PARSE;
}

int scalar_parse(struct arena *a, struct slot s, struct str text, struct value **out,
                 struct err *err)
{
    enum cat_type type = (enum cat_type)s.shape->type;

    if (parse(a, type, text, out) == 0)
        return 0;
    return err_set(err, E_PARSE, "'%.*s' can not be converted to %s", STR_ARG(str_sub(text, 0, 80)),
                   scalar_type_name(type));
}

static void add_iso(struct arena *a, struct buf *out, bool always_milli, int64_t ms)
{
    char text[CLOCK_ISO_SIZE];

    if (always_milli || ms % 1000) {
        buf_add(out, clock_iso_ms(a, ms));
        return;
    }
    clock_iso(ms, text);
    buf_add_c(out, text);
}

static void add_epoch(struct buf *out, int64_t ms)
{
    int64_t whole = ms / 1000, rest = ms % 1000;

    if (ms < 0)
        buf_add_char(out, '-');
    buf_add_u64(out, (uint64_t)(whole < 0 ? -whole : whole));
    if (rest)
        buf_printf(out, ".%03d", (int)(rest < 0 ? -rest : rest));
}

void scalar_add_time(struct arena *a, struct buf *out, struct scalar_style style, int64_t ms)
{
    switch (style.ts) {
    case CAT_TS_RFC822:
        buf_add(out, clock_rfc822(a, ms));
        break;
    case CAT_TS_UNIX:
        add_epoch(out, ms);
        break;
    case CAT_TS_DEFAULT:
    case CAT_TS_ISO8601:
        add_iso(a, out, style.always_milli, ms);
        break;
    }
}

static void add_float(struct buf *out, double d)
{
    if (isnan(d))
        buf_add_c(out, "NaN");
    else if (isinf(d))
        buf_add_c(out, d < 0 ? "-Infinity" : "Infinity");
    else
        json_add_double(out, d);
}

void scalar_add(struct arena *a, struct buf *out, struct slot s, struct scalar_style style,
                const struct value *v)
{
    switch (v->kind) {
    case VALUE_BOOL:
        buf_add(out, v->u.boolean ? STR("true") : STR("false"));
        break;
    case VALUE_INT:
        buf_add_i64(out, v->u.integer);
        break;
    case VALUE_FLOAT:
        add_float(out, v->u.real);
        break;
    case VALUE_STRING:
    case VALUE_BLOB:
        if (s.shape->type == CAT_BLOB)
            base64_encode(out, v->u.text);
        else
            buf_add(out, v->u.text);
        break;
    case VALUE_TIME:
        style.ts = slot_ts(s, style.ts);
        scalar_add_time(a, out, style, v->u.time_ms);
        break;
    case VALUE_NULL:
    case VALUE_LIST:
    case VALUE_MAP:
        break;
    }
}
