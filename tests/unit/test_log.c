#include "core/base/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "core/base/fs.h"
#include "tests/unit/check.h"

static void write_all_levels(void)
{
    log_write(LOG_ERROR, "an %s", "error");
    log_write(LOG_WARN, "a warning");
    log_write(LOG_INFO, "a note");
    log_write(LOG_DEBUG, "a detail");
}

/* What stands on stderr when all levels are written at one that is shown. */
static const struct level_case {
    const char *name;
    enum log_level shown;
    const char *want;
} levels[] = {
    { "quiet says nothing", LOG_QUIET, "" },
    { "errors alone", LOG_ERROR, "mocktrail: error: an error\n" },
    { "warnings too", LOG_WARN, "mocktrail: error: an error\nmocktrail: warning: a warning\n" },
    { "notes too", LOG_INFO,
      "mocktrail: error: an error\nmocktrail: warning: a warning\nmocktrail: a note\n" },
    { "everything", LOG_DEBUG,
      "mocktrail: error: an error\nmocktrail: warning: a warning\nmocktrail: a note\n"
      "mocktrail: debug: a detail\n" },
};

static void check_level(void **state)
{
    const struct level_case *c = *state;
    struct arena a = { 0 };
    struct buf got = { 0 };
    const char *dir = check_dir(&a), *path = arena_printf(&a, "%s/stderr", dir).ptr;
    int kept = dup(STDERR_FILENO), file = open(path, O_WRONLY | O_CREAT, 0644);

    assert_true(kept >= 0 && file >= 0 && dup2(file, STDERR_FILENO) >= 0);
    log_set_level(c->shown);
    write_all_levels();
    (void)fflush(stderr);
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    (void)close(file);
    (void)close(kept);
    assert_int_equal(fs_read(path, &got, NULL), 0);
    check_str(buf_view(&got), c->want);
    buf_free(&got);
    check_dir_end(dir);
    arena_free(&a);
}

int main(void)
{
    struct check_suite s = { 0 };

    CHECK_ROWS(&s, levels, check_level);
    return check_run(&s, "log");
}
