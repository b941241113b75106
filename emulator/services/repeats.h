/* emulator/services/repeats - what was sent in the last five minutes: FIFO queues and topics take a
 * message of the same deduplication id once in that time.
 *
 * Documents "Sent" of the owner, and a series that tells when each is over.
 * Inside the caller's state transaction.
 * Source: SQS Developer Guide, "Exactly-once processing"; SNS Developer Guide, "Message
 * deduplication for FIFO topics".
 */
#pragma once

#include "emulator/store/store.h"

struct repeats {
    struct store *store;
    struct doc_key owner; /* of the queue or topic */
    struct str series;    /* its name among all */
};
/* 0: *out is what was kept for the id; E_MISSING (err untouched): it is new. */
int repeats_find(const struct repeats *r, struct arena *a, struct str id, int64_t now_ms,
                 struct value **out, struct err *err);
int repeats_keep(const struct repeats *r, struct arena *a, struct str id, int64_t now_ms,
                 const struct value *what, struct err *err);
int repeats_forget(const struct repeats *r, struct arena *a, struct err *err); /* all */
