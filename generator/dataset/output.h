/* generator/dataset/output - the dataset's objects as many threads write them: compressed, placed
 * atomically, noted for the manifest.
 *
 * Metadata comes first, then the bytes by a rename: until they are there, there is no object.
 * Nothing is synced here; the manifest, which makes a dataset of it, is written behind a sync of
 * all. Threads: each with a desk of its own.
 */
#pragma once

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/codec/hints.h"
#include "generator/dataset/spool.h"

struct output {
    struct str dir;  /* of the dataset */
    struct str temp; /* for files on their way: on the same file system */
    int gzip_level;
    unsigned
        kept; /* temp/kept-0 and so on: objects of runs that were cut short, to be used again */
    struct spool *noted;
    struct desk *desks; /* one for each thread */
    unsigned threads;
};

struct output_object {
    struct str bucket, key;
    struct str text;           /* uncompressed */
    const struct hints *hints; /* of text; NULL: none */
    struct str signature;      /* hex, of a digest; else empty */
    const char *hash_hex;      /* SHA-256 of text */
    int64_t modified_ms;
    uint64_t records;
};
struct output_done {
    size_t gzip_bytes;
    bool kept;
};

void output_open(struct output *o); /* desks for o->threads; the members are set before */
void output_close(struct output *o);
int output_write(struct output *o, unsigned thread, const struct output_object *what,
                 struct output_done *out, struct err *err);

/* A noted file: "PATH\0SHA256 RECORDS", path relative to the dataset. */
struct output_note {
    struct str path, sha256;
    uint64_t records;
};
struct output_note output_note_read(struct str line);
