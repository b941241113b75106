/* emulator/services/s3/listing - the keys of a bucket in byte order, read from its folders.
 *
 * Reads a folder when it comes to it, and none that the prefix, the marker or a skip rules out.
 * Knows neither metadata nor pages: list.c does.
 *
 * Use:     walk_start, walk_next for each key, walk_skip to pass over all keys of a prefix.
 * Memory:  the arena's, until the walk is over.
 */
#pragma once

#include "core/base/arena.h"
#include "core/base/err.h"

enum walk_tree {
    WALK_OBJECTS,  /* buckets/: each file is a key */
    WALK_VERSIONS, /* versions/: each folder NAME%v is a key that has older versions */
};

struct walk_frame;
struct walk_aside;
struct walk {
    struct arena *a;
    int root;
    enum walk_tree tree;
    struct str bucket, prefix, after, skip;
    struct walk_frame *top;
    struct walk_aside *aside;
    struct str held_main, held_other; /* the next key of each source, when known */
    bool has_main, has_other;
};

/* tree, bucket, prefix and after are set by the caller: keys that begin with prefix and are greater
 * than after (both may be empty). An absent folder is an empty one. */
int walk_start(struct walk *w, struct arena *a, int root, struct err *err);
/* 1 and the next key, 0 at the end, < 0 a failure. */
int walk_next(struct walk *w, struct str *key, struct err *err);
/* No more keys that begin with this. */
void walk_skip(struct walk *w, struct str prefix);
