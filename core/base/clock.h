/* core/base/clock - the one clock of a run: the machine's, or a virtual one that stands still.
 *
 * Time is int64_t milliseconds since 1970, UTC. Reading is safe from any thread. Setting moves
 * only the number: what falls due by it is emulator/engine/schedule's to fire.
 */
#pragma once

#include <stdbool.h>

#include "core/base/arena.h"
#include "core/base/err.h"

enum clock_mode { CLOCK_REAL, CLOCK_VIRTUAL };

struct clock {
    enum clock_mode mode;
    _Atomic int64_t offset_ms; /* real: now = machine + offset; virtual: now = offset itself */
    _Atomic int64_t frozen_ms; /* a real clock that stands: now; else 0 */
};

void clock_init_real(struct clock *c);
void clock_init_virtual(struct clock *c, int64_t start_ms);
int64_t clock_now_ms(const struct clock *c);
void clock_set_ms(struct clock *c, int64_t now_ms); /* real: shifts the offset */
/* A real clock stands where it is, or goes on from there. One thread at a time; readers are safe.
 * A virtual clock stands anyway. */
void clock_freeze(struct clock *c);
void clock_unfreeze(struct clock *c);
bool clock_is_frozen(const struct clock *c); /* standing: a virtual clock always is */
int64_t clock_machine_ms(void);              /* the machine's own, for signature skew only */
int64_t clock_monotonic_us(void);            /* for measuring durations only */

struct clock_parts {
    int year, month, day, hour, minute, second, ms; /* month 1-12, day 1-31 */
    int weekday;                                    /* 0 = Sunday */
};
struct clock_parts clock_split(int64_t t_ms); /* proleptic Gregorian, any int64 */
int64_t clock_join(struct clock_parts p);

#define CLOCK_ISO_SIZE 21
/* "2026-01-02T03:04:05Z", whole seconds rounded down, NUL-terminated. Years 0-9999. */
void clock_iso(int64_t t_ms, char out[CLOCK_ISO_SIZE]);
struct str clock_iso_ms(struct arena *a, int64_t t_ms);    /* 2026-01-02T03:04:05.678Z */
struct str clock_iso_basic(struct arena *a, int64_t t_ms); /* 20260102T030405Z */
struct str clock_rfc822(struct arena *a, int64_t t_ms);    /* Tue, 29 Apr 2014 18:30:38 GMT */
/* ISO 8601 (extended or basic, optional fraction, Z or +hh:mm, or a bare date), RFC 822, or epoch
 * seconds. Returns 0 or E_PARSE. */
int clock_parse(struct str s, int64_t *out_ms, struct err *err);
/* The same without epoch seconds, for what people write: their 2026 is a year, and refused. */
int clock_parse_written(struct str s, int64_t *out_ms, struct err *err);
/* "90s", "15m", "1h", "30d", "250ms". Returns 0 or E_PARSE. */
int clock_parse_duration(struct str s, int64_t *out_ms, struct err *err);
