/* Segment documents to whoever listens where X-Ray's daemon would: a datagram for each record. */
#include <errno.h>
#include <netdb.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "verify/replay/private.h"

/* UDP tells no one what a full buffer lost: a consumer is given a millisecond for each. */
enum { PAUSE_NS = 1000000 };

/* "127.0.0.1:2000", "[::1]:2000" */
static bool split_address(struct arena *a, struct str text, struct str *host, struct str *port)
{
    int64_t n;

    if (!str_rcut(text, ':', host, port) || !str_to_i64(*port, &n) || n < 1 || n > 65535)
        return false;
    if (str_has_prefix(*host, STR("[")) && str_has_suffix(*host, STR("]")))
        *host = str_sub(*host, 1, host->len - 1);
    *host = arena_copy(a, *host);
    *port = arena_copy(a, *port);
    return host->len > 0;
}

int datagrams_open(struct target *t, struct str rest, struct err *err)
{
    struct addrinfo hints = { .ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICSERV }, *found;
    struct str host, port;
    int rc = target_check_local(t, rest, err);

    if (rc < 0)
        return rc;
    if (!split_address(&t->arena, rest, &host, &port))
        return err_set(err, E_PARSE, "expected HOST:PORT behind xray:, not '%.*s'", STR_ARG(rest));
    int why = getaddrinfo(host.ptr, port.ptr, &hints, &found);

    if (why != 0)
        return err_set(err, E_MISSING, "%.*s: %s", STR_ARG(rest), gai_strerror(why));
    t->place = rest;
    t->datagram_fd = socket(found->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (t->datagram_fd < 0 || connect(t->datagram_fd, found->ai_addr, found->ai_addrlen) < 0)
        rc = err_sys(err, "send to", rest.ptr);
    freeaddrinfo(found);
    return rc;
}

/* That nobody listens is known at once on this machine, and not by send. */
static int check_heard(const struct target *t, struct err *err)
{
    int why = 0;
    socklen_t size = sizeof why;

    if (getsockopt(t->datagram_fd, SOL_SOCKET, SO_ERROR, &why, &size) == 0 && why == 0)
        return 0;
    errno = why;
    return err_sys(err, "send to", t->place.ptr);
}

int datagrams_record(struct target *t, const struct scan_record *r, struct err *err)
{
    const struct timespec pause = { 0, PAUSE_NS };
    struct buf body = { 0 };

    envelope_segment(&body, &t->scratch, r, &t->rng);
    int rc = send(t->datagram_fd, body.ptr, body.len, 0) < 0 ? err_sys(err, "send to", t->place.ptr)
                                                             : check_heard(t, err);

    buf_free(&body);
    (void)nanosleep(&pause, NULL); /* cut short: a little early */
    return rc;
}

void datagrams_close(struct target *t)
{
    if (t->datagram_fd >= 0)
        (void)close(t->datagram_fd);
    t->datagram_fd = -1;
}
