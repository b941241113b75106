#include "tests/unit/check.h"

#include "core/aws/sigv4.h"
#include "core/base/embed.h"
#include "core/codec/uri.h"
#include "core/trail/digest.h"

/* Computed by `openssl dgst -sha256 -sign fixtures/keys/test-0.pem` over "hello". */
#define HELLO_SIGNATURE                                                                            \
    "4b669ef7420e4d66a7f5ef437d941c5f937edb077dca6c53bb54b502ac5fae49"                             \
    "dfa9e93e19f0c370ec92b6609b290ef183ff704beaa14084307f37db28e63ee0"                             \
    "5bff915bc3aa3c4df13a7747a2646b2f2dfc556946a3c88675d57ac402c11a0b"                             \
    "dc2e837a1506c98bddcef8464cec7ababe29801fd7441d5f2bd4779d67b5bb13"                             \
    "515f78ef2ffc733b7a2dada50b62c8a9ef4660a4135282c35a7631d637bf4169"                             \
    "75f59e8cbf8da5a70247eab4b3e0e86f5c2c4fdc7e915baf7b7515679ebf96e7"                             \
    "a342e1a9d0e34aa08ec1701552f1f8aa0f3070ba644d8027ac29d5b2a387c467"                             \
    "88ae02e2e4e907dce823b6d6c6b4a19c9a34169983861e840d14ea3f9dc78b77"
/* `openssl rsa -RSAPublicKey_out -outform DER | md5sum` of the same key. */
#define TEST_0_FINGERPRINT "17d3ac68ac094eb13389ab85136d9c09"

static struct digest_key *test_key(const char *name)
{
    struct err err = { 0 };
    struct digest_key *k;

    check_ok(digest_key_read_pem(&k, embed_find(str_c(name)), &err), &err);
    return k;
}

static void signs_as_openssl_does(void **state)
{
    struct arena a = { 0 };
    struct err err = { 0 };
    struct digest_key *k = test_key("keys/test-0.pem");
    struct str hex;

    (void)state;
    check_ok(digest_sign(k, STR("hello"), &a, &hex, &err), &err);
    check_str(hex, HELLO_SIGNATURE);
    check_ok(digest_verify(k, STR("hello"), hex, &err), &err);
    assert_int_equal(digest_verify(k, STR("hallo"), hex, NULL), E_PARSE);
    assert_int_equal(digest_verify(k, STR("hello"), STR("00ff"), NULL), E_PARSE);
    assert_int_equal(digest_verify(k, STR("hello"), STR("no hex"), NULL), E_PARSE);
    assert_int_equal(digest_verify(k, STR("hello"), STR(""), NULL), E_PARSE);
    digest_key_free(k);
    arena_free(&a);
}

static void fingerprint_is_of_pkcs1(void **state)
{
    struct err err = { 0 };
    struct digest_key *k = test_key("keys/test-0.pem");
    struct buf der = { 0 }, b64 = { 0 };
    char fp[33];

    (void)state;
    check_ok(digest_key_fingerprint(k, fp, &err), &err);
    assert_string_equal(fp, TEST_0_FINGERPRINT);
    check_ok(digest_key_public_der(k, &der, &err), &err);
    base64_encode(&b64, buf_view(&der));
    assert_true(str_has_prefix(buf_view(&b64), STR("MIIBCgKCAQEA")));
    buf_free(&der);
    buf_free(&b64);
    digest_key_free(k);
}

static void keys_survive_every_form(void **state)
{
    struct arena a = { 0 };
    struct err err = { 0 };
    struct digest_key *k, *public_pem, *public_der, *private_pem;
    struct buf pem = { 0 }, pub = { 0 }, der = { 0 };
    struct str hex;

    (void)state;
    check_ok(digest_key_generate(&k, &err), &err);
    check_ok(digest_sign(k, STR("text"), &a, &hex, &err), &err);
    check_ok(digest_key_private_pem(k, &pem, &err), &err);
    check_ok(digest_key_public_pem(k, &pub, &err), &err);
    check_ok(digest_key_public_der(k, &der, &err), &err);
    check_ok(digest_key_read_pem(&private_pem, buf_view(&pem), &err), &err);
    check_ok(digest_key_read_pem(&public_pem, buf_view(&pub), &err), &err);
    check_ok(digest_key_read_der(&public_der, buf_view(&der), &err), &err);
    check_ok(digest_verify(public_pem, STR("text"), hex, &err), &err);
    check_ok(digest_verify(public_der, STR("text"), hex, &err), &err);
    check_ok(digest_verify(private_pem, STR("text"), hex, &err), &err);
    assert_int_equal(digest_sign(public_pem, STR("text"), &a, &hex, NULL), E_MISSING);
    assert_int_equal(digest_key_private_pem(public_der, &pem, NULL), E_MISSING);
    digest_key_free(k);
    digest_key_free(public_pem);
    digest_key_free(public_der);
    digest_key_free(private_pem);
    buf_free(&pem);
    buf_free(&pub);
    buf_free(&der);
    arena_free(&a);
}

static void what_is_no_key_is_refused(void **state)
{
    struct digest_key *k = NULL, *good = test_key("keys/test-1.pem");
    struct buf der = { 0 };
    struct err err = { 0 };

    (void)state;
    assert_int_equal(digest_key_read_pem(&k, STR("hello"), NULL), E_PARSE);
    assert_int_equal(digest_key_read_pem(&k, STR(""), NULL), E_PARSE);
    assert_int_equal(digest_key_read_der(&k, STR("hello"), NULL), E_PARSE);
    assert_int_equal(digest_key_read_der(&k, STR(""), NULL), E_PARSE);
    check_ok(digest_key_public_der(good, &der, &err), &err);
    buf_add_char(&der, 'x');
    assert_int_equal(digest_key_read_der(&k, buf_view(&der), NULL), E_PARSE);
    assert_null(k);
    buf_free(&der);
    digest_key_free(good);
}

static const struct digest_log one_log = {
    .bucket = { "b", 1 },
    .key = { "k1", 2 },
    .hash_hex = { "aa", 2 },
    .newest_ms = 1767323100000,
    .oldest_ms = 1767323040999,
};

static const struct digest first = {
    .account = { "111122223333", 12 },
    .bucket = { "b", 1 },
    .key = { "d1", 2 },
    .fingerprint = { "ff", 2 },
    .start_ms = 1767319507000,
    .end_ms = 1767323107000,
    .has_events = true,
    .newest_ms = 1767323100000,
    .oldest_ms = 1767323040999,
    .logs = &one_log,
    .log_count = 1,
};

#define FIRST_JSON                                                                                 \
    "{\"awsAccountId\":\"111122223333\",\"digestStartTime\":\"2026-01-02T02:05:07Z\","             \
    "\"digestEndTime\":\"2026-01-02T03:05:07Z\",\"digestS3Bucket\":\"b\",\"digestS3Object\":"      \
    "\"d1\",\"digestPublicKeyFingerprint\":\"ff\",\"digestSignatureAlgorithm\":\"SHA256withRSA\"," \
    "\"newestEventTime\":\"2026-01-02T03:05:00Z\",\"oldestEventTime\":\"2026-01-02T03:04:00Z\","   \
    "\"previousDigestS3Bucket\":null,\"previousDigestS3Object\":null,"                             \
    "\"previousDigestHashValue\":null,\"previousDigestHashAlgorithm\":null,"                       \
    "\"previousDigestSignature\":null,\"logFiles\":[{\"s3Bucket\":\"b\",\"s3Object\":\"k1\","      \
    "\"hashValue\":\"aa\",\"hashAlgorithm\":\"SHA-256\",\"newestEventTime\":"                      \
    "\"2026-01-02T03:05:00Z\",\"oldestEventTime\":\"2026-01-02T03:04:00Z\"}]}"

static void writes_the_members_in_order(void **state)
{
    struct buf out = { 0 };

    (void)state;
    digest_write(&out, &first);
    check_str(buf_view(&out), FIRST_JSON);
    buf_free(&out);
}

static void reads_what_it_writes(void **state)
{
    struct arena a = { 0 };
    struct err err = { 0 };
    struct digest d, next = first;
    struct buf out = { 0 };

    (void)state;
    next.has_previous = true;
    next.has_events = false;
    next.log_count = 0;
    next.previous_bucket = STR("b");
    next.previous_key = STR("d0");
    next.previous_hash_hex = STR("bb");
    next.previous_signature_hex = STR("cc");
    digest_write(&out, &next);
    check_ok(digest_parse(&a, buf_view(&out), &d, &err), &err);
    assert_true(d.has_previous && !d.has_events && d.log_count == 0);
    check_str(d.previous_key, "d0");
    check_str(d.end_text, "2026-01-02T03:05:07Z");
    assert_true(d.end_ms == next.end_ms && d.start_ms == next.start_ms);
    check_str(digest_string_to_sign(&a, &d, STR("hh")), "2026-01-02T03:05:07Z\nb/d1\nhh\ncc");
    check_str(digest_string_to_sign(&a, &first, STR("hh")), "2026-01-02T03:05:07Z\nb/d1\nhh\nnull");
    check_ok(digest_parse(&a, STR(FIRST_JSON), &d, &err), &err);
    assert_int_equal(d.log_count, 1);
    check_str(d.logs[0].key, "k1");
    assert_true(d.logs[0].oldest_ms == 1767323040000);
    buf_free(&out);
    arena_free(&a);
}

static const char *const broken[] = {
    "",
    "[]",
    "{}",
    "null",
    "{\"digestPublicKeyFingerprint\":\"f\",\"digestS3Bucket\":\"b\",\"digestS3Object\":\"o\","
    "\"previousDigestSignature\":null,\"digestEndTime\":\"soon\",\"digestStartTime\":\"soon\","
    "\"logFiles\":[]}",
    "{\"digestPublicKeyFingerprint\":\"f\",\"digestS3Bucket\":\"b\",\"digestS3Object\":\"o\","
    "\"previousDigestSignature\":null,\"digestEndTime\":\"2026-01-02T03:05:07Z\","
    "\"digestStartTime\":\"2026-01-02T03:05:07Z\"}",
    "{\"digestPublicKeyFingerprint\":\"f\",\"digestS3Bucket\":\"b\",\"digestS3Object\":\"o\","
    "\"previousDigestSignature\":null,\"digestEndTime\":\"2026-01-02T03:05:07Z\","
    "\"digestStartTime\":\"2026-01-02T03:05:07Z\",\"logFiles\":[{\"s3Bucket\":\"b\"}]}",
};

static void broken_digests_are_refused(void **state)
{
    struct arena a = { 0 };
    struct digest d;

    (void)state;
    for (size_t i = 0; i < COUNT(broken); i++) {
        struct err err = { 0 };
        assert_int_equal(digest_parse(&a, str_c(broken[i]), &d, &err), E_PARSE);
        assert_true(err.text[0] != '\0');
    }
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signs_as_openssl_does),       cmocka_unit_test(fingerprint_is_of_pkcs1),
        cmocka_unit_test(keys_survive_every_form),     cmocka_unit_test(what_is_no_key_is_refused),
        cmocka_unit_test(writes_the_members_in_order), cmocka_unit_test(reads_what_it_writes),
        cmocka_unit_test(broken_digests_are_refused),
    };
    return cmocka_run_group_tests_name("digest", tests, NULL, NULL);
}
