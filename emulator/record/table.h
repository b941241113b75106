/* emulator/record/table - the exceptions of services: rows of a TSV file below fixtures/record/.
 *
 * A file is sorted in byte order of its first two columns (key), '#' begins a comment line, "-" is
 * an empty cell. Several rows may share a key. Cells are borrowed from the embedded file.
 */
#pragma once

#include "core/base/arena.h"
#include "core/base/err.h"

#define TABLE_COLUMNS 8

struct table_row {
    struct str cell[TABLE_COLUMNS]; /* those that the file lacks are empty */
};
struct table {
    const struct table_row *rows;
    size_t count;
};

/* name is below fixtures/record/. E_MISSING when it is not embedded; E_PARSE, naming file and line,
 * when a row has another number of cells than columns, or stands out of order. */
int table_load(struct table *t, struct arena *a, const char *name, size_t columns, struct err *err);
/* Text to rows; table_load without the embedded file. */
int table_parse(struct table *t, struct arena *a, struct str text, const char *name, size_t columns,
                struct err *err);
/* The first row whose first two cells are key and key2, and how many there are; NULL for none. */
const struct table_row *table_find(const struct table *t, struct str key, struct str key2,
                                   size_t *count);
/* The first row whose first cell is key, or NULL. */
const struct table_row *table_find1(const struct table *t, struct str key);
