#include "emulator/engine/call.h"

void outcome_refuse(struct arena *a, struct outcome *out, int status, const char *code,
                    const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    out->message = arena_vprintf(a, fmt, ap);
    va_end(ap);
    out->code = arena_copy(a, str_c(code));
    out->status = status;
}
