#include "core/codec/gunzip.h"

#include <zlib.h>

#include "core/base/mem.h"

enum { GZIP_MEMBER = 31, MOST = 1 << 30, FIRST_ROOM = 1 << 16 };

struct gunzip {
    z_stream z;
    bool is_ready;
};

struct gunzip *gunzip_open(void)
{
    return mem_alloc(sizeof(struct gunzip));
}

void gunzip_close(struct gunzip *g)
{
    if (!g)
        return;
    if (g->is_ready)
        (void)inflateEnd(&g->z); /* nothing to lose */
    mem_free(g);
}

void gunzip_start(struct gunzip *g)
{
    if (g->is_ready)
        (void)inflateReset(&g->z); /* fails for a broken z_stream only */
}

int gunzip_step(struct gunzip *g, struct str *in, size_t most, struct buf *out, struct err *err)
{
    size_t piece = in->len < MOST ? in->len : MOST, room = most < MOST ? most : MOST;

    if (!g->is_ready && inflateInit2(&g->z, GZIP_MEMBER) != Z_OK)
        return err_set(err, E_LIMIT, "gzip: no memory to inflate");
    g->is_ready = true;
    g->z.next_in = (Bytef *)in->ptr;
    g->z.avail_in = (uInt)piece;
    g->z.next_out = (Bytef *)buf_reserve(out, room);
    g->z.avail_out = (uInt)room;
    int rc = inflate(&g->z, Z_NO_FLUSH);

    out->len += room - g->z.avail_out;
    *in = str_sub(*in, piece - g->z.avail_in, in->len);
    if (rc == Z_STREAM_END)
        return GUNZIP_END;
    if (rc == Z_OK || rc == Z_BUF_ERROR)
        return GUNZIP_GOES_ON;
    return err_set(err, E_PARSE, "gzip: %s", g->z.msg ? g->z.msg : zError(rc));
}

int gunzip_first(struct str bytes, size_t limit_bytes, struct buf *out, size_t *out_used,
                 enum gunzip_extent *out_extent, struct err *err)
{
    struct gunzip *g = gunzip_open();
    struct str rest = bytes;
    size_t start = out->len, before;
    int rc;

    do {
        size_t done = out->len - start, room = done < FIRST_ROOM ? FIRST_ROOM : done;

        before = out->len;
        rc = gunzip_step(g, &rest, room, out, err);
        if (rc == GUNZIP_GOES_ON && out->len - start > limit_bytes)
            rc = err_set(err, E_LIMIT, "gzip: inflates to more than %zu bytes", limit_bytes);
    } while (rc == GUNZIP_GOES_ON && (rest.len > 0 || out->len > before));
    gunzip_close(g);
    if (rc < 0)
        return rc;
    *out_used = bytes.len - rest.len;
    *out_extent = rc == GUNZIP_END ? GUNZIP_WHOLE : GUNZIP_CUT;
    return 0;
}
