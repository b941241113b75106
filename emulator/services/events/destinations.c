#include "emulator/services/events/destinations.h"

int destinations_deliver(struct delivery *d, struct err *err)
{
    return err_set(err, E_MISSING, "no API destination %.*s", STR_ARG(d->arn));
}
