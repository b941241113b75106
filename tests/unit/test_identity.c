#include "tests/unit/check.h"

#include "core/aws/ids.h"
#include "emulator/engine/engine.h"
#include "emulator/identity/federated.h"
#include "emulator/identity/identity.h"
#include "emulator/store/store.h"

#define NOW_MS 1767225600000 /* 2026-01-01 */

struct fixture {
    struct arena a;
    const char *dir;
    struct engine e;
    struct call call;
    struct outcome refusal;
};

static int open_identity(void **state)
{
    struct fixture *f = test_calloc(1, sizeof *f);
    struct err err = { 0 };

    f->dir = check_dir(&f->a);
    f->e.opt.account = STR("111122223333");
    f->e.opt.auth = AUTH_IDENTIFY;
    check_ok(store_open(&f->e.store, f->dir, false, &err), &err);
    check_ok(identity_open(&f->e.identity, &f->e, &err), &err);
    *state = f;
    return 0;
}

static int close_identity(void **state)
{
    struct fixture *f = *state;

    identity_close(f->e.identity);
    store_close(f->e.store);
    check_dir_end(f->dir);
    arena_free(&f->a);
    test_free(f);
    return 0;
}

/* Who is it that sends this key id (NULL: no signature) to a service that speaks protocol? */
static const struct principal *ask(struct fixture *f, const char *key_id, const char *service,
                                   enum cat_protocol protocol)
{
    struct http_header header = { STR("Authorization"), { 0 } },
                       date = { STR("X-Amz-Date"), STR("20260101T000000Z") };
    struct http_header headers[] = { header, date };
    struct request q = { .method = STR("POST"), .path = STR("/"), .headers = headers };
    struct route route = { .service = str_c(service), .protocol = protocol };
    struct err err = { 0 };

    if (key_id) {
        headers[0].value = arena_printf(&f->a,
                                        "AWS4-HMAC-SHA256 Credential=%s/20260101/us-east-1/%s/"
                                        "aws4_request, SignedHeaders=host, Signature=00",
                                        key_id, service);
        q.header_count = 2;
    }
    f->call = (struct call){ .service_name = str_c(service),
                             .protocol = protocol,
                             .region = STR("us-east-1"),
                             .params = value_map(&f->a),
                             .time_ms = NOW_MS };
    f->refusal = (struct outcome){ 0 };
    check_ok(identity_authenticate(f->e.identity, &f->a, &q, &route, &f->call, &f->refusal, &err),
             &err);
    assert_non_null(f->call.who);
    return f->call.who;
}

static void a_number_is_the_root_of_that_account(void **state)
{
    struct fixture *f = *state;
    const struct principal *p = ask(f, "444455556666", "sts", CAT_QUERY);

    assert_int_equal(p->type, PRINCIPAL_ROOT);
    check_str(p->arn, "arn:aws:iam::444455556666:root");
    check_str(p->principal_id, "444455556666");
    check_str(f->call.account, "444455556666");
    check_str(f->call.signature_version, "SigV4");
}

static void an_unknown_key_is_a_user_named_after_it(void **state)
{
    struct fixture *f = *state;
    const struct principal *p = ask(f, "dev", "sts", CAT_QUERY);
    struct str first = p->principal_id;

    assert_int_equal(p->type, PRINCIPAL_IAM_USER);
    check_str(p->arn, "arn:aws:iam::111122223333:user/dev");
    check_str(ids_account(&f->a, first), "111122223333");
    assert_false(str_eq(ask(f, "dev2", "sts", CAT_QUERY)->principal_id, first));
    assert_true(str_eq(ask(f, "dev", "sts", CAT_QUERY)->principal_id, first));
}

static void nobody_is_let_in_by_s3_only(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(ask(f, NULL, "s3", CAT_REST_XML)->type, PRINCIPAL_ANONYMOUS);
    assert_false(outcome_refused(&f->refusal));
    (void)ask(f, NULL, "iam", CAT_QUERY);
    check_str(f->refusal.code, "MissingAuthenticationToken");
    assert_int_equal(f->refusal.status, 403);
    assert_int_equal(f->call.account.len, 0);
    (void)ask(f, NULL, "dynamodb", CAT_JSON);
    check_str(f->refusal.code, "MissingAuthenticationTokenException");
    assert_int_equal(f->refusal.status, 400);
}

static struct principal alice(void)
{
    return (struct principal){ .type = PRINCIPAL_IAM_USER,
                               .account = STR("999988887777"),
                               .principal_id = STR("AIDAALICE"),
                               .arn = STR("arn:aws:iam::999988887777:user/alice"),
                               .access_key_id = STR("AKIAALICE"),
                               .user_name = STR("alice"),
                               .secret = STR("secret") };
}

static void a_key_is_its_owners_until_it_is_dropped(void **state)
{
    struct fixture *f = *state;
    struct principal p = alice();

    check_str(ask(f, "AKIAALICE", "sts", CAT_QUERY)->user_name, "AKIAALICE"); /* and now cached */
    assert_int_equal(identity_put_key(f->e.identity, &p, NULL), 0);
    check_str(ask(f, "AKIAALICE", "sts", CAT_QUERY)->user_name, "alice");
    check_str(f->call.account, "999988887777");
    identity_forget(f->e.identity); /* the store knows it too */
    check_str(ask(f, "AKIAALICE", "sts", CAT_QUERY)->arn, "arn:aws:iam::999988887777:user/alice");
    assert_int_equal(identity_drop_key(f->e.identity, STR("AKIAALICE"), NULL), 0);
    check_str(ask(f, "AKIAALICE", "sts", CAT_QUERY)->user_name, "AKIAALICE");
}

static void a_key_goes_with_the_call_that_made_it(void **state)
{
    struct fixture *f = *state;
    struct principal p = alice();

    store_lock(f->e.store);
    assert_int_equal(store_begin(f->e.store, NULL), 0);
    assert_int_equal(identity_put_key(f->e.identity, &p, NULL), 0);
    store_rollback(f->e.store);
    store_unlock(f->e.store);
    check_str(ask(f, "AKIAALICE", "sts", CAT_QUERY)->user_name, "AKIAALICE");
}

static void an_inactive_key_is_unknown(void **state)
{
    struct fixture *f = *state;
    struct principal p = alice();

    p.is_inactive = true;
    assert_int_equal(identity_put_key(f->e.identity, &p, NULL), 0);
    check_str(ask(f, "AKIAALICE", "sts", CAT_QUERY)->user_name, "alice"); /* who it claimed to be */
    check_str(f->refusal.code, "InvalidClientTokenId");
}

static void a_session_keeps_every_member_and_ends(void **state)
{
    struct fixture *f = *state;
    struct principal p = alice();

    p.type = PRINCIPAL_ASSUMED_ROLE;
    p.is_session = p.mfa = true;
    p.session_created_ms = NOW_MS - 1000;
    p.session_expires_ms = NOW_MS + 1;
    p.issuer_arn = STR("arn:aws:iam::999988887777:role/r");
    p.source_identity = STR("ann");
    p.session_tags = value_map(&f->a);
    value_put_c(&f->a, p.session_tags, "team", "red");
    assert_int_equal(identity_put_key(f->e.identity, &p, NULL), 0);

    const struct principal *got = ask(f, "AKIAALICE", "s3", CAT_REST_XML);
    assert_false(outcome_refused(&f->refusal));
    assert_true(got->is_session && got->mfa && got->type == PRINCIPAL_ASSUMED_ROLE);
    assert_int_equal(got->session_created_ms, NOW_MS - 1000);
    check_str(got->issuer_arn, "arn:aws:iam::999988887777:role/r");
    check_str(got->source_identity, "ann");
    check_str(value_get_str(got->session_tags, "team"), "red");

    p.session_expires_ms = NOW_MS;
    assert_int_equal(identity_put_key(f->e.identity, &p, NULL), 0);
    (void)ask(f, "AKIAALICE", "s3", CAT_REST_XML);
    check_str(f->refusal.code, "ExpiredToken");
    (void)ask(f, "AKIAALICE", "dynamodb", CAT_JSON);
    check_str(f->refusal.code, "ExpiredTokenException");
}

static void verify_knows_root_and_stored_keys_only(void **state)
{
    struct fixture *f = *state;

    f->e.opt.auth = AUTH_VERIFY;
    (void)ask(f, "dev", "dynamodb", CAT_JSON);
    check_str(f->refusal.code, "UnrecognizedClientException");
    (void)ask(f, "dev", "ec2", CAT_EC2);
    check_str(f->refusal.code, "AuthFailure");
    assert_int_equal(f->refusal.status, 401);
    assert_int_equal(ask(f, "444455556666", "sts", CAT_QUERY)->type, PRINCIPAL_ROOT);
    check_str(f->refusal.code, "SignatureDoesNotMatch"); /* signed on another day */
}

static void a_malformed_header_is_incomplete(void **state)
{
    struct fixture *f = *state;

    (void)ask(f, "", "sts", CAT_QUERY);
    check_str(f->refusal.code, "IncompleteSignature");
    (void)ask(f, "", "s3", CAT_REST_XML);
    check_str(f->refusal.code, "AuthorizationHeaderMalformed");
}

static void a_web_token_names_its_caller(void **state)
{
    struct fixture *f = *state;
    /* {"iss":"https://idp/x","aud":["app"],"sub":"u1","exp":5} */
    struct str token = STR("e30.eyJpc3MiOiJodHRwczovL2lkcC94IiwiYXVkIjpbImFwcCJdLCJzdWIiOiJ1MSIs"
                           "ImV4cCI6NX0.sig");
    struct federated_web web;
    struct err err = { 0 };

    check_ok(federated_web(&f->a, token, STR("111122223333"), &web, &err), &err);
    check_str(web.issuer, "idp/x");
    check_str(web.audience, "app");
    check_str(web.subject, "u1");
    check_str(web.provider, "arn:aws:iam::111122223333:oidc-provider/idp/x");
    assert_int_equal(web.expires_ms, 5000);
    /* "exp":9223372036854775807 is far away, and not long ago */
    check_ok(
        federated_web(&f->a,
                      STR("e30.eyJpc3MiOiJpIiwic3ViIjoidSIsImV4cCI6OTIyMzM3MjAzNjg1NDc3NTgwN30."
                          "sig"),
                      STR("1"), &web, &err),
        &err);
    assert_true(web.expires_ms == INT64_MAX);
    assert_int_equal(federated_web(&f->a, STR("a.b"), STR("1"), &web, &err), E_PARSE);
    assert_int_equal(federated_web(&f->a, STR("e30.e30.x"), STR("1"), &web, NULL), E_PARSE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_identity, close_identity)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_number_is_the_root_of_that_account),  TEST(an_unknown_key_is_a_user_named_after_it),
        TEST(nobody_is_let_in_by_s3_only),           TEST(a_key_is_its_owners_until_it_is_dropped),
        TEST(a_key_goes_with_the_call_that_made_it), TEST(an_inactive_key_is_unknown),
        TEST(a_session_keeps_every_member_and_ends), TEST(verify_knows_root_and_stored_keys_only),
        TEST(a_malformed_header_is_incomplete),      TEST(a_web_token_names_its_caller),
    };
    return cmocka_run_group_tests_name("identity", tests, NULL, NULL);
}
