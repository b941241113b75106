/* core/codec/uri - percent-encoding, query strings, base64, hex. */
#pragma once

#include <stdbool.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/err.h"

enum uri_keep { URI_KEEP_NONE, URI_KEEP_SLASH }; /* besides A-Z a-z 0-9 - . _ ~ */

void uri_encode(struct buf *out, struct str s, enum uri_keep keep); /* %XX upper case */
enum uri_plus { URI_PLUS_IS_PLUS, URI_PLUS_IS_SPACE };
/* Returns 0 or E_PARSE on a broken escape. NUL bytes are kept: the caller judges. */
int uri_decode(struct arena *a, struct str s, enum uri_plus plus, struct str *out, struct err *err);

struct uri_param {
    struct str name, value; /* decoded */
    bool has_value;         /* false for "?acl", true for "?acl=" */
};
/* A query string or form body: at most LIMIT_QUERY_PARAMS, UTF-8. */
int uri_parse_query(struct arena *a, struct str query, struct uri_param **out, size_t *out_count,
                    struct err *err);

void base64_encode(struct buf *out, struct str bytes);
/* Standard alphabet, padding required or wholly absent; blanks are E_PARSE. */
int base64_decode(struct arena *a, struct str text, struct str *out, struct err *err);
void hex_encode(struct buf *out, struct str bytes); /* lower case */
int hex_decode(struct arena *a, struct str text, struct str *out, struct err *err);
