#include "tests/unit/check.h"

#include "core/trail/keys.h"

#define LOG    "AWSLogs/111122223333/CloudTrail/us-east-1/2026/01/02/"
#define DIGEST "AWSLogs/111122223333/CloudTrail-Digest/eu-west-1/2026/01/02/"

static const struct key_case {
    const char *name, *key;
    enum key_kind kind;
    const char *prefix, *org, *region, *trail, *home, *unique;
    int64_t at_ms;
} good[] = {
    { "a log without prefix",
      LOG "111122223333_CloudTrail_us-east-1_20260102T0305Z_abcdEFGH01234567.json.gz", KEY_LOG, "",
      "", "us-east-1", "", "", "abcdEFGH01234567", 1767323100000 },
    { "a prefix may hold slashes",
      "a/AWSLogs/b/" LOG
      "111122223333_CloudTrail_us-east-1_20260102T0305Z_abcdEFGH01234567.json.gz",
      KEY_LOG, "a/AWSLogs/b", "", "us-east-1", "", "", "abcdEFGH01234567", 1767323100000 },
    { "an organization stands before the account",
      "p/AWSLogs/o-abcdefghij/111122223333/CloudTrail/us-east-1/2026/01/02/"
      "111122223333_CloudTrail_us-east-1_20260102T0305Z_abcdEFGH01234567.json.gz",
      KEY_LOG, "p", "o-abcdefghij", "us-east-1", "", "", "abcdEFGH01234567", 1767323100000 },
    { "a digest, its trail named with underscores",
      DIGEST
      "111122223333_CloudTrail-Digest_eu-west-1_my_trail_1_us-east-1_20260102T030507Z.json.gz",
      KEY_DIGEST, "", "", "eu-west-1", "my_trail_1", "us-east-1", "", 1767323107000 },
    { "a backfilled digest",
      DIGEST
      "111122223333_CloudTrail-Digest_eu-west-1_t_us-east-1_20260102T030507Z_backfill.json.gz",
      KEY_DIGEST_BACKFILL, "", "", "eu-west-1", "t", "us-east-1", "", 1767323107000 },
    { "Insights",
      "AWSLogs/111122223333/CloudTrail-Insight/us-east-1/2026/01/02/"
      "111122223333_CloudTrail-Insight_us-east-1_20260102T0305Z_abcdEFGH01234567.json.gz",
      KEY_INSIGHT, "", "", "us-east-1", "", "", "abcdEFGH01234567", 1767323100000 },
};

static void parses_and_writes_back(void **state)
{
    const struct key_case *c = *state;
    struct arena a = { 0 };
    struct err err = { 0 };
    struct trail_key k;
    struct str again;

    check_ok(trail_key_parse(str_c(c->key), &k, &err), &err);
    assert_int_equal(k.kind, c->kind);
    check_str(k.account, "111122223333");
    check_str(k.prefix, c->prefix);
    check_str(k.org_id, c->org);
    check_str(k.region, c->region);
    check_str(k.trail, c->trail);
    check_str(k.home, c->home);
    check_str(k.unique, c->unique);
    assert_true(k.at_ms == c->at_ms);
    check_ok(trail_key_write(&a, &k, &again, &err), &err);
    check_str(again, c->key);
    arena_free(&a);
}

static const char *const bad[] = {
    "",
    "AWSLogs",
    "notes.txt",
    LOG,
    /* another account, region, word or day than the folders say */
    LOG "999922223333_CloudTrail_us-east-1_20260102T0305Z_abcdEFGH01234567.json.gz",
    LOG "111122223333_CloudTrail_us-east-2_20260102T0305Z_abcdEFGH01234567.json.gz",
    LOG "111122223333_CloudTrail-Digest_us-east-1_20260102T0305Z_abcdEFGH01234567.json.gz",
    LOG "111122223333_CloudTrail_us-east-1_20260103T0305Z_abcdEFGH01234567.json.gz",
    /* a time that no clock shows, a name too short, one too long, another ending */
    LOG "111122223333_CloudTrail_us-east-1_20260102T2560Z_abcdEFGH01234567.json.gz",
    LOG "111122223333_CloudTrail_us-east-1_20260102T0305Z_abcdEFGH0123456.json.gz",
    LOG "111122223333_CloudTrail_us-east-1_20260102T0305Z_abcdEFGH012345678.json.gz",
    LOG "111122223333_CloudTrail_us-east-1_20260102T0305Z_abcdEFGH01234567.json",
    /* a slash too many, a digest without its trail, one of a trail that can't be, an
     * account of eleven digits */
    "/" LOG "111122223333_CloudTrail_us-east-1_20260102T0305Z_abcdEFGH01234567.json.gz",
    DIGEST "111122223333_CloudTrail-Digest_eu-west-1_us-east-1_20260102T030507Z.json.gz",
    DIGEST "111122223333_CloudTrail-Digest_eu-west-1_a trail_us-east-1_20260102T030507Z.json.gz",
    ("AWSLogs/11112222333/CloudTrail/us-east-1/2026/01/02/"
     "11112222333_CloudTrail_us-east-1_20260102T0305Z_abcdEFGH01234567.json.gz"),
};

static void what_is_no_key_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct err err = { 0 };
        struct trail_key k;

        if (trail_key_parse(str_c(bad[i]), &k, &err) != E_PARSE)
            fail_msg("taken for a key: %s", bad[i]);
        assert_int_equal(err.code, E_PARSE);
    }
}

static void years_that_a_name_cannot_hold(void **state)
{
    struct arena a = { 0 };
    struct err err = { 0 };
    struct trail_key k = { .kind = KEY_LOG, .at_ms = -1 };
    struct str out;

    (void)state;
    assert_int_equal(trail_key_write(&a, &k, &out, &err), E_LIMIT);
    k.at_ms = 253402300800000;
    assert_int_equal(trail_key_write(&a, &k, &out, NULL), E_LIMIT);
    arena_free(&a);
}

int main(void)
{
    struct CMUnitTest tests[COUNT(good) + 2];

    for (size_t i = 0; i < COUNT(good); i++)
        tests[i] = (struct CMUnitTest){ good[i].name, parses_and_writes_back, NULL, NULL,
                                        (void *)&good[i] };
    tests[COUNT(good)] = (struct CMUnitTest)cmocka_unit_test(what_is_no_key_is_refused);
    tests[COUNT(good) + 1] = (struct CMUnitTest)cmocka_unit_test(years_that_a_name_cannot_hold);
    return cmocka_run_group_tests_name("keys", tests, NULL, NULL);
}
