/* emulator/engine/violations - what a model forbids in the parameters of a call: required members,
 * lengths, ranges, value sets, patterns. Finding and wording; which service says it under which
 * code is constraints.h's to know.
 */
#pragma once

#include "emulator/engine/call.h"

enum wording {
    WORDING_VALUE,     /* Value 'x' at 'tags.1.member.key' failed to satisfy constraint: ... */
    WORDING_BLIND,     /* the same without the value */
    WORDING_POINTER,   /* Value at '/tags/0/key' failed to satisfy constraint: ... */
    WORDING_PARAMETER, /* The request must contain the parameter Key */
};
enum check {
    CHECK_REQUIRED = 1,
    CHECK_LENGTH = 2,
    CHECK_RANGE = 4,
    CHECK_ENUM = 8,
    CHECK_PATTERN = 16,
};

struct violation {
    struct str path; /* "userName", or in pointer form "/userName" */
    struct str text;
    bool is_missing; /* a required member */
    struct violation *next;
};
struct violations {
    struct violation *first;
    int count;
};

struct validation {
    unsigned checks; /* enum check */
    enum wording wording;
    struct str skipped; /* a top-level member that is not checked, or empty */
};
/* What the parameters of a call have against their shape, in the model's order. */
struct violations violations_find(struct arena *a, const struct call *call,
                                  const struct validation *how);
