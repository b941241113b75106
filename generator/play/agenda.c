/* The agenda: stories, and the sessions of workloads, merged in order of time. */
#include <assert.h>

#include "core/base/mem.h"
#include "generator/plan/plan.h"
#include "generator/play/pace.h"
#include "generator/play/run.h"

#define ASK_EVERY 64 /* errands between two questions whether to stop */

/* Whatever has a next time: a story, a stream of sessions, or one session. */
struct entry {
    int64_t at_ms;
    uint64_t order; /* equal times: stories first, then streams in the order of the file */
    struct run *run;
    const struct story *story; /* a story's */
    struct stream *stream;     /* a stream's, and of its sessions */
    struct session session;    /* of a session */
    size_t next_call;
    bool is_session, has_begun, in_call;
    int64_t left; /* of a story: records that it will still make, as far as one can tell */
};

struct agenda {
    struct play *p;
    struct entry **heap;
    size_t count, room;
    struct err *err;
};

static bool is_before(const struct entry *a, const struct entry *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

static void swap(struct agenda *g, size_t i, size_t j)
{
    struct entry *e = g->heap[i];

    g->heap[i] = g->heap[j];
    g->heap[j] = e;
}

static void push(struct agenda *g, struct entry *e)
{
    size_t i = g->count;

    if (g->count == g->room) {
        g->room = g->room ? g->room * 2 : 64;
        g->heap = mem_realloc(g->heap, g->room * sizeof(struct entry *));
    }
    g->heap[g->count++] = e;
    for (; i > 0 && is_before(g->heap[i], g->heap[(i - 1) / 2]); i = (i - 1) / 2)
        swap(g, i, (i - 1) / 2);
}

static struct entry *pop(struct agenda *g)
{
    struct entry *first = g->heap[0];
    size_t i = 0;

    g->heap[0] = g->heap[--g->count];
    while (2 * i + 1 < g->count) {
        size_t least = 2 * i + 1;

        if (least + 1 < g->count && is_before(g->heap[least + 1], g->heap[least]))
            least++;
        if (!is_before(g->heap[least], g->heap[i]))
            break;
        swap(g, i, least);
        i = least;
    }
    return first;
}

static void end_session(struct entry *e)
{
    arena_free(&e->run->arena);
    mem_free(e->run);
    mem_free(e);
}

/* Steps that a story will play before the end, by the middle of their waits. */
static int64_t story_records(const struct step *steps, int depth, int64_t *at_ms, int64_t end_ms)
{
    int64_t n = 0;

    for (const struct step *step = steps; step && depth < 8; step = step->next) {
        int64_t times = step->each && step->each->kind == VALUE_LIST ? (int64_t)step->each->count
                                                                     : step->repeat;
        int64_t wait = step->has_wait ? (step->wait_ms.least + step->wait_ms.most) / 2 : 3000;

        for (int64_t i = 0; i < times && *at_ms < end_ms; i++) {
            n += step->technique ? story_records(step->technique->steps, depth + 1, at_ms, end_ms)
                                 : 1;
            *at_ms += wait;
        }
    }
    return n;
}

static int64_t estimate(const struct play *p, const struct story *k)
{
    int64_t at = moment_ms(p->s, k->when, p->s->start_ms);

    return story_records(k->benign ? k->technique->benign_steps : k->technique->steps, 0, &at,
                         p->s->end_ms);
}

static void add_stories(struct agenda *g)
{
    for (const struct story *k = g->p->s->stories; k; k = k->next) {
        struct entry *e = mem_alloc(sizeof *e);

        e->story = k;
        e->left = estimate(g->p, k);
        e->run = &g->p->stories[k->number];
        e->order = k->number;
        e->at_ms = moment_ms(g->p->s, k->when, g->p->s->start_ms);
        push(g, e);
    }
}

static void add_streams(struct agenda *g, double scale)
{
    const struct scenario *s = g->p->s;
    uint64_t number = 1u << 20;

    for (const struct workload *w = s->workloads; w; w = w->next)
        for (size_t i = 0; i < w->as.count; i++) {
            struct entry *e = mem_alloc(sizeof *e);

            e->stream = arena_alloc(g->p->a, sizeof *e->stream); /* its sessions outlive e */
            stream_open(e->stream, s, w, scenario_principal(s, w->as.items[i]), g->p->seed, scale);
            e->order = number++;
            e->at_ms = e->stream->next_ms;
            if (e->at_ms != INT64_MAX)
                push(g, e);
            else
                mem_free(e);
        }
}

/* The stream's next session begins, and the stream goes on to the one behind it. */
static void begin_session(struct agenda *g, struct entry *stream)
{
    struct entry *e = mem_alloc(sizeof *e);
    struct stream *st = stream->stream;
    const struct workload *w = st->load;

    e->run = mem_alloc(sizeof *e->run);
    e->is_session = true;
    e->stream = st;
    e->order = stream->order;
    session_draw(&e->run->arena, st, &e->session);
    e->run->sc = (struct scene){ .a = &e->run->arena,
                                 .rng = e->session.rng,
                                 .actor = &g->p->people[st->actor->number],
                                 .account = st->actor->account,
                                 .tool = w->tool,
                                 .network = w->network,
                                 .region = w->region,
                                 .slot = (size_t)st->number,
                                 .is_background = true };
    e->run->sc.captures = value_map(&e->run->arena);
    e->at_ms = e->session.count > 0 ? e->session.at_ms[0] : INT64_MAX;
    if (e->at_ms != INT64_MAX)
        push(g, e);
    else
        end_session(e);
    stream_next(st);
    stream->at_ms = st->next_ms;
}

/* What comes before the first call that is really made. */
static int open_session(struct agenda *g, struct entry *e)
{
    const struct workload *w = e->stream->load;
    struct step sign_in = { .at = w->at, .event = STR("signin.ConsoleLogin"), .repeat = 1 };
    enum step_end end;
    int rc = 0;

    e->has_begun = true;
    if (w->sign_in)
        rc = step_play(g->p, &e->run->sc, &sign_in, &end, g->err);
    if (rc == 0 && w->sign_in)
        rc = g->p->door->advance(g->p->door, g->p->door->now(g->p->door) + 1000, g->err);
    if (rc == 0 && w->assume.len > 0)
        rc = people_assume(g->p, &e->run->sc, play_person(g->p, w->assume), g->err);
    return rc;
}

static const struct step *pick_by_weight(struct rng *r, const struct step *steps)
{
    uint64_t total = 0, at;

    for (const struct step *step = steps; step; step = step->next)
        total += (uint64_t)step->weight;
    at = rng_below(r, total);
    while (at >= (uint64_t)steps->weight) {
        at -= (uint64_t)steps->weight;
        steps = steps->next;
        assert(steps); /* at was below the sum of all */
    }
    return steps;
}

/* Which call is the n-th of the session; with `regions: all` its region, too. */
static const struct step *choose(struct agenda *g, struct entry *e)
{
    const struct workload *w = e->stream->load;
    const struct step *step = w->steps;
    size_t entries = 0, n = e->next_call;

    if (w->order == ORDER_MIX)
        return pick_by_weight(&e->run->sc.rng, w->steps);
    for (const struct step *k = w->steps; k; k = k->next)
        entries++;
    assert(entries > 0); /* the scenario was checked */
    if (w->all_regions)
        e->run->sc.region = g->p->s->regions.items[n / entries % g->p->s->regions.count];
    for (n %= entries; n > 0; n--)
        step = step->next;
    return step;
}

static int64_t records_of(const struct step *step)
{
    int64_t n = 0;

    if (!step->sequence)
        return step->repeat;
    for (const struct step *k = step->sequence; k; k = k->next)
        n += records_of(k);
    return n;
}

static bool allows(struct agenda *g, const struct entry *e, const struct step *step)
{
    struct play *p = g->p;
    int64_t first = !e->has_begun && (e->stream->load->sign_in || e->stream->load->assume.len > 0);

    return !p->pace || pace_allows(p->pace, p->door->taken(p->door), records_of(step) + first);
}

/* The next planned call, or the rest of one that is a sequence. */
static int go_on_session(struct agenda *g, struct entry *e)
{
    struct run *r = e->run;
    int rc = 0;

    if (!e->in_call) {
        const struct step *step = choose(g, e);

        if (allows(g, e, step)) {
            rc = e->has_begun ? 0 : open_session(g, e);
            run_push(r, step, true);
            r->at_ms = g->p->door->now(g->p->door);
            if (rc == 0)
                rc = run_find(g->p, r, g->err);
            r->at_ms = g->p->door->now(g->p->door); /* due now, whatever its wait */
        }
    }
    if (rc == 0 && r->next)
        rc = run_step(g->p, r, g->err);
    e->in_call = rc == 0 && r->next;
    if (rc < 0 || e->in_call) {
        e->at_ms = r->at_ms;
        return rc;
    }
    e->next_call++;
    int64_t now = g->p->door->now(g->p->door);
    e->at_ms = e->next_call < e->session.count ? e->session.at_ms[e->next_call] : INT64_MAX;
    if (e->at_ms < now)
        e->at_ms = now + 1;
    return 0;
}

/* What a story has made, or will not make any more, is not waited for. */
static void settle_estimate(struct agenda *g, struct entry *e, int64_t before)
{
    struct pace *pace = g->p->pace;
    int64_t made;

    if (!pace)
        return;
    made = g->p->door->taken(g->p->door) - before;
    if (!e->run->next || made > e->left)
        made = e->left;
    e->left -= made;
    pace->stories -= made;
}

static int go_on_story(struct agenda *g, struct entry *e)
{
    int64_t before = g->p->pace ? g->p->door->taken(g->p->door) : 0;
    int rc = 0;

    if (!e->has_begun) {
        e->has_begun = true;
        rc = story_begin(g->p, e->run, e->story, g->err);
    } else if (e->run->next) {
        rc = run_step(g->p, e->run, g->err);
    }
    settle_estimate(g, e, before);
    e->at_ms = e->run->next ? e->run->at_ms : INT64_MAX;
    return rc;
}

static int go_on(struct agenda *g, struct entry *e)
{
    struct door *d = g->p->door;
    int rc = e->at_ms > d->now(d) ? d->advance(d, e->at_ms, g->err) : 0;

    if (rc < 0)
        return rc;
    if (e->story)
        return go_on_story(g, e);
    if (e->is_session)
        return go_on_session(g, e);
    begin_session(g, e);
    return 0;
}

static void drop(struct entry *e)
{
    if (e->is_session)
        end_session(e);
    else
        mem_free(e);
}

static void open_pace(struct play *p, struct pace *pace, const struct plan *plan)
{
    *pace = (struct pace){ .target = p->s->events + p->s->events / 200 + 1 + p->s->events_more,
                           .planned = (int64_t)plan->calls };
    for (const struct story *k = p->s->stories; k; k = k->next)
        pace->stories += estimate(p, k);
    p->pace = pace;
}

static int run_agenda(struct agenda *g, bool *out_stopped)
{
    struct play *p = g->p;
    uint64_t asked = 0;
    int rc = 0;

    while (rc == 0 && g->count > 0 && g->heap[0]->at_ms < p->s->end_ms) {
        struct entry *e = pop(g);

        rc = go_on(g, e);
        if (rc == 0 && e->at_ms < p->s->end_ms)
            push(g, e);
        else
            drop(e);
        if (++asked % ASK_EVERY)
            continue;
        if (p->progress)
            p->progress(p->arg, p->door->now(p->door));
        *out_stopped = p->should_stop && p->should_stop(p->arg);
        if (*out_stopped)
            break;
    }
    while (g->count > 0)
        drop(pop(g));
    mem_free(g->heap);
    return rc;
}

int play_run(struct play *p, bool *out_stopped, struct err *err)
{
    struct agenda g = { .p = p, .err = err };
    int64_t aim = p->s->events + (p->s->events_more > 0 ? p->s->events_more : 0);
    uint64_t wanted = (uint64_t)aim;
    struct plan plan = plan_for(p->s, p->seed, wanted + wanted / 10 + (wanted ? 16 : 0));
    struct pace pace;

    *out_stopped = false;
    if (wanted > 0 && p->door->taken)
        open_pace(p, &pace, &plan);
    add_stories(&g);
    add_streams(&g, plan.scale);
    int rc = run_agenda(&g, out_stopped);
    p->pace = NULL;
    if (rc == 0 && !*out_stopped && p->door->now(p->door) < p->s->end_ms)
        rc = p->door->advance(p->door, p->s->end_ms, err);
    return rc;
}
