#include "emulator/trail/insights.h"

#include <math.h>
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/codec/json.h"
#include "emulator/trail/insights_parts.h"

struct insights *insights_new(uint64_t seed)
{
    struct insights *in = mem_alloc(sizeof *in);

    in->seed = seed;
    in->due_ms = INT64_MAX;
    return in;
}

void insights_free(struct insights *in)
{
    if (!in)
        return;
    for (struct insight_key *k = in->first, *next; k; k = next) {
        next = k->next;
        insight_key_free(k);
    }
    for (struct insight_gone *g = in->gone, *next; g; g = next) {
        next = g->next;
        arena_free(&g->a);
        mem_free(g);
    }
    mem_free(in);
}

int64_t insights_due_ms(const struct insights *in)
{
    return in->due_ms;
}

bool insights_asked(const struct config_set *trails)
{
    for (size_t i = 0; i < trails->count; i++)
        for (size_t n = 0; n < trails->trails[i].epoch_count; n++)
            if (trails->trails[i].epochs[n].insights)
                return true;
    return false;
}

struct insight_key *insights_key(struct insights *in, const struct insight_name *n)
{
    struct arena a = { 0 };
    struct str id = insight_name_id(&a, n);
    struct insight_key **bucket = &in->buckets[str_hash(id) % INSIGHT_BUCKETS], *k = *bucket;

    while (k && !str_eq(k->id, id))
        k = k->chain;
    if (!k && in->count < INSIGHT_KEYS_MOST) {
        k = insight_key_new(n, id);
        k->chain = *bucket;
        *bucket = k;
        k->next = in->first;
        in->first = k;
        in->count++;
    }
    arena_free(&a);
    return k;
}

/* ---- counting ---- */

/* A record on its way to the keys that count it. */
struct offer {
    struct insights *in;
    const struct journal_entry *entry;
    struct arena *a;
    const struct value *record; /* once it is read */
};

/* Source: CloudTrail User Guide, "insightDetails", userIdentityArn: users and roles; its samples
 * have no names of sessions. */
static struct str without_session(struct str arn)
{
    struct str head, rest, role, session;

    if (!str_cut(arn, '/', &head, &rest) || !str_has_suffix(head, STR(":assumed-role")) ||
        !str_cut(rest, '/', &role, &session))
        return arn;
    return str_sub(arn, 0, head.len + 1 + role.len);
}

static struct str voice_of(const struct offer *o, enum insight_attribute attribute)
{
    const struct record_facts *f = &o->entry->facts;
    const struct value *identity = value_get_c(o->record, "userIdentity");

    if (attribute == INSIGHT_AGENT)
        return value_get_str(o->record, "userAgent");
    if (attribute == INSIGHT_ERROR_CODE)
        return f->error_code.len > 0 ? f->error_code : STR("null");
    return f->identity_arn.len > 0 ? without_session(f->identity_arn)
                                   : value_get_str(identity, "invokedBy");
}

static void count_voices(struct offer *o, struct insight_key *k, struct insight_bag *bag)
{
    struct value *record = NULL;

    if (!o->record && json_parse(o->a, o->entry->record, &record, NULL) == 0)
        o->record = record;
    for (int i = 0; i < insight_row(k->n.kind)->attributes; i++) {
        struct str text = voice_of(o, (enum insight_attribute)i);
        struct insight_voice *v =
            text.len > 0 ? insight_key_voice(k, (enum insight_attribute)i, text) : NULL;

        if (v)
            insight_bag_add(bag, v, 1);
    }
}

static void wait_until(struct insights *in, int64_t at_ms)
{
    if (at_ms < in->due_ms)
        in->due_ms = at_ms;
}

static int64_t floor_minute(int64_t at_ms)
{
    return at_ms - at_ms % INSIGHT_MINUTE_MS;
}

static int64_t minute_due(int64_t minute_ms)
{
    return minute_ms + INSIGHT_MINUTE_MS + INSIGHT_GRACE_MS;
}

/* A call of a minute that is judged already counts for later ones only. */
static void count(struct offer *o, enum insight_kind kind, int64_t since_ms, struct str trail)
{
    const struct record_facts *f = &o->entry->facts;
    int64_t minute_ms = floor_minute(f->time_ms);
    struct insight_name n = { .kind = kind,
                              .is_data = f->category == EVENT_DATA,
                              .account = f->account,
                              .region = f->region,
                              .source = f->event_source,
                              .name = f->event_name,
                              .error = kind == INSIGHT_ERROR_RATE ? f->error_code : STR(""),
                              .trail = trail };
    struct insight_key *k = f->time_ms >= since_ms ? insights_key(o->in, &n) : NULL;
    struct insight_bag late = { .calls = 1 };

    if (!k)
        return;
    insight_key_since(k, since_ms);
    k->is_dirty = true;
    if (minute_ms <= k->judged_ms) {
        count_voices(o, k, &late);
        insight_key_settle(k, minute_ms, &late);
        return;
    }
    struct insight_minute *m = insight_key_minute(k, minute_ms);

    m->bag.calls++;
    count_voices(o, k, &m->bag);
    wait_until(o->in, minute_due(minute_ms));
}

/* Source: CloudTrail User Guide, "Logging Insights events for trails": call rates of management
 * events that write and of all data events; error rates of all that failed. */
static bool is_counted(const struct record_facts *f, enum insight_kind kind)
{
    if (kind == INSIGHT_ERROR_RATE)
        return f->error_code.len > 0;
    return f->category == EVENT_DATA || !f->read_only;
}

/* Management events are counted once, since the first of their trails asked. */
static void offer_management(struct offer *o, const struct config_set *trails,
                             enum insight_kind kind)
{
    int64_t since_ms = INT64_MAX;

    for (size_t i = 0; i < trails->count; i++) {
        const struct trail_epoch *e = config_takes(&trails->trails[i], o->entry);

        if (e && (e->insights & INSIGHT_BIT(kind, false)) && e->insights_since_ms < since_ms)
            since_ms = e->insights_since_ms;
    }
    if (since_ms < INT64_MAX)
        count(o, kind, since_ms, STR(""));
}

/* Data events for each trail by itself: each logs what it selects.
 * Source: the same, "insightSource". */
static void offer_data(struct offer *o, const struct config_set *trails, enum insight_kind kind)
{
    for (size_t i = 0; i < trails->count; i++) {
        const struct trail_epoch *e = config_takes(&trails->trails[i], o->entry);

        if (e && (e->insights & INSIGHT_BIT(kind, true)))
            count(o, kind, e->insights_since_ms, trails->trails[i].arn);
    }
}

void insights_take(struct insights *in, const struct config_set *trails,
                   const struct journal_entry *entry, struct arena *a)
{
    struct offer o = { .in = in, .entry = entry, .a = a };
    const struct record_facts *f = &entry->facts;

    for (int kind = 0; kind < INSIGHT_KINDS; kind++) {
        if (!is_counted(f, (enum insight_kind)kind))
            continue;
        if (f->category == EVENT_MANAGEMENT)
            offer_management(&o, trails, (enum insight_kind)kind);
        else if (f->category == EVENT_DATA)
            offer_data(&o, trails, (enum insight_kind)kind);
    }
}

/* ---- judging ---- */

struct told {
    struct told *next;
    struct str id, record;
    enum insight_state state;
    struct record_facts facts;
};

struct settling {
    struct insights *in;
    struct arena a;
    struct told *told;
    size_t count;
};

static void tell(struct settling *s, const struct insight_key *k, enum insight_state state)
{
    struct told *t = arena_alloc(&s->a, sizeof *t);
    struct buf text = { 0 };

    insight_record(&s->a, s->in->seed, k, state, &text, &t->facts);
    t->record = arena_copy(&s->a, buf_view(&text));
    t->id = k->id;
    t->state = state;
    t->next = s->told;
    s->told = t;
    s->count++;
    buf_free(&text);
}

static bool is_unusual(const struct insight_key *k, uint64_t calls, uint64_t baseline_calls,
                       int64_t baseline_ms)
{
    const struct insight_row *row = insight_row(k->n.kind);
    double mean = (double)baseline_calls / ((double)baseline_ms / (double)INSIGHT_MINUTE_MS);

    return calls >= row->least && (double)calls > mean + row->deviations * sqrt(mean);
}

static void end_episode(struct settling *s, struct insight_key *k)
{
    struct insight_episode *e = &k->episode;

    tell(s, k, INSIGHT_END);
    insight_bag_free(&e->bag);
    insight_bag_free(&e->pending);
    insight_bag_free(&e->baseline);
    *e = (struct insight_episode){ 0 };
    k->is_dirty = true;
}

/* All minutes before now_ms are known: enough of them were usual. */
static void end_if_quiet(struct settling *s, struct insight_key *k, int64_t now_ms)
{
    const struct insight_episode *e = &k->episode;

    if (e->is_open && now_ms - e->last_ms > INSIGHT_QUIET_MINUTES * INSIGHT_MINUTE_MS)
        end_episode(s, k);
}

static void copy_bag(const struct insight_bag *from, struct insight_bag *to)
{
    to->calls += from->calls;
    for (const struct insight_count *c = from->counts; c; c = c->next)
        insight_bag_add(to, c->voice, c->calls);
}

static void judge_in_episode(struct settling *s, struct insight_key *k,
                             const struct insight_minute *m)
{
    struct insight_episode *e = &k->episode;

    copy_bag(&m->bag, &e->pending);
    if (!is_unusual(k, m->bag.calls, e->baseline.calls, e->baseline_ms))
        return;
    insight_bag_pour(&e->pending, &e->bag);
    e->last_ms = m->at_ms;
    if (e->last_ms - e->start_ms + INSIGHT_MINUTE_MS >= INSIGHT_LONGEST_MS)
        end_episode(s, k);
}

static void judge(struct settling *s, struct insight_key *k, const struct insight_minute *m)
{
    struct insight_bag baseline = { 0 };
    int64_t baseline_ms;

    if (m->at_ms - k->since_ms < INSIGHT_WARM_UP_MS || m->bag.calls < insight_row(k->n.kind)->least)
        return;
    insight_key_baseline(k, m->at_ms, &baseline, &baseline_ms);
    if (!is_unusual(k, m->bag.calls, baseline.calls, baseline_ms)) {
        insight_bag_free(&baseline);
        return;
    }
    k->episode = (struct insight_episode){ .is_open = true,
                                           .start_ms = m->at_ms,
                                           .last_ms = m->at_ms,
                                           .baseline = baseline,
                                           .baseline_ms = baseline_ms };
    copy_bag(&m->bag, &k->episode.bag);
    tell(s, k, INSIGHT_START);
}

static void settle_key(struct settling *s, struct insight_key *k, int64_t now_ms)
{
    struct insight_minute *m;

    while ((m = k->minutes) && minute_due(m->at_ms) <= now_ms) {
        end_if_quiet(s, k, m->at_ms);
        if (k->episode.is_open)
            judge_in_episode(s, k, m);
        else
            judge(s, k, m);
        insight_key_settle(k, m->at_ms, &m->bag);
        k->judged_ms = m->at_ms;
        k->minutes = m->next;
        mem_free(m);
    }
    if (k->minutes)
        end_if_quiet(s, k, k->minutes->at_ms);
    else
        end_if_quiet(s, k, floor_minute(now_ms - INSIGHT_GRACE_MS));
    if (k->minutes)
        wait_until(s->in, minute_due(k->minutes->at_ms));
    if (k->episode.is_open)
        wait_until(s->in, k->episode.last_ms + (INSIGHT_QUIET_MINUTES + 1) * INSIGHT_MINUTE_MS +
                              INSIGHT_GRACE_MS);
}

/* For the store to forget it, too. */
static void note_gone(struct insights *in, const struct insight_key *k)
{
    struct insight_gone *g = mem_alloc(sizeof *g);

    g->key = insight_state_key(arena_copy(&g->a, k->n.account), arena_copy(&g->a, k->n.region),
                               arena_copy(&g->a, k->id));
    g->next = in->gone;
    in->gone = g;
}

static void take_out(struct insights *in, struct insight_key *k)
{
    struct insight_key **at = &in->buckets[str_hash(k->id) % INSIGHT_BUCKETS];

    while (*at != k)
        at = &(*at)->chain;
    *at = k->chain;
    in->count--;
    note_gone(in, k);
    insight_key_free(k);
}

/* What was not called for seven days is forgotten, every hour. */
static void sweep(struct insights *in, int64_t now_ms)
{
    if (now_ms - in->swept_ms < 60 * INSIGHT_MINUTE_MS)
        return;
    in->swept_ms = now_ms;
    for (struct insight_key **at = &in->first; *at;) {
        struct insight_key *k = *at;

        if (!insight_key_is_silent(k, now_ms)) {
            at = &k->next;
            continue;
        }
        *at = k->next;
        take_out(in, k);
    }
}

static int by_time(const void *a, const void *b)
{
    const struct told *x = *(const struct told *const *)a, *y = *(const struct told *const *)b;

    if (x->facts.time_ms != y->facts.time_ms)
        return x->facts.time_ms < y->facts.time_ms ? -1 : 1;
    return str_eq(x->id, y->id) ? (int)x->state - (int)y->state : str_cmp(x->id, y->id);
}

static int tell_all(struct settling *s, insights_tell_fn *fn, void *arg, struct err *err)
{
    const struct told **all = arena_array(&s->a, s->count, sizeof(const struct told *));
    size_t count = 0;
    int rc = 0;

    for (const struct told *t = s->told; t; t = t->next)
        all[count++] = t;
    qsort(all, count, sizeof(const struct told *), by_time);
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = fn(arg, &all[i]->facts, all[i]->record, err);
    return rc;
}

int insights_settle(struct insights *in, int64_t now_ms, insights_tell_fn *fn, void *arg,
                    struct err *err)
{
    struct settling s = { .in = in };
    int rc = 0;

    if (now_ms < in->due_ms)
        return 0;
    in->due_ms = INT64_MAX;
    for (struct insight_key *k = in->first; k; k = k->next)
        settle_key(&s, k, now_ms);
    if (s.count > 0)
        rc = tell_all(&s, fn, arg, err);
    sweep(in, now_ms);
    arena_free(&s.a);
    return rc;
}
