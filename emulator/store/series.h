/* emulator/store/series - what comes in order of time and is read by spans of it: datapoints of
 * metrics, log events, trace segments.
 *
 * A series is named by its kind ("metric") and a name that the kind composes; its points are
 * ordered by (time, number), which together name one. Writes belong to the state transaction that
 * is open (emulator/store/store.h); data is any bytes.
 * Threads: as store.h.
 */
#pragma once

#include "emulator/store/store.h"

struct series_key {
    const char *kind;
    struct str name;
};
struct series_point {
    int64_t time_ms;
    uint64_t number; /* tells apart what has one time; below 2^63 */
    struct str data;
};
/* Insert, or replace the point of that time and number. */
int series_put(struct store *s, struct series_key key, const struct series_point *point,
               struct err *err);
/* 0, or E_MISSING. data is copied into a. */
int series_get(struct store *s, struct arena *a, struct series_key key, struct series_point *point,
               struct err *err);

struct series_span {
    int64_t from_ms, to_ms; /* from inclusive, to exclusive */
    bool newest_first;
    /* Continue behind this point of the span, in its direction. */
    bool has_after;
    int64_t after_ms;
    uint64_t after_number;
    size_t limit; /* 0: all */
};
int series_list(struct store *s, struct arena *a, struct series_key key,
                const struct series_span *span, struct series_point **out, size_t *count,
                struct err *err);
/* One point goes; E_MISSING (err untouched) when it was not there. */
int series_remove(struct store *s, struct series_key key, int64_t time_ms, uint64_t number,
                  struct err *err);
/* How many points lie in [from_ms, to_ms). */
int series_count(struct store *s, struct series_key key, int64_t from_ms, int64_t to_ms,
                 int64_t *out, struct err *err);
/* Points before before_ms go; INT64_MAX: the whole series. */
int series_prune(struct store *s, struct series_key key, int64_t before_ms, struct err *err);
/* Names of a kind that begin with prefix, in byte order, those greater than after. */
int series_names(struct store *s, struct arena *a, struct series_key prefix, struct str after,
                 size_t limit, struct str **out, size_t *count, struct err *err);
