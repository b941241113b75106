#include "core/base/err.h"

#include <errno.h>

#include "core/base/str.h"
#include "tests/unit/check.h"

static void check_first_wins(void **state)
{
    (void)state;
    struct err err = { 0 };

    assert_int_equal(err_set(&err, E_LIMIT, "%s: %d", "first", 1), E_LIMIT);
    assert_int_equal(err_set(&err, E_PARSE, "second"), E_PARSE); /* what it was told */
    assert_int_equal(err.code, E_LIMIT);
    check_str(str_c(err.text), "first: 1");
    assert_int_equal(err_set(NULL, E_IO, "nobody listens"), E_IO);
}

static void check_one_line(void **state)
{
    (void)state;
    struct err err = { 0 };
    char name[600];

    memset(name, 'x', sizeof name);
    name[3] = '\n';
    name[4] = '\x1b'; /* nor may a name steer the terminal */
    name[sizeof name - 1] = '\0';
    (void)err_set(&err, E_IO, "open %s", name);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    assert_memory_equal(err.text, "open xxx??xxx", 13);
}

static void check_sys(void **state)
{
    (void)state;
    struct err err = { 0 };

    errno = ENOSPC;
    assert_int_equal(err_sys(&err, "rename to", "out/x"), E_IO);
    check_str(str_c(err.text), "rename to out/x: No space left on device");
    err = (struct err){ 0 };
    errno = ENOENT;
    assert_int_equal(err_sys(&err, "open", "x"), E_MISSING);
    check_str(str_c(err.text), "open x: No such file or directory");
}

int main(void)
{
    struct check_suite s = { 0 };

    check_add(&s, "the first text wins", check_first_wins);
    check_add(&s, "a message is one line of bounded length", check_one_line);
    check_add(&s, "the system's reasons", check_sys);
    return check_run(&s, "err");
}
