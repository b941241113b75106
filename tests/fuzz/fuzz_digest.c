/* A digest that is read is written and read again with the same meaning. The bytes are also tried
 * as keys: PEM and DER. */
#include <assert.h>

#include "core/trail/digest.h"
#include "tests/fuzz/fuzz.h"

static void try_key(struct str text)
{
    struct digest_key *k = NULL;

    if (digest_key_read_der(&k, text, NULL) == 0)
        digest_key_free(k);
    k = NULL;
    if (digest_key_read_pem(&k, text, NULL) == 0)
        digest_key_free(k);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = { 0 };
    struct buf out = { 0 };
    struct str text = { (const char *)data, size };
    struct digest d, again;

    try_key(text);
    if (digest_parse(&a, text, &d, NULL) == 0) {
        struct str first = digest_string_to_sign(&a, &d, STR("00"));
        assert(first.len > 0);
        digest_write(&out, &d);
        if (digest_parse(&a, buf_view(&out), &again, NULL) == 0) {
            assert(again.log_count == d.log_count && again.has_previous == d.has_previous);
            assert(str_eq(again.key, d.key) && str_eq(again.bucket, d.bucket));
        }
    }
    buf_free(&out);
    arena_free(&a);
    return 0;
}
