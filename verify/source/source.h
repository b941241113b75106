/* verify/source/source - where records come from: paths and S3 URLs as the command line names them
 * -> files in a fixed order, each with what its name says.
 *
 * A path is a file, a directory, a data directory of mocktrail (buckets/ and meta/) or a copy of a
 * trail's bucket; s3://BUCKET/PREFIX is read from AWS or from an endpoint. Below AWSLogs only what
 * CloudTrail writes is given; elsewhere *.json, *.jsonl, *.ndjson, with or without .gz.
 *
 * Use:     source_open; source_next for each file; source_read for its bytes; source_drop when no
 *          one asks for it any more.
 * Memory:  a file lives until source_drop or source_close: about 500 bytes.
 * Threads: source_next and source_drop from one at a time; source_read from any number, each with
 *          its reader.
 */
#pragma once

#include <stdbool.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/trail/keys.h"

enum source_kind {
    SOURCE_RECORDS,  /* records, in a file that no trail named */
    SOURCE_LOG,      /* a trail's log file */
    SOURCE_INSIGHT,  /* the same of Insights */
    SOURCE_DIGEST,   /* a digest, backfilled or not */
    SOURCE_MISNAMED, /* lies in a folder of CloudTrail's, and its name is no file's of CloudTrail */
};

struct source_file {
    uint64_t index;         /* from 0, in the order of source_next */
    struct str name;        /* for a person: the path, or s3://bucket/key */
    struct str bucket, key; /* empty when unknown */
    enum source_kind kind;
    struct trail_key at; /* of SOURCE_LOG, SOURCE_INSIGHT, SOURCE_DIGEST */
    struct str path;     /* on disk; empty: in S3 */
    int64_t size_bytes;  /* in S3; on disk -1: it was not asked for */
};

struct source_options {
    struct str endpoint; /* for s3:// URLs; empty: AWS */
    struct str region;   /* to sign for; empty: AWS_REGION, AWS_DEFAULT_REGION, us-east-1 */
};

struct source;
/* E_MISSING when a path is not there, E_PARSE for a URL that is none. */
int source_open(struct source **out, const struct source_options *opt, const struct str *paths,
                size_t count, struct err *err);
void source_close(struct source *s); /* NULL is harmless */
/* 1: *out is the next file; 0: there are no more; negative: a folder or bucket can't be read. */
int source_next(struct source *s, const struct source_file **out, struct err *err);
void source_drop(struct source *s, const struct source_file *f); /* nobody uses f any more */

struct source_reader; /* one a thread: its connection */
struct source_reader *source_reader_open(struct source *s);
void source_reader_close(struct source_reader *r);
/* Appends the file's bytes as they are stored. E_MISSING when it is gone. */
int source_read(struct source_reader *r, const struct source_file *f, struct buf *out,
                struct err *err);
/* An object by its name, whichever of the sources holds it; metadata: its user metadata, as
 * {"signature": ...}, or NULL where none is kept. E_MISSING: no such object. */
struct value;
int source_read_object(struct source_reader *r, struct arena *a, struct str bucket, struct str key,
                       struct buf *out, struct value **out_metadata, struct err *err);
