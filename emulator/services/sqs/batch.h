/* emulator/services/sqs/batch - up to ten of the same in one call: each succeeds or fails alone.
 * Private to this folder.
 */
#pragma once

#include "emulator/services/messaging.h"
#include "emulator/services/sqs/queue.h"

struct batch {
    struct job *j;
    const struct sqs_queue *q;
    const char *kind; /* "Send" */
    /* One entry; answer has its Id already. < 0: the call fails. */
    int (*run)(struct batch *b, const struct value *entry, struct value *answer, struct fault *f);
};
bool batch_check(struct batch *b); /* false: the whole call is refused */
int batch_run(struct batch *b);    /* Successful, Failed */
