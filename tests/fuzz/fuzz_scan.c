/* Records lie inside the text and in order, their nodes inside them; a text in two pieces gives
 * what it gives whole; one object is JSON for the scan exactly when it is for the JSON reader. */
#include <assert.h>
#include <string.h>

#include "core/codec/json.h"
#include "core/trail/scan.h"
#include "tests/fuzz/fuzz.h"

struct seen {
    uint64_t records, broken, nodes, last_offset;
    enum scan_shape shape;
};

static void check_nodes(const struct scan_record *r)
{
    const char *end = r->text.ptr + r->text.len;

    for (uint32_t i = 0; i < r->node_count; i++) {
        const struct scan_node *n = &r->nodes[i];

        assert(n->span >= 1 && i + n->span <= r->node_count);
        assert(n->value >= r->text.ptr && n->value + n->value_len <= end);
        assert(!n->name || (n->name >= r->text.ptr && n->name + n->name_len <= end));
    }
}

static enum scan_step drain(struct scan *s, struct seen *out)
{
    struct scan_record r;
    enum scan_step step;

    while ((step = scan_next(s, &r)) == SCAN_RECORD || step == SCAN_BROKEN) {
        out->broken += step == SCAN_BROKEN;
        if (step == SCAN_BROKEN)
            continue;
        assert(r.offset >= out->last_offset);
        check_nodes(&r);
        out->last_offset = r.offset;
        out->records++;
        out->nodes += r.node_count;
        (void)scan_find(&r, STR("userIdentity.arn")); /* any or none; must not crash */
    }
    out->shape = scan_shape(s);
    return step;
}

static void drain_to_end(struct scan *s, struct seen *out)
{
    enum scan_step last = drain(s, out);

    assert(last == SCAN_END);
}

static struct seen scan_whole(struct scan *s, struct buf *b, const uint8_t *data, size_t size)
{
    struct seen seen = { .records = 0 };

    buf_clear(b);
    buf_add(b, (struct str){ (const char *)data, size });
    scan_pad(b);
    scan_start(s, b->ptr, b->len, SCAN_WHOLE);
    drain_to_end(s, &seen);
    return seen;
}

static struct seen scan_cut(struct scan *s, struct buf *b, const uint8_t *data, size_t size)
{
    size_t cut = size ? data[0] * size / 256 : 0;
    struct seen seen = { .records = 0 };

    buf_clear(b);
    buf_add(b, (struct str){ (const char *)data, cut });
    scan_pad(b);
    scan_start(s, b->ptr, b->len, SCAN_PART);
    if (drain(s, &seen) == SCAN_END)
        return seen;
    struct str rest = scan_rest(s);

    memmove(b->ptr, rest.ptr, rest.len);
    b->len = rest.len;
    buf_add(b, (struct str){ (const char *)data + cut, size - cut });
    scan_pad(b);
    scan_go_on(s, b->ptr, b->len, SCAN_WHOLE);
    drain_to_end(s, &seen);
    return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct scan *s = scan_open();
    struct buf b = { 0 };
    struct seen whole = scan_whole(s, &b, data, size), cut = scan_cut(s, &b, data, size);

    assert(whole.records == cut.records && whole.nodes == cut.nodes && whole.broken == cut.broken);
    if (whole.records == 1 && whole.broken == 0 && whole.shape == SCAN_LINES) {
        struct arena a = { 0 };
        struct err err = { 0 };
        struct value *v;
        int rc = json_parse(&a, (struct str){ (const char *)data, size }, &v, &err);

        /* a number that no double can hold is JSON all the same */
        assert(rc == 0 || strstr(err.text, "number"));
        arena_free(&a);
    }
    buf_free(&b);
    scan_close(s);
    return 0;
}
