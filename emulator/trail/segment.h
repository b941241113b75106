/* emulator/trail/segment - one file of the journal: made, mapped, checked, taken away.
 *
 * A segment is written full of zeros before it is first used, so that a full disk is an error here
 * and never a SIGBUS in the mapping, and so that syncing it changes no file size.
 * What stands behind the header is emulator/trail/journal's.
 *
 * DISK: a page that is synced while it is mapped is protected again, in all threads, and faults at
 * the next store. So the active segment's entries lie in anonymous memory, in the same place of the
 * map; a round writes them to the file, and a full one is mapped from the file again. Header and
 * bits are mapped all the time.
 */
#pragma once

#include <stdatomic.h>

#include "core/base/arena.h"
#include "core/base/err.h"

#define SEGMENT_HEADER_BYTES 64
#define SEGMENT_GRAIN        16 /* bytes; entries begin at multiples of it */

/* What earlier segments held, for when they are gone. */
struct segment_past {
    uint64_t last_seq, count; /* greatest seq of their entries; how many there were */
};

struct segment {
    struct segment *prev, *next;
    char *map;
    int fd;
    uint64_t number, base; /* base: position of its first byte */
    uint64_t size_bytes;
    struct segment_past past;
    _Atomic uint64_t pending_effects; /* entries whose effects are not applied yet */
    _Atomic bool is_full;
    /* DISK: entries are gathered in memory of this process and written by each round, see below. */
    _Atomic bool is_memory;
    uint64_t written; /* what stands before it is in the file */
    uint64_t end;     /* when it is full: behind its last head */
    char path[4096];
};

/* Behind the header stands a bit for each grain, then the entries. A bit tells that the effects of
 * the entry that begins there are done: it is not in the entry, for those would all be called back
 * into memory. */
static inline uint64_t segment_first(const struct segment *s)
{
    return SEGMENT_HEADER_BYTES + s->size_bytes / SEGMENT_GRAIN / 8;
}
/* Set the bit; returns what it was. */
bool segment_mark(struct segment *s, uint64_t offset);
bool segment_is_marked(const struct segment *s, uint64_t offset);

/* Write size_bytes of zeros to DIR/journal/spare and map them. */
int segment_prepare(struct segment **out, const char *dir, uint64_t size_bytes, struct err *err);
/* The same of a segment that is no longer part of the journal, without writing: what it held stays
 * behind the header, at positions that do not come again. */
int segment_reuse(struct segment *s, const char *dir, struct err *err);
/* Touch every page, so that the first writers need not: from a helper thread. The header and the
 * bits are clear then. */
void segment_warm(struct segment *s);
/* DISK, instead of warming: header and bits are clear on the disk, entries go to memory. */
int segment_to_memory(struct segment *s, struct err *err);
/* What lies in memory up to end goes to the file, and a head of zeros behind it if it is_open: more
 * entries may follow there. Nothing to do for one that is mapped. */
int segment_write(struct segment *s, uint64_t end, bool is_open, struct err *err);
int segment_to_file(struct segment *s, struct err *err); /* all of it was written */
/* Give a prepared segment its number and name; from now on it is part of the journal. */
int segment_activate(struct segment *s, const char *dir, uint64_t number, uint64_t base,
                     struct segment_past past, struct err *err);
/* Map DIR/journal/NAME. E_MISSING: it was never activated (a crash came first) and holds nothing.
 * E_PARSE: damaged; the text names the path. */
int segment_open(struct segment **out, const char *dir, struct str name, struct err *err);
/* The pages leave this process's memory, not the file: for segments that are full. Those that are
 * not in the file yet stay. */
void segment_cool(struct segment *s);
int segment_sync(const struct segment *s, struct err *err); /* to the disk */
void segment_close(struct segment *s);                      /* NULL is harmless */
int segment_remove(struct segment *s, struct err *err);     /* closes and deletes the file */
