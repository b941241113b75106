/* emulator/services/sqs/message - the messages of a queue, as the store keeps them.
 *
 * Points of series named ACCOUNT/REGION/QUEUE:
 *   "sqs.message"  at the time it was sent: the message, JSON (members below)
 *   "sqs.waiting"  at the time it may be received, for one that never was
 *   "sqs.flight"   at the time it may be received again
 * The latter two hold the time it was sent. A message's members: Id, Body, Md5, Attributes (list of
 * {Name, DataType, StringValue | Binary}), AttributesMd5, Trace, Sender, Group, Dedup, Sequence,
 * Source (ARN of the queue that it is a dead letter of), Count, First, Received, Due, Moved (of a
 * dead letter) (ms).
 * All functions work inside the caller's state transaction. Private to this folder.
 */
#pragma once

#include "emulator/services/sqs/queue.h"

struct sqs_message_at {
    int64_t sent_ms;
    uint64_t number;
    struct value *m;
};

/* A new message, due at due_ms; number is drawn from the queue's counter. */
int sqs_message_add(struct store *s, struct arena *a, const struct sqs_queue *q,
                    struct sqs_message_at *at, int64_t due_ms, struct err *err);
int sqs_message_get(struct store *s, struct arena *a, const struct sqs_queue *q,
                    struct sqs_message_at *at, struct err *err); /* E_MISSING */
int sqs_message_remove(struct store *s, const struct sqs_queue *q, const struct sqs_message_at *at,
                       struct err *err);
/* Not to be received before due_ms; what else of at->m changed is kept, too. */
int sqs_message_hide(struct store *s, struct arena *a, const struct sqs_queue *q,
                     struct sqs_message_at *at, int64_t due_ms, struct err *err);
/* Up to limit that may be received now, in order of the time since when. */
int sqs_message_ready(struct store *s, struct arena *a, const struct sqs_queue *q, int64_t now_ms,
                      size_t limit, struct sqs_message_at **out, size_t *count, struct err *err);
/* The same, and for a FIFO queue in the order of sending, without the groups of which a message is
 * under way. */
int sqs_message_receivable(struct store *s, struct arena *a, const struct sqs_queue *q,
                           int64_t now_ms, size_t limit, struct sqs_message_at **out, size_t *count,
                           struct err *err);
/* In the order in which they were sent, those behind after (NULL: from the first). */
int sqs_message_page(struct store *s, struct arena *a, const struct sqs_queue *q,
                     const struct sqs_message_at *after, size_t limit, struct sqs_message_at **out,
                     size_t *count, struct err *err);
bool sqs_message_in_flight(const struct sqs_message_at *at, int64_t now_ms);

struct sqs_counts {
    int64_t visible, hidden, delayed;
};
int sqs_message_count_in_flight(struct store *s, const struct sqs_queue *q, int64_t now_ms,
                                int64_t *out, struct err *err);
int sqs_message_counts(struct store *s, const struct sqs_queue *q, int64_t now_ms,
                       struct sqs_counts *out, struct err *err);
/* When the next hidden one may be received; INT64_MAX: none is hidden. */
int sqs_message_next_due(struct store *s, struct arena *a, const struct sqs_queue *q,
                         int64_t now_ms, int64_t *out, struct err *err);
/* Those older than the queue's retention go. */
int sqs_message_expire(struct store *s, struct arena *a, const struct sqs_queue *q, int64_t now_ms,
                       struct err *err);
int sqs_message_clear(struct store *s, const struct sqs_queue *q, struct err *err);

/* ---- put.c: into a queue, by a call or by a service ---- */

struct sqs_put {
    struct str body;
    const struct value *attributes; /* as the API has them, checked; or NULL */
    struct str trace, sender, group_id, deduplication_id, source;
    int64_t delay_s; /* -1: the queue's */
    int64_t now_ms;
    struct rng *rng;
    struct str id; /* or empty: a new one */
};
/* *out: the message, or for a duplicate what stands for the one that was there. */
int sqs_put(struct engine *e, struct arena *a, const struct sqs_queue *q, const struct sqs_put *put,
            struct value **out, struct err *err);
/* Whatever was sent may be sent again: the queue goes. */
int sqs_forget_sent(struct store *s, struct arena *a, const struct sqs_queue *q, struct err *err);
/* Into another queue than the one it was received from, at once to be had there: moved->sent_ms and
 * its members hold but for what was of the old queue. */
int sqs_requeue(struct engine *e, struct arena *a, const struct sqs_queue *to,
                struct sqs_message_at *moved, struct err *err);
/* To the dead-letter queue of q, which keeps its id, its attributes and the time it was sent. */
int sqs_bury(struct engine *e, struct arena *a, const struct sqs_queue *q,
             const struct sqs_message_at *at, const struct sqs_queue *dead, struct err *err);
/* The queue's dead-letter queue, and how often a message may be received: false, there is none. */
int sqs_dead_letters(struct store *s, struct arena *a, const struct sqs_queue *q, bool *has,
                     struct sqs_queue *dead, int64_t *most, struct err *err);

/* ---- md5.c ---- */

/* Of message attributes, as the API has them; empty for none.
 * Source: SQS Developer Guide, "Calculating the MD5 message digest for message attributes". */
struct str sqs_md5_attributes(struct arena *a, const struct value *attributes);

/* ---- handle.c: receipt handles ---- */

struct sqs_handle {
    int64_t sent_ms;
    uint64_t number;
    int64_t count; /* which receive of the message it is of */
};
struct str sqs_handle_write(struct arena *a, const struct sqs_queue *q, const struct sqs_handle *h,
                            struct rng *rng);
bool sqs_handle_read(struct arena *a, const struct sqs_queue *q, struct str text,
                     struct sqs_handle *out);
