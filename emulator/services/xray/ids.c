#include <stdio.h>

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

struct str xray_new_trace_id(struct arena *a, struct rng *rng, int64_t time_ms)
{
    uint64_t high = rng_u64(rng), low = rng_u64(rng);

    return arena_printf(a, "1-%08llx-%08llx%016llx",
                        (unsigned long long)(time_ms / 1000) & 0xffffffff,
                        (unsigned long long)high >> 32, (unsigned long long)low);
}

struct str xray_new_segment_id(struct arena *a, struct rng *rng)
{
    return arena_printf(a, "%016llx", (unsigned long long)rng_u64(rng));
}
