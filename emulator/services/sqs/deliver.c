#include "emulator/services/sqs/sqs.h"

int sqs_deliver(struct engine *e, struct arena *a, const struct sqs_message *m, struct err *err)
{
    (void)e;
    (void)a;
    return err_set(err, E_MISSING, "no queue %.*s", STR_ARG(m->queue_arn));
}
