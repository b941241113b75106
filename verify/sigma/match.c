/* Records past the rules; what correlations need of the matches is kept aside. */
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/codec/json.h"
#include "verify/sigma/marks.h"

struct sigma_matcher *sigma_matcher_new(const struct sigma *s)
{
    struct sigma_matcher *m = mem_alloc(sizeof *m);

    m->s = s;
    m->classes = classes_new(s);
    m->fed = mem_alloc((s->rule_count + 1) * sizeof *m->fed);
    return m;
}

void sigma_matcher_free(struct sigma_matcher *m)
{
    if (!m)
        return;
    classes_free(m->classes);
    arena_free(&m->scratch);
    buf_free(&m->group);
    mem_free(m->fed);
    marks_free(&m->marks);
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

/* The group-by values as a JSON list, valid until the next call. False when one of them is missing:
 * the record is in no group. */
static bool read_group(struct sigma_matcher *m, const struct correlation *k, size_t rule,
                       const struct scan_record *r, struct str *out)
{
    struct buf *list = &m->group;
    bool whole = true;

    buf_clear(list);
    buf_add_char(list, '[');
    for (size_t i = 0; whole && i < k->group_count; i++) {
        struct str text;

        whole =
            field_first(&m->scratch, &m->s->fields[k->groups[rule * k->group_count + i]], r, &text);
        if (i > 0)
            buf_add_char(list, ',');
        if (whole)
            json_add_string(list, text);
    }
    buf_add_char(list, ']');
    *out = buf_view(list);
    return whole;
}

static int feed_one(struct sigma_matcher *m, const struct feed *f, const struct scan_record *r,
                    const struct seen *seen, struct err *err)
{
    const struct correlation *k = f->correlation->correlation;
    struct mark mark = { .correlation = f->correlation->number,
                         .rule = f->as,
                         .time_ms = seen->time_ms,
                         .counted = STR(""),
                         .event_id = seen->event_id };

    if (!read_group(m, k, f->as, r, &mark.group))
        return 0;
    if (k->counted && !field_first(&m->scratch, &m->s->fields[k->counted[f->as]], r, &mark.counted))
        return 0;
    m->fed[mark.correlation] |= 1ull << f->as % 64;
    return marks_add(&m->marks, &mark, err);
}

/* The rule has matched: correlations keep their marks, the caller is told. */
static int tell(struct sigma_matcher *m, const struct rule *rule, const struct scan_record *r,
                sigma_hit_fn *fn, void *arg, struct err *err)
{
    struct seen seen = look(m, r);

    int rc = 0;

    for (size_t i = 0; rc == 0 && seen.has_time && i < rule->feed_count; i++)
        rc = feed_one(m, &rule->feeds[i], r, &seen, err);
    if (rc < 0 || rule->info.is_silent)
        return rc;
    return fn(arg,
              &(struct sigma_hit){ .rule = &rule->info,
                                   .event_ids = &seen.event_id,
                                   .event_count = 1,
                                   .first_ms = seen.time_ms,
                                   .last_ms = seen.time_ms,
                                   .found_ms = seen.time_ms },
              err);
}

int sigma_match(struct sigma_matcher *m, const struct scan_record *record, sigma_hit_fn *fn,
                void *arg, struct err *err)
{
    struct candidates may = classes_find(m->classes, &m->scratch, record);
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < may.count; i++) {
        const struct candidate *c = &may.items[i];

        if (!c->rest || expr_holds(&m->scratch, m->s, c->rest, record))
            rc = tell(m, c->rule, record, fn, arg, err);
    }
    arena_reset(&m->scratch);
    return rc;
}
