/* generator/plan - who begins a session when, and when its calls fall: the background's times.
 *
 * Nothing is performed here. Each actor of each workload is a stream with chance of its own, drawn
 * from the seed and the two names alone: one stream more changes nothing in the others.
 */
#pragma once

#include "core/base/rng.h"
#include "generator/scenario/scenario.h"

/* Sessions of one actor of one workload, in order of time. */
struct stream {
    const struct scenario *s;
    const struct workload *load;
    const struct cast *actor;
    uint64_t seed; /* of its own */
    struct rng rng;
    double scale; /* of the rate */
    int64_t start_ms, end_ms, zone_ms;
    int64_t next_ms;      /* when the next session begins; INT64_MAX: no more */
    uint64_t number;      /* of that session */
    int64_t phase_ms;     /* of `every` */
    struct span burst_ms; /* of the tool: gaps within a page or a plan; 0..0: it has none */
};

/* scale 1: the rate as the scenario says it. */
void stream_open(struct stream *st, const struct scenario *s, const struct workload *load,
                 const struct cast *actor, uint64_t seed, double scale);
/* To the session after next_ms. */
void stream_next(struct stream *st);

/* Sessions an hour at a time of the week, weekday factor and night included. */
double plan_rate(const struct workload *load, int64_t zone_ms, int64_t t_ms);

/* One session: when its calls are due. */
struct session {
    struct rng rng; /* for what they are */
    int64_t *at_ms;
    size_t count;
};
void session_draw(struct arena *a, const struct stream *st, struct session *out);
/* How many calls of it lie before the end: the same without their times. */
size_t session_count(const struct stream *st);

struct plan {
    double scale;
    uint64_t calls; /* planned in all, at that scale */
};
/* The least scale that plans so many calls; calls 0: scale 1. */
struct plan plan_for(const struct scenario *s, uint64_t seed, uint64_t calls);
