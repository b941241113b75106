/* emulator/store/whole - whole objects written without an S3 call: the trail's own deliveries.
 *
 * Use:     object_write for one; for many, whole_stage each and then whole_place all: one wait for
 *          the disk instead of several an object. Who must not lose them in between keeps the moves
 *          and calls whole_place again after a crash: a move that was made is no harm.
 * Memory:  moves live in the arena given.
 * Threads: safe, one arena a thread; two writers of one key are the caller's to keep apart.
 */
#pragma once

#include "emulator/store/objects.h"

struct whole {
    struct str bucket, key, bytes;
    /* Members as in docs/formats.md; ETag and Size are set here, LastModified (VALUE_TIME) should
     * be given, else it is the machine's now. NULL: no others. */
    const struct value *meta;
};

struct object_move {
    struct str from, to; /* staging/..., and its place */
};
#define WHOLE_MOVES 2 /* of an object: its metadata, its bytes */

/* Write the files of an object below staging/, their names drawn from bucket and key. Not synced.
 * E_MISSING "NoSuchBucket": the bucket's folder is not there. */
int whole_stage(int root, struct arena *a, const struct whole *w, struct object_move out[],
                struct err *err);
/* All that was staged is on the disk when it returns. */
int whole_sync(int root, struct err *err);
/* Sync what was staged, put it in place in the order given, sync the names. Metadata goes before
 * its bytes: a reader never sees an object without its signature. What belongs into a bucket whose
 * folder is gone is dropped. */
int whole_place(int root, const struct object_move *moves, size_t count, struct err *err);

/* One object, placed atomically and synced. E_MISSING as whole_stage. */
int object_write(const char *data_dir, struct str bucket, struct str key, struct str bytes,
                 const struct value *meta, struct err *err);
