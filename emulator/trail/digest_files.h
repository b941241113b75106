/* emulator/trail/digest_files - private to this folder: digests made, signed and put in place.
 *
 * A round of digests is one for each account and region, most of them idle. Signing costs more than
 * all else, so a round is made by as many threads as the machine has cores; which one made a digest
 * shows in no byte of it. What stands in a digest, and when, is digests.c's to say.
 */
#pragma once

#include "core/trail/digest.h"
#include "emulator/store/whole.h"
#include "emulator/trail/state.h"

struct chain {
    struct chain *next;
    struct str account, region;
    struct doc *logs;
    size_t log_count;
    struct digest digest; /* complete before digest_files_make */
    const struct digest_key *key;
    char fingerprint[33];
    /* made: */
    char hash_hex[65];
    struct str signature_hex;
    struct object_move moves[WHOLE_MOVES];
};

/* Write, sign and stage the digests of these chains, and with --durability disk sync them. What is
 * made lives in arena a. E_MISSING: the bucket's folder is not there. */
int digest_files_make(struct trail *t, struct chain *chains, struct arena *a, struct err *err);
/* Put the files of DigestFiles documents in place; those that are there already are no harm. */
int digest_files_place(struct trail *t, struct arena *a, const struct doc *docs, size_t count,
                       struct err *err);
