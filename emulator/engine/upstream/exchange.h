/* emulator/engine/upstream/exchange - one HTTP request to another server, and its answer (libcurl).
 *
 * It knows HTTP, not AWS. Redirects are not followed, compressed bodies stay compressed, proxies of
 * the environment are not asked. Idle connections are kept and used again. libcurl's types end
 * here.
 * Threads: safe; exchange_run blocks its caller until the answer is whole.
 */
#pragma once

#include "core/base/err.h"
#include "emulator/wire/message.h"

struct exchange_pool;

struct exchange_options {
    const char *data_dir; /* borrowed; bodies' files lie below it */
    int64_t patience_ms;  /* an answer that makes no progress for that long is given up */
};

/* How it ended. */
enum exchange_end {
    EXCHANGE_DONE,
    EXCHANGE_DOWN,   /* no connection */
    EXCHANGE_SLOW,   /* no byte for patience_ms */
    EXCHANGE_BROKEN, /* not HTTP, cut short, or larger than the limit */
    EXCHANGE_ENDED,  /* exchange_pool_stop */
};

struct exchange {
    struct str base, target; /* "http://host:port"; "/path?query", encoded */
    struct str method;
    const struct http_header *headers; /* all that are sent, but for Content-Length */
    size_t header_count;
    struct body body;
    bool may_spool; /* an answer over LIMIT_BODY_MEMORY_BYTES goes to a file, if it is no error */
};

int exchange_pool_open(struct exchange_pool **out, const struct exchange_options *opt,
                       struct err *err);
void exchange_pool_close(struct exchange_pool *p); /* nothing may run; NULL is harmless */
void exchange_pool_stop(struct exchange_pool *p);  /* what runs ends soon, from now on */

/* 0 with *end; when EXCHANGE_DONE the answer is in reply (arena a), else why in *why. < 0: the
 * answer's file could not be written. */
int exchange_run(struct exchange_pool *p, struct arena *a, const struct exchange *x,
                 struct reply *reply, enum exchange_end *end, struct str *why, struct err *err);
