#include "core/codec/json.h"

#include <math.h>
#include <stdio.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "core/base/clock.h"
#include "core/codec/uri.h"

/* Bytes that a string can't hold as they are: controls, quote, backslash, and all non-ASCII ones,
 * which are checked first. */
static bool is_plain(unsigned char c)
{
    return c >= ' ' && c < 0x80 && c != '"' && c != '\\';
}

#ifdef __SSE2__
/* Signed: the non-ASCII bytes are below the space, too. One bit for each byte that is not plain. */
static int not_plain(__m128i x)
{
    __m128i low = _mm_cmplt_epi8(x, _mm_set1_epi8(' '));
    __m128i quote = _mm_cmpeq_epi8(x, _mm_set1_epi8('"'));
    __m128i slash = _mm_cmpeq_epi8(x, _mm_set1_epi8('\\'));

    return _mm_movemask_epi8(_mm_or_si128(low, _mm_or_si128(quote, slash)));
}

static bool is_plain_8(const char *p)
{
    return (not_plain(_mm_loadl_epi64((const __m128i *)p)) & 0xff) == 0;
}

static bool is_plain_16(const char *p)
{
    return not_plain(_mm_loadu_si128((const __m128i *)p)) == 0;
}
#else
static bool is_plain_8(const char *p)
{
    const uint64_t ones = 0x0101010101010101u, tops = ones << 7;
    uint64_t x;

    memcpy(&x, p, sizeof x);
    uint64_t quote = x ^ (ones * '"'), slash = x ^ (ones * '\\');

    return !(((quote - ones) | (slash - ones) | (x - ones * ' ') | x) & tops);
}

static bool is_plain_16(const char *p)
{
    return is_plain_8(p) && is_plain_8(p + 8);
}
#endif

/* Whole steps, then a last one that overlaps them. */
static size_t plain_run(struct str s, size_t from)
{
    size_t i = from;

    while (s.len - i >= 16 && is_plain_16(s.ptr + i))
        i += 16;
    size_t left = s.len - i;
    if (left < 16 && i > from && is_plain_16(s.ptr + s.len - 16))
        return s.len - from;
    if (left < 16 && left >= 8 && is_plain_8(s.ptr + i) && is_plain_8(s.ptr + s.len - 8))
        return s.len - from;
    while (i < s.len && is_plain((unsigned char)s.ptr[i]))
        i++;
    return i - from;
}

static void add_escape(struct buf *out, unsigned char c)
{
    static const char bytes[] = "\"\\\b\f\n\r\t", names[] = "\"\\bfnrt",
                      digits[] = "0123456789abcdef";
    const char *found = c ? strchr(bytes, c) : NULL;

    buf_add_char(out, '\\');
    if (found) {
        buf_add_char(out, names[found - bytes]);
    } else {
        buf_add(out, STR("u00"));
        buf_add_char(out, digits[c >> 4]);
        buf_add_char(out, digits[c & 15]);
    }
}

void json_add_string(struct buf *out, struct str text)
{
    size_t plain = plain_run(text, 0);
    char *room = buf_reserve(out, text.len + 2); /* one growth for what needs no escape */

    room[0] = '"';
    if (plain > 0)
        memcpy(room + 1, text.ptr, plain);
    out->len += 1 + plain;
    for (size_t i = plain; i < text.len;) {
        size_t run = plain_run(text, i);

        buf_add(out, str_sub(text, i, run));
        i += run;
        if (i == text.len)
            break;
        unsigned char c = (unsigned char)text.ptr[i];
        size_t len = str_utf8_len(str_sub(text, i, text.len));

        if (c < 0x80) {
            add_escape(out, c);
            i++;
        } else if (len) {
            buf_add(out, str_sub(text, i, len));
            i += len;
        } else {
            buf_add(out, STR("\xef\xbf\xbd"));
            i++;
        }
    }
    buf_add_char(out, '"');
}

/* The fewest digits of three tries that read back as d. */
static void add_shortest(struct buf *out, double d)
{
    char text[40];
    double back = 0;

    for (int digits = 15; digits <= 17; digits++) {
        (void)snprintf(text, sizeof text, "%.*g", digits, d);
        for (char *c = text; *c; c++)
            if (!strchr("0123456789+-e", *c))
                *c = '.'; /* a locale may have its own point */
        if (str_to_f64(str_c(text), &back) && back == d)
            break;
    }
    buf_add_c(out, text);
    if (!strpbrk(text, ".e"))
        buf_add(out, STR(".0"));
}

void json_add_double(struct buf *out, double d)
{
    if (isnan(d)) {
        buf_add(out, STR("\"NaN\""));
    } else if (isinf(d)) {
        buf_add_c(out, d < 0 ? "\"-Infinity\"" : "\"Infinity\"");
    } else if (d != 0 && fabs(d) < 1e15 && d == (double)(int64_t)d) {
        buf_add_i64(out, (int64_t)d);
        buf_add(out, STR(".0"));
    } else {
        add_shortest(out, d);
    }
}

enum { COMPACT = -1 };

static void new_line(struct buf *out, int indent, int depth)
{
    if (indent == COMPACT)
        return;
    buf_add_char(out, '\n');
    for (int i = 0; i < indent * depth; i++)
        buf_add_char(out, ' ');
}

static void write_value(struct buf *out, const struct value *v, int indent, int depth);

static void write_kids(struct buf *out, const struct value *v, int indent, int depth)
{
    bool is_map = v->kind == VALUE_MAP;

    buf_add_char(out, is_map ? '{' : '[');
    for (const struct value *k = value_first(v); k; k = k->next) {
        if (k != value_first(v))
            buf_add_char(out, ',');
        new_line(out, indent, depth + 1);
        if (is_map) {
            json_add_string(out, k->name);
            buf_add_c(out, indent == COMPACT ? ":" : ": ");
        }
        write_value(out, k, indent, depth + 1);
    }
    if (value_first(v))
        new_line(out, indent, depth);
    buf_add_char(out, is_map ? '}' : ']');
}

static void write_value(struct buf *out, const struct value *v, int indent, int depth)
{
    char iso[CLOCK_ISO_SIZE];

    switch (v ? v->kind : VALUE_NULL) {
    case VALUE_NULL:
        buf_add(out, STR("null"));
        break;
    case VALUE_BOOL:
        buf_add_c(out, v->u.boolean ? "true" : "false");
        break;
    case VALUE_INT:
        buf_add_i64(out, v->u.integer);
        break;
    case VALUE_FLOAT:
        json_add_double(out, v->u.real);
        break;
    case VALUE_STRING:
        json_add_string(out, v->u.text);
        break;
    case VALUE_BLOB:
        buf_add_char(out, '"');
        base64_encode(out, v->u.text);
        buf_add_char(out, '"');
        break;
    case VALUE_TIME:
        clock_iso(v->u.time_ms, iso);
        json_add_string(out, str_c(iso));
        break;
    case VALUE_LIST:
    case VALUE_MAP:
        write_kids(out, v, indent, depth);
        break;
    }
}

void json_write(struct buf *out, const struct value *v)
{
    write_value(out, v, COMPACT, 0);
}

void json_write_pretty(struct buf *out, const struct value *v, int indent)
{
    write_value(out, v, indent, 0);
}
