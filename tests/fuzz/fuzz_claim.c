/* Who calls, as the headers and the query of a request say; checked against a key, too. The input
 * is "TARGET\n", headers to an empty line, body. */
#include <assert.h>

#include "core/codec/uri.h"
#include "emulator/identity/claim.h"
#include "tests/fuzz/fuzz.h"

static bool read_request(struct arena *a, struct str in, struct request *q)
{
    struct str line, name, value;

    q->method = STR("PUT");
    (void)str_cut(in, '\n', &q->target, &in);
    (void)str_cut(q->target, '?', &q->path, &q->query);
    q->headers = arena_array(a, 32, sizeof *q->headers);
    while (str_cut(in, '\n', &line, &in) && line.len) {
        (void)str_cut(line, ':', &name, &value);
        if (q->header_count < 32)
            q->headers[q->header_count++] = (struct http_header){ name, str_trim(value) };
    }
    q->body.text = in;
    q->body.len = (int64_t)in.len;
    return uri_parse_query(a, q->query, &q->params, &q->param_count, NULL) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned char key[32] = { 0 };
    struct arena a = { 0 };
    struct request q = { 0 };
    struct claim c = { 0 };
    struct err err = { 0 };
    struct str hash = { 0 };

    if (read_request(&a, (struct str){ (const char *)data, size }, &q)) {
        int rc = claim_parse(&q, &c, &err);
        assert(err.code == rc && (rc == 0 || rc == E_PARSE));
        if (rc == 0 && c.kind == CLAIM_V4 &&
            claim_payload_hash(&a, &q, &c, true, &hash, NULL) == 0) {
            (void)claim_matches_v4(&a, &q, &c, key, hash, true);
            (void)claim_matches_chunks(&q, &c, key);
        }
        if (rc == 0 && c.kind == CLAIM_V2)
            (void)claim_matches_v2(&a, &q, &c, STR("secret"));
    }
    arena_free(&a);
    return 0;
}
