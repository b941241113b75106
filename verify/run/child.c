#include "verify/run/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/limits.h"

extern char **environ;

enum { EXIT_NO_PROGRAM = 127, TICK_MS = 20 };

/* In the child, between fork and exec: only what is safe there. */
static void become(const struct child_options *opt, int out_fd, int log_fd)
{
    int in = opt->stdin_fd >= 0 ? opt->stdin_fd : open("/dev/null", O_RDONLY);

    (void)setpgid(0, 0);
    if (in < 0 || dup2(in, 0) < 0 || dup2(out_fd, 1) < 0 || (log_fd >= 0 && dup2(log_fd, 2) < 0))
        _exit(EXIT_NO_PROGRAM);
    if (opt->dir && chdir(opt->dir) < 0)
        _exit(EXIT_NO_PROGRAM);
    (void)signal(SIGPIPE, SIG_DFL);
    if (opt->env)
        environ = (char **)opt->env; /* exec only reads it */
    (void)execvp(opt->argv[0], (char *const *)opt->argv);
    _exit(EXIT_NO_PROGRAM);
}

int child_start(struct child *c, const struct child_options *opt, struct err *err)
{
    int pipe_fd[2], log_fd = -1;

    *c = (struct child){ .out_fd = -1 };
    if (opt->log_path) {
        log_fd = open(opt->log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        if (log_fd < 0)
            return err_sys(err, "open", opt->log_path);
    }
    if (pipe(pipe_fd) < 0) {
        if (log_fd >= 0)
            (void)close(log_fd);
        return err_sys(err, "pipe for", opt->argv[0]);
    }
    (void)fcntl(pipe_fd[0], F_SETFD, FD_CLOEXEC); /* one thread starts children: no race */
    (void)fcntl(pipe_fd[1], F_SETFD, FD_CLOEXEC);
    c->pid = fork();
    if (c->pid == 0)
        become(opt, pipe_fd[1], log_fd);
    (void)close(pipe_fd[1]); /* the child's */
    if (log_fd >= 0)
        (void)close(log_fd);
    if (c->pid < 0) {
        c->pid = 0;
        (void)close(pipe_fd[0]);
        return err_sys(err, "fork for", opt->argv[0]);
    }
    (void)setpgid(c->pid, c->pid); /* whoever is first */
    (void)fcntl(pipe_fd[0], F_SETFL, O_NONBLOCK);
    c->out_fd = pipe_fd[0];
    return 0;
}

static void note_piece(struct child *c)
{
    if (c->piece_count == c->piece_room) {
        size_t room = c->piece_room ? c->piece_room * 2 : 64;
        struct child_piece *pieces = arena_array(&c->arena, room, sizeof *pieces);

        if (c->piece_count > 0)
            memcpy(pieces, c->pieces, c->piece_count * sizeof *pieces);
        c->pieces = pieces;
        c->piece_room = room;
    }
    c->pieces[c->piece_count++] = (struct child_piece){ c->out.len, clock_monotonic_us() };
}

/* False when the output has ended. */
static bool gather(struct child *c)
{
    enum { PIECE = 64 << 10 };

    while (c->out_fd >= 0) {
        ssize_t n = read(c->out_fd, buf_reserve(&c->out, PIECE), PIECE);

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return true;
        if (n <= 0 || c->out.len > LIMIT_FILE_BYTES) { /* a flood: the child meets a closed pipe */
            (void)close(c->out_fd);
            c->out_fd = -1;
            return false;
        }
        c->out.len += (size_t)n;
        note_piece(c);
    }
    return false;
}

static bool reap(struct child *c)
{
    if (c->pid > 0 && waitpid(c->pid, &c->status, WNOHANG) == c->pid)
        c->pid = 0;
    return c->pid == 0;
}

static void nap(struct child *c)
{
    struct pollfd p = { c->out_fd, POLLIN, 0 };

    (void)poll(&p, c->out_fd >= 0, TICK_MS); /* interrupted: a short nap */
}

bool child_wait(struct child *c, int64_t deadline_us)
{
    for (;;) {
        (void)gather(c); /* its end is told by reap */
        if (reap(c)) {
            (void)gather(c); /* what it said last; a grandchild may hold the pipe on */
            return true;
        }
        if (clock_monotonic_us() >= deadline_us)
            return false;
        nap(c);
    }
}

bool child_says(struct child *c, struct str text, int64_t deadline_us)
{
    for (;;) {
        (void)gather(c);
        if (str_find(buf_view(&c->out), text) >= 0)
            return true;
        if (reap(c) || clock_monotonic_us() >= deadline_us)
            return false;
        nap(c);
    }
}

void child_stop(struct child *c, int64_t patience_ms)
{
    if (c->pid > 0) {
        pid_t group = c->pid;

        (void)kill(-group, SIGTERM);
        if (!child_wait(c, clock_monotonic_us() + patience_ms * 1000)) {
            (void)kill(-group, SIGKILL);
            (void)child_wait(c, clock_monotonic_us() + patience_ms * 1000);
        }
    }
    if (c->out_fd >= 0) {
        (void)close(c->out_fd);
        c->out_fd = -1;
    }
}

void child_free(struct child *c)
{
    if (c->pid > 0)
        child_stop(c, 1000);
    else if (c->out_fd >= 0)
        (void)close(c->out_fd);
    c->out_fd = -1;
    buf_free(&c->out);
    arena_free(&c->arena);
}

int child_exit_code(const struct child *c)
{
    if (WIFSIGNALED(c->status))
        return -WTERMSIG(c->status);
    return WEXITSTATUS(c->status);
}
