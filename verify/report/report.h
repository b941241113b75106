/* verify/report/report - what a check has to say: cases with a verdict, written as JUnit XML and as
 * JSON, the same for every subcommand that judges.
 *
 * Use:     report_init; report_case for each; report_junit or report_json.
 * Memory:  what is added is copied into the report's arena.
 */
#pragma once

#include <stdbool.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/codec/value.h"

enum report_verdict { REPORT_PASSED, REPORT_FAILED, REPORT_ERROR, REPORT_SKIPPED };

struct report_case {
    struct str suite; /* such as "verify records" */
    struct str name;
    enum report_verdict verdict;
    struct str message; /* one line; empty when passed */
    struct str detail;  /* more lines */
    int64_t took_ms;
    struct report_case *next;
};

struct report {
    struct arena arena;
    struct report_case *first, *last;
    size_t counts[4]; /* by verdict */
};

void report_init(struct report *r);
void report_free(struct report *r);
void report_case(struct report *r, const struct report_case *c);
bool report_is_good(const struct report *r); /* none failed, none in error */

/* JUnit XML as CI servers read it: testsuites, a testsuite for each suite in order of appearance.
 * Source: the common schema, jenkinsci/xunit-plugin junit-10.xsd. */
void report_junit(struct buf *out, const struct report *r);
/* {"cases": [...], "passed": n, ...}: value is built in the report's arena; add what else there is.
 */
struct value *report_value(struct report *r);
/* Write to a file, "-" is standard output. */
int report_save(struct str path, struct str text, struct err *err);
/* Both files, those that are asked for (an empty path: not). extra: further members of the JSON. */
int report_write(struct report *r, struct str junit, struct str json, struct value *extra,
                 struct err *err);
