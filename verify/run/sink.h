/* verify/run/sink - an HTTP server on this machine that takes a tool's findings (libmicrohttpd):
 * the body of each POST, and when it came.
 */
#pragma once

#include "core/base/buf.h"
#include "core/base/err.h"

struct sink;
typedef void sink_fn(void *arg, struct str body, int64_t at_us);

int sink_start(struct sink **out, struct err *err);
void sink_stop(struct sink *s); /* NULL is harmless */
unsigned sink_port(const struct sink *s);
uint64_t sink_count(struct sink *s);
/* Hand over all bodies so far and forget them. */
void sink_take(struct sink *s, sink_fn *fn, void *arg);
