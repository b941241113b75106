/* generator/dataset/spool - lines that come in any order and go out sorted, without holding them
 * all: sorted runs in files, merged at the end.
 *
 * Use:     spool_add from each thread with its own number; when they are done, spool_start and
 *          spool_next until it gives nothing.
 * Memory:  a run for each thread; while merging, a block for each run.
 */
#pragma once

#include "core/base/err.h"
#include "core/base/str.h"

struct spool;

/* dir: an existing folder for the runs; copied. */
struct spool *spool_open(struct str dir, unsigned threads);
void spool_close(struct spool *s); /* removes the runs; NULL is harmless */
/* Any bytes; copied. Sorted as memcmp does, a shorter one first. */
int spool_add(struct spool *s, unsigned thread, struct str line, struct err *err);
int spool_start(struct spool *s, struct err *err);
/* The next line, borrowed until the next call; ptr NULL behind the last one. */
int spool_next(struct spool *s, struct str *out, struct err *err);
