/* emulator/http/chunked - takes the aws-chunked framing off an upload, piece by piece.
 *
 * hex(len)[;chunk-signature=HEX]\r\n data \r\n ... 0[;chunk-signature=HEX]\r\n
 * [name:value\r\n ...] [x-amz-trailer-signature:HEX\r\n] \r\n
 * It checks the framing and hashes each signed chunk; whether signatures are right is identity's to
 * say. Source: S3 API Reference, "Signature calculations for the Authorization header: transferring
 * payload in multiple chunks" and "... including trailing headers".
 *
 * Use:     chunked_init, then chunked_next for each piece of the body, then chunked_end.
 * Memory:  signatures and trailers live in the arena given to init; data is borrowed from the
 * input.
 */
#pragma once

#include "core/aws/sha256.h"
#include "core/base/buf.h"
#include "core/base/err.h"
#include "emulator/wire/message.h"

enum chunked_form { CHUNKED_UNSIGNED, CHUNKED_SIGNED, CHUNKED_SIGNED_V4A };
enum chunked_state { CHUNKED_SIZE, CHUNKED_DATA, CHUNKED_DATA_END, CHUNKED_TRAILER, CHUNKED_DONE };

struct chunked {
    struct arena *arena;
    enum chunked_form form;
    bool wants_trailer_signature;
    enum chunked_state state;
    uint64_t left_bytes;    /* of the chunk's data */
    uint64_t decoded_bytes; /* data given out so far */
    size_t line_len, trailer_count;
    char line[1024];   /* the framing line being gathered */
    struct sha256 sha; /* of the chunk's data */
    struct buf chunks; /* struct chunk_signature, one behind the other */
    struct str trailer_name, trailer_value, trailer_signature;
};

/* form_text is the value of x-amz-content-sha256, such as STREAMING-UNSIGNED-PAYLOAD-TRAILER.
 * Returns false when it names no aws-chunked form. */
bool chunked_init(struct chunked *c, struct arena *a, struct str form_text);
void chunked_free(struct chunked *c); /* twice is harmless */
/* Take bytes from the front of *in. 1: *out is a run of data (borrowed from in); 0: in is used up;
 * E_PARSE: the framing is broken; E_LIMIT: a line, the chunks or the trailers are too many. */
int chunked_next(struct chunked *c, struct str *in, struct str *out, struct err *err);
/* The body is over: set q's trailer and chunk fields. E_PARSE when it ended too early. */
int chunked_end(struct chunked *c, struct request *q, struct err *err);
