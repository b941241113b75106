/* emulator/services/s3/bucket - buckets: names, owners, configurations.
 *
 * A bucket is a document (service "s3", type "Bucket", its owner's account, id = its name) that
 * also holds its sub-resources; (account "", type "BucketIndex") tells its owner, since names are
 * unique over all accounts. Reads come from a cache; a bucket read there is never changed, only
 * replaced, and lives as long as somebody holds it.
 */
#pragma once

#include <stdatomic.h>

#include "emulator/services/s3/op.h"

struct policy;

enum versioning { VERSIONING_NEVER, VERSIONING_ENABLED, VERSIONING_SUSPENDED };

struct bucket {
    struct str name, owner, region;
    struct value *doc; /* sub-resources by name: docs/formats.md has objects, config.c the rest */
    enum versioning versioning;
    bool object_lock, owner_enforced;
    struct policy *policy; /* parsed, or NULL */
    struct arena memory;
    uint64_t generation; /* of all buckets, when it was read */
    atomic_int holders;
    struct bucket *next; /* in the cache's slot */
};

/* Hold a bucket: 0, or E_MISSING (err untouched). FRESH goes past the cache: for changes. */
enum bucket_read { BUCKET_CACHED, BUCKET_FRESH };
int bucket_hold(struct s3 *s3, struct str name, enum bucket_read how, const struct bucket **out,
                struct err *err);
void bucket_drop(const struct bucket *b); /* NULL is harmless */
void bucket_forget(struct s3 *s3, struct str name);
void bucket_forget_all(struct s3 *s3);

/* The bucket's gate, until lock_drop_all: it is not deleted while somebody writes into it.
 * 1; 0: this bucket may have changed since it was held, hold it anew. */
int bucket_enter(struct lock_set *set, const struct bucket *b);
/* Nobody writes into the bucket of that name. False: somebody did, for too long. */
bool bucket_close_gate(struct lock_set *set, struct str name);

/* Write a new or changed document; the cache follows once the call is committed. */
int bucket_save(struct op *op, struct str name, struct str owner, const struct value *doc);
int bucket_delete(struct op *op);
/* A copy of the bucket's document, to change and save. */
struct value *bucket_edit(struct op *op);

/* Source: S3 User Guide, "General purpose bucket naming rules". */
bool bucket_name_is_valid(struct str name);
/* The document of a new bucket. */
struct value *bucket_new(struct arena *a, struct str region, int64_t now_ms);
/* Refuses (true) where the bucket's policy explicitly denies this call. */
bool bucket_denies(struct op *op, int *rc);
