#include "core/base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

static _Atomic int shown = LOG_WARN;

void log_set_level(enum log_level level)
{
    atomic_store(&shown, (int)level);
}

void log_write(enum log_level level, const char *fmt, ...)
{
    static const char *const prefix[] = { "", "error: ", "warning: ", "", "debug: " };
    char text[2048];
    va_list ap;

    if ((int)level > atomic_load(&shown))
        return;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    (void)fprintf(stderr, "mocktrail: %s%s\n", prefix[level], text);
}
