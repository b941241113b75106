/* Names of files by number, in memory and in the temporary file. */
#include "tests/unit/check.h"
#include "verify/records/file_names.h"

static struct str name_of(struct arena *a, uint64_t i)
{
    return arena_printf(a, "AWSLogs/123456789012/CloudTrail/%llu%s", (unsigned long long)i,
                        i % 3 ? "" : "/a-longer-name.json.gz");
}

static void check_names(uint64_t count)
{
    struct file_names n = { .count = 0 };
    struct arena a = { 0 };
    struct err err = { 0 };
    struct str got;

    for (uint64_t i = 0; i < count; i++) {
        check_ok(file_names_add(&n, name_of(&a, i), &err), &err);
        arena_reset(&a);
    }
    assert_int_equal(n.count, count);
    for (uint64_t i = 0; i < count; i += 1 + count / 500) {
        uint64_t number = count - 1 - i;

        check_ok(file_names_get(&n, &a, number, &got, &err), &err);
        assert_true(str_eq(got, name_of(&a, number)));
        arena_reset(&a);
    }
    file_names_free(&n);
    file_names_free(&n);
    arena_free(&a);
}

static void check_few(void **state)
{
    (void)state;
    check_names(200);
}

static void check_many(void **state)
{
    (void)state;
    check_names(200000); /* some megabytes more than stay in memory */
}

int main(void)
{
    struct check_suite s = { 0 };

    check_add(&s, "few names stay in memory", check_few);
    check_add(&s, "many names go to a file", check_many);
    return check_run(&s, "file_names");
}
