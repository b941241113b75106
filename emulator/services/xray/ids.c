#include "emulator/services/xray/xray.h"

#define SKEW_MS (5 * 60 * 1000ll) /* clocks of those who send differ */

static bool is_hex(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];

        if ((c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F'))
            return false;
    }
    return s.len > 0;
}

bool xray_is_trace_id(struct str id)
{
    return id.len == XRAY_TRACE_ID_LEN && str_has_prefix(id, STR("1-")) && id.ptr[10] == '-' &&
           is_hex(str_sub(id, 2, 8)) && is_hex(str_sub(id, 11, 24));
}

bool xray_is_segment_id(struct str id)
{
    return id.len == XRAY_SEGMENT_ID_LEN && is_hex(id);
}

int64_t xray_trace_time_ms(struct str id)
{
    int64_t s = 0;

    for (size_t i = 2; i < 10; i++) {
        int c = id.ptr[i] | 0x20;
        s = s * 16 + (c <= '9' ? c - '0' : c - 'a' + 10);
    }
    return s * 1000;
}

bool xray_trace_is_current(struct str id, int64_t now_ms)
{
    int64_t t = xray_trace_time_ms(id);

    return t > now_ms - XRAY_RETENTION_MS && t <= now_ms + SKEW_MS;
}

static void take_field(struct xray_header *h, struct str name, struct str value)
{
    if (str_eq_nocase(name, STR("Root")) && xray_is_trace_id(value))
        h->root = value;
    else if (str_eq_nocase(name, STR("Parent")) && xray_is_segment_id(value))
        h->parent = value;
    else if (str_eq_nocase(name, STR("Sampled")) && str_eq_c(value, "1"))
        h->sampled = XRAY_SAMPLED;
    else if (str_eq_nocase(name, STR("Sampled")) && str_eq_c(value, "0"))
        h->sampled = XRAY_NOT_SAMPLED;
}

struct xray_header xray_header_parse(struct str text)
{
    struct xray_header h = { 0 };
    struct str field, name, value;
    bool more = text.len > 0;

    while (more) {
        more = str_cut(text, ';', &field, &text);
        if (str_cut(field, '=', &name, &value))
            take_field(&h, str_trim(name), str_trim(value));
    }
    if (h.root.len == 0)
        h.parent = (struct str){ 0 };
    return h;
}

/* The low 4 * len bits, lower-case; returns what is behind it. */
static char *put_hex(char *at, uint64_t n, int len)
{
    for (int i = len - 1; i >= 0; i--, n >>= 4)
        at[i] = "0123456789abcdef"[n & 15];
    return at + len;
}

struct str xray_new_trace_id(struct arena *a, struct rng *rng, int64_t time_ms)
{
    uint64_t high = rng_u64(rng), low = rng_u64(rng);
    char id[XRAY_TRACE_ID_LEN] = "1-", *at = put_hex(id + 2, (uint64_t)(time_ms / 1000), 8);

    *at++ = '-';
    (void)put_hex(put_hex(at, high >> 32, 8), low, 16);
    return arena_copy(a, (struct str){ id, sizeof id });
}

struct str xray_new_segment_id(struct arena *a, struct rng *rng)
{
    char id[XRAY_SEGMENT_ID_LEN];

    (void)put_hex(id, rng_u64(rng), sizeof id);
    return arena_copy(a, (struct str){ id, sizeof id });
}
