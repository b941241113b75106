/* Metric math: what each expression gives, and why some are refused.
 * Source of the rows: CloudWatch User Guide, "Metric math syntax and functions". */
#include "emulator/services/cloudwatch/math.h"

#include "core/base/buf.h"
#include "tests/unit/check.h"

#define MINUTE 60000ll
#define SPAN   6 /* minutes */

/* By minute; -1: no point. */
static const struct {
    const char *id;
    double at[SPAN];
} known[] = {
    { "m1", { 1, 2, 3, -1, 5, -1 } },
    { "m2", { 10, 0, 30, 40, -1, -1 } },
    { "none", { -1, -1, -1, -1, -1, -1 } },
};

static struct math_series series_of(struct arena *a, size_t which)
{
    struct math_series s = math_series_of(a, MINUTE, SPAN);

    s.label = str_c(known[which].id);
    for (int i = 0; i < SPAN; i++)
        if (known[which].at[i] >= 0) {
            s.times_ms[s.count] = i * MINUTE;
            s.values[s.count++] = known[which].at[i];
        }
    return s;
}

static int find(void *arg, struct str id, struct math_value *out, struct err *err)
{
    for (size_t i = 0; i < COUNT(known); i++)
        if (str_eq_c(id, known[i].id)) {
            *out = (struct math_value){ .type = MATH_SERIES, .count = 1 };
            out->series = arena_alloc(arg, sizeof *out->series);
            *out->series = series_of(arg, i);
            return 0;
        }
    return err_set(err, E_PARSE, "no id");
}

static int metrics(void *arg, struct str part, struct math_value *out, struct err *err)
{
    (void)err;
    *out = (struct math_value){ .type = MATH_ARRAY };
    out->series = arena_array(arg, COUNT(known), sizeof *out->series);
    for (size_t i = 0; i < COUNT(known); i++)
        if (part.len == 0 || str_find(str_c(known[i].id), part) >= 0)
            out->series[out->count++] = series_of(arg, i);
    return 0;
}

static bool is_id(void *arg, struct str id)
{
    (void)arg;
    for (size_t i = 0; i < COUNT(known); i++)
        if (str_eq_c(id, known[i].id))
            return true;
    return false;
}

/* "7", or minute:value for each point, series parted by " | ". */
static void show(struct buf *out, const struct math_value *v)
{
    if (v->type == MATH_SCALAR) {
        buf_printf(out, "%.6g", v->number);
        return;
    }
    for (size_t i = 0; i < v->count; i++) {
        buf_add_c(out, i > 0 ? " | " : "");
        for (size_t k = 0; k < v->series[i].count; k++)
            buf_printf(out, "%s%d:%.6g", k > 0 ? " " : "", (int)(v->series[i].times_ms[k] / MINUTE),
                       v->series[i].values[k]);
    }
}

static const struct row {
    const char *text, *want; /* "!...": refused, with that in the message */
} rows[] = {
    { "1 + 2 * 3", "7" },
    { "(1 + 2) * 3", "9" },
    { "-2 ^ 2", "-4" },
    { "2 ^ 3 ^ 2", "512" },
    { "7 % 4 - 1", "2" },
    { "1.5e2 / 3", "50" },
    { "2 > 1", "1" },
    { "1 == 2 || 3 >= 3", "1" },
    { "1 AND 0 OR 1", "1" },
    { "m1", "0:1 1:2 2:3 4:5" },
    { "m1 * 100", "0:100 1:200 2:300 4:500" },
    { "10 - m1", "0:9 1:8 2:7 4:5" },
    { "m1 + m2", "0:11 1:2 2:33" },
    { "m1 / m2", "0:0.1 2:0.1" }, /* a division by nought gives no point */
    { "-m1", "0:-1 1:-2 2:-3 4:-5" },
    { "m1 > 2", "0:0 1:0 2:1 4:1" },
    { "m1 > 1 && m2 > 1", "0:0 1:0 2:1" },
    { "m1 + none", "" },
    { "[m1, m2] + 1", "0:2 1:3 2:4 4:6 | 0:11 1:1 2:31 3:41" },
    { "SUM([m1, m2])", "0:11 1:2 2:33 3:40 4:5" },
    { "AVG([m1, m2])", "0:5.5 1:1 2:16.5 3:40 4:5" },
    { "MAX(METRICS(\"m\"))", "0:10 1:2 2:30 3:40 4:5" },
    { "MIN(METRICS())", "0:1 1:0 2:3 3:40 4:5" },
    { "SUM(m1)", "11" },
    { "AVG(m1)", "2.75" },
    { "STDDEV(m2)", "15.8114" },
    { "DATAPOINT_COUNT(m1)", "4" },
    { "m1 - MIN(m1)", "0:0 1:1 2:2 4:4" },
    { "ABS(1 - m1)", "0:0 1:1 2:2 4:4" },
    { "CEIL(m1 / 2)", "0:1 1:1 2:2 4:3" },
    { "FLOOR(m1 / 2)", "0:0 1:1 2:1 4:2" },
    { "LOG10(m2)", "0:1 2:1.47712 3:1.60206" },
    { "DIFF(m1)", "1:1 2:1 4:2" },
    { "DIFF_TIME(m1)", "1:60 2:60 4:120" },
    { "RATE(m1 * 60)", "1:1 2:1 4:1" },
    { "RUNNING_SUM(m1)", "0:1 1:3 2:6 4:11" },
    { "FILL(m1, 0)", "0:1 1:2 2:3 3:0 4:5 5:0" },
    { "FILL(m1, REPEAT)", "0:1 1:2 2:3 3:3 4:5 5:5" },
    { "FILL(m1, LINEAR)", "0:1 1:2 2:3 3:4 4:5" },
    { "FILL(none, 7)", "0:7 1:7 2:7 3:7 4:7 5:7" },
    { "FILL([m1, none], 0)", "0:1 1:2 2:3 3:0 4:5 5:0 | 0:0 1:0 2:0 3:0 4:0 5:0" },
    { "TIME_SERIES(2)", "0:2 1:2 2:2 3:2 4:2 5:2" },
    { "PERIOD(m1)", "60" },
    { "m1 / PERIOD(m1) * 60", "0:1 1:2 2:3 4:5" },
    { "IF(m1 > 2, m1, 0)", "0:0 1:0 2:3 4:5" },
    { "IF(m1 > 2, m1)", "2:3 4:5" },
    { "IF(m2 > 20, m1, m2)", "0:10 1:0 2:3" },
    { "IF(1, 2, 3)", "2" },
    { "MINUTE(m1)", "0:0 1:1 2:2 4:4" },
    { "YEAR(m1)", "0:1970 1:1970 2:1970 4:1970" },
    { "FIRST([m1, m2])", "0:1 1:2 2:3 4:5" },
    { "LAST([m1, m2])", "0:10 1:0 2:30 3:40" },
    { "REMOVE_EMPTY([none, m1])", "0:1 1:2 2:3 4:5" },
    { "SORT([m1, m2], SUM, DESC, 1)", "0:10 1:0 2:30 3:40" },
    { "SORT([m2, m1], MAX, ASC)", "0:1 1:2 2:3 4:5 | 0:10 1:0 2:30 3:40" },
    { "SLICE([m1, m2], 1)", "0:10 1:0 2:30 3:40" },
    { "SLICE([m1, m2], 0, 1)", "0:1 1:2 2:3 4:5" },
    { "", "!expected a number" },
    { "m1 +", "!at the end" },
    { "m1 m2", "!expected an operator" },
    { "(m1", "!')'" },
    { "m3", "!Unknown id 'm3'" },
    { "SQUARE(m1)", "!Unknown function 'SQUARE'" },
    { "ANOMALY_DETECTION_BAND(m1, 2)", "!ANOMALY_DETECTION_BAND is not supported" },
    { "SERVICE_QUOTA(m1)", "!SERVICE_QUOTA is not supported" },
    { "SUM(m1, m2)", "!SUM takes" },
    { "SUM(1)", "!time series" },
    { "[m1] + [m2]", "!arrays" },
    { "'a' + 1", "!string" },
    { "'a", "!end of a string" },
    { "SELECT AVG(x) FROM y", "!Metrics Insights" },
    { "1..2", "!number" },
    { "SEARCH('{App}', 'Sum', 0 / 0)", "!a period in seconds" },
};

static void check_row(void **state)
{
    const struct row *r = *state;
    struct arena a = { 0 };
    struct math_env env = { .a = &a,
                            .to_ms = SPAN * MINUTE,
                            .period_ms = MINUTE,
                            .arg = &a,
                            .find = find,
                            .metrics = metrics };
    struct err err = { 0 };
    struct math_node *tree;
    struct math_value v = { 0 };
    struct buf got = { 0 };
    int rc = math_parse(&a, str_c(r->text), &tree, &err);

    if (rc == 0)
        rc = math_check(tree, is_id, NULL, &err);
    if (rc == 0)
        rc = math_run(&env, tree, &v, &err);
    if (r->want[0] == '!') {
        assert_int_equal(rc, E_PARSE);
        if (!strstr(err.text, r->want + 1))
            fail_msg("%s: '%s'", r->text, err.text);
    } else {
        if (rc < 0)
            fail_msg("%s: '%s'", r->text, err.text);
        show(&got, &v);
        check_str(buf_view(&got), r->want);
    }
    buf_free(&got);
    arena_free(&a);
}

int main(void)
{
    struct CMUnitTest tests[COUNT(rows)];

    for (size_t i = 0; i < COUNT(rows); i++)
        tests[i] = (struct CMUnitTest){ rows[i].text, check_row, NULL, NULL, (void *)&rows[i] };
    return cmocka_run_group_tests_name("metric_math", tests, NULL, NULL);
}
