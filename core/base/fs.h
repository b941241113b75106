/* core/base/fs - files: whole reads, atomic replacement, directories in byte order. */
#pragma once

#include <stdbool.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/err.h"

/* What fs_replace writes on the way; fs_list and fs_copy_tree leave out names that begin so. */
#define FS_TEMP_PREFIX ".mocktrail-new-"

/* Append the whole file to out. E_MISSING when absent, E_LIMIT over LIMIT_FILE_BYTES. */
int fs_read(const char *path, struct buf *out, struct err *err);
int fs_read_fd(int fd, const char *path, struct buf *out, struct err *err); /* from where fd is */
/* Readers see the old file or the new one, never half. The bytes are fsynced before the rename; the
 * new name outlives a power cut once fs_sync_dir() of its folder has run. */
int fs_replace(const char *path, struct str data, struct err *err);
/* The same without fsync: survives kill -9 of the process, not a power cut. */
int fs_replace_fast(const char *path, struct str data, struct err *err);
int fs_write_all(int fd, struct str data, const char *path, struct err *err);
int fs_sync_dir(const char *dir, struct err *err);
int fs_mkdirs(const char *dir, struct err *err);       /* like mkdir -p */
int fs_mkdirs_for(const char *file, struct err *err);  /* the folders above a file */
int fs_remove(const char *path, struct err *err);      /* a file; absent is no error */
int fs_remove_tree(const char *path, struct err *err); /* does not follow links out of it */
int fs_copy_tree(const char *from, const char *to, struct err *err);
bool fs_is_file(const char *path);
bool fs_is_dir(const char *path);

struct fs_entry {
    struct str name; /* one path component */
    bool is_dir;
    int64_t size_bytes, mtime_ns;
};
/* Entries of dir sorted by name in byte order, without . and .. E_MISSING when absent. */
int fs_list(struct arena *a, const char *dir, struct fs_entry **out, size_t *out_count,
            struct err *err);
/* The same at half the cost: size_bytes is -1, mtime_ns 0. */
int fs_list_names(struct arena *a, const char *dir, struct fs_entry **out, size_t *out_count,
                  struct err *err);
