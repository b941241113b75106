#include "core/aws/md5.h"

#include <assert.h>

#include <openssl/evp.h>

#include "core/codec/uri.h"

struct str md5_hex(struct arena *a, struct str bytes)
{
    unsigned char sum[EVP_MAX_MD_SIZE];
    struct buf hex = { 0 };
    unsigned len = 0;
    int done = EVP_Digest(bytes.ptr, bytes.len, sum, &len, EVP_md5(), NULL);

    assert(done == 1); /* fails only without memory */
    hex_encode(&hex, (struct str){ (const char *)sum, len });
    struct str text = arena_copy(a, buf_view(&hex));
    buf_free(&hex);
    return text;
}
