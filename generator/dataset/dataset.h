/* generator/dataset - records in, a dataset out: what trails would have delivered, the digests over
 * it, and the truth beside it. Written in bulk, on several threads, the same bytes for any number
 * of them.
 *
 * Use:     dataset_open; engine_open with .data_dir = opt.dir, .sink = dataset_sink(ds), a virtual
 *          clock and a seed; dataset_attach. In order of time: dataset_advance, then
 *          engine_perform as usual (its records come here through the sink), prepared_perform
 *          (prepared.h) or engine_inject. At the end dataset_finish, engine_close, dataset_seal,
 *          dataset_close.
 *
 * Until dataset_seal has returned 0 there is no manifest.json but a file "unfinished": the same run
 * may then be started again and keeps what is complete; a full disk or an interrupt harms nothing.
 * Threads: all functions are called from one thread, the one that plays; the others are the
 * dataset's own. Memory: bounded by the busiest five minutes, not by the dataset.
 */
#pragma once

#include "emulator/engine/engine.h"
#include "emulator/trail/journal.h"

struct dataset;

struct dataset_options {
    const char *dir;
    struct str scenario; /* its name, as manifest and labels show it */
    struct str run;      /* what else makes the bytes what they are (the scenario's text, --events):
                          * an unfinished run is only taken up by one that agrees */
    uint64_t seed;
    int64_t start_ms, end_ms; /* end_ms: exclusive; what is pending then is delivered */
    int gzip_level;           /* 1 to 9, or GZIP_FAST */
    unsigned jobs;            /* threads in all, the calling one included; 0 is 1 */
    unsigned shard, shards;   /* write only the streams of shard 1..shards; shards 0 or 1: all */
    bool no_digests;          /* of a trial that only counts */
};
/* E_CONFLICT: the folder holds something else, or a dataset that is finished. Strings are copied.
 */
int dataset_open(struct dataset **out, const struct dataset_options *opt, struct err *err);
struct engine_sink dataset_sink(struct dataset *ds);
/* e is borrowed until dataset_finish. State is committed rarely from now on. */
int dataset_attach(struct dataset *ds, struct engine *e, struct err *err);
/* Time passes: the clock moves, what falls due on the way (jobs of services, deliveries, digests)
 * happens at its own time. */
int dataset_advance(struct dataset *ds, int64_t now_ms, struct err *err);

/* Before a call that looks into a bucket, or changes what lies there: true when trails deliver into
 * it, and all that they have delivered by now lies there then. What such a call sees does not
 * depend on how far the threads have come; nor does it follow from the state of its service alone.
 */
int dataset_settle(struct dataset *ds, struct str bucket, bool *out_delivers, struct err *err);

/* What is true of the records that are put from now on; count 0: nothing to tell. Copied. */
struct dataset_label {
    struct str story, step, actor, technique; /* technique: empty is null */
    bool malicious;
};
void dataset_label(struct dataset *ds, const struct dataset_label *labels, size_t count);

/* One record, in order of time. Copied. This is what the sink calls. */
int dataset_put(struct dataset *ds, const struct journal_source *from, struct err *err);
/* The same by who knows hints for its bytes (codec/hints.h); NULL: they are found when wanted. */
struct hints;
int dataset_put_known(struct dataset *ds, const struct journal_source *from,
                      const struct hints *hints, struct err *err);

/* A finding that a perfect tool reports. Events that no trail delivered (nor this shard holds) are
 * left out of it; with none left there is no finding. *out_events: how many are left (may be NULL).
 * Copied. */
struct dataset_finding {
    struct str rule, technique, story, actor, severity;
    const struct str *event_ids;
    size_t event_count;
};
int dataset_expect(struct dataset *ds, const struct dataset_finding *f, size_t *out_events,
                   struct err *err);

struct dataset_counts {
    uint64_t records;              /* in the tree: a record that two trails deliver counts twice */
    uint64_t untaken;              /* records that no trail takes */
    uint64_t files, digests, kept; /* kept: log files of an unfinished run that were whole */
    uint64_t text_bytes, gzip_bytes; /* of log files */
};
/* So far; for a progress bar and for tests. */
struct dataset_counts dataset_counts(struct dataset *ds);

/* To the end of the period: the last deliveries and digests, and what serve needs to go on. The
 * engine is free to be closed afterwards. */
int dataset_finish(struct dataset *ds, struct err *err);
/* After the engine is closed: labels.jsonl, expected.json and, last of all, manifest.json. */
int dataset_seal(struct dataset *ds, struct err *err);
/* Stops the threads. Unsealed, the folder stays unfinished. NULL is harmless. */
void dataset_close(struct dataset *ds);
