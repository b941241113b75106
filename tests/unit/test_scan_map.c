#include "core/trail/scan_map.h"

#include <string.h>

#include "core/base/buf.h"
#include "core/base/rng.h"
#include "core/trail/scan.h"
#include "tests/unit/check.h"

static const struct way_case {
    const char *name;
    enum scan_map_way way;
} ways[] = {
    { "a byte at a time", SCAN_MAP_PLAIN },
    { "by SSE2", SCAN_MAP_SSE2 },
    { "by AVX2", SCAN_MAP_AVX2 },
    { "by AVX-512", SCAN_MAP_AVX512 },
};

static const struct mix {
    const char *bytes; /* that occur */
    size_t len;
} mixes[] = {
    { "\"", 70000 },  { "ab\"", 5000 },         { "\\\"", 70000 },      { "\\\\\\\\\\\"a", 40000 },
    { "a", 100000 },  { "\"\\\n\x1f g", 1000 }, { "a\xc3\x80\"", 300 }, { "abcdefgh\"\\\n", 99999 },
    { "\"a", 32768 }, { "\"a", 32767 },         { "\"a", 64 },          { "\"", 1 },
    { "\"", 0 },
};

static bool is_odd(char c)
{
    return (unsigned char)c < 0x20 || c == '\\';
}

static const char *next_quote(struct scan_map *m)
{
    while (m->quote_next == m->quote_count)
        scan_map_more(m);
    return m->start + m->quotes[m->quote_next++];
}

/* What the definition says, byte by byte; between two quotes stands what is asked for odd bytes. */
static void compare(struct scan_map *m, const struct buf *b)
{
    const char *from = b->ptr;
    bool is_escaped = false, has_odd = false, has_high = false;

    scan_map_start(m, b->ptr, b->len);
    for (size_t i = 0; i <= b->len; i++) {
        const char *p = b->ptr + i;

        if (i == b->len || (*p == '"' && !is_escaped)) {
            assert_ptr_equal(next_quote(m), p);
            assert_int_equal(scan_map_odd(m, from, p), has_odd);
            from = p + 1;
            has_odd = false;
        } else {
            has_odd |= is_odd(*p);
        }
        has_high |= i < b->len && (unsigned char)*p > 0x7f;
        is_escaped = i < b->len && *p == '\\' && !is_escaped;
    }
    assert_ptr_equal(next_quote(m), b->ptr + b->len); /* again and again */
    assert_int_equal(m->high_end != NULL, has_high);
}

static void finds_every_quote(void **state)
{
    const struct way_case *c = *state;
    struct scan_map *m = test_malloc(sizeof *m);
    struct rng r;

    if (!scan_map_choose(m, c->way)) {
        test_free(m);
        skip();
    }
    rng_init(&r, 1, 1);
    for (size_t i = 0; i < COUNT(mixes); i++) {
        struct buf b = { 0 };

        while (b.len < mixes[i].len)
            buf_add_char(&b, mixes[i].bytes[rng_below(&r, strlen(mixes[i].bytes))]);
        scan_pad(&b);
        memset(b.ptr + b.len, 0, SCAN_PAD);
        compare(m, &b);
        buf_free(&b);
    }
    test_free(m);
}

static void seeks_in_both_directions(void **state)
{
    struct scan_map *m = test_malloc(sizeof *m);
    struct buf b = { 0 };
    struct rng r;

    (void)state;
    scan_map_init(m);
    for (int i = 0; i < 100000; i++)
        buf_add_char(&b, i % 10 == 7 ? '"' : '.');
    scan_pad(&b);
    memset(b.ptr + b.len, 0, SCAN_PAD);
    scan_map_start(m, b.ptr, b.len);
    rng_init(&r, 2, 2);
    for (int i = 0; i < 2000; i++) { /* far, and within the window */
        size_t at = (size_t)rng_below(&r, 99990);

        if (i % 2)
            at = (size_t)(m->start - b.ptr) + at % 5000;
        at = at < 99990 ? at : 0;
        scan_map_seek(m, b.ptr + at);
        assert_ptr_equal(next_quote(m), b.ptr + at + (17 - at % 10) % 10);
    }
    buf_free(&b);
    test_free(m);
}

int main(void)
{
    struct check_suite s = { .count = 0 };

    CHECK_ROWS(&s, ways, finds_every_quote);
    check_add(&s, "seeks in both directions", seeks_in_both_directions);
    return check_run(&s, "scan_map");
}
