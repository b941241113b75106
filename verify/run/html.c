/* A page that needs no other file: numbers, a timeline, a technique matrix, every miss with its
 * cause. Light and dark by the reader's setting; without scripts. */
#include "core/base/clock.h"
#include "core/base/fs.h"
#include "core/codec/xml.h"
#include "verify/run/page.h"

enum { ROWS_SHOWN = 400 };

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
    "svg{width:100%;min-width:680px;height:auto;display:block}"
    "svg text{fill:var(--dim);font-size:12px}.wide{overflow-x:auto}"
    ".matrix{display:grid;grid-template-columns:repeat(auto-fill,minmax(150px,1fr));gap:14px 10px}"
    ".matrix h3{font-size:13px;margin:0 0 6px;color:var(--dim);font-weight:600}"
    ".cell{border:1px solid var(--line);border-left:4px solid var(--dim);border-radius:6px;"
    "background:var(--card);padding:5px 8px;margin:0 0 6px;font-size:13px;line-height:1.35;"
    "overflow-wrap:anywhere}.cell b,.cell i{display:block;font-size:12px;font-style:normal}"
    ".cell.good{color:inherit;border-left-color:var(--good)}.cell.good b{color:var(--good)}"
    ".cell.warn{color:inherit;border-left-color:var(--warn)}.cell.warn b{color:var(--warn)}"
    ".cell.bad{color:inherit;border-left-color:var(--bad)}.cell.bad b,.cell i{color:var(--bad)}"
    ":root{color-scheme:light dark}";

void page_raw(struct page *p, const char *html)
{
    buf_add_c(&p->out, html);
}

void page_text(struct page *p, struct str s)
{
    xml_text(&p->out, s);
}

const char *page_colour(enum verdict v)
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

    page_raw(p, "<div class=\"cards\">");
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
             j->counts[v] > 0 ? page_colour((enum verdict)v) : "");
    }
    if (j->max_ms >= 0) {
        (void)snprintf(number, sizeof number, "%lld ms", (long long)j->p95_ms);
        card(p, number, "time to detect, p95", "");
    }
    page_raw(p, "</div>");
}

int64_t page_time_of(const struct page *p, const struct judged *row)
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

/* ---- tables ---- */

/* What a rule never reported has no precision, what never happened no recall. */
static void share(struct page *p, size_t of, double value)
{
    if (of == 0)
        page_raw(p, "<td class=\"n dim\">&ndash;</td>");
    else
        buf_printf(&p->out, "<td class=\"n\">%.2f</td>", value);
}

static void rules(struct page *p)
{
    const struct judgement *j = p->s->j;

    if (j->rule_count == 0)
        return;
    page_raw(p, "<h2>Rules</h2><div class=\"wide\"><table><tr><th>rule</th><th "
                "class=\"n\">found</th><th class=\"n\">missed</th><th class=\"n\">not "
                "explained</th><th class=\"n\">recall</th><th class=\"n\">precision</th></tr>");
    for (size_t i = 0; i < j->rule_count; i++) {
        const struct tally *t = &j->rules[i];

        page_raw(p, "<tr><td>");
        page_text(p, t->name);
        buf_printf(&p->out,
                   "</td><td class=\"n %s\">%zu</td><td class=\"n %s\">%zu</td><td class=\"n "
                   "%s\">%zu</td>",
                   t->matched ? "good" : "dim", t->matched, t->missed ? "bad" : "dim", t->missed,
                   t->spurious ? "bad" : "dim", t->spurious);
        share(p, t->matched + t->missed, tally_recall(t));
        share(p, t->matched + t->spurious, tally_precision(t));
        page_raw(p, "</tr>");
    }
    page_raw(p, "</table></div>");
}

static void finding_row(struct page *p, const struct judged *row)
{
    char at[CLOCK_ISO_SIZE] = "";
    int64_t ms = row->event ? row->event->time_ms : page_time_of(p, row);

    if (ms >= 0)
        clock_iso(ms, at);
    buf_printf(&p->out, "<tr><td class=\"%s\">%s</td><td>", page_colour(row->verdict),
               verdict_name(row->verdict));
    page_text(p, row->expected ? row->expected->rule
                 : row->event  ? row->event->id
                               : row->got->rule);
    page_raw(p, "</td><td class=\"dim\">");
    page_text(p, row->expected ? row->expected->story : STR(""));
    buf_printf(&p->out, "</td><td class=\"n\">%s</td><td>", at);
    page_text(p, str_c(row->cause));
    page_raw(p, "</td></tr>");
}

static void findings(struct page *p)
{
    size_t shown = 0, rest = 0;

    page_raw(p, "<h2>What was not right</h2>");
    for (size_t i = 0; i < p->s->j->count; i++)
        rest += p->s->j->items[i].verdict != VERDICT_MATCH;
    if (rest == 0) {
        page_raw(p, "<p>Nothing: every expected finding was reported, and nothing else.</p>");
        return;
    }
    page_raw(p, "<div class=\"wide\"><table><tr><th>verdict</th><th>rule</th><th>story</th><th "
                "class=\"n\">first event</th><th>cause</th></tr>");
    for (size_t i = 0; i < p->s->j->count && shown < ROWS_SHOWN; i++)
        if (p->s->j->items[i].verdict != VERDICT_MATCH) {
            finding_row(p, &p->s->j->items[i]);
            shown++;
        }
    page_raw(p, "</table></div>");
    if (rest > shown)
        buf_printf(&p->out, "<p>... and %zu more; --json has all.</p>", rest - shown);
}

static void heading(struct page *p)
{
    const struct shown *s = p->s;

    page_raw(p, "<h1>");
    page_text(p, s->suite->tool.name);
    page_raw(p, "</h1><p>");
    page_text(p, s->version);
    buf_printf(&p->out, "%sfed by %s; %zu events, %zu offered, %zu findings expected; %u run%s</p>",
               s->version.len > 0 ? "; " : "", suite_feed_name(s->suite->tool.feed),
               s->truth->event_count, s->truth->offered_count, s->truth->finding_count, s->repeats,
               s->repeats == 1 ? "" : "s");
    for (struct str rest = s->why, line; rest.len > 0;) {
        (void)str_cut(rest, '\n', &line, &rest); /* each line has its end */
        page_raw(p, "<p class=\"bad\">");
        page_text(p, line);
        page_raw(p, "</p>");
    }
    if (s->is_unstable)
        page_raw(p, "<p class=\"bad\">the runs differ</p>");
    if (s->why.len == 0 && !s->is_unstable)
        page_raw(p, "<p class=\"good\">all that the suite requires is met</p>");
}

int show_html(const struct shown *s, struct str file, struct err *err)
{
    struct page p = { .s = s };

    page_raw(&p, "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" "
                 "content=\"width=device-width\"><title>mocktrail verify run</title><style>");
    page_raw(&p, style);
    page_raw(&p, "</style><body>");
    heading(&p);
    cards(&p);
    chart_timeline(&p);
    chart_techniques(&p);
    rules(&p);
    findings(&p);
    page_raw(&p, "</body></html>\n");
    int rc = fs_replace_fast(file.ptr, buf_view(&p.out), err);

    buf_free(&p.out);
    return rc;
}
