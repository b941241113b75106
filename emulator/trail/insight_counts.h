/* emulator/trail/insight_counts - private to insight*.c: how often an operation was called, by the
 * minute until that is judged, then by the hour for seven days; and by whom.
 *
 * Memory: a key owns all that hangs on it; counts point to its voices.
 */
#pragma once

#include "core/base/arena.h"
#include "emulator/trail/insight_kinds.h"

/* One value of an attribute: who called, with what, or how it failed. */
struct insight_voice {
    struct insight_voice *next;
    enum insight_attribute attribute;
    uint32_t hours[INSIGHT_HOURS]; /* as key->hours */
    size_t len;
    char text[];
};
static inline struct str insight_voice_text(const struct insight_voice *v)
{
    return (struct str){ v->text, v->len };
}

struct insight_count {
    struct insight_count *next;
    struct insight_voice *voice;
    uint64_t calls;
};
struct insight_bag {
    uint64_t calls;
    struct insight_count *counts;
};
void insight_bag_add(struct insight_bag *to, struct insight_voice *voice, uint64_t calls);
void insight_bag_pour(struct insight_bag *from, struct insight_bag *to); /* from is empty after */
void insight_bag_free(struct insight_bag *b);                            /* empty after */

struct insight_minute {
    struct insight_minute *next; /* later */
    int64_t at_ms;
    struct insight_bag bag;
};

/* An unusual time that goes on. */
struct insight_episode {
    bool is_open;
    int64_t start_ms, last_ms;       /* its first and its latest unusual minute */
    struct insight_bag bag, pending; /* pending: of minutes behind last_ms */
    struct insight_bag baseline;
    int64_t baseline_ms;
};

struct insight_name {
    enum insight_kind kind;
    bool is_data;
    struct str account, region, source, name;
    struct str error; /* of ERROR_RATE; else empty */
    struct str trail; /* ARN, where data events are counted: by the trail that logs them */
};
struct insight_key {
    struct insight_key *chain, *next;
    struct insight_name n;
    struct str id;                 /* all of the name in one */
    int64_t since_ms;              /* since when all its calls were counted */
    int64_t hour;                  /* the latest of hours, since 1970 */
    int64_t judged_ms;             /* the latest minute that was judged */
    uint32_t hours[INSIGHT_HOURS]; /* calls, of hour h at h % INSIGHT_HOURS */
    struct insight_voice *voices;
    size_t voice_count[INSIGHT_ATTRIBUTES];
    struct insight_minute *minutes; /* not judged yet, the oldest first */
    struct insight_episode episode;
    bool is_dirty;  /* what the store has of it is old */
    struct arena a; /* of its name */
};

struct insight_key *insight_key_new(const struct insight_name *n, struct str id);
void insight_key_free(struct insight_key *k);
struct str insight_name_id(struct arena *a, const struct insight_name *n);

/* Hours before this are forgotten: it was not asked for all the time. */
void insight_key_since(struct insight_key *k, int64_t since_ms);
/* NULL: there are too many already, this one is not told apart. */
struct insight_voice *insight_key_voice(struct insight_key *k, enum insight_attribute attribute,
                                        struct str text);
struct insight_minute *insight_key_minute(struct insight_key *k, int64_t at_ms);
/* Into the hour of at_ms; one that is seven days past is not kept any more. The bag is empty after.
 */
void insight_key_settle(struct insight_key *k, int64_t at_ms, struct insight_bag *bag);
/* The seven days up to at_ms, which is not before anything settled; *out_ms: how long they are. */
void insight_key_baseline(struct insight_key *k, int64_t at_ms, struct insight_bag *out,
                          int64_t *out_ms);
/* Nothing is left of it at now_ms. Voices that fell silent are forgotten on the way. */
bool insight_key_is_silent(struct insight_key *k, int64_t now_ms);
