/* emulator/engine/call - what happened: a call, and its outcome. Everything downstream (record,
 * metrics, traces) is a function of these two and of the catalogue.
 */
#pragma once

#include "core/codec/value.h"
#include "emulator/catalogue/catalogue.h"
#include "emulator/wire/message.h"

struct principal;
struct upstream_answer;

enum call_door { DOOR_HTTP, DOOR_GENERATOR, DOOR_SERVICE };
enum auth_method { AUTH_NONE, AUTH_HEADER, AUTH_QUERY, AUTH_POST_FORM };

struct call {
    const struct cat *cat;
    const struct cat_op *op;           /* NULL: unknown operation, see service and action */
    const struct cat_service *service; /* may be NULL with op */
    struct str service_name, action;   /* always set: botocore's service, operation as asked */
    enum cat_protocol protocol;
    struct str region;  /* where it is handled: global services us-east-1 */
    struct str account; /* 12 digits: whose resources; the principal's but for cross-account */
    const struct principal *who;    /* never NULL */
    struct value *params;           /* by the input shape, model member names; never NULL */
    struct value *unmodeled;        /* S3: query parameters that the model lacks, or NULL */
    struct body body;               /* a streaming input payload */
    int64_t time_ms;                /* the emulator's clock when it began */
    uint64_t seq;                   /* number of this call: the stream of its chance */
    uint64_t parent_seq;            /* of the call that a service makes this one for; or 0 */
    int64_t begun_us;               /* clock_monotonic_us when it began, for its duration */
    int64_t delay_ms;               /* that a fault rule asked for */
    struct str request_id, host_id; /* as the client gets them; host_id S3 only */
    struct str event_id;            /* UUID of the record */
    struct str source_ip, user_agent, host, trace_header, vpc_endpoint_id;
    struct str invoked_by; /* a service's host when it calls for another; else empty */
    enum call_door door;
    enum auth_method auth;
    struct str signature_version; /* "SigV4", "SigV2", "SigV4A" or empty */
    struct str prepared;          /* by the operation's service_prepare_fn, or empty */
    bool may_wait; /* whoever answers can wait for the disk by himself: outcome.waits */
    const struct request *request;  /* the HTTP request when there was one, else NULL */
    struct upstream_answer *answer; /* of an upstream that the call was forwarded to, else NULL */
};

/* A change to files that happens after the record is in the journal (and again after a crash):
 * rename from -> to, or with to NULL remove from. Paths are relative to the data directory. */
struct effect {
    struct str from, to;
    struct effect *next;
};

struct outcome {
    struct value *output;     /* success: by the output shape; may be NULL for none */
    struct body body;         /* a streaming output payload */
    int status;               /* HTTP status: 0 = by the model */
    struct str code, message; /* refusal: code not empty */
    struct value *error; /* further members of the error shape (S3: Key, BucketName ...), or NULL */
    struct value *record_extra; /* additionalEventData that only the service knows, or NULL */
    struct value *
        resources; /* [{ARN|ARNPrefix, accountId?, type?}] where record rules can't tell, or NULL */
    struct str owner;  /* account of what was asked for, if that may be another's (S3), or empty */
    struct str detail; /* JSON: what views must know and the record does not say (S3: etag, size),
                        * or empty */
    struct effect *effects;
    bool changed; /* state was written: the engine commits it with the record */
    int64_t bytes_in, bytes_out;
    struct value *headers; /* further reply headers name -> string (S3), or NULL */
    bool waits;            /* not to be answered before engine_when_durable tells */
    /* Asked once the record is in the journal at position: true, the effects are taken over, to be
     * done and marked there later; false, they are to be done now. NULL: now. */
    bool (*defer)(void *arg, uint64_t position);
    void *defer_arg;
    /* A lock that the handler took and that holds until its effects are applied: the engine calls
     * release(release_arg) once, after the effects or after giving up on the call. NULL: none. */
    void (*release)(void *arg);
    void *release_arg;
};

/* Refuse, as AWS would: code is the exception SHAPE's name when the model has one
 * ("NoSuchEntityException"), else the wire code; status 0 = by the model. The text is copied. */
void outcome_refuse(struct arena *a, struct outcome *out, int status, const char *code,
                    const char *fmt, ...) __attribute__((format(printf, 5, 6)));
static inline bool outcome_refused(const struct outcome *out)
{
    return out->code.len > 0;
}
