/* AWS's event ids are decimal numbers of 56 digits whose upper bits are the event's time in
 * milliseconds: time * 2^144 + what tells apart. Source: CloudWatch Logs User Guide, "Subscription
 * filters": in each example, id / 2^144 is the timestamp beside it. Here the rest is 16 bits of
 * nothing, 64 of the stream, 64 of the number. */
#include "emulator/services/logs/state.h"

enum { WORDS = 6, DIGITS = 56 }; /* six words of 32 bits, the least first */

static uint32_t divide_by_ten(uint32_t words[WORDS])
{
    uint64_t rest = 0;

    for (int i = WORDS - 1; i >= 0; i--) {
        uint64_t n = rest << 32 | words[i];
        words[i] = (uint32_t)(n / 10);
        rest = n % 10;
    }
    return (uint32_t)rest;
}

/* words * 10 + digit; false: it does not fit. */
static bool push_digit(uint32_t words[WORDS], uint32_t digit)
{
    uint64_t carry = digit;

    for (int i = 0; i < WORDS; i++) {
        uint64_t n = (uint64_t)words[i] * 10 + carry;
        words[i] = (uint32_t)n;
        carry = n >> 32;
    }
    return carry == 0;
}

struct str logs_event_id_write(struct arena *a, struct logs_event_id id)
{
    uint64_t time = (uint64_t)id.time_ms; /* 48 bits: until the year 10889 */
    uint32_t words[WORDS] = { (uint32_t)id.number,    (uint32_t)(id.number >> 32),
                              (uint32_t)id.stream,    (uint32_t)(id.stream >> 32),
                              (uint32_t)(time << 16), (uint32_t)(time >> 16) };
    char *text = arena_alloc(a, DIGITS + 1);

    for (int i = DIGITS - 1; i >= 0; i--)
        text[i] = (char)('0' + divide_by_ten(words));
    return (struct str){ text, DIGITS };
}

int logs_event_id_parse(struct str text, struct logs_event_id *out)
{
    uint32_t words[WORDS] = { 0 };

    if (text.len != DIGITS)
        return E_PARSE;
    for (size_t i = 0; i < DIGITS; i++)
        if (text.ptr[i] < '0' || text.ptr[i] > '9' ||
            !push_digit(words, (uint32_t)(text.ptr[i] - '0')))
            return E_PARSE;
    out->number = (uint64_t)words[1] << 32 | words[0];
    out->stream = (uint64_t)words[3] << 32 | words[2];
    out->time_ms = (int64_t)((uint64_t)words[5] << 16 | words[4] >> 16);
    return 0;
}
