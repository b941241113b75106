#include "core/base/embed.h"

#include "core/base/fs.h"
#include "tests/unit/check.h"

/* Each file is found by its name, and is what lies in fixtures/. */
static void check_files(void **state)
{
    (void)state;
    struct arena a = { 0 };
    struct buf file = { 0 };
    struct str name, before = STR("");

    for (size_t i = 0; (name = embed_name(i)).ptr; before = name, i++) {
        struct err err = { 0 };
        struct str bytes = embed_find(name);

        assert_true(str_cmp(before, name) < 0); /* in byte order, none twice */
        buf_clear(&file);
        if (str_eq_c(name, "ui/chart.js")) { /* from Debian's package, at build time */
            assert_true(str_find(bytes, STR("Chart.js v")) >= 0);
            continue;
        }
        check_ok(fs_read(arena_printf(&a, "fixtures/%.*s", STR_ARG(name)).ptr, &file, &err), &err);
        assert_non_null(bytes.ptr);
        assert_true(str_eq(bytes, buf_view(&file)));
    }
    buf_free(&file);
    arena_free(&a);
}

static void check_absent(void **state)
{
    (void)state;
    assert_null(embed_find(STR("no/such/file")).ptr);
    assert_null(embed_find(STR("")).ptr);
    assert_null(embed_name(1000000).ptr);
}

int main(void)
{
    struct check_suite s = { 0 };

    check_add(&s, "every file is inside, as it is in fixtures", check_files);
    check_add(&s, "what is not there", check_absent);
    return check_run(&s, "embed");
}
