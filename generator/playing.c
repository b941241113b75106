#include "generator/playing.h"

#include <stdio.h>

#include "core/base/version.h"
#include "generator/operand.h"
#include "generator/play/door_http.h"
#include "generator/play/play.h"
#include "generator/progress.h"

struct playing {
    struct str endpoint, root_secret, config;
    double speed;
    uint64_t seed;
    int64_t start_ms, end_ms; /* INT64_MIN: the scenario's */
    bool allow_remote, control;

    struct scenario scenario;
    struct arena arena;
    struct cat *cat;
    struct door *door;
    struct play play;
    struct progress progress;
};

static int parse_base(struct arena *a, struct str text, void *field, struct err *err)
{
    while (str_has_suffix(text, STR("/")))
        text.len--;
    if ((!str_has_prefix(text, STR("http://")) && !str_has_prefix(text, STR("https://"))) ||
        str_has_suffix(text, STR(":")))
        return err_set(err, E_PARSE, "a URL such as http://127.0.0.1:4566");
    *(struct str *)field = arena_copy(a, text);
    return 0;
}

static int parse_speed(struct arena *a, struct str text, void *field, struct err *err)
{
    double speed = 0;

    (void)a; /* numbers need no memory */
    if (!str_eq_c(text, "max") && (!str_to_f64(text, &speed) || !(speed > 0) || speed > 1e9))
        return err_set(err, E_PARSE, "a number above 0, or max");
    *(double *)field = speed;
    return 0;
}

static const struct option rows[] = {
#define OPTION(name, arg, fallback, parse, field, help)                                            \
    { name, arg, fallback, help, parse, offsetof(struct playing, field) },
#define FLAG(name, field, help) { name, NULL, NULL, help, NULL, offsetof(struct playing, field) },
#include "generator/playing.def"
#undef OPTION
#undef FLAG
};

const struct option_set play_options = {
    .command = "play",
    .about = "Plays a scenario as signed HTTP calls against a running endpoint.",
    .rows = rows,
    .count = COUNT(rows),
    .operands = "SCENARIO",
    .section = "play",
};

static void on_progress(void *arg, int64_t now_ms)
{
    struct playing *g = arg;

    progress_show(&g->progress, now_ms, g->play.errands);
}

static int play(struct playing *g, struct err *err)
{
    struct play *p = &g->play;
    bool stopped;
    int rc = play_check(&g->scenario, g->cat, err);

    if (rc == 0)
        rc = play_open(p, &g->scenario, g->door, &g->arena, g->seed, err);
    p->progress = on_progress;
    p->arg = g;
    progress_open(&g->progress, g->scenario.start_ms, g->scenario.end_ms);
    if (rc == 0)
        rc = play_setup(p, err);
    if (rc == 0)
        rc = play_run(p, &stopped, err);
    progress_close(&g->progress);
    play_close(p);
    return rc;
}

static int open_door(struct playing *g, struct err *err)
{
    struct door_http_options opt = {
        .base = g->endpoint,
        .root_secret = g->root_secret,
        .controls = g->control,
        .speed = g->speed,
        .begin_ms = g->scenario.start_ms - PLAY_SETUP_MS,
        .start_ms = g->scenario.start_ms,
    };
    int rc = cat_open(&g->cat, NULL, err);

    opt.cat = g->cat;
    return rc < 0 ? rc : door_http_open(&g->door, &opt, err);
}

static int run(struct playing *g, const char *name, struct err *err)
{
    int rc = scenario_load(&g->arena, name, &g->scenario, err);

    if (rc == 0)
        rc = scenario_settle(&g->scenario, g->start_ms, g->end_ms, err);
    if (rc < 0)
        return rc;
    if (g->endpoint.len == 0)
        return err_set(err, E_PARSE, "expected --endpoint URL");
    if (!g->allow_remote && !door_http_is_loopback(g->endpoint))
        return err_set(err, E_PARSE,
                       "--endpoint %.*s is another machine: expected this one, or --allow-remote",
                       STR_ARG(g->endpoint));
    rc = open_door(g, err);
    if (rc == 0)
        rc = play(g, err);
    if (rc == 0)
        (void)printf("%llu calls made; %llu that only AWS itself can make were left out\n",
                     (unsigned long long)(g->play.errands - door_http_left_out(g->door)),
                     (unsigned long long)(g->play.passed_by + door_http_left_out(g->door)));
    door_http_close(g->door);
    cat_close(g->cat);
    return rc;
}

int play_main(int argc, char **argv)
{
    struct playing g = { .start_ms = INT64_MIN, .end_ms = INT64_MIN };
    struct err err = { 0 };
    const char *name = NULL;
    int rc = operand_read(&g.arena, &play_options, argc, argv, &g, &name, &err);

    if (rc == OPTIONS_HELP)
        options_help(&play_options, stdout);
    if (rc == OPTIONS_VERSION)
        (void)printf("mocktrail %s\n", MOCKTRAIL_VERSION);
    if (rc == OPTIONS_GO)
        rc = run(&g, name, &err);
    if (rc < 0)
        (void)fprintf(stderr, "mocktrail play: %s\n", err.text);
    arena_free(&g.arena);
    if (rc >= 0)
        return 0;
    return rc == E_IO ? 1 : 2;
}
