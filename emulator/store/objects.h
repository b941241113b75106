/* emulator/store/objects - S3 keys <-> file names, and objects as plain files under buckets/ and
 * meta/.
 *
 * The mapping is reversible and safe: nothing a key says leads outside buckets/BUCKET. Plain keys
 * map to themselves (AWSLogs/1/... is the path of the same name); segments that a file system can't
 * hold ("", ".", "..", over 255 bytes, NUL and '%' itself, a key that is the folder of another) are
 * escaped with '%'. What the escape is, objects.c says.
 * An object is the file as it is now: changed by hand it is served changed (its ETag computed
 * anew), removed it is gone.
 */
#pragma once

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/codec/value.h"

/* Path of a key relative to the data directory: "buckets/BUCKET/a/b" or "meta/BUCKET/a/b.json". */
int object_path(struct arena *a, struct str bucket, struct str key, struct str *out,
                struct err *err);
int object_meta_path(struct arena *a, struct str bucket, struct str key, struct str *out,
                     struct err *err);
/* The key of a path below buckets/BUCKET/. E_PARSE when no key has that path. */
int object_key(struct arena *a, struct str relative, struct str *out, struct err *err);

/* For the trail's own deliveries and others that write whole objects without an S3 call: bytes and
 * metadata (content type, encoding, user metadata) placed atomically and fsynced. meta members as
 * in docs/formats.md. The bucket's folder must exist: E_MISSING "NoSuchBucket" otherwise. */
int object_write(const char *data_dir, struct str bucket, struct str key, struct str bytes,
                 const struct value *meta, struct err *err);
