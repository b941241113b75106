/* Traces out of blocks: those of some ids, or all of a span. */
#include <stdlib.h>

#include "core/base/mem.h"
#include "emulator/services/xray/intake.h"
#include "emulator/services/xray/trace.h"
#include "emulator/store/series.h"

#define PAGE_BLOCKS 64 /* read at once */

/* By trace, in each as they came in. */
static int by_trace(const void *a, const void *b)
{
    const struct xray_line *x = a, *y = b;
    int order = str_cmp(x->trace_id, y->trace_id);

    if (order != 0)
        return order;
    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    return x->text.ptr < y->text.ptr ? -1 : x->text.ptr > y->text.ptr;
}

static int64_t oldest_ms(int64_t from_ms, int64_t now_ms)
{
    int64_t kept_ms = now_ms - XRAY_RETENTION_MS + 1;

    return from_ms > kept_ms ? from_ms : kept_ms;
}

/* ---- by id ---- */

static int find_one(struct store *s, struct arena *a, struct names *names,
                    const struct trace_query *q, struct str id, struct trace **out, struct err *err)
{
    int64_t at_ms = xray_trace_time_ms(id);
    struct xray_line *lines;
    size_t all = 0, kept = 0;
    int rc = xray_lines(s, a, q->place, oldest_ms(at_ms, q->now_ms), at_ms + 1, &lines, &all, err);

    *out = NULL;
    for (size_t i = 0; rc == 0 && i < all; i++)
        if (str_eq(lines[i].trace_id, id))
            lines[kept++] = lines[i];
    if (kept > 0) {
        qsort(lines, kept, sizeof *lines, by_trace);
        *out = trace_build(a, names, lines, kept);
    }
    return rc;
}

static bool is_repeated(const struct trace_query *q, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (str_eq(q->ids[i], q->ids[at]))
            return true;
    return false;
}

int trace_find(struct store *s, struct arena *a, struct names *names, const struct trace_query *q,
               struct trace ***out, size_t *count, struct err *err)
{
    int rc = 0;

    *out = arena_array(a, q->id_count + 1, sizeof **out);
    *count = 0;
    for (size_t i = 0; rc == 0 && i < q->id_count; i++) {
        struct trace *t;

        if (is_repeated(q, i))
            continue;
        rc = find_one(s, a, names, q, q->ids[i], &t, err);
        if (rc == 0 && t)
            (*out)[(*count)++] = t;
    }
    return rc;
}

/* ---- all of a span ---- */

struct trace_scan {
    struct store *s;
    struct names *names;
    struct arena a, page, second, one; /* the scan's, a page's, a second's, a trace's */
    struct series_key key;
    struct series_span span;
    struct series_point *points; /* of the page */
    size_t point, point_count;
    bool is_last_page;
    struct buf lines; /* struct xray_line of a second, sorted; those from `left` on are done */
    size_t left;
};

struct trace_scan *trace_scan_start(struct store *s, struct names *names,
                                    const struct trace_span *span)
{
    struct trace_scan *scan = mem_alloc(sizeof *scan);

    scan->s = s;
    scan->names = names;
    scan->key = (struct series_key){ INTAKE_BLOCKS, intake_name(&scan->a, span->place) };
    scan->span = (struct series_span){ .from_ms = oldest_ms(span->from_ms, span->now_ms),
                                       .to_ms = span->to_ms,
                                       .newest_first = true,
                                       .limit = PAGE_BLOCKS };
    return scan;
}

void trace_scan_end(struct trace_scan *scan)
{
    arena_free(&scan->a);
    arena_free(&scan->page);
    arena_free(&scan->second);
    arena_free(&scan->one);
    buf_free(&scan->lines);
    mem_free(scan);
}

/* More blocks, if there are any. */
static int next_page(struct trace_scan *scan, struct err *err)
{
    arena_reset(&scan->page);
    scan->point = scan->point_count = 0;
    int rc = series_list(scan->s, &scan->page, scan->key, &scan->span, &scan->points,
                         &scan->point_count, err);
    if (rc < 0)
        return rc;
    scan->is_last_page = scan->point_count < PAGE_BLOCKS;
    if (scan->point_count > 0) {
        const struct series_point *last = &scan->points[scan->point_count - 1];
        scan->span.has_after = true;
        scan->span.after_ms = last->time_ms;
        scan->span.after_number = last->number;
    }
    return 0;
}

/* All lines of the next older second; none: the end. */
static int next_second(struct trace_scan *scan, struct err *err)
{
    int64_t second_ms = -1;
    int rc = 0;

    arena_reset(&scan->second);
    buf_clear(&scan->lines);
    while (rc == 0) {
        if (scan->point == scan->point_count) {
            if (!scan->is_last_page)
                rc = next_page(scan, err);
            if (rc < 0 || scan->point_count == 0 || scan->point == scan->point_count)
                break;
        }
        const struct series_point *p = &scan->points[scan->point];
        if (second_ms >= 0 && p->time_ms != second_ms)
            break;
        second_ms = p->time_ms;
        rc = intake_read(&scan->second, p->data, &scan->lines, err);
        scan->point++;
    }
    scan->left = scan->lines.len / sizeof(struct xray_line);
    if (scan->left > 0)
        qsort(scan->lines.ptr, scan->left, sizeof(struct xray_line), by_trace);
    return rc;
}

int trace_scan_next(struct trace_scan *scan, const struct trace **out, struct err *err)
{
    *out = NULL;
    while (!*out) {
        int rc = scan->left == 0 ? next_second(scan, err) : 0;
        if (rc < 0 || scan->left == 0)
            return rc;
        struct xray_line *lines = (struct xray_line *)(void *)scan->lines.ptr;
        size_t end = scan->left, first = end - 1;
        while (first > 0 && str_eq(lines[first - 1].trace_id, lines[end - 1].trace_id))
            first--;
        scan->left = first;
        arena_reset(&scan->one);
        *out = trace_build(&scan->one, scan->names, lines + first, end - first);
    }
    return 0;
}
