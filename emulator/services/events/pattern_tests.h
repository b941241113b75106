/* emulator/services/events/pattern_tests - what an event pattern says of one value: the exact
 * values and match expressions that stand in its arrays.
 *
 * For pattern.c, which knows where in the event the value stands.
 * Memory: tests live in the arena and borrow the pattern's tree.
 */
#pragma once

#include "core/base/err.h"
#include "core/codec/value.h"

struct pattern_test {
    enum pattern_test_kind {
        TEST_TEXT,    /* exact */
        TEST_LITERAL, /* null, true, false */
        TEST_RANGE,   /* of numbers */
        TEST_PREFIX,  /* with ignores_case as well, and so are the next three */
        TEST_SUFFIX,
        TEST_WILDCARD,
        TEST_SAME, /* equals-ignore-case */
        TEST_CIDR,
        TEST_ADDRESS, /* a text that is an IPv6 address: its spelling does not count */
        TEST_EXISTS,
        TEST_ABSENT,
        TEST_NONE, /* anything-but: none of others holds */
    } kind;
    bool ignores_case;
    struct str text;
    const struct value *literal;
    double low, high;
    bool low_is_open, high_is_open;
    unsigned char address[16];
    int address_bytes, mask_bits;
    struct pattern_test *others;
    struct pattern_test *next; /* an alternative */
};

/* The array of a leaf: *out is one test or more. E_PARSE: why, in event-ruler's words. */
int pattern_tests_compile(struct arena *a, const struct value *list,
                          const struct pattern_test **out, struct err *err);
/* v: a string, number, boolean or null. TEST_ABSENT passes for none. */
bool pattern_test_passes(const struct pattern_test *t, const struct value *v);
