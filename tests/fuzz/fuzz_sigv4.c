/* Authorization headers: what is read was there, and a request of any bytes can be signed. */
#include <assert.h>

#include "core/aws/sigv4.h"
#include "tests/fuzz/fuzz.h"

static bool inside(struct str part, struct str whole)
{
    return part.len == 0 || (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len);
}

static void sign(struct arena *a, struct str bytes)
{
    struct sigv4_scope scope = { STR("AK"), STR("20260102"), STR("us-east-1"), STR("s3") };
    struct sigv4_pair pair = { bytes, bytes };
    struct sigv4_request q = { .method = STR("GET"),
                               .path = bytes,
                               .query = &pair,
                               .query_count = 1,
                               .headers = &pair,
                               .header_count = 1,
                               .payload_hash = STR("UNSIGNED-PAYLOAD"),
                               .datetime = STR("20260102T030405Z") };
    unsigned char key[32] = { 0 };
    char first[65], again[65];

    for (int is_s3 = 0; is_s3 < 2; is_s3++) {
        q.is_s3 = is_s3;
        sigv4_sign(a, key, &scope, &q, first);
        sigv4_sign(a, key, &scope, &q, again);
        assert(sigv4_equal(str_c(first), str_c(again)) && strlen(first) == 64);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = { (const char *)data, size };
    struct sigv4_authorization auth = { 0 };
    struct sigv4_scope scope = { 0 };
    struct arena a = { 0 };
    struct err err = { 0 };
    int rc = sigv4_parse_authorization(text, &auth, &err);

    assert(err.code == rc);
    if (rc == 0) {
        assert(auth.scope.access_key_id.len > 0 && auth.scope.date.len == 8);
        assert(inside(auth.scope.access_key_id, text) && inside(auth.signature, text) &&
               inside(auth.signed_headers, text) && auth.signature.len > 0);
    }
    if (sigv4_parse_credential(text, &scope, NULL) == 0)
        assert(scope.region.len > 0 && scope.service.len > 0);
    sign(&a, text);
    arena_free(&a);
    return 0;
}
