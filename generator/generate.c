#include "generator/generate.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/fs.h"
#include "core/base/version.h"
#include "core/codec/gzip.h"
#include "core/codec/json.h"
#include "emulator/engine/engine.h"
#include "generator/dataset/dataset.h"
#include "generator/expected.h"
#include "generator/operand.h"
#include "generator/play/door_engine.h"
#include "generator/play/play.h"
#include "generator/progress.h"

#define PACE_EVENTS 20000 /* so many are tried out first */
#define PACE_TRIES  16

struct shard {
    unsigned number, count; /* count 0: all */
};

struct generate {
    struct str out, json, config;
    uint64_t seed, events;
    unsigned jobs;
    int64_t start_ms, end_ms; /* INT64_MIN: the scenario's */
    struct shard shard;
    int gzip_level;
    bool check;

    struct scenario scenario;
    struct arena arena; /* the scenario's and the play's */
    struct dataset *dataset;
    struct engine *engine;
    struct door *door;
    struct prepared *prepared;
    struct play play;
    struct progress progress;
    bool is_stopped, is_trial;
};

static int parse_shard(struct arena *a, struct str text, void *field, struct err *err)
{
    struct str number, count;
    int64_t i = 0, n = 0;

    (void)a; /* numbers need no memory */
    if (!str_cut(text, '/', &number, &count) || !str_to_i64(number, &i) || !str_to_i64(count, &n) ||
        i < 1 || i > n || n > 4096)
        return err_set(err, E_PARSE, "I/N with I from 1 to N, such as 1/4");
    *(struct shard *)field = (struct shard){ (unsigned)i, (unsigned)n };
    return 0;
}

static int parse_jobs(struct arena *a, struct str text, void *field, struct err *err)
{
    int64_t n;

    (void)a; /* numbers need no memory */
    if (!str_to_i64(text, &n) || n < 1 || n > 256)
        return err_set(err, E_PARSE, "a number from 1 to 256");
    *(unsigned *)field = (unsigned)n;
    return 0;
}

static int parse_gzip_level(struct arena *a, struct str text, void *field, struct err *err)
{
    int64_t n = 0;

    (void)a; /* numbers need no memory */
    if (str_eq_c(text, "fast"))
        n = GZIP_FAST;
    else if (!str_to_i64(text, &n) || n < 1 || n > 9)
        return err_set(err, E_PARSE, "a number from 1 to 9, or fast");
    *(int *)field = (int)n;
    return 0;
}

static const struct option rows[] = {
#define OPTION(name, arg, fallback, parse, field, help)                                            \
    { name, arg, fallback, help, parse, offsetof(struct generate, field) },
#define FLAG(name, field, help) { name, NULL, NULL, help, NULL, offsetof(struct generate, field) },
#include "generator/generate.def"
#undef OPTION
#undef FLAG
};

const struct option_set generate_options = {
    .command = "generate",
    .about = "Plays a scenario and writes a dataset: log files, digests, labels, findings.",
    .rows = rows,
    .count = COUNT(rows),
    .operands = "SCENARIO",
    .section = "generate",
};

/* Ctrl-C: the signals are blocked, and looked at between two calls. */
static bool should_stop(void *arg)
{
    const struct generate *g = arg;
    static const struct timespec at_once = { 0, 0 };
    sigset_t stop;

    (void)g;
    (void)sigemptyset(&stop);
    (void)sigaddset(&stop, SIGINT);
    (void)sigaddset(&stop, SIGTERM);
    return sigtimedwait(&stop, NULL, &at_once) > 0;
}

static void on_progress(void *arg, int64_t now_ms)
{
    struct generate *g = arg;
    struct dataset_counts counts = dataset_counts(g->dataset);

    progress_show(&g->progress, now_ms, counts.records);
}

static struct str run_of(struct generate *g)
{
    return arena_printf(&g->arena, "%s %.*s events %llu", MOCKTRAIL_VERSION,
                        STR_ARG(g->scenario.hash), (unsigned long long)g->scenario.events);
}

static int open_all(struct generate *g, struct err *err)
{
    struct dataset_options opt = {
        .dir = g->out.ptr,
        .scenario = g->scenario.name,
        .run = run_of(g),
        .seed = g->seed,
        .start_ms = g->scenario.start_ms,
        .end_ms = g->scenario.end_ms,
        .gzip_level = g->gzip_level,
        .jobs = g->jobs,
        .shard = g->shard.number,
        .shards = g->shard.count,
        .no_digests = g->is_trial,
    };
    struct engine_options engine = {
        .data_dir = g->out.ptr,
        .account = g->scenario.accounts->id,
        .region = g->scenario.home_region,
        .clock_is_virtual = true,
        .clock_start_ms = g->scenario.start_ms - PLAY_SETUP_MS,
        .seeded = true,
        .seed = g->seed,
        .no_default_trail = true,
        .deliver_every_ms = 300000,
        .digest_every_ms = 3600000,
    };
    int rc = dataset_open(&g->dataset, &opt, err);

    if (rc < 0)
        return rc;
    g->door = door_engine_open(&g->scenario, g->dataset);
    engine.sink = door_engine_sink(g->door);
    rc = engine_open(&g->engine, &engine, err);
    if (rc == 0)
        rc = dataset_attach(g->dataset, g->engine, err);
    if (rc < 0)
        return rc;
    g->prepared = prepared_open(g->dataset, g->engine);
    door_engine_attach(g->door, g->engine, g->prepared);
    return 0;
}

static void close_all(struct generate *g)
{
    struct err ignored = { 0 };

    prepared_close(g->prepared);
    dataset_close(g->dataset);
    if (g->engine) /* only after a failure, which was told, or an interrupt */
        (void)engine_close(g->engine, &ignored);
    door_engine_close(g->door);
}

static int perform(struct generate *g, struct err *err)
{
    struct play *p = &g->play;
    int rc = play_check(&g->scenario, g->engine->cat, err);

    if (rc == 0)
        rc = play_open(p, &g->scenario, g->door, &g->arena, g->seed, err);
    p->should_stop = should_stop;
    p->progress = g->is_trial ? NULL : on_progress;
    p->arg = g;
    if (rc == 0)
        rc = play_setup(p, err);
    if (rc == 0)
        rc = play_run(p, &g->is_stopped, err);
    if (rc == 0 && !g->is_stopped)
        rc = expected_put(g->dataset, p, err);
    play_close(p);
    return rc;
}

static int finish(struct generate *g, struct err *err)
{
    int rc = dataset_finish(g->dataset, err);

    if (rc < 0)
        return rc;
    prepared_close(g->prepared);
    g->prepared = NULL;
    rc = engine_close(g->engine, err);
    g->engine = NULL;
    return rc < 0 ? rc : dataset_seal(g->dataset, err);
}

static int save_summary(struct generate *g, struct err *err)
{
    struct dataset_counts c = dataset_counts(g->dataset);
    struct value *v = value_map(&g->arena);
    struct arena *a = &g->arena;
    struct buf text = { 0 };

    if (g->json.len == 0)
        return 0;
    value_put_str(a, v, "scenario", g->scenario.name);
    value_put_int(a, v, "seed", (int64_t)g->seed);
    value_put_time(a, v, "start", g->scenario.start_ms);
    value_put_time(a, v, "end", g->scenario.end_ms);
    value_put_int(a, v, "records", (int64_t)c.records);
    value_put_int(a, v, "files", (int64_t)c.files);
    value_put_int(a, v, "digests", (int64_t)c.digests);
    value_put_int(a, v, "text_bytes", (int64_t)c.text_bytes);
    value_put_int(a, v, "gzip_bytes", (int64_t)c.gzip_bytes);
    value_put_int(a, v, "calls", (int64_t)g->play.errands);
    json_write_pretty(&text, v, 2);
    buf_add_char(&text, '\n');
    int rc = fs_replace(g->json.ptr, buf_view(&text), err);
    buf_free(&text);
    return rc;
}

static int generate(struct generate *g, struct err *err)
{
    int rc = open_all(g, err);

    if (rc == 0) {
        progress_open(&g->progress, g->scenario.start_ms, g->scenario.end_ms);
        rc = perform(g, err);
    }
    if (rc == 0 && !g->is_stopped)
        rc = finish(g, err);
    progress_close(&g->progress);
    if (rc == 0 && !g->is_stopped) {
        struct dataset_counts c = dataset_counts(g->dataset);

        (void)printf("%llu events in %llu files and %llu digests: %.*s\n",
                     (unsigned long long)c.records, (unsigned long long)c.files,
                     (unsigned long long)c.digests, STR_ARG(g->out));
        rc = save_summary(g, err);
    }
    close_all(g);
    return rc;
}

/* Play it all without keeping anything: how many records come of it? */
static int count_records(struct generate *g, int64_t *out, struct err *err)
{
    const char *tmp = getenv("TMPDIR");
    struct generate trial = *g;

    trial.arena = (struct arena){ 0 };
    trial.is_trial = true;
    trial.shard = (struct shard){ 0, 0 };
    trial.out = arena_printf(&trial.arena, "%s/mocktrail-trial-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp((char *)trial.out.ptr)) { /* the arena's copy */
        int rc = err_sys(err, "make", trial.out.ptr);

        arena_free(&trial.arena);
        return rc;
    }
    int rc = open_all(&trial, err);

    if (rc == 0)
        rc = perform(&trial, err);
    if (rc == 0)
        *out = (int64_t)dataset_counts(trial.dataset).records;
    g->is_stopped = trial.is_stopped;
    close_all(&trial);
    (void)fs_remove_tree(trial.out.ptr, NULL); /* what is left lies in the temporary directory */
    arena_free(&trial.arena);
    return rc;
}

/* --events N is a promise: N at least and 2 % more at most. Stories and trails that are stopped are
 * hard to foretell, so a small number is tried out until it holds; a large one has room enough. */
static int find_pace(struct generate *g, struct err *err)
{
    int64_t wanted = (int64_t)g->events, most = wanted + wanted / 50, got = 0;
    int64_t below = INT64_MIN, above = INT64_MAX; /* aims that made too few, and too many */

    for (int i = 0; i < PACE_TRIES; i++) {
        int64_t *aim = &g->scenario.events_more;
        int rc = count_records(g, &got, err);

        if (rc < 0 || g->is_stopped || (got >= wanted && got <= most))
            return rc;
        if (got < wanted)
            below = *aim;
        else
            above = *aim;
        if (below != INT64_MIN && above != INT64_MAX)
            *aim = below + (above - below) / 2;
        else
            *aim += (wanted + most) / 2 - got;
    }
    return err_set(err, E_PARSE, "--events %lld: %s makes %lld, and can't come nearer",
                   (long long)wanted, g->scenario.file, (long long)got);
}

static int check_only(struct generate *g, struct err *err)
{
    struct cat *cat;
    int rc = cat_open(&cat, NULL, err);

    if (rc < 0)
        return rc;
    rc = play_check(&g->scenario, cat, err);
    cat_close(cat);
    if (rc == 0)
        (void)printf("%s: a scenario\n", g->scenario.file);
    return rc;
}

static int run(struct generate *g, const char *name, struct err *err)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    sigset_t stop;
    int rc = scenario_load(&g->arena, name, &g->scenario, err);

    if (rc == 0)
        rc = scenario_settle(&g->scenario, g->start_ms, g->end_ms, err);
    if (rc < 0)
        return rc;
    if (g->events > 0)
        g->scenario.events = (int64_t)g->events;
    if (g->check)
        return check_only(g, err);
    if (g->out.len == 0)
        return err_set(err, E_PARSE, "expected --out DIR");
    if (g->jobs == 0)
        g->jobs = cores > 0 ? (unsigned)cores : 1;
    (void)sigemptyset(&stop);
    (void)sigaddset(&stop, SIGTERM);
    (void)sigaddset(&stop, SIGINT);
    (void)pthread_sigmask(SIG_BLOCK, &stop, NULL); /* before any thread is made */
    if (g->events > 0 && g->events <= PACE_EVENTS)
        rc = find_pace(g, err);
    return rc < 0 || g->is_stopped ? rc : generate(g, err);
}

int generate_main(int argc, char **argv)
{
    struct generate g = { .start_ms = INT64_MIN, .end_ms = INT64_MIN };
    struct err err = { 0 };
    const char *name = NULL;
    int rc = operand_read(&g.arena, &generate_options, argc, argv, &g, &name, &err), code = 0;

    if (rc == OPTIONS_HELP)
        options_help(&generate_options, stdout);
    if (rc == OPTIONS_VERSION)
        (void)printf("mocktrail %s\n", MOCKTRAIL_VERSION);
    if (rc == OPTIONS_GO)
        rc = run(&g, name, &err);
    if (rc < 0)
        (void)fprintf(stderr, "mocktrail generate: %s\n", err.text);
    if (rc < 0)
        code = rc == E_IO ? 1 : 2;
    if (g.is_stopped) {
        (void)fprintf(stderr, "mocktrail generate: interrupted; the same command goes on in %.*s\n",
                      STR_ARG(g.out));
        code = 1;
    }
    arena_free(&g.arena);
    return code;
}
