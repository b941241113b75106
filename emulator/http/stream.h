/* emulator/http/stream - lines that are made by one thread and followed by many clients: the body
 * of GET /_mocktrail/events?follow=1.
 *
 * A hub hands every line to every stream. A stream waits, suspended, while it has nothing to send;
 * one that falls more than STREAM_LIMIT_BYTES behind is ended with a line that says so.
 * Threads: safe. Memory: a stream belongs to its response and ends with it.
 */
#pragma once

#include "core/base/str.h"

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

/* The response that sends s on connection; it owns s. NULL: out of memory, s is gone. */
struct MHD_Response *stream_response(struct stream *s, struct MHD_Connection *connection);
