#include "tests/unit/check.h"

#include <stdio.h>

#include "core/base/rng.h"
#include "verify/records/duplicates.h"
#include "verify/records/form.h"

static struct event_place place(const char *uuid, uint32_t file, uint32_t record)
{
    struct event_place p = { .file = file, .record = record };

    if (!form_uuid(str_c(uuid), p.id)) {
        p = event_place_of(str_c(uuid), record);
        p.file = file;
    }
    return p;
}

static void finds_what_came_again(void **state)
{
    const struct event_place places[] = {
        place("00000000-0000-4000-8000-00000000000a", 0, 1),
        place("00000000-0000-4000-8000-00000000000b", 0, 2),
        place("not-a-uuid", 1, 1),
        place("00000000-0000-4000-8000-00000000000a", 1, 2),
        place("not-a-uuid", 2, 1),
        place("00000000-0000-4000-8000-00000000000a", 2, 9),
    };
    struct duplicates *d = duplicates_open();
    struct arena a = { 0 };
    struct duplicate *list;
    size_t count;

    (void)state;
    check_ok(duplicates_add(d, places, COUNT(places), NULL), NULL);
    check_ok(duplicates_find(d, &a, &list, &count, NULL), NULL);
    assert_int_equal(count, 3);
    assert_int_equal(list[0].first.file, 0);
    assert_int_equal(list[0].again.file, 1);
    assert_int_equal(list[0].again.record, 2);
    assert_int_equal(list[1].first.file, 1); /* the one that is no UUID */
    assert_int_equal(list[1].again.file, 2);
    assert_int_equal(list[2].first.record, 1);
    assert_int_equal(list[2].again.record, 9);
    duplicates_close(d);
    arena_free(&a);
}

/* More than is kept in memory: what was written to the file is found as well. */
static void finds_them_in_the_file(void **state)
{
    enum { MANY = 2500000, EACH = 50000 };
    struct duplicates *d = duplicates_open();
    struct arena a = { 0 };
    struct event_place *block = arena_array(&a, EACH, sizeof *block);
    struct duplicate *list;
    size_t count;
    struct rng r;

    (void)state;
    rng_init(&r, 1, 1);
    struct event_place first = { { 7, 7 }, 0, 1 }, again = { { 7, 7 }, 9, 9 };

    check_ok(duplicates_add(d, &first, 1, NULL), NULL);
    for (int n = 0; n < MANY; n += EACH) {
        for (int i = 0; i < EACH; i++)
            block[i] = (struct event_place){ { rng_u64(&r), rng_u64(&r) }, 1, (uint32_t)i };
        check_ok(duplicates_add(d, block, EACH, NULL), NULL);
    }
    check_ok(duplicates_add(d, &again, 1, NULL), NULL);
    check_ok(duplicates_find(d, &a, &list, &count, NULL), NULL);
    assert_int_equal(count, 1);
    assert_int_equal(list[0].first.record, 1);
    assert_int_equal(list[0].again.file, 9);
    duplicates_close(d);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_came_again),
        cmocka_unit_test(finds_them_in_the_file),
    };

    return cmocka_run_group_tests_name("duplicates", tests, NULL, NULL);
}
