#include "core/codec/inflate.h"

#include <isa-l/igzip_lib.h>

#include "core/base/mem.h"
#include "core/codec/gunzip.h"
#include "core/codec/wide.h"

struct inflate {
    struct inflate_state state;
};

struct inflate *inflate_open(void)
{
    return mem_alloc(sizeof(struct inflate));
}

void inflate_close(struct inflate *z)
{
    mem_free(z);
}

/* What the member says of its own length, if it is the only one; a lie costs room, no more. */
static size_t told_length(struct str bytes, size_t most)
{
    size_t n = 0;

    for (size_t i = 0; i < 4 && bytes.len >= 18; i++)
        n = n << 8 | (unsigned char)bytes.ptr[bytes.len - 1 - i];
    return n < most ? n : most;
}

/* Into `room` bytes at to; the member's header, checksum and length are read and held against it.
 */
static int run(struct inflate *z, struct str bytes, char *to, size_t room)
{
    isal_inflate_init(&z->state);
    z->state.crc_flag = ISAL_GZIP;
    z->state.next_in = (uint8_t *)bytes.ptr; /* it is only read */
    z->state.avail_in = (uint32_t)bytes.len;
    z->state.next_out = (uint8_t *)to;
    z->state.avail_out = (uint32_t)room;
    int rc = isal_inflate_stateless(&z->state);

    wide_end();
    return rc;
}

static int over(size_t most, struct err *err)
{
    return err_set(err, E_LIMIT, "gzip: inflates to more than %zu bytes", most);
}

/* What ISA-L can't do, or calls damaged: zlib says what is wrong, and has the last word. */
static int by_zlib(struct str bytes, size_t most, struct buf *out, size_t *out_used,
                   struct err *err)
{
    enum gunzip_extent extent;
    size_t start = out->len, used;
    int rc = gunzip_first(bytes, most, out, &used, &extent, err);

    if (rc == 0 && out->len - start > most)
        rc = over(most, err);
    else if (rc == 0 && extent == GUNZIP_CUT)
        rc = err_set(err, E_PARSE, "gzip: truncated");
    if (rc == 0)
        *out_used = used;
    else
        out->len = start;
    return rc;
}

/* ISA-L counts in 32 bits, and takes a header with flags that mean nothing. Source: RFC 1952,
 * 2.3.1.2: "a compliant decompressor must give an error indication if any reserved bit is
 * non-zero". */
static bool is_for_isal(struct str bytes, size_t most)
{
    return bytes.len <= UINT32_MAX && most < UINT32_MAX &&
           !(bytes.len > 3 && (unsigned char)bytes.ptr[3] & 0xe0);
}

int inflate_gzip(struct inflate *z, struct str bytes, size_t most, struct buf *out,
                 size_t *out_used, struct err *err)
{
    size_t room = told_length(bytes, most) + 1;
    int rc;

    if (!is_for_isal(bytes, most))
        return by_zlib(bytes, most, out, out_used, err);
    /* A member that says too little is inflated once more. */
    while ((rc = run(z, bytes, buf_reserve(out, room), room)) == ISAL_OUT_OVERFLOW && room <= most)
        room = 4 * room < most ? 4 * room : most + 1;
    if (rc == ISAL_OUT_OVERFLOW || (rc == ISAL_DECOMP_OK && z->state.total_out > most))
        return over(most, err);
    if (rc != ISAL_DECOMP_OK)
        return by_zlib(bytes, most, out, out_used, err);
    out->len += z->state.total_out;
    *out_used = bytes.len - z->state.avail_in;
    return 0;
}
