/* verify/run/follow - the server's own records as they happen: GET /_mocktrail/events?follow=1 on a
 * thread, until the server ends.
 */
#pragma once

#include "core/base/buf.h"
#include "core/base/err.h"

struct follow;
int follow_start(struct follow **out, struct str endpoint, struct err *err);
/* How often a text stands in what came so far. */
uint64_t follow_count(struct follow *f, struct str text);
/* The server has ended: wait for the thread; the lines so far are the caller's. NULL is harmless.
 */
void follow_end(struct follow *f, struct buf *lines);
