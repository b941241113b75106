/* core/base/str - a borrowed run of bytes: pointer and length, never NUL-terminated by promise.
 *
 * A str owns nothing. Strings that an arena made (arena_printf, arena_copy) do carry a NUL behind
 * the last byte, so that ptr may be handed to the C library; no other str may.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct str {
    const char *ptr;
    size_t len;
};

/* A literal as a str, its length known at compile time. */
#define STR(literal) ((struct str){ "" literal, sizeof(literal) - 1 })
/* For printf's "%.*s". */
#define STR_ARG(s) (int)(s).len, (s).ptr

/* Borrowed; NULL gives an empty str. Inline, like the next ones: a literal's length is then known
 * to the compiler, and a request asks these some hundred times. */
static inline struct str str_c(const char *c)
{
    return c ? (struct str){ c, strlen(c) } : (struct str){ "", 0 };
}
static inline bool str_eq(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}
static inline bool str_eq_c(struct str a, const char *c)
{
    if (a.len == 0 || !c)
        return a.len == 0 && (!c || !*c);
    return *c == *a.ptr && str_eq(a, str_c(c)); /* most differ in the first byte */
}
bool str_same_letters(const char *a, const char *b, size_t len); /* for str_eq_nocase */
/* ASCII letters only. Most names that are compared differ in length or in the first letter. */
static inline bool str_eq_nocase(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || (((*a.ptr ^ *b.ptr) & ~0x20) == 0 &&
                                             str_same_letters(a.ptr, b.ptr, a.len)));
}
bool str_has_control(struct str s);      /* a byte below the space, or DEL */
int str_cmp(struct str a, struct str b); /* byte order, as memcmp; shorter first */
static inline struct str str_sub(struct str s, size_t from, size_t len) /* clamped to s */
{
    if (from > s.len)
        from = s.len;
    if (len > s.len - from)
        len = s.len - from;
    return s.ptr ? (struct str){ s.ptr + from, len } : (struct str){ 0 };
}
static inline bool str_has_prefix(struct str s, struct str prefix)
{
    return s.len >= prefix.len && str_eq((struct str){ s.ptr, prefix.len }, prefix);
}
static inline bool str_has_suffix(struct str s, struct str suffix)
{
    return s.len >= suffix.len && str_eq(str_sub(s, s.len - suffix.len, suffix.len), suffix);
}
struct str str_trim(struct str s); /* ASCII blanks at both ends */
/* Cut s at the first sep: *head before it, *tail behind it. False: no sep, *head = s, *tail empty.
 */
bool str_cut(struct str s, char sep, struct str *head, struct str *tail);
bool str_rcut(struct str s, char sep, struct str *head, struct str *tail); /* at the last sep */
ptrdiff_t str_find(struct str s, struct str needle);                       /* offset, or -1 */
/* Whole of s as a decimal number, optional '-'. False: empty, junk or out of range; *out untouched.
 */
bool str_to_i64(struct str s, int64_t *out);
bool str_to_f64(struct str s, double *out); /* "C" locale whatever the process's locale is */
/* Shell-like match: '*' any run, '?' one byte. Linear in practice, no recursion. */
bool str_match(struct str pattern, struct str s);
uint64_t str_hash(struct str s); /* stable over runs and machines */
/* Bytes of the UTF-8 sequence that s begins with: 1 to 4, or 0 when it is empty or not well-formed.
 * Source: Unicode Standard, table 3-7 "Well-Formed UTF-8 Byte Sequences". */
size_t str_utf8_len(struct str s);
bool str_is_utf8(struct str s);
