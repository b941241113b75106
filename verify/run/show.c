#include "verify/run/show.h"

#include "core/base/clock.h"
#include "core/codec/json.h"
#include "verify/report/report.h"

enum { ROWS_SHOWN = 20 };

static const char *cause_of(const struct judged *row)
{
    return row->cause ? row->cause : "";
}

static struct str rule_of(const struct judged *row)
{
    if (row->expected)
        return row->expected->rule;
    if (row->event)
        return row->event->id;
    return row->got ? row->got->rule : STR("");
}

static int64_t first_of(const struct shown *s, const struct judged *row)
{
    if (row->expected)
        return row->expected->first_ms;
    if (row->event)
        return row->event->time_ms;
    for (size_t i = 0; i < row->got->event_count; i++) {
        const struct truth_event *e = truth_find(s->truth, row->got->event_ids[i]);

        if (e)
            return e->time_ms;
    }
    return row->got->first_ms;
}

/* ---- lines for a person ---- */

static void text_rows(const struct shown *s, enum verdict v, FILE *to)
{
    size_t shown = 0;

    if (s->j->counts[v] == 0)
        return;
    (void)fprintf(to, "\n%s:\n", verdict_name(v));
    for (size_t i = 0; i < s->j->count; i++) {
        const struct judged *row = &s->j->items[i];
        char at[CLOCK_ISO_SIZE] = "";

        if (row->verdict != v)
            continue;
        if (shown++ == ROWS_SHOWN) {
            (void)fprintf(to, "  ... and %zu more (--json has all)\n",
                          s->j->counts[v] - ROWS_SHOWN);
            return;
        }
        if (first_of(s, row) >= 0)
            clock_iso(first_of(s, row), at);
        (void)fprintf(to, "  %-20s %.*s\n", at, STR_ARG(rule_of(row)));
        if (row->expected && row->expected->story.len > 0)
            (void)fprintf(to, "    story %.*s\n", STR_ARG(row->expected->story));
        if (row->cause)
            (void)fprintf(to, "    %s\n", cause_of(row));
    }
}

void show_text(const struct shown *s, FILE *to)
{
    static const enum verdict told[] = { VERDICT_MISSED,        VERDICT_LATE,      VERDICT_SPURIOUS,
                                         VERDICT_MISATTRIBUTED, VERDICT_DUPLICATE, VERDICT_REFUSED,
                                         VERDICT_UNKNOWN_RULE };
    const struct judgement *j = s->j;
    const struct suite_tool *tool = &s->suite->tool;

    (void)fprintf(to, "tool      %.*s%s%.*s, fed by %s, %u run%s\n", STR_ARG(tool->name),
                  s->version.len > 0 ? ", " : "", STR_ARG(s->version), suite_feed_name(tool->feed),
                  s->repeats, s->repeats == 1 ? "" : "s");
    (void)fprintf(to, "data      %zu events, %zu offered; %zu findings expected\n",
                  s->truth->event_count, s->truth->offered_count, s->truth->finding_count);
    (void)fprintf(to, "verdicts ");
    for (int v = 0; v < VERDICTS; v++)
        if (j->counts[v] > 0 || v == VERDICT_MATCH || v == VERDICT_MISSED)
            (void)fprintf(to, " %zu %s", j->counts[v], verdict_name((enum verdict)v));
    if (j->withheld > 0)
        (void)fprintf(to, " (%zu never offered)", j->withheld);
    (void)fprintf(to, "\nmeasures  precision %.3f  recall %.3f  F1 %.3f  loss %zu\n", j->precision,
                  j->recall, j->f1, j->loss);
    if (j->max_ms >= 0)
        (void)fprintf(to, "detect    p50 %lld ms  p95 %lld ms  max %lld ms\n", (long long)j->p50_ms,
                      (long long)j->p95_ms, (long long)j->max_ms);
    for (size_t i = 0; i < COUNT(told); i++)
        text_rows(s, told[i], to);
    if (s->is_unstable)
        (void)fprintf(to, "\nUNSTABLE  the runs differ\n");
    for (struct str rest = s->why, line; rest.len > 0;) {
        (void)str_cut(rest, '\n', &line, &rest); /* each line has its end */
        (void)fprintf(to, "FAILED    %.*s\n", STR_ARG(line));
    }
}

/* ---- JUnit and JSON ---- */

static struct str ids_of(struct arena *a, const struct judged *row)
{
    struct str text = STR("");

    for (size_t i = 0; row->expected && i < row->expected->event_count; i++)
        text = arena_printf(a, "%.*s%s%.*s", STR_ARG(text), i ? "\n" : "",
                            STR_ARG(row->expected->events[i]->id));
    return text;
}

static void add_case(const struct shown *s, struct report *r, const struct judged *row)
{
    struct arena *a = &r->arena;
    bool good = row->verdict == VERDICT_MATCH;
    char at[CLOCK_ISO_SIZE];

    clock_iso(first_of(s, row) < 0 ? 0 : first_of(s, row), at);
    struct report_case c = {
        .suite = s->suite->tool.name,
        .name = arena_printf(a, "%.*s %.*s %s", STR_ARG(rule_of(row)),
                             STR_ARG(row->expected ? row->expected->story : STR("")), at),
        .verdict = good ? REPORT_PASSED : REPORT_FAILED,
        .message = good ? STR("")
                        : arena_printf(a, "%s%s%s", verdict_name(row->verdict),
                                       row->cause ? ": " : "", cause_of(row)),
        .detail = good ? STR("") : ids_of(a, row),
    };
    if (!good && row->verdict != VERDICT_MISSED && row->verdict != VERDICT_LATE &&
        s->suite->unexpected != UNEXPECTED_FAIL)
        c.verdict = REPORT_SKIPPED; /* told, and no failure of the suite */
    if (s->suite->unexpected == UNEXPECTED_IGNORE && c.verdict == REPORT_SKIPPED)
        return;
    report_case(r, &c);
}

static void add_requirements(const struct shown *s, struct report *r)
{
    struct str rest = s->why, line;

    report_case(
        r, &(struct report_case){ .suite = s->suite->tool.name,
                                  .name = STR("the runs agree"),
                                  .verdict = s->is_unstable ? REPORT_FAILED : REPORT_PASSED,
                                  .message = s->is_unstable ? STR("the runs differ") : STR("") });
    report_case(
        r, &(struct report_case){ .suite = s->suite->tool.name,
                                  .name = STR("what the suite requires"),
                                  .verdict = rest.len > 0 ? REPORT_FAILED : REPORT_PASSED,
                                  .message = str_cut(rest, '\n', &line, &rest) ? line : STR(""),
                                  .detail = s->why });
}

static struct value *row_value(const struct shown *s, struct arena *a, const struct judged *row)
{
    struct value *v = value_map(a), *ids = value_list(a);

    value_put_c(a, v, "verdict", verdict_name(row->verdict));
    value_put_str(a, v, "rule", rule_of(row));
    if (row->expected) {
        value_put_str(a, v, "technique", row->expected->technique);
        value_put_str(a, v, "story", row->expected->story);
        for (size_t i = 0; i < row->expected->event_count; i++)
            value_push(ids, value_str(a, row->expected->events[i]->id));
        value_set(v, STR("expected"), ids);
    }
    if (row->event)
        value_put_str(a, v, "event", row->event->id);
    if (row->got) {
        struct value *got = value_list(a);

        for (size_t i = 0; i < row->got->event_count; i++)
            value_push(got, value_str(a, row->got->event_ids[i]));
        value_put_str(a, v, "reported_as", row->got->rule);
        value_set(v, STR("reported"), got);
    }
    if (row->cause)
        value_put_c(a, v, "cause", row->cause);
    if (row->detect_ms >= 0)
        value_put_int(a, v, "detect_ms", row->detect_ms);
    (void)s;
    return v;
}

static struct value *tallies_value(struct arena *a, const struct tally *t, size_t count)
{
    struct value *list = value_list(a);

    for (size_t i = 0; i < count; i++) {
        struct value *v = value_map(a);

        value_put_str(a, v, "name", t[i].name);
        value_put_int(a, v, "matched", (int64_t)t[i].matched);
        value_put_int(a, v, "missed", (int64_t)t[i].missed);
        value_put_int(a, v, "spurious", (int64_t)t[i].spurious);
        value_set(v, STR("precision"), value_float(a, tally_precision(&t[i])));
        value_set(v, STR("recall"), value_float(a, tally_recall(&t[i])));
        value_push(list, v);
    }
    return list;
}

static struct value *whole_value(const struct shown *s, struct arena *a)
{
    const struct judgement *j = s->j;
    struct value *v = value_map(a), *counts = value_map(a), *rows = value_list(a);

    value_put_str(a, v, "tool", s->suite->tool.name);
    value_put_str(a, v, "version", s->version);
    value_put_int(a, v, "runs", s->repeats);
    value_put_bool(a, v, "unstable", s->is_unstable);
    value_put_int(a, v, "events", (int64_t)s->truth->event_count);
    value_put_int(a, v, "offered", (int64_t)s->truth->offered_count);
    value_put_int(a, v, "withheld", (int64_t)j->withheld);
    for (int k = 0; k < VERDICTS; k++)
        value_put_int(a, counts, verdict_name((enum verdict)k), (int64_t)j->counts[k]);
    value_set(v, STR("verdicts"), counts);
    value_set(v, STR("precision"), value_float(a, j->precision));
    value_set(v, STR("recall"), value_float(a, j->recall));
    value_set(v, STR("f1"), value_float(a, j->f1));
    value_put_int(a, v, "loss", (int64_t)j->loss);
    if (j->max_ms >= 0) {
        value_put_int(a, v, "detect_p50_ms", j->p50_ms);
        value_put_int(a, v, "detect_p95_ms", j->p95_ms);
        value_put_int(a, v, "detect_max_ms", j->max_ms);
    }
    value_put_str(a, v, "unmet", s->why);
    value_set(v, STR("rules"), tallies_value(a, j->rules, j->rule_count));
    value_set(v, STR("techniques"), tallies_value(a, j->techniques, j->technique_count));
    for (size_t i = 0; i < j->count; i++)
        value_push(rows, row_value(s, a, &j->items[i]));
    value_set(v, STR("findings"), rows);
    return v;
}

int show_report(const struct shown *s, struct str junit, struct str json, struct err *err)
{
    struct report r;

    if (junit.len == 0 && json.len == 0)
        return 0;
    report_init(&r);
    for (size_t i = 0; i < s->j->count; i++)
        add_case(s, &r, &s->j->items[i]);
    add_requirements(s, &r);
    int rc = report_write(&r, junit, json, whole_value(s, &r.arena), err);

    report_free(&r);
    return rc;
}
