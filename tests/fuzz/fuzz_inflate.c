/* What zlib inflates, inflate_gzip inflates to the same bytes; what it refuses, it refuses. */
#include <assert.h>
#include <string.h>

#include "core/codec/gunzip.h"
#include "core/codec/inflate.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str bytes = { (const char *)data, size };
    struct inflate *z = inflate_open();
    struct buf ours = { 0 }, theirs = { 0 };
    size_t our_used = 0, their_used = 0;
    enum gunzip_extent extent = GUNZIP_CUT;
    int rc = inflate_gzip(z, bytes, 1 << 20, &ours, &our_used, NULL);
    int their_rc = gunzip_first(bytes, 1 << 20, &theirs, &their_used, &extent, NULL);
    bool is_good = their_rc == 0 && extent == GUNZIP_WHOLE;

    /* zlib stops where the limit is crossed, before it knows of damage behind it */
    if (theirs.len <= 1 << 20 && ours.len <= 1 << 20 && rc != E_LIMIT)
        assert((rc == 0) == is_good);
    if (rc == 0 && is_good) {
        assert(our_used == their_used && ours.len == theirs.len);
        assert(ours.len == 0 || memcmp(ours.ptr, theirs.ptr, ours.len) == 0);
    }
    buf_free(&ours);
    buf_free(&theirs);
    inflate_close(z);
    return 0;
}
