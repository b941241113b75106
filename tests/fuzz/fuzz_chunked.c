/* aws-chunked framing: the pieces that a body comes in change nothing, and data never grows. The
 * first byte chooses the form, the second the size of the pieces. */
#include <assert.h>

#include "emulator/http/chunked.h"
#include "tests/fuzz/fuzz.h"

static int decode(struct arena *a, struct str form, struct str body, size_t step, struct buf *data)
{
    struct chunked c;
    struct request q = { 0 };
    struct str out;
    int rc = 0;

    assert(chunked_init(&c, a, form));
    for (size_t at = 0; at < body.len && rc == 0; at += step) {
        struct str in = str_sub(body, at, step);

        while ((rc = chunked_next(&c, &in, &out, NULL)) == 1)
            buf_add(data, out);
    }
    if (rc == 0)
        rc = chunked_end(&c, &q, NULL);
    assert(rc < 0 || q.chunk_count * sizeof(struct chunk_signature) == c.chunks.len);
    chunked_free(&c);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const forms[] = { "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
                                         "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
                                         "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
                                         "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD" };
    struct arena a = { 0 };
    struct buf whole = { 0 }, pieces = { 0 };
    struct str form, body;

    if (size < 2)
        return 0;
    form = str_c(forms[data[0] % COUNT(forms)]);
    body = (struct str){ (const char *)data + 2, size - 2 };
    int rc = decode(&a, form, body, body.len + 1, &whole);

    assert(decode(&a, form, body, (size_t)data[1] + 1, &pieces) == rc);
    assert(str_eq(buf_view(&whole), buf_view(&pieces)));
    assert(whole.len <= body.len);
    buf_free(&whole);
    buf_free(&pieces);
    arena_free(&a);
    return 0;
}
