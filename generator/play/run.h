/* generator/play/run - private: steps one after the other, with their loops, branches and
 * techniques; each run with its own scene.
 */
#pragma once

#include "generator/play/people.h"

struct frame;

/* Parameters of a technique used in place, whose set-up was made before the start. */
struct readied {
    struct readied *next;
    const struct step *step;
    const struct value *params;
};

struct run {
    struct arena arena; /* the scene's */
    struct scene sc;
    struct frame *top; /* NULL: nothing left */
    struct readied *readied;
    const struct step *next; /* due at at_ms; NULL: over */
    int64_t at_ms;
};

/* Go through these steps before what is left; alone: only the first of them. */
void run_push(struct run *r, const struct step *steps, bool alone);
/* Find the step that is due, and when. */
int run_find(struct play *p, struct run *r, struct err *err);
/* Play r->next, at its time; then find the one after. */
int run_step(struct play *p, struct run *r, struct err *err);
/* All steps now, a second apart as long as there is time before the start: set-up. */
int run_at_once(struct play *p, struct scene *sc, const struct step *steps, struct err *err);
/* A new finding to be gathered; it lives in p->a. */
struct told *told_begin(struct play *p, const struct technique *t, const struct scene *sc);

/* Each story as a run, its parameters drawn and its set-up made. *out lives in p->a, its runs hold
 * arenas of their own: stories_free. */
int stories_ready(struct play *p, struct err *err);
void stories_free(struct play *p);
/* From its first step on. */
int story_begin(struct play *p, struct run *r, const struct story *story, struct err *err);
