#include "generator/play/net.h"

#include <arpa/inet.h>

/* Bits behind the prefix are drawn; of an IPv4 block never the first and the last address. */
static void fill(struct rng *rng, unsigned char *bytes, size_t size, size_t prefix)
{
    for (size_t bit = prefix; bit < size * 8; bit++) {
        unsigned char mask = (unsigned char)(0x80u >> bit % 8);

        bytes[bit / 8] &= (unsigned char)~mask;
        if (rng_below(rng, 2))
            bytes[bit / 8] |= mask;
    }
    if (size == 4 && prefix < 31) {
        unsigned char last = (unsigned char)(prefix > 24 ? (1u << (32 - prefix)) - 1 : 255u);

        if ((bytes[3] & last) == 0)
            bytes[3] |= 1;
        if ((bytes[3] & last) == last)
            bytes[3] ^= 1;
    }
}

int net_draw(struct arena *a, struct rng *rng, const struct network *n, struct str *out,
             struct err *err)
{
    struct str block = n->blocks.items[rng_below(rng, n->blocks.count)], base, bits;
    bool is_v6 = memchr(block.ptr, ':', block.len) != NULL;
    size_t size = is_v6 ? 16 : 4;
    int64_t prefix = (int64_t)size * 8;
    char text[INET6_ADDRSTRLEN];
    unsigned char bytes[16];

    if (str_cut(block, '/', &base, &bits) &&
        (!str_to_i64(bits, &prefix) || prefix < 0 || prefix > (int64_t)size * 8))
        prefix = -1;
    if (prefix < 0 || base.len >= sizeof text ||
        inet_pton(is_v6 ? AF_INET6 : AF_INET, arena_copy(a, base).ptr, bytes) != 1)
        return place_fail(n->at, err,
                          "network %.*s: '%.*s': expected a block such as 203.0.113.0/24",
                          STR_ARG(n->name), STR_ARG(block));
    fill(rng, bytes, size, (size_t)prefix);
    (void)inet_ntop(is_v6 ? AF_INET6 : AF_INET, bytes, text, sizeof text); /* it fits */
    *out = arena_copy(a, str_c(text));
    return 0;
}
