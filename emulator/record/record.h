/* emulator/record - call + outcome -> the CloudTrail record: a pure function.
 *
 * No cJSON: the record is written straight into a buf. Exceptions of services are rows in
 * fixtures/record/, embedded into the program.
 */
#pragma once

#include "core/base/buf.h"
#include "emulator/engine/call.h"

struct recorder;

int recorder_open(struct recorder **out, const struct cat *cat, struct err *err);
void recorder_close(struct recorder *r);

enum event_category { EVENT_MANAGEMENT, EVENT_DATA, EVENT_INSIGHT, EVENT_NETWORK };

/* What sinks need to know without parsing the record. All borrowed from the record, the call or
 * the catalogue; valid as long as both live. */
struct record_facts {
    struct str event_id, event_source, event_name, account,
        region;                          /* account: recipientAccountId */
    struct str user_name, access_key_id; /* as LookupEvents shows them; may be empty */
    struct str identity_arn, error_code;
    struct value *resources;      /* [{ResourceType, ResourceName}] for LookupEvents, or NULL */
    struct value *data_resources; /* [{type, ARN}] that data selectors match, or NULL */
    struct str request_id, trace_header; /* what views need beyond the record ... */
    struct str detail;                   /* ... outcome.detail */
    uint64_t parent_seq;                 /* of the call that a service made this one for; or 0 */
    uint32_t duration_us;                /* on a clock that stands: delays asked for, else 0 */
    uint16_t status;                     /* HTTP's */
    int64_t time_ms;
    enum event_category category;
    bool read_only;
};

/* Ids of a record beyond its call's own, drawn from these: STS's ExtendedRequestId; a UUID (stream
 * 0: sharedEventID). For who writes a record again with other ids. */
void record_sts_id(struct buf *out, struct arena *a, const struct call *call);
struct str record_uuid(struct arena *a, struct str event_id, uint64_t stream);

/* Append one record, compact JSON, to out; fill facts. Some calls have a second reader
 * (cross-account AssumeRole, S3, KMS): record_build is called once per recipient, recipient 0
 * first; it returns how many there are, or a negative enum fail. */
int record_build(struct recorder *r, struct arena *a, const struct call *call,
                 const struct outcome *outcome, int recipient, struct buf *out,
                 struct record_facts *facts, struct err *err);
