/* verify/replay/envelope - what consumers of AWS find around records and notices, as JSON.
 * Source: EventBridge User Guide, "AWS service events delivered via AWS CloudTrail"; CloudWatch
 * Logs User Guide, "Using subscription filters"; S3 User Guide, "Event message structure"; X-Ray
 * Developer Guide, "Segment documents", "Sending trace data to the daemon".
 */
#pragma once

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/rng.h"
#include "core/trail/scan.h"

/* EventBridge's, the record as its detail. id: a UUID. */
void envelope_event(struct buf *out, struct arena *a, const struct scan_record *r, const char *id);

/* A segment of X-Ray that tells of the record's call, behind the header line that the daemon's
 * datagrams have: one trace a call, as long as the record says, which is no time at all. What a
 * record alone holds are the ids: of the event as the annotation event_id, of the request. */
void envelope_segment(struct buf *out, struct arena *a, const struct scan_record *r,
                      struct rng *rng);

/* A subscription's body, {"awslogs":{"data":...}}: base64 of the gzip of a DATA_MESSAGE. events:
 * what envelope_log_event wrote, with commas between. */
struct envelope_stream {
    struct str account, region, group;
};
int envelope_logs(struct buf *out, const struct envelope_stream *at, struct str events,
                  struct err *err);
void envelope_log_event(struct buf *out, struct arena *a, const struct scan_record *r);

/* A message of a topic, as SNS puts it into a queue. Its signature is none: whoever verifies it
 * must be given one by SNS. Source: SNS Developer Guide, "Message delivery formats". */
struct envelope_message {
    const char *id;
    struct str text;
    int64_t at_ms;
    struct str origin; /* of the links in it: http://HOST:PORT */
};
void envelope_topic(struct buf *out, struct arena *a, const struct envelope_message *m);

/* One record of S3's notification {"Records":[...]}. */
struct envelope_object {
    struct str bucket, key, region;
    int64_t at_ms;
    size_t size_bytes;
};
void envelope_notice(struct buf *out, struct arena *a, const struct envelope_object *o);
