#include "emulator/http/chunked.h"

#include "tests/unit/check.h"

#define UNSIGNED "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
#define SIGNED   "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
#define TRAILED  "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
#define A64      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B64      "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define EMPTY    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static const struct chunked_case {
    const char *name, *form, *body;
    int rc; /* of next or of end, whichever fails first */
    const char *data, *trailer, *checksum;
    size_t chunks;
} cases[] = {
    { "one chunk and its end", UNSIGNED, "5\r\nhello\r\n0\r\n\r\n", 0, "hello", "", "", 0 },
    { "two chunks, sizes in either case", UNSIGNED,
      "A\r\n0123456789\r\nb\r\nabcdefghijk\r\n0\r\n\r\n", 0, "0123456789abcdefghijk", "", "", 0 },
    { "an empty body is one empty chunk", UNSIGNED, "0\r\n\r\n", 0, "", "", "", 0 },
    { "a trailer is kept", UNSIGNED, "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n", 0,
      "hello", "x-amz-checksum-crc32", "NhCmhg==", 0 },
    { "the last empty line may be missing", UNSIGNED, "5\r\nhello\r\n0\r\n", 0, "hello", "", "",
      0 },
    { "signed chunks carry signatures, the last one too", SIGNED,
      "5;chunk-signature=" A64 "\r\nhello\r\n0;chunk-signature=" B64 "\r\n\r\n", 0, "hello", "", "",
      2 },
    { "a signed trailer has its own signature", TRAILED,
      "0;chunk-signature=" A64 "\r\nx-amz-checksum-crc32:AAAAAA==\r\nx-amz-trailer-signature:" B64
      "\r\n\r\n",
      0, "", "x-amz-checksum-crc32", "AAAAAA==", 1 },
    { "AWS's own form has an empty line before the trailer's signature", TRAILED,
      "0;chunk-signature=" A64 "\r\nx-amz-checksum-crc32:AAAAAA==\n\r\nx-amz-trailer-signature:" B64
      "\r\n\r\n",
      0, "", "x-amz-checksum-crc32", "AAAAAA==", 1 },
    { "a signed form without a signature is refused", SIGNED, "5\r\nhello\r\n0\r\n\r\n", E_PARSE,
      "", "", "", 0 },
    { "a signature is 64 hex digits", SIGNED, "5;chunk-signature=abc\r\nhello\r\n", E_PARSE, "", "",
      "", 0 },
    { "a size is hex", UNSIGNED, "5g\r\nhello\r\n0\r\n\r\n", E_PARSE, "", "", "", 0 },
    { "a size is there", UNSIGNED, "\r\nhello", E_PARSE, "", "", "", 0 },
    { "a negative size is refused", UNSIGNED, "-5\r\nhello\r\n", E_PARSE, "", "", "", 0 },
    { "a size beyond a part is refused", UNSIGNED, "fffffffffff\r\nx", E_LIMIT, "", "", "", 0 },
    { "a size of too many digits is refused", UNSIGNED, "00000000000000005\r\nhello", E_PARSE, "",
      "", "", 0 },
    { "data longer than its size is refused", UNSIGNED, "4\r\nhello\r\n0\r\n\r\n", E_PARSE, "hell",
      "", "", 0 },
    { "an end without a last chunk is incomplete", UNSIGNED, "5\r\nhello\r\n", E_PARSE, "hello", "",
      "", 0 },
    { "an end within data is incomplete", UNSIGNED, "5\r\nhel", E_PARSE, "hel", "", "", 0 },
    { "an end within a line is incomplete", UNSIGNED, "5", E_PARSE, "", "", "", 0 },
    { "bytes behind the end are refused", UNSIGNED, "0\r\n\r\nmore", E_PARSE, "", "", "", 0 },
    { "a trailer without ':' is refused", UNSIGNED, "0\r\nnonsense\r\n\r\n", E_PARSE, "", "", "",
      0 },
};

/* Feed body in pieces of step bytes; returns the first failure. */
static int decode(struct chunked *c, struct str body, size_t step, struct buf *data,
                  struct request *q, struct err *err)
{
    struct str out;
    int rc = 0;

    for (size_t at = 0; at < body.len && rc == 0; at += step) {
        struct str in = str_sub(body, at, step);

        while ((rc = chunked_next(c, &in, &out, err)) == 1)
            buf_add(data, out);
    }
    return rc < 0 ? rc : chunked_end(c, q, err);
}

static void check_case(void **state)
{
    const struct chunked_case *c = *state;
    struct str body = str_c(c->body);

    for (size_t step = 1; step <= body.len; step++) {
        struct arena a = { 0 };
        struct buf data = { 0 };
        struct request q = { 0 };
        struct chunked chunked;
        struct err err = { 0 };

        assert_true(chunked_init(&chunked, &a, str_c(c->form)));
        assert_int_equal(decode(&chunked, body, step, &data, &q, &err), c->rc);
        assert_int_equal(err.code, c->rc);
        check_str(buf_view(&data), c->data);
        check_str(q.trailer_checksum_name, c->trailer);
        check_str(q.trailer_checksum, c->checksum);
        assert_int_equal(q.chunk_count, c->chunks);
        chunked_free(&chunked);
        buf_free(&data);
        arena_free(&a);
    }
}

static void rows_hold_signature_and_hash(void **state)
{
    struct str body = STR("5;chunk-signature=" A64 "\r\nhello\r\n0;chunk-signature=" B64
                          "\r\nx-amz-checksum-sha1:qvTGHdzF6KLavt4PO0gs2a6pQ00=\r\n"
                          "x-amz-trailer-signature:" A64 "\r\n\r\n");
    struct arena a = { 0 };
    struct buf data = { 0 };
    struct request q = { 0 };
    struct chunked chunked;

    (void)state; /* one test, no rows */
    assert_true(chunked_init(&chunked, &a, STR(TRAILED)));
    assert_int_equal(decode(&chunked, body, 7, &data, &q, NULL), 0);
    assert_int_equal(q.chunk_count, 2);
    assert_string_equal(q.chunks[0].signature, A64);
    assert_string_equal(q.chunks[0].sha256,
                        "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
    assert_string_equal(q.chunks[1].signature, B64);
    assert_string_equal(q.chunks[1].sha256, EMPTY);
    check_str(q.trailer_signature, A64);
    check_str(q.trailer_text, "x-amz-checksum-sha1:qvTGHdzF6KLavt4PO0gs2a6pQ00=\n");
    assert_true(q.body_is_chunk_signed);
    chunked_free(&chunked);
    buf_free(&data);
    arena_free(&a);
}

static void other_forms_are_not_chunked(void **state)
{
    struct arena a = { 0 };
    struct chunked chunked;

    (void)state; /* one test, no rows */
    assert_false(chunked_init(&chunked, &a, STR("UNSIGNED-PAYLOAD")));
    assert_false(chunked_init(&chunked, &a, STR("STREAMING-")));
    assert_false(chunked_init(&chunked, &a, STR("")));
    arena_free(&a);
}

int main(void)
{
    struct CMUnitTest tests[COUNT(cases) + 2] = {
        cmocka_unit_test(rows_hold_signature_and_hash),
        cmocka_unit_test(other_forms_are_not_chunked),
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        tests[i + 2] =
            (struct CMUnitTest){ cases[i].name, check_case, NULL, NULL, (void *)&cases[i] };
    return cmocka_run_group_tests_name("chunked", tests, NULL, NULL);
}
