#include "emulator/services/events/subprocess.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/clock.h"

extern char **environ;

enum { EXIT_NO_PROGRAM = 127, EXIT_SIGNAL = 128, TICK_MS = 20 };

struct child {
    pid_t pid;         /* 0: reaped */
    int in_fd, out_fd; /* ours; -1: closed */
    int status;
    struct str input;
    struct subprocess_result *result;
};

/* In the child, between fork and exec: only what is safe there. */
static void become(const struct subprocess *c, int in_fd, int out_fd)
{
    sigset_t none;

    (void)setpgid(0, 0);
    if (dup2(in_fd, 0) < 0 || dup2(out_fd, 1) < 0 || dup2(out_fd, 2) < 0)
        _exit(EXIT_NO_PROGRAM);
    (void)signal(SIGPIPE, SIG_DFL);
    (void)sigemptyset(&none); /* the server's threads hold signals back */
    (void)pthread_sigmask(SIG_SETMASK, &none, NULL);
    environ = (char **)c->env; /* exec only reads it */
    (void)execvp(c->argv[0], (char *const *)c->argv);
    _exit(EXIT_NO_PROGRAM);
}

static void shut(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

static int make_pipe(int fds[2], const char *name, struct err *err)
{
    if (pipe(fds) < 0)
        return err_sys(err, "pipe for", name);
    for (int i = 0; i < 2; i++)
        (void)fcntl(fds[i], F_SETFD, FD_CLOEXEC);
    return 0;
}

static int start(const struct subprocess *c, struct child *k, struct err *err)
{
    int in[2] = { -1, -1 }, out[2] = { -1, -1 };
    int rc = make_pipe(in, c->argv[0], err);

    if (rc == 0)
        rc = make_pipe(out, c->argv[0], err);
    if (rc == 0) {
        k->pid = fork();
        if (k->pid == 0)
            become(c, in[0], out[1]);
        if (k->pid < 0)
            rc = err_sys(err, "fork for", c->argv[0]);
    }
    shut(&in[0]);
    shut(&out[1]);
    k->in_fd = in[1];
    k->out_fd = out[0];
    if (rc < 0) {
        shut(&k->in_fd);
        shut(&k->out_fd);
        return rc;
    }
    (void)setpgid(k->pid, k->pid); /* whoever is first */
    (void)fcntl(k->in_fd, F_SETFL, O_NONBLOCK);
    (void)fcntl(k->out_fd, F_SETFL, O_NONBLOCK);
    return 0;
}

/* A command need not read its event: then the pipe is closed, or stays full until it ends. */
static void feed(struct child *k)
{
    ssize_t n = write(k->in_fd, k->input.ptr, k->input.len);

    if (n > 0)
        k->input = str_sub(k->input, (size_t)n, k->input.len);
    if (k->input.len == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        shut(&k->in_fd);
}

/* Only the end of what it says is kept. */
static void keep(struct subprocess_result *r, const char *bytes, size_t len)
{
    size_t over;

    if (len > sizeof r->said) {
        bytes += len - sizeof r->said;
        len = sizeof r->said;
    }
    over = r->said_len + len > sizeof r->said ? r->said_len + len - sizeof r->said : 0;
    memmove(r->said, r->said + over, r->said_len - over);
    r->said_len -= over;
    memcpy(r->said + r->said_len, bytes, len);
    r->said_len += len;
}

static void listen_to(struct child *k)
{
    char bytes[4096];
    ssize_t n;

    while ((n = read(k->out_fd, bytes, sizeof bytes)) > 0)
        keep(k->result, bytes, (size_t)n);
    if (n == 0 || (errno != EAGAIN && errno != EINTR))
        shut(&k->out_fd);
}

static bool reap(struct child *k)
{
    if (k->pid > 0 && waitpid(k->pid, &k->status, WNOHANG) == k->pid)
        k->pid = 0;
    return k->pid == 0;
}

static void attend(struct child *k)
{
    struct pollfd fds[2] = { { k->in_fd, POLLOUT, 0 }, { k->out_fd, POLLIN, 0 } };

    (void)poll(fds, 2, TICK_MS); /* interrupted: a short tick; closed ones count for nothing */
    if (k->in_fd >= 0 && fds[0].revents)
        feed(k);
    if (k->out_fd >= 0 && fds[1].revents)
        listen_to(k);
}

static int exit_code(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_SIGNAL + WTERMSIG(status);
}

static void finish(const struct subprocess *c, struct child *k)
{
    int64_t begun_us = clock_monotonic_us(), end_us = begun_us + c->timeout_ms * 1000;
    struct subprocess_result *r = k->result;

    while (!reap(k)) {
        if (!r->timed_out && clock_monotonic_us() > end_us) {
            r->timed_out = true;
            (void)kill(-k->pid, SIGKILL);
        }
        attend(k);
    }
    if (k->out_fd >= 0)
        listen_to(k); /* what it said last */
    r->exit_code = exit_code(k->status);
    r->took_ms = (clock_monotonic_us() - begun_us) / 1000;
}

int subprocess_run(const struct subprocess *c, struct subprocess_result *out, struct err *err)
{
    struct child k = { .in_fd = -1, .out_fd = -1, .input = c->input, .result = out };

    *out = (struct subprocess_result){ 0 };
    (void)pthread_mutex_lock(c->fork_lock);
    int rc = start(c, &k, err);
    (void)pthread_mutex_unlock(c->fork_lock);
    if (rc < 0)
        return rc;
    finish(c, &k);
    shut(&k.in_fd);
    shut(&k.out_fd);
    return 0;
}
