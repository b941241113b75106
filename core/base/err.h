/* core/base/err - why something failed. A failure returns a negative enum fail and says why here.
 *
 * The first text wins; callers pass it up unchanged. err may be NULL everywhere.
 */
#pragma once

enum fail {
    E_IO = -1,       /* disk, socket, system call */
    E_PARSE = -2,    /* malformed input */
    E_LIMIT = -3,    /* larger than a name in core/base/limits.h allows */
    E_MISSING = -4,  /* asked for and not there */
    E_CONFLICT = -5, /* already there, or in the way */
    E_DENIED = -6,   /* there, and not allowed */
};

struct err {
    int code;       /* 0 or an enum fail */
    char text[512]; /* one line: what and which */
};

/* Both return code, so that failing is one line. */
int err_set(struct err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* E_IO with errno's text: "rename to out/x: No space left on device". E_MISSING for ENOENT. */
int err_sys(struct err *err, const char *action, const char *path);
