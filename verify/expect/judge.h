/* verify/expect/judge - records that were seen, held against what was expected of them.
 */
#pragma once

#include "verify/expect/match.h"
#include "verify/expect/parse.h"
#include "verify/report/report.h"

struct seen { /* a record that some expectation names */
    struct str file, text;
    uint64_t number;
    int64_t time_ms;
    struct str source, name;
    struct value *tree; /* of text */
};
struct seen_list {
    struct seen *items; /* in the order of time */
    size_t count;
    const struct value *others; /* "SOURCE NAME": how often; of records that nothing names */
};
/* A case of the report for each expectation. */
void judge_all(struct arena *a, const struct expect_file *file, const struct seen_list *seen,
               struct report *report);
