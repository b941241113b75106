/* emulator/services/sqs/queue - one queue: its document, its names, what may be done with it.
 *
 * A queue is a document: service "sqs", type "Queue", id its name:
 *   Attributes  name -> text, those that were given (defaults are attributes.def's)
 *   Tags        name -> text
 *   Created, Modified, Purged, Used   times
 * A deleted queue leaves a document "Deleted" {At} for the minute in which its name is not to be
 * had. Messages: message.h. Private to this folder.
 */
#pragma once

#include "emulator/services/job.h"

#define SQS_NAME_MOST   80
#define SQS_MINUTE_MS   60000
#define SQS_BATCH_MOST  10
#define SQS_BYTES_MOST  1048576 /* Source: SQS API Reference, SendMessage, "MessageBody": 1 MiB */
#define SQS_FLIGHT_MOST 120000  /* Source: the same, ReceiveMessage: messages in flight */
#define SQS_HIDDEN_MOST 43200   /* seconds. Source: the same, ChangeMessageVisibility: 12 hours */

struct sqs_queue {
    struct doc_key at; /* at.id: the name */
    struct str arn, series;
    struct value *doc;
    bool is_fifo;
};

/* The queue of a document, which may be NULL. */
struct sqs_queue sqs_queue_of(struct arena *a, struct doc_key at, struct value *doc);
/* By name parts; E_MISSING (err untouched): there is none. */
int sqs_queue_load(struct store *s, struct arena *a, struct str account, struct str region,
                   struct str name, struct sqs_queue *out, struct err *err);
int sqs_queue_load_arn(struct store *s, struct arena *a, struct str arn, struct sqs_queue *out,
                       struct err *err);

/* An attribute as it holds: as it was given, or its default (empty: none). */
struct str sqs_attribute(const struct sqs_queue *q, const char *name);
int64_t sqs_attribute_int(const struct sqs_queue *q, const char *name);
bool sqs_attribute_is(const struct sqs_queue *q, const char *name); /* "true" */

/* The queue that QueueUrl names, for the operation of the call: false, refused (no such queue, an
 * address that is none, denied by its policy) or failed: return j->rc. */
bool sqs_find(struct job *j, struct sqs_queue *q);
/* ACCOUNT and NAME out of a URL, a path or a bare name. */
bool sqs_url_parts(struct str url, struct str *account, struct str *name);
struct str sqs_url(struct job *j, struct str account, struct str name);
int sqs_save(struct job *j, const struct sqs_queue *q);

/* InvalidParameterValue; returns j->rc. */
#define sqs_refuse_value(j, ...) job_refuse(j, "InvalidParameterValue", __VA_ARGS__)
int sqs_refuse_missing(struct job *j, const char *parameter);

/* Attributes that are given are checked and laid over those of doc. Returns j->rc; job_stopped
 * tells of a refusal. */
int sqs_attributes_set(struct job *j, struct sqs_queue *q, const struct value *given);
