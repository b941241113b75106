/* verify/run/child - a process of ours: started with an environment of its own, its output gathered
 * as it comes, ended with everything that it started.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/err.h"

struct child_options {
    const char *const *argv; /* NULL at its end; argv[0] is looked for in PATH */
    const char *const *env;  /* NAME=VALUE, whole; NULL: ours */
    const char *dir;         /* NULL: ours */
    int stdin_fd;            /* < 0: /dev/null */
    const char *log_path;    /* its standard error; NULL: ours */
};

/* A piece of its standard output and when it came. */
struct child_piece {
    size_t end; /* in out: where the piece ends */
    int64_t at_us;
};

struct child {
    pid_t pid; /* also its process group; 0: none runs */
    int out_fd;
    struct buf out;
    struct child_piece *pieces; /* in the arena */
    size_t piece_count, piece_room;
    struct arena arena;
    int status; /* of waitpid, once it has ended */
};

int child_start(struct child *c, const struct child_options *opt, struct err *err);
/* Gather output until it ends or deadline_us (clock_monotonic_us) passes. True: it has ended. */
bool child_wait(struct child *c, int64_t deadline_us);
/* Gather until a line of the output (or of the log, by the caller) is there, it ends or the
 * deadline passes. True: the text is there. */
bool child_says(struct child *c, struct str text, int64_t deadline_us);
/* SIGTERM to all of its group, SIGKILL a while later; gathers what it still says. */
void child_stop(struct child *c, int64_t patience_ms);
void child_free(struct child *c);           /* kills what still runs */
int child_exit_code(const struct child *c); /* negative: the signal that ended it */
