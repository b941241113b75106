#include "core/base/clock.h"
#include "emulator/services/events/cron.h"
#include "tests/unit/check.h"

/* Sources: T EventBridge User Guide, "Creating a rule that runs on a schedule", tables of fields,
 * wildcards and examples; Q the meaning that Quartz, whose syntax it is, gives to L-N and LW. */
static const struct next_case {
    const char *name, *text, *after, *next; /* next NULL: never */
} nexts[] = {
    { "T at ten every day", "cron(0 10 * * ? *)", "2026-01-05T09:00:00Z", "2026-01-05T10:00:00Z" },
    { "T the next day", "cron(0 10 * * ? *)", "2026-01-05T10:00:00Z", "2026-01-06T10:00:00Z" },
    { "T a second before", "cron(0 10 * * ? *)", "2026-01-05T09:59:59Z", "2026-01-05T10:00:00Z" },
    { "T Monday to Friday", "cron(0 18 ? * MON-FRI *)", "2026-01-02T18:00:00Z",
      "2026-01-05T18:00:00Z" },
    { "T the first of each month", "cron(0 8 1 * ? *)", "2026-01-05T09:00:00Z",
      "2026-02-01T08:00:00Z" },
    { "T every 15 minutes", "cron(0/15 * * * ? *)", "2026-01-05T09:01:00Z",
      "2026-01-05T09:15:00Z" },
    { "T every tenth from the first", "cron(1/10 * * * ? *)", "2026-01-05T09:52:00Z",
      "2026-01-05T10:01:00Z" },
    { "T between eight and five", "cron(0/5 8-17 ? * MON-FRI *)", "2026-01-05T17:55:00Z",
      "2026-01-06T08:00:00Z" },
    { "T past midnight", "cron(0/30 20-2 ? * MON-FRI *)", "2026-01-05T23:30:00Z",
      "2026-01-06T00:00:00Z" },
    { "T not in the morning", "cron(0/30 20-2 ? * MON-FRI *)", "2026-01-06T02:30:00Z",
      "2026-01-06T20:00:00Z" },
    { "T two minutes", "cron(5,35 14 * * ? *)", "2026-01-05T14:05:00Z", "2026-01-05T14:35:00Z" },
    { "T the last Friday", "cron(15 10 ? * 6L 2019-2022)", "2022-11-30T00:00:00Z",
      "2022-12-30T10:15:00Z" },
    { "T no year is left", "cron(15 10 ? * 6L 2019-2022)", "2022-12-30T10:15:00Z", NULL },
    { "T the second Tuesday", "cron(0 0 ? * 3#2 *)", "2026-01-05T00:00:00Z",
      "2026-01-13T00:00:00Z" },
    { "T a fifth Friday, where there is one", "cron(0 0 ? * FRI#5 *)", "2026-02-01T00:00:00Z",
      "2026-05-29T00:00:00Z" },
    { "T the weekday nearest to the third, a Saturday", "cron(0 0 3W 1 ? *)",
      "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z" },
    { "T the weekday nearest to the first stays in the month", "cron(0 0 1W 8 ? *)",
      "2026-01-01T00:00:00Z", "2026-08-03T00:00:00Z" },
    { "T the weekday nearest to the 31st, a Sunday", "cron(0 0 31W 5 ? *)", "2026-01-01T00:00:00Z",
      "2026-05-29T00:00:00Z" },
    { "T the last day of February", "cron(0 0 L 2 ? *)", "2026-01-05T00:00:00Z",
      "2026-02-28T00:00:00Z" },
    { "T the last day of a leap February", "cron(0 0 L 2 ? *)", "2028-01-01T00:00:00Z",
      "2028-02-29T00:00:00Z" },
    { "T the last day of the week", "cron(0 0 ? * L *)", "2026-01-05T00:00:00Z",
      "2026-01-10T00:00:00Z" },
    { "Q the third last day", "cron(0 0 L-2 * ? *)", "2026-01-05T00:00:00Z",
      "2026-01-29T00:00:00Z" },
    { "Q the last weekday of the month", "cron(0 0 LW 1 ? *)", "2026-01-05T00:00:00Z",
      "2026-01-30T00:00:00Z" },
    { "T names of months", "cron(0 0 1 FEB,may ? *)", "2026-02-02T00:00:00Z",
      "2026-05-01T00:00:00Z" },
    { "T a day that few months have", "cron(0 0 31 2,4 ? *)", "2026-01-01T00:00:00Z", NULL },
    { "T every other hour", "cron(0 */2 * * ? *)", "2026-01-05T09:00:00Z", "2026-01-05T10:00:00Z" },
    { "T years in steps", "cron(0 0 1 1 ? 2026/4)", "2026-01-02T00:00:00Z",
      "2030-01-01T00:00:00Z" },
    { "T a rate, from when it was made", "rate(5 minutes)", "2026-01-05T09:00:00Z",
      "2026-01-05T09:01:30Z" },
    { "T one minute", "rate(1 minute)", "2026-01-05T09:00:30Z", "2026-01-05T09:01:30Z" },
    { "T hours", "rate(2 hours)", "2026-01-05T09:00:00Z", "2026-01-05T10:56:30Z" },
    { "T a day", "rate(1 day)", "2026-01-05T09:00:00Z", "2026-01-06T08:56:30Z" },
};
#define MADE "2026-01-05T08:56:30Z"

static const struct refusal_case {
    const char *name, *text;
} refusals[] = {
    { "T singular for one", "rate(1 minutes)" },
    { "T plural for more", "rate(5 minute)" },
    { "T nothing is no rate", "rate(0 minutes)" },
    { "T negative", "rate(-1 minutes)" },
    { "T no unit", "rate(5)" },
    { "T seconds are no unit", "rate(30 seconds)" },
    { "T no fraction", "rate(1.5 hours)" },
    { "T too large", "rate(99999999999 days)" },
    { "T neither", "every(5 minutes)" },
    { "T not closed", "rate(5 minutes" },
    { "T an at expression is the Scheduler's", "at(2026-01-05T09:00:00)" },
    { "T five fields", "cron(0 10 * * ?)" },
    { "T seven fields", "cron(0 0 10 * * ? *)" },
    { "T both days", "cron(0 10 * * * *)" },
    { "T neither day", "cron(0 10 ? * ? *)" },
    { "T a minute of 60", "cron(60 10 * * ? *)" },
    { "T an hour of 24", "cron(0 24 * * ? *)" },
    { "T day nought", "cron(0 0 0 * ? *)" },
    { "T month 13", "cron(0 0 1 13 ? *)" },
    { "T weekday 8", "cron(0 0 ? * 8 *)" },
    { "T a year before 1970", "cron(0 0 1 1 ? 1969)" },
    { "T two of the nth", "cron(0 0 ? * 3#1,6#3 *)" },
    { "T a sixth", "cron(0 0 ? * 3#6 *)" },
    { "T a step of nought", "cron(0/0 * * * ? *)" },
    { "T an empty item", "cron(0,,5 * * * ? *)" },
    { "T a comma at the end", "cron(0, * * * ? *)" },
    { "T a question mark elsewhere", "cron(? * * * ? *)" },
    { "T an unknown name", "cron(0 0 1 FOO ? *)" },
    { "T nothing", "cron()" },
};

static int64_t at(const char *text)
{
    int64_t ms = 0;

    assert_int_equal(clock_parse(str_c(text), &ms, NULL), 0);
    return ms;
}

static void next_case(void **state)
{
    const struct next_case *c = *state;
    struct cron cron;
    struct err err = { 0 };
    char got[CLOCK_ISO_SIZE] = "never";

    check_ok(cron_parse(str_c(c->text), &cron, &err), &err);
    int64_t ms = cron_next(&cron, at(MADE), at(c->after));
    if (ms != INT64_MAX)
        clock_iso(ms, got);
    assert_string_equal(got, c->next ? c->next : "never");
}

static void refusal_case(void **state)
{
    const struct refusal_case *c = *state;
    struct err err = { 0 };
    struct cron cron;

    assert_int_equal(cron_parse(str_c(c->text), &cron, &err), E_PARSE);
    assert_int_equal(err.code, E_PARSE);
}

int main(void)
{
    struct CMUnitTest tests[COUNT(nexts) + COUNT(refusals)];
    size_t n = 0;

    for (size_t i = 0; i < COUNT(nexts); i++)
        tests[n++] = (struct CMUnitTest){ nexts[i].name, next_case, NULL, NULL, (void *)&nexts[i] };
    for (size_t i = 0; i < COUNT(refusals); i++)
        tests[n++] =
            (struct CMUnitTest){ refusals[i].name, refusal_case, NULL, NULL, (void *)&refusals[i] };
    return cmocka_run_group_tests_name("cron", tests, NULL, NULL);
}
