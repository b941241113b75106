/* emulator/services/s3/object - one object: found with its metadata, put in place, removed, with
 * the older versions of its key.
 *
 * The current version lies in buckets/ and meta/, older ones and delete markers in versions/
 * (docs/formats.md, "Objects"). All changes are queued as effects of the call.
 */
#pragma once

#include "emulator/services/s3/op.h"

struct object {
    struct str bucket, key;
    struct value *meta;         /* never NULL; members as in docs/formats.md */
    struct str data, meta_path; /* relative to the data directory */
    int64_t size, modified_ms;
    struct str etag;    /* without quotes */
    struct str version; /* "null" or a version id */
    uint64_t order;
    bool is_marker, is_current;
};

/* What a call names: the version of a param ("" = the current one). 0, or E_MISSING (err
 * untouched). *out may be a delete marker. */
int object_find(struct op *op, const struct bucket *b, struct str key, struct str version,
                struct object *out);
/* The same for a call's own bucket, key and VersionId, refusing what is not there as S3 does:
 * 1 found, 0 refused, < 0 failure. */
int object_need(struct op *op, struct object *out);

/* All versions of a key, newest first, the current one included. */
int object_versions(struct op *op, struct str key, struct object **out, size_t *count);

/* A staged file becomes the current version of op->key: older ones are moved or removed as the
 * bucket's versioning says; meta gets version, order, size and time, and is staged too. */
int object_install(struct op *op, struct str staged, struct value *meta, int64_t modified_ms);
/* Write changed metadata (tags, ACL, retention) of an object that stays as it is. */
int object_update(struct op *op, const struct object *o, struct value *meta);

struct removal {
    bool is_marker; /* a delete marker was made, or the version removed was one */
    struct str
        version; /* of the marker made, or of the version removed; "" in unversioned buckets */
};
/* DELETE without a version: removes, or makes a delete marker. */
int object_remove(struct op *op, struct str key, struct removal *out);
/* DELETE of one version, for ever; the next newest becomes current. */
int object_remove_version(struct op *op, struct str key, struct str version, struct removal *out);

struct str object_etag(struct op *op, const struct object *o); /* with quotes */
/* Object lock: why this version may not go, or NULL. Source: S3 User Guide, "Locking objects". */
const char *object_locked(struct op *op, const struct object *o);
/* Is the version's id shown: has the bucket ever been versioned. */
bool object_shows_version(const struct bucket *b);
