/* record_fidelity CATALOGUE RECORDS.jsonl[.gz] [LIMIT] - how near the recorder comes to real
 * records.
 *
 * Each line of RECORDS is {"record": {...}, ...} or a record. It is inverted into a call and an
 * outcome, recorded again, and compared. Prints the LIMIT most frequent differences (count, event,
 * path, kind, an example), then the scores per field: by event, not by record.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/codec/gzip.h"
#include "core/codec/json.h"
#include "emulator/record/record.h"
#include "tests/tools/record_fidelity/compare.h"
#include "tests/tools/record_fidelity/invert.h"

static const char *const fields[] = { "requestParameters", "responseElements", "userIdentity",
                                      "resources", "(others)" };

struct op_entry {
    struct str event; /* source:name, in the recorder's memory */
    const struct cat_op *op;
    struct op_entry *next;
};
struct run {
    struct cat *cat;
    struct recorder *recorder;
    struct arena arena;
    struct op_entry *ops[65536];
    struct comparison *by_field[COUNT(fields)];
    size_t records, unknown, skipped;
};

static void ops_add(struct run *run, struct str source, struct str name, const struct cat_op *op)
{
    struct op_entry *e = arena_alloc(&run->arena, sizeof *e);

    e->event = arena_printf(&run->arena, "%.*s:%.*s", STR_ARG(source), STR_ARG(name));
    e->op = op;
    struct op_entry **at = &run->ops[str_hash(e->event) % COUNT(run->ops)];
    e->next = *at;
    *at = e;
}

static void ops_index(struct run *run)
{
    for (uint32_t i = 0; i < cat_op_count(run->cat); i++) {
        const struct cat_op *op = cat_op_at(run->cat, i);
        const struct plan *p = plan_of(run->recorder, op);

        ops_add(run, p->event_source, p->event_name, op);
        if (!str_eq(p->denied_name, p->event_name))
            ops_add(run, p->event_source, p->denied_name, op);
    }
}

static struct value *rebuild(struct run *run, struct arena *a, const struct cat_op *op,
                             const struct value *record)
{
    struct inverted inv;
    struct record_facts facts;
    struct buf out = { 0 };
    struct value *got = NULL;
    struct err err = { 0 };

    invert_record(&inv, a, run->recorder, plan_of(run->recorder, op), record);
    if (record_build(run->recorder, a, &inv.call, &inv.outcome, 0, &out, &facts, &err) < 0 ||
        json_parse(a, arena_copy(a, buf_view(&out)), &got, &err) < 0)
        fprintf(stderr, "record_fidelity: %s\n", err.text);
    buf_free(&out);
    return got;
}

static size_t equal_members(const struct value *want, const struct value *got, const char *name)
{
    const struct value *x = value_get_c(want, name), *y = value_get_c(got, name);

    return x && y && value_equal(x, y);
}

static size_t likeness(const struct value *want, const struct value *got)
{
    const struct value *params = value_get_c(want, "requestParameters");
    const struct value *other = value_get_c(got, "requestParameters");
    size_t n = 100 * equal_members(want, got, "requestParameters") +
               100 * equal_members(want, got, "responseElements") +
               equal_members(want, got, "apiVersion");

    for (const struct value *kid = value_first(params); kid; kid = kid->next)
        n += 2 * (value_get(other, kid->name) != NULL);
    return n;
}

static struct value *part_of(struct arena *a, const struct value *record, size_t field)
{
    struct value *out = value_map(a);

    for (const struct value *kid = value_first(record); kid; kid = kid->next) {
        size_t i = 0;

        while (i + 1 < COUNT(fields) && !str_eq_c(kid->name, fields[i]))
            i++;
        if (i == field)
            value_set(out, kid->name, value_copy(a, kid));
    }
    return out;
}

static void judge(struct run *run, struct arena *a, const struct value *record)
{
    struct str event = arena_printf(a, "%.*s:%.*s", STR_ARG(value_get_str(record, "eventSource")),
                                    STR_ARG(value_get_str(record, "eventName")));
    const struct value *best = NULL;
    size_t best_likeness = 0;

    for (struct op_entry *e = run->ops[str_hash(event) % COUNT(run->ops)]; e; e = e->next) {
        if (!str_eq(e->event, event))
            continue;
        const struct value *got = rebuild(run, a, e->op, record);
        size_t like = got ? likeness(record, got) : 0;

        if (got && (!best || like > best_likeness)) {
            best = got;
            best_likeness = like;
        }
    }
    run->records++;
    run->unknown += best == NULL;
    if (!best && getenv("RECORD_FIDELITY_UNKNOWN"))
        printf("unknown\t%.*s\n", STR_ARG(event));
    for (size_t f = 0; best && f < COUNT(fields); f++)
        compare_records(run->by_field[f], event, part_of(a, record, f), part_of(a, best, f));
}

static int read_lines(struct run *run, struct str text, struct err *err)
{
    struct str line, rest = text;

    while (rest.len > 0) {
        struct arena a = { 0 };
        struct value *v;

        (void)str_cut(rest, '\n', &line, &rest);
        int rc = line.len ? json_parse(&a, line, &v, err) : 0;
        if (rc < 0)
            return rc;
        if (line.len) {
            struct value *record = value_get_c(v, "record") ? value_get_c(v, "record") : v;
            struct str type = value_get_str(record, "eventType");

            if (type.len == 0 || str_eq(type, STR("AwsApiCall")))
                judge(run, &a, record);
            else
                run->skipped++;
        }
        arena_free(&a);
    }
    return 0;
}

static int read_corpus(struct run *run, const char *path, struct err *err)
{
    struct buf raw = { 0 }, text = { 0 };
    int rc = fs_read(path, &raw, err);

    if (rc == 0 && str_has_suffix(str_c(path), STR(".gz")))
        rc = gzip_read(buf_view(&raw), 1u << 30, &text, NULL, err);
    if (rc == 0)
        rc = read_lines(run, text.len ? buf_view(&text) : buf_view(&raw), err);
    buf_free(&raw);
    buf_free(&text);
    return rc;
}

static void run_close(struct run *run)
{
    for (size_t f = 0; f < COUNT(fields); f++) {
        if (run->by_field[f])
            arena_free(&run->by_field[f]->arena);
        mem_free(run->by_field[f]);
    }
    arena_free(&run->arena);
    recorder_close(run->recorder);
    cat_close(run->cat);
    mem_free(run);
}

int main(int argc, char **argv)
{
    struct run *run = mem_alloc(sizeof *run);
    struct err err = { 0 };
    size_t limit = argc > 3 ? (size_t)strtoul(argv[3], NULL, 10) : 60;

    if (argc < 3) {
        fprintf(stderr, "use: record_fidelity CATALOGUE RECORDS.jsonl[.gz] [LIMIT]\n");
        return 2;
    }
    for (size_t f = 0; f < COUNT(fields); f++)
        run->by_field[f] = mem_alloc(sizeof *run->by_field[f]);
    if (cat_open(&run->cat, argv[1], &err) < 0 ||
        recorder_open(&run->recorder, run->cat, &err) < 0) {
        fprintf(stderr, "record_fidelity: %s\n", err.text);
        return 2;
    }
    ops_index(run);
    if (read_corpus(run, argv[2], &err) < 0) {
        fprintf(stderr, "record_fidelity: %s\n", err.text);
        return 2;
    }
    for (size_t f = 0; f < COUNT(fields); f++) {
        printf("== %s\n", fields[f]);
        compare_print(run->by_field[f], limit);
    }
    printf("%zu records, %zu of no known operation, %zu that are no calls\n", run->records,
           run->unknown, run->skipped);
    run_close(run);
    return 0;
}
