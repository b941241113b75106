/* generator/scenario/fields - a YAML map read into a struct by rows: one row a key.
 *
 * A key without a row, a needed one that is absent and a value of the wrong form are E_PARSE:
 * "FILE:LINE: what was expected", with the nearest name where one is near.
 */
#pragma once

#include "generator/scenario/scenario.h"

/* What is being read: where messages point to, where memory comes from. */
struct source {
    struct arena *a;
    const char *file;
    struct scenario *scenario; /* what the steps of techniques are added to */
    struct err *err;
};

typedef int field_fn(struct source *s, const struct value *v, void *field);

struct field {
    const char *name;
    field_fn *read;
    size_t offset;
    bool is_needed;
};

/* what: "a principal", for messages. */
int fields_read(struct source *s, const struct value *map, const char *what,
                const struct field *rows, size_t count, void *out);
#define FIELDS_READ(s, map, what, rows, out) fields_read(s, map, what, rows, COUNT(rows), out)

/* E_PARSE: "FILE:LINE: NAME: expected ..."; v may be NULL (line 1). */
int source_expected(struct source *s, const struct value *v, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
struct place source_place(const struct source *s, const struct value *v);

/* Fields of common types. */
field_fn field_words;     /* struct str: any scalar */
field_fn field_name;      /* struct str: letters, digits, - _ . */
field_fn field_texts;     /* struct names: a list of scalars, or one */
field_fn field_flag;      /* bool */
field_fn field_said;      /* enum said */
field_fn field_count;     /* int64_t, 1 or more */
field_fn field_counts;    /* struct span */
field_fn field_duration;  /* int64_t */
field_fn field_durations; /* struct span */
field_fn field_moment;    /* struct moment */
field_fn field_zone;      /* int64_t, and a bool behind it that is set */
field_fn field_day_time;  /* int64_t: ms since midnight */
field_fn field_value;     /* const struct value *: as it is */
field_fn field_map;       /* the same, a map */
field_fn field_fraction;  /* double, 0 or more */

/* Each entry of a list (or one map alone) is read by item and linked: items begin with a pointer to
 * the next. size is of an item. */
struct list_of {
    size_t size;
    int (*item)(struct source *s, const struct value *v, void *item);
};
int list_read(struct source *s, const struct value *v, const struct list_of *of, void *head);

/* "1d12h30m", "250ms". False: not a duration. */
bool duration_parse(struct str text, int64_t *out_ms);
/* A word of a list as its index; -1: none. */
int word_index(struct str word, const char *const *words, size_t count);
