/* emulator/trail/signing - the keys that sign digests: one a region, a new one every 30 days.
 *
 * With --seed they are the test keys of fixtures/keys/; else they are made for the data directory
 * and kept in keys/. What ListPublicKeys hands out are documents "PublicKey" of the region.
 * Threads: safe. signing_document is called with the store locked (it may put a document).
 */
#pragma once

#include "core/trail/digest.h"
#include "emulator/engine/engine.h"

struct signing;

struct signing *signing_new(struct engine *e);
void signing_free(struct signing *s); /* NULL is harmless */

/* The key for what is signed in a region at a time, made when there is none yet, which may take a
 * tenth of a second: outside the state transaction. Borrowed from s. */
int signing_warm(struct signing *s, struct str region, int64_t at_ms, const struct digest_key **out,
                 char fingerprint[33], struct err *err);
/* ListPublicKeys shows that key from now on: a document is put, if there is none, inside a state
 * transaction of the caller. */
int signing_document(struct signing *s, struct str region, int64_t at_ms, struct err *err);
