#include "core/codec/cbor.h"

#include <math.h>

#include <cbor.h>

#include "core/base/limits.h"

enum { TAG_EPOCH_TIME = 1 }; /* Source: RFC 8949, 3.4.2 */
#define INDEFINITE UINT64_MAX
#define MAX_TIME_S 1e12 /* up to here a double holds each millisecond */

/* A list, map or string in pieces that is not yet complete. */
struct level {
    struct value *node;
    uint64_t left;   /* items, or pairs of a map; INDEFINITE ends at a break */
    struct str name; /* of the pair begun, when has_name */
    bool has_name;
};

struct reader {
    struct arena *a;
    struct level levels[LIMIT_NESTING];
    int depth;
    bool is_time;      /* tag 1 stands before the next item */
    struct buf pieces; /* of a string of indefinite length: such do not nest */
    struct value *root;
    size_t offset;
    struct err *err;
    int rc;
};

static void refuse(struct reader *r, int code, const char *why)
{
    if (r->rc == 0)
        r->rc = err_set(r->err, code, "cbor offset %zu: %s", r->offset, why);
}

static struct level *top(struct reader *r)
{
    return r->depth ? &r->levels[r->depth - 1] : NULL;
}

static bool is_in_pieces(struct reader *r)
{
    return r->depth && (top(r)->node->kind == VALUE_STRING || top(r)->node->kind == VALUE_BLOB);
}

/* Close what is full, and what that fills in turn. */
static void close_full(struct reader *r)
{
    for (struct level *l = top(r); l && l->left == 0 && !l->has_name; l = top(r)) {
        if (l->node->kind == VALUE_MAP)
            (void)value_keep_last(r->a, l->node); /* as in JSON */
        r->depth--;
    }
}

static void take_name(struct reader *r, struct level *l, const struct value *v)
{
    if (v->kind != VALUE_STRING) {
        refuse(r, E_PARSE, "expected text as a map's key");
        return;
    }
    l->name = v->u.text;
    l->has_name = true;
    l->left -= l->left != INDEFINITE;
}

/* Hang a value, or the start of one, where it belongs. False: a key, or refused. */
static bool place(struct reader *r, struct value *v)
{
    struct level *l = top(r);

    if (r->rc < 0)
        return false;
    if (is_in_pieces(r) || r->is_time) {
        refuse(r, E_PARSE, r->is_time ? "expected a number behind tag 1" : "expected a piece");
        return false;
    }
    if (!l) {
        r->root = v;
    } else if (l->node->kind == VALUE_LIST) {
        value_push(l->node, v);
        l->left -= l->left != INDEFINITE;
    } else if (l->has_name) {
        value_append(l->node, l->name, v);
        l->has_name = false;
    } else {
        take_name(r, l, v);
        return false;
    }
    return true;
}

static void add(struct reader *r, struct value *v)
{
    if (place(r, v))
        close_full(r);
}

static void start(struct reader *r, struct value *v, uint64_t left)
{
    if (r->depth == LIMIT_NESTING) {
        refuse(r, E_LIMIT, "nested too deep");
        return;
    }
    if (!place(r, v))
        return refuse(r, E_PARSE, "expected text as a map's key");
    r->levels[r->depth++] = (struct level){ .node = v, .left = left };
    close_full(r);
}

static void add_number(struct reader *r, double d)
{
    bool is_time = r->is_time;

    r->is_time = false;
    if (!is_time)
        add(r, value_float(r->a, d));
    else if (!(fabs(d) < MAX_TIME_S)) /* also NaN */
        refuse(r, E_PARSE, "expected a time that fits");
    else
        add(r, value_time(r->a, (int64_t)floor(d * 1000 + 0.5)));
}

static void add_integer(struct reader *r, int64_t n)
{
    if (r->is_time)
        add_number(r, (double)n);
    else
        add(r, value_int(r->a, n));
}

static void on_uint64(void *user, uint64_t n)
{
    if (n <= INT64_MAX)
        add_integer(user, (int64_t)n);
    else
        add_number(user, (double)n);
}

static void on_uint8(void *user, uint8_t n)
{
    on_uint64(user, n);
}

static void on_uint16(void *user, uint16_t n)
{
    on_uint64(user, n);
}

static void on_uint32(void *user, uint32_t n)
{
    on_uint64(user, n);
}

/* n stands for -1 - n. */
static void on_negint64(void *user, uint64_t n)
{
    if (n <= INT64_MAX)
        add_integer(user, -1 - (int64_t)n);
    else
        add_number(user, -1.0 - (double)n);
}

static void on_negint8(void *user, uint8_t n)
{
    on_negint64(user, n);
}

static void on_negint16(void *user, uint16_t n)
{
    on_negint64(user, n);
}

static void on_negint32(void *user, uint32_t n)
{
    on_negint64(user, n);
}

static void on_single(void *user, float f)
{
    add_number(user, (double)f);
}

static void on_double(void *user, double d)
{
    add_number(user, d);
}

static void add_bytes(struct reader *r, enum value_kind kind, struct str bytes)
{
    if (is_in_pieces(r) && top(r)->node->kind == kind) {
        buf_add(&r->pieces, bytes);
        return;
    }
    bytes = arena_copy(r->a, bytes);
    add(r, kind == VALUE_BLOB ? value_blob(r->a, bytes) : value_str(r->a, bytes));
}

static void on_bytes(void *user, cbor_data data, size_t len)
{
    add_bytes(user, VALUE_BLOB, (struct str){ (const char *)data, len });
}

static void on_text(void *user, cbor_data data, size_t len)
{
    struct str text = { (const char *)data, len };

    if (str_is_utf8(text))
        add_bytes(user, VALUE_STRING, text);
    else
        refuse(user, E_PARSE, "expected valid UTF-8");
}

/* Its pieces are gathered beside the tree; the whole is placed at the break. */
static void start_pieces(struct reader *r, struct value *v)
{
    if (is_in_pieces(r) || r->is_time)
        return refuse(r, E_PARSE, "expected no string of indefinite length");
    if (r->depth == LIMIT_NESTING)
        return refuse(r, E_LIMIT, "nested too deep");
    buf_clear(&r->pieces);
    r->levels[r->depth++] = (struct level){ .node = v, .left = INDEFINITE };
}

static void on_bytes_start(void *user)
{
    struct reader *r = user;

    start_pieces(r, value_blob(r->a, STR("")));
}

static void on_text_start(void *user)
{
    struct reader *r = user;

    start_pieces(r, value_str(r->a, STR("")));
}

static void on_array_start(void *user, size_t count)
{
    struct reader *r = user;

    start(r, value_list(r->a), count);
}

static void on_map_start(void *user, size_t count)
{
    struct reader *r = user;

    start(r, value_map(r->a), count);
}

static void on_indef_array_start(void *user)
{
    struct reader *r = user;

    start(r, value_list(r->a), INDEFINITE);
}

static void on_indef_map_start(void *user)
{
    struct reader *r = user;

    start(r, value_map(r->a), INDEFINITE);
}

static void on_break(void *user)
{
    struct reader *r = user;
    struct level *l = top(r);

    if (r->rc < 0)
        return;
    if (!l || l->left != INDEFINITE || l->has_name || r->is_time)
        return refuse(r, E_PARSE, "expected no break");
    if (is_in_pieces(r)) {
        r->depth--;
        l->node->u.text = arena_copy(r->a, buf_view(&r->pieces));
        add(r, l->node);
    } else {
        l->left = 0;
        close_full(r);
    }
}

static void on_tag(void *user, uint64_t tag)
{
    struct reader *r = user;

    if (is_in_pieces(r))
        refuse(r, E_PARSE, "expected a piece");
    else if (tag == TAG_EPOCH_TIME)
        r->is_time = true;
}

static void on_null(void *user)
{
    struct reader *r = user;

    add(r, value_null(r->a));
}

static void on_bool(void *user, bool b)
{
    struct reader *r = user;

    add(r, value_bool(r->a, b));
}

static const struct cbor_callbacks callbacks = {
    .uint8 = on_uint8,
    .uint16 = on_uint16,
    .uint32 = on_uint32,
    .uint64 = on_uint64,
    .negint8 = on_negint8,
    .negint16 = on_negint16,
    .negint32 = on_negint32,
    .negint64 = on_negint64,
    .byte_string_start = on_bytes_start,
    .byte_string = on_bytes,
    .string = on_text,
    .string_start = on_text_start,
    .indef_array_start = on_indef_array_start,
    .array_start = on_array_start,
    .indef_map_start = on_indef_map_start,
    .map_start = on_map_start,
    .tag = on_tag,
    .float2 = on_single,
    .float4 = on_single,
    .float8 = on_double,
    .undefined = on_null,
    .null = on_null,
    .boolean = on_bool,
    .indef_break = on_break,
};

static void run(struct reader *r, struct str bytes)
{
    while (r->rc == 0 && !(r->root && r->depth == 0)) {
        struct cbor_decoder_result got = cbor_stream_decode((cbor_data)bytes.ptr + r->offset,
                                                            bytes.len - r->offset, &callbacks, r);

        if (got.status == CBOR_DECODER_NEDATA)
            refuse(r, E_PARSE, "truncated");
        else if (got.status == CBOR_DECODER_ERROR)
            refuse(r, E_PARSE, "expected an item of CBOR");
        r->offset += got.read;
    }
    if (r->rc == 0 && r->offset < bytes.len)
        refuse(r, E_PARSE, "expected the end");
}

int cbor_parse(struct arena *a, struct str bytes, struct value **out, struct err *err)
{
    struct reader r = { .a = a, .err = err };

    if (bytes.len > LIMIT_CBOR_BYTES)
        return err_set(err, E_LIMIT, "cbor: %zu bytes, more than %llu", bytes.len,
                       LIMIT_CBOR_BYTES);
    if (bytes.len == 0)
        return err_set(err, E_PARSE, "cbor offset 0: truncated");
    run(&r, bytes);
    buf_free(&r.pieces);
    if (r.rc == 0)
        *out = r.root;
    return r.rc;
}

/* The head of an item takes at most nine bytes. */
enum { HEAD_BYTES = 9 };

static unsigned char *head_room(struct buf *out)
{
    return (unsigned char *)buf_reserve(out, HEAD_BYTES);
}

static void write_time(struct buf *out, int64_t ms)
{
    struct value seconds = { .kind = VALUE_FLOAT, .u.real = (double)ms / 1000 };

    if (ms % 1000 == 0)
        seconds = (struct value){ .kind = VALUE_INT, .u.integer = ms / 1000 };
    out->len += cbor_encode_tag(TAG_EPOCH_TIME, head_room(out), HEAD_BYTES);
    cbor_write(out, &seconds);
}

static void write_text(struct buf *out, struct str text)
{
    out->len += cbor_encode_string_start(text.len, head_room(out), HEAD_BYTES);
    buf_add(out, text);
}

static void write_kids(struct buf *out, const struct value *v)
{
    for (const struct value *k = value_first(v); k; k = k->next) {
        if (v->kind == VALUE_MAP)
            write_text(out, k->name);
        cbor_write(out, k);
    }
}

void cbor_write(struct buf *out, const struct value *v)
{
    unsigned char *at = head_room(out);

    switch (v ? v->kind : VALUE_NULL) {
    case VALUE_NULL:
        out->len += cbor_encode_null(at, HEAD_BYTES);
        break;
    case VALUE_BOOL:
        out->len += cbor_encode_bool(v->u.boolean, at, HEAD_BYTES);
        break;
    case VALUE_INT:
        out->len += v->u.integer < 0
                        ? cbor_encode_negint((uint64_t)(-1 - v->u.integer), at, HEAD_BYTES)
                        : cbor_encode_uint((uint64_t)v->u.integer, at, HEAD_BYTES);
        break;
    case VALUE_FLOAT:
        out->len += cbor_encode_double(v->u.real, at, HEAD_BYTES);
        break;
    case VALUE_STRING:
        write_text(out, v->u.text);
        break;
    case VALUE_BLOB:
        out->len += cbor_encode_bytestring_start(v->u.text.len, at, HEAD_BYTES);
        buf_add(out, v->u.text);
        break;
    case VALUE_TIME:
        write_time(out, v->u.time_ms);
        break;
    case VALUE_LIST:
        out->len += cbor_encode_array_start(v->count, at, HEAD_BYTES);
        write_kids(out, v);
        break;
    case VALUE_MAP:
        out->len += cbor_encode_map_start(v->count, at, HEAD_BYTES);
        write_kids(out, v);
        break;
    }
}
