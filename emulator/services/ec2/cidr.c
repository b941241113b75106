/* IPv4 addresses and blocks. */
#include "emulator/services/ec2/ec2.h"

bool ip_parse(struct str text, uint32_t *out)
{
    uint32_t ip = 0;
    struct str part, rest = text;

    for (int i = 0; i < 4; i++) {
        int64_t n;
        bool cut = str_cut(rest, '.', &part, &rest);
        if (cut != (i < 3) || part.len > 3 || !str_to_i64(part, &n) || n < 0 || n > 255)
            return false;
        ip = ip << 8 | (uint32_t)n;
    }
    *out = ip;
    return true;
}

struct str ip_text(struct arena *a, uint32_t ip)
{
    return arena_printf(a, "%u.%u.%u.%u", ip >> 24, ip >> 16 & 255, ip >> 8 & 255, ip & 255);
}

static uint32_t mask_of(int bits)
{
    return bits == 0 ? 0 : UINT32_MAX << (32 - bits);
}

static bool split(struct str text, uint32_t *ip, int *bits)
{
    struct str address, length;
    int64_t n;

    if (!str_cut(text, '/', &address, &length) || !ip_parse(address, ip) ||
        !str_to_i64(length, &n) || n < 0 || n > 32)
        return false;
    *bits = (int)n;
    return true;
}

bool cidr_parse(struct str text, struct cidr *out)
{
    uint32_t ip;
    int bits;

    if (!split(text, &ip, &bits))
        return false;
    *out = (struct cidr){ ip & mask_of(bits), bits };
    return true;
}

bool cidr_is_exact(struct str text)
{
    uint32_t ip;
    int bits;

    return split(text, &ip, &bits) && (ip & ~mask_of(bits)) == 0;
}

struct str cidr_text(struct arena *a, struct cidr c)
{
    return arena_printf(a, "%s/%d", ip_text(a, c.base).ptr, c.bits);
}

bool cidr_holds(struct cidr outer, struct cidr inner)
{
    return outer.bits <= inner.bits && (inner.base & mask_of(outer.bits)) == outer.base;
}

bool cidr_overlap(struct cidr a, struct cidr b)
{
    return cidr_holds(a, b) || cidr_holds(b, a);
}
