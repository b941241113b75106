/* generator/dataset/state - private to this folder: what the parts of a dataset share.
 *
 * A stream is what one trail delivers of one account and region into one place; its open file is
 * filled by the playing thread, and handed to the crew at each mark. A chain is the digests of one
 * trail, account and region; its intervals are closed by the playing thread in order of time, and
 * written in that order once their files are.
 */
#pragma once

#include <pthread.h>

#include "core/codec/hints.h"
#include "core/trail/keys.h"
#include "core/trail/logfile.h"
#include "emulator/trail/config.h"
#include "emulator/trail/insights.h"
#include "emulator/trail/signing.h"
#include "generator/dataset/crew.h"
#include "generator/dataset/dataset.h"
#include "generator/dataset/output.h"

#define DATASET_SLOT_MS (5 * 60 * 1000ll)

/* A trail, known by its ARN over all its configurations. */
struct ds_trail {
    struct ds_trail *next;
    struct str owner, home, name, arn, org_id;
    bool has_chains; /* digests are due, the last one ended at digest_ms */
    int64_t digest_ms;
    int64_t retry_ms;     /* its bucket was out of order when a digest was due: not before this */
    int64_t delivered_ms; /* the last delivery; 0: none */
};

struct interval;

/* A log file: filled, on its way, and then what its digest says of it. */
struct file_job {
    struct crew_job job; /* first: a job is its file */
    struct dataset *ds;
    struct file_job *next, *prev; /* of all of the dataset */
    struct file_job *next_held;   /* of its stream */
    struct interval *interval;    /* in which its digest lists it; NULL: none */
    struct logfile file;
    struct hints hints; /* of its text, when they are wanted */
    struct str bucket, key, first_id;
    char hash_hex[65];
    int64_t at_ms, newest_ms, oldest_ms;
    size_t text_bytes;
    uint64_t records;
    struct arena a; /* of its texts */
};

struct interval {
    struct crew_job job; /* first */
    struct dataset *ds;
    struct interval *next;
    struct chain *chain;
    int64_t start_ms, end_ms;
    struct str bucket, prefix;
    const struct digest_key *key;
    char fingerprint[33];
    bool is_closed, is_last;
    size_t left; /* files that are not written yet */
    struct file_job **logs;
    size_t log_count, log_cap;
    struct arena a;
};

struct chain {
    struct chain *next;
    struct ds_trail *trail;
    struct str account, region;
    uint64_t hash;                  /* of trail, account and region */
    bool is_known;                  /* a digest of it was closed, and not the last one */
    struct interval *first, **last; /* closed ones, not written yet */
    struct interval *open;          /* takes the logs that are delivered now */
    bool is_busy;                   /* its first interval is with the crew */
    bool has_previous;
    struct buf previous_bucket, previous_key, previous_signature;
    char previous_hash[65];
};

struct stream {
    struct stream *chain, *next_filled;
    struct ds_trail *trail;
    struct str account, region, bucket, prefix;
    enum key_kind kind;          /* KEY_LOG or KEY_INSIGHT */
    bool is_filled, has_digests; /* has_digests: as the trail was at the last record */
    struct logfile file;
    struct hints hints; /* of its text, when they are wanted */
    char first_id[64];  /* eventID of the file's first record: what its name is drawn from */
    struct file_job *held, **last_held; /* full, but the bucket is out of order */
};

#define STREAM_BUCKETS 4096

struct counted {
    struct counted *next;
    struct str name;
    uint64_t records;
};

struct dataset {
    struct dataset_options opt;
    struct arena a;
    struct engine *e;
    struct signing *signing;
    struct crew *crew;
    struct output output;
    struct str temp; /* DIR/unfinished */
    bool has_transaction, is_finished;
    uint64_t position;     /* of the next record */
    uint64_t since_commit; /* records */
    int64_t next_mark_ms, next_digest_ms;

    struct config_set configs;
    struct ds_trail **trail_of; /* by number in configs */
    uint64_t generation, ended_generation;
    bool has_insights;         /* a trail of configs asks for them */
    struct insights *insights; /* NULL: none ever did */
    struct arena derived_arena;
    struct ds_trail *trails;
    struct chain *chains, **last_chain;
    struct stream *streams[STREAM_BUCKETS], *filled, **last_filled;
    size_t held_bytes;
    struct place {
        struct place *next;
        struct str bucket;
    } * places; /* where deliveries go */

    struct buf label_text; /* of the labels in force: their members behind eventID */
    size_t label_count;
    struct lines {
        struct buf text;
        int fd;
        const char *name;
        bool has_any;
    } labels, past; /* past: management events that no trail took */
    struct buf findings;
    struct arena labelled_arena;
    struct labelled *labelled[1024];
    uint64_t label_total;

    struct counted *by_account, *by_region;
    struct dataset_counts counts;

    void (*watch)(void *arg, const struct journal_source *from);
    void *watch_arg;

    pthread_mutex_t lock; /* over what follows, and over intervals and chains */
    struct file_job *jobs;
    size_t text_under_way, intervals_under_way;
    struct spare {
        struct buf text;
        struct hints hints;
    } spare[16];
    size_t spare_count;
    uint64_t files_done, digests_done, kept, gzip_bytes;
};

/* streams.c */
int streams_put(struct dataset *ds, const struct journal_entry *entry, const struct hints *hints,
                bool *out_taken, struct err *err);
int streams_deliver(struct dataset *ds, int64_t slot_ms, struct err *err); /* all that is filled */
bool streams_deliver_into(const struct dataset *ds, struct str bucket);
void streams_free(struct dataset *ds);
bool dataset_has(const struct dataset *ds, struct str account, struct str region); /* this shard? */
/* S3's error code for deliveries into a trail's bucket now, or NULL. */
int streams_bucket(struct dataset *ds, const struct ds_trail *t, struct str bucket,
                   const char **out_code, struct err *err);

/* chains.c */
int chains_follow(struct dataset *ds, struct err *err); /* after a change of configuration */
int chains_due(struct dataset *ds, int64_t now_ms, struct err *err);
int chains_end(struct dataset *ds, int64_t now_ms, struct err *err); /* of trails that stopped */
int chains_finish(struct dataset *ds, int64_t now_ms, struct err *err);
/* Where a log that is delivered now stands; NULL: the trail has no digests. */
struct interval *chains_take(struct dataset *ds, struct ds_trail *t, struct str account,
                             struct str region);
void chains_add(struct interval *v, struct file_job *log);  /* under the lock */
void chains_settle(struct dataset *ds, struct interval *v); /* a file of it is written */
int chains_save(struct dataset *ds, struct err *err);
void chains_free(struct dataset *ds);

/* dataset.c */
int dataset_configs(struct dataset *ds, struct err *err); /* loaded anew if a trail changed */
int dataset_relieve(struct dataset *ds, struct err *err); /* wait until the crew has caught up */
void dataset_drop_file(struct dataset *ds, struct file_job *f);

/* truth.c */
int truth_open(struct dataset *ds, struct err *err);
int truth_label(struct dataset *ds, struct str event_id, struct err *err);
int truth_untaken(struct dataset *ds, const struct journal_source *from, struct err *err);
int truth_seal(struct dataset *ds, struct err *err);
void truth_close(struct dataset *ds);
void truth_count(struct dataset *ds, struct str account, struct str region, uint64_t records);

/* manifest.c */
int manifest_write(struct dataset *ds, struct err *err);
