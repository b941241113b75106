/* emulator/services/s3/conditions - If-Match and its kin, and byte ranges.
 * Source: S3 API Reference, GetObject and CopyObject, "Request headers"; RFC 9110, section 13.2.2.
 */
#pragma once

#include "emulator/services/s3/object.h"

/* The names of the four parameters, any of them NULL. */
struct condition_names {
    const char *match, *none_match, *modified, *unmodified;
};
/* 0: holds; 304 or 412: what to answer; *failed: the header that did not hold. */
int condition_check(struct op *op, const struct condition_names *names, const struct object *o,
                    const char **failed);

/* Before a write: If-Match, If-None-Match against what is there now. 1 go on, 0 refused, < 0. */
int condition_write(struct op *op);

enum range { RANGE_WHOLE, RANGE_PART, RANGE_BAD };
/* "bytes=0-9", "bytes=5-", "bytes=-3" on size bytes. What is no range at all is ignored. */
enum range range_parse(struct str header, int64_t size, int64_t *first, int64_t *len);
