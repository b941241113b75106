/* verify/run/show - what a run has to say: lines for a person, JUnit and JSON, a page of HTML. */
#pragma once

#include <stdio.h>

#include "verify/run/judge.h"

struct shown {
    const struct suite *suite;
    const struct truth *truth;
    struct judgement *j;
    const struct ledger *ledger;
    struct str version; /* of the tool, as it says */
    struct str why;     /* requirements that are not met, a line each; empty: all are */
    bool is_unstable;
    unsigned repeats;
};

void show_text(const struct shown *s, FILE *to);
/* A case for each expected finding, one for each requirement. Either file may be empty: not asked.
 */
int show_report(const struct shown *s, struct str junit, struct str json, struct err *err);
/* One file that needs no other: timeline, technique matrix, rules, every miss with its cause. */
int show_html(const struct shown *s, struct str file, struct err *err);
