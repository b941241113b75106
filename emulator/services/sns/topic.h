/* emulator/services/sns/topic - topics, subscriptions and what is sent from one to the others.
 *
 * Documents, service "sns":
 *   Topic         id its name: {Attributes: name -> text, Tags, Created, Deleted (count),
 * DataPolicy} Subscription  id TOPIC/UUID: {Arn, TopicArn, Owner, Protocol, Endpoint, Attributes,
 * Host, Created, Token while it is to be confirmed, Guarded: only its owner may end it} Host is the
 * name under which the subscriber called us: links in what it gets begin with it. Private to this
 * folder.
 */
#pragma once

#include "emulator/services/job.h"
#include "emulator/services/sns/sns.h"

#define SNS_BYTES_MOST 262144 /* Source: SNS API Reference, Publish, "Message": 256 KB */

struct sns_topic {
    struct doc_key at; /* at.id: the name */
    struct str arn;
    struct value *doc;
    bool is_fifo;
};

struct sns_topic sns_topic_of(struct arena *a, struct doc_key at, struct value *doc);
int sns_topic_load(struct store *s, struct arena *a, struct str arn, struct sns_topic *out,
                   struct err *err); /* E_MISSING (err untouched) */
/* The topic that a member names, for the operation of the call. False: refused or failed. */
bool sns_find(struct job *j, const char *member, struct sns_topic *t);
int sns_save(struct job *j, const struct sns_topic *t);
struct str sns_attribute(const struct sns_topic *t, const char *name); /* empty: none */

/* InvalidParameter; returns j->rc. */
#define sns_refuse(j, ...) job_refuse(j, "InvalidParameterException", __VA_ARGS__)

/* ---- subscriptions ---- */

/* Of a topic, in order of id. */
int sns_subscriptions(struct store *s, struct arena *a, const struct sns_topic *t, struct doc **out,
                      size_t *count, struct err *err);
bool sns_is_pending(const struct value *subscription);
struct str sns_setting(const struct value *subscription, const char *name);
/* http://HOST or https://sns.REGION.amazonaws.com: what links begin with. */
struct str sns_base(struct arena *a, struct str host, struct str region);

/* ---- filter.c ---- */

/* Is the text a filter policy? 0, or E_PARSE with SNS's words. */
int sns_filter_check(struct arena *a, struct str text, struct str scope, struct err *err);
/* Does the subscription take a message with these attributes? */
bool sns_filter_takes(struct arena *a, const struct value *subscription,
                      const struct value *attributes, struct str message);

/* ---- delivery_policy.c ---- */

#define SNS_RETRIES_MOST 100
/* 0, or E_PARSE with what is wrong. of: "http" (a topic's) or "" (a subscription's). */
int sns_policy_check(struct arena *a, struct str text, bool is_topics, struct err *err);
/* The pauses between the attempts of a delivery by HTTP; how many. */
size_t sns_policy_delays(struct arena *a, const struct sns_topic *t,
                         const struct value *subscription, int64_t out[SNS_RETRIES_MOST]);
extern const char sns_policy_default[]; /* EffectiveDeliveryPolicy of a topic without one */

/* ---- fanout.c ---- */

struct sns_publication {
    struct str message, subject, group_id, deduplication_id;
    bool is_structured;             /* message is JSON: a text for each protocol */
    const struct value *attributes; /* as the API has them, or NULL */
    int64_t now_ms;
    struct rng *rng;
    struct str message_id, sequence; /* set by sns_publish */
};
/* To every subscription that takes it; a FIFO topic's duplicate goes nowhere. Inside a state
 * transaction. */
int sns_publish(struct engine *e, struct arena *a, const struct sns_topic *t,
                struct sns_publication *p, struct err *err);
enum sns_notice { SNS_CONFIRM, SNS_GONE };
/* SubscriptionConfirmation or UnsubscribeConfirmation, to a subscription alone. */
int sns_tell(struct engine *e, struct arena *a, const struct sns_topic *t,
             const struct value *subscription, enum sns_notice what, struct rng *rng,
             struct err *err);
/* ---- envelope.c ---- */

struct sns_envelope {
    const char *type; /* "Notification" */
    struct str message_id, topic_arn, subject, message, sequence;
    struct str token, subscribe_url;          /* confirmations */
    struct str unsubscribe_url, base, region; /* base: sns_base */
    const struct value *attributes;
    int64_t now_ms;
    bool is_sha256; /* SignatureVersion 2 */
};
int sns_envelope_write(struct engine *e, struct arena *a, const struct sns_envelope *n,
                       struct str *out, struct err *err);
