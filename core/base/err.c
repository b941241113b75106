#include "core/base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A name from outside may hold a line break; the message stays one line. */
static void keep_one_line(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            *text = '?';
}

int err_set(struct err *err, int code, const char *fmt, ...)
{
    va_list ap;

    if (!err || err->code)
        return code;
    err->code = code;
    va_start(ap, fmt);
    (void)vsnprintf(err->text, sizeof err->text, fmt, ap); /* a long text is cut */
    va_end(ap);
    keep_one_line(err->text);
    return code;
}

int err_sys(struct err *err, const char *action, const char *path)
{
    int number = errno;
    char why[128];

    if (strerror_r(number, why, sizeof why) != 0)
        (void)snprintf(why, sizeof why, "error %d", number);
    return err_set(err, number == ENOENT ? E_MISSING : E_IO, "%s %s: %s", action, path, why);
}
