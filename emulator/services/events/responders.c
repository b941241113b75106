#include "emulator/services/events/responders.h"

int responders_accept(struct delivery *d, const struct arn *arn, struct err *err)
{
    (void)arn;
    return err_set(err, E_MISSING, "no responder is registered for %.*s", STR_ARG(d->arn));
}
