/* What is kept of a metric: values that add up, statistics of them, names of series. */
#include "emulator/services/cloudwatch/search.h"
#include "emulator/services/cloudwatch/statistic.h"
#include "tests/unit/check.h"

/* ---- statistics of 1 to 10, and 100 twice ---- */

/* Source: CloudWatch User Guide, "CloudWatch statistics definitions". */
static const struct row {
    const char *name;
    double want; /* -1: no statistic */
} statistics[] = {
    { "SampleCount", 12 }, { "Sum", 255 },
    { "Average", 21.25 },  { "Minimum", 1 },
    { "Maximum", 100 },    { "p0", 1 },
    { "p50", 6 },          { "p75", 9 },
    { "p100", 100 },       { "P90.5", 100 },
    { "tm50", 3.5 },       { "TM(25%:75%)", 6.5 },
    { "TM(:10)", 5.5 },    { "TM(2:5)", 4 }, /* the lower bound does not count, the upper does */
    { "IQM", 6.5 },        { "tc50", 6 },
    { "TC(25%:75%)", 6 },  { "TC(10:)", 2 },
    { "ts50", 21 },        { "TS(25%:75%)", 39 },
    { "wm75", 6 },         { "WM(2:9)", 73.0 / 12 },
    { "PR(:6)", 50 },      { "PR(10:)", 100.0 / 6 },
    { "average", -1 },     { "p101", -1 },
    { "p", -1 },           { "p-1", -1 },
    { "tm(90%)", -1 },     { "TM(10%:5)", -1 },
    { "TM(90%:10%)", -1 }, { "TM(:)", -1 },
    { "PR(10%:20%)", -1 }, { "", -1 },
};

static struct point sample(struct arena *a)
{
    struct value_count all[11];

    for (int i = 0; i < 10; i++)
        all[i] = (struct value_count){ 10 - i, 1 }; /* in any order */
    all[10] = (struct value_count){ 100, 2 };
    return point_of_values(a, all, COUNT(all));
}

static void check_statistic(void **state)
{
    const struct row *r = *state;
    struct arena a = { 0 };
    struct point p = sample(&a);
    struct statistic s;
    double got = 0;

    assert_int_equal(statistic_parse(str_c(r->name), &s), r->want >= 0);
    if (r->want >= 0) {
        assert_true(statistic_of(&s, &p, &got));
        assert_true(got > r->want - 1e-9 && got < r->want + 1e-9);
    }
    arena_free(&a);
}

/* ---- points ---- */

static void sets_hide_their_values(void **state)
{
    struct arena a = { 0 };
    struct point p = sample(&a), set = point_of_set(&a, 2, 3, 1, 2);
    struct statistic p50;
    double v;

    (void)state;
    assert_true(statistic_parse(STR("p50"), &p50));
    assert_false(statistic_of(&p50, &set, &v));
    point_merge(&a, &p, &set);
    assert_false(p.is_exact);
    assert_true(p.count == 14 && p.sum == 258 && p.least == 1 && p.most == 100);
    struct point same = point_of_set(&a, 4, 8, 2, 2);
    assert_true(statistic_of(&p50, &same, &v) && v == 2);
    arena_free(&a);
}

static void many_values_are_thinned_out(void **state)
{
    struct arena a = { 0 };
    struct point all = { 0 };
    struct statistic p90;
    double v = 0;

    (void)state;
    for (int i = 1; i <= 3000; i++) {
        struct point one = point_of_set(&a, 1, i, i, i);
        point_merge(&a, &all, &one);
    }
    assert_true(all.is_exact && all.value_count <= POINT_VALUES_MOST);
    assert_true(all.count == 3000 && all.sum == 4501500 && all.least == 1 && all.most == 3000);
    assert_true(statistic_parse(STR("p90"), &p90) && statistic_of(&p90, &all, &v));
    assert_true(v > 2700 * 0.95 && v < 2700 * 1.05);
    arena_free(&a);
}

static void a_point_reads_back(void **state)
{
    struct arena a = { 0 };
    struct point p = sample(&a), back = { 0 };
    struct str bytes = point_encode(&a, &p);
    struct err err = { 0 };

    (void)state;
    check_ok(point_decode(&a, bytes, &back, &err), &err);
    assert_true(back.count == p.count && back.sum == p.sum && back.is_exact);
    assert_int_equal(back.value_count, p.value_count);
    assert_int_equal(point_decode(&a, str_sub(bytes, 0, bytes.len - 8), &back, NULL), E_PARSE);
    assert_int_equal(point_decode(&a, str_sub(bytes, 0, 7), &back, NULL), E_PARSE);
    arena_free(&a);
}

/* Source: CloudWatch API Reference, GetMetricData: "CloudWatch retains metric data as follows". */
static void old_points_are_coarse(void **state)
{
    const int64_t hour = 3600000, day = 24 * hour;

    (void)state;
    assert_int_equal(point_granularity(-hour), 1000);
    assert_int_equal(point_granularity(3 * hour), 1000);
    assert_int_equal(point_granularity(3 * hour + 1), 60000);
    assert_int_equal(point_granularity(15 * day + 1), 300000);
    assert_int_equal(point_granularity(63 * day + 1), hour);
    assert_int_equal(point_granularity(455 * day + 1), INT64_MAX);
}

static void a_series_names_its_metric(void **state)
{
    const struct metric_dimension dims[] = { { STR("a"), STR("1") }, { STR("b"), STR("2") } };
    struct metric_id id = { STR("111122223333"), STR("us-east-1"), STR("App"), STR("m"), dims, 2 };
    struct metric_id back;
    struct arena a = { 0 };
    struct str series = metric_series(&a, &id);

    (void)state;
    assert_true(metric_of_series(&a, series, &back));
    check_str(back.name, "m");
    assert_int_equal(back.dimension_count, 2);
    check_str(back.dimensions[1].value, "2");
    assert_true(
        str_has_prefix(series, metric_prefix(&a, id.account, id.region, id.namespace_, STR(""))));
    assert_false(metric_of_series(&a, STR("nothing"), &back));
    arena_free(&a);
}

/* ---- SEARCH ---- */

/* Source: CloudWatch User Guide, "Search expression syntax". The metric: App, CPUUtilization, Host
 * web-1, Zone eu. */
static const struct search_row {
    const char *name;
    int matches; /* -1: refused */
} searches[] = {
    { "{App,Host,Zone}", 1 },
    { "{App,Zone,Host}", 1 },
    { "{App,Host}", 0 },
    { "{Other,Host,Zone}", 0 },
    { "CPUUtilization", 1 },
    { "cpu", 1 },
    { "Utilization", 1 },
    { "Util", 0 },
    { "MetricName=\"CPUUtilization\"", 1 },
    { "MetricName=\"CPU\"", 0 },
    { "Host=web", 1 },
    { "Host=(\"db\" OR \"web-1\")", 1 },
    { "Zone=web", 0 },
    { "cpu AND web", 1 },
    { "cpu db", 0 },
    { "cpu OR db", 1 },
    { "cpu NOT eu", 0 },
    { "NOT (db OR us)", 1 },
    { "{\"App\",Host,Zone} Namespace=App cpu", 1 },
    { "", -1 },
    { "{App", -1 },
    { "(cpu", -1 },
    { "Host=", -1 },
    { "cpu )", -1 },
    { "\"cpu", -1 },
};

static void check_search(void **state)
{
    const struct search_row *r = *state;
    const struct metric_dimension dims[] = { { STR("Host"), STR("web-1") },
                                             { STR("Zone"), STR("eu") } };
    const struct metric_id id = { .namespace_ = STR("App"),
                                  .name = STR("CPUUtilization"),
                                  .dimensions = dims,
                                  .dimension_count = COUNT(dims) };
    struct arena a = { 0 };
    struct err err = { 0 };
    struct search *s;
    int rc = search_parse(&a, str_c(r->name), &s, &err);

    assert_int_equal(rc, r->matches < 0 ? E_PARSE : 0);
    assert_int_equal(err.code, rc);
    if (rc == 0)
        assert_int_equal(search_matches(s, &id), r->matches);
    arena_free(&a);
}

int main(void)
{
    struct check_suite s = { 0 };

    CHECK_ROWS(&s, statistics, check_statistic);
    CHECK_ROWS(&s, searches, check_search);
    check_add(&s, "a statistic set hides its values", sets_hide_their_values);
    check_add(&s, "many values are thinned out", many_values_are_thinned_out);
    check_add(&s, "a point reads back", a_point_reads_back);
    check_add(&s, "old points are coarse", old_points_are_coarse);
    check_add(&s, "a series names its metric", a_series_names_its_metric);
    return check_run(&s, "metric_points");
}
