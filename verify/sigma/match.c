/* Records past the rules; what correlations need of the matches is kept aside. */
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/codec/json.h"
#include "verify/sigma/marks.h"

struct sigma_matcher *sigma_matcher_new(const struct sigma *s)
{
    struct sigma_matcher *m = mem_alloc(sizeof *m);

    m->s = s;
    return m;
}

void sigma_matcher_free(struct sigma_matcher *m)
{
    if (!m)
        return;
    arena_free(&m->scratch);
    arena_free(&m->kept);
    mem_free(m->marks);
    mem_free(m);
}

/* What every hit tells of the record. */
struct seen {
    struct str event_id;
    int64_t time_ms;
    bool has_time;
};

static struct seen look(struct sigma_matcher *m, const struct scan_record *r)
{
    struct seen seen = { 0 };
    const struct scan_node *id = scan_top(r, SCAN_EVENT_ID), *time = scan_top(r, SCAN_EVENT_TIME);

    if (scan_is(id, SCAN_STRING))
        seen.event_id = scan_text(&m->scratch, id);
    seen.has_time = scan_is(time, SCAN_STRING) &&
                    clock_parse(scan_text(&m->scratch, time), &seen.time_ms, NULL) == 0;
    return seen;
}

/* The group-by values as a JSON list. False when one of them is missing: the record is in no group.
 */
static bool read_group(struct sigma_matcher *m, const struct correlation *k, size_t rule,
                       const struct scan_record *r, struct str *out)
{
    struct buf list = { 0 };
    bool whole = true;

    buf_add_char(&list, '[');
    for (size_t i = 0; whole && i < k->group_count; i++) {
        struct str text;

        whole =
            field_first(&m->scratch, &m->s->fields[k->groups[rule * k->group_count + i]], r, &text);
        if (i > 0)
            buf_add_char(&list, ',');
        if (whole)
            json_add_string(&list, text);
    }
    buf_add_char(&list, ']');
    *out = whole ? arena_copy(&m->kept, buf_view(&list)) : STR("");
    buf_free(&list);
    return whole;
}

static void keep_mark(struct sigma_matcher *m, struct mark mark)
{
    if (m->mark_count == m->mark_room) {
        m->mark_room = m->mark_room ? m->mark_room * 2 : 256;
        m->marks = mem_realloc(m->marks, m->mark_room * sizeof *m->marks);
    }
    m->marks[m->mark_count++] = mark;
}

static void feed_one(struct sigma_matcher *m, const struct rule *correlation, size_t rule,
                     const struct scan_record *r, const struct seen *seen)
{
    const struct correlation *k = correlation->correlation;
    struct mark mark = { .correlation = correlation->number,
                         .rule = rule,
                         .time_ms = seen->time_ms };

    if (!read_group(m, k, rule, r, &mark.group))
        return;
    if (k->counted) {
        if (!field_first(&m->scratch, &m->s->fields[k->counted[rule]], r, &mark.counted))
            return;
        mark.counted = arena_copy(&m->kept, mark.counted);
    }
    mark.event_id = arena_copy(&m->kept, seen->event_id);
    keep_mark(m, mark);
}

static void feed(struct sigma_matcher *m, const struct rule *matched, const struct scan_record *r,
                 const struct seen *seen)
{
    if (!seen->has_time)
        return;
    for (size_t i = 0; i < matched->feed_count; i++)
        feed_one(m, matched->feeds[i].correlation, matched->feeds[i].as, r, seen);
}

int sigma_match(struct sigma_matcher *m, const struct scan_record *record, sigma_hit_fn *fn,
                void *arg, struct err *err)
{
    const struct scan_node *name = scan_top(record, SCAN_EVENT_NAME);
    struct candidates may = index_find(
        m->s->index, scan_is(name, SCAN_STRING) ? scan_text(&m->scratch, name) : STR(""));
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < may.count; i++) {
        const struct rule *rule = may.rules[i];

        if (!expr_holds(&m->scratch, m->s, rule->expr, record))
            continue;
        struct seen seen = look(m, record);

        if (rule->feed_count > 0)
            feed(m, rule, record, &seen);
        if (!rule->info.is_silent)
            rc = fn(arg,
                    &(struct sigma_hit){ .rule = &rule->info,
                                         .event_ids = &seen.event_id,
                                         .event_count = 1,
                                         .first_ms = seen.time_ms,
                                         .last_ms = seen.time_ms,
                                         .found_ms = seen.time_ms },
                    err);
    }
    arena_reset(&m->scratch);
    return rc;
}
