/* emulator/services/events/cron - schedule expressions: rate(5 minutes), cron(0 10 * * ? *).
 *
 * Pure: text -> when, and the next time after a time; in UTC.
 * Source of the whole: EventBridge User Guide, "Creating a rule that runs on a schedule".
 */
#pragma once

#include "core/base/err.h"
#include "core/base/str.h"

struct cron {
    int64_t rate_ms;                 /* rate: the period; 0: cron */
    uint64_t minutes, hours, months; /* bit set n: n is in */
    uint64_t days;                   /* of the month, 1 to 31 */
    uint64_t weekdays;               /* 0 = Sunday to 6 */
    uint64_t years[4];               /* bit n: 1970 + n, to 2199 */
    bool by_weekday;                 /* the day of the month is "?" */
    bool last_day;                   /* L: of the month; with last_before, L-N */
    int last_before;
    int nearest_weekday;  /* NW: the weekday nearest to day N; 0: none; 32: LW */
    int last_weekday;     /* NL: the last such weekday of the month, 1 + it; 0: none */
    int nth_weekday, nth; /* N#M: 1 + weekday, M; 0: none */
};

/* E_PARSE, with what is wrong. */
int cron_parse(struct str text, struct cron *out, struct err *err);
/* The first time after after_ms; a rate counts from since_ms. INT64_MAX: never again. */
int64_t cron_next(const struct cron *c, int64_t since_ms, int64_t after_ms);
