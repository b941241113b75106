/* verify/sigma/marks - what a matcher keeps for correlations: one mark for each match of each rule
 * that a correlation asks for. Private to this folder.
 *
 * Marks beyond MARKS_BYTES go to a temporary file, in parts that hold whole groups: memory does not
 * grow with the number of records.
 */
#pragma once

#include <stdio.h>

#include "verify/sigma/private.h"

#define MARK_PARTS  64u
#define MARKS_BYTES ((size_t)16 << 20) /* of a matcher's */

struct mark {
    uint64_t place; /* a hash of correlation and group; marks_take's */
    uint64_t
        id_start; /* marks_take's: the first bytes of event_id, a number that sorts as they do */
    size_t correlation; /* number of the rule that correlates */
    size_t rule;        /* which of its rules matched */
    int64_t time_ms;    /* eventTime */
    struct str group;   /* its group-by values, as a JSON list */
    struct str counted; /* VALUE_COUNT: the value */
    struct str event_id;
};

struct mark_run; /* of one part, in the file */

struct marks {
    struct buf packed; /* those in memory */
    size_t count, most_bytes;
    FILE *file; /* NULL: all are in memory */
    struct mark_run *runs;
    size_t run_count, run_room;
};

/* Copied. E_IO: the temporary file can't be written. */
int marks_add(struct marks *m, const struct mark *mark, struct err *err);
int marks_spill(struct marks *m, struct err *err); /* all that are in memory */
void marks_free(struct marks *m);

/* Marks of several, in no order. */
struct mark_list {
    struct arena strings;
    struct mark *items;
    size_t count, room;
};
/* Those in memory, and those of one part in the file, of the correlations (by number) that are
 * wanted; they borrow from m and from list. */
int marks_take(const struct marks *m, size_t part, const bool *is_wanted, struct mark_list *list,
               struct err *err);

struct sigma_matcher {
    const struct sigma *s;
    struct classes *classes;
    struct arena scratch;
    struct buf group; /* of one mark, while it is made */
    struct marks marks;
    uint64_t *fed; /* of each correlation: a bit for each of its first 64 rules that matched */
};
