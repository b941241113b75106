/* emulator/services/messaging - what queues and topics have in common: names, ids of batch entries,
 * types of message attributes.
 */
#pragma once

#include "core/base/arena.h"

/* Why a message or an entry of a batch is refused. code NULL: it is not. */
struct fault {
    const char *code;
    struct str message;
};
/* Returns false, so that a check ends with it. */
bool fault_set(struct fault *f, struct arena *a, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Letters, digits and further ones only. */
bool messaging_is_plain(struct str s, const char *further);
/* Source: SQS and SNS API References, batch entries, "Id": letters, digits, - and _, at most 80. */
bool messaging_is_entry_id(struct str id);
/* "Number.float" is a Number. */
bool messaging_is_kind(struct str type, const char *kind);
