/* tests/unit/check - what every unit test shares: CMocka, string checks, golden files. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/arena.h"
#include "core/base/err.h"

struct store;

/* Fails unless got is exactly want. */
void check_str(struct str got, const char *want);
/* Fails with err's text unless rc is 0. */
void check_ok(int rc, const struct err *err);
/* Compare with fixtures/golden/<name>; GOLDEN_WRITE=1 renews it. */
void golden_check(const char *name, struct str got);
/* A new empty directory below build/tmp, removed by check_dir_end. */
const char *check_dir(struct arena *a);
void check_dir_end(const char *dir);

/* A store in a directory of its own; *state is one after check_store_open. */
struct check_store {
    struct arena a;
    const char *dir;
    struct store *s;
};
int check_store_open(void **state);
int check_store_close(void **state);

/* A suite gathered from tables of rows and from single functions. A row is a struct that begins
 * with const char *name, the test's name; run finds it in *state. */
struct check_suite {
    struct CMUnitTest tests[256];
    size_t count;
};
#define CHECK_ROWS(suite, rows, run)                                                               \
    check_add_rows(suite, run, rows, sizeof(rows) / sizeof((rows)[0]), sizeof((rows)[0]))
void check_add_rows(struct check_suite *s, CMUnitTestFunction run, const void *rows, size_t count,
                    size_t row_bytes);
void check_add(struct check_suite *s, const char *name, CMUnitTestFunction run);
int check_run(struct check_suite *s, const char *name); /* what main returns */
