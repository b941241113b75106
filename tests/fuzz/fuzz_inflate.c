/* What zlib inflates, inflate_gzip inflates to the same bytes; what it refuses, it refuses, but for
 * sets of codes that are not complete. The bytes are taken as they are, and once more as the data
 * of a member whose checksum and length are right: no mutation would find those. */
#include <assert.h>
#include <string.h>

#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>

#include "core/codec/gunzip.h"
#include "core/codec/inflate.h"
#include "tests/fuzz/fuzz.h"

enum { HEADER = 10, MOST = 1 << 16 };

static void compare(struct inflate *z, struct str bytes)
{
    struct buf ours = { 0 }, theirs = { 0 };
    size_t our_used = 0, their_used = 0;
    enum gunzip_extent extent = GUNZIP_CUT;
    struct err err = { 0 };
    int rc = inflate_gzip(z, bytes, MOST, &ours, &our_used, NULL);
    int their_rc = gunzip_first(bytes, MOST, &theirs, &their_used, &extent, &err);
    bool is_good = their_rc == 0 && extent == GUNZIP_WHOLE;
    bool is_incomplete = str_has_suffix(str_c(err.text), STR(" set"));

    /* zlib stops where the limit is crossed, before it knows of damage behind it */
    if (theirs.len <= MOST && rc != E_LIMIT && !is_incomplete)
        assert((rc == 0) == is_good);
    if (rc == 0 && is_good) {
        assert(our_used == their_used && ours.len == theirs.len);
        assert(ours.len == 0 || memcmp(ours.ptr, theirs.ptr, ours.len) == 0);
    }
    assert(rc == 0 || ours.len == 0);
    buf_free(&ours);
    buf_free(&theirs);
}

static void add_u32(struct buf *out, uint32_t n)
{
    for (int i = 0; i < 4; i++)
        buf_add_char(out, (char)(n >> 8 * i));
}

/* A member of what ISA-L makes of the bytes, also where it should make nothing of them. */
static void add_member(struct buf *out, const uint8_t *data, size_t size)
{
    static const char header[HEADER] = { 0x1f, (char)0x8b, 8 };
    struct inflate_state state;
    struct buf text = { 0 };

    isal_inflate_init(&state);
    state.next_in = (uint8_t *)data; /* it is only read */
    state.avail_in = (uint32_t)size;
    state.next_out = (uint8_t *)buf_reserve(&text, MOST);
    state.avail_out = MOST;
    (void)isal_inflate_stateless(&state); /* whatever it says */
    buf_add(out, (struct str){ header, sizeof header });
    buf_add(out, (struct str){ (const char *)data,
                               state.avail_in < size ? size - state.avail_in : size });
    add_u32(out, crc32_gzip_refl(0, (const unsigned char *)text.ptr, state.total_out));
    add_u32(out, state.total_out);
    buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct inflate *z = inflate_open();
    struct buf member = { 0 };

    compare(z, (struct str){ (const char *)data, size });
    if (size > HEADER && data[0] == 0x1f)
        add_member(&member, data + HEADER, size - HEADER);
    else
        add_member(&member, data, size);
    compare(z, buf_view(&member));
    buf_free(&member);
    inflate_close(z);
    return 0;
}
