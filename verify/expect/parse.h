/* verify/expect/parse - EXPECT.yaml -> what is expected. Format: docs/verify-expect.md.
 */
#pragma once

#include "core/codec/value.h"
#include "verify/expect/calls.h"

struct expect_step { /* which records */
    struct call_name call;
    struct str by, region, account, error;         /* patterns; empty: any */
    const struct value *where, *response, *record; /* NULL: any */
    const struct value *capture;                   /* name: path in the record; NULL: none */
    int64_t after_ms, before_ms;                   /* INT64_MIN, INT64_MAX: any */
    int line;
};
struct expectation {
    struct expect_step *steps; /* one, or those of an order */
    size_t step_count;
    bool is_order;
    int64_t least, most; /* most: INT64_MAX for no bound; of what is no order */
    int64_t within_ms;   /* from the first to the last; 0: any */
    struct str name;     /* for reports */
    int line;
};
struct expect_file {
    struct str path;
    struct expectation *list;
    size_t count;
};
/* E_PARSE: "FILE:LINE: what was expected". */
int expect_parse(struct arena *a, struct str path, struct str text, struct expect_file *out,
                 struct err *err);
