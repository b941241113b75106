#include "verify/expect/expect.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/codec/json.h"
#include "verify/command.h"
#include "verify/expect/judge.h"
#include "verify/source/visit.h"

struct asked {
    struct str json, junit, endpoint, region;
    uint64_t jobs;
};

static const struct option rows[] = {
    { "json", "FILE", NULL, "write the verdicts as JSON; - is standard output", option_text,
      offsetof(struct asked, json) },
    { "junit", "FILE", NULL, "write a test case for each expectation as JUnit XML", option_text,
      offsetof(struct asked, junit) },
    { "jobs", "N", "0", "threads; 0: as many as there are cores", option_u64,
      offsetof(struct asked, jobs) },
    { "endpoint", "URL", NULL, "where s3:// URLs are read from; without it AWS", option_text,
      offsetof(struct asked, endpoint) },
    { "region", "REGION", NULL, "to sign calls for", option_text, offsetof(struct asked, region) },
};
const struct option_set expect_options = {
    "verify expect",
    "Did exactly these calls happen? EXPECT.yaml says which.",
    rows,
    COUNT(rows),
    "EXPECT.yaml PATH...",
    "verify-expect",
};

struct run {
    const struct expect_file *file;
    struct arena arena;
    struct seen *seen;
    size_t count, cap;
    struct value *others;
    uint64_t records;
};

/* A file's records that some expectation names; and the names of the others. */
struct job {
    struct run *run;
    struct arena arena;
    const struct source_file *file;
    struct seen *seen;
    size_t count, cap;
    struct value *others;
    struct str why; /* not empty: it could not be read */
    uint64_t records;
};

static void *begin(void *arg, unsigned thread, const struct source_file *f)
{
    struct job *j = mem_alloc(sizeof *j);

    (void)thread; /* nothing is kept from one file to the next */
    j->run = arg;
    j->file = f;
    j->others = value_map(&j->arena);
    return j;
}

static bool is_named(const struct expect_file *file, struct str source, struct str name)
{
    for (size_t i = 0; i < file->count; i++)
        for (size_t k = 0; k < file->list[i].step_count; k++)
            if (call_name_fits(&file->list[i].steps[k].call, source, name))
                return true;
    return false;
}

static void count_other(struct arena *a, struct value *others, struct str source, struct str name,
                        int64_t by)
{
    struct arena_mark mark = arena_mark(a);
    struct str key = arena_printf(a, "%.*s %.*s", STR_ARG(source), STR_ARG(name));
    struct value *v = value_get(others, key);

    if (v) {
        v->u.integer += by;
        arena_rewind(a, mark);
    } else {
        value_set(others, key, value_int(a, by));
    }
}

static void on_record(void *job, const struct scan_record *r)
{
    struct job *j = job;
    struct str source = scan_top_str(r, SCAN_EVENT_SOURCE);
    struct str name = scan_top_str(r, SCAN_EVENT_NAME);
    int64_t time_ms = 0;

    if (!is_named(j->run->file, source, name)) {
        count_other(&j->arena, j->others, source, name, 1);
        return;
    }
    if (j->count == j->cap) {
        j->cap = j->cap ? 2 * j->cap : 16;
        j->seen = mem_realloc(j->seen, j->cap * sizeof *j->seen);
    }
    (void)clock_parse(scan_top_str(r, SCAN_EVENT_TIME), &time_ms,
                      NULL); /* none: before all others */
    j->seen[j->count++] = (struct seen){ .text = arena_copy(&j->arena, r->text),
                                         .number = r->number,
                                         .time_ms = time_ms };
}

static void on_broken(void *job, uint64_t number, const char *why)
{
    struct job *j = job;

    if (j->why.len == 0)
        j->why = arena_printf(&j->arena, "record %llu: %s", (unsigned long long)number, why);
}

static void on_end(void *job, const struct visit_end *end)
{
    struct job *j = job;

    j->records = end->records;
    if (end->rc < 0)
        j->why = arena_copy(&j->arena, str_c(end->why));
}

static void take_seen(struct run *run, struct str file, struct seen s)
{
    if (run->count == run->cap) {
        run->cap = run->cap ? 2 * run->cap : 64;
        run->seen = mem_realloc(run->seen, run->cap * sizeof *run->seen);
    }
    s.file = file;
    s.text = arena_copy(&run->arena, s.text);
    run->seen[run->count++] = s;
}

static int merge(void *arg, void *job, struct err *err)
{
    struct run *run = arg;
    struct job *j = job;
    struct str source, name;
    int rc = 0;

    struct str file = j->count > 0 ? arena_copy(&run->arena, j->file->name) : STR("");

    for (size_t i = 0; i < j->count; i++)
        take_seen(run, file, j->seen[i]);
    for (const struct value *v = value_first(j->others); v; v = v->next) {
        (void)str_cut(v->name, ' ', &source, &name); /* made with one */
        count_other(&run->arena, run->others, source, name, v->u.integer);
    }
    run->records += j->records;
    if (j->why.len)
        rc = err_set(err, E_PARSE, "%.*s: %.*s", STR_ARG(j->file->name), STR_ARG(j->why));
    mem_free(j->seen);
    arena_free(&j->arena);
    mem_free(j);
    return rc;
}

/* ---- after all files ---- */

static int by_time(const void *x, const void *y)
{
    const struct seen *a = x, *b = y;

    if (a->time_ms != b->time_ms)
        return a->time_ms < b->time_ms ? -1 : 1;
    int order = str_cmp(a->file, b->file);

    return order ? order : (a->number > b->number) - (a->number < b->number);
}

struct event_id {
    struct str id;
    size_t index; /* in the order of time */
};

static int by_event_id(const void *x, const void *y)
{
    const struct event_id *a = x, *b = y;
    int order = str_cmp(a->id, b->id);

    return order ? order : (a->index > b->index) - (a->index < b->index);
}

/* Each event once, the first time: a delivery may be repeated. */
static void drop_repeated(struct run *run)
{
    struct event_id *ids = arena_array(&run->arena, run->count + 1, sizeof *ids);
    bool *is_repeated = arena_array(&run->arena, run->count + 1, sizeof *is_repeated);
    size_t n = 0;

    for (size_t i = 0; i < run->count; i++)
        ids[i] = (struct event_id){ value_get_str(run->seen[i].tree, "eventID"), i };
    qsort(ids, run->count, sizeof *ids, by_event_id);
    for (size_t i = 1; i < run->count; i++)
        is_repeated[ids[i].index] = ids[i].id.len > 0 && str_eq(ids[i].id, ids[i - 1].id);
    for (size_t i = 0; i < run->count; i++)
        if (!is_repeated[i])
            run->seen[n++] = run->seen[i];
    run->count = n;
}

static int read_seen(struct run *run, struct err *err)
{
    int rc = 0;

    if (run->count == 0)
        return 0;
    qsort(run->seen, run->count, sizeof *run->seen, by_time);
    for (size_t i = 0; i < run->count && rc == 0; i++) {
        struct seen *s = &run->seen[i];

        rc = json_parse(&run->arena, s->text, &s->tree, err);
        if (rc < 0)
            break;
        s->source = value_get_str(s->tree, "eventSource");
        s->name = value_get_str(s->tree, "eventName");
    }
    if (rc == 0)
        drop_repeated(run);
    return rc;
}

static void print(const struct report *r)
{
    for (const struct report_case *c = r->first; c; c = c->next) {
        (void)printf("%s %.*s, %.*s\n", c->verdict == REPORT_PASSED ? "ok  " : "FAIL",
                     STR_ARG(c->suite), STR_ARG(c->name));
        if (c->message.len)
            (void)printf("  %.*s\n%.*s", STR_ARG(c->message), STR_ARG(c->detail));
    }
    (void)printf("%zu passed, %zu failed\n", r->counts[REPORT_PASSED], r->counts[REPORT_FAILED]);
}

static int judge(struct run *run, const struct asked *q, struct err *err)
{
    struct seen_list list = { run->seen, run->count, run->others };
    struct report report;

    report_init(&report);
    judge_all(&run->arena, run->file, &list, &report);
    if (!str_eq_c(q->json, "-") && !str_eq_c(q->junit, "-"))
        print(&report);
    int rc = report_write(&report, q->junit, q->json, NULL, err);
    bool is_good = report_is_good(&report);

    report_free(&report);
    return rc < 0 ? rc : !is_good;
}

static int look(struct run *run, const struct asked *q, const struct str *paths, size_t count,
                struct err *err)
{
    static const struct visitor visitor = { NULL, begin, on_record, on_broken, on_end, merge };
    struct source_options opt = { q->endpoint, q->region };
    struct source *source;
    int rc = source_open(&source, &opt, paths, count, err);

    if (rc < 0)
        return rc;
    run->others = value_map(&run->arena);
    rc = visit_records(source, &visitor, run, (unsigned)(q->jobs < 256 ? q->jobs : 256), err);
    if (rc == 0)
        rc = read_seen(run, err);
    if (rc == 0)
        rc = judge(run, q, err);
    source_close(source);
    return rc;
}

static int verify(struct arena *a, void *asked, const struct str *operands, size_t count,
                  struct err *err)
{
    struct expect_file file;
    struct run run = { .file = &file };
    struct buf text = { 0 };

    if (count < 2)
        return err_set(err, E_PARSE, "expected EXPECT.yaml and a PATH");
    int rc = fs_read(operands[0].ptr, &text, err);

    if (rc == 0)
        rc = expect_parse(a, operands[0], arena_copy(a, buf_view(&text)), &file, err);
    if (rc == 0)
        rc = look(&run, asked, operands + 1, count - 1, err);
    buf_free(&text);
    mem_free(run.seen);
    arena_free(&run.arena);
    return rc;
}

int expect_main(int argc, char **argv)
{
    struct asked q = { 0 };

    return command_run(&(struct command){ &expect_options, &q, verify }, argc, argv);
}
