/* A page that needs no other file: numbers, a timeline, a technique matrix, every miss with its
 * cause. Light and dark by the reader's setting; drawn as SVG, without scripts. */
#include "core/base/clock.h"
#include "core/base/fs.h"
#include "core/codec/xml.h"
#include "verify/run/show.h"

enum { CHART_W = 960, CHART_H = 150, BINS = 120, ROWS_SHOWN = 400 };

static const char style[] =
    ":root{--bg:#fff;--ink:#1d2733;--dim:#66717d;--line:#d9dfe5;--card:#f6f8fa;--good:#1a7f5a;"
    "--bad:#c0362c;--warn:#b26a00;--bar:#8fb3d9}"
    "@media(prefers-color-scheme:dark){:root{--bg:#12171d;--ink:#e3e8ee;--dim:#93a0ad;"
    "--line:#2c3742;--card:#1a2129;--good:#4cc38a;--bad:#ff7b72;--warn:#e3a33b;--bar:#3f6a99}}"
    "body{margin:0 auto;max-width:1000px;padding:32px 20px 64px;background:var(--bg);"
    "color:var(--ink);font:15px/1.5 system-ui,sans-serif}"
    "h1{font-size:22px;margin:0 0 4px}h2{font-size:17px;margin:36px 0 10px}"
    "p{margin:0 0 8px;color:var(--dim)}"
    ".cards{display:flex;flex-wrap:wrap;gap:12px;margin:20px 0}"
    ".card{background:var(--card);border:1px solid var(--line);border-radius:8px;"
    "padding:10px 16px;min-width:110px}"
    ".card b{display:block;font-size:22px;font-variant-numeric:tabular-nums}"
    ".card span{color:var(--dim);font-size:13px}"
    "table{border-collapse:collapse;width:100%;font-size:14px}"
    "th{text-align:left;font-weight:600;color:var(--dim);font-size:13px}"
    "td,th{padding:5px 10px 5px 0;border-bottom:1px solid var(--line);vertical-align:top}"
    "td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}"
    ".good{color:var(--good)}.bad{color:var(--bad)}.warn{color:var(--warn)}.dim{color:var(--dim)}"
    "svg{width:100%;height:auto;display:block}svg text{fill:var(--dim);font-size:11px}"
    ".wide{overflow-x:auto}";

struct page {
    const struct shown *s;
    struct buf out;
};

static void raw(struct page *p, const char *html)
{
    buf_add_c(&p->out, html);
}

static void text(struct page *p, struct str s)
{
    xml_text(&p->out, s);
}

static const char *colour(enum verdict v)
{
    switch (v) {
    case VERDICT_MATCH:
        return "good";
    case VERDICT_MISSED:
    case VERDICT_SPURIOUS:
    case VERDICT_MISATTRIBUTED:
        return "bad";
    default:
        return "warn";
    }
}

static void card(struct page *p, const char *number, const char *what, const char *class)
{
    buf_printf(&p->out, "<div class=\"card\"><b class=\"%s\">%s</b><span>%s</span></div>", class,
               number, what);
}

static void cards(struct page *p)
{
    const struct judgement *j = p->s->j;
    char number[32];

    raw(p, "<div class=\"cards\">");
    (void)snprintf(number, sizeof number, "%.3f", j->recall);
    card(p, number, "recall", j->recall < 1 ? "warn" : "good");
    (void)snprintf(number, sizeof number, "%.3f", j->precision);
    card(p, number, "precision", j->precision < 1 ? "warn" : "good");
    (void)snprintf(number, sizeof number, "%.3f", j->f1);
    card(p, number, "F1", "");
    for (int v = 0; v < VERDICTS; v++) {
        if (j->counts[v] == 0 && v != VERDICT_MATCH && v != VERDICT_MISSED)
            continue;
        (void)snprintf(number, sizeof number, "%zu", j->counts[v]);
        card(p, number, verdict_name((enum verdict)v),
             j->counts[v] > 0 ? colour((enum verdict)v) : "");
    }
    if (j->max_ms >= 0) {
        (void)snprintf(number, sizeof number, "%lld ms", (long long)j->p95_ms);
        card(p, number, "time to detect, p95", "");
    }
    raw(p, "</div>");
}

/* ---- timeline ---- */

static size_t bin_of(const struct truth *t, int64_t ms)
{
    int64_t span = t->last_ms - t->first_ms + 1;

    if (ms < t->first_ms)
        return 0;
    return (size_t)((ms - t->first_ms) * BINS / span) < BINS
               ? (size_t)((ms - t->first_ms) * BINS / span)
               : BINS - 1;
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

static void mark(struct page *p, const struct judged *row, int64_t at_ms)
{
    const struct truth *t = p->s->truth;
    double x = (double)(at_ms - t->first_ms) / (double)(t->last_ms - t->first_ms + 1) * CHART_W;
    int y = row->verdict == VERDICT_MATCH ? 14 : row->verdict == VERDICT_MISSED ? 30 : 46;
    char at[CLOCK_ISO_SIZE];
    struct str rule = row->expected ? row->expected->rule : row->got->rule;

    if (x < 0 || x > CHART_W)
        return;
    clock_iso(at_ms, at);
    buf_printf(&p->out,
               "<circle cx=\"%.1f\" cy=\"%d\" r=\"5\" fill=\"var(--%s)\"><title>%s %s: ", x, y,
               colour(row->verdict), at, verdict_name(row->verdict));
    text(p, rule);
    raw(p, "</title></circle>");
}

static int64_t time_of(const struct page *p, const struct judged *row)
{
    if (row->expected)
        return row->expected->first_ms;
    for (size_t i = 0; i < row->got->event_count; i++) {
        const struct truth_event *e = truth_find(p->s->truth, row->got->event_ids[i]);

        if (e)
            return e->time_ms;
    }
    return row->got->first_ms;
}

static void timeline(struct page *p)
{
    const struct truth *t = p->s->truth;
    size_t bins[BINS] = { 0 }, most = count_bins(t, bins);
    char first[CLOCK_ISO_SIZE], last[CLOCK_ISO_SIZE];

    clock_iso(t->first_ms, first);
    clock_iso(t->last_ms, last);
    raw(p, "<h2>Timeline</h2><p>Bars: events. Dots, from the top: found, missed, not explained."
           "</p><div class=\"wide\">");
    buf_printf(&p->out,
               "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"events and findings over "
               "time\">",
               CHART_W, CHART_H + 20);
    for (size_t i = 0; i < BINS; i++) {
        double h = (double)bins[i] / (double)most * (CHART_H - 60);

        buf_printf(&p->out,
                   "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
                   "fill=\"var(--bar)\"><title>%zu events</title></rect>",
                   (double)i * CHART_W / BINS, CHART_H - h, (double)CHART_W / BINS - 1, h, bins[i]);
    }
    for (size_t i = 0; i < p->s->j->count; i++) {
        const struct judged *row = &p->s->j->items[i];

        if (!row->event && time_of(p, row) >= 0)
            mark(p, row, time_of(p, row));
    }
    buf_printf(&p->out,
               "<text x=\"0\" y=\"%d\">%s</text><text x=\"%d\" y=\"%d\" "
               "text-anchor=\"end\">%s</text></svg></div>",
               CHART_H + 15, first, CHART_W, CHART_H + 15, last);
}

/* ---- tables ---- */

static void tally_table(struct page *p, const char *title, const char *what, const struct tally *t,
                        size_t count)
{
    if (count == 0)
        return;
    buf_printf(&p->out,
               "<h2>%s</h2><div class=\"wide\"><table><tr><th>%s</th><th class=\"n\">found</th>"
               "<th class=\"n\">missed</th><th class=\"n\">not explained</th><th "
               "class=\"n\">recall</th><th class=\"n\">precision</th></tr>",
               title, what);
    for (size_t i = 0; i < count; i++) {
        raw(p, "<tr><td>");
        text(p, t[i].name);
        buf_printf(&p->out,
                   "</td><td class=\"n %s\">%zu</td><td class=\"n %s\">%zu</td><td class=\"n "
                   "%s\">%zu</td><td class=\"n\">%.2f</td><td class=\"n\">%.2f</td></tr>",
                   t[i].matched ? "good" : "dim", t[i].matched, t[i].missed ? "bad" : "dim",
                   t[i].missed, t[i].spurious ? "bad" : "dim", t[i].spurious, tally_recall(&t[i]),
                   tally_precision(&t[i]));
    }
    raw(p, "</table></div>");
}

static void finding_row(struct page *p, const struct judged *row)
{
    char at[CLOCK_ISO_SIZE] = "";
    int64_t ms = row->event ? row->event->time_ms : time_of(p, row);

    if (ms >= 0)
        clock_iso(ms, at);
    buf_printf(&p->out, "<tr><td class=\"%s\">%s</td><td>", colour(row->verdict),
               verdict_name(row->verdict));
    text(p, row->expected ? row->expected->rule : row->event ? row->event->id : row->got->rule);
    raw(p, "</td><td class=\"dim\">");
    text(p, row->expected ? row->expected->story : STR(""));
    buf_printf(&p->out, "</td><td class=\"n\">%s</td><td>", at);
    text(p, str_c(row->cause));
    raw(p, "</td></tr>");
}

static void findings(struct page *p)
{
    size_t shown = 0, rest = 0;

    raw(p, "<h2>What was not right</h2>");
    for (size_t i = 0; i < p->s->j->count; i++)
        rest += p->s->j->items[i].verdict != VERDICT_MATCH;
    if (rest == 0) {
        raw(p, "<p>Nothing: every expected finding was reported, and nothing else.</p>");
        return;
    }
    raw(p, "<div class=\"wide\"><table><tr><th>verdict</th><th>rule</th><th>story</th><th "
           "class=\"n\">first event</th><th>cause</th></tr>");
    for (size_t i = 0; i < p->s->j->count && shown < ROWS_SHOWN; i++)
        if (p->s->j->items[i].verdict != VERDICT_MATCH) {
            finding_row(p, &p->s->j->items[i]);
            shown++;
        }
    raw(p, "</table></div>");
    if (rest > shown)
        buf_printf(&p->out, "<p>... and %zu more; --json has all.</p>", rest - shown);
}

static void heading(struct page *p)
{
    const struct shown *s = p->s;

    raw(p, "<h1>");
    text(p, s->suite->tool.name);
    raw(p, "</h1><p>");
    text(p, s->version);
    buf_printf(&p->out, "%sfed by %s; %zu events, %zu offered, %zu findings expected; %u run%s</p>",
               s->version.len > 0 ? "; " : "", suite_feed_name(s->suite->tool.feed),
               s->truth->event_count, s->truth->offered_count, s->truth->finding_count, s->repeats,
               s->repeats == 1 ? "" : "s");
    for (struct str rest = s->why, line; rest.len > 0;) {
        (void)str_cut(rest, '\n', &line, &rest); /* each line has its end */
        raw(p, "<p class=\"bad\">");
        text(p, line);
        raw(p, "</p>");
    }
    if (s->is_unstable)
        raw(p, "<p class=\"bad\">the runs differ</p>");
    if (s->why.len == 0 && !s->is_unstable)
        raw(p, "<p class=\"good\">all that the suite requires is met</p>");
}

int show_html(const struct shown *s, struct str file, struct err *err)
{
    struct page p = { .s = s };

    raw(&p, "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" "
            "content=\"width=device-width\"><title>mocktrail verify run</title><style>");
    raw(&p, style);
    raw(&p, "</style><body>");
    heading(&p);
    cards(&p);
    timeline(&p);
    tally_table(&p, "Technique matrix", "technique", s->j->techniques, s->j->technique_count);
    tally_table(&p, "Rules", "rule", s->j->rules, s->j->rule_count);
    findings(&p);
    raw(&p, "</body></html>\n");
    int rc = fs_replace_fast(file.ptr, buf_view(&p.out), err);

    buf_free(&p.out);
    return rc;
}
