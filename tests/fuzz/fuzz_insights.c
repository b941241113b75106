/* Up to the first NUL a query, behind it messages, a line each: what parses runs, and answers no
 * more rows than there were events, or one. */
#include <assert.h>

#include "emulator/services/logs/insights.h"
#include "tests/fuzz/fuzz.h"

static void run(struct arena *a, const struct insights_query *q, struct str messages)
{
    struct insights_run *r = insights_begin(a, q);
    struct str line;
    int64_t count = 0;

    for (; messages.len > 0; count++) {
        (void)str_cut(messages, '\n', &line, &messages); /* the last has none */
        struct insights_event e = { .time_ms = 1000 - count,
                                    .message = line,
                                    .stream = STR("s"),
                                    .log = STR("1:g"),
                                    .pointer = STR("p") };
        insights_feed(r, a, &e);
    }
    struct insights_result out = insights_end(r, INSIGHTS_ROWS_MOST);
    assert(out.scanned == count && out.matched <= count);
    assert((int64_t)out.rows->count <= (count > 0 ? count : 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = { 0 };
    struct str text, messages;
    struct insights_query *q = NULL;
    struct err err = { 0 };
    size_t at;

    (void)str_cut((struct str){ (const char *)data, size }, '\0', &text, &messages);
    int rc = insights_parse(&a, text, &q, &at, &err);
    assert((rc == 0) == (q != NULL) && err.code == rc);
    if (q)
        run(&a, q, messages);
    arena_free(&a);
    return 0;
}
