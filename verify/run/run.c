#include "verify/run/run.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include <curl/curl.h>

#include "core/base/clock.h"
#include "core/base/fs.h"
#include "core/codec/json.h"
#include "verify/command.h"
#include "verify/run/builtin.h"
#include "verify/run/feed.h"
#include "verify/run/show.h"
#include "verify/run/world.h"

enum { EXIT_GOOD = 0, EXIT_MISMATCH = 1, EXIT_CRASH = 3, EXIT_TIMEOUT = 4, EXIT_UNSTABLE = 5 };
enum { STOP_MS = 10000, TICK_MS = 50 };

struct options {
    struct str json, junit, html, work;
    uint64_t repeat;
};

static const struct option rows[] = {
    { "json", "FILE", NULL, "everything, as JSON", option_text, offsetof(struct options, json) },
    { "junit", "FILE", NULL, "a case for each expected finding", option_text,
      offsetof(struct options, junit) },
    { "html", "FILE", NULL, "a page with a timeline and a technique matrix", option_text,
      offsetof(struct options, html) },
    { "work", "DIR", NULL, "keep what the run makes: the tree, outputs, logs", option_text,
      offsetof(struct options, work) },
    { "repeat", "N", "0", "instead of the suite's repeat", option_u64,
      offsetof(struct options, repeat) },
};
static const struct option_set set = { "verify run",
                                       "a tool against a dataset, end to end: what it missed, "
                                       "invented, lost or saw too late",
                                       rows,
                                       COUNT(rows),
                                       "SUITE.yaml",
                                       "verify-run" };

/* One run of the tool. */
struct once {
    struct world *w;
    const struct suite *suite;
    struct truth *truth;
    struct got_list got;
    struct ledger ledger;
    int64_t started_us, started_ms; /* monotonic; the machine's */
    int code;                       /* an exit code of ours; EXIT_GOOD: judge it */
};

static int64_t since(const struct once *o, int64_t at_us)
{
    return (at_us - o->started_us) / 1000;
}

/* ---- hearing ---- */

/* Whole lines, each with the time of the piece that ended it. */
static int hear_stdout(struct once *o, const struct child *c, struct err *err)
{
    struct str out = buf_view(&c->out);
    size_t from = 0;
    int rc = 0;

    if (o->suite->tool.format != FORMAT_JSONL && o->suite->tool.format != FORMAT_REGEX)
        return got_read(&o->got, &o->suite->tool, out, since(o, clock_monotonic_us()), err);
    for (size_t i = 0; rc == 0 && i < c->piece_count; i++) {
        size_t end = c->pieces[i].end;

        while (end > from && i + 1 < c->piece_count && out.ptr[end - 1] != '\n')
            end--;
        rc = got_read(&o->got, &o->suite->tool, str_sub(out, from, end - from),
                      since(o, c->pieces[i].at_us), err);
        from = end;
    }
    return rc;
}

static int hear_file(struct once *o, struct err *err)
{
    struct buf text = { 0 };
    struct str path = world_text(o->w, o->suite->tool.file);
    struct err why = { 0 };
    int rc = fs_read(path.ptr, &text, err);

    if (rc == 0)
        rc = got_read(&o->got, &o->suite->tool, buf_view(&text), since(o, clock_monotonic_us()),
                      &why);
    if (why.code < 0)
        rc = err_set(err, why.code, "%s: %s", path.ptr, why.text);
    buf_free(&text);
    return rc;
}

struct hearing {
    struct once *o;
    int rc;
    struct err *err;
};

static void hear_body(void *arg, struct str body, int64_t at_us)
{
    struct hearing *h = arg;

    if (h->rc == 0)
        h->rc = got_read(&h->o->got, &h->o->suite->tool, body, since(h->o, at_us), h->err);
}

static int hear(struct once *o, const struct child *c, struct err *err)
{
    struct hearing h = { o, 0, err };

    switch (o->suite->tool.collect) {
    case COLLECT_STDOUT:
        return hear_stdout(o, c, err);
    case COLLECT_FILE:
        return hear_file(o, err);
    case COLLECT_SINK:
        sink_take(o->w->sink, hear_body, &h);
        return h.rc;
    case COLLECT_EXIT:
        if (child_exit_code(c) == EXIT_MISMATCH)
            got_add(&o->got, o->suite->tool.exit_rule)->reported_ms =
                since(o, clock_monotonic_us());
        return 0;
    }
    return 0;
}

/* ---- running ---- */

static bool is_good_exit(const struct suite_tool *tool, int code)
{
    int64_t n;

    if (tool->exit_codes.count == 0)
        return code == 0 || (tool->collect == COLLECT_EXIT && code == EXIT_MISMATCH);
    for (size_t i = 0; i < tool->exit_codes.count; i++)
        if (str_to_i64(tool->exit_codes.items[i], &n) && n == code)
            return true;
    return false;
}

static void tell_crash(const struct once *o, int code)
{
    const char *log = arena_printf(o->w->arena, "%.*s/tool.log", STR_ARG(o->w->out)).ptr;
    struct buf said = { 0 };

    (void)fs_read(log, &said, NULL); /* it may have said nothing */
    struct str tail = str_trim(buf_view(&said));

    if (tail.len > 600)
        tail = str_sub(tail, tail.len - 600, 600);
    if (code < 0)
        (void)fprintf(stderr, "the tool was ended by signal %d\n", -code);
    else
        (void)fprintf(stderr, "the tool ended with %d%s\n", code,
                      code == 127 ? ": is it installed?" : "");
    if (tail.len > 0)
        (void)fprintf(stderr, "%.*s\n", STR_ARG(tail));
    buf_free(&said);
}

static int tell_replay(const char *log, struct err *err)
{
    struct buf said = { 0 };

    (void)fs_read(log, &said, NULL); /* nothing said: nothing is told */
    struct str text = str_trim(buf_view(&said));
    int rc = err_set(err, E_IO, "the deliveries failed: %.*s", STR_ARG(text));

    buf_free(&said);
    return rc;
}

/* A helper of ours to its end; what it printed is kept in a file when out_path is given. */
static int replay(struct once *o, struct suite_words to, const char *out_path, int64_t deadline_us,
                  struct err *err)
{
    struct world *w = o->w;
    struct str times = arena_printf(w->arena, "%.*s/times", STR_ARG(w->out));
    const char *log = arena_printf(w->arena, "%.*s/replay.log", STR_ARG(w->out)).ptr;
    const char *const *argv = world_replay(w, to, 0, times);
    struct child c;
    int rc = child_start(&c, &(struct child_options){ argv, NULL, NULL, -1, log }, err);

    if (rc < 0)
        return rc;
    bool ended = child_wait(&c, deadline_us);

    if (!ended)
        o->code = EXIT_TIMEOUT;
    else if (child_exit_code(&c) != 0)
        rc = tell_replay(log, err);
    else if (out_path)
        rc = fs_replace_fast(out_path, buf_view(&c.out), err);
    child_free(&c);
    return rc;
}

/* When which file was offered, as replay wrote it. */
static void read_times(struct once *o)
{
    struct buf text = { 0 };
    struct str rest, line, ms, key;
    int64_t at_ms;

    (void)fs_read(arena_printf(o->w->arena, "%.*s/times", STR_ARG(o->w->out)).ptr, &text,
                  NULL); /* absent: nothing was fed */
    for (rest = buf_view(&text); rest.len > 0;) {
        (void)str_cut(rest, '\n', &line, &rest); /* each line has its end */
        if (!str_cut(line, ' ', &ms, &key) || !str_to_i64(ms, &at_ms))
            continue;
        struct truth_file *f = truth_file(o->truth, key);

        if (f)
            f->offered_ms = at_ms - o->started_ms;
    }
    buf_free(&text);
}

/* What a daemon has said and fetched; that it asks for news again and again is no work. */
static uint64_t activity(struct once *o, const struct child *c)
{
    return c->out.len + (o->w->sink ? sink_count(o->w->sink) : 0) +
           (o->w->follow ? follow_count(o->w->follow, STR("\"eventName\":\"GetObject\"")) +
                               follow_count(o->w->follow, STR("\"eventName\":\"DeleteMessage"))
                         : 0);
}

/* Until nothing has moved for the grace period. */
static void wait_for_silence(struct once *o, struct child *c, int64_t deadline_us)
{
    uint64_t before = activity(o, c);
    int64_t quiet_since_us = clock_monotonic_us();

    while (clock_monotonic_us() < deadline_us) {
        if (child_wait(c, clock_monotonic_us() + TICK_MS * 1000))
            return;
        uint64_t now = activity(o, c);

        if (now != before)
            quiet_since_us = clock_monotonic_us();
        else if (since(o, clock_monotonic_us()) - since(o, quiet_since_us) >=
                 o->suite->tool.grace_ms)
            return;
        before = now;
    }
    o->code = EXIT_TIMEOUT;
}

static bool wait_until_ready(struct once *o, struct child *c, int64_t deadline_us)
{
    const struct suite_tool *tool = &o->suite->tool;

    if (tool->ready == READY_AFTER)
        return !child_wait(c, clock_monotonic_us() + tool->ready_ms * 1000);
    const char *log = arena_printf(o->w->arena, "%.*s/tool.log", STR_ARG(o->w->out)).ptr;

    while (clock_monotonic_us() < deadline_us) {
        struct buf said = { 0 };
        bool here = child_says(c, tool->ready_text, clock_monotonic_us() + TICK_MS * 1000);

        (void)fs_read(log, &said, NULL); /* nothing yet */
        here = here || str_find(buf_view(&said), tool->ready_text) >= 0;
        buf_free(&said);
        if (here)
            return true;
        if (c->pid == 0)
            return false;
    }
    return false;
}

static int run_daemon(struct once *o, struct child *c, int64_t deadline_us, struct err *err)
{
    int rc = 0;

    if (!wait_until_ready(o, c, deadline_us)) {
        o->code = c->pid == 0 ? EXIT_CRASH : EXIT_TIMEOUT;
        return 0;
    }
    rc = feed_subscribe(o->w, deadline_us, err);
    if (rc == 0 && feed_is_delivered(o->suite->tool.feed))
        rc = replay(o, feed_targets(o->w), NULL, deadline_us, err);
    if (rc == 0 && o->code == EXIT_GOOD)
        wait_for_silence(o, c, deadline_us);
    bool died = c->pid == 0;

    child_stop(c, STOP_MS);
    if (died && o->code == EXIT_GOOD)
        o->code = EXIT_CRASH;
    return rc;
}

static void run_oneshot(struct once *o, struct child *c, int64_t deadline_us)
{
    if (!child_wait(c, deadline_us)) {
        o->code = EXIT_TIMEOUT;
        child_stop(c, STOP_MS);
        return;
    }
    if (!is_good_exit(&o->suite->tool, child_exit_code(c))) {
        o->code = EXIT_CRASH;
        tell_crash(o, child_exit_code(c));
    }
}

static int open_input(struct once *o, int64_t deadline_us, int *out_fd, struct err *err)
{
    const char *path = arena_printf(o->w->arena, "%.*s/records.jsonl", STR_ARG(o->w->out)).ptr;
    struct str to = STR("stdout");
    int rc = 0;

    *out_fd = -1;
    if (o->suite->tool.feed != FEED_STDIN)
        return 0;
    rc = replay(o, (struct suite_words){ &to, 1 }, path, deadline_us, err);
    if (rc < 0)
        return rc;
    FILE *f = fopen(path, "re");

    if (!f)
        return err_sys(err, "open", path);
    *out_fd = dup(fileno(f));
    (void)fclose(f); /* only read */
    return *out_fd >= 0 ? 0 : err_sys(err, "open", path);
}

static int run_command(struct once *o, struct err *err)
{
    struct world *w = o->w;
    int64_t deadline_us = clock_monotonic_us() + o->suite->tool.timeout_ms * 1000;
    struct child c = { .out_fd = -1 };
    int input = -1, rc = open_input(o, deadline_us, &input, err);
    struct child_options opt = { .argv = world_command(w, &o->suite->tool.run),
                                 .env = world_env(w),
                                 .dir = o->suite->dir.len > 0 ? o->suite->dir.ptr : NULL,
                                 .stdin_fd = input,
                                 .log_path =
                                     arena_printf(w->arena, "%.*s/tool.log", STR_ARG(w->out)).ptr };

    if (rc == 0 && o->suite->tool.mode == MODE_ONESHOT && feed_goes_first(o->suite->tool.feed))
        rc = replay(o, feed_targets(w), NULL, deadline_us, err);
    o->started_us = clock_monotonic_us();
    o->started_ms = clock_machine_ms();
    if (rc == 0)
        rc = child_start(&c, &opt, err);
    if (input >= 0)
        (void)close(input);
    if (rc == 0 && o->suite->tool.mode == MODE_DAEMON)
        rc = run_daemon(o, &c, deadline_us, err);
    else if (rc == 0)
        run_oneshot(o, &c, deadline_us);
    read_times(o);
    if (rc == 0 && o->code == EXIT_GOOD)
        rc = hear(o, &c, err);
    child_free(&c);
    return rc;
}

static int run_builtin(struct once *o, struct err *err)
{
    struct sigma *s;
    int rc = builtin_load(&s, o->suite->tool.rules_dir, err);

    if (rc < 0)
        return rc;
    rc = builtin_run(s, o->w->tree, &o->got, err);
    sigma_free(s);
    return rc;
}

/* ---- one run after the other ---- */

static void forget_ledger(struct truth *t)
{
    for (size_t i = 0; i < t->file_count; i++)
        t->files[i] = (struct truth_file){ .key = t->files[i].key, .offered_ms = -1 };
}

static int run_once(struct once *o, unsigned repeat, struct judgement *j, struct err *err)
{
    struct buf lines = { 0 };
    int rc = world_begin(o->w, repeat, err);

    forget_ledger(o->truth);
    if (rc == 0)
        rc = o->suite->tool.is_builtin ? run_builtin(o, err) : run_command(o, err);
    if (rc == 0 && o->code == EXIT_GOOD)
        rc = feed_close(o->w, o->truth, err);
    world_end(o->w, &lines);
    o->ledger.sees_queue = feed_has_queue(o->suite->tool.feed);
    o->ledger.sees_objects =
        o->suite->tool.feed == FEED_S3 || o->suite->tool.feed == FEED_HOOK || o->ledger.sees_queue;
    o->ledger.sees_lookups = o->suite->tool.feed == FEED_LOOKUP;
    if (rc == 0)
        rc = ledger_read(&o->ledger, o->truth, buf_view(&lines), err);
    buf_free(&lines);
    if (rc == 0 && o->code == EXIT_GOOD)
        judge(j, o->suite, o->truth, &o->ledger, &o->got);
    return rc;
}

struct whole {
    const struct options *opt;
    struct arena *arena;
    struct suite suite;
    struct world world;
    struct truth truth;
    struct once *all; /* runs begun, each with the judgement of its findings */
    struct judgement *judgements;
    unsigned begun, repeats;
    bool is_unstable;
};

static int run_all(struct whole *h, struct err *err)
{
    unsigned repeats = (unsigned)(h->opt->repeat > 0 ? h->opt->repeat : h->suite.tool.repeat);
    int rc = 0;

    h->all = arena_array(h->arena, repeats, sizeof *h->all);
    h->judgements = arena_array(h->arena, repeats, sizeof *h->judgements);
    while (h->begun < repeats) {
        struct once *o = &h->all[h->begun];
        struct judgement *j = &h->judgements[h->begun];

        *o = (struct once){ .w = &h->world, .suite = &h->suite, .truth = &h->truth };
        rc = run_once(o, h->begun++, j, err);
        if (rc < 0 || o->code != EXIT_GOOD)
            return rc;
        h->is_unstable = h->is_unstable || !judge_same(&h->judgements[0], j);
        h->repeats++;
    }
    return rc;
}

static void free_runs(struct whole *h)
{
    for (unsigned i = 0; i < h->begun; i++) {
        judge_free(&h->judgements[i]);
        got_free(&h->all[i].got);
        ledger_free(&h->all[i].ledger);
    }
}

static struct str tool_version(struct whole *h)
{
    struct child c;
    const char *log = arena_printf(h->arena, "%.*s/version.log", STR_ARG(h->world.work)).ptr;
    struct str line, rest;

    if (h->suite.tool.version.count == 0)
        return STR("");
    const char *const *argv = world_command(&h->world, &h->suite.tool.version);

    if (child_start(&c, &(struct child_options){ argv, NULL, NULL, -1, log }, NULL) < 0)
        return STR("");
    (void)child_wait(&c, clock_monotonic_us() + STOP_MS * 1000);
    (void)str_cut(buf_view(&c.out), '\n', &line, &rest); /* one line is enough */
    line = arena_copy(h->arena, str_trim(line));
    child_free(&c);
    return line;
}

static int show(struct whole *h, int *code, struct err *err)
{
    struct buf why = { 0 };
    bool good = judge_meets(&h->judgements[0], &h->suite, &why);
    struct shown s = { .suite = &h->suite,
                       .truth = &h->truth,
                       .j = &h->judgements[0],
                       .ledger = &h->all[0].ledger,
                       .version = tool_version(h),
                       .why = buf_view(&why),
                       .is_unstable = h->is_unstable,
                       .repeats = h->repeats };

    show_text(&s, stdout);
    int rc = show_report(&s, h->opt->junit, h->opt->json, err);

    if (rc == 0 && h->opt->html.len > 0)
        rc = show_html(&s, h->opt->html, err);
    *code = h->is_unstable ? EXIT_UNSTABLE : good ? EXIT_GOOD : EXIT_MISMATCH;
    buf_free(&why);
    return rc;
}

static int open_all(struct whole *h, const char *file, struct err *err)
{
    int rc = suite_load(h->arena, file, &h->suite, err);

    if (rc == 0)
        rc = world_open(&h->world, h->arena, &h->suite, h->opt->work, err);
    if (rc == 0)
        rc = truth_load(&h->truth, h->world.dataset.ptr, err);
    if (rc == 0 && h->truth.finding_count == 0 && !h->suite.tool.reports_events &&
        !fs_is_file(arena_printf(h->arena, "%.*s/expected.json", STR_ARG(h->world.dataset)).ptr))
        rc = err_set(err, E_MISSING, "%.*s/expected.json is not there: what should the tool find?",
                     STR_ARG(h->world.dataset));
    if (rc == 0)
        rc = truth_offer(&h->truth, h->world.tree.ptr, err);
    return rc;
}

static int run(struct arena *a, void *asked, const struct str *operands, size_t count,
               struct err *err)
{
    struct whole h = { .opt = asked, .arena = a };
    int code = EXIT_GOOD;

    if (count != 1)
        return err_set(err, E_PARSE, "expected one SUITE.yaml");
    (void)signal(SIGPIPE, SIG_IGN); /* a tool that goes away is seen by its exit */
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
    int rc = open_all(&h, arena_copy(a, operands[0]).ptr, err);

    if (rc == 0)
        rc = run_all(&h, err);
    code = h.begun > 0 ? h.all[h.begun - 1].code : EXIT_GOOD;
    if (rc == 0 && code != EXIT_GOOD) {
        (void)fprintf(stderr, "mocktrail verify run: the tool %s\n",
                      code == EXIT_TIMEOUT ? "took too long" : "crashed or could not run");
    } else if (rc == 0) {
        rc = show(&h, &code, err);
    }
    free_runs(&h);
    world_close(&h.world);
    truth_free(&h.truth);
    curl_global_cleanup();
    return rc < 0 ? rc : code;
}

int run_main(int argc, char **argv)
{
    struct options opt = { .repeat = 0 };

    return command_run(&(struct command){ &set, &opt, run }, argc, argv);
}
