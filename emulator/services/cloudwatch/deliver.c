#include "emulator/services/cloudwatch/deliver.h"

#include <stdatomic.h>
#include <stdio.h>

#include "core/base/buf.h"
#include "core/codec/json.h"
#include "emulator/services/cloudwatch/cloudwatch.h"
#include "emulator/services/cloudwatch/state.h"
#include "emulator/store/series.h"
#include "emulator/telemetry/telemetry.h"

#define CHANGED     "metric-changed" /* a series an account and region: which points are to go */
#define STREAM_NAME "mocktrail"

static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static void wait_for(struct cw_state *s, int64_t time_ms)
{
    int64_t over_ms = cw_floor(time_ms, CW_MINUTE_MS) + CW_MINUTE_MS;

    if (over_ms < atomic_load(&s->deliver_ms))
        atomic_store(&s->deliver_ms, over_ms); /* under the store's lock */
}

int deliver_note(struct engine *e, const struct metric_id *id, struct str series,
                 const struct point *p, struct err *err)
{
    struct arena a = { 0 };
    struct str name = metric_prefix(&a, id->account, id->region, STR(""), STR(""));
    struct str data = arena_printf(&a, "%02d%.*s", p->unit, STR_ARG(series));
    struct series_point at = { p->time_ms, str_hash(data) >> 1, data };
    int rc = series_put(e->store, (struct series_key){ CHANGED, name }, &at, err);

    wait_for(cw_state(e), p->time_ms);
    arena_free(&a);
    return rc;
}

/* ---- one file ---- */

/* A file is planned before it is written: killed in between, the next start writes the same one. */
struct plan {
    int64_t number, cutoff_ms, is_open;
};

struct target {
    struct engine *e;
    struct arena *a;
    struct str changed;  /* name of the series */
    struct metric_id id; /* account and region */
    char fact[80];
    struct plan plan;
};

static int load_plan(struct target *t, struct err *err)
{
    struct str text, n, cutoff, open;
    int rc = store_fact_get(t->e->store, t->a, t->fact, &text, err);

    if (rc == E_MISSING)
        return 0;
    if (rc == 0 && (!str_cut(text, ' ', &n, &text) || !str_cut(text, ' ', &cutoff, &open) ||
                    !str_to_i64(n, &t->plan.number) || !str_to_i64(cutoff, &t->plan.cutoff_ms) ||
                    !str_to_i64(open, &t->plan.is_open)))
        rc = err_set(err, E_PARSE, "state.db: %s is no plan", t->fact);
    return rc;
}

static int save_plan(struct target *t, struct err *err)
{
    return store_fact_put(t->e->store, t->fact,
                          arena_printf(t->a, "%lld %lld %lld", (long long)t->plan.number,
                                       (long long)t->plan.cutoff_ms, (long long)t->plan.is_open),
                          err);
}

static void add_text(struct buf *out, const char *name, struct str text)
{
    buf_printf(out, "\"%s\":", name);
    json_add_string(out, text);
    buf_add_char(out, ',');
}

/* Source: CloudWatch User Guide, "Metric stream output in JSON format". */
static void add_line(struct buf *out, const struct metric_id *id, const struct point *p)
{
    const struct {
        const char *name;
        double value;
    } values[] = {
        { "max", p->most }, { "min", p->least }, { "sum", p->sum }, { "count", p->count }
    };

    buf_add_char(out, '{');
    add_text(out, "metric_stream_name", STR(STREAM_NAME));
    add_text(out, "account_id", id->account);
    add_text(out, "region", id->region);
    add_text(out, "namespace", id->namespace_);
    add_text(out, "metric_name", id->name);
    buf_add_c(out, "\"dimensions\":{");
    for (size_t i = 0; i < id->dimension_count; i++) {
        buf_add_c(out, i > 0 ? "," : "");
        json_add_string(out, id->dimensions[i].name);
        buf_add_char(out, ':');
        json_add_string(out, id->dimensions[i].value);
    }
    buf_printf(out, "},\"timestamp\":%lld,\"value\":{", (long long)p->time_ms);
    for (size_t i = 0; i < COUNT(values); i++) {
        buf_printf(out, "%s\"%s\":", i > 0 ? "," : "", values[i].name);
        json_add_double(out, values[i].value);
    }
    buf_printf(out, "},\"unit\":\"%s\"}\n", metric_unit_name(p->unit));
}

static int add_change(struct target *t, const struct series_point *change, struct buf *out,
                      struct err *err)
{
    struct arena_mark mark = arena_mark(t->a);
    struct str series = str_sub(change->data, 2, change->data.len);
    int64_t unit = 0;
    struct series_point at = { .time_ms = change->time_ms };
    struct point p = { .time_ms = change->time_ms };
    struct metric_id id;

    if (!str_to_i64(str_sub(change->data, 0, 2), &unit) || !metric_of_series(t->a, series, &id))
        return err_set(err, E_PARSE, "state.db: a changed metric is damaged");
    at.number = (uint64_t)unit;
    p.unit = (int)unit;
    int rc = series_get(t->e->store, t->a, (struct series_key){ METRIC_KIND, series }, &at, err);
    if (rc == 0)
        rc = point_decode(t->a, at.data, &p, err);
    if (rc == 0)
        add_line(out, &id, &p);
    arena_rewind(t->a, mark);
    return rc == E_MISSING ? 0 : rc; /* too old by now */
}

static int write_file(struct target *t, const struct series_point *changes, size_t count,
                      struct err *err)
{
    struct clock_parts at = clock_split(t->plan.cutoff_ms);
    struct buf text = { 0 };
    struct rng rng;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = add_change(t, &changes[i], &text, err);
    engine_chance(t->e, str_hash(arena_printf(t->a, "%s %lld", t->fact, (long long)t->plan.number)),
                  &rng);
    struct str unique = rng_chars(&rng, t->a, str_c(digits), 16);
    struct str name = arena_printf(t->a, "%.*s_CloudWatch_%.*s_%04d%02d%02dT%02d%02dZ_%.*s.json.gz",
                                   STR_ARG(t->id.account), STR_ARG(t->id.region), at.year, at.month,
                                   at.day, at.hour, at.minute, STR_ARG(unique));
    if (rc == 0 && text.len > 0)
        rc = telemetry_write(t->e,
                             &(struct telemetry_file){ t->id.account, t->id.region, "CloudWatch",
                                                       t->plan.cutoff_ms, name, buf_view(&text) },
                             err);
    buf_free(&text);
    return rc;
}

static int transact(struct target *t, bool prune, struct err *err)
{
    struct store *s = t->e->store;
    int rc = store_begin(s, err);

    if (rc < 0)
        return rc;
    if (prune)
        rc = series_prune(s, (struct series_key){ CHANGED, t->changed }, t->plan.cutoff_ms, err);
    if (rc == 0)
        rc = save_plan(t, err);
    if (rc == 0)
        rc = store_commit(s, err);
    if (rc < 0)
        store_rollback(s);
    return rc;
}

static int deliver_target(struct target *t, struct err *err)
{
    struct series_span span = { .from_ms = INT64_MIN };
    struct series_point *changes;
    size_t count = 0;
    int rc = load_plan(t, err);

    if (rc < 0)
        return rc;
    span.to_ms =
        t->plan.is_open ? t->plan.cutoff_ms : cw_floor(clock_now_ms(&t->e->clock), CW_MINUTE_MS);
    rc = series_list(t->e->store, t->a, (struct series_key){ CHANGED, t->changed }, &span, &changes,
                     &count, err);
    if (rc < 0 || count == 0)
        return rc;
    if (!t->plan.is_open) {
        t->plan = (struct plan){ t->plan.number + 1, span.to_ms, 1 };
        rc = transact(t, false, err);
    }
    if (rc == 0)
        rc = write_file(t, changes, count, err);
    t->plan.is_open = 0;
    return rc < 0 ? rc : transact(t, true, err);
}

/* What is left lies in minutes that are not over. */
static int wait_for_rest(struct target *t, struct err *err)
{
    struct series_span first = { INT64_MIN, INT64_MAX, .limit = 1 };
    struct series_point *points;
    size_t count = 0;
    int rc = series_list(t->e->store, t->a, (struct series_key){ CHANGED, t->changed }, &first,
                         &points, &count, err);

    if (rc == 0 && count > 0)
        wait_for(cw_state(t->e), points[0].time_ms);
    return rc;
}

static int deliver_one(struct engine *e, struct str changed, struct err *err)
{
    struct arena a = { 0 };
    struct target t = { .e = e, .a = &a, .changed = changed };
    struct str rest;
    int rc = 0;

    (void)str_cut(changed, '\x01', &t.id.account, &rest);
    (void)str_cut(rest, '\x01', &t.id.region, &rest);
    if (snprintf(t.fact, sizeof t.fact, "metrics.file.%.*s.%.*s", STR_ARG(t.id.account),
                 STR_ARG(t.id.region)) >= (int)sizeof t.fact)
        rc = err_set(err, E_LIMIT, "a region's name of %zu bytes", t.id.region.len);
    else
        rc = deliver_target(&t, err);
    if (rc == 0)
        rc = wait_for_rest(&t, err);
    arena_free(&a);
    return rc;
}

int metrics_deliver(struct engine *e, struct err *err)
{
    struct arena a = { 0 };
    struct str *names;
    size_t count = 0;
    struct cw_state *s = cw_state(e);

    if (clock_now_ms(&e->clock) < atomic_load(&s->deliver_ms))
        return 0;
    store_lock(e->store); /* nothing changes between a file and its plan's end */
    atomic_store(&s->deliver_ms, INT64_MAX);
    int rc = series_names(e->store, &a, (struct series_key){ CHANGED, STR("") }, STR(""), 0, &names,
                          &count, err);
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = deliver_one(e, names[i], err);
    if (rc < 0)
        atomic_store(&s->deliver_ms, 0); /* all of it again */
    store_unlock(e->store);
    arena_free(&a);
    return rc;
}
