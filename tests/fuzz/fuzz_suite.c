/* Any bytes as SUITE.yaml, and as a tool's output in every format. */
#include <assert.h>

#include "verify/run/got.h"

static void hear(enum suite_format format, struct str text)
{
    struct got_list list = { .count = 0 };
    struct suite_tool tool = { .format = format,
                               .pattern = STR("(?<rule>\\w+) (?<event_ids>\\S+)") };
    struct err err = { 0 };

    if (format == FORMAT_CSV)
        tool.map = (struct suite_map){ .rule = STR("rule"), .event_ids = STR("ids") };
    if (got_read(&list, &tool, text, 0, &err) < 0)
        assert(err.text[0]);
    for (size_t i = 0; i < list.count; i++)
        assert(list.items[i].event_count == 0 || list.items[i].event_ids);
    got_free(&list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = { (const char *)data, size };
    struct arena a = { 0 };
    struct suite suite;
    struct err err = { 0 };

    if (suite_parse(&a, "fuzz.yaml", text, &suite, &err) < 0)
        assert(str_has_prefix(str_c(err.text), STR("fuzz.yaml:")));
    else
        assert(suite.tool.run.count > 0 && suite.tool.repeat > 0);
    for (int f = FORMAT_JSONL; f <= FORMAT_OCSF; f++)
        hear((enum suite_format)f, text);
    arena_free(&a);
    return 0;
}
