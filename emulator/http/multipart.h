/* emulator/http/multipart - takes a browser's form apart, piece by piece: its fields are kept, the
 * bytes of its file are handed on as they come.
 *
 * --B CRLF headers CRLF CRLF value CRLF --B ... CRLF --B--
 * The file is the part named "file", and the last one that is looked at. What the fields mean is
 * emulator/wire/post_form's and services/s3's to say.
 * Source: RFC 7578; RFC 2046, 5.1.1 "Common Syntax"; S3 API Reference, "POST Object", "Form
 * fields".
 *
 * Use:     multipart_init, then multipart_next for each piece of the body, then multipart_end.
 * Memory:  fields live in the arena given to init; file bytes are borrowed from the input, or from
 *          the struct, until the next call.
 */
#pragma once

#include "core/base/buf.h"
#include "core/base/err.h"
#include "emulator/wire/post_form.h"

#define MULTIPART_BOUNDARY_MAX 70 /* Source: RFC 2046, 5.1.1 */

enum multipart_state {
    MULTIPART_PREAMBLE,
    MULTIPART_DELIMITED, /* behind a delimiter: the rest of its line */
    MULTIPART_HEADERS,
    MULTIPART_FIELD,
    MULTIPART_FILE,
    MULTIPART_DONE, /* what follows is not looked at */
};

struct multipart {
    struct arena *arena;
    enum multipart_state state;
    char delimiter[4 + MULTIPART_BOUNDARY_MAX]; /* CRLF "--" boundary */
    size_t delimiter_len, matched;              /* matched: of the delimiter, at the end so far */
    size_t gathered_bytes;                      /* of all that is not the file */
    bool is_closed, has_file;
    struct buf line, value; /* of the headers; of the field */
    struct str name, filename, type;
    struct buf fields; /* struct http_header, one behind the other */
    struct str file_name, file_type;
};

/* content_type is the request's. Returns false when it is no form with a usable boundary. */
bool multipart_init(struct multipart *m, struct arena *a, struct str content_type);
void multipart_free(struct multipart *m); /* twice is harmless */
/* Take bytes from the front of *in. 1: *out is a run of the file; 0: in is used up; E_PARSE: it is
 * no such form; E_LIMIT: what stands before the file is too long. */
int multipart_next(struct multipart *m, struct str *in, struct str *out, struct err *err);
/* The body is over. E_PARSE when it ended too early; E_MISSING when no part was the file. */
int multipart_end(struct multipart *m, struct post_form *out, struct err *err);
