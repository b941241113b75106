/* verify/run/truth - what a perfect tool would report about a dataset, and where each event lies.
 *
 * Memory:  all in its arena. Threads: read-only once loaded.
 */
#pragma once

#include <stdbool.h>

#include "core/base/arena.h"
#include "core/base/err.h"

struct truth_event {
    struct str id;
    int64_t time_ms;
    size_t file;                       /* index into files; SIZE_MAX: never offered */
    bool is_malicious, is_benign_twin; /* as labels.jsonl says */
    struct str technique, story;
    struct truth_event *next; /* of one bucket of the table */
    uint32_t offered;         /* how often it was offered */
};

struct truth_file {
    struct str key;
    bool is_listed, is_fetched; /* as the server saw it */
    bool is_left;               /* its message was in the queue at the end */
    int64_t offered_ms;         /* of the run; -1: not known */
};

struct truth_finding {
    struct str rule, technique, story, actor, severity;
    const struct truth_event **events;
    size_t event_count;
    int64_t first_ms, last_ms;
};

struct truth {
    struct arena arena;
    struct truth_finding *findings;
    size_t finding_count;
    struct truth_event **buckets;
    size_t bucket_count, event_count, offered_count;
    struct truth_file *files;
    size_t file_count, file_room;
    int64_t first_ms, last_ms;
};

/* DIR/expected.json and DIR/labels.jsonl (either may be missing), and all records of DIR. */
int truth_load(struct truth *t, const char *dir, struct err *err);
/* What is really offered: the records of another tree, with its faults. */
int truth_offer(struct truth *t, const char *dir, struct err *err);
void truth_free(struct truth *t); /* twice is harmless */
struct truth_event *truth_find(const struct truth *t, struct str event_id);
struct truth_file *truth_file(struct truth *t, struct str key);
