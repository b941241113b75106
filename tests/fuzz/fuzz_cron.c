/* Whatever parses has a next time that lies behind the asked one, again and again. */
#include <assert.h>

#include "emulator/services/events/cron.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cron c;
    struct err err = { 0 };
    int64_t t = 1767603600000; /* 2026-01-05T09:00:00Z */

    if (size > 256) /* the model's bound */
        return 0;
    int rc = cron_parse((struct str){ (const char *)data, size }, &c, &err);
    assert(err.code == rc);
    for (int i = 0; rc == 0 && i < 3 && t != INT64_MAX; i++) {
        int64_t next = cron_next(&c, 1767600000000, t);
        assert(next > t);
        t = next;
    }
    return 0;
}
