#include "verify/run/judge.h"

#include <stdlib.h>

const char *verdict_name(enum verdict v)
{
    static const char *const names[] = { "match",     "late",          "missed",  "spurious",
                                         "duplicate", "misattributed", "refused", "unknown-rule" };

    return names[v];
}

static struct judged *add(struct judgement *j, struct judged row)
{
    if (j->count == j->room) {
        size_t room = j->room ? j->room * 2 : 64;
        struct judged *items = arena_array(&j->arena, room, sizeof *items);

        if (j->count > 0)
            memcpy(items, j->items, j->count * sizeof *items);
        j->items = items;
        j->room = room;
    }
    j->counts[row.verdict]++;
    j->items[j->count] = row;
    return &j->items[j->count++];
}

/* ---- one finding against one expected ---- */

static bool is_word_of(const struct suite_words *w, struct str s)
{
    for (size_t i = 0; i < w->count; i++)
        if (str_eq(w->items[i], s))
            return true;
    return false;
}

static const struct suite_alias *alias_of(const struct suite_tool *tool, struct str rule)
{
    for (size_t i = 0; i < tool->alias_count; i++)
        if (str_eq(tool->aliases[i].rule, rule))
            return &tool->aliases[i];
    return NULL;
}

static bool rule_fits(const struct suite_tool *tool, const struct got *g,
                      const struct truth_finding *f)
{
    const struct suite_alias *alias = alias_of(tool, g->rule);

    if (alias)
        return is_word_of(&alias->stands_for, f->rule) ||
               is_word_of(&alias->stands_for, f->technique);
    return str_eq(g->rule, f->rule) || str_eq(g->rule, f->technique);
}

static bool names_event(const struct truth_finding *f, struct str id)
{
    for (size_t i = 0; i < f->event_count; i++)
        if (str_eq(f->events[i]->id, id))
            return true;
    return false;
}

/* By its events; without them by its times; without those the rule alone tells. */
static bool events_fit(const struct got *g, const struct truth_finding *f)
{
    for (size_t i = 0; i < g->event_count; i++)
        if (names_event(f, g->event_ids[i]))
            return true;
    if (g->event_count > 0)
        return false;
    if (g->first_ms < 0)
        return true;
    int64_t last_ms = g->last_ms < g->first_ms ? g->first_ms : g->last_ms;

    return g->first_ms <= f->last_ms && last_ms >= f->first_ms;
}

/* ---- findings ---- */

/* Each event of each rule, and the report that told it first. */
struct told {
    struct str rule, event; /* rule.ptr NULL: free */
    size_t at;
};
struct told_table {
    struct told *slots;
    size_t mask;
};

struct judging {
    struct judgement *j;
    const struct suite *suite;
    const struct truth *t;
    const struct ledger *l;
    const struct got_list *got;
    const struct got **matched; /* by expected finding: the first report of it */
    struct told_table told;
};

static struct told *told_slot(const struct told_table *t, struct str rule, struct str event)
{
    size_t i = (size_t)(str_hash(rule) * 31 + str_hash(event)) & t->mask;

    while (t->slots[i].rule.ptr &&
           !(str_eq(t->slots[i].event, event) && str_eq(t->slots[i].rule, rule)))
        i = (i + 1) & t->mask;
    return &t->slots[i];
}

static struct told_table told_make(struct arena *a, const struct got_list *got)
{
    struct told_table t;
    size_t events = 0, size = 16;

    for (size_t i = 0; i < got->count; i++)
        events += got->items[i].event_count;
    while (size < events * 2)
        size *= 2;
    t = (struct told_table){ arena_array(a, size, sizeof *t.slots), size - 1 };
    for (size_t i = 0; i < got->count; i++)
        for (size_t k = 0; k < got->items[i].event_count; k++) {
            const struct got *g = &got->items[i];
            struct told *slot = told_slot(&t, g->rule, g->event_ids[k]);

            if (!slot->rule.ptr)
                *slot = (struct told){ g->rule, g->event_ids[k], i };
        }
    return t;
}

/* Is all that it tells told already by an earlier report of its rule? */
static bool tells_nothing_new(const struct judging *w, size_t at)
{
    const struct got *g = &w->got->items[at];

    for (size_t k = 0; k < g->event_count; k++)
        if (told_slot(&w->told, g->rule, g->event_ids[k])->at == at)
            return false;
    return true;
}

static int64_t detect_time(const struct judging *w, const struct got *g,
                           const struct truth_finding *f)
{
    int64_t offered = w->suite->tool.mode == MODE_ONESHOT ? 0 : INT64_MAX;

    if (g->reported_ms < 0)
        return -1;
    for (size_t i = 0; i < f->event_count && w->suite->tool.mode == MODE_DAEMON; i++) {
        size_t file = f->events[i]->file;

        if (file != SIZE_MAX && w->t->files[file].offered_ms >= 0 &&
            w->t->files[file].offered_ms < offered)
            offered = w->t->files[file].offered_ms;
    }
    if (offered == INT64_MAX)
        return -1;
    return g->reported_ms > offered ? g->reported_ms - offered : 0;
}

static void judge_match(struct judging *w, size_t at, size_t expected, bool first)
{
    const struct got *g = &w->got->items[at];
    const struct truth_finding *f = &w->t->findings[expected];
    int64_t ms = detect_time(w, g, f), most = w->suite->require.detect_max_ms;
    enum verdict v = VERDICT_MATCH;

    if (!first && tells_nothing_new(w, at))
        v = VERDICT_DUPLICATE;
    else if (first && most >= 0 && ms > most)
        v = VERDICT_LATE;
    else if (!first)
        return; /* more events of a finding that is matched already */
    (void)add(w->j, (struct judged){ v, f, NULL, g, NULL, first ? ms : -1 });
}

/* Which expected finding it is of: one that nobody matched yet first. SIZE_MAX: none. */
static size_t find_expected(const struct judging *w, const struct got *g, bool *rule_known)
{
    size_t found = SIZE_MAX;

    *rule_known = false;
    for (size_t i = 0; i < w->t->finding_count; i++) {
        const struct truth_finding *f = &w->t->findings[i];

        if (!rule_fits(&w->suite->tool, g, f))
            continue;
        *rule_known = true;
        if (!events_fit(g, f))
            continue;
        if (!w->matched[i])
            return i;
        if (found == SIZE_MAX)
            found = i;
    }
    return found;
}

static const char *spurious_cause(const struct judging *w, const struct got *g)
{
    for (size_t i = 0; i < g->event_count; i++) {
        const struct truth_event *e = truth_find(w->t, g->event_ids[i]);

        if (!e)
            return "it names an event that is not in the data";
        if (e->is_benign_twin)
            return "its events are the benign look-alike of a technique";
        if (e->is_malicious)
            return "its events belong to another finding";
    }
    return "nothing of the kind happened";
}

static void judge_got(struct judging *w, size_t at)
{
    const struct got *g = &w->got->items[at];
    bool rule_known;
    size_t expected = find_expected(w, g, &rule_known);
    struct judged row = { VERDICT_SPURIOUS, NULL, NULL, g, NULL, -1 };

    if (g->is_refusal) {
        row.verdict = VERDICT_REFUSED;
    } else if (expected != SIZE_MAX) {
        bool first = !w->matched[expected];

        if (first)
            w->matched[expected] = g;
        judge_match(w, at, expected, first);
        return;
    } else if (w->suite->tool.has_aliases && !alias_of(&w->suite->tool, g->rule)) {
        row.verdict = VERDICT_UNKNOWN_RULE;
    } else {
        row.cause = spurious_cause(w, g);
        row.verdict = rule_known ? VERDICT_MISATTRIBUTED : VERDICT_SPURIOUS;
    }
    (void)add(w->j, row);
}

static bool is_withheld(const struct truth_finding *f)
{
    for (size_t i = 0; i < f->event_count; i++)
        if (f->events[i]->file != SIZE_MAX)
            return false;
    return true;
}

static void judge_findings(struct judging *w)
{
    w->matched = arena_array(&w->j->arena, w->t->finding_count + 1, sizeof(struct got *));
    w->told = told_make(&w->j->arena, w->got);
    for (size_t i = 0; i < w->got->count; i++)
        judge_got(w, i);
    for (size_t i = 0; i < w->t->finding_count; i++)
        if (!w->matched[i] && is_withheld(&w->t->findings[i]))
            w->j->withheld++;
        else if (!w->matched[i])
            (void)add(w->j, (struct judged){ VERDICT_MISSED, &w->t->findings[i], NULL, NULL,
                                             ledger_cause(w->l, w->t, &w->t->findings[i]), -1 });
}

/* ---- a tool that forwards events ---- */

struct forwarded {
    const struct truth_event *event;
    const struct got *got;
};

static int by_event(const void *a, const void *b)
{
    const struct forwarded *x = a, *y = b;

    if (x->event != y->event)
        return str_cmp(x->event->id, y->event->id);
    return (x->got > y->got) - (x->got < y->got); /* one array: order of arrival */
}

static void judge_lost(struct judging *w, const struct forwarded *seen, size_t count)
{
    for (size_t b = 0; b < w->t->bucket_count; b++)
        for (const struct truth_event *e = w->t->buckets[b]; e; e = e->next) {
            struct forwarded key = { e, NULL };
            size_t low = 0, high = count;

            while (low < high) {
                size_t middle = (low + high) / 2;

                if (str_cmp(seen[middle].event->id, key.event->id) < 0)
                    low = middle + 1;
                else
                    high = middle;
            }
            if (low < count && seen[low].event == e)
                continue;
            w->j->withheld += e->file == SIZE_MAX;
            if (e->file != SIZE_MAX)
                (void)add(w->j, (struct judged){ VERDICT_MISSED, NULL, e, NULL,
                                                 ledger_event_cause(w->l, w->t, e), -1 });
        }
}

static void judge_events(struct judging *w)
{
    size_t room = 0, count = 0;

    for (size_t i = 0; i < w->got->count; i++)
        room += w->got->items[i].event_count;
    struct forwarded *seen = arena_array(&w->j->arena, room + 1, sizeof *seen);

    for (size_t i = 0; i < w->got->count; i++) {
        const struct got *g = &w->got->items[i];

        for (size_t k = 0; k < g->event_count; k++) {
            const struct truth_event *e = truth_find(w->t, g->event_ids[k]);

            if (e)
                seen[count++] = (struct forwarded){ e, g };
            else
                (void)add(w->j, (struct judged){ VERDICT_SPURIOUS, NULL, NULL, g,
                                                 "it is no event of the data", -1 });
        }
    }
    if (count > 0)
        qsort(seen, count, sizeof *seen, by_event);
    for (size_t i = 0; i < count; i++) {
        bool again = i > 0 && seen[i - 1].event == seen[i].event;

        (void)add(w->j, (struct judged){ again ? VERDICT_DUPLICATE : VERDICT_MATCH, NULL,
                                         seen[i].event, seen[i].got, NULL, -1 });
    }
    judge_lost(w, seen, count);
}

/* ---- measures ---- */

static struct tally *tally_for(struct arena *a, struct tally **all, size_t *count, struct str name)
{
    for (size_t i = 0; i < *count; i++)
        if (str_eq((*all)[i].name, name))
            return &(*all)[i];
    struct tally *more = arena_array(a, *count + 1, sizeof *more);

    if (*count > 0)
        memcpy(more, *all, *count * sizeof *more);
    more[*count].name = name;
    *all = more;
    return &more[(*count)++];
}

static void tally_row(struct tally *t, enum verdict v)
{
    t->matched += v == VERDICT_MATCH || v == VERDICT_LATE;
    t->missed += v == VERDICT_MISSED;
    t->spurious += v == VERDICT_SPURIOUS || v == VERDICT_MISATTRIBUTED;
}

static int by_name(const void *a, const void *b)
{
    return str_cmp(((const struct tally *)a)->name, ((const struct tally *)b)->name);
}

static void make_tallies(struct judgement *j)
{
    for (size_t i = 0; i < j->count; i++) {
        const struct judged *row = &j->items[i];

        if (row->verdict >= VERDICT_REFUSED || row->verdict == VERDICT_DUPLICATE || row->event)
            continue;
        struct str rule = row->expected ? row->expected->rule : row->got->rule;

        tally_row(tally_for(&j->arena, &j->rules, &j->rule_count, rule), row->verdict);
        if (row->expected)
            tally_row(
                tally_for(&j->arena, &j->techniques, &j->technique_count, row->expected->technique),
                row->verdict);
    }
    if (j->rule_count > 0)
        qsort(j->rules, j->rule_count, sizeof *j->rules, by_name);
    if (j->technique_count > 0)
        qsort(j->techniques, j->technique_count, sizeof *j->techniques, by_name);
}

static double ratio(size_t part, size_t rest)
{
    return part + rest == 0 ? 1 : (double)part / (double)(part + rest);
}

double tally_precision(const struct tally *t)
{
    return ratio(t->matched, t->spurious);
}

double tally_recall(const struct tally *t)
{
    return ratio(t->matched, t->missed);
}

static int by_ms(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static void make_times(struct judgement *j)
{
    int64_t *ms = arena_array(&j->arena, j->count + 1, sizeof *ms);
    size_t n = 0;

    j->p50_ms = j->p95_ms = j->max_ms = -1;
    for (size_t i = 0; i < j->count; i++)
        if (j->items[i].detect_ms >= 0)
            ms[n++] = j->items[i].detect_ms;
    if (n == 0)
        return;
    qsort(ms, n, sizeof *ms, by_ms);
    j->p50_ms = ms[(n - 1) / 2];
    j->p95_ms = ms[(n - 1) * 95 / 100];
    j->max_ms = ms[n - 1];
}

static void make_measures(struct judgement *j)
{
    struct tally all = { .name = STR("") };

    for (size_t i = 0; i < j->count; i++) {
        tally_row(&all, j->items[i].verdict);
        j->loss += j->items[i].verdict == VERDICT_MISSED;
    }
    j->precision = tally_precision(&all);
    j->recall = tally_recall(&all);
    j->f1 = j->precision + j->recall > 0 ? 2 * j->precision * j->recall / (j->precision + j->recall)
                                         : 0;
}

void judge(struct judgement *j, const struct suite *suite, const struct truth *t,
           const struct ledger *l, const struct got_list *got)
{
    struct judging w = { .j = j, .suite = suite, .t = t, .l = l, .got = got };

    *j = (struct judgement){ .precision = 1 };
    if (suite->tool.reports_events)
        judge_events(&w);
    else
        judge_findings(&w);
    make_tallies(j);
    make_times(j);
    make_measures(j);
}

void judge_free(struct judgement *j)
{
    arena_free(&j->arena);
}

/* ---- requirements ---- */

static void want_least(struct buf *why, const char *name, double got, double least)
{
    if (least >= 0 && got < least)
        buf_printf(why, "%s %.3f, required %.3f\n", name, got, least);
}

static void want_most(struct buf *why, const char *name, int64_t got, int64_t most,
                      const char *unit)
{
    if (most >= 0 && got > most)
        buf_printf(why, "%s %lld%s, required at most %lld%s\n", name, (long long)got, unit,
                   (long long)most, unit);
}

bool judge_meets(struct judgement *j, const struct suite *suite, struct buf *why)
{
    const struct suite_require *q = &suite->require;
    size_t wrong = j->counts[VERDICT_SPURIOUS] + j->counts[VERDICT_MISATTRIBUTED];

    want_least(why, "recall", j->recall, q->recall);
    want_least(why, "precision", j->precision, q->precision);
    want_least(why, "f1", j->f1, q->f1);
    want_most(why, "loss", (int64_t)j->loss, q->loss, "");
    want_most(why, "duplicates", (int64_t)j->counts[VERDICT_DUPLICATE], q->duplicates, "");
    want_most(why, "spurious", (int64_t)wrong, q->spurious, "");
    want_most(why, "detect_p50", j->p50_ms, q->detect_p50_ms, " ms");
    want_most(why, "detect_p95", j->p95_ms, q->detect_p95_ms, " ms");
    want_most(why, "detect_max", j->max_ms, q->detect_max_ms, " ms");
    if (suite->unexpected == UNEXPECTED_FAIL && wrong + j->counts[VERDICT_UNKNOWN_RULE] > 0)
        buf_printf(why, "%zu findings that nothing explains\n",
                   wrong + j->counts[VERDICT_UNKNOWN_RULE]);
    return why->len == 0;
}

/* ---- sameness ---- */

static struct str row_text(struct arena *a, const struct judged *row)
{
    struct buf b = { 0 };

    buf_printf(&b, "%d", (int)row->verdict);
    if (row->expected)
        buf_printf(&b, " %.*s %.*s", STR_ARG(row->expected->rule),
                   STR_ARG(row->expected->events[0]->id));
    if (row->event)
        buf_printf(&b, " %.*s", STR_ARG(row->event->id));
    if (row->got) {
        buf_printf(&b, " %.*s", STR_ARG(row->got->rule));
        for (size_t i = 0; i < row->got->event_count; i++)
            buf_printf(&b, " %.*s", STR_ARG(row->got->event_ids[i]));
    }
    struct str text = arena_copy(a, buf_view(&b));

    buf_free(&b);
    return text;
}

static int by_text(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static struct str *row_texts(struct arena *a, const struct judgement *j)
{
    struct str *texts = arena_array(a, j->count + 1, sizeof *texts);

    for (size_t i = 0; i < j->count; i++)
        texts[i] = row_text(a, &j->items[i]);
    if (j->count > 0)
        qsort(texts, j->count, sizeof *texts, by_text);
    return texts;
}

bool judge_same(const struct judgement *a, const struct judgement *b)
{
    struct arena scratch = { 0 };
    bool same = a->count == b->count;

    if (same) {
        struct str *x = row_texts(&scratch, a), *y = row_texts(&scratch, b);

        for (size_t i = 0; same && i < a->count; i++)
            same = str_eq(x[i], y[i]);
    }
    arena_free(&scratch);
    return same;
}
