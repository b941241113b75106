#include "core/codec/json.h"

#include "core/base/limits.h"

struct reader {
    struct arena *a;
    const char *start, *at, *end;
    int depth;
    struct err *err;
};

static int expected(struct reader *r, const char *what)
{
    return err_set(r->err, E_PARSE, "json offset %zu: expected %s", (size_t)(r->at - r->start),
                   what);
}

static void skip_blanks(struct reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\n' || *r->at == '\r' || *r->at == '\t'))
        r->at++;
}

/* Skip what a string holds as it is, eight bytes a step: no quote, backslash, control or non-ASCII
 * byte. A byte of (x ^ q) that is zero is found by its borrow into bit 7. */
static const char *skip_plain(const char *at, const char *end)
{
    const uint64_t ones = 0x0101010101010101u, tops = ones << 7;

    while (end - at >= 8) {
        uint64_t x;

        memcpy(&x, at, sizeof x);
        uint64_t quote = x ^ (ones * '"'), slash = x ^ (ones * '\\');
        uint64_t odd = (quote - ones) | (slash - ones) | (x - ones * ' ') | x;

        if (odd & tops)
            break;
        at += 8;
    }
    while (at < end && *at >= ' ' && *at != '"' && *at != '\\') /* a non-ASCII char is negative */
        at++;
    return at;
}

/* Four hex digits of \uXXXX, or -1. */
static int32_t read_unit(const char *at, const char *end)
{
    int32_t unit = 0;

    if (end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        char c = at[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0)
            return -1;
        unit = unit << 4 | digit;
    }
    return unit;
}

static char *put_utf8(char *out, uint32_t c)
{
    if (c < 0x80) {
        *out++ = (char)c;
        return out;
    }
    if (c < 0x800) {
        *out++ = (char)(0xc0 | c >> 6);
    } else {
        if (c < 0x10000) {
            *out++ = (char)(0xe0 | c >> 12);
        } else {
            *out++ = (char)(0xf0 | c >> 18);
            *out++ = (char)(0x80 | (c >> 12 & 0x3f));
        }
        *out++ = (char)(0x80 | (c >> 6 & 0x3f));
    }
    *out++ = (char)(0x80 | (c & 0x3f));
    return out;
}

/* r->at stands behind "\u"; a high surrogate takes the escape of its low one with it. */
static char *read_unicode(struct reader *r, const char *end, char *out)
{
    int32_t unit = read_unit(r->at, end);

    if (unit < 0 || (unit >= 0xdc00 && unit <= 0xdfff))
        return NULL;
    r->at += 4;
    if (unit < 0xd800 || unit > 0xdbff)
        return put_utf8(out, (uint32_t)unit);

    int32_t low =
        end - r->at >= 6 && r->at[0] == '\\' && r->at[1] == 'u' ? read_unit(r->at + 2, end) : -1;

    if (low < 0xdc00 || low > 0xdfff)
        return NULL;
    r->at += 6;
    return put_utf8(out, 0x10000u + ((uint32_t)(unit - 0xd800) << 10) + (uint32_t)(low - 0xdc00));
}

/* Copy [r->at, end), which holds escapes, into the arena. An escape never grows. */
static int unescape(struct reader *r, const char *end, struct str *out)
{
    static const char names[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
    char *text = arena_alloc(r->a, (size_t)(end - r->at) + 1), *to = text;

    while (r->at < end) {
        const char *slash = memchr(r->at, '\\', (size_t)(end - r->at));
        size_t run = (size_t)((slash ? slash : end) - r->at);

        memcpy(to, r->at, run);
        to += run;
        r->at += run;
        if (!slash)
            break;

        const char *name = strchr(names, r->at[1]);

        if (name && *name) {
            r->at += 2;
            *to++ = bytes[name - names];
        } else if (r->at[1] == 'u') {
            r->at += 2;
            to = read_unicode(r, end, to);
            if (!to)
                return expected(r, "four hex digits, surrogates in pairs");
        } else {
            return expected(r, "an escape of JSON");
        }
    }
    *out = (struct str){ text, (size_t)(to - text) };
    return 0;
}

/* r->at stands behind the opening quote. */
static int read_string(struct reader *r, struct str *out)
{
    const char *from = r->at;
    bool has_escape = false;

    for (;;) {
        r->at = skip_plain(r->at, r->end);
        if (r->at == r->end)
            return expected(r, "'\"' at the string's end");
        if (*r->at == '"')
            break;

        size_t len = str_utf8_len((struct str){ r->at, (size_t)(r->end - r->at) });

        if (*r->at == '\\') {
            has_escape = true;
            len = r->end - r->at >= 2 ? 2 : 1; /* an escaped quote does not end the string */
            if (len == 2 && (unsigned char)r->at[1] >= 0x80)
                return expected(r, "an escape of JSON");
        } else if (len == 0) {
            return expected(r, "valid UTF-8");
        } else if (len == 1) {
            return expected(r, "no control character in a string");
        }
        r->at += len;
    }
    const char *end = r->at;

    if (has_escape) {
        r->at = from;
        int rc = unescape(r, end, out);

        if (rc < 0)
            return rc;
    } else {
        *out = (struct str){ from, (size_t)(end - from) };
    }
    r->at = end + 1;
    return 0;
}

static size_t skip_digits(struct reader *r)
{
    const char *from = r->at;

    while (r->at < r->end && *r->at >= '0' && *r->at <= '9')
        r->at++;
    return (size_t)(r->at - from);
}

static bool take(struct reader *r, char c)
{
    bool is_there = r->at < r->end && *r->at == c;

    r->at += is_there;
    return is_there;
}

static int read_number(struct reader *r, struct value **out)
{
    const char *from = r->at;
    bool is_whole = true;
    int64_t n;
    double d;

    (void)take(r, '-');
    if (!take(r, '0') && skip_digits(r) == 0)
        return expected(r, "a value");
    if (take(r, '.')) {
        is_whole = false;
        if (skip_digits(r) == 0)
            return expected(r, "a digit");
    }
    if (take(r, 'e') || take(r, 'E')) {
        is_whole = false;
        (void)(take(r, '+') || take(r, '-'));
        if (skip_digits(r) == 0)
            return expected(r, "a digit");
    }
    struct str text = { from, (size_t)(r->at - from) };

    if (is_whole && str_to_i64(text, &n))
        *out = value_int(r->a, n);
    else if (str_to_f64(text, &d))
        *out = value_float(r->a, d);
    else
        return expected(r, "a number that a double can hold");
    return 0;
}

static int read_value(struct reader *r, struct value **out);

static int read_list(struct reader *r, struct value **out)
{
    struct value *list = value_list(r->a), *item = NULL;

    *out = list;
    skip_blanks(r);
    if (take(r, ']'))
        return 0;
    do {
        int rc = read_value(r, &item);

        if (rc < 0)
            return rc;
        value_push(list, item);
        skip_blanks(r);
    } while (take(r, ','));
    return take(r, ']') ? 0 : expected(r, "',' or ']'");
}

static int read_map(struct reader *r, struct value **out)
{
    struct value *map = value_map(r->a), *item = NULL;
    struct str name = { 0 };

    *out = map;
    skip_blanks(r);
    if (take(r, '}'))
        return 0;
    do {
        skip_blanks(r);
        if (!take(r, '"'))
            return expected(r, "a member's name in quotes");

        int rc = read_string(r, &name);

        if (rc < 0)
            return rc;
        skip_blanks(r);
        if (!take(r, ':'))
            return expected(r, "':'");
        rc = read_value(r, &item);
        if (rc < 0)
            return rc;
        value_append(map, name, item);
        skip_blanks(r);
    } while (take(r, ','));
    if (!take(r, '}'))
        return expected(r, "',' or '}'");
    (void)value_keep_last(r->a, map); /* RFC 8259 leaves the choice; most readers take the last */
    return 0;
}

static int read_nested(struct reader *r, struct value **out)
{
    if (r->depth == LIMIT_NESTING)
        return err_set(r->err, E_LIMIT, "json offset %zu: nested deeper than %d",
                       (size_t)(r->at - r->start), LIMIT_NESTING);
    r->depth++;
    int rc = *r->at++ == '{' ? read_map(r, out) : read_list(r, out);

    r->depth--;
    return rc;
}

static bool take_word(struct reader *r, struct str word)
{
    if (!str_has_prefix((struct str){ r->at, (size_t)(r->end - r->at) }, word))
        return false;
    r->at += word.len;
    return true;
}

static int read_value(struct reader *r, struct value **out)
{
    skip_blanks(r);
    switch (r->at < r->end ? *r->at : '\0') {
    case '{':
    case '[':
        return read_nested(r, out);
    case '"':
        r->at++;
        *out = value_str(r->a, (struct str){ 0 });
        return read_string(r, &(*out)->u.text);
    case 't':
    case 'f':
        *out = value_bool(r->a, *r->at == 't');
        return take_word(r, (*out)->u.boolean ? STR("true") : STR("false"))
                   ? 0
                   : expected(r, "a value");
    case 'n':
        *out = value_null(r->a);
        return take_word(r, STR("null")) ? 0 : expected(r, "a value");
    default:
        return read_number(r, out);
    }
}

int json_parse(struct arena *a, struct str text, struct value **out, struct err *err)
{
    const char *start = text.ptr ? text.ptr : "";
    struct reader r = { a, start, start, start + text.len, 0, err };
    struct value *root = NULL;

    if (text.len > LIMIT_JSON_BYTES)
        return err_set(err, E_LIMIT, "json: %zu bytes, more than %llu", text.len, LIMIT_JSON_BYTES);

    int rc = read_value(&r, &root);

    if (rc < 0)
        return rc;
    skip_blanks(&r);
    if (r.at < r.end)
        return expected(&r, "the end");
    *out = root;
    return 0;
}
