#include "generator/plan/plan.h"

#include <math.h>

#include "core/base/clock.h"

#define HOUR_MS    3600000ll
#define DAY_MS     86400000ll
#define SCALE_MOST 1e9
#define PAGE_SHARE 0.5 /* of a console's calls, those that come with the one before */

static bool is_within(const struct hours *h, int64_t of_day_ms)
{
    return h->from_ms < h->to_ms ? of_day_ms >= h->from_ms && of_day_ms < h->to_ms
                                 : of_day_ms >= h->from_ms || of_day_ms < h->to_ms;
}

/* Over a day of factor 1 the rate is what the scenario says: what the night lacks, the day has. */
double plan_rate(const struct workload *load, int64_t zone_ms, int64_t t_ms)
{
    const struct hours *h = &load->hours;
    int64_t local = t_ms + zone_ms, of_day = ((local % DAY_MS) + DAY_MS) % DAY_MS;
    double rate = load->per_hour * load->weekdays[clock_split(local).weekday];

    if (!h->is_set)
        return rate;
    int64_t length = h->to_ms - h->from_ms + (h->to_ms < h->from_ms ? DAY_MS : 0);
    double open = (double)length / DAY_MS;
    double level = 1 / (open + h->night * (1 - open));
    return rate * level * (is_within(h, of_day) ? 1 : h->night);
}

/* The next time at which the rate may change. */
static int64_t next_edge(const struct workload *load, int64_t zone_ms, int64_t t_ms)
{
    int64_t local = t_ms + zone_ms, midnight = local - ((local % DAY_MS) + DAY_MS) % DAY_MS;
    const int64_t edges[] = { load->hours.from_ms, load->hours.to_ms, DAY_MS };
    int64_t next = midnight + DAY_MS;

    for (size_t i = 0; load->hours.is_set && i < COUNT(edges); i++)
        if (midnight + edges[i] > local && midnight + edges[i] < next)
            next = midnight + edges[i];
    return next - zone_ms;
}

static double exponential(struct rng *r)
{
    return -log(1 - rng_unit(r));
}

/* The time by which the intensity since from_ms adds up to one more unit of chance. */
static int64_t next_arrival(struct stream *st, int64_t from_ms)
{
    double left = exponential(&st->rng) / st->scale;

    while (from_ms < st->end_ms) {
        double per_ms = plan_rate(st->load, st->zone_ms, from_ms) / HOUR_MS;
        int64_t edge = next_edge(st->load, st->zone_ms, from_ms);
        double here = per_ms * (double)(edge - from_ms);

        if (here >= left)
            return from_ms + (int64_t)(left / per_ms);
        left -= here;
        from_ms = edge;
    }
    return INT64_MAX;
}

/* At fixed distance, with jitter: sessions keep their order. */
static int64_t next_tick(struct stream *st)
{
    double every = (double)st->load->every_ms / st->scale;
    int64_t at = st->start_ms + (int64_t)((double)st->phase_ms / st->scale) +
                 (int64_t)(every * (double)st->number);

    if (st->load->jitter_ms > 0)
        at += (int64_t)((double)rng_below(&st->rng, (uint64_t)st->load->jitter_ms) / st->scale);
    return at;
}

static void find_next(struct stream *st, int64_t from_ms)
{
    int64_t at = st->load->every_ms > 0 ? next_tick(st) : next_arrival(st, from_ms);

    st->next_ms = at >= st->end_ms ? INT64_MAX : at;
}

static uint64_t seed_of(uint64_t seed, const struct workload *load, const struct cast *actor)
{
    /* Two names and a bar between them: no other pair has the same bytes. */
    uint64_t name = str_hash(load->name) * 0x9e3779b97f4a7c15ull;

    return seed ^ name ^ str_hash(actor->name);
}

/* Of the workload's tool, else the actor's; or of one that it is like. */
static struct span burst_of(const struct scenario *s, const struct workload *load,
                            const struct cast *actor)
{
    const struct tool *t = scenario_tool(s, load->tool.len > 0 ? load->tool : actor->tool);

    for (int i = 0; t && i < 8; i++) {
        if (t->has_burst)
            return t->burst_ms;
        t = scenario_tool(s, t->like);
    }
    return (struct span){ 0, 0 };
}

void stream_open(struct stream *st, const struct scenario *s, const struct workload *load,
                 const struct cast *actor, uint64_t seed, double scale)
{
    int64_t start = moment_ms(s, load->start, s->start_ms);
    int64_t end = moment_ms(s, load->end, s->end_ms);

    *st = (struct stream){ .s = s, .load = load, .actor = actor, .scale = scale };
    st->start_ms = start > s->start_ms ? start : s->start_ms;
    st->end_ms = end < s->end_ms ? end : s->end_ms;
    st->zone_ms = load->hours.has_zone ? load->hours.zone_ms : actor->zone_ms;
    st->seed = seed_of(seed, load, actor);
    st->burst_ms = burst_of(s, load, actor);
    rng_init(&st->rng, st->seed, 0);
    if (load->every_ms > 0)
        st->phase_ms = (int64_t)rng_below(&st->rng, (uint64_t)load->every_ms);
    find_next(st, st->start_ms);
}

void stream_next(struct stream *st)
{
    st->number++;
    find_next(st, st->next_ms);
}

static int64_t draw_span(struct rng *r, struct span s)
{
    return s.least + (int64_t)rng_below(r, (uint64_t)(s.most - s.least) + 1);
}

/* Short gaps are common, long ones rare. What a tool asks for at once (a console's page, a plan, a
 * sweep) comes in bursts. */
static int64_t draw_gap(const struct stream *st, struct rng *r)
{
    struct span s = st->load->gap_ms;
    double of_burst = rng_unit(r), u = rng_unit(r);
    bool is_plan = st->load->order == ORDER_ALL && !st->load->has_gap;

    if (st->burst_ms.most > 0 && (is_plan || of_burst < PAGE_SHARE))
        s = st->burst_ms;
    return s.least + (int64_t)((double)(s.most - s.least) * u * u);
}

static size_t entries_of(const struct workload *load)
{
    size_t n = 0;

    for (const struct step *step = load->steps; step; step = step->next)
        n++;
    return n;
}

static size_t draw_count(const struct stream *st, struct rng *r)
{
    const struct workload *load = st->load;

    if (load->order == ORDER_MIX)
        return (size_t)draw_span(r, load->calls);
    return entries_of(load) * (load->all_regions ? st->s->regions.count : 1);
}

/* Calls one after the other until the session or the period is over; at NULL: only counted. */
static size_t draw_times(const struct stream *st, struct rng *r, size_t count, int64_t *at)
{
    int64_t t = st->next_ms;
    size_t n = 0;

    for (; n < count && t < st->s->end_ms; n++) {
        if (at)
            at[n] = t;
        t += draw_gap(st, r);
    }
    return n;
}

void session_draw(struct arena *a, const struct stream *st, struct session *out)
{
    struct rng times;

    rng_init(&times, st->seed, 2 * st->number + 1);
    rng_init(&out->rng, st->seed, 2 * st->number + 2);
    size_t count = draw_count(st, &times);
    out->at_ms = arena_array(a, count + 1, sizeof *out->at_ms);
    out->count = draw_times(st, &times, count, out->at_ms);
}

size_t session_count(const struct stream *st)
{
    struct rng times;

    rng_init(&times, st->seed, 2 * st->number + 1);
    size_t count = draw_count(st, &times);
    return draw_times(st, &times, count, NULL);
}

static uint64_t count_calls(const struct scenario *s, uint64_t seed, double scale, uint64_t enough)
{
    uint64_t calls = 0;

    for (const struct workload *w = s->workloads; w; w = w->next)
        for (size_t i = 0; i < w->as.count; i++) {
            struct stream st;

            stream_open(&st, s, w, scenario_principal(s, w->as.items[i]), seed, scale);
            for (; st.next_ms != INT64_MAX && calls < enough; stream_next(&st))
                calls += session_count(&st);
        }
    return calls;
}

struct plan plan_for(const struct scenario *s, uint64_t seed, uint64_t calls)
{
    struct plan p = { .scale = 1 };
    double low = 0, high = 1;

    if (calls == 0 || !s->workloads) {
        p.calls = count_calls(s, seed, 1, UINT64_MAX);
        return p;
    }
    while (high < SCALE_MOST && count_calls(s, seed, high, calls) < calls) {
        low = high;
        high *= 2;
    }
    for (int i = 0; i < 24; i++) {
        double middle = (low + high) / 2;

        if (count_calls(s, seed, middle, calls) >= calls)
            high = middle;
        else
            low = middle;
    }
    p.scale = high;
    p.calls = count_calls(s, seed, high, UINT64_MAX);
    return p;
}
