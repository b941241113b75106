/* core/trail/keys - the grammar of object keys: log files, digests, Insights; made and taken apart.
 * Source: CloudTrail User Guide, "CloudTrail log file examples", log file name format; awscli
 * customizations/cloudtrail/validation.py for digests.
 */
#pragma once

#include "core/base/arena.h"
#include "core/base/err.h"

enum key_kind { KEY_LOG, KEY_DIGEST, KEY_DIGEST_BACKFILL, KEY_INSIGHT };

struct trail_key {
    enum key_kind kind;
    struct str prefix, org_id;  /* empty when absent; prefix without slashes at its ends */
    struct str account, region; /* region of the events */
    struct str trail, home;     /* digests only: trail name, home region */
    int64_t at_ms;              /* logs: rounded down to the minute; digests: digestEndTime */
    struct str unique;          /* logs: 16 of [A-Za-z0-9] */
};
/* The whole key. E_LIMIT when at_ms lies outside the years 1970 to 9999. */
int trail_key_write(struct arena *a, const struct trail_key *k, struct str *out, struct err *err);
/* E_PARSE when it is no such key. Fields borrow from key. */
int trail_key_parse(struct str key, struct trail_key *out, struct err *err);
