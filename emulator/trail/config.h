/* emulator/trail/config - the configuration of every trail at every place of the journal.
 *
 * Each change of a trail leaves an epoch document: the whole trail as it is from a position on.
 * A record is judged by the epoch that holds at its place; the record of the changing call itself
 * by the one before, too, so that StopLogging and DeleteTrail are the last events of a trail.
 * Threads: a loaded set is read-only.
 */
#pragma once

#include "emulator/engine/engine.h"
#include "emulator/store/store.h"
#include "emulator/trail/journal.h"
#include "emulator/trail/selectors.h"

struct trail_epoch {
    uint64_t position, seq; /* holds from here; seq of the call that made it (0: none) */
    bool exists, logging, multi_region, global_events, validation;
    struct str bucket, prefix, topic; /* topic: an ARN, or empty */
    struct str log_group;             /* ARN of the log group that gets its records too; or empty */
    struct str kms_key;               /* ARN; or empty: SSE-S3 */
    struct selectors *selectors;
    unsigned insights;         /* INSIGHT_BIT of what it asks for; 0 while it does not log */
    int64_t insights_since_ms; /* counted from here */
    struct doc_key key;
};
struct trail_config {
    struct str owner, home, name, arn;
    struct str org_id;    /* of an organization trail; else empty */
    struct str *accounts; /* whose events it takes: the owner, or the organization's members */
    size_t account_count;
    struct trail_epoch *epochs; /* by position */
    size_t epoch_count;
};
struct config_set {
    struct arena arena;
    struct trail_config *trails;
    size_t count;
};

/* Under store_lock, so that no change is half made. */
int config_load(struct store *s, struct config_set *out, struct err *err);
void config_free(struct config_set *set); /* twice is harmless */
/* The epoch by which this trail takes the entry, or NULL. A record of an Insights event: the trail
 * asks for its type, and logs where it comes from. */
const struct trail_epoch *config_takes(const struct trail_config *t,
                                       const struct journal_entry *entry);
/* The newest epoch; and the newest one in which the trail existed (NULL: none). */
const struct trail_epoch *config_now(const struct trail_config *t);
const struct trail_epoch *config_last_alive(const struct trail_config *t);

/* Keep the trail's present document, or its absence, as the epoch from position on. */
int config_put_epoch(struct store *s, struct doc_key trail, uint64_t position, uint64_t seq,
                     struct err *err);
/* Forget epochs that no record behind position can fall into; *out_count: how many. */
int config_prune(struct store *s, const struct config_set *set, uint64_t position,
                 uint64_t *out_count, struct err *err);

/* The key of a document of cloudtrail; home region and name out of a trail's ARN. */
struct doc_key config_key(struct str account, struct str region, const char *type, struct str id);
/* The organization of which the account is a member: its management account and its id. Empty when
 * it is in none. */
int config_organization(struct store *s, struct arena *a, struct str account,
                        struct str *out_management, struct str *out_id, struct err *err);
