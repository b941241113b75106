/* emulator/http/body - gathers a request's body: small ones in memory, large S3 uploads in a
 * staging file below the data directory, with aws-chunked framing taken off on the way.
 *
 * A staging file belongs to the request until body_drop; a service that keeps it renames it away
 * as an effect of its call. What was left behind by a crash is removed by staging_open, which
 * therefore runs after the journal has applied the effects that it still held.
 *
 * Use:     body_init once, then per request body_begin, body_add ..., body_end, body_drop.
 * Threads: struct staging is shared, a struct body_sink has one user.
 */
#pragma once

#include "core/aws/sha256.h"
#include "core/base/buf.h"
#include "emulator/http/chunked.h"
#include "emulator/http/multipart.h"
#include "emulator/http/refuse.h"

struct staging {
    int data_fd; /* the data directory; -1: closed */
    bool power_safe;
    _Atomic uint64_t next;
};
/* Make DIR/staging; remove what a crashed run left there. */
int staging_open(struct staging *s, const char *data_dir, bool power_safe, struct err *err);
void staging_close(struct staging *s);

struct body_sink {
    struct staging *staging;
    struct buf text; /* in memory; its room is kept between requests when small */
    int fd;          /* the staging file; -1 when there is none */
    char path[48];   /* relative to the data directory */
    bool is_upload;  /* an S3 object or part: may go to a file */
    bool is_chunked, is_hashed, is_form;
    struct chunked chunked;
    struct multipart multipart;
    struct post_form form;
    struct sha256 sha;
    char sha_hex[65];
    uint64_t len, limit;
    int64_t expected;     /* x-amz-decoded-content-length, or -1 */
    enum refusal refusal; /* the first thing that went wrong; later bytes are dropped */
};

void body_init(struct body_sink *b, struct staging *s);
void body_free(struct body_sink *b);
/* Headers are known; is_s3: host_request_is_s3(q). Returns false when b->refusal is decided
 * already.
 */
bool body_begin(struct body_sink *b, struct arena *a, const struct request *q, bool is_s3);
void body_add(struct body_sink *b, struct str bytes);
/* All bytes have come: set q->body and what aws-chunked told. See b->refusal. */
void body_end(struct body_sink *b, struct request *q);
/* The request is over: remove a staging file that nobody took. */
void body_drop(struct body_sink *b);
