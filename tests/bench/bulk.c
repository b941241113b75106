/* bulk: plays hours of reading calls into a dataset, and says what it cost.
 *
 *     bulk write DIR EVENTS LEVEL JOBS   -> cpu_s wall_s records text_bytes gzip_bytes files
 * peak_kb bulk compress DIR LEVEL JOBS       -> cpu_s wall_s text_bytes: only compressing the same
 * texts
 *
 * What is called is made up here as cheaply as can be, so that what is measured is the writer: the
 * records are the engine's and the recorder's own.
 */
#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/codec/gzip.h"
#include "core/codec/json.h"
#include "emulator/identity/identity.h"
#include "generator/dataset/prepared.h"

#define START_MS 1767571200000ll /* 2026-01-05T00:00:00Z */
#define SPAN_MS  (6 * 3600000ll) /* files of some megabytes, as a busy account has them */
#define SESSIONS 24
#define ACCOUNT  "111122223333"

static double cpu_s(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double wall_s(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void must(int rc, const struct err *err)
{
    if (rc >= 0)
        return;
    (void)fprintf(stderr, "bulk: %s\n", err->text);
    exit(1);
}

/* Rows without a parameter's %d are one call; those with it are eight. */
static const struct row {
    const char *service, *operation, *params;
    int weight;
} rows[] = {
    { "ec2", "DescribeInstances", "{}", 40 },
    { "ec2", "DescribeSecurityGroups", "{}", 15 },
    { "ec2", "DescribeVolumes", "{}", 12 },
    { "ec2", "DescribeNetworkInterfaces", "{}", 12 },
    { "ec2", "DescribeSubnets", "{}", 8 },
    { "ec2", "DescribeVpcs", "{}", 8 },
    { "ec2", "DescribeTags", "{}", 8 },
    { "ec2", "DescribeRegions", "{}", 8 },
    { "ec2", "DescribeSnapshots", "{}", 4 },
    { "ec2", "DescribeImages", "{}", 3 },
    { "ec2", "DescribeInstances", "{\"InstanceIds\":[\"i-0123456789abcde%d\"]}", 12 },
    { "sts", "GetCallerIdentity", "{}", 25 },
    { "iam", "ListUsers", "{}", 10 },
    { "iam", "ListRoles", "{}", 10 },
    { "iam", "GetUser", "{\"UserName\":\"user-%d\"}", 10 },
    { "iam", "GetRole", "{\"RoleName\":\"role-%d\"}", 14 },
    { "iam", "ListAttachedRolePolicies", "{\"RoleName\":\"role-%d\"}", 8 },
    { "iam", "GetAccountSummary", "{}", 3 },
    { "kms", "ListKeys", "{}", 6 },
    { "kms", "ListAliases", "{}", 6 },
    { "kms", "DescribeKey", "{\"KeyId\":\"alias/key-%d\"}", 18 },
    { "s3", "ListBuckets", "{}", 12 },
    { "s3", "GetBucketLocation", "{\"Bucket\":\"bucket-%d\"}", 12 },
    { "s3", "GetBucketPolicy", "{\"Bucket\":\"bucket-%d\"}", 8 },
    { "s3", "GetObject", "{\"Bucket\":\"bucket-%d\",\"Key\":\"reports/2026/01/data.csv\"}", 60 },
    { "lambda", "ListFunctions", "{}", 8 },
    { "lambda", "GetFunction", "{\"FunctionName\":\"worker-%d\"}", 8 },
    { "rds", "DescribeDBInstances", "{}", 10 },
    { "logs", "DescribeLogGroups", "{}", 10 },
    { "logs", "DescribeLogStreams", "{\"logGroupName\":\"/aws/lambda/worker-%d\"}", 10 },
    { "cloudtrail", "DescribeTrails", "{}", 5 },
    { "cloudwatch", "DescribeAlarms", "{}", 12 },
    { "ssm", "DescribeInstanceInformation", "{}", 8 },
    { "ssm", "GetParameter", "{\"Name\":\"/app/prod/setting-%d\"}", 16 },
    { "secretsmanager", "ListSecrets", "{}", 4 },
    { "secretsmanager", "GetSecretValue", "{\"SecretId\":\"prod/db-%d\"}", 10 },
    { "sqs", "ListQueues", "{}", 5 },
    { "sns", "ListTopics", "{}", 5 },
    { "dynamodb", "DescribeTable", "{\"TableName\":\"orders-%d\"}", 14 },
    { "ecs", "ListClusters", "{}", 6 },
    { "elbv2", "DescribeLoadBalancers", "{}", 10 },
    { "autoscaling", "DescribeAutoScalingGroups", "{}", 10 },
};

struct errand {
    const struct cat_op *op;
    struct value *params;
    uint64_t key;
    const char *region;
    struct str host;
};

struct stage {
    struct arena a;
    struct errand errands[4096];
    size_t count;
    struct principal sessions[SESSIONS];
    char names[SESSIONS][6][128];
    struct str agents[SESSIONS], addresses[SESSIONS];
    struct rng rng;
};

static const char *const agents[] = {
    "aws-cli/2.22.7 md/awscrt#0.23.4 ua/2.0 os/linux#6.1.0 md/arch#x86_64 lang/python#3.12.6 "
    "md/pyimpl#CPython cfg/retry-mode#standard md/installer#exe md/prompt#off md/command#x",
    "Boto3/1.35.90 md/Botocore#1.35.90 ua/2.0 os/linux#5.10.230 md/arch#x86_64 lang/python#3.11.6",
    "APN/1.0 HashiCorp/1.0 Terraform/1.9.8 terraform-provider-aws/5.82.2 aws-sdk-go-v2/1.32.7",
    "aws-sdk-java/2.29.43 md/io#sync md/http#Apache ua/2.1 os/Linux#5.10 lang/java#17.0.13",
};

static void add_errands(struct stage *s, const struct cat *cat, const struct row *row)
{
    static const char *const regions[] = { "us-east-1", "us-east-1", "us-east-1", "eu-west-1" };
    bool varies = strstr(row->params, "%d") != NULL;

    for (int i = 0; i < row->weight; i++) {
        struct errand *n = &s->errands[s->count++];
        struct buf text = { 0 };
        struct err err = { 0 };
        const char *mark = strstr(row->params, "%d");

        n->op = cat_op_find_c(cat, row->service, row->operation);
        if (!n->op) {
            s->count--;
            return;
        }
        buf_add(&text, (struct str){ row->params,
                                     varies ? (size_t)(mark - row->params) : strlen(row->params) });
        if (varies) {
            buf_add_u64(&text, (uint64_t)i % 8);
            buf_add_c(&text, mark + 2);
        }
        must(json_parse(&s->a, arena_copy(&s->a, buf_view(&text)), &n->params, &err), &err);
        n->key = str_hash(buf_view(&text));
        bool global = strcmp(row->service, "iam") == 0;
        n->region = global ? "us-east-1" : regions[(unsigned)i % COUNT(regions)];
        n->host = arena_printf(&s->a, "%s.%s.amazonaws.com", row->service, n->region);
        buf_free(&text);
    }
}

/* A new session in this place: another key, name, address and time of its making. */
static void renew(struct stage *s, size_t i, int64_t now_ms)
{
    struct principal *p = &s->sessions[i];
    char(*n)[128] = s->names[i];
    unsigned x = (unsigned)rng_below(&s->rng, 1u << 20);

    (void)snprintf(n[0], 128, "ASIA5FODNN7EXA%06X", x);
    (void)snprintf(n[1], 128, "AROA5FODNN7EXAMPL%04zX:i-0abc%05x99", i % 6, x);
    (void)snprintf(n[2], 128, "arn:aws:sts::" ACCOUNT ":assumed-role/app-%zu/i-0abc%05x99", i % 6,
                   x);
    (void)snprintf(n[3], 128, "AROA5FODNN7EXAMPL%04zX", i % 6);
    (void)snprintf(n[4], 128, "arn:aws:iam::" ACCOUNT ":role/app-%zu", i % 6);
    (void)snprintf(n[5], 128, "app-%zu", i % 6);
    *p = (struct principal){ .type = PRINCIPAL_ASSUMED_ROLE,
                             .account = STR(ACCOUNT),
                             .access_key_id = str_c(n[0]),
                             .principal_id = str_c(n[1]),
                             .arn = str_c(n[2]),
                             .is_session = true,
                             .session_created_ms = now_ms - now_ms % 1000,
                             .issuer_type = PRINCIPAL_ASSUMED_ROLE,
                             .issuer_id = str_c(n[3]),
                             .issuer_arn = str_c(n[4]),
                             .issuer_account = STR(ACCOUNT),
                             .issuer_user_name = str_c(n[5]) };
    s->addresses[i].ptr = NULL;
    s->agents[i] = str_c(agents[i % COUNT(agents)]);
    static const char *const addresses[] = { "203.0.113.7", "198.51.100.23", "10.0.12.34",
                                             "192.0.2.155", "203.0.113.40" };
    s->addresses[i] = str_c(addresses[x % COUNT(addresses)]);
}

static struct engine_options options(const char *dir)
{
    return (struct engine_options){ .data_dir = dir,
                                    .account = STR(ACCOUNT),
                                    .region = STR("us-east-1"),
                                    .clock_is_virtual = true,
                                    .clock_start_ms = START_MS,
                                    .seeded = true,
                                    .seed = 1,
                                    .deliver_every_ms = 300000,
                                    .digest_every_ms = 3600000 };
}

static void play(struct stage *s, struct dataset *ds, struct engine *e, struct prepared *p,
                 uint64_t events)
{
    struct arena a = { 0 };
    struct err err = { 0 };

    for (uint64_t i = 0; i < events; i++) {
        int64_t now_ms = START_MS + (int64_t)((double)i / (double)events * SPAN_MS);
        size_t who = rng_below(&s->rng, SESSIONS);
        const struct errand *n = &s->errands[rng_below(&s->rng, s->count)];
        struct call call = { .op = n->op,
                             .service = cat_op_service(e->cat, n->op),
                             .region = str_c(n->region),
                             .account = STR(ACCOUNT),
                             .who = &s->sessions[who],
                             .params = n->params,
                             .source_ip = s->addresses[who],
                             .user_agent = s->agents[who],
                             .host = n->host,
                             .door = DOOR_GENERATOR,
                             .auth = AUTH_HEADER,
                             .signature_version = STR("SigV4") };
        struct outcome out = { 0 };
        bool performed;

        call.service_name = cat_str(e->cat, call.service->name);
        call.action = cat_str(e->cat, n->op->name);
        must(dataset_advance(ds, now_ms, &err), &err);
        if (i % 20 == 0)
            renew(s, who, now_ms);
        must(prepared_perform(p, &a, &call, n->key, &out, &performed, &err), &err);
        arena_reset(&a);
    }
    arena_free(&a);
}

static int write_dataset(const char *dir, uint64_t events, int level, unsigned jobs)
{
    struct stage *s = mem_alloc(sizeof *s);
    struct engine_options opt = options(dir);
    struct engine *e;
    struct dataset *ds;
    struct err err = { 0 };
    struct rusage usage;
    struct dataset_options dso = { .dir = dir,
                                   .scenario = STR("bulk"),
                                   .seed = 1,
                                   .start_ms = START_MS,
                                   .end_ms = START_MS + SPAN_MS,
                                   .gzip_level = level,
                                   .jobs = jobs };

    must(dataset_open(&ds, &dso, &err), &err);
    opt.sink = dataset_sink(ds);
    must(engine_open(&e, &opt, &err), &err);
    must(dataset_attach(ds, e, &err), &err);
    rng_init(&s->rng, 1, 1);
    for (size_t i = 0; i < COUNT(rows); i++)
        add_errands(s, e->cat, &rows[i]);
    for (size_t i = 0; i < SESSIONS; i++)
        renew(s, i, START_MS);
    struct prepared *p = prepared_open(ds, e);
    double cpu = cpu_s(), wall = wall_s();
    play(s, ds, e, p, events);
    must(dataset_finish(ds, &err), &err);
    cpu = cpu_s() - cpu;
    wall = wall_s() - wall;
    (void)fprintf(stderr, "performed %llu written %llu disproved %llu\n",
                  (unsigned long long)prepared_counts(p).performed,
                  (unsigned long long)prepared_counts(p).written,
                  (unsigned long long)prepared_counts(p).disproved);
    prepared_close(p);
    must(engine_close(e, &err), &err);
    must(dataset_seal(ds, &err), &err);
    struct dataset_counts c = dataset_counts(ds);
    (void)getrusage(RUSAGE_SELF, &usage);
    (void)printf("%.3f %.3f %llu %llu %llu %llu %ld\n", cpu, wall, (unsigned long long)c.records,
                 (unsigned long long)c.text_bytes, (unsigned long long)c.gzip_bytes,
                 (unsigned long long)c.files, usage.ru_maxrss);
    dataset_close(ds);
    arena_free(&s->a);
    mem_free(s);
    return 0;
}

/* The texts of a dataset's log files, in memory. */
struct texts {
    struct buf *items;
    size_t count, cap;
};

static void gather(struct texts *t, const char *dir)
{
    struct arena a = { 0 };
    struct fs_entry *entries;
    size_t count;
    struct err err = { 0 };

    must(fs_list(&a, dir, &entries, &count, &err), &err);
    for (size_t i = 0; i < count; i++) {
        const char *path = arena_printf(&a, "%s/%.*s", dir, STR_ARG(entries[i].name)).ptr;
        struct buf gzip = { 0 };

        if (entries[i].is_dir) {
            gather(t, path);
            continue;
        }
        if (str_find(entries[i].name, STR("_CloudTrail_")) < 0)
            continue;
        if (t->count == t->cap) {
            t->cap = t->cap ? 2 * t->cap : 64;
            t->items = mem_realloc(t->items, t->cap * sizeof *t->items);
        }
        t->items[t->count] = (struct buf){ 0 };
        must(fs_read(path, &gzip, &err), &err);
        must(gzip_read(buf_view(&gzip), 1u << 30, &t->items[t->count++], NULL, &err), &err);
        buf_free(&gzip);
    }
    arena_free(&a);
}

struct share {
    const struct texts *t;
    size_t first, step;
    int level;
};

static void *compress_share(void *arg)
{
    struct share *s = arg;
    struct buf out = { 0 };
    struct err err = { 0 };

    for (size_t i = s->first; i < s->t->count; i += s->step) {
        buf_clear(&out);
        must(gzip_write(&out, buf_view(&s->t->items[i]), s->level, &err), &err);
    }
    buf_free(&out);
    return NULL;
}

static int compress_only(const char *dir, int level, unsigned jobs)
{
    struct texts t = { 0 };
    struct share shares[64];
    pthread_t threads[64];
    size_t bytes = 0;

    gather(&t, dir);
    double cpu = cpu_s(), wall = wall_s();
    for (unsigned i = 0; i < jobs && i < COUNT(shares); i++) {
        shares[i] = (struct share){ &t, i, jobs, level };
        if (pthread_create(&threads[i], NULL, compress_share, &shares[i]) != 0)
            return 1;
    }
    for (unsigned i = 0; i < jobs && i < COUNT(shares); i++)
        (void)pthread_join(threads[i], NULL);
    cpu = cpu_s() - cpu;
    wall = wall_s() - wall;
    for (size_t i = 0; i < t.count; i++) {
        bytes += t.items[i].len;
        buf_free(&t.items[i]);
    }
    mem_free(t.items);
    (void)printf("%.3f %.3f %zu\n", cpu, wall, bytes);
    return 0;
}

int main(int argc, char **argv)
{
    (void)setenv("MOCKTRAIL_CATALOGUE", "build/catalogue.bin", 0);
    if (argc == 6 && strcmp(argv[1], "write") == 0)
        return write_dataset(argv[2], strtoull(argv[3], NULL, 10), (int)strtol(argv[4], NULL, 10),
                             (unsigned)strtoul(argv[5], NULL, 10));
    if (argc == 5 && strcmp(argv[1], "compress") == 0)
        return compress_only(argv[2], (int)strtol(argv[3], NULL, 10),
                             (unsigned)strtoul(argv[4], NULL, 10));
    (void)fprintf(stderr, "usage: bulk write DIR EVENTS LEVEL JOBS | compress DIR LEVEL JOBS\n");
    return 2;
}
