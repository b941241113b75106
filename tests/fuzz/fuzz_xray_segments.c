/* What comes in for X-Ray: datagrams, headers, documents; then a trace of all that was taken, its
 * summary and its graph. A line of the input is a document. */
#include <assert.h>

#include "core/codec/json.h"
#include "emulator/services/xray/datagram.h"
#include "emulator/services/xray/graph.h"
#include "emulator/services/xray/segment.h"
#include "emulator/services/xray/summary.h"
#include "tests/fuzz/fuzz.h"

#define NOW_MS     1767603600000ll
#define LINES_MOST 64

static void check_header(struct str text)
{
    struct xray_header h = xray_header_parse(text);

    assert(h.root.len == 0 || xray_is_trace_id(h.root));
    assert(h.parent.len == 0 || (h.root.len > 0 && xray_is_segment_id(h.parent)));
}

/* Taken by the rules, or a trace must bear it all the same: rules may change, what is kept stays.
 */
static size_t take_lines(struct arena *a, struct str text, struct xray_line *lines)
{
    struct segment_refusal why;
    struct value *v;
    struct str line;
    size_t count = 0;
    bool more = true;

    while (more && count < LINES_MOST) {
        more = str_cut(text, '\n', &line, &text);
        if (!segment_parse(a, line, NOW_MS, &v, &why))
            assert(why.code);
        if (json_parse(a, line, &v, NULL) == 0 && v->kind == VALUE_MAP)
            lines[count++] = (struct xray_line){ .trace_id = STR("t"), .text = line };
    }
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = { (const char *)data, size }, document;
    struct xray_line lines[LINES_MOST];
    struct arena a = { 0 };

    check_header(text);
    if (xray_datagram_parse(&a, text, &document, NULL) == 0)
        assert(document.len > 0);
    size_t count = take_lines(&a, text, lines);
    struct trace *t = count > 0 ? trace_build(&a, names_new(&a, NULL), lines, count) : NULL;
    if (t) {
        (void)summary_of(&a, t); /* whatever they hold: no crash, an end */
        (void)summary_trace(&a, t);
        struct graph *g = graph_new(&a);
        graph_add(g, t);
        (void)graph_services(g);
    }
    arena_free(&a);
    return 0;
}
