#include "emulator/services/logs/logs.h"

int logs_append(struct engine *e, struct arena *a, const struct logs_target *to,
                const struct logs_event *events, size_t count, struct err *err)
{
    (void)e;
    (void)a;
    (void)events;
    (void)count;
    return err_set(err, E_MISSING, "no log group %.*s", STR_ARG(to->group));
}
