#include "core/base/arena.h"

#include "core/base/buf.h"
#include "tests/unit/check.h"

static void check_zeroed(void **state)
{
    (void)state;
    struct arena a = { 0 };

    for (size_t size = 0; size < 5000; size += 37) {
        unsigned char *p = arena_alloc(&a, size);

        assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(p[i], 0);
        memset(p, 0xff, size); /* the next ones must not see it */
    }
    arena_reset(&a);
    unsigned char *again = arena_alloc(&a, 4000);

    for (size_t i = 0; i < 4000; i++)
        assert_int_equal(again[i], 0);
    arena_free(&a);
}

static void check_rewind(void **state)
{
    (void)state;
    struct arena a = { 0 };
    struct str kept = arena_printf(&a, "kept %d", 1);
    struct arena_mark mark = arena_mark(&a);
    size_t used = a.used_bytes;

    for (int round = 0; round < 100; round++) {
        for (size_t size = 1; size < (3u << 20); size *= 3)
            memset(arena_alloc(&a, size), 0xee, size);
        arena_rewind(&a, mark);
        assert_int_equal(a.used_bytes, used);
    }
    check_str(kept, "kept 1");
    check_str(arena_copy(&a, STR("behind")), "behind");
    check_str(kept, "kept 1");
    arena_free(&a);
}

static void check_rewind_to_nothing(void **state)
{
    (void)state;
    struct arena a = { 0 };
    struct arena_mark empty = arena_mark(&a);

    (void)arena_alloc(&a, 10000);
    arena_rewind(&a, empty);
    assert_int_equal(a.used_bytes, 0);
    arena_reset(&a);
    check_str(arena_copy(&a, STR("x")), "x");
    arena_free(&a);
    arena_free(&a); /* twice is harmless */
    arena_reset(&a);
}

static void check_strings(void **state)
{
    (void)state;
    static const struct str parts[] = { { "a", 1 }, { "", 0 }, { "bc", 2 } };
    struct arena a = { 0 };
    struct str nul = arena_copy(&a, (struct str){ "x\0y", 3 });
    struct str long_one = arena_printf(&a, "%0300d|", 7);

    assert_int_equal(nul.len, 3);
    assert_int_equal(nul.ptr[3], '\0');
    assert_int_equal(long_one.len, 301);
    assert_int_equal(long_one.ptr[301], '\0');
    assert_true(str_has_suffix(long_one, STR("007|")));
    check_str(arena_join(&a, parts, COUNT(parts), STR(", ")), "a, , bc");
    check_str(arena_join(&a, parts, 0, STR(", ")), "");
    check_str(arena_copy(&a, (struct str){ 0 }), "");
    arena_free(&a);
}

static void check_buf(void **state)
{
    (void)state;
    struct buf b = { 0 };

    check_str(buf_view(&b), "");
    assert_null(b.ptr); /* an empty one owns nothing */
    buf_add_i64(&b, INT64_MIN);
    buf_add_char(&b, ' ');
    buf_add_u64(&b, UINT64_MAX);
    buf_add_c(&b, " ");
    buf_add_i64(&b, 0);
    check_str(buf_view(&b), "-9223372036854775808 18446744073709551615 0");
    buf_clear(&b);
    buf_printf(&b, "%s-%d", "x", 1);
    for (int i = 0; i < 200; i++)
        buf_printf(&b, "%03d", i);
    assert_int_equal(b.len, 603);
    buf_clear(&b);
    buf_printf(&b, "%0500d", 7); /* more than the room that is tried first */
    assert_int_equal(b.len, 500);

    struct buf taken = buf_take(&b);

    assert_null(b.ptr);
    assert_int_equal(taken.len, 500);
    buf_free(&taken);
    buf_free(&taken); /* twice is harmless */
    buf_add(&b, (struct str){ 0 });
    assert_int_equal(b.len, 0);
    buf_free(&b);
}

/* Its bytes stay, whatever becomes of it, and move with its growth. */
static void check_buf_within(void **state)
{
    (void)state;
    struct arena a = { 0 };
    struct buf b = { .arena = &a };

    for (int i = 0; i < 1000; i++)
        buf_printf(&b, "%03d", i);
    struct str view = buf_view(&b);

    buf_free(&b);
    assert_null(b.ptr);
    assert_int_equal(view.len, 3000);
    check_str(str_sub(view, 0, 6), "000001");
    check_str(str_sub(view, 2994, 6), "998999");
    arena_free(&a);
}

int main(void)
{
    struct check_suite s = { 0 };

    check_add(&s, "memory is zeroed and aligned, also when it is used again", check_zeroed);
    check_add(&s, "a rewind keeps what stood before the mark", check_rewind);
    check_add(&s, "a mark of an empty arena", check_rewind_to_nothing);
    check_add(&s, "strings end in NUL", check_strings);
    check_add(&s, "a buf grows", check_buf);
    check_add(&s, "a buf may have its bytes in an arena", check_buf_within);
    return check_run(&s, "arena");
}
