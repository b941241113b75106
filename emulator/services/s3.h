/* emulator/services/s3 - buckets and objects: what others need of the service.
 *
 * The engine opens it once the store is open and the effects of a crashed run are replayed, and
 * hands every effect to object_place (emulator/store/objects.h) with s3_root.
 * Threads: safe.
 */
#pragma once

#include <stdbool.h>

#include "core/base/err.h"
#include "core/base/arena.h"

struct engine;
struct request;
struct reply;
struct s3;
struct store;
struct value;

/* Folders, locks and the cache of bucket configurations. A folder of buckets/ that no bucket is
 * known for (a dataset, or made by hand) becomes a bucket of the default account and region.
 * Sets e->s3. */
int s3_open(struct engine *e, struct err *err);
/* Before the trail is closed: writes that are answered are made, and none comes after. */
int s3_finish(struct engine *e, struct err *err);
void s3_close(struct engine *e); /* twice is harmless */
/* Every object that was answered for lies in its file when this returns. */
int s3_settle(struct engine *e, struct err *err);
void s3_forget(struct engine *e);    /* the whole cache: after reset or restore */
int s3_root(const struct engine *e); /* a descriptor of the data directory */

/* Make a bucket without a call, as CloudTrail's set-up does; one of that name is left as it is. */
int s3_ensure_bucket(struct engine *e, struct str account, struct str region, struct str name,
                     struct err *err);

/* Is a bucket of that name kept here? < 0: the store could not be read. */
int s3_has_bucket(const struct engine *e, struct str name, bool *out, struct err *err);

/* The document of a bucket out of the store, for who needs it before s3_open; E_MISSING. */
int s3_bucket_document(struct store *s, struct arena *a, struct str name, struct str *owner,
                       struct value **out, struct err *err);

/* An object that no call put into its bucket: a log file of a trail. */
struct s3_placed {
    struct str bucket, key, etag; /* etag without quotes */
    int64_t size, at_ms;
    struct str service; /* "cloudtrail.amazonaws.com" */
};
/* Is anybody to be notified of what happens in the bucket? */
bool s3_has_notifications(struct engine *e, struct str bucket);
/* ObjectCreated:Put, to whom the bucket's configuration names. Inside a state transaction. */
int s3_notify_placed(struct engine *e, struct arena *a, const struct s3_placed *p, struct err *err);

/* Answer a CORS preflight of a bucket (OPTIONS): 1 = *r is the answer, 0 = not one of S3's,
 * < 0 a failure. Adds nothing to the record: preflights are not API calls. */
int s3_cors_preflight(struct engine *e, struct arena *a, const struct request *q, struct reply *r);
