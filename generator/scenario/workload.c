/* Workloads: who works when, and with which calls. */
#include "generator/scenario/read.h"

#define ROW(name, read, member, needed)                                                            \
    {                                                                                              \
        name, read, offsetof(struct workload, member), needed                                      \
    }

/* "40/day" -> sessions an hour. */
static int field_rate(struct source *s, const struct value *v, void *field)
{
    static const char *const words[] = { "hour", "day", "week" };
    static const double hours[] = { 1, 24, 168 };
    struct str text = value_to_text(s->a, v), number, unit;
    double n;
    int i;

    if (!str_cut(text, '/', &number, &unit) || !str_to_f64(str_trim(number), &n) || !(n > 0) ||
        n > 1e6 || (i = word_index(str_trim(unit), words, COUNT(words))) < 0)
        return source_expected(s, v, "a rate such as 40/day, 2/hour or 3/week");
    *(double *)field = n / hours[i];
    return 0;
}

static int field_hours(struct source *s, const struct value *v, void *field)
{
    static const struct field rows[] = {
        { "from", field_day_time, offsetof(struct hours, from_ms), true },
        { "to", field_day_time, offsetof(struct hours, to_ms), true },
        { "zone", field_zone, offsetof(struct hours, zone_ms), false },
        { "night", field_fraction, offsetof(struct hours, night), false },
    };
    struct hours *h = field;

    h->is_set = true;
    h->night = 0.02;
    int rc = FIELDS_READ(s, v, "hours", rows, h);
    if (rc == 0 && h->from_ms == h->to_ms)
        rc = source_expected(s, v, "'from' and 'to' that differ");
    return rc;
}

static int field_weekdays(struct source *s, const struct value *v, void *field)
{
    static const struct field rows[] = {
        { "sun", field_fraction, 0, false },
        { "mon", field_fraction, sizeof(double), false },
        { "tue", field_fraction, 2 * sizeof(double), false },
        { "wed", field_fraction, 3 * sizeof(double), false },
        { "thu", field_fraction, 4 * sizeof(double), false },
        { "fri", field_fraction, 5 * sizeof(double), false },
        { "sat", field_fraction, 6 * sizeof(double), false },
    };

    return FIELDS_READ(s, v, "weekdays", rows, field);
}

static int field_order(struct source *s, const struct value *v, void *field)
{
    static const char *const words[] = { [ORDER_MIX] = "mix", [ORDER_ALL] = "all" };
    int i = word_index(value_to_text(s->a, v), words, COUNT(words));

    if (i < 0)
        return source_expected(s, v, "mix or all");
    *(enum session_order *)field = (enum session_order)i;
    return 0;
}

static int field_all(struct source *s, const struct value *v, void *field)
{
    if (!str_eq_c(value_to_text(s->a, v), "all"))
        return source_expected(s, v, "all");
    *(bool *)field = true;
    return 0;
}

/* The rows of `session` fill the workload itself. */
static int field_session(struct source *s, const struct value *v, void *field)
{
    static const struct field rows[] = {
        ROW("calls", field_counts, calls, false), ROW("gap", field_durations, gap_ms, false),
        ROW("order", field_order, order, false),  ROW("regions", field_all, all_regions, false),
        ROW("assume", field_name, assume, false), ROW("sign_in", field_flag, sign_in, false),
    };

    return FIELDS_READ(s, v, "a session", rows, field);
}

static int check_workload(struct source *s, const struct value *v, const struct workload *w)
{
    if ((w->per_hour > 0) == (w->every_ms > 0))
        return source_expected(s, v, "either 'rate' or 'every' in a workload");
    if (w->every_ms > 0 && w->every_ms < 1000)
        return source_expected(s, value_get_c(v, "every"), "a second or more");
    if (w->every_ms > 0 && w->jitter_ms >= w->every_ms)
        return source_expected(s, value_get_c(v, "jitter"), "less than 'every'");
    if (w->all_regions && w->order != ORDER_ALL)
        return source_expected(s, value_get_c(v, "session"), "'order: all' with 'regions: all'");
    return 0;
}

static int read_workload(struct source *s, const struct value *v, void *item)
{
    static const struct field rows[] = {
        ROW("name", field_name, name, true),
        ROW("as", field_texts, as, true),
        ROW("tool", field_name, tool, false),
        ROW("network", field_name, network, false),
        ROW("region", field_name, region, false),
        ROW("rate", field_rate, per_hour, false),
        ROW("every", field_duration, every_ms, false),
        ROW("jitter", field_duration, jitter_ms, false),
        ROW("hours", field_hours, hours, false),
        ROW("weekdays", field_weekdays, weekdays, false),
        ROW("start", field_moment, start, false),
        ROW("end", field_moment, end, false),
        { "session", field_session, 0, false },
        ROW("calls", field_calls, steps, true),
    };
    struct workload *w = item;

    w->at = source_place(s, v);
    for (size_t i = 0; i < COUNT(w->weekdays); i++)
        w->weekdays[i] = 1;
    w->calls = (struct span){ 1, 1 };
    w->gap_ms = (struct span){ 1000, 30000 };
    w->has_gap = value_get_c(value_get_c(v, "session"), "gap") != NULL;
    int rc = FIELDS_READ(s, v, "a workload", rows, w);
    return rc < 0 ? rc : check_workload(s, v, w);
}

int field_workloads(struct source *s, const struct value *v, void *field)
{
    if (v->kind == VALUE_LIST && v->count == 0)
        return 0;
    return list_read(s, v, &(struct list_of){ sizeof(struct workload), read_workload }, field);
}
