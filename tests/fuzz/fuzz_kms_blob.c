/* KMS's ciphertext: any bytes as a blob; and what was encrypted comes back, but not once a byte of
 * it has changed. */
#include <assert.h>

#include "emulator/engine/engine.h"
#include "emulator/services/kms/kms.h"
#include "tests/fuzz/fuzz.h"

#define ARN      "arn:aws:kms:us-east-1:111122223333:key/1"
#define ID_BYTES 32
#define ID       "3131313131313131313131313131313131313131313131313131313131313131" /* 32 of '1' */

static struct kms_key key_of(struct arena *a)
{
    struct value *material = value_map(a), *all = value_list(a);
    struct kms_key k = { .doc = value_map(a),
                         .meta = value_map(a),
                         .arn = STR(ARN),
                         .spec = kms_spec_find(STR("SYMMETRIC_DEFAULT")) };

    value_put_c(a, material, "Id", ID);
    value_set(material, STR("Bytes"), value_blob(a, STR("0123456789abcdef0123456789abcdef")));
    value_push(all, material);
    value_set(k.doc, STR("Materials"), all);
    return k;
}

static void try_blob(struct ctx *cx, const struct kms_key *k, struct str blob)
{
    struct str arn = kms_blob_arn(blob), plain, id;

    assert(arn.len == 0 ||
           (arn.ptr > blob.ptr && arn.ptr + arn.len + ID_BYTES <= blob.ptr + blob.len));
    if (arn.len > 0 && kms_decrypt(cx, k, NULL, blob, &plain, &id))
        assert(str_eq_c(id, ID) && plain.len < blob.len);
}

static void come_and_go(struct ctx *cx, const struct kms_key *k, struct str plain)
{
    struct value *context = value_map(cx->a);
    struct str blob, back, id;

    value_put_str(cx->a, context, "k", str_sub(plain, 0, 8));
    assert(kms_encrypt(cx, k, context, plain, &blob, NULL) == 0);
    assert(str_eq_c(kms_blob_arn(blob), ARN));
    assert(kms_decrypt(cx, k, context, blob, &back, &id) && str_eq(back, plain));
    char *bytes = (char *)arena_copy(cx->a, blob).ptr;
    bytes[(unsigned char)plain.ptr[0] % blob.len] ^= 1;
    struct str changed = { bytes, blob.len };
    if (kms_blob_arn(changed).len > 0)
        assert(!kms_decrypt(cx, k, context, changed, &back, &id));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = { 0 };
    struct engine e = { .opt = { .seeded = true } };
    struct ctx cx = { .e = &e, .a = &a };
    struct kms_key k = key_of(&a);
    struct str text = { (const char *)data, size };

    rng_init(&cx.rng, 1, 0);
    try_blob(&cx, &k, text);
    if (size > 0)
        come_and_go(&cx, &k, str_sub(text, 0, 4096));
    arena_free(&a);
    return 0;
}
