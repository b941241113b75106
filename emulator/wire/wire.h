/* emulator/wire - AWS protocols: request bytes -> operation and parameters, outcome -> reply bytes.
 *
 * The protocol belongs to the request, not to the service. One file each: query, ec2, json,
 * rest_json, rest_xml, cbor; identify.c decides service, operation, protocol, region.
 * Parameters and outputs are value trees by the MODEL's member names (never wire names):
 * structure -> VALUE_MAP, list -> VALUE_LIST, map -> VALUE_MAP, blob -> VALUE_BLOB (decoded),
 * timestamp -> VALUE_TIME, integer/long -> VALUE_INT, float/double -> VALUE_FLOAT, document -> any.
 * A streaming payload is not in the tree: it is call->body / outcome->body.
 * In rest-xml a header's time that can't be read (S3: Expires) is a VALUE_STRING as it came.
 */
#pragma once

#include "core/codec/value.h"
#include "emulator/catalogue/catalogue.h"
#include "emulator/wire/message.h"

struct outcome;

struct route {
    const struct cat_op *op; /* NULL: refused, see code */
    enum cat_protocol protocol;
    struct str signing;      /* from the credential scope; may be empty */
    struct str region;       /* from the scope, host, or empty */
    struct str json_version; /* "1.0" or "1.1" as the request had it */
    struct str service;      /* botocore name, known also when the operation is not; may be empty */
    struct str action;       /* the operation's name as asked, for errors and the record */
    struct str version;      /* query: Version as asked */
    struct str s3_bucket, s3_key; /* decoded; has_key tells "" from none */
    bool s3_has_key, query_mode;  /* x-amzn-query-mode: true */
    int status;                   /* when op is NULL: HTTP status and AWS's error to answer */
    struct str code, message;
};

/* Which call is this? Never fails: what can't be told is a route with op NULL and AWS's own error
 * (UnknownOperationException, InvalidAction, MissingAction, S3 MethodNotAllowed ...), in the
 * protocol that the request seems to speak. */
void wire_identify(struct arena *a, const struct cat *cat, const struct request *q,
                   struct route *out);

/* Parse the parameters. 0, or E_PARSE with the text that AWS answers (SerializationException,
 * MalformedXML, ...); code_out gets the error code for the protocol. */
int wire_parse(struct arena *a, const struct cat *cat, const struct request *q,
               const struct route *route, struct value **params, struct str *code_out,
               struct err *err);

/* An operation with an event stream in or out: parsed without it, never performed (501). */
bool wire_is_event_stream(const struct cat_op *op);
/* The body is the input's streaming payload: it goes to call->body, not into the tree. */
bool wire_streams_input(const struct cat *cat, const struct cat_op *op);

bool wire_streams_output(const struct cat *cat, const struct cat_op *op);

/* Query parameters of a REST request that the model doesn't know, for the S3 record: a map of name
 * -> string ("" when valueless), without what proves a presigned URL's caller; NULL when there are
 * none. */
struct value *wire_unmodeled(struct arena *a, const struct cat *cat, const struct request *q,
                             const struct route *route);

/* Write an outcome, success or refusal, as the route's protocol wants it: status, headers (request
 * ids included), body. request_id and host_id (S3's x-amz-id-2; may be empty) as the client gets
 * them. */
void wire_write(struct arena *a, const struct cat *cat, const struct request *q,
                const struct route *route, const struct outcome *out, struct str request_id,
                struct str host_id, struct reply *reply);

/* The HTTP status that an outcome is answered with. */
int wire_status(const struct cat *cat, const struct cat_op *op, enum cat_protocol protocol,
                const struct outcome *out);

/* Another emulator's answer to this request, read as an outcome: output by the model, or code,
 * message and status of a refusal. A member that is not of its type is made so or left out.
 * request_id: as clients take it from the answer; empty when it has none (also set on failure).
 * E_PARSE: it is no answer of this protocol. A streaming payload is left where it is. */
int wire_read(struct arena *a, const struct cat *cat, const struct request *q,
              const struct route *route, const struct reply *answer, struct outcome *out,
              struct str *request_id, struct err *err);
