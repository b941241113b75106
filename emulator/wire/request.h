/* emulator/wire/request - the other way round: an operation and its parameters -> the request that
 * a client sends, in the service's own protocol. For `mocktrail play` and for tests.
 */
#pragma once

#include "core/codec/value.h"
#include "emulator/catalogue/catalogue.h"
#include "emulator/wire/message.h"

/* Method, target, headers of the protocol and body; neither addressed (Host) nor signed. S3 names
 * its bucket in the path. body: a streaming payload. All in the arena, parameters borrowed. */
void wire_request(struct arena *a, const struct cat *cat, const struct cat_op *op,
                  const struct value *params, struct body body, struct request *out);

/* With what a request is signed. */
struct wire_signer {
    struct str access_key_id, secret, token; /* token may be empty */
    struct str region, service;              /* service: the signing name */
    struct str host;
    int64_t now_ms;
    bool is_s3;
};
/* Adds Host, X-Amz-Date, the payload's hash for S3, the token, and the Authorization header.
 * Source: General Reference, "Create a signed AWS API request". */
void wire_sign(struct arena *a, const struct wire_signer *by, struct request *q);
