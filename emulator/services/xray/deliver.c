/* Files of segment documents: AWSLogs/ACCOUNT/XRay/REGION/YYYY/MM/DD/HH/, a document a line, in
 * the order in which they came in. Source: DESIGN of this program (docs/formats.md): X-Ray itself
 * writes no files.
 *
 * Exactly once: what a delivery holds is settled (fact "xray.delivery": its time and the last
 * number) before the first file is written, and forgotten after the last. A delivery that a crash
 * broke off is made again, the same files with the same bytes, before the next. */
#include "emulator/services/xray/deliver.h"

#include <stdlib.h>

#include "emulator/engine/schedule.h"
#include "emulator/services/xray/intake.h"
#include "emulator/store/series.h"
#include "emulator/telemetry/telemetry.h"

#define SETTLED         "xray.delivery"
#define FILE_TEXT_BYTES (8u << 20)
#define DAY_MS          (24 * 3600 * 1000ll)
#define UNIQUE_LEN      16

struct delivery {
    int64_t at_ms;
    int64_t last_number;
};

/* ---- what a delivery holds ---- */

static int read_settled(struct engine *e, struct arena *a, struct delivery *d, bool *is_on,
                        struct err *err)
{
    struct str text = { 0 }, at, last;
    int rc = store_fact_get(e->store, a, SETTLED, &text, err);

    *is_on = rc == 0 && text.len > 0;
    if (*is_on && (!str_cut(text, ' ', &at, &last) || !str_to_i64(at, &d->at_ms) ||
                   !str_to_i64(last, &d->last_number)))
        return err_set(err, E_PARSE, "state.db: %s is damaged", SETTLED);
    return rc == E_MISSING ? 0 : rc;
}

static int names_waiting(struct engine *e, struct arena *a, struct str **names, size_t *count,
                         struct err *err)
{
    return series_names(e->store, a, (struct series_key){ INTAKE_WAITING, STR("") }, STR(""), 0,
                        names, count, err);
}

/* In a transaction of its own: the fact; with done, what waited goes as well. */
static int settle(struct engine *e, struct arena *a, struct str fact, const struct delivery *done,
                  struct err *err)
{
    struct str *names;
    size_t count = 0;

    store_lock(e->store);
    int rc = store_begin(e->store, err);
    if (rc == 0) {
        rc = done ? names_waiting(e, a, &names, &count, err) : 0;
        for (size_t i = 0; rc == 0 && i < count; i++)
            rc = series_prune(e->store, (struct series_key){ INTAKE_WAITING, names[i] },
                              done->last_number + 1, err);
        if (rc == 0)
            rc = store_fact_put(e->store, SETTLED, fact, err);
        if (rc == 0)
            rc = store_commit(e->store, err);
        if (rc < 0)
            store_rollback(e->store);
    }
    store_unlock(e->store);
    return rc;
}

/* Everything that has come in by now. A call that is being made is left for the next delivery. */
static int begin(struct engine *e, struct arena *a, struct delivery *d, struct err *err)
{
    d->at_ms = clock_now_ms(&e->clock);
    d->last_number = (int64_t)xray_number_of_call(telemetry_position(e)) - 1;
    return settle(e, a,
                  arena_printf(a, "%lld %lld", (long long)d->at_ms, (long long)d->last_number),
                  NULL, err);
}

/* ---- files ---- */

static struct str file_name(struct engine *e, struct arena *a, struct xray_place p, int64_t at_ms,
                            uint64_t number)
{
    struct rng rng;
    struct clock_parts t = clock_split(at_ms);

    engine_chance(e, str_hash(intake_name(a, p)) ^ number, &rng);
    struct str unique = rng_chars(
        &rng, a, STR("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"), UNIQUE_LEN);
    return arena_printf(a, "%.*s_XRay_%.*s_%04d%02d%02dT%02d%02dZ_%.*s.json.gz", STR_ARG(p.account),
                        STR_ARG(p.region), t.year, t.month, t.day, t.hour, t.minute,
                        STR_ARG(unique));
}

static int write_file(struct engine *e, struct arena *a, struct xray_place p, int64_t at_ms,
                      uint64_t number, struct str text, struct err *err)
{
    return telemetry_write(e,
                           &(struct telemetry_file){ .account = p.account,
                                                     .region = p.region,
                                                     .kind = "XRay",
                                                     .at_ms = at_ms,
                                                     .name = file_name(e, a, p, at_ms, number),
                                                     .text = text },
                           err);
}

static int by_number(const void *a, const void *b)
{
    const struct xray_line *x = a, *y = b;

    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    return x->text.ptr < y->text.ptr ? -1 : x->text.ptr > y->text.ptr; /* within one block */
}

static int write_lines(struct engine *e, struct arena *a, struct xray_place p, int64_t at_ms,
                       const struct buf *lines, struct err *err)
{
    struct xray_line *line = (struct xray_line *)(void *)lines->ptr;
    size_t count = lines->len / sizeof *line, first = 0;
    struct buf text = { 0 };
    int rc = 0;

    if (count > 0)
        qsort(line, count, sizeof *line, by_number);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        buf_add(&text, line[i].text);
        buf_add_char(&text, '\n');
        if (text.len < FILE_TEXT_BYTES && i + 1 < count)
            continue;
        rc = write_file(e, a, p, at_ms, line[first].number, buf_view(&text), err);
        buf_clear(&text);
        first = i + 1;
    }
    buf_free(&text);
    return rc;
}

static int add_block(struct engine *e, struct arena *a, struct str name,
                     const struct series_point *waiting, struct buf *lines, struct err *err)
{
    struct series_point block = { .number = (uint64_t)waiting->time_ms };

    if (!str_to_i64(waiting->data, &block.time_ms))
        return err_set(err, E_PARSE, "state.db: %s is damaged", INTAKE_WAITING);
    int rc = series_get(e->store, a, (struct series_key){ INTAKE_BLOCKS, name }, &block, err);
    if (rc == E_MISSING)
        return 0; /* grown too old while it waited */
    return rc < 0 ? rc : intake_read(a, block.data, lines, err);
}

static size_t text_bytes(const struct buf *lines, size_t from)
{
    const struct xray_line *line = (const struct xray_line *)(const void *)lines->ptr;
    size_t bytes = 0;

    for (size_t i = from / sizeof *line; i < lines->len / sizeof *line; i++)
        bytes += line[i].text.len;
    return bytes;
}

/* Blocks come in the order of their numbers; more than a file's bytes are not held at once. */
static int deliver_place(struct engine *e, struct str name, const struct delivery *d,
                         struct err *err)
{
    struct series_span span = { .from_ms = 0, .to_ms = d->last_number + 1 };
    struct arena a = { 0 }, held = { 0 };
    struct buf lines = { 0 };
    struct series_point *waiting;
    struct xray_place p;
    size_t count = 0, bytes = 0;
    int rc = series_list(e->store, &a, (struct series_key){ INTAKE_WAITING, name }, &span, &waiting,
                         &count, err);

    (void)str_cut(name, '/', &p.account, &p.region); /* as intake_name made it */
    for (size_t i = 0; rc == 0 && i < count; i++) {
        size_t from = lines.len;

        rc = add_block(e, &held, name, &waiting[i], &lines, err);
        bytes += text_bytes(&lines, from);
        if (rc < 0 || (bytes < FILE_TEXT_BYTES && i + 1 < count))
            continue;
        rc = write_lines(e, &held, p, d->at_ms, &lines, err);
        buf_clear(&lines);
        arena_reset(&held);
        bytes = 0;
    }
    buf_free(&lines);
    arena_free(&held);
    arena_free(&a);
    return rc;
}

static int deliver_settled(struct engine *e, struct arena *a, const struct delivery *d,
                           struct err *err)
{
    struct str *names;
    size_t count = 0;
    int rc = names_waiting(e, a, &names, &count, err);

    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = deliver_place(e, names[i], d, err);
    return rc < 0 ? rc : settle(e, a, STR(""), d, err);
}

int deliver_segments(struct engine *e, struct err *err)
{
    struct arena a = { 0 };
    struct delivery d = { 0 };
    struct str *names;
    size_t count = 0;
    bool broken_off;
    int rc = read_settled(e, &a, &d, &broken_off, err);

    if (rc == 0 && broken_off)
        rc = deliver_settled(e, &a, &d, err);
    if (rc == 0)
        rc = names_waiting(e, &a, &names, &count, err);
    if (rc == 0 && count > 0)
        rc = begin(e, &a, &d, err);
    if (rc == 0 && count > 0)
        rc = deliver_settled(e, &a, &d, err);
    arena_free(&a);
    return rc;
}

/* ---- what is too old ---- */

static int prune(void *arg, int64_t due_ms, int64_t *next_ms, struct err *err)
{
    struct engine *e = arg;

    store_lock(e->store);
    int rc = store_begin(e->store, err);
    if (rc == 0) {
        rc = xray_prune(e->store, due_ms, err);
        if (rc == 0)
            rc = store_commit(e->store, err);
        if (rc < 0)
            store_rollback(e->store);
    }
    store_unlock(e->store);
    *next_ms = due_ms + DAY_MS;
    return rc;
}

int deliver_open(struct engine *e, struct err *err)
{
    int64_t now_ms = clock_now_ms(&e->clock);

    return schedule_add(e->schedule, "xray-retention", now_ms - now_ms % DAY_MS + DAY_MS, prune, e,
                        err);
}
