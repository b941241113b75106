#include "core/codec/uri.h"

#include "core/base/limits.h"

/* Source: RFC 3986, 2.3 "Unreserved Characters"; the same set as SigV4's UriEncode. */
static bool is_unreserved(unsigned char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void uri_encode(struct buf *out, struct str s, enum uri_keep keep)
{
    static const char digits[] = "0123456789ABCDEF";

    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];

        if (is_unreserved(c) || (c == '/' && keep == URI_KEEP_SLASH)) {
            buf_add_char(out, (char)c);
        } else {
            char escape[] = { '%', digits[c >> 4], digits[c & 15] };

            buf_add(out, (struct str){ escape, sizeof escape });
        }
    }
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The byte that two digits stand for, or -1. */
static int hex_pair(struct str s)
{
    int high = s.len >= 2 ? hex_digit(s.ptr[0]) : -1, low = s.len >= 2 ? hex_digit(s.ptr[1]) : -1;

    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

int uri_decode(struct arena *a, struct str s, enum uri_plus plus, struct str *out, struct err *err)
{
    char *text = arena_alloc(a, s.len + 1);
    size_t len = 0;

    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];

        if (c == '%') {
            int byte = hex_pair(str_sub(s, i + 1, 2));

            if (byte < 0)
                return err_set(err, E_PARSE, "uri offset %zu: expected two hex digits behind %%",
                               i);
            c = (char)byte;
            i += 2;
        } else if (c == '+' && plus == URI_PLUS_IS_SPACE) {
            c = ' ';
        }
        text[len++] = c;
    }
    *out = (struct str){ text, len };
    return 0;
}

static int parse_param(struct arena *a, struct str piece, struct uri_param *out, struct err *err)
{
    struct str name, value;

    out->has_value = str_cut(piece, '=', &name, &value);
    int rc = uri_decode(a, name, URI_PLUS_IS_SPACE, &out->name, err);

    if (rc == 0)
        rc = uri_decode(a, value, URI_PLUS_IS_SPACE, &out->value, err);
    if (rc == 0 && (!str_is_utf8(out->name) || !str_is_utf8(out->value)))
        rc = err_set(err, E_PARSE, "query: a parameter is not UTF-8");
    return rc;
}

/* The next piece between '&'s that is not empty. */
static bool next_piece(struct str *rest, struct str *piece)
{
    while (rest->len) {
        struct str tail;

        (void)str_cut(*rest, '&', piece, &tail);
        *rest = tail;
        if (piece->len)
            return true;
    }
    return false;
}

int uri_parse_query(struct arena *a, struct str query, struct uri_param **out, size_t *out_count,
                    struct err *err)
{
    struct str rest = query, piece;
    size_t count = 0;

    while (next_piece(&rest, &piece))
        count++;
    if (count > LIMIT_QUERY_PARAMS)
        return err_set(err, E_LIMIT, "query: %zu parameters, more than %d", count,
                       LIMIT_QUERY_PARAMS);

    struct uri_param *params = arena_array(a, count, sizeof *params);

    rest = query;
    for (size_t i = 0; i < count && next_piece(&rest, &piece); i++) {
        int rc = parse_param(a, piece, &params[i], err);

        if (rc < 0)
            return rc;
    }
    *out = params;
    *out_count = count;
    return 0;
}

void base64_encode(struct buf *out, struct str bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *u = (const unsigned char *)bytes.ptr;
    char *at = buf_reserve(out, (bytes.len + 2) / 3 * 4), *start = at;

    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t left = bytes.len - i;
        unsigned n = (unsigned)u[i] << 16 | (left > 1 ? (unsigned)u[i + 1] << 8 : 0) |
                     (left > 2 ? u[i + 2] : 0);

        *at++ = digits[n >> 18];
        *at++ = digits[n >> 12 & 63];
        *at++ = left > 1 ? digits[n >> 6 & 63] : '=';
        *at++ = left > 2 ? digits[n & 63] : '=';
    }
    out->len += (size_t)(at - start);
}

static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

int base64_decode(struct arena *a, struct str text, struct str *out, struct err *err)
{
    size_t digits = text.len, len = 0;
    unsigned bits = 0;

    if (text.len % 4 == 0)
        for (int i = 0; i < 2 && digits && text.ptr[digits - 1] == '='; i++)
            digits--;
    if (digits % 4 == 1)
        return err_set(err, E_PARSE, "base64: %zu digits make no whole bytes", digits);

    char *bytes = arena_alloc(a, digits / 4 * 3 + 3);

    for (size_t i = 0; i < digits; i++) {
        int digit = base64_digit(text.ptr[i]);

        if (digit < 0)
            return err_set(err, E_PARSE, "base64 offset %zu: expected a digit of base64", i);
        bits = bits << 6 | (unsigned)digit;
        if (i % 4)
            bytes[len++] = (char)(bits >> (6 - i % 4 * 2));
    }
    *out = (struct str){ bytes, len };
    return 0;
}

void hex_encode(struct buf *out, struct str bytes)
{
    static const char digits[] = "0123456789abcdef";
    char *at = buf_reserve(out, 2 * bytes.len);

    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char c = (unsigned char)bytes.ptr[i];

        *at++ = digits[c >> 4];
        *at++ = digits[c & 15];
    }
    out->len += 2 * bytes.len;
}

int hex_decode(struct arena *a, struct str text, struct str *out, struct err *err)
{
    if (text.len % 2)
        return err_set(err, E_PARSE, "hex: %zu digits make no whole bytes", text.len);

    char *bytes = arena_alloc(a, text.len / 2 + 1);

    for (size_t i = 0; i < text.len; i += 2) {
        int byte = hex_pair(str_sub(text, i, 2));

        if (byte < 0)
            return err_set(err, E_PARSE, "hex offset %zu: expected two hex digits", i);
        bytes[i / 2] = (char)byte;
    }
    *out = (struct str){ bytes, text.len / 2 };
    return 0;
}
