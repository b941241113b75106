/* generate and play: the rows of their options are what the manual shows. */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/buf.h"
#include "core/base/fs.h"
#include "generator/generate.h"
#include "generator/play/door_http.h"
#include "generator/playing.h"

static void check_manual(const struct option_set *set)
{
    char *table = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&table, &len);
    struct buf doc = { 0 };
    struct err err = { 0 };

    assert_non_null(to);
    options_markdown(set, to);
    (void)fclose(to); /* memory */
    check_ok(fs_read("docs/howto-datasets.md", &doc, &err), &err);
    if (str_find(buf_view(&doc), str_c(table)) < 0)
        fail_msg("docs/howto-datasets.md does not hold this table:\n%s", table);
    free(table);
    buf_free(&doc);
}

static void the_manual_shows_the_rows(void **state)
{
    (void)state;
    check_manual(&generate_options);
    check_manual(&play_options);
}

static const struct host_case {
    const char *name, *base;
    bool is_here;
} hosts[] = {
    { "localhost", "http://localhost:4566", true },
    { "the address", "http://127.0.0.1", true },
    { "the address with a path", "http://127.0.0.1:80/x", true },
    { "IPv6", "http://[::1]:4566", true },
    { "IPv6 without a port", "http://[::1]", true },
    { "another host", "http://example.com:4566", false },
    { "a name that begins so", "http://localhost.example.com", false },
    { "another address", "http://192.0.2.1", false },
};

static void check_host(void **state)
{
    const struct host_case *c = *state;

    assert_int_equal(door_http_is_loopback(str_c(c->base)), c->is_here);
}

int main(void)
{
    struct check_suite suite = { 0 };

    check_add(&suite, "the manual shows the rows", the_manual_shows_the_rows);
    CHECK_ROWS(&suite, hosts, check_host);
    return check_run(&suite, "generate_options");
}
