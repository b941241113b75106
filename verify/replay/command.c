#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include <curl/curl.h>

#include "core/base/clock.h"
#include "core/base/fs.h"
#include "verify/command.h"
#include "verify/replay/faults.h"
#include "verify/replay/replay.h"
#include "verify/replay/target.h"

struct options {
    struct option_list to, faults;
    struct str speed, json, times, endpoint, region;
    uint64_t seed;
    bool allow_remote, list_faults;
};

static const struct option rows[] = {
    { "to", "TARGET", NULL,
      "stdout | dir:DIR | s3:URL | sqs:QUEUE-URL | http:URL | events:URL | logs:URL | "
      "xray:HOST:PORT; several may be given",
      option_text_list, offsetof(struct options, to) },
    { "speed", "max|N", "max", "at once, or N seconds of the dataset in one second", option_text,
      offsetof(struct options, speed) },
    { "fault", "NAME[=ARG]", NULL,
      "a hostile delivery on purpose (--list-faults); several may be given", option_text_list,
      offsetof(struct options, faults) },
    { "seed", "N", "0", "of the faults' chance", option_u64, offsetof(struct options, seed) },
    { "json", "FILE", NULL, "what the faults did, a JSON object a line", option_text,
      offsetof(struct options, json) },
    { "times", "FILE", NULL, "when what was delivered: MILLISECONDS-SINCE-1970 KEY, a line each",
      option_text, offsetof(struct options, times) },
    { "endpoint", "URL", NULL, "where s3:// PATHs are read; else AWS", option_text,
      offsetof(struct options, endpoint) },
    { "region", "REGION", NULL, "to sign for", option_text, offsetof(struct options, region) },
    { "allow-remote", NULL, NULL, "targets may be other machines", NULL,
      offsetof(struct options, allow_remote) },
    { "list-faults", NULL, NULL, "show the faults and what they do", NULL,
      offsetof(struct options, list_faults) },
};
static const struct option_set set = {
    "replay",  "deliver again what a trail delivered, with faults on purpose",
    rows,      COUNT(rows),
    "PATH...", "replay"
};

/* One run: what was opened, to be closed in the end. */
struct run {
    struct arena *arena;
    struct options opt;
    struct target_options target_opt;
    double speed; /* 0: at once */
    struct source *source;
    struct source_reader *reader;
    struct plan plan;
    struct buf times;
    struct target **targets;
    size_t target_count;
    uint64_t delivered;
};

static int read_speed(struct run *r, struct err *err)
{
    if (str_eq_c(r->opt.speed, "max"))
        return 0;
    if (!str_to_f64(r->opt.speed, &r->speed) || !(r->speed > 0))
        return err_set(err, E_PARSE, "--speed: expected max or a number, not '%.*s'",
                       STR_ARG(r->opt.speed));
    return 0;
}

/* keys/ of the first PATH that is a data directory. */
static const char *find_keys(struct run *r, const struct str *paths, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *dir = arena_printf(r->arena, "%.*s/keys", STR_ARG(paths[i])).ptr;

        if (fs_is_dir(dir))
            return dir;
    }
    return NULL;
}

static int open_targets(struct run *r, unsigned *kinds, struct err *err)
{
    int rc = 0;

    if (r->opt.to.count == 0)
        return err_set(err, E_PARSE, "--to: expected where to deliver");
    r->targets = arena_array(r->arena, r->opt.to.count, sizeof(struct target *));
    for (size_t i = 0; rc == 0 && i < r->opt.to.count; i++) {
        rc = target_open(&r->targets[i], r->opt.to.items[i], &r->target_opt, err);
        if (rc < 0)
            return rc;
        r->target_count++;
        *kinds |= target_kind(r->targets[i]);
    }
    return rc;
}

static int parse_faults(struct run *r, struct fault **out, struct err *err)
{
    struct fault **end = out;
    int rc = 0;

    *out = NULL;
    for (size_t i = 0; rc == 0 && i < r->opt.faults.count; i++) {
        rc = fault_parse(r->arena, r->opt.faults.items[i], end, err);
        if (rc == 0)
            end = &(*end)->next;
    }
    return rc;
}

static int prepare(struct run *r, const struct str *paths, size_t count, struct err *err)
{
    struct fault *faults = NULL;
    unsigned kinds = 0;
    int rc = read_speed(r, err);

    if (rc == 0 && count == 0)
        rc = err_set(err, E_PARSE, "expected a PATH");
    if (rc == 0)
        rc = parse_faults(r, &faults, err);
    if (rc == 0)
        rc = source_open(&r->source, &(struct source_options){ r->opt.endpoint, r->opt.region },
                         paths, count, err);
    if (rc == 0)
        rc = plan_make(&r->plan, r->source, r->opt.seed, err);
    if (rc == 0 && r->plan.count == 0)
        rc = err_set(err, E_MISSING, "nothing to deliver: expected files that a trail delivered");
    if (rc < 0)
        return rc;
    r->target_opt = (struct target_options){ r->opt.allow_remote, r->opt.region,
                                             find_keys(r, paths, count), paths, count };
    rc = open_targets(r, &kinds, err);
    if (rc == 0)
        rc = faults_apply(&r->plan, faults, kinds, r->target_opt.keys_dir, err);
    for (size_t i = 0; rc == 0 && i < r->target_count; i++)
        rc = target_keys(r->targets[i], r->plan.keys, err);
    for (size_t i = 0; rc == 0 && i < r->target_count; i++)
        rc = target_expire_receipts(r->targets[i], r->plan.expired_receipts, err);
    return rc;
}

/* ---- delivering ---- */

static void wait_until(const struct run *r, int64_t from_ms, int64_t at_ms, int64_t started_us)
{
    if (r->speed == 0 || at_ms <= from_ms)
        return;
    int64_t due_us = started_us + (int64_t)((double)(at_ms - from_ms) * 1000 / r->speed);
    int64_t left_us = due_us - clock_monotonic_us();

    if (left_us > 0) {
        struct timespec nap = { left_us / 1000000, left_us % 1000000 * 1000 };

        (void)nanosleep(&nap, NULL); /* cut short: a little early */
    }
}

static int deliver_one(struct run *r, const struct delivery *d, struct err *err)
{
    struct arena a = { 0 };
    struct content content = { 0 };
    bool want_text = false;
    int rc = 0;

    for (size_t i = 0; i < r->target_count; i++)
        want_text = want_text || target_wants_text(r->targets[i]);
    want_text = want_text && (delivery_is_log(d) || (d->file && !delivery_is_digest(d)));
    if (d->file)
        rc = content_make(&content, &a, r->reader, &r->plan, d, want_text, err);
    for (size_t i = 0; rc == 0 && i < r->target_count; i++)
        rc = target_deliver(r->targets[i], d, d->file ? &content : NULL, err);
    content_free(&content);
    arena_free(&a);
    return rc;
}

static int deliver_all(struct run *r, struct err *err)
{
    const struct plan *p = &r->plan;
    int64_t started_us = clock_monotonic_us(), first_ms = 0;
    int rc = 0;

    r->reader = source_reader_open(r->source);
    for (size_t i = 0; i < p->count && first_ms == 0; i++)
        first_ms = p->items[i].at_ms; /* files without a time come at once */
    for (size_t i = 0; rc == 0 && i < p->count; i++) {
        wait_until(r, first_ms, p->items[i].at_ms, started_us);
        buf_printf(&r->times, "%lld %.*s\n", (long long)clock_machine_ms(),
                   STR_ARG(p->items[i].key));
        rc = deliver_one(r, &p->items[i], err);
        r->delivered += rc == 0;
    }
    source_reader_close(r->reader);
    return rc;
}

static int close_all(struct run *r, int rc, struct err *err)
{
    for (size_t i = 0; i < r->target_count; i++) {
        int closed = target_close(r->targets[i], rc == 0 ? err : NULL);

        rc = rc == 0 ? closed : rc;
    }
    if (rc == 0 && r->opt.json.len > 0)
        rc = fs_replace_fast(r->opt.json.ptr, buf_view(&r->plan.told), err);
    if (rc == 0 && r->opt.times.len > 0)
        rc = fs_replace_fast(r->opt.times.ptr, buf_view(&r->times), err);
    buf_free(&r->times);
    plan_free(&r->plan);
    source_close(r->source);
    return rc;
}

static int run(struct arena *a, void *asked, const struct str *paths, size_t count, struct err *err)
{
    struct run r = { .arena = a, .opt = *(const struct options *)asked };

    if (r.opt.list_faults) {
        faults_help();
        return 0;
    }
    (void)signal(SIGPIPE, SIG_IGN); /* a reader that went away is an error of write */
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
    int rc = prepare(&r, paths, count, err);
    bool is_ready = rc == 0;

    if (is_ready)
        rc = deliver_all(&r, err);
    rc = close_all(&r, rc, err);
    curl_global_cleanup();
    if (rc < 0 && !is_ready)
        return rc;
    if (rc < 0)
        (void)fprintf(stderr, "mocktrail replay: %s\n", err->text);
    else
        (void)fprintf(stderr, "%llu deliveries\n", (unsigned long long)r.delivered);
    return rc < 0;
}

int replay_main(int argc, char **argv)
{
    struct options opt = { .seed = 0 };

    return command_run(&(struct command){ &set, &opt, run }, argc, argv);
}
