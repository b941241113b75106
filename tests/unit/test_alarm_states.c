/* Which state an alarm's points mean: both tables of AWS, every row with every treatment; and the
 * rules of composite alarms. */
#include "emulator/services/cloudwatch/missing.h"
#include "emulator/services/cloudwatch/rule.h"
#include "tests/unit/check.h"

/* Source: CloudWatch User Guide, "Configuring how CloudWatch alarms treat missing data": "How alarm
 * state is evaluated when data is missing", the table of 3 out of 3 and that of 2 out of 3. In
 * order: missing, ignore, breaching, notBreaching. */
static const struct row {
    const char *name;
    size_t periods, to_alarm;
    const char *points;
    enum alarm_state want[4];
} rows[] = {
    { "3 of 3: 0-X-X", 3, 3, "0-X-X", { ALARM_OK, ALARM_OK, ALARM_OK, ALARM_OK } },
    { "3 of 3: 0----", 3, 3, "0----", { ALARM_OK, ALARM_OK, ALARM_OK, ALARM_OK } },
    { "3 of 3: -----", 3, 3, "-----", { ALARM_INSUFFICIENT, ALARM_KEEP, ALARM_ALARM, ALARM_OK } },
    { "3 of 3: 0XX-X", 3, 3, "0XX-X", { ALARM_ALARM, ALARM_ALARM, ALARM_ALARM, ALARM_ALARM } },
    { "3 of 3: --X--", 3, 3, "--X--", { ALARM_ALARM, ALARM_KEEP, ALARM_ALARM, ALARM_OK } },
    { "2 of 3: 0-X-X", 3, 2, "0-X-X", { ALARM_ALARM, ALARM_ALARM, ALARM_ALARM, ALARM_ALARM } },
    { "2 of 3: 00X0X", 3, 2, "00X0X", { ALARM_ALARM, ALARM_ALARM, ALARM_ALARM, ALARM_ALARM } },
    { "2 of 3: 0-X--", 3, 2, "0-X--", { ALARM_OK, ALARM_OK, ALARM_ALARM, ALARM_OK } },
    { "2 of 3: ----0", 3, 2, "----0", { ALARM_OK, ALARM_OK, ALARM_ALARM, ALARM_OK } },
    { "2 of 3: ---X-", 3, 2, "---X-", { ALARM_ALARM, ALARM_KEEP, ALARM_ALARM, ALARM_OK } },
    { "1 of 1: the newest counts", 1, 1, "X-0", { ALARM_OK, ALARM_OK, ALARM_OK, ALARM_OK } },
    { "1 of 1: an older one, when the newest is late",
      1,
      1,
      "-X-",
      { ALARM_ALARM, ALARM_ALARM, ALARM_ALARM, ALARM_ALARM } },
    { "2 of 2: a breach that is too young changes nothing",
      2,
      2,
      "---X",
      { ALARM_KEEP, ALARM_KEEP, ALARM_ALARM, ALARM_OK } },
};

static void check_row(void **state)
{
    const struct row *r = *state;

    assert_int_equal(strlen(r->points), judge_range(r->periods));
    for (int treat = 0; treat < 4; treat++) {
        struct judgement j = { r->points, strlen(r->points), r->periods, r->to_alarm,
                               (enum missing_data)treat };

        if (alarm_judge(&j) != r->want[treat])
            fail_msg("treatment %d gives %d", treat, alarm_judge(&j));
    }
}

/* Source: CloudWatch API Reference, PutCompositeAlarm, AlarmRule. a is in ALARM, o is OK, i has
 * too little data. */
static const struct rule_row {
    const char *name;
    int holds; /* -1: refused */
} rules[] = {
    { "ALARM(a)", 1 },
    { "ALARM(\"a\")", 1 },
    { "ALARM( a )", 1 },
    { "ALARM(arn:aws:cloudwatch:us-east-1:111122223333:alarm:a)", 0 }, /* the caller's to resolve */
    { "OK(a)", 0 },
    { "INSUFFICIENT_DATA(i)", 1 },
    { "ALARM(a) AND ALARM(o)", 0 },
    { "ALARM(a) AND NOT ALARM(o)", 1 },
    { "(ALARM(a) OR ALARM(o)) AND OK(o)", 1 },
    { "ALARM(o) AND ALARM(o) OR ALARM(a)", 1 },
    { "ALARM(a) OR ALARM(a) AND ALARM(o)", 1 },
    { "NOT NOT ALARM(a)", 1 },
    { "NOT (ALARM(a) OR OK(i))", 0 },
    { "TRUE", 1 },
    { "FALSE OR TRUE", 1 },
    { "not false", 1 },
    { "ALARM(unknown)", 0 },
    { "", -1 },
    { "ALARM", -1 },
    { "ALARM()", -1 },
    { "ALARM(\"a", -1 },
    { "ALARM(a) ALARM(b)", -1 },
    { "ALARM(a) AND", -1 },
    { "ALARM(a) XOR ALARM(o)", -1 },
    { "(ALARM(a)", -1 },
    { "TRUEISH", -1 },
    { "AT_LEAST(2, ALARM, (a, b))", -1 },
};

static enum alarm_state state_of(void *arg, struct str alarm)
{
    (void)arg;
    if (str_eq_c(alarm, "a"))
        return ALARM_ALARM;
    if (str_eq_c(alarm, "o"))
        return ALARM_OK;
    return str_eq_c(alarm, "i") ? ALARM_INSUFFICIENT : ALARM_KEEP;
}

static void check_rule(void **state)
{
    const struct rule_row *r = *state;
    struct arena a = { 0 };
    struct err err = { 0 };
    struct rule *rule;
    int rc = rule_parse(&a, str_c(r->name), &rule, &err);

    assert_int_equal(rc, r->holds < 0 ? E_PARSE : 0);
    assert_int_equal(err.code, rc);
    if (rc == 0)
        assert_int_equal(rule_holds(rule, state_of, NULL), r->holds);
    arena_free(&a);
}

int main(void)
{
    struct check_suite s = { 0 };

    CHECK_ROWS(&s, rows, check_row);
    CHECK_ROWS(&s, rules, check_rule);
    return check_run(&s, "alarm_states");
}
