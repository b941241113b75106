#include "core/codec/gzip.h"

#include <assert.h>

#include <isa-l/crc.h>
#include <zlib.h>

#include "core/codec/deflate.h"
#include "core/codec/wide.h"

enum { RAW_DEFLATE = -15, GZIP_MEMBER = 31, CHUNK_BYTES = 1 << 30, MEMORY_LEVEL = 8 };

/* Source: RFC 1952, 2.3. zlib would write its level into XFL and its system into OS: the same
 * records would not give the same bytes everywhere. */
static const char header[] = { 0x1f, (char)0x8b, Z_DEFLATED, 0, 0, 0, 0, 0, 0, 0 };

static void add_u32(struct buf *out, uint32_t n)
{
    for (int i = 0; i < 4; i++)
        buf_add_char(out, (char)(n >> 8 * i));
}

/* What zlib counts in 32 bits is given to it in pieces. */
static void feed(z_stream *z, struct str *rest)
{
    size_t piece = rest->len < CHUNK_BYTES ? rest->len : CHUNK_BYTES;

    z->next_in = (Bytef *)rest->ptr;
    z->avail_in = (uInt)piece;
    *rest = str_sub(*rest, piece, rest->len);
}

static void deflate_all(z_stream *z, struct buf *out, struct str rest)
{
    int rc;

    do {
        if (z->avail_in == 0)
            feed(z, &rest);
        uLong room = deflateBound(z, z->avail_in) + 64;

        z->next_out = (Bytef *)buf_reserve(out, room);
        z->avail_out = (uInt)(room < CHUNK_BYTES ? room : CHUNK_BYTES);
        uInt before = z->avail_out;

        rc = deflate(z, rest.len ? Z_NO_FLUSH : Z_FINISH);
        assert(rc == Z_OK || rc == Z_STREAM_END); /* there was room to go on */
        out->len += before - z->avail_out;
    } while (rc != Z_STREAM_END);
}

static int deflate_zlib(struct buf *out, struct str bytes, int level, struct err *err)
{
    z_stream z = { 0 };

    if (deflateInit2(&z, level, Z_DEFLATED, RAW_DEFLATE, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
        return err_set(err, E_LIMIT, "gzip: no memory to deflate");
    deflate_all(&z, out, bytes);
    (void)deflateEnd(&z); /* Z_STREAM_END was seen */
    return 0;
}

static void add_tail(struct buf *out, struct str bytes)
{
    add_u32(out, crc32_gzip_refl(0, (const unsigned char *)bytes.ptr, bytes.len));
    wide_end();
    add_u32(out, (uint32_t)bytes.len);
}

void gzip_write_known(struct buf *out, struct str bytes, const struct hints *known)
{
    buf_add(out, (struct str){ header, sizeof header });
    deflate_records(out, bytes, known);
    add_tail(out, bytes);
}

int gzip_write(struct buf *out, struct str bytes, int level, struct err *err)
{
    size_t start = out->len;

    if (level == GZIP_FAST) {
        gzip_write_known(out, bytes, NULL);
        return 0;
    }
    if (level != GZIP_ALIKE && (level < 1 || level > 9))
        return err_set(err, E_PARSE, "gzip level %d: expected 1 to 9", level);
    int rc = 0;
    buf_add(out, (struct str){ header, sizeof header });
    if (level == GZIP_ALIKE)
        deflate_alike(out, bytes);
    else
        rc = deflate_zlib(out, bytes, level, err);
    if (rc < 0) {
        out->len = start;
        return rc;
    }
    add_tail(out, bytes);
    return 0;
}

struct reader {
    z_stream z;
    struct str rest;
    struct buf *out;
    size_t start, limit_bytes; /* out's length before; what may follow */
    struct err *err;
};

static int fail(struct reader *r, int rc)
{
    if (rc == Z_BUF_ERROR || rc == Z_OK)
        return err_set(r->err, E_PARSE, "gzip: truncated");
    return err_set(r->err, E_PARSE, "gzip: %s", r->z.msg ? r->z.msg : zError(rc));
}

/* One more byte than the limit may be written: that is how its crossing is seen. */
static size_t next_room(const struct reader *r)
{
    size_t done = r->out->len - r->start, left = r->limit_bytes - done;
    size_t room = done < 65536 ? 65536 : done < CHUNK_BYTES ? done : CHUNK_BYTES;

    return left < room ? left + 1 : room;
}

static int inflate_member(struct reader *r)
{
    int rc;

    do {
        if (r->z.avail_in == 0)
            feed(&r->z, &r->rest);
        size_t room = next_room(r);

        r->z.next_out = (Bytef *)buf_reserve(r->out, room);
        r->z.avail_out = (uInt)room;
        rc = inflate(&r->z, Z_NO_FLUSH);
        r->out->len += room - r->z.avail_out;
        if (r->out->len - r->start > r->limit_bytes)
            return err_set(r->err, E_LIMIT, "gzip: inflates to more than %zu bytes",
                           r->limit_bytes);
    } while (rc == Z_OK && (r->z.avail_in || r->rest.len || r->z.avail_out == 0));
    return rc == Z_STREAM_END ? 0 : fail(r, rc);
}

static struct str unread(const struct reader *r)
{
    return (struct str){ (const char *)r->z.next_in, r->z.avail_in + r->rest.len };
}

static int inflate_all(struct reader *r, enum gzip_extra *extra)
{
    int rc = inflate_member(r);

    *extra = GZIP_WHOLE;
    while (rc == 0 && unread(r).len) {
        if (!str_has_prefix(unread(r), STR("\x1f\x8b"))) {
            *extra = GZIP_TRAILING_BYTES;
            break;
        }
        *extra = GZIP_MORE_MEMBERS;
        (void)inflateReset(&r->z); /* fails on a stream that was never opened */
        rc = inflate_member(r);
    }
    return rc;
}

int gzip_read(struct str bytes, size_t limit_bytes, struct buf *out, enum gzip_extra *out_extra,
              struct err *err)
{
    struct reader r = { .rest = bytes, .out = out, .start = out->len, .limit_bytes = limit_bytes };
    enum gzip_extra extra;

    r.err = err;
    if (inflateInit2(&r.z, GZIP_MEMBER) != Z_OK)
        return err_set(err, E_LIMIT, "gzip: no memory to inflate");

    int rc = inflate_all(&r, &extra);

    (void)inflateEnd(&r.z); /* the verdict is rc's */
    if (rc < 0)
        out->len = r.start;
    else if (out_extra)
        *out_extra = extra;
    return rc;
}
