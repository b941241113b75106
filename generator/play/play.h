/* generator/play - a scenario performed: who calls what, when, and what came of it.
 *
 * Everything that happens is an errand through a door (door.h). Time comes from the agenda: the
 * sessions of workloads and the stories, each a run with its own chance, merged in order of time.
 *
 * Use:     play_open, play_setup (what exists before the start), play_run, play_close.
 * Threads: one.
 */
#pragma once

#include "core/base/rng.h"
#include "generator/play/door.h"
#include "generator/play/expr.h"

#define PLAY_SETUP_MS 86400000ll /* what exists at the start was made during the day before it */

struct pace;
struct run;

/* Sessions that a principal holds, by name. */
struct held {
    struct held *next;
    struct str name;
    struct credential cred;
};

/* A principal at play. */
struct person {
    const struct cast *cast;
    struct str account;   /* 12 digits */
    struct str name, arn; /* of the user or role, as IAM has it; a service's host */
    struct str provider_arn, mfa_serial;
    struct credential key; /* a user's, root's, a service's; key.key empty: none */
    struct str *instances;
    size_t instance_count;
    struct held *sessions;
};

/* A finding that is being gathered: an attack as it was played. */
struct told {
    struct told *next;
    const struct technique *technique;
    struct str story;
    bool benign;
    struct noted *events, **last;
};
struct noted { /* an event of a step */
    struct noted *next;
    struct str step, event_id, actor;
    int64_t time_ms;
    bool malicious;
};

/* A user that stands in for services, where no service can call. */
struct stand_in {
    struct stand_in *next;
    struct credential cred;
};

struct play {
    const struct scenario *s;
    struct door *door;
    struct arena *a;     /* of what lives as long as the play */
    struct run *stories; /* by story->number; NULL before play_setup */
    size_t story_count;
    uint64_t seed;
    struct person *people; /* by cast->number */
    size_t people_count;
    struct value *vars, *common; /* resolved; captures of resources */
    struct told *told, **last_told;
    struct stand_in *stand_ins;     /* one an account */
    struct pace *pace;              /* NULL: everything planned is played */
    uint64_t paged[1024];           /* calls whose answers have a second page, by hash */
    uint64_t errands;               /* made so far */
    uint64_t passed_by;             /* calls that the door had no way to make */
    bool (*should_stop)(void *arg); /* asked now and then; NULL: never */
    void (*progress)(void *arg, int64_t now_ms);
    void *arg;
};

/* The scene of a run: from whose chance and names a step is played. */
struct scene {
    struct arena *a;
    struct rng rng;
    uint64_t seq;
    struct value *captures, *item;
    const struct value *params;
    struct person *actor;                  /* NULL: root of the account */
    struct person *assumed;                /* a role taken on by the actor, or NULL */
    struct credential assumed_by, console; /* key.len 0: none */
    size_t slot;                           /* which of the actor's instances */
    struct str tool, network, region, account;
    const struct technique *technique;
    struct told *told; /* where events are noted, or NULL */
    struct str story;  /* empty: background */
    bool benign, is_background;
    bool as_root; /* set-up: who is not named is the account's root */
};

/* How a step ended. */
enum step_end { STEP_DONE, STEP_REFUSED };

int play_open(struct play *p, const struct scenario *s, struct door *door, struct arena *a,
              uint64_t seed, struct err *err);
void play_close(struct play *p);
/* Calls and parameters of every step, before anything is played. */
int play_check(const struct scenario *s, const struct cat *cat, struct err *err);
/* What exists before the start; the clock stands anywhere before it. Leaves it at the start. */
int play_setup(struct play *p, struct err *err);
/* From start to end. *out_stopped: should_stop said so. */
int play_run(struct play *p, bool *out_stopped, struct err *err);

/* One step, once: repeat and each are its caller's. refusal may be NULL. */
int step_play(struct play *p, struct scene *sc, const struct step *step, enum step_end *end,
              struct err *err);
/* The values that `each` or `repeat` go through: *count 1 and *items NULL when neither is said. */
int step_items(struct play *p, struct scene *sc, const struct step *step, struct value **items,
               size_t *count, struct err *err);
/* An expression's surroundings: of the scene, for a step. ask knows the caller's words. */
struct expr scene_expr(struct play *p, struct scene *sc, struct place at);

struct person *play_person(const struct play *p, struct str name);
/* Names with values of `parameters`, `with` over them, drawn now. */
int play_draw(struct play *p, struct scene *sc, const struct value *defaults,
              const struct value *with, struct place at, struct value **out, struct err *err);
struct rng play_chance(const struct play *p, struct str what, uint64_t number);
