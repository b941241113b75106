/* Metric math and SEARCH: any text is parsed or refused with a reason; what was parsed can be asked
 * of a metric, and gives values or a reason why not. Points of a series ascend. */
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

/* Ids of one letter are a number, of two a series with a hole and a zero, else two of those. */
static int find(void *arg, struct str id, struct math_value *out, struct err *err)
{
    static int64_t times_ms[] = { 60000, 120000, 300000 };
    static double points[] = { 1.5, 0, -3 };
    static struct math_series both[] = {
        { { "one", 3 }, 60000, 3, times_ms, points },
        { { "two", 3 }, 300000, 1, times_ms, points },
    };

    (void)arg, (void)err;
    if (id.len == 1)
        *out = (struct math_value){ .type = MATH_SCALAR, .number = 2 };
    else
        *out = (struct math_value){ .type = id.len == 2 ? MATH_SERIES : MATH_ARRAY,
                                    .series = both,
                                    .count = id.len == 2 ? 1 : COUNT(both) };
    return 0;
}

static int find_metrics(void *arg, struct str part, struct math_value *out, struct err *err)
{
    return find(arg, part.len == 0 ? STR("abc") : part, out, err);
}

static int find_search(void *arg, struct str text, struct str statistic, int64_t period_s,
                       struct math_value *out, struct err *err)
{
    (void)statistic, (void)period_s;
    return text.len == 0 ? err_set(err, E_PARSE, "no search") : find(arg, text, out, err);
}

static void run(struct arena *a, const struct math_node *tree)
{
    const struct math_env env = { a, 0, 600000, 60000, NULL, find, find_metrics, find_search };
    struct math_value v = { .type = MATH_SCALAR };
    struct err err = { 0 };
    int rc = math_run(&env, tree, &v, &err);

    assert(err.code == rc);
    for (size_t i = 0; rc == 0 && i < v.count; i++)
        for (size_t k = 1; k < v.series[i].count; k++)
            assert(v.series[i].times_ms[k] > v.series[i].times_ms[k - 1]);
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

    if (math_parse(&a, input, &tree, &err) < 0)
        assert(err.text[0] != '\0');
    else if (math_check(tree, any_id, NULL, &err) == 0)
        run(&a, tree);
    if (search_parse(&a, input, &search, NULL) == 0)
        (void)search_matches(search, &id);
    (void)statistic_parse(input, &statistic);
    arena_free(&a);
    return 0;
}
