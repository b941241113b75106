/* emulator/services/events/subprocess - one local command: run with an input, to its end or its
 * time-out.
 *
 * Threads: any; pipes and forks are made under the given lock, so that no child inherits another's.
 */
#pragma once

#include <pthread.h>

#include "core/base/err.h"
#include "core/base/str.h"

#define SUBPROCESS_SAID_MOST 4096

struct subprocess {
    const char *const *argv, *const *env; /* NULL ends each */
    struct str input;
    int64_t timeout_ms; /* then it is killed, with all that it started */
    pthread_mutex_t *fork_lock;
};
struct subprocess_result {
    int exit_code; /* 127: could not be started; 128 + N: ended by signal N */
    bool timed_out;
    int64_t took_ms;
    char said[SUBPROCESS_SAID_MOST]; /* the end of what it wrote to stdout and stderr */
    size_t said_len;
};
/* E_IO: no pipe or no process could be made. How it ended is no failure. */
int subprocess_run(const struct subprocess *c, struct subprocess_result *out, struct err *err);
