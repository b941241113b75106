#define _GNU_SOURCE /* memmem, POSIX only since 2024 */
#include "core/base/str.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "core/base/mem.h"

enum { NEEDLE_LONG = 8, TEXT_LONG = 128 }; /* from here on memmem's table is worth its making */

/* Which bytes of x are ASCII letters: the top bit of each. */
static uint64_t letters_of(uint64_t x)
{
    const uint64_t ones = 0x0101010101010101u, tops = ones << 7;
    uint64_t low = (x | ones * 0x20) & ~tops; /* in lower case; no sum below leaves its byte */

    return (low + ones * (0x80 - 'a')) & ~(low + ones * (0x7f - 'z')) & ~x & tops;
}

/* Do eight bytes differ in nothing but the case of letters? */
static bool same_letters_8(uint64_t x, uint64_t y)
{
    const uint64_t cases = 0x2020202020202020u;
    uint64_t differs = x ^ y;

    return (differs & ~cases) == 0 && ((differs << 2) & ~letters_of(x)) == 0;
}

static bool same_letters_at(const char *a, const char *b)
{
    uint64_t x, y;

    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return x == y || same_letters_8(x, y);
}

/* The last eight bytes overlap those before them. */
bool str_same_letters(const char *a, const char *b, size_t len)
{
    uint64_t x = 0, y = 0;

    if (len >= 8) {
        for (size_t i = 0; i + 8 < len; i += 8)
            if (!same_letters_at(a + i, b + i))
                return false;
        return same_letters_at(a + len - 8, b + len - 8);
    }
    for (size_t i = 0; i < len; i++) {
        x = x << 8 | (unsigned char)a[i];
        y = y << 8 | (unsigned char)b[i];
    }
    return same_letters_8(x, y);
}

#ifdef __SSE2__
static bool has_control_16(const char *p)
{
    __m128i x = _mm_loadu_si128((const __m128i *)p);
    __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(' ' - 1)), x);
    __m128i del = _mm_cmpeq_epi8(x, _mm_set1_epi8(0x7f));

    return _mm_movemask_epi8(_mm_or_si128(low, del)) != 0;
}
#else
static bool has_control_8(const char *p)
{
    const uint64_t ones = 0x0101010101010101u, tops = ones << 7;
    uint64_t x;

    memcpy(&x, p, sizeof x);
    uint64_t del = x ^ ones * 0x7f;

    /* a borrow may blame the byte above one that is to blame: the answer stays the same */
    return (((x - ones * ' ') & ~x) | ((del - ones) & ~del)) & tops;
}

static bool has_control_16(const char *p)
{
    return has_control_8(p) || has_control_8(p + 8);
}
#endif

bool str_has_control(struct str s)
{
    size_t i = 0;

    for (; s.len - i >= 16; i += 16)
        if (has_control_16(s.ptr + i))
            return true;
    if (s.len >= 16) /* the last sixteen overlap those before them */
        return has_control_16(s.ptr + s.len - 16);
    for (; i < s.len; i++)
        if ((unsigned char)s.ptr[i] < ' ' || s.ptr[i] == 0x7f)
            return true;
    return false;
}

int str_cmp(struct str a, struct str b)
{
    size_t shared = a.len < b.len ? a.len : b.len;
    int order = shared ? memcmp(a.ptr, b.ptr, shared) : 0;

    return order ? order : (a.len > b.len) - (a.len < b.len);
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct str str_trim(struct str s)
{
    while (s.len && is_blank(s.ptr[0]))
        s = (struct str){ s.ptr + 1, s.len - 1 };
    while (s.len && is_blank(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

static bool cut_at(struct str s, const char *sep, struct str *head, struct str *tail)
{
    if (!sep) {
        *head = s;
        *tail = str_sub(s, s.len, 0);
        return false;
    }
    size_t at = (size_t)(sep - s.ptr);

    *head = (struct str){ s.ptr, at };
    *tail = (struct str){ sep + 1, s.len - at - 1 };
    return true;
}

bool str_cut(struct str s, char sep, struct str *head, struct str *tail)
{
    return cut_at(s, s.len ? memchr(s.ptr, sep, s.len) : NULL, head, tail);
}

bool str_rcut(struct str s, char sep, struct str *head, struct str *tail)
{
    const char *found = NULL;

    for (size_t i = s.len; i > 0 && !found; i--)
        if (s.ptr[i - 1] == sep)
            found = s.ptr + i - 1;
    return cut_at(s, found, head, tail);
}

ptrdiff_t str_find(struct str s, struct str needle)
{
    if (needle.len == 0)
        return 0;
    if (needle.len > s.len)
        return -1;
    if (needle.len >= NEEDLE_LONG && s.len >= TEXT_LONG) {
        const char *found = memmem(s.ptr, s.len, needle.ptr, needle.len);

        return found ? found - s.ptr : -1;
    }

    const char *at = s.ptr, *last = s.ptr + (s.len - needle.len);

    while (at <= last && (at = memchr(at, needle.ptr[0], (size_t)(last - at) + 1))) {
        if (memcmp(at, needle.ptr, needle.len) == 0)
            return at - s.ptr;
        at++;
    }
    return -1;
}

bool str_to_i64(struct str s, int64_t *out)
{
    bool is_negative = s.len && s.ptr[0] == '-';
    uint64_t most = (uint64_t)INT64_MAX + is_negative, n = 0;

    if (s.len == is_negative)
        return false;
    for (size_t i = is_negative; i < s.len; i++) {
        unsigned digit = (unsigned)(s.ptr[i] - '0');

        if (digit > 9 || n > (most - digit) / 10)
            return false;
        n = n * 10 + digit;
    }
    *out = is_negative ? (int64_t)(0 - n) : (int64_t)n;
    return true;
}

/* A decimal number taken apart: digits * 10^exponent. */
struct decimal {
    uint64_t digits; /* exact while digit_count <= 19 */
    int digit_count; /* leading zeros not counted */
    int64_t exponent;
    bool is_negative;
};

static size_t scan_digits(struct str s, size_t i, struct decimal *d)
{
    for (; i < s.len && s.ptr[i] >= '0' && s.ptr[i] <= '9'; i++) {
        if (d->digit_count || s.ptr[i] != '0')
            d->digit_count += d->digit_count < 20;
        if (d->digit_count < 20)
            d->digits = d->digits * 10 + (uint64_t)(s.ptr[i] - '0');
    }
    return i;
}

static bool scan_exponent(struct str s, int64_t *exponent)
{
    struct str digits = s.len && s.ptr[0] == '+' ? str_sub(s, 1, s.len) : s;
    int64_t written;

    if (digits.len != s.len && digits.len && digits.ptr[0] == '-')
        return false;
    if (!str_to_i64(digits, &written)) /* also 20 digits of exponent: no double has that */
        return false;
    if (written < -100000 || written > 100000)
        written = written < 0 ? -100000 : 100000;
    *exponent += written;
    return true;
}

static bool scan_decimal(struct str s, struct decimal *d)
{
    size_t start = s.len && s.ptr[0] == '-', i;

    *d = (struct decimal){ .is_negative = start };
    i = scan_digits(s, start, d);
    size_t seen = i - start;

    if (i < s.len && s.ptr[i] == '.') {
        size_t end = scan_digits(s, i + 1, d);

        d->exponent = -(int64_t)(end - i - 1);
        seen += end - i - 1;
        i = end;
    }
    if (seen == 0)
        return false;
    if (i == s.len)
        return true;
    return (s.ptr[i] == 'e' || s.ptr[i] == 'E') &&
           scan_exponent(str_sub(s, i + 1, s.len), &d->exponent);
}

/* strtod reads the locale's decimal point: give it that. */
static bool slow_to_f64(struct str s, double *out)
{
    char small[64];
    const char *point = localeconv()->decimal_point;
    size_t room = s.len + strlen(point) + 1;
    char *text = room <= sizeof small ? small : mem_alloc(room);
    struct str head, tail;

    bool has_point = str_cut(s, '.', &head, &tail);

    (void)snprintf(text, room, "%.*s%s%.*s", STR_ARG(head), has_point ? point : "", STR_ARG(tail));
    double d = strtod(text, NULL);

    if (text != small)
        mem_free(text);
    if (isinf(d))
        return false;
    *out = d;
    return true;
}

bool str_to_f64(struct str s, double *out)
{
    static const double power[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
    struct decimal d;

    if (!scan_decimal(s, &d))
        return false;
    /* Both operands are exact here, so one IEEE operation rounds right. */
    bool is_exact =
        d.digit_count < 20 && d.digits <= (1ull << 53) && d.exponent >= -22 && d.exponent <= 22;
    if (!is_exact)
        return slow_to_f64(s, out);

    double whole = (double)d.digits;
    double abs = d.exponent < 0 ? whole / power[-d.exponent] : whole * power[d.exponent];

    *out = d.is_negative ? -abs : abs;
    return true;
}

bool str_match(struct str pattern, struct str s)
{
    size_t p = 0, i = 0, star = SIZE_MAX, resume = 0;

    while (i < s.len) {
        if (p < pattern.len && pattern.ptr[p] == '*') {
            star = p++;
            resume = i;
        } else if (p < pattern.len && (pattern.ptr[p] == '?' || pattern.ptr[p] == s.ptr[i])) {
            p++;
            i++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            i = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.ptr[p] == '*')
        p++;
    return p == pattern.len;
}

/* FNV-1a, its bits mixed once more so that the low ones may index a table. */
uint64_t str_hash(struct str s)
{
    uint64_t h = 0xcbf29ce484222325u;

    for (size_t i = 0; i < s.len; i++)
        h = (h ^ (unsigned char)s.ptr[i]) * 0x100000001b3u;
    h = (h ^ (h >> 32)) * 0xd6e8feb86659fd93u;
    return h ^ (h >> 32);
}

/* What may stand behind a first byte; the second byte alone has limits of its own. */
static const struct utf8_row {
    unsigned char first, last, low, high;
    size_t len;
} utf8_rows[] = {
    { 0x00, 0x7f, 0x00, 0x00, 1 }, { 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
    { 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
    { 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
};

size_t str_utf8_len(struct str s)
{
    const unsigned char *u = (const unsigned char *)s.ptr;
    const struct utf8_row *row = NULL;

    for (size_t i = 0; s.len && !row && i < COUNT(utf8_rows); i++)
        if (u[0] >= utf8_rows[i].first && u[0] <= utf8_rows[i].last)
            row = &utf8_rows[i];
    if (!row || s.len < row->len)
        return 0;
    if (row->len > 1 && (u[1] < row->low || u[1] > row->high))
        return 0;
    for (size_t i = 2; i < row->len; i++)
        if ((u[i] & 0xc0) != 0x80)
            return 0;
    return row->len;
}

bool str_is_utf8(struct str s)
{
    while (s.len) {
        size_t len = str_utf8_len(s);

        if (len == 0)
            return false;
        s = str_sub(s, len, s.len);
    }
    return true;
}
