#include "emulator/trail/insight_counts.h"

#include "core/base/mem.h"

#define HOUR_MS (60 * INSIGHT_MINUTE_MS)

/* ---- bags ---- */

void insight_bag_add(struct insight_bag *to, struct insight_voice *voice, uint64_t calls)
{
    struct insight_count **at = &to->counts;

    while (*at && (*at)->voice != voice)
        at = &(*at)->next;
    if (!*at) {
        *at = mem_alloc(sizeof **at);
        (*at)->voice = voice;
    }
    (*at)->calls += calls;
}

void insight_bag_free(struct insight_bag *b)
{
    for (struct insight_count *c = b->counts, *next; c; c = next) {
        next = c->next;
        mem_free(c);
    }
    *b = (struct insight_bag){ 0 };
}

void insight_bag_pour(struct insight_bag *from, struct insight_bag *to)
{
    to->calls += from->calls;
    for (const struct insight_count *c = from->counts; c; c = c->next)
        insight_bag_add(to, c->voice, c->calls);
    insight_bag_free(from);
}

/* ---- keys ---- */

struct str insight_name_id(struct arena *a, const struct insight_name *n)
{
    return arena_printf(a, "%d\t%d\t%.*s\t%.*s\t%.*s\t%.*s\t%.*s\t%.*s", n->kind, n->is_data,
                        STR_ARG(n->account), STR_ARG(n->region), STR_ARG(n->source),
                        STR_ARG(n->name), STR_ARG(n->error), STR_ARG(n->trail));
}

struct insight_key *insight_key_new(const struct insight_name *n, struct str id)
{
    struct insight_key *k = mem_alloc(sizeof *k);
    struct str *const texts[] = { &k->n.account, &k->n.region, &k->n.source,
                                  &k->n.name,    &k->n.error,  &k->n.trail };

    k->n = *n;
    for (size_t i = 0; i < COUNT(texts); i++)
        *texts[i] = arena_copy(&k->a, *texts[i]);
    k->id = arena_copy(&k->a, id);
    k->judged_ms = INT64_MIN;
    k->since_ms = INT64_MIN;
    return k;
}

static void drop_minutes(struct insight_key *k)
{
    for (struct insight_minute *m = k->minutes, *next; m; m = next) {
        next = m->next;
        insight_bag_free(&m->bag);
        mem_free(m);
    }
    k->minutes = NULL;
}

static void drop_episode(struct insight_episode *e)
{
    insight_bag_free(&e->bag);
    insight_bag_free(&e->pending);
    insight_bag_free(&e->baseline);
    *e = (struct insight_episode){ 0 };
}

static void drop_voices(struct insight_key *k)
{
    for (struct insight_voice *v = k->voices, *next; v; v = next) {
        next = v->next;
        mem_free(v);
    }
    k->voices = NULL;
}

void insight_key_free(struct insight_key *k)
{
    drop_minutes(k);
    drop_episode(&k->episode);
    drop_voices(k);
    arena_free(&k->a);
    mem_free(k);
}

struct insight_voice *insight_key_voice(struct insight_key *k, enum insight_attribute attribute,
                                        struct str text)
{
    struct insight_voice **at = &k->voices;

    for (; *at; at = &(*at)->next)
        if ((*at)->attribute == attribute && str_eq(insight_voice_text(*at), text))
            return *at;
    if (k->voice_count[attribute] == INSIGHT_VOICES_MOST)
        return NULL;
    struct insight_voice *v = mem_alloc(sizeof *v + text.len);

    v->attribute = attribute;
    v->len = text.len;
    memcpy(v->text, text.ptr, text.len);
    *at = v;
    k->voice_count[attribute]++;
    return v;
}

struct insight_minute *insight_key_minute(struct insight_key *k, int64_t at_ms)
{
    struct insight_minute **at = &k->minutes;

    while (*at && (*at)->at_ms < at_ms)
        at = &(*at)->next;
    if (*at && (*at)->at_ms == at_ms)
        return *at;
    struct insight_minute *m = mem_alloc(sizeof *m);

    m->at_ms = at_ms;
    m->next = *at;
    *at = m;
    return m;
}

/* ---- hours ---- */

static int64_t hour_of(int64_t at_ms)
{
    return at_ms / HOUR_MS; /* records before 1970 are none */
}

static size_t slot(int64_t hour)
{
    return (size_t)(hour % INSIGHT_HOURS);
}

static void clear_hour(struct insight_key *k, int64_t hour)
{
    k->hours[slot(hour)] = 0;
    for (struct insight_voice *v = k->voices; v; v = v->next)
        v->hours[slot(hour)] = 0;
}

static void go_to(struct insight_key *k, int64_t hour)
{
    int64_t from = hour - k->hour > INSIGHT_HOURS ? hour - INSIGHT_HOURS : k->hour;

    while (from < hour)
        clear_hour(k, ++from);
    if (hour > k->hour)
        k->hour = hour;
}

static void forget_before(struct insight_key *k, int64_t before_ms)
{
    int64_t hour = k->hour - INSIGHT_HOURS + 1;

    for (hour = hour < 0 ? 0 : hour; hour <= k->hour && hour < hour_of(before_ms); hour++)
        clear_hour(k, hour);
    while (k->minutes && k->minutes->at_ms < before_ms - INSIGHT_MINUTE_MS) {
        struct insight_minute *m = k->minutes;

        k->minutes = m->next;
        insight_bag_free(&m->bag);
        mem_free(m);
    }
    if (k->episode.is_open && k->episode.start_ms < before_ms)
        drop_episode(&k->episode);
}

void insight_key_since(struct insight_key *k, int64_t since_ms)
{
    if (since_ms == k->since_ms)
        return;
    if (since_ms > k->since_ms)
        forget_before(k, since_ms);
    k->since_ms = since_ms;
    k->is_dirty = true;
}

void insight_key_settle(struct insight_key *k, int64_t at_ms, struct insight_bag *bag)
{
    int64_t hour = hour_of(at_ms);

    go_to(k, hour);
    if (hour > k->hour - INSIGHT_HOURS) {
        k->hours[slot(hour)] += (uint32_t)bag->calls;
        for (const struct insight_count *c = bag->counts; c; c = c->next)
            c->voice->hours[slot(hour)] += (uint32_t)c->calls;
    }
    insight_bag_free(bag);
    k->is_dirty = true;
}

static uint64_t sum(const uint32_t hours[INSIGHT_HOURS])
{
    uint64_t n = 0;

    for (size_t i = 0; i < INSIGHT_HOURS; i++)
        n += hours[i];
    return n;
}

void insight_key_baseline(struct insight_key *k, int64_t at_ms, struct insight_bag *out,
                          int64_t *out_ms)
{
    go_to(k, hour_of(at_ms));
    int64_t from_ms = (k->hour - INSIGHT_HOURS + 1) * HOUR_MS;

    if (from_ms < k->since_ms)
        from_ms = k->since_ms - k->since_ms % INSIGHT_MINUTE_MS;
    *out_ms = at_ms - from_ms;
    out->calls = sum(k->hours);
    for (struct insight_voice *v = k->voices; v; v = v->next)
        if (sum(v->hours) > 0)
            insight_bag_add(out, v, sum(v->hours));
}

bool insight_key_is_silent(struct insight_key *k, int64_t now_ms)
{
    if (k->minutes || k->episode.is_open)
        return false;
    go_to(k, hour_of(now_ms));
    for (struct insight_voice **at = &k->voices; *at;) {
        struct insight_voice *v = *at;

        if (sum(v->hours) > 0) {
            at = &v->next;
            continue;
        }
        *at = v->next;
        k->voice_count[v->attribute]--;
        k->is_dirty = true;
        mem_free(v);
    }
    return sum(k->hours) == 0;
}
