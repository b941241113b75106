/* The bytes of a delivery: the file's own, or changed as the plan says. */
#include "core/base/limits.h"
#include "core/codec/gzip.h"
#include "core/codec/json.h"
#include "core/trail/scan.h"
#include "verify/replay/delivery.h"

enum { GZIP_LEVEL = 6, OVERSIZE_BYTES = 300 << 10 };

/* Where each record stands in a text. */
struct spans {
    struct str *items;
    int64_t *seconds; /* a number for each eventTime, equal for equal ones */
    size_t count;
};

static bool is_gzip(struct str bytes)
{
    return bytes.len >= 2 && (unsigned char)bytes.ptr[0] == 0x1f &&
           (unsigned char)bytes.ptr[1] == 0x8b;
}

static int inflate_stored(struct content *c, struct err *err)
{
    struct str stored = buf_view(&c->stored);

    c->has_text = true;
    if (is_gzip(stored))
        return gzip_read(stored, LIMIT_INFLATE_BYTES, &c->text, NULL, err);
    buf_add(&c->text, stored);
    return 0;
}

static int find_records(struct arena *a, struct str text, struct spans *out, struct err *err)
{
    struct buf copy = { 0 };
    struct scan *scan = scan_open();
    struct scan_record r;
    enum scan_step step;
    size_t room = 64;
    int rc = 0;

    *out = (struct spans){ arena_array(a, room, sizeof *out->items),
                           arena_array(a, room, sizeof *out->seconds), 0 };
    buf_add(&copy, text);
    scan_pad(&copy);
    scan_start(scan, copy.ptr, copy.len, SCAN_WHOLE);
    while ((step = scan_next(scan, &r)) == SCAN_RECORD) {
        if (out->count == room) {
            struct spans more = { arena_array(a, room * 2, sizeof *more.items),
                                  arena_array(a, room * 2, sizeof *more.seconds), out->count };

            memcpy(more.items, out->items, room * sizeof *more.items);
            memcpy(more.seconds, out->seconds, room * sizeof *more.seconds);
            *out = more;
            room *= 2;
        }
        out->seconds[out->count] = (int64_t)str_hash(scan_top_str(&r, SCAN_EVENT_TIME));
        out->items[out->count++] = str_sub(text, r.offset, r.text.len);
    }
    if (step == SCAN_BROKEN)
        rc = err_set(err, E_PARSE, "record %zu: %s", out->count + 1, scan_why(scan));
    scan_close(scan);
    buf_free(&copy);
    return rc;
}

static void write_records(struct buf *out, const struct spans *s, size_t from, size_t to)
{
    buf_add_c(out, "{\"Records\":[");
    for (size_t i = from; i < to; i++) {
        if (i > from)
            buf_add_char(out, ',');
        buf_add(out, s->items[i]);
    }
    buf_add_c(out, "]}");
}

/* Neighbours of one second change places, so that cause may stand behind effect. */
static void swap_seconds(struct spans *s)
{
    for (size_t i = 0; i + 1 < s->count; i++) {
        struct str first = s->items[i];

        if (s->seconds[i] != s->seconds[i + 1])
            continue;
        s->items[i] = s->items[i + 1];
        s->items[i + 1] = first;
        i++;
    }
}

/* Another character where a member's value begins: still JSON, and no id is lost. */
static struct str tampered(struct arena *a, struct str text, const char *member)
{
    struct str name = arena_printf(a, "\"%s\":\"", member);
    ptrdiff_t at = str_find(text, name);
    struct str copy = arena_copy(a, text);

    if (at < 0 || (size_t)at + name.len >= text.len || text.ptr[(size_t)at + name.len] == '"')
        return text;
    char *c = (char *)copy.ptr + at + name.len; /* the arena's copy */
    *c = *c == '1' ? '2' : '1';
    return copy;
}

static struct str oversized(struct arena *a, struct str record)
{
    struct str name = STR("\"requestParameters\":"), rest;
    ptrdiff_t at = str_find(record, name);
    struct buf out = { 0 };

    if (at < 0)
        return record;
    buf_add(&out, str_sub(record, 0, (size_t)at + name.len));
    buf_add_c(&out, "{\"padding\":\"");
    memset(buf_reserve(&out, OVERSIZE_BYTES), 'x', OVERSIZE_BYTES);
    out.len += OVERSIZE_BYTES;
    rest = str_sub(record, (size_t)at + name.len, record.len);
    if (str_has_prefix(rest, STR("null")))
        buf_printf(&out, "\"}%.*s", (int)(rest.len - 4), rest.ptr + 4);
    else
        buf_printf(&out, "\"%s%.*s", str_has_prefix(rest, STR("{}")) ? "" : ",",
                   (int)(rest.len - 1), rest.ptr + 1);
    struct str grown = arena_copy(a, buf_view(&out));

    buf_free(&out);
    return grown;
}

/* One record of the file, by chance. */
static struct str *pick(struct spans *s, const struct plan *p, const struct delivery *d)
{
    struct rng rng;

    rng_init(&rng, p->seed, ((uint64_t)1 << 32) + d->chance); /* faults have the first streams */
    return &s->items[rng_below(&rng, s->count)];
}

static int edit_records(struct arena *a, struct content *c, const struct plan *p,
                        const struct delivery *d, struct err *err)
{
    struct spans s;
    size_t from = 0, to;
    struct buf text = { 0 };
    int rc = find_records(a, buf_view(&c->text), &s, err);

    if (rc < 0 || s.count == 0)
        return rc;
    to = s.count;
    if (d->changes & CHANGE_SWAP)
        swap_seconds(&s);
    if (d->changes & CHANGE_TAMPER)
        *pick(&s, p, d) = tampered(a, *pick(&s, p, d), "sourceIPAddress");
    if (d->changes & CHANGE_OVERSIZE)
        *pick(&s, p, d) = oversized(a, *pick(&s, p, d));
    if (d->changes & CHANGE_FIRST_HALF)
        to = (s.count + 1) / 2;
    if (d->changes & CHANGE_SECOND_HALF)
        from = (s.count + 1) / 2;
    write_records(&text, &s, from, to);
    buf_free(&c->text);
    c->text = text;
    return 0;
}

static int edit(struct arena *a, struct content *c, const struct plan *p, const struct delivery *d,
                struct err *err)
{
    int rc = inflate_stored(c, err);

    if (rc < 0)
        return rc;
    if (delivery_is_digest(d)) {
        struct str text = tampered(a, buf_view(&c->text), "digestStartTime");
        struct buf changed = { 0 };

        buf_add(&changed, text);
        buf_free(&c->text);
        c->text = changed;
    } else {
        rc = edit_records(a, c, p, d, err);
    }
    if (rc < 0 || !is_gzip(buf_view(&c->stored)))
        return rc;
    buf_clear(&c->stored);
    return gzip_write(&c->stored, buf_view(&c->text), GZIP_LEVEL, err);
}

static int read_file(struct content *c, struct arena *a, struct source_reader *r,
                     const struct delivery *d, struct err *err)
{
    if (d->bytes.ptr) {
        buf_add(&c->stored, d->bytes);
        c->metadata = d->metadata;
        return 0;
    }
    if (d->file->key.len == 0 || d->file->bucket.len == 0)
        return source_read(r, d->file, &c->stored, err);
    return source_read_object(r, a, d->file->bucket, d->file->key, &c->stored, &c->metadata, err);
}

int content_make(struct content *c, struct arena *a, struct source_reader *r, const struct plan *p,
                 const struct delivery *d, bool want_text, struct err *err)
{
    *c = (struct content){ 0 };
    int rc = read_file(c, a, r, d, err);

    if (rc == 0 && (d->changes & ~(unsigned)CHANGE_TRUNCATE))
        rc = edit(a, c, p, d, err);
    if (rc == 0 && (d->changes & CHANGE_TRUNCATE))
        c->stored.len = c->stored.len * 3 / 5;
    if (rc == 0 && want_text && !c->has_text)
        rc = inflate_stored(c, err);
    if (rc < 0)
        content_free(c);
    return rc;
}

void content_free(struct content *c)
{
    buf_free(&c->stored);
    buf_free(&c->text);
}
