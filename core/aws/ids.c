#include "core/aws/ids.h"

#include <assert.h>

#include "core/base/buf.h"
#include "core/codec/uri.h"

static const char base32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/* Source: IAM User Guide, "IAM identifiers", "Understanding unique ID prefixes"; lengths as in real
 * records. */
static const struct {
    const char *prefix;
    size_t len;
} kinds[] = {
    { "AIDA", 21 }, { "AROA", 21 }, { "AGPA", 21 }, { "AIPA", 21 },
    { "ANPA", 21 }, { "ANVA", 21 }, { "AKIA", 20 }, { "ASIA", 20 },
};

enum {
    PREFIX_LEN = 4,
    CODED_LEN = 16, /* base32 digits of 80 bits; what follows is chance alone */
    ACCOUNT_LEN = 12,
};
#define MAX_ACCOUNT 999999999999

static size_t kind_len(struct str id)
{
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (str_has_prefix(id, str_c(kinds[i].prefix)))
            return kinds[i].len;
    return 0;
}

bool ids_is_account(struct str s)
{
    if (s.len != ACCOUNT_LEN)
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
    return true;
}

/* Of the 80 bits behind the prefix the first is 1, the next 40 are the account's number.
 * Source: verified on access key ids and unique ids of real records; ids from before about 2019
 * hold none. */
struct str ids_unique(struct arena *a, struct rng *r, const char *prefix, struct str account)
{
    size_t len = kind_len(str_c(prefix));
    int64_t number = 0;
    bool is_number = ids_is_account(account) && str_to_i64(account, &number);

    assert(len && is_number);
    char *id = arena_alloc(a, len + 1);
    uint64_t head = 1ull << 47 | (uint64_t)number << 7 | rng_below(r, 1u << 7);
    uint64_t tail = rng_u64(r); /* 32 bits end the 80, the digits behind them take five more */

    memcpy(id, prefix, PREFIX_LEN);
    for (size_t i = 0; i < len - PREFIX_LEN; i++) {
        if (i < 9)
            id[PREFIX_LEN + i] = base32[head >> (43 - 5 * i) & 31];
        else if (i == 9)
            id[PREFIX_LEN + i] = base32[(head & 7) << 2 | (tail >> 62)];
        else
            id[PREFIX_LEN + i] = base32[tail >> (57 - 5 * (i - 10)) & 31];
    }
    return (struct str){ id, len };
}

struct str ids_account(struct arena *a, struct str id)
{
    uint64_t head = 0;

    if (id.len < PREFIX_LEN + CODED_LEN || id.len != kind_len(id))
        return STR("");
    for (size_t i = PREFIX_LEN; i < PREFIX_LEN + 10; i++) {
        const char *digit = id.ptr[i] ? strchr(base32, id.ptr[i]) : NULL;

        if (!digit)
            return STR("");
        head = head << 5 | (uint64_t)(digit - base32);
    }
    /* Ten digits are 50 bits, two more than the head has. */
    uint64_t number = head >> 9 & ((1ull << 40) - 1);

    if (!(head >> 49 & 1) || number > MAX_ACCOUNT)
        return STR("");
    return arena_printf(a, "%012llu", (unsigned long long)number);
}

static struct str random_base64(struct arena *a, struct rng *r, size_t bytes)
{
    struct buf text = { .arena = a };
    char *raw = arena_room(a, bytes);

    rng_bytes(r, raw, bytes);
    base64_encode(&text, (struct str){ raw, bytes });
    return buf_text(&text);
}

struct str ids_secret_key(struct arena *a, struct rng *r)
{
    return random_base64(a, r, 30);
}

/* 904 characters: the commonest length in real records. */
struct str ids_session_token(struct arena *a, struct rng *r)
{
    return random_base64(a, r, 678);
}

struct str ids_s3_request(struct arena *a, struct rng *r)
{
    return rng_chars(r, a, STR("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"), 16);
}

/* 56 bytes: 76 characters, the last of them '='. */
struct str ids_s3_host(struct arena *a, struct rng *r)
{
    return random_base64(a, r, 56);
}

struct str ids_hex(struct arena *a, struct rng *r, const char *prefix, size_t digits)
{
    struct str random = rng_chars(r, a, STR("0123456789abcdef"), digits);

    return arena_printf(a, "%s%s", prefix, random.ptr);
}
