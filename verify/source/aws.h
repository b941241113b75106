/* verify/source/aws - signed calls to AWS or to an endpoint (libcurl, SigV4): S3 objects and lists,
 * and JSON services.
 *
 * Credentials are those of the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
 * AWS_SESSION_TOKEN); without them and with an endpoint, "test" signs.
 * Threads: one client, one thread.
 */
#pragma once

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/codec/value.h"

struct aws_client;
struct aws_options {
    struct str endpoint; /* empty: AWS itself */
    struct str region;   /* empty: AWS_REGION, AWS_DEFAULT_REGION, us-east-1 */
};
/* E_MISSING without credentials. */
int aws_open(struct aws_client **out, const struct aws_options *opt, struct err *err);
void aws_close(struct aws_client *c); /* NULL is harmless */

struct aws_page {
    struct str *keys;
    int64_t *sizes;
    size_t count;
    struct str next; /* of the following page; empty: this was the last */
};
/* One page of ListObjectsV2, keys in byte order. */
int aws_s3_list(struct aws_client *c, struct arena *a, struct str bucket, struct str prefix,
                struct str next, struct aws_page *out, struct err *err);
/* Appends the object; *out_metadata: x-amz-meta-... as a map, may be NULL. E_MISSING: NoSuchKey. */
int aws_s3_get(struct aws_client *c, struct arena *a, struct str bucket, struct str key,
               struct buf *out, struct value **out_metadata, struct err *err);
/* Put an object of at least one byte. */
struct aws_object {
    struct str bucket, key, bytes;
    struct str content_type, content_encoding; /* empty: none */
    const struct value *metadata;              /* {"signature": ...}, at most four; NULL: none */
};
int aws_s3_put(struct aws_client *c, struct arena *a, const struct aws_object *o, struct err *err);
/* A call of a JSON service: target such as "...CloudTrail_20131101.ListPublicKeys". region:
 * empty for the client's. */
struct aws_json_call {
    struct str service, region, target;
    struct str content_type; /* empty: that of JSON 1.1 */
    const struct value *body;
};
int aws_json(struct aws_client *c, struct arena *a, const struct aws_json_call *call,
             struct value **out, struct err *err);
/* A call of the Query protocol. params: texts, Action and Version among them. *out: the XML. */
int aws_query(struct aws_client *c, struct arena *a, struct str service, const struct value *params,
              struct str *out, struct err *err);
