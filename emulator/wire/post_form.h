/* emulator/wire/post_form - an upload by a browser's form, as the PutObject that it amounts to.
 *
 * emulator/http takes the form apart (multipart); identity/ checks its signature, services/s3 its
 * policy. Everything else sees a PutObject that knows its form.
 * Source: S3 API Reference, "POST Object".
 */
#pragma once

#include "emulator/wire/message.h"

struct post_form {
    struct http_header *fields; /* in their order, the file not among them */
    size_t field_count;
    struct str file_name, file_type; /* what the browser says of the file */
};

/* Of several of one name the first; empty if absent. Names are the same in either case. */
struct str post_form_field(const struct post_form *f, const char *name);
bool post_form_has(const struct post_form *f, const char *name);
/* The field with ${filename} made the file's name: only the key's is. In arena a. */
struct str post_form_expand(struct arena *a, const struct post_form *f, struct str value);
/* The bucket alone is addressed, by a form. */
bool post_form_is_asked(const struct request *q);
/* The PUT of the object that q's form asks for, or q itself, to be refused (refused_code), when it
 * asks for none. In arena a. */
const struct request *post_form_as_put(struct arena *a, const struct request *q);
