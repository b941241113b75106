/* verify/run/page - the HTML page while it is written; between html.c and charts.c. */
#pragma once

#include "verify/run/show.h"

struct page {
    const struct shown *s;
    struct buf out;
};

void page_raw(struct page *p, const char *html);
void page_text(struct page *p, struct str s); /* escaped */
const char *page_colour(enum verdict v);      /* a class, and a variable, of the style */
int64_t page_time_of(const struct page *p, const struct judged *row); /* -1: it has none */

/* charts.c */
void chart_timeline(struct page *p);
void chart_techniques(struct page *p); /* tactics side by side, a cell for each technique */
