#include "tests/unit/check.h"

#include <string.h>

#include "core/base/buf.h"
#include "core/base/rng.h"
#include "core/codec/gzip.h"
#include "core/codec/inflate.h"
#include "core/codec/uri.h"

/* Texts that make every kind of block and of match. */
static const struct text_case {
    const char *name;
    size_t len;
    unsigned alphabet; /* bytes that occur; 0: a record's text */
    unsigned repeat;   /* of what was there before, in percent */
} texts[] = {
    { "nothing", 0, 1, 0 },
    { "one byte", 1, 256, 0 },
    { "a run of one byte", 100000, 1, 0 },
    { "two bytes", 100000, 2, 0 },
    { "random bytes", 200000, 256, 0 },
    { "words", 300000, 20, 50 },
    { "far repeats", 300000, 256, 80 },
    { "near repeats", 300000, 64, 95 },
};

static void fill(struct buf *b, const struct text_case *c, struct rng *r)
{
    while (b->len < c->len) {
        if (b->len > 4 && rng_below(r, 100) < c->repeat) {
            size_t most = b->len < 32768 ? b->len : 32768;
            size_t back = 1 + (size_t)rng_below(r, rng_below(r, 3) ? 12 : most);
            size_t n = 3 + (size_t)rng_below(r, 300);

            for (size_t i = 0; i < n && b->len < c->len; i++)
                buf_add_char(b, b->ptr[b->len - (back < b->len ? back : b->len)]);
        } else {
            buf_add_char(b, (char)rng_below(r, c->alphabet));
        }
    }
}

static void inflates_what_zlib_deflated(void **state)
{
    const struct text_case *c = *state;
    struct inflate *z = inflate_open();
    struct rng r;

    rng_init(&r, 7, 7);
    for (int level = 1; level <= 9; level++) {
        struct buf text = { 0 }, packed = { 0 }, back = { 0 };
        struct err err = { 0 };
        size_t used = 0;

        fill(&text, c, &r);
        check_ok(gzip_write(&packed, buf_view(&text), level, &err), &err);
        size_t whole = packed.len;

        buf_add(&packed, STR("behind"));
        check_ok(inflate_gzip(z, buf_view(&packed), 1 << 20, &back, &used, &err), &err);
        assert_int_equal(used, whole);
        assert_int_equal(back.len, text.len);
        if (text.len)
            assert_memory_equal(back.ptr, text.ptr, text.len);
        buf_free(&text);
        buf_free(&packed);
        buf_free(&back);
    }
    inflate_close(z);
}

static void damage_is_noticed(void **state)
{
    struct inflate *z = inflate_open();
    struct buf packed = { 0 }, back = { 0 };
    size_t used;

    (void)state;
    assert_int_equal(gzip_write(&packed, STR("{\"Records\":[{\"eventName\":\"A\"}]}"), 6, NULL), 0);
    for (size_t i = 0; i < packed.len; i++) {
        /* the time, flags of speed and the system say nothing of the data */
        bool is_told = i < 4 || i > 9;

        packed.ptr[i] ^= 0x15;
        int rc = inflate_gzip(z, buf_view(&packed), 1000, &back, &used, NULL);

        assert_int_equal(rc, is_told ? E_PARSE : 0);
        packed.ptr[i] ^= 0x15;
    }
    for (size_t n = 0; n < packed.len; n++)
        assert_int_equal(inflate_gzip(z, (struct str){ packed.ptr, n }, 1000, &back, &used, NULL),
                         E_PARSE);
    buf_free(&packed);
    buf_free(&back);
    inflate_close(z);
}

static void keeps_its_limit(void **state)
{
    struct inflate *z = inflate_open();
    struct buf text = { 0 }, packed = { 0 }, back = { 0 };
    size_t used;

    (void)state;
    for (int i = 0; i < 5000; i++)
        buf_add_char(&text, 'x');
    assert_int_equal(gzip_write(&packed, buf_view(&text), 6, NULL), 0);
    assert_int_equal(inflate_gzip(z, buf_view(&packed), 4999, &back, &used, NULL), E_LIMIT);
    assert_int_equal(inflate_gzip(z, buf_view(&packed), 5000, &back, &used, NULL), 0);
    assert_int_equal(back.len, 5000);
    buf_free(&text);
    buf_free(&packed);
    buf_free(&back);
    inflate_close(z);
}

/* Members in hex, the data "{}" where it is whole; most of them no writer of ours makes. */
#define DATA  "abae0500"
#define TAIL  "43bfa6a302000000"
#define BEGIN "1f8b08000000000000ff"

static const struct member_case {
    const char *name, *hex, *want; /* or why it is refused */
    int rc;
} members[] = {
    { "a plain member", BEGIN DATA TAIL, "{}", 0 },
    { "an extra field, a name and a comment",
      "1f8b081c0000000000ff0400616263646e616d650077687900" DATA TAIL, "{}", 0 },
    { "a checksum of the header", "1f8b08020000000000ff90c9" DATA TAIL, "{}", 0 },
    { "a wrong checksum of the header", "1f8b08020000000000ff90c8" DATA TAIL,
      "gzip: header crc mismatch", E_PARSE },
    { "a flag that means nothing", "1f8b08200000000000ff" DATA TAIL,
      "gzip: unknown header flags set", E_PARSE },
    { "another method", "1f8b07000000000000ff" DATA TAIL, "gzip: unknown compression method",
      E_PARSE },
    { "a name without an end", "1f8b08080000000000ff6e616d65", "gzip: truncated", E_PARSE },
    { "nothing", "", "gzip: truncated", E_PARSE },
    { "no gzip", "7b7d7b7d", "gzip: incorrect header check", E_PARSE },
    { "a block of no kind", BEGIN "07000000000000000000", "gzip: invalid block type", E_PARSE },
    { "a wrong checksum", BEGIN DATA "43bfa6a402000000", "gzip: incorrect data check", E_PARSE },
    { "a wrong length", BEGIN DATA "43bfa6a303000000", "gzip: incorrect length check", E_PARSE },
    { "cut off", BEGIN DATA "43bfa6", "gzip: truncated", E_PARSE },
    { "a second member is left alone", BEGIN DATA TAIL "1f8b08", "{}", 0 },
};

static void check_member(void **state)
{
    const struct member_case *c = *state;
    struct arena a = { 0 };
    struct inflate *z = inflate_open();
    struct buf got = { 0 };
    struct err err = { 0 };
    struct str bytes;
    size_t used = 0;

    assert_int_equal(hex_decode(&a, str_c(c->hex), &bytes, NULL), 0);
    buf_add_c(&got, "kept "); /* appended to, and left alone on failure */
    assert_int_equal(inflate_gzip(z, bytes, 100, &got, &used, &err), c->rc);
    assert_int_equal(err.code, c->rc);
    assert_int_equal(used != 0, c->rc == 0);
    check_str(buf_view(&got), c->rc == 0 ? arena_printf(&a, "kept %s", c->want).ptr : "kept ");
    check_str(str_c(err.text), c->rc == 0 ? "" : c->want);
    buf_free(&got);
    inflate_close(z);
    arena_free(&a);
}

/* What it says of its length is the last member's, much too little. */
static void a_long_member_before_a_short_one(void **state)
{
    struct inflate *z = inflate_open();
    struct buf text = { 0 }, packed = { 0 }, back = { 0 };
    size_t used, first;

    (void)state;
    for (int i = 0; i < 100000; i++)
        buf_add_char(&text, (char)('a' + i % 23));
    assert_int_equal(gzip_write(&packed, buf_view(&text), 6, NULL), 0);
    first = packed.len;
    assert_int_equal(gzip_write(&packed, STR("{}"), 6, NULL), 0);
    assert_int_equal(inflate_gzip(z, buf_view(&packed), 1 << 20, &back, &used, NULL), 0);
    assert_int_equal(used, first);
    assert_int_equal(back.len, text.len);
    assert_memory_equal(back.ptr, text.ptr, text.len);
    assert_int_equal(inflate_gzip(z, buf_view(&packed), 99999, &back, &used, NULL), E_LIMIT);
    assert_int_equal(back.len, text.len);
    buf_free(&text);
    buf_free(&packed);
    buf_free(&back);
    inflate_close(z);
}

int main(void)
{
    struct check_suite s = { .count = 0 };

    CHECK_ROWS(&s, texts, inflates_what_zlib_deflated);
    CHECK_ROWS(&s, members, check_member);
    check_add(&s, "a long member before a short one", a_long_member_before_a_short_one);
    check_add(&s, "damage is noticed", damage_is_noticed);
    check_add(&s, "it keeps its limit", keeps_its_limit);
    return check_run(&s, "inflate");
}
