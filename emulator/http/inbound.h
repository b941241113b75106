/* emulator/http/inbound - one connection, and the request that is on it: libmicrohttpd's callbacks
 * fill a struct request. Its memory is lent for the request and goes back when the reply is sent.
 */
#pragma once

#include <stdbool.h>

#include "emulator/http/arenas.h"
#include "emulator/http/body.h"
#include "emulator/http/host.h"
#include "emulator/http/stall.h"
#include "emulator/http/workers.h"
#include "emulator/trail/journal.h"

struct MHD_Connection;
struct server;
struct stream;

enum inbound_state { INBOUND_LINE, INBOUND_BODY, INBOUND_WAITING, INBOUND_HELD, INBOUND_ANSWERED };

struct inbound {
    struct arenas *arenas;
    struct arena arena; /* of the request */
    struct request request;
    struct body_sink body;
    enum inbound_state state;
    enum refusal refusal;   /* the target or the headers can't be read; of the body: body.refusal */
    bool hangs_up;          /* where the body ends can't be told, or it is longer than is dropped */
    bool keeps_arena;       /* its reply was held: see inbound_over */
    bool is_counted;        /* among what the server must finish before it stops */
    uint64_t dropped_bytes; /* of a body that is refused already */
    char source_ip[64];
    struct stall stall;
    int64_t began_us; /* when the headers had come */
    /* While an answer is made by a worker, or waits for the disk, the connection sleeps. */
    struct work work;
    struct journal_waiter waiter;
    int held_rc; /* what the waiter was told */
    struct server *server;
    struct MHD_Connection *connection;
    struct reply reply;
    struct stream *stream;
};

struct inbound *inbound_open(struct staging *staging, struct arenas *arenas,
                             struct MHD_Connection *connection);
void inbound_close(struct inbound *in);
/* A request line has come: forget the last request, keep the raw target (copied). */
void inbound_start(struct inbound *in, const char *target);
/* The headers have come (borrowed until the request is over); the body may begin.
 * Returns false when the request is to be refused whatever its body is. */
bool inbound_headers(struct inbound *in, struct MHD_Connection *connection, const char *method,
                     const char *version, const struct host_names *names);
/* A body is to follow. */
bool inbound_has_body(const struct inbound *in);
/* Some of the body. False: a refused body goes on and on; hang up. */
bool inbound_body(struct inbound *in, struct str bytes);
/* The body has come whole. */
void inbound_complete(struct inbound *in);
/* The reply is sent, or the client is gone: what arena gave out is gone. When replies are held
 * nearly all connections have a request at a time; the memory then stays where it is. */
void inbound_over(struct inbound *in);
