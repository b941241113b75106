/* verify/digests/private - between chain.c, which walks as validate-logs does, and beyond.c, which
 * notes what that command does not look at.
 */
#pragma once

#include "core/codec/gunzip.h"
#include "core/codec/value.h"
#include "verify/digests/chain.h"

struct loaded { /* a digest whose signature is good */
    struct str bucket, key;
    struct value *json, *metadata;
    char hash[65]; /* of its uncompressed bytes */
    int64_t start_ms, end_ms;
    struct str signature;
};

struct inflated { /* a file as validate-logs inflates it */
    struct str text;
    size_t stored, used; /* bytes of the file; of its first gzip member */
    enum gunzip_extent extent;
};

void chain_line(struct chain_run *run, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* One of ours: "(mocktrail) KIND\ts3://BUCKET/KEY\tNOTED: TEXT". */
void chain_note(struct chain_run *run, const char *kind, struct str bucket, struct str key,
                const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* newer: the digest that names d as its previous one; NULL for the newest. */
void beyond_digest(struct chain_run *run, const struct loaded *d, const struct loaded *newer,
                   const struct inflated *file);
void beyond_log(struct chain_run *run, const struct value *log, const struct inflated *file);
