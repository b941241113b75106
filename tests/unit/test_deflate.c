#include <stdio.h>

#include <zlib.h>

#include "core/base/buf.h"
#include "core/base/rng.h"
#include "core/codec/deflate.h"
#include "core/codec/huffman.h"
#include "tests/unit/check.h"

/* zlib is the judge: what was encoded inflates to itself, ends where it says, and nothing follows.
 */
static void check_packed(struct str packed, struct str plain)
{
    struct buf back = { 0 };
    z_stream z = { 0 };

    assert_true(str_has_prefix(packed, STR("before")));
    z.next_in = (Bytef *)packed.ptr + 6;
    z.avail_in = (uInt)(packed.len - 6);
    z.next_out = (Bytef *)buf_reserve(&back, plain.len + 1);
    z.avail_out = (uInt)plain.len + 1;
    assert_int_equal(inflateInit2(&z, -15), Z_OK);
    assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
    assert_int_equal(z.avail_in, 0);
    assert_int_equal(z.total_out, plain.len);
    if (plain.len > 0)
        assert_memory_equal(back.ptr, plain.ptr, plain.len);
    assert_int_equal(inflateEnd(&z), Z_OK);
    buf_free(&back);
}

static void check_known(struct str plain, const struct hints *known)
{
    struct buf packed = { 0 };

    buf_add(&packed, STR("before"));
    deflate_records(&packed, plain, known);
    check_packed(buf_view(&packed), plain);
    buf_free(&packed);
}

static void check_bytes(struct str plain)
{
    struct buf packed = { 0 };

    check_known(plain, NULL);
    buf_add(&packed, STR("before"));
    deflate_alike(&packed, plain);
    check_packed(buf_view(&packed), plain);
    buf_free(&packed);
}

/* Bytes of one alphabet, so that marks, runs and chance come in every mixture. */
static const struct alphabet_case {
    const char *name, *alphabet; /* NULL: any byte */
    size_t len_most, rounds;
} alphabets[] = {
    { "any bytes", NULL, 3000, 200 },
    { "one letter", "a", 2000, 50 },
    { "two letters", "ab", 5000, 50 },
    { "marks of members", ",\"{}:", 5000, 200 },
    { "members of few letters", "\"\",{:ab1", 20000, 100 },
    { "quotes behind commas", ",\"", 4000, 50 },
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

static void short_texts(void **state)
{
    static const char text[] =
        "{\"Records\":[{\"eventVersion\":\"1.11\",\"eventVersion\":\"1.11\"}]}";

    (void)state;
    for (size_t len = 0; len < sizeof text; len++)
        check_bytes((struct str){ text, len });
}

/* A repeat at each distance around the window's edge, and of each length around the longest match.
 */
static void edges_of_window_and_length(void **state)
{
    struct buf b = { 0 };
    struct rng r;

    (void)state;
    rng_init(&r, 4, 1);
    for (size_t gap = 32700; gap < 32800; gap += 3) {
        for (size_t len = 250; len < 270; len += 5) {
            struct arena a = { 0 };
            struct str member = rng_chars(&r, &a, STR("abcdefghijklmnop"), len);

            buf_clear(&b);
            buf_printf(&b, ",\"%s\"", member.ptr);
            while (b.len < gap)
                buf_add_char(&b, (char)('A' + rng_below(&r, 26)));
            buf_printf(&b, ",\"%s\",\"", member.ptr);
            check_bytes(buf_view(&b));
            arena_free(&a);
        }
    }
    buf_free(&b);
}

static void write_records(struct buf *b, int count)
{
    struct rng r;
    char id[37];

    rng_init(&r, 5, 1);
    for (int i = 0; i < count; i++) {
        rng_uuid(&r, id);
        buf_printf(
            b,
            ",{\"eventVersion\":\"1.11\",\"userIdentity\":{\"type\":\"IAMUser\",\"arn\":"
            "\"arn:aws:iam::111122223333:user/u%u\"},\"eventTime\":\"2026-01-05T09:%02d:%02dZ\","
            "\"eventName\":\"Describe%u\",\"requestParameters\":null,\"eventID\":\"%s\","
            "\"readOnly\":true,\"eventType\":\"AwsApiCall\",\"managementEvent\":true}",
            (unsigned)rng_below(&r, 9), i / 60 % 60, i % 60, (unsigned)rng_below(&r, 30), id);
    }
}

/* Records alike: that is what it is for, so it must not lose its way there. */
static void records_become_small(void **state)
{
    struct buf b = { 0 }, packed = { 0 };

    (void)state;
    write_records(&b, 3000);
    check_bytes(buf_view(&b));
    deflate_records(&packed, buf_view(&b), NULL);
    assert_true(packed.len * 7 < b.len); /* ids alone are a twentieth of it */
    buf_clear(&packed);
    deflate_alike(&packed, buf_view(&b));
    assert_true(packed.len * 6 < b.len);
    buf_free(&b);
    buf_free(&packed);
}

static void find_hints(struct hints *m, struct str text, size_t most)
{
    struct hint found[64];
    size_t at = 0;

    while (at < text.len) {
        size_t count = hints_find(text, &at, found, most);

        for (size_t i = 0; i < count; i++)
            hints_put(m, found[i].at, found[i].tag);
    }
}

/* Hints stand at members, the same ones in whatever portions they are found, and equal members have
 * equal tags. */
static void hints_stand_at_members(void **state)
{
    struct buf b = { 0 };
    struct hints m = { 0 }, again = { 0 };

    (void)state;
    write_records(&b, 20);
    find_hints(&m, buf_view(&b), 64);
    find_hints(&again, buf_view(&b), 17);
    assert_int_equal(m.count, 20 * 8); /* four of twelve members follow short ones */
    assert_int_equal(again.count, m.count);
    assert_memory_equal(again.items, m.items, m.count * sizeof *m.items);
    for (size_t i = 0; i < m.count; i++) {
        const char *p = b.ptr + m.items[i].at;

        assert_true(*p == '"' && (p[-1] == ',' || p[-1] == '{'));
        if (i % 8 == 0)
            assert_int_equal(m.items[i].tag, m.items[0].tag);
    }
    buf_free(&b);
    hints_free(&m);
    hints_free(&again);
}

/* Hints that are known give the bytes that found ones give, when they say the same. */
static void known_hints_change_nothing(void **state)
{
    struct buf b = { 0 }, found = { 0 }, known = { 0 };
    struct hints m = { 0 };

    (void)state;
    write_records(&b, 2000);
    find_hints(&m, buf_view(&b), 64);
    deflate_records(&found, buf_view(&b), NULL);
    deflate_records(&known, buf_view(&b), &m);
    assert_int_equal(known.len, found.len);
    assert_memory_equal(known.ptr, found.ptr, found.len);
    buf_free(&b);
    buf_free(&found);
    buf_free(&known);
    hints_free(&m);
}

/* Hints anywhere, with tags of chance or of few values, and chance said of what is none. */
static void false_hints_do_no_harm(void **state)
{
    struct buf b = { 0 };
    struct rng r;

    (void)state;
    rng_init(&r, 7, 1);
    write_records(&b, 300);
    for (int round = 0; round < 200; round++) {
        struct hints m = { 0 };
        size_t most = 1 + rng_below(&r, 400);

        for (size_t at = 0; at < b.len; at += rng_below(&r, most))
            hints_put(&m, at,
                      rng_below(&r, 4) ? (uint32_t)rng_u64(&r) >> rng_below(&r, 32) : HINT_CHANCE);
        check_known(buf_view(&b), &m);
        hints_free(&m);
    }
    buf_free(&b);
}

/* Kraft's sum: the lengths make a whole prefix code, none over the limit. */
static void check_code(const uint32_t *frequency, size_t count, unsigned limit)
{
    uint8_t lengths[HUFFMAN_SYMBOLS_MOST];
    uint64_t sum = 0;

    huffman_lengths(frequency, count, limit, lengths);
    for (size_t i = 0; i < count; i++) {
        assert_true(lengths[i] <= limit);
        assert_true(frequency[i] == 0 || lengths[i] > 0);
        sum += lengths[i] ? 1ull << (limit - lengths[i]) : 0;
    }
    assert_int_equal(sum, 1ull << limit);
}

static void codes_are_whole(void **state)
{
    uint32_t f[HUFFMAN_SYMBOLS_MOST] = { 0 };
    struct rng r;

    (void)state;
    check_code(f, 30, 15); /* nothing occurs */
    f[7] = 1;
    check_code(f, 30, 15);
    for (size_t i = 0, a = 1, b = 1; i < 40; i++) { /* Fibonacci: the deepest tree there is */
        f[i] = (uint32_t)a;
        size_t next = a + b;
        a = b;
        b = next;
    }
    check_code(f, HUFFMAN_SYMBOLS_MOST, 15);
    check_code(f, 19, 7);
    rng_init(&r, 6, 1);
    for (int round = 0; round < 500; round++) {
        for (size_t i = 0; i < HUFFMAN_SYMBOLS_MOST; i++)
            f[i] = (uint32_t)(rng_below(&r, 1u << rng_below(&r, 20)));
        check_code(f, HUFFMAN_SYMBOLS_MOST, 15);
        check_code(f, 30, 15);
        check_code(f, 19, 7);
    }
}

int main(void)
{
    struct check_suite s = { 0 };

    CHECK_ROWS(&s, alphabets, check_alphabet);
    check_add(&s, "short texts", short_texts);
    check_add(&s, "edges of window and length", edges_of_window_and_length);
    check_add(&s, "records become small", records_become_small);
    check_add(&s, "hints stand at members", hints_stand_at_members);
    check_add(&s, "known hints change nothing", known_hints_change_nothing);
    check_add(&s, "false hints do no harm", false_hints_do_no_harm);
    check_add(&s, "codes are whole", codes_are_whole);
    return check_run(&s, "deflate");
}
