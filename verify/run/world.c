#include "verify/replay/faults.h"
#include "verify/run/feed.h"
#include "verify/run/world.h"

#include <limits.h>
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/fs.h"
#include "core/codec/json.h"
#include "verify/source/source.h"

extern char **environ;

enum { HELPER_US = 600000000, SERVER_US = 60000000, PLACES = 24 };

bool world_has_server(const struct world *w)
{
    return w->suite->tool.feed >= FEED_S3 && w->suite->tool.feed < FEED_WEBHOOK;
}

/* ---- our own program as a helper ---- */

static int run_helper(struct world *w, const char *const *argv, const char *what, struct err *err)
{
    struct child c;
    const char *log = arena_printf(w->arena, "%.*s/%s.log", STR_ARG(w->work), what).ptr;
    int rc = child_start(&c, &(struct child_options){ argv, NULL, NULL, -1, log }, err);

    if (rc < 0)
        return rc;
    bool ended = child_wait(&c, clock_monotonic_us() + HELPER_US);
    int code = ended ? child_exit_code(&c) : -1;

    child_free(&c);
    if (code == 0)
        return 0;
    struct buf said = { 0 };

    (void)fs_read(log, &said, NULL); /* nothing said: the code tells */
    struct str text = str_trim(buf_view(&said));

    rc = err_set(err, E_PARSE, "%s failed: %.*s", what, STR_ARG(text));
    buf_free(&said);
    return rc;
}

static int generate(struct world *w, struct err *err)
{
    const char *argv[] = { w->self,
                           "generate",
                           w->suite->scenario.ptr,
                           "--out",
                           w->dataset.ptr,
                           "--seed",
                           arena_printf(w->arena, "%llu", (unsigned long long)w->suite->seed).ptr,
                           NULL };

    return run_helper(w, argv, "generate", err);
}

const char *const *world_replay(const struct world *w, struct suite_words to, unsigned into,
                                struct str times)
{
    const struct suite_words *f = &w->suite->faults;
    const char **argv = arena_array(w->arena, 20 + 2 * (f->count + to.count), sizeof *argv);
    size_t n = 0;

    argv[n++] = w->self;
    argv[n++] = "replay";
    argv[n++] = w->dataset.ptr;
    for (size_t i = 0; i < to.count; i++) {
        argv[n++] = "--to";
        argv[n++] = to.items[i].ptr;
    }
    argv[n++] = "--seed";
    argv[n++] = arena_printf(w->arena, "%llu", (unsigned long long)w->suite->seed).ptr;
    if (times.len > 0) {
        argv[n++] = "--times";
        argv[n++] = times.ptr;
    }
    if (w->suite->speed.len > 0 && times.len > 0) {
        argv[n++] = "--speed";
        argv[n++] = w->suite->speed.ptr;
    }
    if (!into && w->region.len > 0) {
        argv[n++] = "--region";
        argv[n++] = w->region.ptr;
    }
    for (size_t i = 0; i < f->count; i++) {
        if (into && !fault_shows(f->items[i], into))
            continue;
        argv[n++] = "--fault";
        argv[n++] = f->items[i].ptr;
    }
    return argv;
}

static int replay_to(struct world *w, struct str dir, struct err *err)
{
    struct str to = arena_printf(w->arena, "dir:%.*s", STR_ARG(dir));

    return run_helper(w, world_replay(w, (struct suite_words){ &to, 1 }, TO_DIR, STR("")), "replay",
                      err);
}

/* ---- what there is to name ---- */

static void add_region(struct world *w, struct str region)
{
    struct str rest = w->regions, one;

    while (rest.len > 0) {
        (void)str_cut(rest, ' ', &one, &rest); /* the last one has no blank behind it */
        if (str_eq(one, region))
            return;
    }
    w->regions = arena_printf(w->arena, "%.*s%s%.*s", STR_ARG(w->regions),
                              w->regions.len > 0 ? " " : "", STR_ARG(region));
}

static void look_at(struct world *w, const struct source_file *f)
{
    struct arena *a = w->arena;

    if (f->kind == SOURCE_LOG && w->bucket.len == 0) {
        w->bucket = arena_copy(a, f->bucket);
        w->prefix = arena_copy(a, f->at.prefix);
        w->account = arena_copy(a, f->at.account);
        w->region = arena_copy(a, f->at.region);
    }
    if (f->kind == SOURCE_LOG)
        add_region(w, f->at.region);
    if (f->kind == SOURCE_DIGEST && w->trail_arn.len == 0)
        w->trail_arn =
            arena_printf(a, "arn:aws:cloudtrail:%.*s:%.*s:trail/%.*s", STR_ARG(f->at.home),
                         STR_ARG(f->at.account), STR_ARG(f->at.trail));
}

static int find_places(struct world *w, struct err *err)
{
    struct source *s;
    const struct source_file *f;
    int rc = source_open(&s, &(struct source_options){ .region = STR("") }, &w->tree, 1, err);

    if (rc < 0)
        return rc;
    while ((rc = source_next(s, &f, err)) == 1)
        look_at(w, f);
    source_close(s);
    return rc;
}

/* The dataset's time, as its manifest has it. */
static int find_times(struct world *w, struct err *err)
{
    struct buf text = { 0 };
    struct value *v = NULL;
    int64_t ms;
    int rc =
        fs_read(arena_printf(w->arena, "%.*s/manifest.json", STR_ARG(w->dataset)).ptr, &text, NULL);

    if (rc == 0)
        rc = json_parse(w->arena, arena_copy(w->arena, buf_view(&text)), &v, err);
    buf_free(&text);
    if (rc == E_MISSING)
        return 0; /* a copy of a bucket, say */
    w->start = value_get_str(v, "start");
    if (rc == 0 && clock_parse(value_get_str(v, "end"), &ms, NULL) == 0)
        w->end = value_get_str(v, "end");
    return rc;
}

/* A port that is free now, for a tool that listens. */
static unsigned free_port(int type)
{
    struct sockaddr_in at = { .sin_family = AF_INET,
                              .sin_addr = { .s_addr = htonl(INADDR_LOOPBACK) } };
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    unsigned port = 0;

    if (fd < 0)
        return 0;
    if (bind(fd, (struct sockaddr *)&at, sizeof at) == 0 &&
        getsockname(fd, (struct sockaddr *)&at, &size) == 0)
        port = ntohs(at.sin_port);
    (void)close(fd);
    return port;
}

static int make_work(struct world *w, struct str work, struct err *err)
{
    const char *tmp = getenv("TMPDIR");
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

    if (n <= 0)
        return err_sys(err, "read", "/proc/self/exe");
    w->self = arena_copy(w->arena, (struct str){ self, (size_t)n }).ptr;
    w->work = work;
    if (work.len > 0) {
        char real[PATH_MAX];
        int rc = fs_mkdirs(work.ptr, err);

        if (rc < 0)
            return rc;
        if (!realpath(work.ptr, real)) /* the tool runs elsewhere, and is told of it */
            return err_sys(err, "open", work.ptr);
        w->work = arena_copy(w->arena, str_c(real));
        return 0;
    }
    w->work = arena_printf(w->arena, "%s/mocktrail-run-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    w->is_temporary = mkdtemp((char *)w->work.ptr) != NULL; /* the arena's copy */
    return w->is_temporary ? 0 : err_sys(err, "make", w->work.ptr);
}

int world_open(struct world *w, struct arena *a, const struct suite *suite, struct str work,
               struct err *err)
{
    *w = (struct world){ .arena = a, .suite = suite, .server = { .out_fd = -1 } };
    int rc = make_work(w, work, err);

    if (rc < 0)
        return rc;
    w->dataset = suite->dataset;
    if (suite->scenario.len > 0) {
        w->dataset = arena_printf(a, "%.*s/dataset", STR_ARG(w->work));
        rc = fs_remove_tree(w->dataset.ptr, err);
        if (rc == 0)
            rc = generate(w, err);
    } else if (!fs_is_dir(w->dataset.ptr)) {
        rc = err_set(err, E_MISSING, "dataset: %.*s is no directory", STR_ARG(w->dataset));
    }
    w->tree = arena_printf(a, "%.*s/tree", STR_ARG(w->work));
    if (rc == 0)
        rc = fs_remove_tree(w->tree.ptr, err);
    if (rc == 0)
        rc = replay_to(w, w->tree, err);
    if (rc == 0)
        rc = find_places(w, err);
    if (rc == 0)
        rc = find_times(w, err);
    if (rc == 0)
        w->tool_port = free_port(suite->tool.feed == FEED_XRAY ? SOCK_DGRAM : SOCK_STREAM);
    return rc;
}

void world_close(struct world *w)
{
    struct buf lines = { 0 };

    world_end(w, &lines);
    buf_free(&lines);
    if (w->is_temporary)
        (void)fs_remove_tree(w->work.ptr, NULL); /* what is left lies in the temporary directory */
}

/* ---- the server ---- */

/* The dataset with the trail's files as they are offered; a daemon gets them later, one by one. */
static int copy_data(struct world *w, struct err *err)
{
    struct arena *a = w->arena;
    int rc = fs_remove_tree(w->served.ptr, err);

    if (rc == 0)
        rc = fs_copy_tree(w->dataset.ptr, w->served.ptr, err);
    if (rc < 0 || w->suite->tool.feed == FEED_LOOKUP)
        return rc;
    struct str objects =
        arena_printf(a, "%.*s/buckets/%.*s", STR_ARG(w->served), STR_ARG(w->bucket));

    rc = fs_remove_tree(objects.ptr, err);
    if (rc == 0)
        rc = fs_remove_tree(
            arena_printf(a, "%.*s/meta/%.*s", STR_ARG(w->served), STR_ARG(w->bucket)).ptr, err);
    if (rc == 0)
        rc = fs_mkdirs(objects.ptr, err);
    if (rc == 0 && w->suite->tool.mode == MODE_ONESHOT && !feed_goes_first(w->suite->tool.feed))
        rc = replay_to(w, w->served, err);
    return rc;
}

static int start_server(struct world *w, struct err *err)
{
    struct arena *a = w->arena;
    const char *log = arena_printf(a, "%.*s/serve.log", STR_ARG(w->work)).ptr;
    const char *argv[] = { w->self,
                           "serve",
                           "--listen",
                           "127.0.0.1:0",
                           "--data",
                           w->served.ptr,
                           "--no-default-trail",
                           "--account",
                           w->account.ptr,
                           NULL,
                           NULL,
                           NULL };
    struct str ready = STR("listening on "), said, head;

    if (w->end.len > 0) {
        argv[9] = "--clock";
        argv[10] = arena_printf(a, "virtual:%.*s", STR_ARG(w->end)).ptr;
    }
    int rc = child_start(&w->server, &(struct child_options){ argv, NULL, NULL, -1, log }, err);

    if (rc < 0)
        return rc;
    if (!child_says(&w->server, STR("\n"), clock_monotonic_us() + SERVER_US))
        return err_set(err, E_IO, "serve did not start: see %s", log);
    (void)str_cut(buf_view(&w->server.out), '\n', &said, &head); /* the line is whole */
    if (!str_has_prefix(said, ready))
        return err_set(err, E_IO, "serve says '%.*s'", STR_ARG(said));
    w->endpoint = arena_copy(a, str_sub(said, ready.len, said.len));
    return follow_start(&w->follow, w->endpoint, err);
}

int world_begin(struct world *w, unsigned repeat, struct err *err)
{
    w->out = arena_printf(w->arena, "%.*s/out-%u", STR_ARG(w->work), repeat + 1);
    w->served = arena_printf(w->arena, "%.*s/served", STR_ARG(w->work));
    w->endpoint = w->queue_url = w->queue_name = w->log_group = w->topic_arn = STR("");
    int rc = fs_remove_tree(w->out.ptr, err);

    if (rc == 0)
        rc = fs_mkdirs(w->out.ptr, err);
    if (rc == 0 && w->suite->tool.collect == COLLECT_SINK)
        rc = sink_start(&w->sink, err);
    if (rc == 0 && world_has_server(w))
        rc = copy_data(w, err);
    if (rc == 0 && world_has_server(w))
        rc = start_server(w, err);
    if (rc == 0 && world_has_server(w))
        rc = feed_open(w, err);
    return rc;
}

void world_end(struct world *w, struct buf *lines)
{
    child_stop(&w->server, SERVER_US / 1000);
    follow_end(w->follow, lines);
    w->follow = NULL;
    child_free(&w->server);
    w->server = (struct child){ .out_fd = -1 };
    sink_stop(w->sink);
    w->sink = NULL;
}

/* ---- places ---- */

static size_t list_places(const struct world *w, struct place out[PLACES])
{
    struct arena *a = w->arena;
    struct str host = w->endpoint, rest;
    ptrdiff_t at = str_find(w->endpoint, STR("://"));
    unsigned sink = w->sink ? sink_port(w->sink) : 0;

    if (at >= 0)
        (void)str_cut(str_sub(w->endpoint, (size_t)at + 3, w->endpoint.len), '/', &host, &rest);
    const struct place all[] = {
        { "endpoint", w->endpoint },
        { "host", host },
        { "port", arena_printf(a, "%u", w->tool_port) },
        { "bucket", w->bucket },
        { "queue_url", w->queue_url },
        { "queue_name", w->queue_name },
        { "log_group", w->log_group },
        { "topic_arn", w->topic_arn },
        { "prefix", w->prefix },
        { "tree", w->tree },
        { "account", w->account },
        { "region", w->region },
        { "regions", w->regions },
        { "trail_arn", w->trail_arn },
        { "start", w->start },
        { "end", w->end },
        { "rules", w->suite->tool.rules_dir },
        { "work", w->work },
        { "out", w->out },
        { "dir", w->suite->dir.len > 0 ? w->suite->dir : STR(".") },
        { "seed", arena_printf(a, "%llu", (unsigned long long)w->suite->seed) },
        { "sink_url", sink ? arena_printf(a, "http://127.0.0.1:%u/", sink) : STR("") },
    };
    _Static_assert(COUNT(all) <= PLACES, "room for each place");

    memcpy(out, all, sizeof all);
    return COUNT(all);
}

static const struct place *place_of(const struct place *all, size_t count, struct str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq_c(name, all[i].name))
            return &all[i];
    return NULL;
}

/* {name} where name is a place; other braces stay, for they may be the tool's. */
struct str world_text(const struct world *w, struct str text)
{
    struct place all[PLACES];
    size_t count = list_places(w, all);
    struct buf out = { 0 };

    for (size_t i = 0; i < text.len; i++) {
        struct str name, rest;
        bool closed =
            text.ptr[i] == '{' && str_cut(str_sub(text, i + 1, text.len), '}', &name, &rest);
        const struct place *p = closed ? place_of(all, count, name) : NULL;

        if (p) {
            buf_add(&out, p->text);
            i += name.len + 1;
        } else {
            buf_add_char(&out, text.ptr[i]);
        }
    }
    struct str filled = arena_copy(w->arena, buf_view(&out));

    buf_free(&out);
    return filled;
}

const char *const *world_command(const struct world *w, const struct suite_words *words)
{
    const char **argv = arena_array(w->arena, words->count + 1, sizeof *argv);

    for (size_t i = 0; i < words->count; i++)
        argv[i] = world_text(w, words->items[i]).ptr;
    return argv;
}

/* ---- the environment ---- */

/* What would lead a tool elsewhere: proxies, profiles, another account. */
static bool is_taken_away(struct str entry)
{
    static const char *const prefixes[] = { "AWS_", "MOCKTRAIL_", "HOME=",
                                            "TZ=",  "NO_PROXY=",  "no_proxy=" };
    struct str name, value;

    for (size_t i = 0; i < COUNT(prefixes); i++)
        if (str_has_prefix(entry, str_c(prefixes[i])))
            return true;
    (void)str_cut(entry, '=', &name, &value);
    return name.len > 6 && str_eq_nocase(str_sub(name, name.len - 6, 6), STR("_proxy"));
}

const char *const *world_env(const struct world *w)
{
    struct arena *a = w->arena;
    size_t count = 0, n = 0;

    while (environ[count])
        count++;
    const char **env = arena_array(
        a, count + 32 + (w->suite->tool.env ? w->suite->tool.env->count : 0), sizeof *env);

    for (size_t i = 0; i < count; i++)
        if (!is_taken_away(str_c(environ[i])))
            env[n++] = environ[i];
    if (w->endpoint.len > 0)
        env[n++] = arena_printf(a, "AWS_ENDPOINT_URL=%.*s", STR_ARG(w->endpoint)).ptr;
    env[n++] = arena_printf(a, "AWS_ACCESS_KEY_ID=%.*s", STR_ARG(w->account)).ptr;
    env[n++] = "AWS_SECRET_ACCESS_KEY=test";
    env[n++] = arena_printf(a, "AWS_REGION=%.*s", STR_ARG(w->region)).ptr;
    env[n++] = arena_printf(a, "AWS_DEFAULT_REGION=%.*s", STR_ARG(w->region)).ptr;
    env[n++] = "AWS_EC2_METADATA_DISABLED=true";
    env[n++] = arena_printf(a, "AWS_CONFIG_FILE=%.*s/none", STR_ARG(w->work)).ptr;
    env[n++] = arena_printf(a, "AWS_SHARED_CREDENTIALS_FILE=%.*s/none", STR_ARG(w->work)).ptr;
    env[n++] = "AWS_PAGER=";
    env[n++] = arena_printf(a, "HOME=%.*s", STR_ARG(w->work)).ptr;
    env[n++] = "TZ=UTC";
    env[n++] = "NO_PROXY=127.0.0.1,localhost";
    for (const struct value *v = value_first(w->suite->tool.env); v; v = v->next)
        env[n++] = arena_printf(a, "%.*s=%.*s", STR_ARG(v->name),
                                STR_ARG(world_text(w, value_to_text(a, v))))
                       .ptr;
    return env;
}
