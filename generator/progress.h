/* generator/progress - how far a run has come: a bar on a terminal, now and then a line elsewhere.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct progress {
    int64_t start_ms, end_ms, shown_us;
    bool is_open, is_terminal;
    int percent; /* last shown */
};

/* On stderr; the span is the scenario's own time. */
void progress_open(struct progress *p, int64_t start_ms, int64_t end_ms);
/* Cheap to call often: most calls show nothing. */
void progress_show(struct progress *p, int64_t now_ms, uint64_t records);
void progress_close(struct progress *p);
