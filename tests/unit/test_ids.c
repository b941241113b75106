#include "core/aws/ids.h"

#include "core/codec/uri.h"
#include "tests/unit/check.h"

static const struct made_case {
    const char *name, *prefix, *account;
    size_t len;
} made[] = {
    { "a user", "AIDA", "123456789012", 21 },
    { "a role", "AROA", "000000000000", 21 },
    { "a group", "AGPA", "999999999999", 21 },
    { "an instance profile", "AIPA", "000000000001", 21 },
    { "a policy", "ANPA", "111122223333", 21 },
    { "a policy's version", "ANVA", "111122223333", 21 },
    { "a key", "AKIA", "123456789012", 20 },
    { "a session's key", "ASIA", "012345678901", 20 },
};

static void check_made(void **state)
{
    const struct made_case *c = *state;
    struct arena a = { 0 };
    struct rng r;

    rng_init(&r, 1, 1);
    struct str id = ids_unique(&a, &r, c->prefix, str_c(c->account));
    struct str other = ids_unique(&a, &r, c->prefix, str_c(c->account));

    assert_int_equal(id.len, c->len);
    assert_true(str_has_prefix(id, str_c(c->prefix)));
    assert_int_equal(strspn(id.ptr + 4, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"), c->len - 4);
    check_str(ids_account(&a, id), c->account);
    assert_false(str_eq(id, other));
    assert_true(str_eq(str_sub(id, 4, 8), str_sub(other, 4, 8))); /* the account's characters */
    arena_free(&a);
}

static const struct account_case {
    const char *name, *id, *account;
} accounts[] = {
    { "a real key", "ASIAQNZGKIQY56JQ7WML", "029608264753" },
    { "an id from before they held one", "AIDACKCEVSQ6C2EXAMPLE", "" },
    { "the key of the manuals", "AKIAIOSFODNN7EXAMPLE", "" },
    { "an unknown prefix", "XXXXQNZGKIQY56JQ7WML", "" },
    { "too short", "ASIAQNZGKIQY56JQ7WM", "" },
    { "too long", "ASIAQNZGKIQY56JQ7WMLA", "" },
    { "no base32", "ASIAQNZ1KIQY56JQ7WML", "" },
    { "a number of thirteen digits", "AKIA7777777777777777", "" },
    { "nothing", "", "" },
};

static void check_account(void **state)
{
    const struct account_case *c = *state;
    struct arena a = { 0 };

    check_str(ids_account(&a, str_c(c->id)), c->account);
    arena_free(&a);
}

static void check_forms(void **state)
{
    (void)state;
    struct arena a = { 0 };
    struct rng r;
    struct str bytes;

    rng_init(&r, 2, 2);
    struct str secret = ids_secret_key(&a, &r), token = ids_session_token(&a, &r);
    struct str request = ids_s3_request(&a, &r), host = ids_s3_host(&a, &r);
    struct str instance = ids_hex(&a, &r, "i-0", 16);

    assert_int_equal(secret.len, 40);
    assert_int_equal(base64_decode(&a, secret, &bytes, NULL), 0);
    assert_int_equal(token.len, 904);
    assert_int_equal(base64_decode(&a, token, &bytes, NULL), 0);
    assert_int_equal(request.len, 16);
    assert_int_equal(strspn(request.ptr, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"), 16);
    assert_int_equal(host.len, 76);
    assert_int_equal(base64_decode(&a, host, &bytes, NULL), 0);
    assert_int_equal(instance.len, 19);
    assert_true(str_has_prefix(instance, STR("i-0")));
    assert_int_equal(strspn(instance.ptr + 2, "0123456789abcdef"), 17);
    arena_free(&a);
}

static void check_is_account(void **state)
{
    (void)state;
    assert_true(ids_is_account(STR("012345678901")));
    assert_false(ids_is_account(STR("12345678901")));
    assert_false(ids_is_account(STR("1234567890123")));
    assert_false(ids_is_account(STR("12345678901x")));
    assert_false(ids_is_account(STR("")));
}

int main(void)
{
    struct check_suite s = { 0 };

    CHECK_ROWS(&s, made, check_made);
    CHECK_ROWS(&s, accounts, check_account);
    check_add(&s, "the forms of other ids", check_forms);
    check_add(&s, "an account is twelve digits", check_is_account);
    return check_run(&s, "ids");
}
