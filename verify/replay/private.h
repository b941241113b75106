/* verify/replay/private - between target.c, which has the table, and the files that have a kind of
 * target each.
 */
#pragma once

#include "verify/replay/envelope.h"
#include "verify/replay/target.h"
#include "verify/source/aws.h"

struct post;

struct target_row {
    const char *prefix, *expected;
    unsigned kind; /* a bit of enum fault_targets */
    int (*open)(struct target *t, struct str rest, struct err *err);
    int (*deliver)(struct target *t, const struct delivery *d, const struct content *c,
                   struct err *err);
    int (*record)(struct target *t, const struct scan_record *r, struct err *err);
    int (*end)(struct target *t, struct err *err); /* of a file's records */
};

struct target {
    const struct target_row *row;
    const struct target_options *opt;
    struct arena arena, scratch;
    struct str place;  /* a directory, a bucket, a queue's URL, a log group */
    struct str origin; /* http://HOST:PORT of place, where it is a URL */
    struct post *post;
    struct aws_client *aws;
    int datagram_fd;    /* -1: none */
    struct rng rng;     /* ids of envelopes */
    struct buf waiting; /* notices, log events */
    size_t waiting_count;
    struct envelope_stream stream;
    int (*send)(struct target *t, struct str message, struct err *err); /* to a queue or topic */
    struct log_stream *streams; /* of a log group, that are there */
    struct log_event *events;   /* of a file, that wait */
    size_t event_count, event_room;
};

/* Only this machine's addresses, unless the options allow others. */
int target_check_local(const struct target *t, struct str url, struct err *err);
/* A URL such as http://HOST:PORT/PATH: its origin and path; a client for it. */
int target_open_url(struct target *t, struct str url, struct str *path, struct err *err);

/* queues.c */
int queue_open(struct target *t, struct str rest, struct err *err);
int wrapped_open(struct target *t, struct str rest, struct err *err); /* as a topic fills it */
int topic_open(struct target *t, struct str rest, struct err *err);
int queue_deliver(struct target *t, const struct delivery *d, const struct content *c,
                  struct err *err);
int topic_deliver(struct target *t, const struct delivery *d, const struct content *c,
                  struct err *err);
/* So many deletions of messages find their receipt expired. */
int queue_expire_receipts(struct target *t, uint64_t count, struct err *err);

/* datagrams.c */
int datagrams_open(struct target *t, struct str rest, struct err *err);
int datagrams_record(struct target *t, const struct scan_record *r, struct err *err);
void datagrams_close(struct target *t);

/* log_group.c */
int group_open(struct target *t, struct str rest, struct err *err);
int group_record(struct target *t, const struct scan_record *r, struct err *err);
int group_end(struct target *t, struct err *err);
void group_free(struct target *t);
