/* emulator/identity/keys - private: principals by access key id, from a cache or the store, and the
 * signing keys derived from their secrets.
 *
 * A principal found is a copy in the caller's arena: entries of the cache come and go.
 * Threads: safe.
 */
#pragma once

#include "core/aws/sigv4.h"
#include "emulator/identity/identity.h"

struct store;
struct keys;

void keys_open(struct keys **out, struct store *store);
void keys_close(struct keys *k);
void keys_forget(struct keys *k); /* the cache */

/* What an unknown id is taken for, asked once for each and cached; NULL: for nothing. */
typedef struct principal *keys_believe_fn(void *arg, struct arena *a, struct str access_key_id);

/* *out is NULL when the id is unknown and not believed. < 0: the store failed. */
int keys_find(struct keys *k, struct arena *a, struct str access_key_id, keys_believe_fn *believe,
              void *arg, struct principal **out, struct err *err);
int keys_put(struct keys *k, const struct principal *p, struct err *err);
int keys_drop(struct keys *k, struct str access_key_id, struct err *err);

/* sigv4_key of this secret and scope; the last few of each key are remembered. */
void keys_signing(struct keys *k, struct str secret, const struct sigv4_scope *scope,
                  unsigned char out[32]);

/* principal <-> document, and a deep copy. */
struct value *principal_encode(struct arena *a, const struct principal *p);
struct principal *principal_decode(struct arena *a, const struct value *v);
struct principal *principal_copy(struct arena *a, const struct principal *p);
