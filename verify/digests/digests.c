#include "verify/digests/digests.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/aws/arn.h"
#include "core/aws/region.h"
#include "core/base/clock.h"
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "verify/command.h"
#include "verify/digests/chain.h"
#include "verify/report/report.h"

struct time_choice {
    bool is_given;
    int64_t ms;
};

struct asked {
    struct str keys, endpoint, region, account, trail_arn, json, junit;
    struct time_choice start, end;
    bool plain;
};

static int parse_time(struct arena *a, struct str text, void *field, struct err *err)
{
    struct time_choice *t = field;

    (void)a; /* numbers need no memory */
    t->is_given = true;
    if (clock_parse_written(text, &t->ms, NULL) < 0)
        return err_set(err, E_PARSE, "a time such as 2026-01-05T09:00:00Z");
    return 0;
}

static const struct option rows[] = {
    { "keys", "PATH", NULL,
      "public keys: a directory of *.pub.pem, a PEM file, or what aws cloudtrail list-public-keys "
      "printed (*.json); without it those of a data directory, else ListPublicKeys is asked",
      option_text, offsetof(struct asked, keys) },
    { "start", "TIME", NULL, "only digests from then on; without it all", parse_time,
      offsetof(struct asked, start) },
    { "end", "TIME", NULL, "only digests up to an hour behind it", parse_time,
      offsetof(struct asked, end) },
    { "region", "REGION", NULL, "only the events of this region; also to sign calls for",
      option_text, offsetof(struct asked, region) },
    { "account-id", "ACCOUNT", NULL, "only this account's", option_text,
      offsetof(struct asked, account) },
    { "trail-arn", "ARN", NULL, "only this trail", option_text, offsetof(struct asked, trail_arn) },
    { "endpoint", "URL", NULL, "of S3 and of ListPublicKeys; without it AWS", option_text,
      offsetof(struct asked, endpoint) },
    { "plain", NULL, NULL, "only what validate-logs looks at: no lines of ours", NULL,
      offsetof(struct asked, plain) },
    { "json", "FILE", NULL, "write the counts of each chain as JSON; - is standard output",
      option_text, offsetof(struct asked, json) },
    { "junit", "FILE", NULL, "write a test case for each chain as JUnit XML", option_text,
      offsetof(struct asked, junit) },
};
const struct option_set digests_options = {
    "verify digests",
    "Is each chain of digests whole? The verdicts are those of aws cloudtrail validate-logs.",
    rows,
    COUNT(rows),
    "PATH...",
    "verify-digests",
};

struct log_file {
    struct str bucket, key, prefix, org_id, account, region;
    int64_t at_ms;
};

struct run {
    const struct asked *asked;
    struct arena arena;
    struct chain_trail *trails;
    size_t trail_count, trail_cap;
    struct log_file *logs;
    size_t log_count, log_cap;
    struct source *source;
    struct source_reader *reader;
    struct public_keys keys;
    struct aws_client *aws; /* NULL: keys come from files */
    struct report report;
    struct value *chains;
    struct buf detail; /* what is bad in the chain being walked */
    int64_t last_ms;   /* of any digest */
    bool is_quiet;     /* standard output is for JSON */
    bool is_bad;
};

/* ---- which chains there are ---- */

static bool is_of(const struct chain_trail *t, const struct source_file *f)
{
    return str_eq(t->bucket, f->bucket) && str_eq(t->prefix, f->at.prefix) &&
           str_eq(t->org_id, f->at.org_id) && str_eq(t->account, f->at.account) &&
           str_eq(t->region, f->at.region) && str_eq(t->trail, f->at.trail) &&
           str_eq(t->home, f->at.home);
}

static struct chain_trail *trail_of(struct run *run, const struct source_file *f)
{
    for (size_t i = run->trail_count; i-- > 0;) /* files of one trail follow each other */
        if (is_of(&run->trails[i], f))
            return &run->trails[i];
    if (run->trail_count == run->trail_cap) {
        run->trail_cap = run->trail_cap ? 2 * run->trail_cap : 16;
        run->trails = mem_realloc(run->trails, run->trail_cap * sizeof *run->trails);
    }
    run->trails[run->trail_count] = (struct chain_trail){
        .bucket = f->bucket,
        .account = f->at.account,
        .region = f->at.region,
        .trail = f->at.trail,
        .home = f->at.home,
        .prefix = f->at.prefix,
        .org_id = f->at.org_id,
    };
    return &run->trails[run->trail_count++];
}

static void add_digest(struct run *run, const struct source_file *f)
{
    struct chain_trail *t = trail_of(run, f);
    bool is_backfill = f->at.kind == KEY_DIGEST_BACKFILL;
    struct chain_digest **list = is_backfill ? &t->backfill : &t->standard;
    size_t *count = is_backfill ? &t->backfill_count : &t->standard_count;

    if ((*count & (*count - 1)) == 0) /* full at each power of two */
        *list = mem_realloc(*list, (*count ? 2 * *count : 1) * sizeof **list);
    (*list)[(*count)++] = (struct chain_digest){ f->key, f->name, f->at.at_ms };
    run->last_ms = f->at.at_ms > run->last_ms ? f->at.at_ms : run->last_ms;
}

static void add_log(struct run *run, const struct source_file *f)
{
    if (run->log_count == run->log_cap) {
        run->log_cap = run->log_cap ? 2 * run->log_cap : 64;
        run->logs = mem_realloc(run->logs, run->log_cap * sizeof *run->logs);
    }
    run->logs[run->log_count++] =
        (struct log_file){ f->bucket,     f->key,       f->at.prefix, f->at.org_id,
                           f->at.account, f->at.region, f->at.at_ms };
}

static bool is_asked_for(const struct run *run, const struct source_file *f)
{
    const struct asked *q = run->asked;
    struct arn arn;

    if ((q->region.len && !str_eq(q->region, f->at.region)) ||
        (q->account.len && !str_eq(q->account, f->at.account)))
        return false;
    if (f->kind != SOURCE_DIGEST || q->trail_arn.len == 0 ||
        arn_parse(q->trail_arn, &arn, NULL) < 0)
        return true;
    struct str head, name;

    return str_cut(arn.resource, '/', &head, &name) && str_eq(name, f->at.trail) &&
           str_eq(arn.region, f->at.home);
}

/* What lies in the time that is asked for. Source: validation.py, load_all_digest_keys_in_range. */
static void keep_range(struct chain_digest *list, size_t *count, int64_t start_ms, int64_t end_ms)
{
    size_t n = 0;

    for (size_t i = 0; i < *count; i++)
        if (list[i].at_ms >= start_ms && list[i].at_ms <= end_ms + 3600 * 1000)
            list[n++] = list[i];
    *count = n;
}

static int by_key(const void *x, const void *y)
{
    return str_cmp(((const struct chain_digest *)x)->key, ((const struct chain_digest *)y)->key);
}

/* In byte order of their keys, wherever they were found. The same digest twice is not one chain. */
static int order_digests(struct chain_digest *list, size_t count, struct err *err)
{
    if (count > 0)
        qsort(list, count, sizeof *list, by_key);
    for (size_t i = 1; i < count; i++)
        if (by_key(&list[i - 1], &list[i]) == 0)
            return err_set(err, E_CONFLICT,
                           "%.*s and %.*s: two copies of one trail; verify one at a time",
                           STR_ARG(list[i - 1].file), STR_ARG(list[i].file));
    return 0;
}

static int order_chains(struct run *run, struct err *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < run->trail_count; i++) {
        const struct chain_trail *t = &run->trails[i];

        rc = order_digests(t->standard, t->standard_count, err);
        if (rc == 0)
            rc = order_digests(t->backfill, t->backfill_count, err);
    }
    return rc;
}

static int find_chains(struct run *run, struct err *err)
{
    const struct source_file *f;
    int rc;

    while ((rc = source_next(run->source, &f, err)) == 1) {
        if (f->kind == SOURCE_DIGEST && is_asked_for(run, f))
            add_digest(run, f);
        else if (f->kind == SOURCE_LOG && is_asked_for(run, f))
            add_log(run, f);
    }
    return rc < 0 ? rc : order_chains(run, err);
}

/* ---- keys ---- */

/* keys/ of the first data directory among the paths. */
static struct str own_keys(struct arena *a, const struct str *paths, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct str dir = arena_copy(a, paths[i]), head, tail;

        for (;;) {
            struct str keys = arena_printf(a, "%.*s/keys", STR_ARG(dir));

            if (fs_is_dir(keys.ptr) && fs_is_dir(arena_printf(a, "%.*s/buckets", STR_ARG(dir)).ptr))
                return keys;
            if (!str_rcut(dir, '/', &head, &tail) || head.len == 0)
                break;
            dir = head;
        }
    }
    return STR("");
}

static int find_keys(struct run *run, const struct str *paths, size_t count, struct err *err)
{
    const struct asked *q = run->asked;
    struct aws_options opt = { q->endpoint, q->region };
    struct str keys = q->keys;

    if (keys.len == 0 && q->endpoint.len == 0)
        keys = own_keys(&run->arena, paths, count);
    if (keys.len)
        return public_keys_load(&run->keys, keys, err);
    struct err why = { 0 };
    int rc = aws_open(&run->aws, &opt, &why);

    return rc < 0 ? err_set(err, rc, "no --keys, and %s", why.text) : 0;
}

/* ---- one chain ---- */

static void print_line(void *arg, struct str text)
{
    struct run *run = arg;

    if (!run->is_quiet)
        (void)printf("%.*s\n", STR_ARG(text)); /* seen by fflush at the end */
    if (str_find(text, STR("\tvalid")) >= 0)
        return;
    buf_add(&run->detail, text);
    buf_add_char(&run->detail, '\n');
}

static void ratio(const struct run *run, uint64_t valid, uint64_t invalid, const char *name)
{
    unsigned long long all = valid + invalid;

    if (all == 0 || run->is_quiet)
        return;
    (void)printf("%llu/%llu %s files valid", (unsigned long long)valid, all, name);
    if (invalid)
        (void)printf(", %llu/%llu %s files INVALID", (unsigned long long)invalid, all, name);
    (void)printf("\n");
}

static void summary(const struct run *run, const struct chain_run *c)
{
    const struct chain_counts *n = &c->counts;
    char from[CLOCK_ISO_SIZE], to[CLOCK_ISO_SIZE];
    bool has_valid = n->valid_digests + n->valid_backfill > 0;

    if (run->is_quiet)
        return;
    clock_iso(c->start_ms, from);
    clock_iso(c->end_ms, to);
    (void)printf("\nResults requested for %s to %s\n", from, to);
    if (!has_valid && n->invalid_digests + n->invalid_backfill == 0) {
        (void)printf("No digests found\n\n");
        return;
    }
    clock_iso(c->found_start_ms, from);
    clock_iso(c->found_end_ms, to);
    if (c->has_found)
        (void)printf("Results found for %s to %s:\n\n", from, to);
    else
        (void)printf("No valid digests found in range\n\n");
    ratio(run, n->valid_digests, n->invalid_digests, "digest");
    ratio(run, n->valid_backfill, n->invalid_backfill, "backfill digest");
    ratio(run, n->valid_logs, n->invalid_logs, "log");
    if (n->noted)
        (void)printf("(mocktrail) %llu more findings that validate-logs has no eye for\n",
                     (unsigned long long)n->noted);
    (void)printf("\n");
}

static int by_text(const void *x, const void *y)
{
    return str_cmp(*(const struct str *)x, *(const struct str *)y);
}

static bool has_key(const struct chain_keys *k, struct str key)
{
    return k->count > 0 && bsearch(&key, k->keys, k->count, sizeof key, by_text);
}

/* Logs in the bucket that no valid digest lists, of a time for which there are digests. */
static void check_unlisted(struct run *run, struct chain_run *c)
{
    const struct chain_trail *t = c->trail;
    int64_t until_ms = t->standard_count ? t->standard[t->standard_count - 1].at_ms : INT64_MIN;

    if (c->listed.count)
        qsort(c->listed.keys, c->listed.count, sizeof *c->listed.keys, by_text);
    if (c->doubted.count)
        qsort(c->doubted.keys, c->doubted.count, sizeof *c->doubted.keys, by_text);
    for (size_t i = 0; i < run->log_count && c->has_beyond; i++) {
        const struct log_file *f = &run->logs[i];

        if (!str_eq(f->bucket, t->bucket) || !str_eq(f->prefix, t->prefix) ||
            !str_eq(f->org_id, t->org_id) || !str_eq(f->account, t->account) ||
            !str_eq(f->region, t->region) || has_key(&c->listed, f->key))
            continue;
        if (has_key(&c->doubted, f->key))
            chain_unlisted(c, f->key, "not verified: only an invalid digest lists it");
        else if (c->has_found && f->at_ms >= c->found_start_ms && f->at_ms + 900000 < until_ms)
            chain_unlisted(c, f->key, "not verified: no valid digest lists it");
    }
}

static void keep_result(struct run *run, const struct chain_run *c, struct str arn)
{
    struct arena *a = &run->report.arena;
    const struct chain_counts *n = &c->counts;
    uint64_t invalid = n->invalid_digests + n->invalid_backfill + n->invalid_logs;
    struct value *v = value_map(a);
    struct report_case one = {
        .suite = STR("verify digests"),
        .name = arena_printf(a, "%.*s in %.*s", STR_ARG(arn), STR_ARG(c->trail->region)),
        .verdict = invalid + n->noted ? REPORT_FAILED : REPORT_PASSED,
    };

    if (one.verdict == REPORT_FAILED)
        one.message = arena_printf(a, "%llu files invalid, %llu more findings",
                                   (unsigned long long)invalid, (unsigned long long)n->noted);
    one.detail = buf_view(&run->detail);
    report_case(&run->report, &one);
    value_put_str(a, v, "trail", arena_copy(a, arn));
    value_put_str(a, v, "region", arena_copy(a, c->trail->region));
    value_put_str(a, v, "bucket", arena_copy(a, c->trail->bucket));
    value_put_int(a, v, "validDigests", (int64_t)n->valid_digests);
    value_put_int(a, v, "invalidDigests", (int64_t)n->invalid_digests);
    value_put_int(a, v, "validBackfillDigests", (int64_t)n->valid_backfill);
    value_put_int(a, v, "invalidBackfillDigests", (int64_t)n->invalid_backfill);
    value_put_int(a, v, "validLogs", (int64_t)n->valid_logs);
    value_put_int(a, v, "invalidLogs", (int64_t)n->invalid_logs);
    value_put_int(a, v, "noted", (int64_t)n->noted);
    value_push(run->chains, v);
    run->is_bad |= one.verdict == REPORT_FAILED;
}

static struct str arn_of(struct run *run, const struct chain_trail *t)
{
    if (run->asked->trail_arn.len)
        return run->asked->trail_arn;
    return arena_printf(&run->arena, "arn:%.*s:cloudtrail:%.*s:%.*s:trail/%.*s",
                        STR_ARG(region_partition(t->home)), STR_ARG(t->home), STR_ARG(t->account),
                        STR_ARG(t->trail));
}

static int ask_for_keys(struct run *run, const struct chain_run *c, struct err *err)
{
    char from[CLOCK_ISO_SIZE], to[CLOCK_ISO_SIZE];
    int64_t end_ms = c->end_ms + 2 * 3600 * 1000;

    if (!run->aws)
        return 0;
    public_keys_free(&run->keys);
    int rc = public_keys_ask(&run->keys, run->aws, c->trail->region, c->start_ms, end_ms, err);

    if (rc < 0 || run->keys.count > 0)
        return rc;
    clock_iso(c->start_ms, from);
    clock_iso(end_ms, to);
    return err_set(err, E_MISSING, "No public keys found between %s and %s", from, to);
}

static int walk_chain(struct run *run, struct chain_trail *t, struct err *err)
{
    int64_t now_ms = clock_machine_ms(), last_ms = run->last_ms > now_ms ? run->last_ms : now_ms;
    struct chain_run c = {
        .trail = t,
        .reader = run->reader,
        .keys = &run->keys,
        .aws = run->aws,
        .start_ms = run->asked->start.ms,
        .end_ms = run->asked->end.is_given ? run->asked->end.ms : last_ms,
        .has_beyond = !run->asked->plain,
        .out = { run, print_line },
    };
    struct str arn = arn_of(run, t);
    char from[CLOCK_ISO_SIZE], to[CLOCK_ISO_SIZE];

    clock_iso(c.start_ms, from);
    clock_iso(c.end_ms, to);
    keep_range(t->standard, &t->standard_count, c.start_ms, c.end_ms);
    keep_range(t->backfill, &t->backfill_count, c.start_ms, c.end_ms);
    buf_clear(&run->detail);
    if (!run->is_quiet)
        (void)printf("Validating log files for trail %.*s between %s and %s\n\n", STR_ARG(arn),
                     from, to);
    int rc = ask_for_keys(run, &c, err);

    if (rc == 0)
        rc = chain_walk(&c, err);
    if (rc == 0) {
        check_unlisted(run, &c);
        summary(run, &c);
        keep_result(run, &c, arn);
    }
    chain_free(&c);
    return rc;
}

/* ---- the command ---- */

static void run_free(struct run *run)
{
    for (size_t i = 0; i < run->trail_count; i++) {
        mem_free(run->trails[i].standard);
        mem_free(run->trails[i].backfill);
    }
    mem_free(run->trails);
    mem_free(run->logs);
    source_reader_close(run->reader);
    source_close(run->source);
    public_keys_free(&run->keys);
    aws_close(run->aws);
    report_free(&run->report);
    buf_free(&run->detail);
    arena_free(&run->arena);
}

static int judge(struct run *run, const struct str *paths, size_t count, struct err *err)
{
    const struct asked *q = run->asked;
    struct source_options opt = { q->endpoint, q->region };
    int rc = source_open(&run->source, &opt, paths, count, err);

    if (rc < 0)
        return rc;
    run->reader = source_reader_open(run->source);
    rc = find_chains(run, err);
    if (rc == 0 && run->trail_count == 0)
        rc = err_set(err, E_MISSING, "no digests: expected keys below AWSLogs/ACCOUNT/%s",
                     "CloudTrail-Digest/");
    if (rc == 0)
        rc = find_keys(run, paths, count, err);
    for (size_t i = 0; rc == 0 && i < run->trail_count; i++)
        rc = walk_chain(run, &run->trails[i], err);
    if (rc < 0)
        return rc;
    struct value *extra = value_map(&run->report.arena);

    value_set(extra, STR("chains"), run->chains);
    return report_write(&run->report, q->junit, q->json, extra, err);
}

static int verify(struct arena *a, void *asked, const struct str *paths, size_t count,
                  struct err *err)
{
    struct asked *q = asked;
    struct run run = { .asked = q, .is_quiet = q->json.len && str_eq_c(q->json, "-") };

    (void)a; /* all lives in the run */
    if (count == 0)
        return err_set(err, E_PARSE, "expected a PATH: what is to be verified");
    if (q->start.is_given && q->end.is_given && q->start.ms > q->end.ms)
        return err_set(err, E_PARSE, "--start must not be behind --end");
    report_init(&run.report);
    run.chains = value_list(&run.report.arena);
    int rc = judge(&run, paths, count, err);
    bool is_bad = run.is_bad;

    if (rc == 0 && fflush(stdout) != 0)
        rc = err_sys(err, "write", "standard output");
    run_free(&run);
    return rc < 0 ? rc : is_bad;
}

int digests_main(int argc, char **argv)
{
    struct asked q = { 0 };

    return command_run(&(struct command){ &digests_options, &q, verify }, argc, argv);
}
