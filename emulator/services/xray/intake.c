/* A block: series "xray" of "ACCOUNT/REGION", at the second that its trace ids carry, numbered by
 * its first document; packed, for most of a document repeats. Its lines:
 *     TRACE_ID AT_MS NUMBER DOCUMENT\n
 * What is still to be delivered into the tree is told by series "xray.new": a point a block, whose
 * time is the block's number (numbers increase as blocks come in) and whose data its second. */
#include "emulator/services/xray/intake.h"

#include "core/base/limits.h"
#include "core/codec/gzip.h"
#include "core/codec/lz.h"
#include "emulator/store/series.h"

struct intake_block {
    struct intake_block *next;
    struct str name; /* ACCOUNT/REGION */
    int64_t second_ms;
    uint64_t number;
    struct buf lines;
};

struct str intake_name(struct arena *a, struct xray_place place)
{
    return arena_printf(a, "%.*s/%.*s", STR_ARG(place.account), STR_ARG(place.region));
}

static bool is_of(const struct intake_block *b, struct xray_place p, int64_t second_ms)
{
    return b->second_ms == second_ms && b->name.len == p.account.len + 1 + p.region.len &&
           str_has_prefix(b->name, p.account) && str_has_suffix(b->name, p.region);
}

static struct intake_block *block_for(struct intake *in, const struct intake_document *doc)
{
    int64_t second_ms = xray_trace_time_ms(doc->trace_id);
    struct intake_block **at = &in->first;

    for (; *at; at = &(*at)->next)
        if (is_of(*at, doc->place, second_ms))
            return *at;
    struct intake_block *b = arena_alloc(in->a, sizeof *b);
    b->name = intake_name(in->a, doc->place);
    b->second_ms = second_ms;
    b->number = doc->number;
    *at = b;
    return b;
}

void intake_add(struct intake *in, const struct intake_document *doc)
{
    struct buf *lines = &block_for(in, doc)->lines;

    buf_add(lines, doc->trace_id);
    buf_add_char(lines, ' ');
    buf_add_i64(lines, doc->at_ms);
    buf_add_char(lines, ' ');
    buf_add_u64(lines, doc->number);
    buf_add_char(lines, ' ');
    buf_add(lines, doc->text);
    buf_add_char(lines, '\n');
}

static int store_block(const struct intake_block *b, struct store *s, struct err *err)
{
    struct buf packed = { 0 }, when = { 0 };

    lz_pack(&packed, buf_view(&b->lines));
    buf_add_i64(&when, b->second_ms);
    struct series_point lines = { b->second_ms, b->number, buf_view(&packed) };
    struct series_point waiting = { (int64_t)b->number, 0, buf_view(&when) };
    int rc = series_put(s, (struct series_key){ INTAKE_BLOCKS, b->name }, &lines, err);
    if (rc == 0)
        rc = series_put(s, (struct series_key){ INTAKE_WAITING, b->name }, &waiting, err);
    buf_free(&packed);
    buf_free(&when);
    return rc;
}

int intake_store(struct intake *in, struct store *s, struct err *err)
{
    int rc = 0;

    for (struct intake_block *b = in->first; b; b = b->next) {
        if (rc == 0)
            rc = store_block(b, s, err);
        buf_free(&b->lines);
    }
    in->first = NULL;
    return rc;
}

void intake_drop(struct intake *in)
{
    for (struct intake_block *b = in->first; b; b = b->next)
        buf_free(&b->lines);
    in->first = NULL;
}

/* ---- reading ---- */

static bool next_line(struct str *left, struct xray_line *out)
{
    struct str line, at, number;
    int64_t n;

    if (left->len == 0)
        return false;
    (void)str_cut(*left, '\n', &line, left); /* the last line ends so too */
    if (!str_cut(line, ' ', &out->trace_id, &line) || !str_cut(line, ' ', &at, &line) ||
        !str_cut(line, ' ', &number, &out->text) || !str_to_i64(at, &out->at_ms) ||
        !str_to_i64(number, &n))
        return false; /* no line of ours: a damaged disk */
    out->number = (uint64_t)n;
    return true;
}

int intake_read(struct arena *a, struct str block, struct buf *lines, struct err *err)
{
    struct buf text = { 0 };
    struct xray_line line;
    int rc = lz_is_packed(block) ? lz_unpack(block, LIMIT_JSON_BYTES, &text, err)
                                 : gzip_read(block, LIMIT_JSON_BYTES, &text, NULL, err);

    if (rc == 0) { /* gzip: an older version's */
        struct str left = arena_copy(a, buf_view(&text));
        while (next_line(&left, &line))
            buf_add(lines, (struct str){ (const char *)&line, sizeof line });
    }
    buf_free(&text);
    return rc;
}

int xray_lines(struct store *s, struct arena *a, struct xray_place place, int64_t from_ms,
               int64_t to_ms, struct xray_line **out, size_t *count, struct err *err)
{
    struct series_key key = { INTAKE_BLOCKS, intake_name(a, place) };
    struct series_span span = { .from_ms = from_ms, .to_ms = to_ms };
    struct series_point *points;
    struct buf lines = { 0 };
    size_t blocks = 0;
    int rc = series_list(s, a, key, &span, &points, &blocks, err);

    for (size_t i = 0; rc == 0 && i < blocks; i++)
        rc = intake_read(a, points[i].data, &lines, err);
    if (rc == 0) {
        *count = lines.len / sizeof **out;
        *out = arena_array(a, *count, sizeof **out);
        if (lines.len > 0)
            memcpy(*out, lines.ptr, lines.len);
    }
    buf_free(&lines);
    return rc;
}

static int prune_kind(struct store *s, struct arena *a, const char *kind, int64_t before_ms,
                      struct err *err)
{
    struct series_key key = { kind, STR("") };
    struct str *names;
    size_t count;
    int rc = series_names(s, a, key, STR(""), 0, &names, &count, err);

    for (size_t i = 0; rc == 0 && i < count; i++) {
        key.name = names[i];
        rc = series_prune(s, key, before_ms, err);
    }
    return rc;
}

int xray_prune(struct store *s, int64_t now_ms, struct err *err)
{
    struct arena a = { 0 };
    int rc = prune_kind(s, &a, INTAKE_BLOCKS, now_ms - XRAY_RETENTION_MS, err);

    arena_free(&a);
    return rc;
}
