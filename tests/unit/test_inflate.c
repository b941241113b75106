#include "tests/unit/check.h"

#include <string.h>

#include <zlib.h>

#include "core/base/buf.h"
#include "core/base/rng.h"
#include "core/codec/crc.h"
#include "core/codec/gzip.h"
#include "core/codec/inflate.h"

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

static void crc_is_zlibs(void **state)
{
    struct buf text = { 0 };
    struct rng r;

    (void)state;
    rng_init(&r, 3, 3);
    for (size_t n = 0; n < 2000; n++) {
        for (size_t from = 0; from < 3 && from <= n; from++) {
            struct str s = { text.ptr + from, n - from };

            assert_int_equal(crc_of(n ? s : STR("")),
                             crc32_z(0, (const Bytef *)(n ? s.ptr : ""), n ? s.len : 0));
        }
        buf_add_char(&text, (char)rng_below(&r, 256));
    }
    buf_free(&text);
}

int main(void)
{
    struct check_suite s = { .count = 0 };

    CHECK_ROWS(&s, texts, inflates_what_zlib_deflated);
    check_add(&s, "damage is noticed", damage_is_noticed);
    check_add(&s, "the checksum is zlib's", crc_is_zlibs);
    check_add(&s, "it keeps its limit", keeps_its_limit);
    return check_run(&s, "inflate");
}
