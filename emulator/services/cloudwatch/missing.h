/* emulator/services/cloudwatch/missing - which state the points of an alarm mean: M out of N, and
 * what is missing.
 * Source: CloudWatch User Guide, "Configuring how CloudWatch alarms treat missing data", both
 * tables (tests/unit/test_alarm_states.c has every row).
 */
#pragma once

#include <stddef.h>

#include "core/base/str.h"

enum alarm_state { ALARM_OK, ALARM_ALARM, ALARM_INSUFFICIENT, ALARM_KEEP };
const char *alarm_state_name(enum alarm_state s); /* not of KEEP */
enum alarm_state alarm_state_of(struct str name); /* KEEP: none such */

enum missing_data { MISSING_MISSING, MISSING_IGNORE, MISSING_BREACHING, MISSING_NOT_BREACHING };
/* An empty name is AWS's default. False: no such treatment. */
bool missing_data_of(struct str name, enum missing_data *out);

#define JUDGE_MISSING '-'
#define JUDGE_OK      '0'
#define JUDGE_BREACH  'X'
struct judgement {
    const char *points;       /* oldest first, JUDGE_... each */
    size_t count;             /* judge_range(periods) */
    size_t periods, to_alarm; /* N, M */
    enum missing_data treat;
};
/* How many periods back an alarm looks: more than N, to have N real points if it can. */
size_t judge_range(size_t periods);
enum alarm_state alarm_judge(const struct judgement *j);
