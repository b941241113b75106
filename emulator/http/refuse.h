/* emulator/http/refuse - what the front door itself refuses, in the words and the shape that AWS
 * uses: bodies too large, broken aws-chunked framing, unreadable request lines.
 *
 * What can be told from the headers is refused by the engine, which records it; only a request
 * whose very target or headers are unreadable is answered here, outside any record.
 * The table of refusals is refuse.def. Everything a service or wire/ can refuse is theirs.
 */
#pragma once

#include "emulator/wire/message.h"

enum refusal {
    REFUSE_NOTHING,
#define REFUSAL(name, s3_status, s3_code, other_status, other_code, message) REFUSE_##name,
#include "emulator/http/refuse.def"
#undef REFUSAL
};

/* Leave it to the engine to refuse q so, and to record that: sets q->refused_*. */
void refuse_mark(struct request *q, enum refusal why);
/* Write the refusal as the protocol that q seems to speak wants it. q may be as far as headers. */
void refuse_write(struct arena *a, const struct request *q, enum refusal why, struct reply *reply);
