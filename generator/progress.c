#include "generator/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "core/base/clock.h"

#define EVERY_US      200000
#define LINE_EVERY_US 5000000
#define BAR           40

void progress_open(struct progress *p, int64_t start_ms, int64_t end_ms)
{
    *p = (struct progress){ .start_ms = start_ms, .end_ms = end_ms, .is_open = true };
    p->is_terminal = isatty(STDERR_FILENO) == 1;
    p->shown_us = clock_monotonic_us();
    p->percent = -1;
}

static int percent_of(const struct progress *p, int64_t now_ms)
{
    int64_t span = p->end_ms - p->start_ms, done = now_ms - p->start_ms;

    if (done <= 0 || span <= 0)
        return 0;
    return done >= span ? 100 : (int)((double)done * 100 / (double)span);
}

void progress_show(struct progress *p, int64_t now_ms, uint64_t records)
{
    char bar[BAR + 1], now[CLOCK_ISO_SIZE];
    int64_t us = clock_monotonic_us();
    int percent = percent_of(p, now_ms);

    if (!p->is_open || us - p->shown_us < (p->is_terminal ? EVERY_US : LINE_EVERY_US))
        return;
    p->shown_us = us;
    p->percent = percent;
    clock_iso(now_ms, now);
    if (!p->is_terminal) {
        (void)fprintf(stderr, "%3d %%  %s  %llu events\n", percent, now,
                      (unsigned long long)records);
        return;
    }
    for (int i = 0; i < BAR; i++)
        bar[i] = i < percent * BAR / 100 ? '#' : '.';
    bar[BAR] = 0;
    (void)fprintf(stderr, "\r[%s] %3d %%  %s  %llu events ", bar, percent, now,
                  (unsigned long long)records);
}

void progress_close(struct progress *p)
{
    if (p->is_open && p->is_terminal && p->percent >= 0)
        (void)fprintf(stderr, "\r\033[K");
    p->is_open = false;
}
