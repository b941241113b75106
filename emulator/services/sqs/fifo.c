/* First in, first out: within a group nothing overtakes. A group waits as long as one of its
 * messages is hidden. Source: SQS Developer Guide, "FIFO delivery logic", receiving messages. */
#include "emulator/services/sqs/message.h"

#define PAGE 200

struct scan {
    struct store *s;
    struct arena *a;
    const struct sqs_queue *q;
    int64_t now_ms;
    struct value *held; /* groups, as a map */
    struct sqs_message_at *found;
    size_t count, limit;
};

static void look_at(struct scan *x, const struct sqs_message_at *at)
{
    struct str group = value_get_str(at->m, "Group");

    if (value_get(x->held, group))
        return;
    if (value_get_int(at->m, "Due", 0) > x->now_ms)
        value_set(x->held, group, value_null(x->a));
    else
        x->found[x->count++] = *at;
}

static int scan(struct scan *x, struct err *err)
{
    struct sqs_message_at *page = NULL, last;
    size_t got = PAGE;
    bool is_first = true;
    int rc = 0;

    while (rc == 0 && got == PAGE && x->count < x->limit) {
        rc = sqs_message_page(x->s, x->a, x->q, is_first ? NULL : &last, PAGE, &page, &got, err);
        for (size_t i = 0; rc == 0 && i < got && x->count < x->limit; i++)
            look_at(x, &page[i]);
        if (rc == 0 && got > 0)
            last = page[got - 1];
        is_first = false;
    }
    return rc;
}

int sqs_message_receivable(struct store *s, struct arena *a, const struct sqs_queue *q,
                           int64_t now_ms, size_t limit, struct sqs_message_at **out, size_t *count,
                           struct err *err)
{
    struct scan x = { .s = s, .a = a, .q = q, .now_ms = now_ms, .limit = limit };

    if (!q->is_fifo)
        return sqs_message_ready(s, a, q, now_ms, limit, out, count, err);
    x.held = value_map(a);
    x.found = arena_array(a, limit + 1, sizeof *x.found);
    int rc = scan(&x, err);
    *out = x.found;
    *count = x.count;
    return rc;
}
