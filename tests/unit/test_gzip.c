#include "core/codec/gzip.h"

#include "core/base/rng.h"
#include "core/codec/uri.h"
#include "tests/unit/check.h"

/* Members in hex: "hello", "a", "b" and nothing, made by Python's gzip with mtime 0. */
#define HELLO "1f8b08000000000002ffcb48cdc9c9070086a6103605000000"
#define A     "1f8b08000000000002ff4b040043beb7e801000000"
#define EMPTY "1f8b08000000000002ff03000000000000000000"

static const struct read_case {
    const char *name, *hex, *want;
    int rc;
    enum gzip_extra extra;
    size_t limit_bytes;
} reads[] = {
    { "one member", HELLO, "hello", 0, GZIP_WHOLE, 100 },
    { "a limit that just holds", HELLO, "hello", 0, GZIP_WHOLE, 5 },
    { "a limit that does not", HELLO, "gzip: inflates to more than 4 bytes", E_LIMIT, 0, 4 },
    { "an empty member", EMPTY, "", 0, GZIP_WHOLE, 0 },
    { "two members", A HELLO, "ahello", 0, GZIP_MORE_MEMBERS, 100 },
    { "the limit is for all members", A HELLO, "gzip: inflates to more than 5 bytes", E_LIMIT, 0,
      5 },
    { "bytes behind", A "00ff", "a", 0, GZIP_TRAILING_BYTES, 100 },
    { "a name in the header", "1f8b08080000000002ff780063030043beb7e8010000004b",
      "gzip: incorrect data check", E_PARSE, 0, 100 },
    { "nothing", "", "gzip: truncated", E_PARSE, 0, 100 },
    { "no gzip", "7b7d7b7d", "gzip: incorrect header check", E_PARSE, 0, 100 },
    { "another method", "1f8b07000000000002ff", "gzip: unknown compression method", E_PARSE, 0,
      100 },
    { "broken data", "1f8b08000000000002ffffffffffff", "gzip: invalid block type", E_PARSE, 0,
      100 },
    { "a wrong CRC", "1f8b08000000000002ff4b040043beb7e901000000", "gzip: incorrect data check",
      E_PARSE, 0, 100 },
    { "a wrong length", "1f8b08000000000002ff4b040043beb7e802000000",
      "gzip: incorrect length check", E_PARSE, 0, 100 },
    { "a second member cut short", A "1f8b08", "gzip: truncated", E_PARSE, 0, 100 },
};

static void check_read(void **state)
{
    const struct read_case *c = *state;
    struct arena a = { 0 };
    struct buf got = { 0 };
    struct err err = { 0 };
    struct str bytes;
    enum gzip_extra extra = GZIP_WHOLE;

    assert_int_equal(hex_decode(&a, str_c(c->hex), &bytes, NULL), 0);
    buf_add_c(&got, "kept "); /* appended to, and left alone on failure */
    assert_int_equal(gzip_read(bytes, c->limit_bytes, &got, &extra, &err), c->rc);
    assert_int_equal(err.code, c->rc);
    assert_int_equal(extra, c->extra);
    check_str(buf_view(&got), c->rc == 0 ? arena_printf(&a, "kept %s", c->want).ptr : "kept ");
    check_str(str_c(err.text), c->rc == 0 ? "" : c->want);
    buf_free(&got);
    arena_free(&a);
}

static void check_every_cut(void **state)
{
    (void)state;
    struct arena a = { 0 };
    struct buf got = { 0 };
    struct str bytes;

    assert_int_equal(hex_decode(&a, STR(HELLO), &bytes, NULL), 0);
    for (size_t len = 0; len < bytes.len; len++) {
        struct err err = { 0 };

        assert_int_equal(gzip_read(str_sub(bytes, 0, len), 100, &got, NULL, &err), E_PARSE);
        check_str(str_c(err.text), "gzip: truncated");
        assert_int_equal(got.len, 0);
    }
    buf_free(&got);
    arena_free(&a);
}

static void check_header(void **state)
{
    (void)state;
    static const unsigned char want[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0 };
    struct buf got = { 0 };

    for (int level = GZIP_FAST; level <= 9; level++) {
        buf_clear(&got);
        assert_int_equal(gzip_write(&got, STR("hello"), level, NULL), 0);
        assert_memory_equal(got.ptr, want, sizeof want);
    }
    buf_clear(&got);
    assert_int_equal(gzip_write(&got, STR("hello"), GZIP_ALIKE, NULL), 0);
    assert_memory_equal(got.ptr, want, sizeof want);
    assert_int_equal(gzip_write(&got, STR("x"), -1, NULL), E_PARSE);
    assert_int_equal(gzip_write(&got, STR("x"), 10, NULL), E_PARSE);
    buf_free(&got);
}

/* Neither what compresses well nor what does not loses a byte; level 1 or 9. */
static const struct trip_case {
    const char *name;
    size_t len;
    int level, is_random;
} trips[] = {
    { "nothing", 0, 6, 0 },
    { "one byte", 1, 6, 0 },
    { "a megabyte of one", 1 << 20, 9, 0 },
    { "a megabyte of chance", 1 << 20, 1, 1 },
    { "three megabytes", 3 << 20, 6, 1 },
    { "nothing, fast", 0, GZIP_FAST, 0 },
    { "a megabyte of one, fast", 1 << 20, GZIP_FAST, 0 },
    { "a megabyte of chance, fast", 1 << 20, GZIP_FAST, 1 },
    { "nothing, of records alike", 0, GZIP_ALIKE, 0 },
    { "a megabyte of one, of records alike", 1 << 20, GZIP_ALIKE, 0 },
    { "a megabyte of chance, of records alike", 1 << 20, GZIP_ALIKE, 1 },
};

static void check_trip(void **state)
{
    const struct trip_case *c = *state;
    struct arena a = { 0 };
    struct buf packed = { 0 }, back = { 0 };
    struct rng r;
    struct str plain = { arena_alloc(&a, c->len), c->len };
    enum gzip_extra extra;

    rng_init(&r, 1, c->len);
    if (c->is_random)
        rng_bytes(&r, (char *)plain.ptr, c->len);
    assert_int_equal(gzip_write(&packed, plain, c->level, NULL), 0);
    assert_int_equal(gzip_read(buf_view(&packed), c->len, &back, &extra, NULL), 0);
    assert_int_equal(extra, GZIP_WHOLE);
    assert_true(str_eq(buf_view(&back), plain));
    buf_free(&packed);
    buf_free(&back);
    arena_free(&a);
}

int main(void)
{
    struct check_suite s = { 0 };

    CHECK_ROWS(&s, reads, check_read);
    CHECK_ROWS(&s, trips, check_trip);
    check_add(&s, "cut anywhere it is truncated", check_every_cut);
    check_add(&s, "the header is the same at each level", check_header);
    return check_run(&s, "gzip");
}
