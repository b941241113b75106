/* emulator/store/objects - S3 keys <-> file names, and objects as plain files under buckets/ and
 * meta/.
 *
 * The mapping is reversible and safe: nothing a key says leads outside buckets/BUCKET. Plain keys
 * map to themselves (AWSLogs/1/... is the path of the same name); what a file system can't hold is
 * escaped with '%': docs/formats.md, "Objects", says how. A key that is the folder of another ("a"
 * beside "a/b") goes aside: object_place and object_open know where, the pure functions do not.
 * An object is the file as it is now: changed by hand it is served changed (its ETag computed
 * anew), removed it is gone.
 *
 * root is a descriptor of the data directory; paths are relative to it. No symbolic link below it
 * is ever followed. Threads: safe; two writers of one key are the caller's to keep apart.
 */
#pragma once

#include <sys/stat.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/codec/value.h"

/* Path of a key relative to the data directory: "buckets/BUCKET/a/b" or "meta/BUCKET/a/b.json".
 * E_LIMIT for a key over LIMIT_S3_KEY_BYTES, E_PARSE for a bucket that is no single name. */
int object_path(struct arena *a, struct str bucket, struct str key, struct str *out,
                struct err *err);
int object_meta_path(struct arena *a, struct str bucket, struct str key, struct str *out,
                     struct err *err);
/* The folder of a key's older versions: "versions/BUCKET/a/b%v". */
int object_versions_path(struct arena *a, struct str bucket, struct str key, struct str *out,
                         struct err *err);
/* The key of a path below buckets/BUCKET/. E_PARSE when no key has that path. */
int object_key(struct arena *a, struct str relative, struct str *out, struct err *err);

/* Where a key lies whose path is taken by a folder, or by a file in place of its folder:
 * "buckets/B/a/b" -> "buckets/B/%x/a%d/b". */
struct str object_aside(struct arena *a, struct str path);

/* Opens root for the functions below (the caller closes it). */
int object_root(const char *data_dir, int *out, struct err *err);

/* One effect of a call: put the file from at to, replacing what is there; an empty to removes from.
 * Repeating it is harmless: a from that is gone has been placed already. Folders are made as
 * needed, and removed when they become empty. Removing a folder: with all that is in it, but one
 * of buckets/ only if it holds no file. */
int object_place(int root, struct str from, struct str to, struct err *err);

/* Small bytes as the from of an effect: object_place writes them where the file lies, without a
 * staged file of their own. A reader may meet them half written: the key's lock keeps it out. */
struct str object_inline(struct arena *a, struct str bytes, int64_t modified_ms);
bool object_is_inline(struct str from);
/* What lies at a path is on the disk when it returns. */
int object_sync(int root, struct str path, struct err *err);

/* Open a file of one of the paths above for reading. E_MISSING when there is no plain file. */
int object_open(int root, struct str path, int *out_fd, struct stat *out_stat, struct err *err);
/* Append a whole file. E_MISSING, E_LIMIT as fs_read. */
int object_read(int root, struct str path, struct buf *out, struct err *err);
/* What is there: 0 and the stat of a plain file, or E_MISSING. */
int object_stat(int root, struct str path, struct stat *out);
/* The path under which it lies now: path itself, or the place aside. */
struct str object_where(struct arena *a, int root, struct str path);

/* Plain files and folders of a folder, in no order; symbolic links and special files are left out.
 * E_MISSING when it is not there. */
struct object_entry {
    struct str name;
    bool is_dir;
};
int object_list(struct arena *a, int root, struct str dir, struct object_entry **out,
                size_t *out_count, struct err *err);

/* A new file of these bytes, its folder made as needed; modified_ms becomes its mtime (metadata
 * says the same, so a later change by hand shows). */
int object_stage(int root, struct str path, struct str bytes, int64_t modified_ms, bool sync,
                 struct err *err);
/* Give an existing file (a staged body) that mtime. */
int object_touch(int root, struct str path, int64_t modified_ms, bool sync, struct err *err);
