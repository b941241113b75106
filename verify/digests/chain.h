/* verify/digests/chain - one chain of digests walked and judged as `aws cloudtrail validate-logs`
 * does: newest to oldest, each digest's signature, each log's hash. What that command does not look
 * at is noted beside it (beyond.h). Source: awscli customizations/cloudtrail/validation.py,
 * DigestTraverser and CloudTrailValidateLogs.
 */
#pragma once

#include "verify/digests/public_keys.h"
#include "verify/source/source.h"

struct chain_digest { /* a digest file that was listed */
    struct str key;
    struct str file; /* for a person */
    int64_t at_ms;   /* the time in its key */
};

struct chain_trail {
    struct str bucket; /* empty: of a copy whose bucket's name is not known */
    struct str account, region, trail, home;
    struct str prefix, org_id;
    struct chain_digest *standard, *backfill; /* in byte order of their keys */
    size_t standard_count, backfill_count;
};

struct chain_counts {
    uint64_t valid_digests, invalid_digests, valid_backfill, invalid_backfill, valid_logs,
        invalid_logs, noted;
};

struct chain_out {
    void *arg;
    /* A line as validate-logs prints it, or one of ours. */
    void (*line)(void *arg, struct str text);
};

struct chain_run {
    const struct chain_trail *trail;
    struct source_reader *reader;
    struct public_keys *keys;
    struct aws_client *aws; /* to ask for more keys; NULL: keys are all there are */
    int64_t start_ms, end_ms;
    bool has_beyond; /* note what validate-logs does not */
    struct chain_out out;
    struct chain_counts counts;
    bool has_found;
    int64_t found_start_ms, found_end_ms; /* where has_found */
    struct chain_keys {
        struct str *keys;
        size_t count, cap;
    } listed, doubted; /* logs that a valid digest lists; that an invalid one does */
    struct arena arena;
};
/* Standard digests, then backfilled ones. A failure is one of the machine's, not a verdict. */
int chain_walk(struct chain_run *run, struct err *err);
/* Notes a log that no valid digest lists. */
void chain_unlisted(struct chain_run *run, struct str key, const char *text);
void chain_free(struct chain_run *run);
