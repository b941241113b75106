#include "emulator/services/cloudwatch/missing.h"

#include <assert.h>

const char *alarm_state_name(enum alarm_state s)
{
    static const char *const names[] = { "OK", "ALARM", "INSUFFICIENT_DATA" };

    assert(s < COUNT(names));
    return names[s];
}

enum alarm_state alarm_state_of(struct str name)
{
    for (int s = ALARM_OK; s < ALARM_KEEP; s++)
        if (str_eq_c(name, alarm_state_name((enum alarm_state)s)))
            return (enum alarm_state)s;
    return ALARM_KEEP;
}

bool missing_data_of(struct str name, enum missing_data *out)
{
    static const char *const names[] = { "missing", "ignore", "breaching", "notBreaching" };

    *out = MISSING_MISSING;
    for (size_t i = 0; i < COUNT(names); i++)
        if (str_eq_c(name, names[i])) {
            *out = (enum missing_data)i;
            return true;
        }
    return name.len == 0;
}

/* Source: the same page: five points are looked at for three periods. The range of other numbers
 * is not told; two more is what the example has. */
size_t judge_range(size_t periods)
{
    return periods + 2;
}

struct tally_of_points {
    size_t real, breaching, recent_breaching; /* recent: among the last N real ones */
    size_t oldest_breach;                     /* periods ago, the newest is 1; 0: none */
};

static struct tally_of_points tally(const struct judgement *j)
{
    struct tally_of_points t = { 0 };

    for (size_t ago = 1; ago <= j->count; ago++) {
        char c = j->points[j->count - ago];

        if (c == JUDGE_MISSING)
            continue;
        t.real++;
        if (c != JUDGE_BREACH)
            continue;
        t.breaching++;
        t.recent_breaching += t.real <= j->periods;
        t.oldest_breach = ago;
    }
    return t;
}

static enum alarm_state when_nothing(enum missing_data treat)
{
    static const enum alarm_state states[] = { [MISSING_MISSING] = ALARM_INSUFFICIENT,
                                               [MISSING_IGNORE] = ALARM_KEEP,
                                               [MISSING_BREACHING] = ALARM_ALARM,
                                               [MISSING_NOT_BREACHING] = ALARM_OK };
    return states[treat];
}

/* Fewer real points than periods: the rest is filled up, or not. */
static enum alarm_state when_few(const struct judgement *j, const struct tally_of_points *t)
{
    size_t fill = j->treat == MISSING_BREACHING ? j->periods - t->real : 0;
    bool any_ok = t->breaching < t->real;

    if (t->breaching + fill >= j->to_alarm)
        return ALARM_ALARM;
    if (j->treat == MISSING_IGNORE)
        return any_ok ? ALARM_OK : ALARM_KEEP;
    if (j->treat != MISSING_MISSING || any_ok)
        return ALARM_OK;
    /* "premature alarm state": the oldest breach lies as far back as it takes to alarm */
    return t->oldest_breach >= j->to_alarm ? ALARM_ALARM : ALARM_KEEP;
}

enum alarm_state alarm_judge(const struct judgement *j)
{
    struct tally_of_points t = tally(j);

    if (t.real >= j->periods)
        return t.recent_breaching >= j->to_alarm ? ALARM_ALARM : ALARM_OK;
    return t.real == 0 ? when_nothing(j->treat) : when_few(j, &t);
}
