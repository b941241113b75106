/* The input is what a client names a queue or a message by: a URL, a receipt handle; and the URL of
 * an endpoint. What is taken out of a URL are parts of it; an endpoint that is allowed is named on
 * this machine. */
#include <assert.h>

#include "core/aws/ids.h"
#include "emulator/services/sqs/message.h"
#include "emulator/telemetry/outbound.h"
#include "tests/fuzz/fuzz.h"

static void read_handle(struct arena *a, struct str text)
{
    struct doc_key at = { STR("111122223333"), STR("us-east-1"), STR("sqs"), STR("Queue"),
                          STR("q") };
    struct sqs_queue q = sqs_queue_of(a, at, value_map(a));
    struct sqs_handle got = { 0 };

    if (sqs_handle_read(a, &q, text, &got))
        assert(got.sent_ms >= 0 && got.count >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = { (const char *)data, size }, account, name;
    struct engine e = { .opt = { .allow_remote = false } };
    struct arena a = { 0 };

    if (sqs_url_parts(text, &account, &name)) {
        assert(name.len > 0 && name.ptr >= text.ptr && name.len <= text.len);
        assert(account.len == 0 || ids_is_account(account));
    }
    read_handle(&a, text);
    if (outbound_check(&e, text, NULL) == 0)
        assert(str_find(text, STR("localhost")) > 0 || str_find(text, STR("127.")) > 0 ||
               str_find(text, STR("[::1]")) > 0);
    arena_free(&a);
    return 0;
}
