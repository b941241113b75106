/* verify/records/file_names - the names of any number of files, by their numbers, in bounded
 * memory: they go to a temporary file when there are many.
 */
#pragma once

#include <stdio.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/err.h"

struct file_names {    /* zero-initialised is empty */
    struct buf recent; /* a length and a name each */
    FILE *file;        /* NULL: all are in memory */
    uint64_t count, stored_bytes;
    uint64_t *places; /* of each 64th name, from the first byte */
    size_t place_room;
};
int file_names_add(struct file_names *n, struct str name, struct err *err); /* number n->count */
int file_names_get(struct file_names *n, struct arena *a, uint64_t number, struct str *out,
                   struct err *err);
void file_names_free(struct file_names *n);
