#include "emulator/services/cloudwatch/metrics.h"

/* A datapoint in the series of its metric. */
int metrics_add(struct engine *e, const struct metric_datum *d, struct err *err)
{
    (void)e;
    return err_set(err, E_MISSING, "no metric %.*s is kept", STR_ARG(d->name));
}
