#include "emulator/telemetry/outbound.h"
#include "tests/unit/check.h"

static const struct url_case {
    const char *name, *url;
    int rc;
} urls[] = {
    { "this machine", "http://127.0.0.1:8080/hook", 0 },
    { "this machine, by https", "https://127.0.0.1/", 0 },
    { "another of its addresses", "http://127.8.9.10/", 0 },
    { "by name", "http://localhost:8080/a?b=c", 0 },
    { "a name below localhost", "http://hooks.localhost/", 0 },
    { "version 6", "http://[::1]:8080/", 0 },
    { "no path", "http://127.0.0.1:8080", 0 },
    { "another machine", "http://example.com/", E_DENIED },
    { "another address", "http://10.0.0.1/", E_DENIED },
    { "the cloud's metadata", "http://169.254.169.254/latest", E_DENIED },
    { "a name that begins like ours", "http://127.0.0.1.example.com/", E_DENIED },
    { "a name that ends like ours", "http://notlocalhost/", E_DENIED },
    { "another address of version 6", "http://[2001:db8::1]/", E_DENIED },
    { "hidden behind a user", "http://127.0.0.1@example.com/", E_PARSE },
    { "hidden behind a backslash", "http://example.com\\127.0.0.1/", E_PARSE },
    { "a query without a path", "http://127.0.0.1?x", E_PARSE },
    { "a fragment", "http://127.0.0.1/#x", E_PARSE },
    { "a blank", "http://127.0.0.1/a b", E_PARSE },
    { "another scheme", "ftp://127.0.0.1/", E_PARSE },
    { "no scheme", "127.0.0.1/", E_PARSE },
    { "no host", "http:///x", E_PARSE },
    { "an open bracket", "http://[::1/", E_PARSE },
    { "nothing", "", E_PARSE },
};

static void check_url(void **state)
{
    const struct url_case *c = *state;
    struct engine e = { .opt = { .allow_remote = false } };
    struct err err = { 0 };

    assert_int_equal(outbound_check(&e, str_c(c->url), &err), c->rc);
    assert_int_equal(err.code, c->rc);
    e.opt.allow_remote = true;
    assert_int_equal(outbound_check(&e, str_c(c->url), NULL), c->rc == E_DENIED ? 0 : c->rc);
}

int main(void)
{
    struct check_suite suite = { 0 };

    CHECK_ROWS(&suite, urls, check_url);
    return check_run(&suite, "outbound");
}
