/* emulator/http/server - the front door's sockets: libmicrohttpd in, struct request out, and back.
 *
 * It knows HTTP, not AWS: what a request means is server_options.answer's to say, which runs on
 * one of the pool's threads with an arena that lives until the reply is sent. libmicrohttpd's types
 * end in this folder.
 *
 * Use:     server_open, then server_close; it answers in between.
 */
#pragma once

#include "emulator/http/host.h"
#include "emulator/http/stream.h"

struct server;

/* Fill reply; or return a stream that follows the reply's headers (else NULL). */
typedef struct stream *server_answer_fn(void *arg, struct arena *a, const struct request *q,
                                        struct reply *reply);

/* May the answer take long, or wait for another server? Then it is made on a thread of its own. */
enum server_wait {
    SERVER_IS_QUICK,
    SERVER_IS_SLOW, /* but is made here when there is no such thread left */
    SERVER_WAITS,   /* refused then */
};
typedef enum server_wait server_may_wait_fn(void *arg, struct arena *a, const struct request *q);

/* A reply that waits: call w->tell once it may be sent (rc 0) or not (rc < 0). */
struct journal_waiter;
typedef void server_hold_fn(void *arg, struct journal_waiter *w);

struct server_options {
    struct str host; /* as --listen has it: a name or an address, without [] */
    uint16_t port;   /* 0: any free one */
    unsigned threads;
    const char *data_dir;    /* bodies are staged and files served below it */
    bool power_safe;         /* staged bodies are synced before they are answered */
    int64_t body_timeout_ms; /* between two pieces of a body; 0: for ever */
    unsigned idle_timeout_s; /* of a connection on which nothing happens; 0: for ever */
    struct host_names names;
    server_answer_fn *answer;
    server_hold_fn *hold;            /* NULL: no reply waits */
    void *answer_arg;                /* of the two below as well */
    server_may_wait_fn *may_wait;    /* NULL: no answer does */
    void (*stop_waiting)(void *arg); /* what waits is to end soon; for server_close */
};

/* Listens when it returns 0. E_PARSE: the host has no address; E_IO: it can't be bound. */
int server_open(struct server **out, const struct server_options *opt, struct err *err);
uint16_t server_port(const struct server *s);
/* Stop accepting, let what is being answered finish (10 s at most), close. NULL is harmless.
 * Streams must have been ended. */
void server_close(struct server *s);
