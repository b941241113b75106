/* emulator/services/xray/segment - private to this folder: one segment document, held against the
 * rules before it is kept.
 *
 * Source: X-Ray Developer Guide, "AWS X-Ray segment documents".
 */
#pragma once

#include "core/base/err.h"
#include "core/codec/value.h"
#include "emulator/services/xray/xray.h"

/* Why a document is not taken: UnprocessedTraceSegments. */
struct segment_refusal {
    struct str id; /* of the segment as far as it can be told; else empty */
    const char *code;
};
/* Is this a document of a segment, or of a subsegment sent alone, that X-Ray takes now? *out: the
 * parsed text; a list when the text is one. False: *why says why not. */
bool segment_parse(struct arena *a, struct str text, int64_t now_ms, struct value **out,
                   struct segment_refusal *why);
/* One object of it. */
bool segment_check(const struct value *doc, int64_t now_ms, struct segment_refusal *why);
