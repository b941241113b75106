/* emulator/record/s3 - S3 records: parameters are built from the HTTP request, not from the model's
 * names: query parameters, x-amz-* headers, the XML body through org.json, Host.
 */
#pragma once

#include "core/base/buf.h"
#include "emulator/engine/call.h"
#include "emulator/record/plan.h"

void s3_request(struct buf *out, struct arena *a, const struct plan *p, const struct call *call);
/* Some of the response headers of object writes, or null. */
void s3_response(struct buf *out, const struct plan *p, const struct value *output);
/* The members of additionalEventData, without braces. */
void s3_additional(struct buf *out, const struct plan *p, const struct call *call,
                   const struct outcome *outcome);
