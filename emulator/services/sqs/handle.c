/* Receipt handles: which message of which queue, and of which of its receives. A queue of the same
 * name that was made later does not know them. */
#include "emulator/services/sqs/message.h"

#define CHANCE_BYTES 72 /* real ones have some hundred characters */

static struct str bond(struct arena *a, const struct sqs_queue *q)
{
    struct str what = arena_printf(a, "%.*s %lld", STR_ARG(q->arn),
                                   (long long)value_get_time(q->doc, "Created", 0));

    return arena_printf(a, "%016llx", (unsigned long long)str_hash(what));
}

struct str sqs_handle_write(struct arena *a, const struct sqs_queue *q, const struct sqs_handle *h,
                            struct rng *rng)
{
    char chance[CHANCE_BYTES];
    struct buf plain = { 0 }, text = { 0 };

    rng_bytes(rng, chance, sizeof chance);
    buf_printf(&plain, "%.*s %lld %llu %lld ", STR_ARG(bond(a, q)), (long long)h->sent_ms,
               (unsigned long long)h->number, (long long)h->count);
    buf_add(&plain, (struct str){ chance, sizeof chance });
    buf_add_c(&text, "AQEB");
    base64_encode(&text, buf_view(&plain));
    struct str handle = arena_copy(a, buf_view(&text));
    buf_free(&plain);
    buf_free(&text);
    return handle;
}

static bool next_number(struct str *rest, int64_t *out)
{
    struct str word;

    return str_cut(*rest, ' ', &word, rest) && str_to_i64(word, out) && *out >= 0;
}

bool sqs_handle_read(struct arena *a, const struct sqs_queue *q, struct str text,
                     struct sqs_handle *out)
{
    struct str plain, head;
    int64_t number;

    if (!str_has_prefix(text, STR("AQEB")) ||
        base64_decode(a, str_sub(text, 4, text.len), &plain, NULL) < 0 ||
        !str_cut(plain, ' ', &head, &plain) || !str_eq(head, bond(a, q)))
        return false;
    if (!next_number(&plain, &out->sent_ms) || !next_number(&plain, &number) ||
        !next_number(&plain, &out->count))
        return false;
    out->number = (uint64_t)number;
    return true;
}
