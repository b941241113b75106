/* emulator/http/stream - bodies of GET /_mocktrail/events: lines that are made by one thread and
 * followed by many clients, or that are fetched as a client takes them.
 *
 * A hub hands every line to every stream. A stream waits, suspended, while it has nothing to send;
 * one that falls more than STREAM_LIMIT_BYTES behind is ended with a line that says so.
 * Threads: safe. Memory: a stream belongs to its response and ends with it.
 */
#pragma once

#include "core/base/buf.h"
#include "core/base/err.h"

#define STREAM_LIMIT_BYTES (16u << 20)

struct hub;
struct stream;
struct MHD_Connection;
struct MHD_Response;

struct hub *hub_open(void);
void hub_close(struct hub *h); /* no stream may be left: end them and stop the server first */
struct stream *hub_follow(struct hub *h);
void hub_put(struct hub *h, struct str line); /* copied; a newline is added */
void hub_end(struct hub *h);                  /* every stream, also a later one, ends */

/* Append some lines to out. 1: there may be more, 0: that was all, < 0: they can't be had, and the
 * body is broken off. */
typedef int stream_fill_fn(void *arg, struct buf *out, struct err *err);
typedef void stream_drop_fn(void *arg); /* the stream is over: forget arg */
struct stream *stream_of(stream_fill_fn *fill, stream_drop_fn *drop, void *arg);

/* The response that sends s on connection; it owns s. NULL: out of memory, s is gone. */
struct MHD_Response *stream_response(struct stream *s, struct MHD_Connection *connection);
