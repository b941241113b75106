#include "core/codec/lz.h"

#include "core/base/buf.h"
#include "core/base/rng.h"
#include "tests/unit/check.h"

static void check_bytes(struct str plain)
{
    struct buf packed = { 0 }, back = { 0 };
    struct err err = { 0 };

    buf_add(&packed, STR("before"));
    buf_add(&back, STR("before"));
    lz_pack(&packed, plain);
    assert_memory_equal(packed.ptr, "before", 6);
    struct str bytes = str_sub(buf_view(&packed), 6, packed.len);
    assert_true(lz_is_packed(bytes));
    assert_int_equal(lz_unpack(bytes, plain.len, &back, &err), 0);
    assert_int_equal(back.len, 6 + plain.len);
    if (plain.len > 0)
        assert_memory_equal(back.ptr + 6, plain.ptr, plain.len);
    buf_free(&packed);
    buf_free(&back);
}

static const struct alphabet_case {
    const char *name, *alphabet; /* NULL: any byte */
    size_t len_most, rounds;
} alphabets[] = {
    { "any bytes", NULL, 3000, 200 },
    { "one letter", "a", 2000, 50 },
    { "two letters", "ab", 5000, 100 },
    { "few letters", "\"\",{:ab1", 20000, 100 },
    { "more than a window", "\",{:abcdefgh", 200000, 8 },
};

static void check_alphabet(void **state)
{
    const struct alphabet_case *c = *state;
    struct rng r;
    struct buf b = { 0 };

    rng_init(&r, 3, str_hash(str_c(c->name)));
    for (size_t round = 0; round < c->rounds; round++) {
        size_t len = rng_below(&r, c->len_most + 1);

        buf_clear(&b);
        for (size_t i = 0; i < len; i++)
            buf_add_char(&b, c->alphabet ? c->alphabet[rng_below(&r, strlen(c->alphabet))]
                                         : (char)rng_below(&r, 256));
        check_bytes(buf_view(&b));
    }
    buf_free(&b);
}

/* A repeat of each length around those that need further bytes, at distances around the window's.
 */
static void edges_of_lengths_and_window(void **state)
{
    struct buf b = { 0 };
    struct rng r;

    (void)state;
    rng_init(&r, 4, 1);
    for (size_t len = 0; len < 300; len++) {
        size_t gap = len % 3 == 0 ? 65520 + len / 10 : 20 + len;

        buf_clear(&b);
        for (size_t i = 0; i < gap; i++)
            buf_add_char(&b, (char)rng_below(&r, 256));
        for (size_t i = 0; i < len; i++)
            buf_add_char(&b, b.ptr[i % gap]);
        check_bytes(buf_view(&b));
        buf_add(&b, STR("0123456789ab"));
        check_bytes(buf_view(&b));
    }
    buf_free(&b);
}

/* Records alike: that is what it is for. */
static void records_become_small(void **state)
{
    struct buf b = { 0 }, packed = { 0 };
    struct rng r;
    char id[37];

    (void)state;
    rng_init(&r, 5, 1);
    for (int i = 0; i < 300; i++) {
        rng_uuid(&r, id);
        buf_printf(&b,
                   ",{\"eventVersion\":\"1.11\",\"userIdentity\":{\"type\":\"IAMUser\",\"arn\":"
                   "\"arn:aws:iam::111122223333:user/u%u\"},\"eventTime\":"
                   "\"2026-01-05T09:%02d:%02dZ\",\"eventName\":\"Describe%u\",\"eventID\":\"%s\","
                   "\"requestParameters\":null,\"readOnly\":true,\"managementEvent\":true}",
                   (unsigned)rng_below(&r, 9), i / 60 % 60, i % 60, (unsigned)rng_below(&r, 30),
                   id);
    }
    check_bytes(buf_view(&b));
    lz_pack(&packed, buf_view(&b));
    assert_true(packed.len * 3 < b.len);
    buf_free(&b);
    buf_free(&packed);
}

/* Behind the mark: a length of four bytes, then sequences. */
static const struct refusal {
    const char *name;
    struct str bytes;
    int rc;
} refusals[] = {
    { "no head", { "LZ4bloc", 7 }, E_PARSE },
    { "another mark", { "LZ4blocK\0\0\0\0\0", 13 }, E_PARSE },
    { "a head alone", { "LZ4block\0\0\0\0", 12 }, E_PARSE },
    { "more than allowed", { "LZ4block\x01\x10\0\0\x10x", 14 }, E_LIMIT },
    { "fewer bytes than it says", { "LZ4block\x02\0\0\0\x10x", 14 }, E_PARSE },
    { "more bytes than it says", { "LZ4block\x01\0\0\0\x20xy", 15 }, E_PARSE },
    { "literals cut short", { "LZ4block\x03\0\0\0\x30x", 14 }, E_PARSE },
    { "a length cut short", { "LZ4block\x20\0\0\0\xf0\xff", 14 }, E_PARSE },
    { "a match at the end", { "LZ4block\x05\0\0\0\x10x\1\0", 16 }, E_PARSE },
    { "a match before the text", { "LZ4block\x06\0\0\0\x10x\2\0\x10y", 18 }, E_PARSE },
    { "a match at no distance", { "LZ4block\x06\0\0\0\x10x\0\0\x10y", 18 }, E_PARSE },
    { "a match past the end", { "LZ4block\x04\0\0\0\x10x\1\0\x10y", 18 }, E_PARSE },
    { "a distance cut short", { "LZ4block\x06\0\0\0\x10x\1", 15 }, E_PARSE },
};

static void check_refusal(void **state)
{
    const struct refusal *c = *state;
    struct buf out = { 0 };
    struct err err = { 0 };

    buf_add(&out, STR("kept"));
    assert_int_equal(lz_unpack(c->bytes, 4096, &out, &err), c->rc);
    assert_int_equal(err.code, c->rc);
    check_str(buf_view(&out), "kept");
    buf_free(&out);
}

static void nothing_stays_nothing(void **state)
{
    struct buf packed = { 0 }, back = { 0 };

    (void)state;
    lz_pack(&packed, STR(""));
    assert_int_equal(lz_unpack(buf_view(&packed), 0, &back, NULL), 0);
    assert_int_equal(back.len, 0);
    buf_free(&packed);
    buf_free(&back);
}

int main(void)
{
    struct check_suite s = { 0 };

    CHECK_ROWS(&s, alphabets, check_alphabet);
    check_add(&s, "edges of lengths and window", edges_of_lengths_and_window);
    check_add(&s, "records become small", records_become_small);
    CHECK_ROWS(&s, refusals, check_refusal);
    check_add(&s, "nothing stays nothing", nothing_stays_nothing);
    return check_run(&s, "lz");
}
