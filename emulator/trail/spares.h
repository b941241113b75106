/* emulator/trail/spares - private to the journal: the segment that takes over when the active one
 * is full is ready before that, made by a thread of its own. Trimmed segments serve again instead
 * of new files, as many as were needed since the last trim: under load few files are made and
 * removed, and none lie about when it is over.
 *
 * Threads: any; the journal's mutex may be held, this module never takes it.
 */
#pragma once

#include "emulator/trail/segment.h"

struct spares;

int spares_open(struct spares **out, const char *dir, uint64_t size_bytes, bool power_safe,
                struct err *err);
/* What is kept is removed: none of it is part of the journal. NULL is harmless. */
void spares_close(struct spares *p);
void spares_want(struct spares *p); /* one will be needed soon; does not wait */
/* The spare, waiting for it. Borrowed: spares_taken says that it became part of the journal. */
int spares_ready(struct spares *p, struct segment **out, struct err *err);
void spares_taken(struct spares *p);
/* A segment that is no longer part of the journal; ownership moves. */
int spares_give(struct spares *p, struct segment *s, struct err *err);
/* A trim is over: remove what exceeds the need since the last one. */
int spares_settle(struct spares *p, struct err *err);
