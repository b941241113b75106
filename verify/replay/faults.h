/* verify/replay/faults - hostile deliveries on purpose, the same for one seed: rows of faults.def,
 * each of which changes the plan.
 */
#pragma once

#include "verify/replay/delivery.h"

/* Where deliveries go, as bits; a fault names those that it needs. */
enum fault_targets {
    TO_DIR = 1,
    TO_S3 = 2,
    TO_QUEUE = 4,   /* notifications */
    TO_RECORDS = 8, /* a record or an envelope each */
    TO_FILES = TO_DIR | TO_S3,
    TO_ANY = TO_FILES | TO_QUEUE | TO_RECORDS,
    TO_QUEUE_AND_FILES = 16, /* both at once */
};

struct fault {
    const struct fault_row *row;
    double share;
    uint64_t count;
    int64_t span_ms;
    struct fault *next;
};

/* "late" or "late=1h". E_PARSE tells what was expected. */
int fault_parse(struct arena *a, struct str text, struct fault **out, struct err *err);
/* Could one of the targets show the fault that text names? */
bool fault_shows(struct str text, unsigned targets);
/* Do them all, in their order. targets: bits of enum fault_targets that are there; keys_dir: where
 * the dataset's signing keys lie. E_PARSE: a fault that none of the targets would show, or that
 * finds nothing to work on. */
int faults_apply(struct plan *p, const struct fault *first, unsigned targets, const char *keys_dir,
                 struct err *err);
void faults_help(void); /* a line each, on standard output */

/* chain.c: digests signed anew, after what they say has changed.
 * A log comes two hours late: the digest of its hour does not know it, a backfill digest does.
 * E_MISSING: no digest names it, nothing was changed. */
int chain_backfill(struct plan *p, struct delivery *log, const char *keys_dir, struct err *err);
/* From some digest on, another key signs. */
int chain_rotate(struct plan *p, struct rng *rng, const char *keys_dir, struct err *err);
