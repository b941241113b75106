#include "verify/records/form.h"

#include <arpa/inet.h>

#include "core/aws/arn.h"
#include "core/base/clock.h"

enum { DIGIT = 1, LOWER = 2, UPPER = 4, HEX = 8, WORD = 16 };

/* What a byte is; HEX means lower case. */
static unsigned char_class(char c)
{
    if (c >= '0' && c <= '9')
        return DIGIT | HEX;
    if (c >= 'a' && c <= 'f')
        return LOWER | HEX;
    if (c >= 'g' && c <= 'z')
        return LOWER;
    if (c >= 'A' && c <= 'Z')
        return UPPER;
    return c == '_' || c == '-' || c == '.' || c == ':' ? WORD : 0;
}

static bool all_of(struct str s, unsigned classes)
{
    for (size_t i = 0; i < s.len; i++)
        if (!(char_class(s.ptr[i]) & classes))
            return false;
    return s.len > 0;
}

bool form_digits(struct str s)
{
    return all_of(s, DIGIT);
}

bool form_account(struct str s)
{
    return s.len == 12 && all_of(s, DIGIT);
}

/* One more than the digit's value; 0: no digit of lower-case hexadecimal. Which of the two a byte
 * is no branch could guess. */
static const uint8_t hex_values[256] = {
    ['0'] = 1, ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9, ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
};

bool form_uuid(struct str s, uint64_t out_id[2])
{
    static const uint8_t places[] = { 0,  1,  2,  3,  4,  5,  6,  7,  9,  10, 11,
                                      12, 14, 15, 16, 17, 19, 20, 21, 22, 24, 25,
                                      26, 27, 28, 29, 30, 31, 32, 33, 34, 35 };
    unsigned bad = 0;

    if (s.len != 36 || s.ptr[8] != '-' || s.ptr[13] != '-' || s.ptr[18] != '-' || s.ptr[23] != '-')
        return false;
    for (size_t half = 0; half < 2; half++) {
        uint64_t id = 0;

        for (size_t i = 0; i < 16; i++) {
            unsigned v = hex_values[(unsigned char)s.ptr[places[16 * half + i]]] - 1u;

            bad |= v;
            id = id << 4 | (v & 15);
        }
        out_id[half] = id;
    }
    return bad < 16;
}

static int two(const char *p)
{
    if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
        return -1;
    return 10 * (p[0] - '0') + (p[1] - '0');
}

bool form_time(struct str s, int64_t *out_ms)
{
    const char *p = s.ptr;

    if (s.len != 20 || p[4] != '-' || p[7] != '-' || p[10] != 'T' || p[13] != ':' || p[16] != ':' ||
        p[19] != 'Z')
        return false;
    struct clock_parts t = { .month = two(p + 5),
                             .day = two(p + 8),
                             .hour = two(p + 11),
                             .minute = two(p + 14),
                             .second = two(p + 17) };
    int century = two(p), year = two(p + 2);

    if (century < 0 || year < 0 || t.month < 1 || t.month > 12 || t.day < 1 || t.hour < 0 ||
        t.hour > 23 || t.minute < 0 || t.minute > 59 || t.second < 0 || t.second > 59)
        return false;
    t.year = 100 * century + year;
    int64_t ms = clock_join(t);

    if (clock_split(ms).day != t.day)
        return false;
    *out_ms = ms;
    return true;
}

bool form_time_basic(struct str s)
{
    return s.len == 16 && s.ptr[8] == 'T' && s.ptr[15] == 'Z' && all_of(str_sub(s, 0, 8), DIGIT) &&
           all_of(str_sub(s, 9, 6), DIGIT);
}

bool form_address(struct str s)
{
    char text[INET6_ADDRSTRLEN + 1];
    unsigned char bytes[16];

    if (s.len == 0 || s.len > INET6_ADDRSTRLEN || memchr(s.ptr, '\0', s.len))
        return false;
    memcpy(text, s.ptr, s.len);
    text[s.len] = '\0';
    return inet_pton(memchr(s.ptr, ':', s.len) ? AF_INET6 : AF_INET, text, bytes) == 1;
}

bool form_host(struct str s)
{
    struct str label;
    bool more = true;

    if (!memchr(s.ptr, '.', s.len))
        return false;
    while (more) {
        more = str_cut(s, '.', &label, &s);
        for (size_t i = 0; i < label.len; i++)
            if (!(char_class(label.ptr[i]) & (DIGIT | LOWER | UPPER)) && label.ptr[i] != '-')
                return false;
        if (label.len == 0 || label.ptr[0] == '-')
            return false;
    }
    return true;
}

bool form_source(struct str s)
{
    struct str suffix = STR(".amazonaws.com");

    return s.len > suffix.len && str_has_suffix(s, suffix) && form_host(s);
}

/* Source: AWS General Reference, "Regional endpoints": us-gov-west-1, ap-southeast-2 ... */
bool form_region(struct str s)
{
    struct str part;
    int parts = 1;

    while (str_cut(s, '-', &part, &s)) {
        if (!all_of(part, LOWER))
            return false;
        parts++;
    }
    return parts >= 3 && parts <= 5 && form_digits(s);
}

bool form_event_name(struct str s)
{
    return s.len <= 128 && all_of(s, DIGIT | LOWER | UPPER | WORD) &&
           (char_class(s.ptr[0]) & (LOWER | UPPER));
}

bool form_arn(struct str s)
{
    struct arn arn;

    if (arn_parse(s, &arn, NULL) < 0 || arn.service.len == 0 || arn.resource.len == 0)
        return false;
    return str_has_prefix(arn.partition, STR("aws")) &&
           (arn.account.len == 0 || form_account(arn.account) || str_eq_c(arn.account, "aws"));
}

bool form_version(struct str s, int *out_minor)
{
    struct str major, minor;
    int64_t a, b;

    if (!str_cut(s, '.', &major, &minor) || !form_digits(major) || !form_digits(minor) ||
        !str_to_i64(major, &a) || !str_to_i64(minor, &b) || b > 99)
        return false;
    *out_minor = a == 1 ? (int)b : 99;
    return true;
}

bool form_unique_id(struct str s, const char *prefix)
{
    return s.len >= 16 && s.len <= 32 && str_has_prefix(s, str_c(prefix)) &&
           all_of(s, DIGIT | UPPER);
}

bool form_resource_type(struct str s)
{
    struct str head, service, type;

    return str_cut(s, ':', &head, &s) && str_eq_c(head, "AWS") && str_cut(s, ':', &head, &s) &&
           head.len == 0 && str_cut(s, ':', &service, &s) &&
           all_of(service, DIGIT | LOWER | UPPER) && str_cut(s, ':', &head, &type) &&
           head.len == 0 && all_of(type, DIGIT | LOWER | UPPER);
}
