#include "emulator/record/scalar.h"

#include <stdio.h>

#include "core/base/clock.h"
#include "core/codec/json.h"

static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

/* Java's default US format, 12-hour clock without leading zero. */
static void java_time(struct buf *out, struct clock_parts p, const char *blank)
{
    buf_printf(out, "\"%s %d, %d, %d:%02d:%02d%s%s\"", months[p.month - 1], p.day, p.year,
               p.hour % 12 ? p.hour % 12 : 12, p.minute, p.second, blank,
               p.hour < 12 ? "AM" : "PM");
}

static void iso_time(struct buf *out, struct clock_parts p, const char *fraction_and_zone)
{
    buf_printf(out, "\"%04d-%02d-%02dT%02d:%02d:%02d%s\"", p.year, p.month, p.day, p.hour, p.minute,
               p.second, fraction_and_zone);
}

void scalar_time(struct buf *out, int64_t ms, enum time_form form)
{
    struct clock_parts p = clock_split(ms);
    char tail[16] = "Z";

    switch (form) {
    case TIME_EPOCH:
    case TIME_WIRE:
        json_add_double(out, (double)ms / 1000.0);
        return;
    case TIME_EPOCH_MS:
        buf_add_i64(out, ms);
        return;
    case TIME_JAVA17:
        java_time(out, p, "\xe2\x80\xaf");
        return;
    case TIME_ISO_MS:
        (void)snprintf(tail, sizeof tail, ".%03dZ", p.ms % 1000);
        break;
    case TIME_MICROS:
        (void)snprintf(tail, sizeof tail, ".%03d000Z", p.ms % 1000);
        break;
    case TIME_LAMBDA:
        (void)snprintf(tail, sizeof tail, ".%03d+0000", p.ms % 1000);
        break;
    case TIME_ISO:
        break;
    case TIME_JAVA:
    case TIME_FORMS:
        java_time(out, p, " ");
        return;
    }
    iso_time(out, p, tail);
}

void scalar_write(struct buf *out, const struct value *v, enum time_form form)
{
    if (v->kind == VALUE_TIME)
        scalar_time(out, v->u.time_ms, form);
    else if (v->kind == VALUE_STRING)
        json_add_string(out, v->u.text);
    else
        json_write(out, v);
}

void scalar_quoted(struct buf *out, const struct value *v, enum time_form form)
{
    bool is_number = v->kind == VALUE_BOOL || v->kind == VALUE_INT || v->kind == VALUE_FLOAT;

    if (is_number)
        buf_add_char(out, '"');
    scalar_write(out, v, form);
    if (is_number)
        buf_add_char(out, '"');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Prints back the same: no plus, no leading zeros, no trailing zero behind the point, no exponent,
 * at most 15 digits in a fraction and 18 in an integer. */
static bool is_plain_number(struct str s)
{
    size_t i = s.len && s.ptr[0] == '-', digits = 0, point = 0;

    if (i >= s.len || !is_digit(s.ptr[i]))
        return false;
    if (s.ptr[i] == '0' && (s.len == 2 && i == 1))
        return false; /* -0 */
    if (s.ptr[i] == '0' && i + 1 < s.len && s.ptr[i + 1] != '.')
        return false;
    for (; i < s.len; i++) {
        if (s.ptr[i] == '.' && !point && i + 1 < s.len)
            point = i;
        else if (is_digit(s.ptr[i]))
            digits++;
        else
            return false;
    }
    return point ? digits <= 15 && s.ptr[s.len - 1] != '0' : digits <= 18;
}

void scalar_coerced_text(struct buf *out, struct str text)
{
    if (str_eq(text, STR("true")) || str_eq(text, STR("false")) || is_plain_number(text))
        buf_add(out, text);
    else
        json_add_string(out, text);
}

void scalar_coerced(struct buf *out, const struct value *v, enum time_form form)
{
    if (v->kind == VALUE_STRING)
        scalar_coerced_text(out, v->u.text);
    else
        scalar_write(out, v, form);
}

void scalar_comma(struct buf *out)
{
    char last = out->len ? out->ptr[out->len - 1] : '[';

    if (last != '{' && last != '[')
        buf_add_char(out, ',');
}

void scalar_key(struct buf *out, struct str name, enum letter first)
{
    char *at = buf_reserve(out, name.len + 4), *start = at;
    char last = out->len ? at[-1] : '{';

    if (last != '{')
        *at++ = ',';
    *at++ = '"';
    memcpy(at, name.ptr, name.len);
    if (first == LETTER_LOWER && name.len && *at >= 'A' && *at <= 'Z')
        *at = (char)(*at + ('a' - 'A'));
    at += name.len;
    *at++ = '"';
    *at++ = ':';
    out->len += (size_t)(at - start);
}

void scalar_text(struct buf *out, struct str name, struct str text)
{
    char *at = buf_reserve(out, name.len + text.len + 6), *start = at;
    char last = out->len ? at[-1] : '{';

    if (last != '{')
        *at++ = ',';
    *at++ = '"';
    at = (char *)memcpy(at, name.ptr, name.len) + name.len;
    *at++ = '"';
    *at++ = ':';
    out->len += (size_t)(at - start);
    json_add_string(out, text);
}

void scalar_plain_attributes(struct buf *out, const struct value *map)
{
    buf_add_char(out, '{');
    for (const struct value *v = value_first(map); v; v = v->next) {
        const struct value *typed = v->kind == VALUE_MAP ? value_first(v) : NULL;

        if (!typed || typed->kind == VALUE_BLOB)
            continue;
        scalar_comma(out);
        json_add_string(out, v->name);
        buf_add_char(out, ':');
        json_write(out, typed);
    }
    buf_add_char(out, '}');
}

static bool is_word(char c)
{
    return is_digit(c) || c == '_' || ((c | 32) >= 'a' && (c | 32) <= 'z');
}

/* Where the literal that begins at i ends; i itself when none begins there. */
static size_t literal_end(struct str s, size_t i)
{
    size_t end = i;

    if (s.ptr[i] == '\'') {
        for (end = i + 1; end < s.len; end++)
            if (s.ptr[end] == '\'' && !(end + 1 < s.len && s.ptr[end + 1] == '\''))
                return end + 1;
            else if (s.ptr[end] == '\'')
                end++; /* a doubled quote is part of the text */
        return s.len;
    }
    if (is_digit(s.ptr[i]) && (i == 0 || !is_word(s.ptr[i - 1])))
        while (end < s.len && (is_word(s.ptr[end]) || s.ptr[end] == '.'))
            end++;
    return end;
}

static bool is_key_of_tuple(struct str s, size_t end)
{
    while (end < s.len && s.ptr[end] == ' ')
        end++;
    return end < s.len && s.ptr[end] == ':';
}

void scalar_byte_buffer(struct buf *out, struct str bytes)
{
    buf_add(out, STR("{\"hb\":["));
    for (size_t i = 0; i < bytes.len; i++) {
        scalar_comma(out);
        buf_add_i64(out, (signed char)bytes.ptr[i]);
    }
    buf_printf(out,
               "],\"offset\":0,\"isReadOnly\":false,\"bigEndian\":true,\"nativeByteOrder\":false,"
               "\"mark\":-1,\"position\":%zu,\"limit\":%zu,\"capacity\":%zu,\"address\":0}",
               bytes.len, bytes.len, bytes.len);
}

void scalar_redacted(struct buf *out, struct str statement)
{
    struct buf text = { 0 };

    for (size_t i = 0; i < statement.len;) {
        size_t end = literal_end(statement, i);

        if (end == i) {
            buf_add_char(&text, statement.ptr[i++]);
            continue;
        }
        if (is_key_of_tuple(statement, end)) /* {'Artist' : 'x'}: a name, no value */
            buf_add(&text, str_sub(statement, i, end - i));
        else
            buf_add(&text, STR("***(Redacted)"));
        i = end;
    }
    json_add_string(out, buf_view(&text));
    buf_free(&text);
}
