/* emulator/services/events/answer - one event answered by its responder: taken up, the command run,
 * how it ended kept. For responders.c.
 */
#pragma once

#include <pthread.h>

#include "emulator/services/events/responders.h"

#define RESPONDERS_MOST 32
#define RESPONDERS_JOB  "events.responders"

struct responder {
    struct responders *all;
    struct str name;
    const char **argv;
    int64_t timeout_ms;
    pthread_t thread;
    bool has_thread, is_stirred, is_busy; /* under the lock of all */
};
struct responders {
    struct arena arena;
    struct responder items[RESPONDERS_MOST];
    size_t count;
    struct engine *engine; /* NULL: not started */
    struct str endpoint;
    pthread_mutex_t lock, fork_lock;
    pthread_cond_t changed;
    bool stop;
};

/* The oldest event that is due for the responder; *found: there was one. */
int answer_one(struct responder *by, bool *found, struct err *err);
int64_t answer_due_ms(const struct doc *doc); /* of an event that waits */
/* The job of retries, in responders.c. */
int responders_wake(void *arg, int64_t now_ms, int64_t *next_ms, struct err *err);
