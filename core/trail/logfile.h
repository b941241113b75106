/* core/trail/logfile - collects records and makes the {"Records":[...]} gzip that a trail delivers.
 * Where it goes is emulator/trail/delivery's to say.
 *
 * Use:     logfile_add for each record, logfile_finish. Reusable after finish.
 */
#pragma once

#include "core/base/buf.h"
#include "core/base/err.h"

struct logfile {
    struct buf text;
    int64_t newest_ms, oldest_ms;
    uint64_t record_count;
};
void logfile_init(struct logfile *f);
void logfile_free(struct logfile *f);
void logfile_add(struct logfile *f, struct str record, int64_t time_ms); /* copied */
/* For who compresses it himself: the whole text, borrowed until the next logfile_add, and its hash.
 * No more records can be added until logfile_init. */
struct str logfile_end(struct logfile *f, char hash_hex[65]);
/* Appends the gzip to out; hash_hex: SHA-256 of the uncompressed bytes. Leaves f empty. */
int logfile_finish(struct logfile *f, int level, struct buf *out, char hash_hex[65],
                   struct err *err);
