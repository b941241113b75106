/* The pictures of the page: SVG and a grid, without scripts. */
#include "core/base/clock.h"
#include "verify/run/page.h"

enum {
    WIDTH = 960,
    LEFT = 92,   /* labels of the lanes */
    RIGHT = 948, /* half a dot before the edge */
    LANE = 20,
    LANES_TOP = 14,
    BARS_TOP = 80,
    BARS_BOTTOM = 150,
    BINS = 120,
    TICKS = 6,
};

/* ---- timeline ---- */

static double x_of(const struct truth *t, int64_t ms)
{
    double span = (double)(t->last_ms - t->first_ms + 1);

    return LEFT + (double)(ms - t->first_ms) / span * (RIGHT - LEFT);
}

static size_t bin_of(const struct truth *t, int64_t ms)
{
    int64_t span = t->last_ms - t->first_ms + 1;

    if (ms < t->first_ms)
        return 0;
    size_t bin = (size_t)((ms - t->first_ms) * BINS / span);

    return bin < BINS ? bin : BINS - 1;
}

static size_t count_bins(const struct truth *t, size_t bins[BINS])
{
    size_t most = 1;

    for (size_t b = 0; b < t->bucket_count; b++)
        for (const struct truth_event *e = t->buckets[b]; e; e = e->next)
            bins[bin_of(t, e->time_ms)]++;
    for (size_t i = 0; i < BINS; i++)
        most = bins[i] > most ? bins[i] : most;
    return most;
}

static int lane_of(enum verdict v)
{
    if (v == VERDICT_MATCH || v == VERDICT_LATE)
        return 0;
    return v == VERDICT_MISSED ? 1 : 2;
}

static void lanes(struct page *p)
{
    static const char *const names[] = { "found", "missed", "other" };

    for (int i = 0; i < (int)COUNT(names); i++)
        buf_printf(&p->out,
                   "<text x=\"0\" y=\"%d\">%s</text><line x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\" "
                   "stroke=\"var(--line)\"/>",
                   LANES_TOP + i * LANE + 4, names[i], LEFT, RIGHT, LANES_TOP + i * LANE,
                   LANES_TOP + i * LANE);
}

static void mark(struct page *p, const struct judged *row, int64_t at_ms)
{
    const struct truth *t = p->s->truth;
    char at[CLOCK_ISO_SIZE];

    if (at_ms < t->first_ms || at_ms > t->last_ms)
        return;
    clock_iso(at_ms, at);
    buf_printf(&p->out,
               "<circle cx=\"%.1f\" cy=\"%d\" r=\"5\" fill=\"var(--%s)\" "
               "fill-opacity=\".8\"><title>%s %s: ",
               x_of(t, at_ms), LANES_TOP + lane_of(row->verdict) * LANE, page_colour(row->verdict),
               at, verdict_name(row->verdict));
    page_text(p, row->expected ? row->expected->rule : row->got->rule);
    page_raw(p, "</title></circle>");
}

static void bars(struct page *p)
{
    size_t bins[BINS] = { 0 }, most = count_bins(p->s->truth, bins);
    double wide = (double)(RIGHT - LEFT) / BINS;

    buf_printf(&p->out,
               "<text x=\"0\" y=\"%d\">events</text><text x=\"%d\" y=\"%d\" "
               "text-anchor=\"end\">%zu</text>",
               BARS_BOTTOM, LEFT - 8, BARS_TOP + 8, most);
    for (size_t i = 0; i < BINS; i++) {
        double high = (double)bins[i] / (double)most * (BARS_BOTTOM - BARS_TOP);

        if (bins[i] == 0)
            continue;
        high = high < 2 ? 2 : high; /* one event beside thousands is seen, too */
        buf_printf(&p->out,
                   "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
                   "fill=\"var(--bar)\"><title>%zu events</title></rect>",
                   LEFT + (double)i * wide, BARS_BOTTOM - high, wide - 1, high, bins[i]);
    }
}

static const char *anchor_of(int tick)
{
    if (tick == 0)
        return "start";
    return tick == TICKS ? "end" : "middle";
}

/* "01-05 09:00": the year stands above. */
static void axis(struct page *p)
{
    const struct truth *t = p->s->truth;
    char at[CLOCK_ISO_SIZE];

    for (int i = 0; i <= TICKS; i++) {
        int x = LEFT + (RIGHT - LEFT) * i / TICKS;

        clock_iso(t->first_ms + (t->last_ms - t->first_ms) * i / TICKS, at);
        buf_printf(&p->out,
                   "<line x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\" stroke=\"var(--dim)\"/><text "
                   "x=\"%d\" y=\"%d\" text-anchor=\"%s\">%.5s %.5s</text>",
                   x, x, BARS_BOTTOM, BARS_BOTTOM + 4, x, BARS_BOTTOM + 17, anchor_of(i), at + 5,
                   at + 11);
    }
}

void chart_timeline(struct page *p)
{
    const struct truth *t = p->s->truth;
    char first[CLOCK_ISO_SIZE], last[CLOCK_ISO_SIZE];

    if (t->event_count == 0)
        return;
    clock_iso(t->first_ms, first);
    clock_iso(t->last_ms, last);
    buf_printf(&p->out,
               "<h2>Timeline</h2><p>%s to %s. Dots: findings, at the time of their first event. "
               "Bars: events.</p><div class=\"wide\">",
               first, last);
    buf_printf(&p->out,
               "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"events and findings over "
               "time\">",
               WIDTH, BARS_BOTTOM + 22);
    lanes(p);
    bars(p);
    axis(p);
    for (size_t i = 0; i < p->s->j->count; i++) {
        const struct judged *row = &p->s->j->items[i];

        if (!row->event)
            mark(p, row, page_time_of(p, row));
    }
    page_raw(p, "</svg></div>");
}

/* ---- techniques ---- */

/* In the order of an attack. Source: MITRE ATT&CK, Enterprise, tactics. */
static const char *const tactics[] = {
    "initial-access",  "execution",         "persistence", "privilege-escalation",
    "defense-evasion", "credential-access", "discovery",   "lateral-movement",
    "collection",      "exfiltration",      "impact",
};

/* aws.TACTIC.NAME; anything else is of no tactic. */
static size_t tactic_of(struct str technique, struct str *name)
{
    struct str head, tactic, rest;

    *name = technique;
    if (!str_cut(technique, '.', &head, &rest) || !str_cut(rest, '.', &tactic, &rest))
        return COUNT(tactics);
    for (size_t i = 0; i < COUNT(tactics); i++)
        if (str_eq_c(tactic, tactics[i])) {
            *name = rest;
            return i;
        }
    return COUNT(tactics);
}

static const char *class_of(const struct tally *t)
{
    if (t->matched + t->missed == 0)
        return "none";
    if (t->missed == 0)
        return "good";
    return t->matched == 0 ? "bad" : "warn";
}

static void cell(struct page *p, const struct tally *t, struct str name)
{
    buf_printf(&p->out, "<div class=\"cell %s\"><b>%zu of %zu</b> ", class_of(t), t->matched,
               t->matched + t->missed);
    page_text(p, name);
    if (t->spurious > 0)
        buf_printf(&p->out, "<i>%zu not explained</i>", t->spurious);
    page_raw(p, "</div>");
}

static void column(struct page *p, size_t tactic)
{
    const struct judgement *j = p->s->j;
    bool has_any = false;
    struct str name;

    for (size_t i = 0; i < j->technique_count; i++) {
        if (tactic_of(j->techniques[i].name, &name) != tactic)
            continue;
        if (!has_any)
            buf_printf(&p->out, "<section><h3>%s</h3>",
                       tactic < COUNT(tactics) ? tactics[tactic] : "other");
        has_any = true;
        cell(p, &j->techniques[i], name);
    }
    if (has_any)
        page_raw(p, "</section>");
}

void chart_techniques(struct page *p)
{
    if (p->s->j->technique_count == 0)
        return;
    page_raw(p, "<h2>Technique matrix</h2><p>Found, of those that happened, by tactic.</p><div "
                "class=\"matrix\">");
    for (size_t i = 0; i <= COUNT(tactics); i++)
        column(p, i);
    page_raw(p, "</div>");
}
