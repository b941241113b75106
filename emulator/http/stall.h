/* emulator/http/stall - bodies that stop coming: answered 400 RequestTimeout, then hung up on.
 *
 * libmicrohttpd closes a connection that idles, but leaves no way to answer it. So a thread of its
 * own looks at the requests whose body is under way, and writes the answer itself; nothing else has
 * been written for such a request by then, and nothing will be.
 * Threads: safe. A watched request lives until stall_end.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct request;
struct stall_watch;

/* One body, kept by its connection. */
struct stall {
    struct stall *next, *before; /* from here on: stall.c's */
    bool is_watched, is_over;
    int fd;
    const struct request *request;
    _Atomic int64_t last_us;
};

/* timeout_ms 0: none is watched. NULL: the thread could not be started. */
struct stall_watch *stall_open(int64_t timeout_ms);
void stall_close(struct stall_watch *w); /* NULL is harmless; nothing may be watched any more */

/* The headers have come, a body is to follow. */
void stall_begin(struct stall_watch *w, struct stall *s, int fd, const struct request *q);
void stall_touch(struct stall *s); /* some of it has come */
/* It is whole, or the client is gone; more than once is harmless. False: it was answered here, say
 * nothing more. */
bool stall_end(struct stall_watch *w, struct stall *s);
