/* generator/dataset/crew - threads that take jobs from one queue.
 *
 * The thread that made the crew is one of it: it works when it asks to (crew_help), so that a crew
 * of one has no further thread at all. What jobs do must not depend on which thread runs them, nor
 * on their order beyond what they see to themselves.
 * Memory:  jobs are the caller's, and are run at most once.
 * Threads: crew_push from any thread; the rest from the one that made the crew.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "core/base/err.h"

struct crew;
struct crew_job {
    struct crew_job *next;
    /* worker: 0 to threads - 1, for what each thread has of its own. After a failure no further job
     * is run. */
    int (*run)(struct crew_job *job, unsigned worker, struct err *err);
};

int crew_open(struct crew **out, unsigned threads, struct err *err);
void crew_close(
    struct crew *c); /* waits for jobs under way; the queue is dropped. NULL is harmless */
void crew_push(struct crew *c, struct crew_job *job);
/* Run one job here, or wait until another thread has finished one; at once when all is done.
 * Returns the first failure of any job. */
int crew_help(struct crew *c, struct err *err);
int crew_finish(struct crew *c, struct err *err); /* until all is done, or one has failed */
bool crew_is_idle(struct crew *c);
unsigned crew_threads(const struct crew *c);
