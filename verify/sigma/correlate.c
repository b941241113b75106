/* Correlations over the marks of all matchers: each group is swept once in order of time, with a
 * window that ends at each event and reaches timespan back, its far edge included. From the event
 * that makes the condition true until it is false again is one hit. */
#include <stdlib.h>

#include "core/base/mem.h"
#include "verify/sigma/marks.h"

/* From marks[first] to marks[last] the condition held; found: where it became true. */
struct episode {
    size_t first, last, found;
};
struct episodes {
    struct arena *a;
    struct episode *items;
    size_t count, room;
    bool is_open; /* the last one may go on */
};

/* Where the condition holds at marks[at], the window beginning at marks[begin]. */
static void episode_true(struct episodes *all, size_t begin, size_t at)
{
    struct episode *last = all->count > 0 ? &all->items[all->count - 1] : NULL;

    if (all->is_open && last && begin <= last->last) {
        last->last = at;
        return;
    }
    if (all->count == all->room) {
        size_t room = all->room ? all->room * 2 : 16;
        struct episode *items = arena_array(all->a, room, sizeof *items);

        if (all->count > 0)
            memcpy(items, all->items, all->count * sizeof *items);
        all->items = items;
        all->room = room;
    }
    all->items[all->count++] = (struct episode){ begin, at, at };
    all->is_open = true;
}

/* ---- how many, or how many different ones ---- */

static int by_counted(const void *a, const void *b)
{
    const struct mark *x = *(const struct mark *const *)a, *y = *(const struct mark *const *)b;

    return str_cmp(x->counted, y->counted);
}

static void number_values(struct arena *a, const struct mark *marks, size_t count, size_t *kinds)
{
    const struct mark **order = arena_array(a, count, sizeof(struct mark *));
    size_t next = 0;

    for (size_t i = 0; i < count; i++)
        order[i] = &marks[i];
    qsort(order, count, sizeof *order, by_counted);
    for (size_t i = 0; i < count; i++) {
        next += i > 0 && !str_eq(order[i - 1]->counted, order[i]->counted);
        kinds[order[i] - marks] = next;
    }
}

static bool same_event(const struct mark *a, const struct mark *b)
{
    return a->event_id.len > 0 && str_eq(a->event_id, b->event_id);
}

/* A number for each mark, equal for what counts once: an event that several rules match, a value,
 * a rule. */
static size_t *kinds_of(struct arena *a, const struct correlation *k, const struct mark *marks,
                        size_t count)
{
    size_t *kinds = arena_array(a, count, sizeof *kinds);

    if (k->kind == VALUE_COUNT)
        number_values(a, marks, count, kinds);
    else if (k->kind == TEMPORAL)
        for (size_t i = 0; i < count; i++)
            kinds[i] = marks[i].rule;
    else
        for (size_t i = 1; i < count; i++)
            kinds[i] = same_event(&marks[i - 1], &marks[i]) ? kinds[i - 1] : i;
    return kinds;
}

static void sweep_counts(struct episodes *out, const struct correlation *k,
                         const struct mark *marks, size_t count)
{
    size_t *kinds = kinds_of(out->a, k, marks, count);
    size_t most = count > k->rule_count ? count : k->rule_count;
    size_t *seen = arena_array(out->a, most, sizeof *seen), begin = 0;
    int64_t different = 0;

    for (size_t i = 0; i < count; i++) {
        different += seen[kinds[i]]++ == 0;
        while (marks[begin].time_ms < marks[i].time_ms - k->span_ms)
            different -= --seen[kinds[begin++]] == 0;
        if (different >= k->least && different <= k->most)
            episode_true(out, begin, i);
        else
            out->is_open = false;
    }
}

/* ---- one after the other ---- */

/* Of the chains that end with each rule, where the latest one begins; SIZE_MAX: none. */
struct chains {
    const struct correlation *k;
    const struct mark *marks;
    size_t *begins;
};

/* now: the first mark of the second at which rule matched. */
static bool lengthen(struct chains *c, size_t rule, size_t now)
{
    size_t begin = rule == 0 ? now : c->begins[rule - 1];

    if (begin == SIZE_MAX || c->marks[now].time_ms - c->marks[begin].time_ms > c->k->span_ms)
        return false;
    if (c->begins[rule] == SIZE_MAX || c->begins[rule] < begin)
        c->begins[rule] = begin;
    return rule + 1 == c->k->rule_count;
}

/* eventTime has whole seconds: events of one second count in the order of the rules. */
static void sweep_order(struct episodes *out, const struct correlation *k, const struct mark *marks,
                        size_t count)
{
    struct chains c = { k, marks, arena_array(out->a, k->rule_count, sizeof(size_t)) };
    size_t next;

    for (size_t r = 0; r < k->rule_count; r++)
        c.begins[r] = SIZE_MAX;
    for (size_t i = 0; i < count; i = next) {
        bool whole = false;

        for (next = i; next < count && marks[next].time_ms == marks[i].time_ms;)
            next++;
        for (size_t r = 0; r < k->rule_count; r++)
            for (size_t at = i; at < next; at++)
                if (marks[at].rule == r)
                    whole = lengthen(&c, r, i) || whole;
        if (whole)
            episode_true(out, c.begins[k->rule_count - 1], next - 1);
    }
}

/* ---- telling ---- */

/* Hits of all rules and groups; they own what they tell of. */
struct hits {
    struct arena arena;
    struct hit {
        size_t rule;
        struct sigma_hit told;
    } * items;
    size_t count, room;
};

static void keep_hit(struct hits *h, const struct rule *rule, const struct mark *marks,
                     const struct episode *e)
{
    struct str *ids = arena_array(&h->arena, e->last - e->first + 1, sizeof *ids);
    struct sigma_hit hit = { .rule = &rule->info,
                             .event_ids = ids,
                             .first_ms = marks[e->first].time_ms,
                             .last_ms = marks[e->last].time_ms,
                             .found_ms = marks[e->found].time_ms,
                             .group = arena_copy(&h->arena, marks[e->first].group) };

    for (size_t i = e->first; i <= e->last; i++)
        if (hit.event_count == 0 || !str_eq(ids[hit.event_count - 1], marks[i].event_id))
            ids[hit.event_count++] = arena_copy(&h->arena, marks[i].event_id);
    if (h->count == h->room) {
        h->room = h->room ? h->room * 2 : 16;
        h->items = mem_realloc(h->items, h->room * sizeof *h->items);
    }
    h->items[h->count++] = (struct hit){ rule->number, hit };
}

static void sweep_group(struct arena *scratch, const struct rule *rule, const struct mark *marks,
                        size_t count, struct hits *hits)
{
    struct episodes found = { .a = scratch };

    if (rule->correlation->kind == TEMPORAL_ORDERED)
        sweep_order(&found, rule->correlation, marks, count);
    else
        sweep_counts(&found, rule->correlation, marks, count);
    for (size_t i = 0; i < found.count; i++)
        keep_hit(hits, rule, marks, &found.items[i]);
    arena_reset(scratch);
}

/* ---- gathering ---- */

static int compare_numbers(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* Group by group, in whatever order of groups; each in order of time. */
static int by_place(const void *a, const void *b)
{
    const struct mark *x = a, *y = b;
    int c = (x->place > y->place) - (x->place < y->place);

    if (c == 0)
        c = compare_numbers(x->time_ms, y->time_ms);
    if (c == 0)
        c = (x->id_start > y->id_start) - (x->id_start < y->id_start);
    if (c == 0)
        c = str_cmp(x->event_id, y->event_id);
    return c != 0 ? c : compare_numbers((int64_t)x->rule, (int64_t)y->rule);
}

static int by_group(const void *a, const void *b)
{
    const struct mark *x = a, *y = b;
    int c = compare_numbers((int64_t)x->correlation, (int64_t)y->correlation);

    if (c == 0)
        c = str_cmp(x->group, y->group);
    return c != 0 ? c : by_place(a, b);
}

/* In order of loading, then of time. */
static int by_found(const void *a, const void *b)
{
    const struct hit *x = a, *y = b;
    int c = compare_numbers((int64_t)x->rule, (int64_t)y->rule);

    if (c == 0)
        c = compare_numbers(x->told.found_ms, y->told.found_ms);
    if (c == 0)
        c = str_cmp(x->told.group, y->told.group);
    return c != 0 ? c : compare_numbers(x->told.first_ms, y->told.first_ms);
}

static bool same_group(const struct mark *a, const struct mark *b)
{
    return a->correlation == b->correlation && str_eq(a->group, b->group);
}

/* Two groups of one hash are seldom, and must not be taken for one. */
static void sort_marks(struct mark *marks, size_t count)
{
    size_t next;

    if (count > 0)
        qsort(marks, count, sizeof *marks, by_place);
    for (size_t i = 0; i < count; i = next) {
        bool is_one = true;

        for (next = i + 1; next < count && marks[next].place == marks[i].place; next++)
            is_one &= same_group(&marks[next], &marks[i]);
        if (!is_one)
            qsort(&marks[i], next - i, sizeof *marks, by_group);
    }
}

/* An event that was delivered twice counts once; events without an id are all different. */
static size_t drop_twins(struct mark *marks, size_t count)
{
    size_t n = 0;

    for (size_t i = 0; i < count; i++)
        if (n == 0 || marks[i].event_id.len == 0 || by_place(&marks[n - 1], &marks[i]) != 0 ||
            !same_group(&marks[n - 1], &marks[i]))
            marks[n++] = marks[i];
    return n;
}

/* What is correlated, and what comes of it. */
struct sweep {
    const struct sigma *s;
    struct sigma_matcher *const *matchers;
    size_t count;
    bool *is_wanted; /* by a correlation's number */
    struct hits hits;
};

/* Rules that must all have matched, or so many of them: can that be, after all? */
static bool can_hold(const struct sweep *w, const struct rule *rule)
{
    const struct correlation *k = rule->correlation;
    uint64_t fed = 0;

    if (!k || k->rule_count > 64)
        return k != NULL;
    for (size_t i = 0; i < w->count; i++)
        fed |= w->matchers[i]->fed[rule->number];
    int64_t kinds = __builtin_popcountll(fed);

    if (k->kind == TEMPORAL_ORDERED)
        return kinds == (int64_t)k->rule_count;
    return kinds >= (k->kind == TEMPORAL ? k->least : 1);
}

static int sweep_part(struct sweep *w, size_t part, struct err *err)
{
    struct mark_list list = { .count = 0 };
    struct arena scratch = { 0 };
    size_t n, next;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < w->count; i++)
        rc = marks_take(&w->matchers[i]->marks, part, w->is_wanted, &list, err);
    if (rc == 0)
        sort_marks(list.items, list.count);
    n = rc == 0 ? drop_twins(list.items, list.count) : 0;
    for (size_t i = 0; i < n; i = next) {
        for (next = i + 1; next < n && same_group(&list.items[next], &list.items[i]);)
            next++;
        sweep_group(&scratch, w->s->rules[list.items[i].correlation], &list.items[i], next - i,
                    &w->hits);
    }
    arena_free(&scratch);
    arena_free(&list.strings);
    mem_free(list.items);
    return rc;
}

/* One part when all marks are in memory; else all go where the first ones went. */
static int sweep_all(struct sweep *w, struct err *err)
{
    bool is_spilled = false;
    int rc = 0;

    for (size_t i = 0; i < w->count; i++)
        is_spilled |= w->matchers[i]->marks.file != NULL;
    for (size_t i = 0; rc == 0 && is_spilled && i < w->count; i++)
        rc = marks_spill(&w->matchers[i]->marks, err);
    for (size_t part = 0; rc == 0 && part < (is_spilled ? MARK_PARTS : 1); part++)
        rc = sweep_part(w, part, err);
    return rc;
}

int sigma_correlate(const struct sigma *s, struct sigma_matcher *const *matchers, size_t count,
                    sigma_hit_fn *fn, void *arg, struct err *err)
{
    struct sweep w = { .s = s, .matchers = matchers, .count = count };
    struct hits *hits = &w.hits;

    w.is_wanted = mem_alloc((s->rule_count + 1) * sizeof *w.is_wanted);
    for (size_t i = 0; i < s->rule_count; i++)
        w.is_wanted[i] = can_hold(&w, s->rules[i]);
    int rc = sweep_all(&w, err);

    if (rc == 0 && hits->count > 0)
        qsort(hits->items, hits->count, sizeof *hits->items, by_found);
    for (size_t i = 0; rc == 0 && i < hits->count; i++)
        rc = fn(arg, &hits->items[i].told, err);
    mem_free(w.is_wanted);
    mem_free(hits->items);
    arena_free(&hits->arena);
    return rc;
}
