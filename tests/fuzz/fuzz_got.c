/* What a tool under test writes: the first byte says the format, the rest is its output. */
#include <assert.h>

#include "tests/fuzz/fuzz.h"
#include "verify/run/got.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct suite_tool tool = { .pattern = STR("(?<rule>\\w+) (?<event_ids>\\S+)") };
    struct got_list list = { .count = 0 };
    struct err err = { 0 };

    if (size < 1)
        return 0;
    tool.format = (enum suite_format)(data[0] % (FORMAT_OCSF + 1));
    if (tool.format == FORMAT_CSV)
        tool.map = (struct suite_map){ .rule = STR("rule"),
                                       .event_ids = STR("ids"),
                                       .first = STR("first"),
                                       .status = STR("status") };
    int rc = got_read(&list, &tool, (struct str){ (const char *)data + 1, size - 1 }, 7, &err);

    assert(err.code == rc && (rc == 0) == (err.text[0] == '\0'));
    for (size_t i = 0; i < list.count; i++) {
        assert(list.items[i].reported_ms == 7);
        for (size_t k = 0; k < list.items[i].event_count; k++)
            assert(list.items[i].event_ids[k].len > 0);
    }
    got_free(&list);
    return 0;
}
