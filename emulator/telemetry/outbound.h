/* emulator/telemetry/outbound - HTTP deliveries to endpoints of users: SNS subscriptions,
 * EventBridge API targets, log subscriptions.
 *
 * A delivery is kept in the store until the endpoint has answered 2xx or is given up, so none is
 * lost by a crash (one may come twice). Attempts are made by a thread of their own, the first at
 * once, further ones when the emulator's clock has reached their time. Only loopback addresses are
 * asked unless the endpoint is allowed (MOCKTRAIL_ALLOW_REMOTE): a test must not post to the world.
 */
#pragma once

#include "core/codec/value.h"
#include "emulator/engine/engine.h"

struct metric_dimension;

/* Counters that tell of a delivery; a name NULL: that is not told. */
struct outbound_metrics {
    const char *namespace_; /* NULL: none at all */
    const char *delivered, *failed;
    const char *buried, *lost;                 /* into the dead-letter queue, or not even there */
    const struct metric_dimension *dimensions; /* in order of name */
    size_t dimension_count;
};
struct outbound {
    struct str url;
    const struct value *headers; /* name -> string, or NULL */
    struct str body;
    const int64_t *delays_ms; /* between attempts; count + 1 attempts in all */
    size_t delay_count;
    struct str dead_letter_queue; /* ARN: gets dead_letter when it is given up; or empty */
    struct str dead_letter;       /* the body for that queue; empty: body */
    const struct value *dead_letter_attributes; /* for it, or NULL; ERROR_CODE and ERROR_MESSAGE are
                                                 * added */
    struct str account, region, service;        /* "sns": for whom */
    struct outbound_metrics metrics;            /* of that account and region */
};

/* Sets e->outbound; nothing with a sink. close: what is under way ends soon, and stays pending. */
int outbound_open(struct engine *e, struct err *err);
void outbound_close(struct engine *e); /* twice is harmless */
/* May the endpoint be asked? E_PARSE: no http(s) URL; E_DENIED: not a loopback address. */
int outbound_check(const struct engine *e, struct str url, struct err *err);
/* Inside a state transaction. Refuses what outbound_check refuses. Tried again are no connection,
 * no answer, 429 and 5xx; any other answer but 2xx is final. */
int outbound_put(struct engine *e, struct arena *a, const struct outbound *o, struct err *err);
/* What is due now has been tried when it returns: before the clock moves, and at a flush.
 * Not inside a transaction. */
int outbound_settle(struct engine *e, struct err *err);
