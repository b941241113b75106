/* Metric math and SEARCH: any text is parsed or refused with a reason, and what was parsed can be
 * asked of a metric. */
#include <assert.h>

#include "emulator/services/cloudwatch/math.h"
#include "emulator/services/cloudwatch/search.h"
#include "emulator/services/cloudwatch/statistic.h"
#include "tests/fuzz/fuzz.h"

static bool any_id(void *arg, struct str id)
{
    (void)arg;
    return id.len < 8;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = { 0 };
    struct str input = { (const char *)data, size };
    const struct metric_dimension host = { STR("Host"), STR("web1") };
    const struct metric_id id = { .namespace_ = STR("App"),
                                  .name = STR("CPUUtilization"),
                                  .dimensions = &host,
                                  .dimension_count = 1 };
    struct err err = { 0 };
    struct math_node *tree;
    struct search *search;
    struct statistic statistic;

    if (math_parse(&a, input, &tree, &err) == 0)
        (void)math_check(tree, any_id, NULL, &err);
    else
        assert(err.text[0] != '\0');
    if (search_parse(&a, input, &search, NULL) == 0)
        (void)search_matches(search, &id);
    (void)statistic_parse(input, &statistic);
    arena_free(&a);
    return 0;
}
