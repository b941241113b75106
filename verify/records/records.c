#include "verify/records/records.h"

#include <stdio.h>

#include "core/base/clock.h"
#include "core/base/limits.h"
#include "core/base/mem.h"
#include "core/codec/json.h"
#include "verify/command.h"
#include "verify/records/check.h"
#include "verify/records/duplicates.h"
#include "verify/records/file_names.h"
#include "verify/report/report.h"
#include "verify/source/visit.h"

struct asked {
    struct str endpoint, region, json, junit, show, fail_on;
    uint64_t jobs, most;
    bool rules;
};

static const struct option rows[] = {
    { "json", "FILE", NULL, "write findings and counts as JSON; - is standard output", option_text,
      offsetof(struct asked, json) },
    { "junit", "FILE", NULL, "write a test case for each rule as JUnit XML", option_text,
      offsetof(struct asked, junit) },
    { "jobs", "N", "0", "threads; 0: as many as there are cores", option_u64,
      offsetof(struct asked, jobs) },
    { "show", "SEVERITY", "warning", "print findings from here up: notice, warning or error",
      option_text, offsetof(struct asked, show) },
    { "fail-on", "SEVERITY", "error", "exit 1 when there are findings from here up", option_text,
      offsetof(struct asked, fail_on) },
    { "most", "N", "100", "print at most so many findings of a rule; all are counted", option_u64,
      offsetof(struct asked, most) },
    { "endpoint", "URL", NULL, "where s3:// URLs are read from; without it AWS", option_text,
      offsetof(struct asked, endpoint) },
    { "region", "REGION", NULL, "to sign calls for", option_text, offsetof(struct asked, region) },
    { "rules", NULL, NULL, "list the rules as a Markdown table, and do nothing else", NULL,
      offsetof(struct asked, rules) },
};
const struct option_set records_options = {
    "verify records",
    "Does each record conform to what CloudTrail writes?",
    rows,
    COUNT(rows),
    "PATH...",
    "verify-records",
};

/* The whole run. What is not const belongs to merge, one call at a time. */
struct run {
    const struct asked *asked;
    enum severity show, fail_on;
    struct names sources, verbs, operations;
    struct checker *checkers; /* one a thread */
    struct arena arena;
    struct duplicates *duplicates;
    struct file_names files, misnamed; /* misnamed is wants's */
    struct err wants_err;
    uint64_t records, bytes, counts[RULES];
    uint64_t printed[RULES];
    struct buf line, json;
    struct buf details[RULES]; /* for JUnit: the findings printed */
    FILE *json_file;
    bool json_has_one;
};

/* One file, on one thread. */
struct job {
    struct run *run;
    struct checker *checker;
    struct file_notes notes;
    uint64_t records, bytes;
    struct event_place *places;
    size_t place_count, place_cap;
    int64_t last_ms;
    bool is_unordered;
};

/* ---- a file ---- */

static void *begin(void *arg, unsigned thread, const struct source_file *f)
{
    struct run *run = arg;
    struct job *j = mem_alloc(sizeof *j);

    *j = (struct job){
        .run = run, .checker = &run->checkers[thread], .notes = { .file = f }, .last_ms = INT64_MIN
    };
    return j;
}

static void keep_place(struct job *j, const struct scan_record *r)
{
    struct str id = scan_top_str(r, SCAN_EVENT_ID);

    if (id.len == 0)
        return;
    if (j->place_count == j->place_cap) {
        j->place_cap = j->place_cap ? 2 * j->place_cap : 256;
        j->places = mem_realloc(j->places, j->place_cap * sizeof *j->places);
    }
    j->places[j->place_count++] =
        j->checker->has_id ? (struct event_place){ { j->checker->id[0], j->checker->id[1] },
                                                   0,
                                                   (uint32_t)r->number }
                           : event_place_of(id, r->number);
}

static void on_record(void *job, const struct scan_record *r)
{
    struct job *j = job;
    int64_t ms = check_time_of(j->checker, r);

    check_record(j->checker, &j->notes, r);
    keep_place(j, r);
    j->is_unordered |= ms < j->last_ms;
    j->last_ms = ms;
}

static void on_broken(void *job, uint64_t number, const char *why)
{
    struct job *j = job;
    struct file_notes *n = &j->notes;

    note_file(n, RULE_FILE_JSON, "%s", why);
    if (n->count > 0 && n->notes[n->count - 1].rule == RULE_FILE_JSON)
        n->notes[n->count - 1].record = number;
}

static void check_slot(struct file_notes *n, const struct trail_key *k)
{
    if (clock_split(k->at_ms).minute % 5 != 0)
        note_file(n, RULE_KEY_SLOT, "expected a minute that is a multiple of five");
}

static void on_end(void *job, const struct visit_end *end)
{
    struct job *j = job;
    struct file_notes *n = &j->notes;
    bool is_log = end->file->kind == SOURCE_LOG || end->file->kind == SOURCE_INSIGHT;

    j->records = end->records;
    j->bytes = end->bytes;
    if (end->rc < 0) {
        note_file(n, RULE_FILE_READ, "%s", end->why);
        return;
    }
    if (is_log && (end->has_more_members || end->has_trailing_bytes || !end->is_gzip))
        note_file(n, RULE_FILE_GZIP, "expected one gzip member and nothing behind it");
    if (is_log && n->counts[RULE_FILE_JSON] == 0 &&
        (end->shape != SCAN_ENVELOPE || end->envelope_has_more))
        note_file(n, RULE_FILE_ENVELOPE, "expected one object with the member Records alone");
    if (is_log && end->records == 0 && n->total == 0)
        note_file(n, RULE_FILE_EMPTY, "expected at least one record");
    if (end->file->kind == SOURCE_LOG)
        check_slot(n, &end->file->at);
    if (end->stored_bytes > LIMIT_LOG_FILE_BYTES && is_log)
        note_file(n, RULE_MEMBER_SIZE, "expected at most %llu bytes compressed",
                  LIMIT_LOG_FILE_BYTES);
    if (is_log && j->is_unordered)
        note_file(n, RULE_FILE_ORDER, "records are not in the order of eventTime");
}

/* ---- what is said of it ---- */

static void say(struct run *run, struct str file, const struct note *n)
{
    const struct rule_row *row = rule_row(n->rule);
    struct finding found = { file, n->record, n->member, row->name, row->severity, n->text };

    if (run->printed[n->rule] >= run->asked->most)
        return;
    run->printed[n->rule]++;
    buf_clear(&run->line);
    finding_print(&run->line, &found);
    if (row->severity >= run->show && run->json_file != stdout)
        (void)fwrite(run->line.ptr, 1, run->line.len, stdout); /* seen by fflush at the end */
    if (run->asked->junit.len)
        buf_add(&run->details[n->rule], buf_view(&run->line));
    if (run->json_file) {
        buf_clear(&run->json);
        buf_add_c(&run->json, run->json_has_one ? ",\n" : "\n");
        finding_json(&run->json, &found);
        (void)fwrite(run->json.ptr, 1, run->json.len, run->json_file); /* seen by fflush */
        run->json_has_one = true;
    }
}

static void job_free(struct job *j)
{
    file_notes_free(&j->notes);
    mem_free(j->places);
    mem_free(j);
}

/* By record, and in a record in the order of the checks; of the file itself last. */
static void say_all(struct run *run, const struct file_notes *n)
{
    for (int of_file = 0; of_file < 2; of_file++)
        for (size_t i = 0; i < n->count; i++)
            if ((n->notes[i].record == 0) == (of_file == 1))
                say(run, n->file->name, &n->notes[i]);
}

/* Of what stands before AWSLogs: each trail delivers an event, so that it may come once of each. */
static uint64_t trail_hash(const struct source_file *f)
{
    ptrdiff_t at = str_find(f->name, STR("AWSLogs/"));

    return at < 0 ? 0 : str_hash(str_sub(f->name, 0, (size_t)at));
}

static int merge(void *arg, void *job, struct err *err)
{
    struct run *run = arg;
    struct job *j = job;

    uint64_t trail = trail_hash(j->notes.file);

    for (size_t i = 0; i < j->place_count; i++) {
        j->places[i].file = (uint32_t)run->files.count;
        j->places[i].id[1] ^= trail;
    }
    int rc = file_names_add(&run->files, j->notes.file->name, err);

    run->records += j->records;
    run->bytes += j->bytes;
    for (size_t i = 0; i < RULES; i++)
        run->counts[i] += j->notes.counts[i];
    say_all(run, &j->notes);
    if (rc == 0)
        rc = duplicates_add(run->duplicates, j->places, j->place_count, err);
    job_free(j);
    return rc;
}

/* Other threads may be merging meanwhile: what is misnamed is said when all is read. */
static bool wants(void *arg, const struct source_file *f)
{
    struct run *run = arg;

    if (f->kind == SOURCE_MISNAMED && run->wants_err.code == 0)
        (void)file_names_add(&run->misnamed, f->name, &run->wants_err); /* told by say_misnamed */
    return f->kind != SOURCE_MISNAMED && f->kind != SOURCE_DIGEST;
}

static int say_misnamed(struct run *run, struct err *err)
{
    struct note n = { .rule = RULE_KEY_GRAMMAR,
                      .member = STR(""),
                      .text = STR("expected a key that CloudTrail writes") };

    if (run->wants_err.code < 0)
        return err_set(err, run->wants_err.code, "%s", run->wants_err.text);
    for (uint64_t i = 0; i < run->misnamed.count; i++) {
        struct arena_mark mark = arena_mark(&run->arena);
        struct str name;
        int rc = file_names_get(&run->misnamed, &run->arena, i, &name, err);

        if (rc < 0)
            return rc;
        run->counts[RULE_KEY_GRAMMAR]++;
        say(run, name, &n);
        arena_rewind(&run->arena, mark);
    }
    return 0;
}

static int say_duplicate(struct run *run, const struct event_place *a, const struct event_place *b,
                         struct err *err)
{
    struct arena *arena = &run->arena;
    struct note n = { .rule = a->file == b->file ? RULE_DUPLICATE_FILE : RULE_DUPLICATE,
                      .record = b->record,
                      .member = STR("eventID") };
    struct str first, again;
    int rc = file_names_get(&run->files, arena, a->file, &first, err);

    if (rc == 0)
        rc = file_names_get(&run->files, arena, b->file, &again, err);
    if (rc < 0)
        return rc;
    if (a->file == b->file)
        n.text = arena_printf(arena, "expected another than that of record %u", a->record);
    else
        n.text = arena_printf(arena, "expected another than that of %.*s:record %u", STR_ARG(first),
                              a->record);
    run->counts[n.rule]++;
    say(run, again, &n);
    return 0;
}

static int say_duplicates(struct run *run, struct err *err)
{
    struct duplicate *list = NULL;
    size_t count = 0;
    int rc = duplicates_find(run->duplicates, &run->arena, &list, &count, err);

    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct arena_mark mark = arena_mark(&run->arena);

        rc = say_duplicate(run, &list[i].first, &list[i].again, err);
        arena_rewind(&run->arena, mark);
    }
    return rc;
}

/* ---- the end ---- */

static uint64_t count_from(const struct run *run, enum severity from)
{
    uint64_t n = 0;

    for (size_t i = 0; i < RULES; i++)
        if (rule_row((enum rule)i)->severity >= from)
            n += run->counts[i];
    return n;
}

static uint64_t count_of(const struct run *run, enum severity s)
{
    return count_from(run, s) - (s < SEVERITY_ERROR ? count_from(run, s + 1) : 0);
}

static void summary(const struct run *run)
{
    bool has_any = count_from(run, SEVERITY_NOTICE) > 0;

    if (has_any)
        (void)printf("\n%-22s %-8s %12s\n", "rule", "severity", "findings");
    for (size_t i = 0; i < RULES; i++)
        if (run->counts[i])
            (void)printf("%-22s %-8s %12llu\n", rule_row((enum rule)i)->name,
                         severity_name(rule_row((enum rule)i)->severity),
                         (unsigned long long)run->counts[i]);
    (void)printf("%s%llu records in %llu files: %llu errors, %llu warnings, %llu notices\n",
                 has_any ? "\n" : "", (unsigned long long)run->records,
                 (unsigned long long)run->files.count,
                 (unsigned long long)count_of(run, SEVERITY_ERROR),
                 (unsigned long long)count_of(run, SEVERITY_WARNING),
                 (unsigned long long)count_of(run, SEVERITY_NOTICE));
}

static int open_json(struct run *run, struct err *err)
{
    const char *path = run->asked->json.ptr;

    if (run->asked->json.len == 0)
        return 0;
    run->json_file = strcmp(path, "-") == 0 ? stdout : fopen(path, "w");
    if (!run->json_file)
        return err_sys(err, "create", path);
    (void)fputs("{\"findings\": [", run->json_file); /* seen by fflush at the end */
    return 0;
}

static int close_json(struct run *run, struct err *err)
{
    FILE *f = run->json_file;
    const char *comma = "";
    int rc = 0;

    if (!f)
        return 0;
    (void)fprintf(f, "\n],\n\"records\": %llu, \"files\": %llu, \"bytes\": %llu,\n\"rules\": {",
                  (unsigned long long)run->records, (unsigned long long)run->files.count,
                  (unsigned long long)run->bytes);
    for (size_t i = 0; i < RULES; i++) {
        if (!run->counts[i])
            continue;
        (void)fprintf(f, "%s\n  \"%s\": %llu", comma, rule_row((enum rule)i)->name,
                      (unsigned long long)run->counts[i]);
        comma = ",";
    }
    (void)fprintf(f, "},\n\"errors\": %llu, \"warnings\": %llu, \"notices\": %llu}\n",
                  (unsigned long long)count_of(run, SEVERITY_ERROR),
                  (unsigned long long)count_of(run, SEVERITY_WARNING),
                  (unsigned long long)count_of(run, SEVERITY_NOTICE));
    if (fflush(f) != 0 || ferror(f))
        rc = err_sys(err, "write", run->asked->json.ptr);
    if (f != stdout && fclose(f) != 0 && rc == 0)
        rc = err_sys(err, "write", run->asked->json.ptr);
    run->json_file = NULL;
    return rc;
}

static int write_junit(struct run *run, struct err *err)
{
    struct report r;
    int rc;

    if (run->asked->junit.len == 0)
        return 0;
    report_init(&r);
    for (size_t i = 0; i < RULES; i++) {
        const struct rule_row *row = rule_row((enum rule)i);
        bool is_bad = run->counts[i] > 0 && row->severity >= run->fail_on;
        struct report_case c = { .suite = STR("verify records"),
                                 .name = str_c(row->name),
                                 .verdict = is_bad ? REPORT_FAILED : REPORT_PASSED };

        if (is_bad)
            c.message = arena_printf(&r.arena, "%llu findings: %s",
                                     (unsigned long long)run->counts[i], row->meaning);
        if (is_bad)
            c.detail = buf_view(&run->details[i]);
        report_case(&r, &c);
    }
    rc = report_write(&r, run->asked->junit, STR(""), NULL, err);
    report_free(&r);
    return rc;
}

/* ---- the command ---- */

static int severity_of(struct str text, const char *option, enum severity *out, struct err *err)
{
    for (int s = 0; s < SEVERITIES; s++)
        if (str_eq_c(text, severity_name((enum severity)s))) {
            *out = (enum severity)s;
            return 0;
        }
    return err_set(err, E_PARSE, "--%s '%.*s': expected notice, warning or error", option,
                   STR_ARG(text));
}

static void run_free(struct run *run, unsigned jobs)
{
    for (unsigned i = 0; i < jobs; i++)
        checker_free(&run->checkers[i]);
    for (size_t i = 0; i < RULES; i++)
        buf_free(&run->details[i]);
    mem_free(run->checkers);
    file_names_free(&run->files);
    file_names_free(&run->misnamed);
    duplicates_close(run->duplicates);
    buf_free(&run->line);
    buf_free(&run->json);
    arena_free(&run->arena);
}

static int judge(struct run *run, struct source *source, unsigned jobs, struct err *err)
{
    static const struct visitor visitor = { wants, begin, on_record, on_broken, on_end, merge };
    int rc = open_json(run, err);

    if (rc == 0)
        rc = visit_records(source, &visitor, run, jobs, err);
    if (rc == 0)
        rc = say_misnamed(run, err);
    if (rc == 0)
        rc = say_duplicates(run, err);
    if (rc == 0 && run->json_file != stdout)
        summary(run);
    struct err json_err = { 0 };
    int json_rc = close_json(run, &json_err);

    if (rc == 0 && json_rc < 0)
        rc = err_set(err, json_rc, "%s", json_err.text);
    if (rc == 0)
        rc = write_junit(run, err);
    if (rc == 0 && fflush(stdout) != 0)
        rc = err_sys(err, "write", "standard output");
    if (rc == 0 && run->files.count + run->misnamed.count == 0)
        rc = err_set(err, E_MISSING, "no log files: nothing was verified");
    if (rc < 0)
        return rc;
    return count_from(run, run->fail_on) > 0 ? 1 : 0;
}

static void print_rules(void)
{
    struct buf b = { 0 };

    rules_markdown(&b);
    (void)fwrite(b.ptr, 1, b.len, stdout); /* a closed standard output is nobody's loss */
    buf_free(&b);
}

static int verify(struct arena *a, void *asked, const struct str *paths, size_t count,
                  struct err *err)
{
    const struct asked *q = asked;
    unsigned jobs = visit_jobs((unsigned)(q->jobs < 256 ? q->jobs : 256));
    struct run run = { .asked = q };
    struct source_options opt = { q->endpoint, q->region };
    struct source *source = NULL;
    int rc = severity_of(q->show, "show", &run.show, err);

    if (q->rules) {
        print_rules();
        return 0;
    }
    if (rc == 0)
        rc = severity_of(q->fail_on, "fail-on", &run.fail_on, err);
    if (rc == 0 && count == 0)
        rc = err_set(err, E_PARSE, "expected a PATH: what is to be verified");
    if (rc == 0)
        rc = source_open(&source, &opt, paths, count, err);
    if (rc < 0)
        return rc;
    run.sources = names_load(a, STR("verify/sources.txt"));
    run.verbs = names_load(a, STR("verify/verbs.txt"));
    run.operations = names_load(a, STR("verify/operations.txt"));
    run.checkers = mem_alloc(jobs * sizeof *run.checkers);
    for (unsigned i = 0; i < jobs; i++)
        run.checkers[i] = (struct checker){ .sources = &run.sources,
                                            .verbs = &run.verbs,
                                            .operations = &run.operations };
    run.duplicates = duplicates_open();
    rc = judge(&run, source, jobs, err);
    run_free(&run, jobs);
    source_close(source);
    return rc;
}

int records_main(int argc, char **argv)
{
    struct asked q = { 0 };

    return command_run(&(struct command){ &records_options, &q, verify }, argc, argv);
}
