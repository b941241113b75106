#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/aws/sigv4.h"
#include "core/base/fs.h"
#include "core/codec/gzip.h"
#include "core/codec/json.h"
#include "core/trail/digest.h"
#include "core/trail/keys.h"
#include "core/trail/reader.h"
#include "emulator/identity/identity.h"
#include "emulator/trail/trail.h"
#include "generator/dataset/prepared.h"
#include "tests/unit/check.h"

#define START_MS 1767603600000ll /* 2026-01-05T09:00:00Z */
#define HOUR_MS  3600000ll
#define SEED     7

static const struct principal root = {
    .type = PRINCIPAL_ROOT,
    .account = { "111122223333", 12 },
    .principal_id = { "111122223333", 12 },
    .arn = { "arn:aws:iam::111122223333:root", 30 },
    .access_key_id = { "AKIAIOSFODNN7EXAMPLE", 20 },
};

/* A played hour or two: what is called, in turns. */
static const struct turn {
    const char *service, *operation, *region, *params;
    bool reads;
} turns[] = {
    { "sts", "GetCallerIdentity", "eu-west-1", "{}", true },
    { "iam", "ListUsers", "us-east-1", "{}", true },
    { "ec2", "DescribeInstances", "us-east-1", "{}", true },
    { "iam", "GetUser", "us-east-1", "{\"UserName\":\"nobody\"}", true },
    { "iam", "CreateUser", "us-east-1", "{\"UserName\":\"user-%d\"}", false },
    { "s3", "ListBuckets", "us-east-1", "{}", true },
    { "kms", "ListKeys", "eu-west-1", "{}", true },
};

/* How a run is done. */
struct run {
    const char *dir;
    unsigned jobs, shard, shards;
    int gzip_level, calls;
    int64_t end_ms;
    int stop_after; /* calls; 0: none */
    bool bursts;    /* a trail asks for Insights, and there is something to tell */
    bool tampers;   /* the trail's bucket is closed for a while; it is stopped, started, deleted */
};

struct player {
    struct engine *e;
    struct dataset *ds; /* NULL: the engine delivers by itself */
    struct prepared *p;
    int number;
};

static struct engine_options options(const char *dir)
{
    return (struct engine_options){ .data_dir = dir,
                                    .account = STR("111122223333"),
                                    .region = STR("us-east-1"),
                                    .clock_is_virtual = true,
                                    .clock_start_ms = START_MS,
                                    .seeded = true,
                                    .seed = SEED,
                                    .deliver_every_ms = 300000,
                                    .digest_every_ms = HOUR_MS };
}

/* Whether the call was refused. */
static bool perform(struct player *pl, const struct turn *t)
{
    struct arena a = { 0 };
    struct err err = { 0 };
    struct outcome out = { 0 };
    bool performed;
    struct buf params = { 0 };
    struct call call = { .cat = pl->e->cat,
                         .op = cat_op_find_c(pl->e->cat, t->service, t->operation),
                         .service_name = str_c(t->service),
                         .action = str_c(t->operation),
                         .region = str_c(t->region),
                         .account = root.account,
                         .who = &root,
                         .source_ip = STR("203.0.113.7"),
                         .user_agent = STR("aws-cli/2.22.7"),
                         .host = STR("example.amazonaws.com"),
                         .door = DOOR_GENERATOR,
                         .auth = AUTH_HEADER,
                         .signature_version = STR("SigV4") };

    assert_non_null(call.op);
    call.service = cat_op_service(call.cat, call.op);
    if (strstr(t->params, "%d"))
        buf_printf(&params, "{\"UserName\":\"user-%d\"}", pl->number);
    else
        buf_add_c(&params, t->params);
    check_ok(json_parse(&a, buf_view(&params), &call.params, &err), &err);
    if (pl->p && t->reads) {
        check_ok(
            prepared_perform(pl->p, &a, &call, str_hash(str_c(t->params)), &out, &performed, &err),
            &err);
    } else {
        engine_begin(pl->e, &a, &call);
        check_ok(engine_perform(pl->e, &a, &call, &out, &err), &err);
    }
    bool refused = outcome_refused(&out);
    buf_free(&params);
    arena_free(&a);
    return refused;
}

/* What an intruder does to a trail, at these hundredths of the run. */
static const struct tampering {
    int at_pct;
    struct turn turn;
} tamperings[] = {
    { 5,
      { "s3", "PutBucketPolicy", "us-east-1",
        "{\"Bucket\":\"mocktrail-trail\",\"Policy\":\"{\\\"Version\\\":\\\"2012-10-17\\\","
        "\\\"Statement\\\":[{\\\"Effect\\\":\\\"Deny\\\",\\\"Principal\\\":\\\"*\\\","
        "\\\"Action\\\":\\\"s3:PutObject\\\","
        "\\\"Resource\\\":\\\"arn:aws:s3:::mocktrail-trail/*\\\"}]}\"}",
        false } },
    { 12, { "s3", "DeleteBucketPolicy", "us-east-1", "{\"Bucket\":\"mocktrail-trail\"}", false } },
    { 20, { "cloudtrail", "StopLogging", "us-east-1", "{\"Name\":\"mocktrail\"}", false } },
    { 22, { "cloudtrail", "StartLogging", "us-east-1", "{\"Name\":\"mocktrail\"}", false } },
    { 40, { "cloudtrail", "StopLogging", "us-east-1", "{\"Name\":\"mocktrail\"}", false } },
    { 60, { "cloudtrail", "StartLogging", "us-east-1", "{\"Name\":\"mocktrail\"}", false } },
    { 80, { "cloudtrail", "DeleteTrail", "us-east-1", "{\"Name\":\"mocktrail\"}", false } },
};

static void tamper(struct player *pl, const struct run *r)
{
    for (size_t i = 0; r->tampers && i < COUNT(tamperings); i++)
        if (pl->number == r->calls * tamperings[i].at_pct / 100)
            assert_false(perform(pl, &tamperings[i].turn));
}

/* From nearly the end on, a user is made again and again. */
static void burst(struct player *pl, const struct run *r)
{
    static const struct turn ask = {
        "cloudtrail", "PutInsightSelectors", "us-east-1",
        "{\"TrailName\":\"mocktrail\",\"InsightSelectors\":[{\"InsightType\":"
        "\"ApiCallRateInsight\"},{\"InsightType\":\"ApiErrorRateInsight\"}]}",
        false
    };
    static const struct turn make = { "iam", "CreateUser", "us-east-1", "{\"UserName\":\"burst\"}",
                                      false };

    if (r->bursts && pl->number == 0)
        assert_false(perform(pl, &ask));
    for (int i = 0; r->bursts && i < 12 && pl->number == r->calls * 19 / 20; i++)
        (void)perform(pl, &make); /* the first succeeds */
}

static void play(struct player *pl, const struct run *r)
{
    struct err err = { 0 };
    int calls = r->stop_after ? r->stop_after : r->calls;

    for (pl->number = 0; pl->number < calls; pl->number++) {
        int64_t at = START_MS + (r->end_ms - START_MS) * pl->number / r->calls;

        if (pl->ds)
            check_ok(dataset_advance(pl->ds, at, &err), &err);
        else
            check_ok(engine_advance(pl->e, at, &err), &err);
        tamper(pl, r);
        burst(pl, r);
        (void)perform(pl, &turns[(unsigned)pl->number % COUNT(turns)]); /* some ask in vain */
    }
}

/* What serve would do: journal, deliveries, digests. */
static void emulate(const struct run *r)
{
    struct engine_options opt = options(r->dir);
    struct player pl = { 0 };
    struct err err = { 0 };

    check_ok(engine_open(&pl.e, &opt, &err), &err);
    play(&pl, r);
    check_ok(engine_advance(pl.e, r->end_ms, &err), &err);
    check_ok(trail_flush(pl.e->trail, &err), &err);
    check_ok(engine_close(pl.e, &err), &err);
}

static struct dataset_options dataset_of(const struct run *r)
{
    return (struct dataset_options){ .dir = r->dir,
                                     .scenario = STR("test"),
                                     .run = STR("test"),
                                     .seed = SEED,
                                     .start_ms = START_MS,
                                     .end_ms = r->end_ms,
                                     .gzip_level = r->gzip_level,
                                     .jobs = r->jobs,
                                     .shard = r->shard,
                                     .shards = r->shards };
}

static struct dataset_counts generate(const struct run *r)
{
    struct dataset_options dso = dataset_of(r);
    struct engine_options opt = options(r->dir);
    struct player pl = { 0 };
    struct err err = { 0 };

    check_ok(dataset_open(&pl.ds, &dso, &err), &err);
    opt.sink = dataset_sink(pl.ds);
    check_ok(engine_open(&pl.e, &opt, &err), &err);
    check_ok(dataset_attach(pl.ds, pl.e, &err), &err);
    pl.p = prepared_open(pl.ds, pl.e);
    play(&pl, r);
    if (r->stop_after == 0)
        check_ok(dataset_finish(pl.ds, &err), &err);
    struct dataset_counts counts = dataset_counts(pl.ds);
    struct prepared_counts prepared = prepared_counts(pl.p);
    assert_int_equal(prepared.disproved, 0);
    if (r->stop_after == 0 && r->calls > 100)
        assert_true(prepared.written > (uint64_t)r->calls / 2);
    prepared_close(pl.p);
    if (r->stop_after >
        0) { /* as an interrupt leaves it: some files are there, nothing is finished */
        bool delivers;

        check_ok(dataset_settle(pl.ds, STR("mocktrail-trail"), &delivers, &err), &err);
        assert_true(delivers);
        dataset_close(pl.ds);
        check_ok(engine_close(pl.e, &err), &err);
        return counts;
    }
    check_ok(engine_close(pl.e, &err), &err);
    check_ok(dataset_seal(pl.ds, &err), &err);
    counts = dataset_counts(pl.ds);
    dataset_close(pl.ds);
    return counts;
}

/* Every file below dir: "PATH HASH-LIKE TEXT" is compared by the caller. */
typedef void file_fn(void *arg, struct str path, struct str bytes);

/* What the emulator writes beside the trail, and a dataset has not: metrics and traces. */
static bool is_beside(struct str name)
{
    return str_eq_c(name, "CloudWatch") || str_eq_c(name, "XRay");
}

static void walk(const char *root_dir, struct str dir, file_fn *fn, void *arg)
{
    struct arena a = { 0 };
    struct fs_entry *entries;
    size_t count = 0;
    struct err err = { 0 };
    const char *path = arena_printf(&a, "%s/%.*s", root_dir, STR_ARG(dir)).ptr;

    check_ok(fs_list(&a, path, &entries, &count, &err), &err);
    for (size_t i = 0; i < count; i++) {
        struct str name = arena_printf(&a, "%.*s/%.*s", STR_ARG(dir), STR_ARG(entries[i].name));
        struct buf bytes = { 0 };

        if (entries[i].is_dir && is_beside(entries[i].name))
            continue;
        if (entries[i].is_dir) {
            walk(root_dir, name, fn, arg);
            continue;
        }
        check_ok(fs_read(arena_printf(&a, "%s/%.*s", root_dir, STR_ARG(name)).ptr, &bytes, &err),
                 &err);
        fn(arg, name, buf_view(&bytes));
        buf_free(&bytes);
    }
    arena_free(&a);
}

struct comparing {
    const char *dir;
    bool inflated;
    size_t files;
};

static void inflate_all(struct str bytes, struct buf *out)
{
    struct err err = { 0 };

    check_ok(gzip_read(bytes, 1u << 28, out, NULL, &err), &err);
}

static void same_file(void *arg, struct str path, struct str bytes)
{
    struct comparing *c = arg;
    struct arena a = { 0 };
    struct buf other = { 0 }, x = { 0 }, y = { 0 };
    struct err err = { 0 };

    check_ok(fs_read(arena_printf(&a, "%s/%.*s", c->dir, STR_ARG(path)).ptr, &other, &err), &err);
    if (c->inflated && str_has_suffix(path, STR(".gz"))) {
        inflate_all(bytes, &x);
        inflate_all(buf_view(&other), &y);
        assert_true(str_eq(buf_view(&x), buf_view(&y)));
    } else if (!c->inflated && !str_eq(bytes, buf_view(&other))) {
        fail_msg("%.*s differs", STR_ARG(path));
    }
    c->files++;
    buf_free(&x);
    buf_free(&y);
    buf_free(&other);
    arena_free(&a);
}

static size_t compare(const char *dir, const char *with, const char *top, bool inflated)
{
    struct comparing c = { with, inflated, 0 };

    walk(dir, str_c(top), same_file, &c);
    return c.files;
}

static void the_files_are_those_of_the_emulator(void **state)
{
    struct arena a = { 0 };
    const char *dir = check_dir(&a);
    const char *served = arena_printf(&a, "%s/served", dir).ptr;
    const char *made = arena_printf(&a, "%s/made", dir).ptr;
    struct run r = { .dir = served,
                     .jobs = 2,
                     .gzip_level = 1,
                     .calls = 700,
                     .end_ms = START_MS + 2 * HOUR_MS + 100000 };

    (void)state;
    emulate(&r);
    r.dir = made;
    (void)generate(&r);
    size_t files = compare(served, made, "buckets", true);
    assert_true(files > 17 * 3 + 24);
    assert_int_equal(compare(made, served, "buckets", true), files);
    assert_int_equal(compare(made, served, "meta", true), files);
    check_dir_end(dir);
    arena_free(&a);
}

static void count_insights(void *arg, struct str path, struct str bytes)
{
    struct buf text = { 0 };

    if (str_find(path, STR("/CloudTrail-Insight/")) >= 0) {
        struct str record;

        inflate_all(bytes, &text);
        for (struct record_iter it = record_iter_start(buf_view(&text));
             record_iter_next(&it, &record);)
            ++*(int *)arg;
    }
    buf_free(&text);
}

static void insights_are_those_of_the_emulator(void **state)
{
    struct arena a = { 0 };
    const char *dir = check_dir(&a);
    const char *served = arena_printf(&a, "%s/served", dir).ptr;
    const char *made = arena_printf(&a, "%s/made", dir).ptr;
    int insights = 0;
    struct run r = { .dir = served,
                     .jobs = 2,
                     .gzip_level = 1,
                     .calls = 400,
                     .end_ms = START_MS + 40 * HOUR_MS,
                     .bursts = true };

    (void)state;
    emulate(&r);
    r.dir = made;
    (void)generate(&r);
    size_t files = compare(served, made, "buckets", true);
    assert_int_equal(compare(made, served, "buckets", true), files);
    walk(made, STR("buckets"), count_insights, &insights);
    assert_int_equal(insights, 4); /* start and end, of the rate and of the errors */
    check_dir_end(dir);
    arena_free(&a);
}

static void a_trail_that_is_tampered_with_ends_alike(void **state)
{
    struct arena a = { 0 };
    const char *dir = check_dir(&a);
    const char *served = arena_printf(&a, "%s/served", dir).ptr;
    const char *made = arena_printf(&a, "%s/made", dir).ptr;
    struct run r = { .dir = served,
                     .jobs = 2,
                     .gzip_level = 1,
                     .calls = 300,
                     .end_ms = START_MS + 6 * HOUR_MS,
                     .tampers = true };

    (void)state;
    emulate(&r);
    r.dir = made;
    assert_true(generate(&r).untaken > 50);
    size_t files = compare(served, made, "buckets", true);
    assert_int_equal(compare(made, served, "buckets", true), files);
    check_dir_end(dir);
    arena_free(&a);
}

static void check_threads(int gzip_level)
{
    struct arena a = { 0 };
    const char *dir = check_dir(&a);
    struct run r = { .gzip_level = gzip_level, .calls = 500, .end_ms = START_MS + HOUR_MS };
    const char *dirs[3];

    for (unsigned i = 0; i < 3; i++) {
        r.dir = dirs[i] = arena_printf(&a, "%s/%u", dir, i).ptr;
        r.jobs = i + 1;
        (void)generate(&r);
    }
    for (unsigned i = 1; i < 3; i++) {
        assert_true(compare(dirs[0], dirs[i], "buckets", false) > 20);
        (void)compare(dirs[0], dirs[i], "meta", false);
        struct comparing c = { dirs[i], false, 0 };
        struct buf manifest = { 0 };
        struct err err = { 0 };

        check_ok(fs_read(arena_printf(&a, "%s/manifest.json", dirs[0]).ptr, &manifest, &err), &err);
        same_file(&c, STR("manifest.json"), buf_view(&manifest));
        buf_free(&manifest);
    }
    check_dir_end(dir);
    arena_free(&a);
}

static void any_number_of_threads_gives_the_same_bytes(void **state)
{
    (void)state;
    check_threads(6);
    check_threads(GZIP_FAST);
}

static void shards_are_parts_of_the_whole(void **state)
{
    struct arena a = { 0 };
    const char *dir = check_dir(&a);
    struct run r = { .jobs = 2, .gzip_level = 6, .calls = 200, .end_ms = START_MS + HOUR_MS };
    const char *whole = r.dir = arena_printf(&a, "%s/whole", dir).ptr;
    size_t files = 0;

    (void)state;
    uint64_t records = generate(&r).records, sum = 0;
    for (r.shard = 1, r.shards = 3; r.shard <= r.shards; r.shard++) {
        r.dir = arena_printf(&a, "%s/%u", dir, r.shard).ptr;
        sum += generate(&r).records;
        files += compare(r.dir, whole, "buckets", false);
    }
    assert_int_equal(sum, records);
    assert_int_equal(compare(whole, whole, "buckets", false), files);
    check_dir_end(dir);
    arena_free(&a);
}

static void an_unfinished_run_is_taken_up(void **state)
{
    struct arena a = { 0 };
    const char *dir = check_dir(&a);
    struct run r = { .jobs = 2, .gzip_level = 6, .calls = 300, .end_ms = START_MS + HOUR_MS };
    const char *whole = r.dir = arena_printf(&a, "%s/whole", dir).ptr;
    struct err err = { 0 };
    struct dataset *ds;

    (void)state;
    (void)generate(&r);
    struct dataset_options again = dataset_of(&r);
    assert_int_equal(dataset_open(&ds, &again, &err), E_CONFLICT); /* it is finished */
    r.dir = arena_printf(&a, "%s/part", dir).ptr;
    r.stop_after = 200;
    (void)generate(&r);
    assert_false(fs_is_file(arena_printf(&a, "%s/manifest.json", r.dir).ptr));
    struct dataset_options other = dataset_of(&r);
    other.seed = 8;
    err = (struct err){ 0 };
    assert_int_equal(dataset_open(&ds, &other, &err), E_CONFLICT); /* another run */
    r.stop_after = 0;
    assert_true(generate(&r).kept > 0);
    assert_true(compare(whole, r.dir, "buckets", false) > 20);
    assert_false(fs_is_dir(arena_printf(&a, "%s/unfinished", r.dir).ptr));
    check_dir_end(dir);
    arena_free(&a);
}

/* core/trail's own reader and verifier over every digest and log. */
struct verifying {
    const char *dir;
    size_t digests, logs;
};

static void verify_digest(void *arg, struct str path, struct str bytes)
{
    struct verifying *v = arg;
    struct arena a = { 0 };
    struct buf json = { 0 }, pem = { 0 }, meta = { 0 };
    struct trail_key key;
    struct digest d;
    struct digest_key *public_key;
    struct value *m;
    struct err err = { 0 };
    char hash[65];

    struct str object = str_sub(path, strlen("buckets/mocktrail-trail/"), path.len);
    check_ok(trail_key_parse(object, &key, &err), &err);
    inflate_all(bytes, &json);
    if (key.kind == KEY_LOG) {
        struct record_iter it = record_iter_start(buf_view(&json));
        struct str record;

        while (record_iter_next(&it, &record))
            assert_true(record_member(record, STR("eventID")).len == 38);
        check_ok(record_iter_end(&it, &err), &err);
        v->logs++;
        buf_free(&json);
        arena_free(&a);
        return;
    }
    check_ok(digest_parse(&a, buf_view(&json), &d, &err), &err);
    check_ok(
        fs_read(arena_printf(&a, "%s/meta/mocktrail-trail/%.*s.json", v->dir, STR_ARG(object)).ptr,
                &meta, &err),
        &err);
    check_ok(json_parse(&a, buf_view(&meta), &m, &err), &err);
    check_ok(fs_read(arena_printf(&a, "%s/keys/%.*s-%.*s.pub.pem", v->dir, STR_ARG(key.region),
                                  STR_ARG(d.fingerprint))
                         .ptr,
                     &pem, &err),
             &err);
    check_ok(digest_key_read_pem(&public_key, buf_view(&pem), &err), &err);
    sha256_hex(buf_view(&json), hash);
    check_ok(digest_verify(public_key, digest_string_to_sign(&a, &d, str_c(hash)),
                           value_get_str(value_get_c(m, "Metadata"), "signature"), &err),
             &err);
    digest_key_free(public_key);
    v->digests++;
    buf_free(&json);
    buf_free(&pem);
    buf_free(&meta);
    arena_free(&a);
}

static void digests_are_signed(void **state)
{
    struct arena a = { 0 };
    const char *dir = check_dir(&a);
    struct run r = { .dir = arena_printf(&a, "%s/x", dir).ptr,
                     .jobs = 3,
                     .gzip_level = 6,
                     .calls = 100,
                     .end_ms = START_MS + 3 * HOUR_MS };
    struct verifying v = { .dir = r.dir };

    (void)state;
    (void)generate(&r);
    walk(r.dir, STR("buckets"), verify_digest, &v);
    assert_true(v.digests == 17 * 3);
    assert_true(v.logs > 30);
    check_dir_end(dir);
    arena_free(&a);
}

int main(void)
{
    struct CMUnitTest tests[] = {
        cmocka_unit_test(the_files_are_those_of_the_emulator),
        cmocka_unit_test(insights_are_those_of_the_emulator),
        cmocka_unit_test(a_trail_that_is_tampered_with_ends_alike),
        cmocka_unit_test(any_number_of_threads_gives_the_same_bytes),
        cmocka_unit_test(shards_are_parts_of_the_whole),
        cmocka_unit_test(an_unfinished_run_is_taken_up),
        cmocka_unit_test(digests_are_signed),
    };

    if (!getenv("MOCKTRAIL_CATALOGUE"))
        (void)setenv("MOCKTRAIL_CATALOGUE", "build/catalogue.bin", 1);
    return cmocka_run_group_tests_name("dataset", tests, NULL, NULL);
}
