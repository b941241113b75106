#include "emulator/engine/engine.h"

#include <stdatomic.h>
#include <stdio.h>

#include "core/base/fs.h"
#include "core/base/mem.h"
#include "emulator/engine/constraints.h"
#include "emulator/engine/faults.h"
#include "emulator/engine/private.h"
#include "emulator/engine/schedule.h"
#include "emulator/engine/upstream/upstream.h"
#include "emulator/identity/identity.h"
#include "emulator/services/ec2/events.h"
#include "emulator/services/events/responders.h"
#include "emulator/services/s3.h"
#include "emulator/services/sqs/gauges.h"
#include "emulator/services/sqs/waiting.h"
#include "emulator/store/store.h"
#include "emulator/telemetry/outbound.h"
#include "emulator/telemetry/telemetry.h"
#include "emulator/trail/trail.h"

static int fact_i64(struct engine *e, const char *name, int64_t *out, struct err *err)
{
    struct arena a = { 0 };
    struct str text;
    int rc = store_fact_get(e->store, &a, name, &text, err);

    if (rc == 0 && !str_to_i64(text, out))
        rc = err_set(err, E_PARSE, "state.db: fact %s is no number", name);
    arena_free(&a);
    return rc;
}

static int put_fact_i64(struct engine *e, const char *name, int64_t value, struct err *err)
{
    char text[32];
    int len = snprintf(text, sizeof text, "%lld", (long long)value);

    return store_fact_put(e->store, name, (struct str){ text, (size_t)len }, err);
}

/* --seed, else the directory's own, drawn once. */
static int settle_seed(struct engine *e, struct err *err)
{
    int64_t kept;
    int rc = fact_i64(e, "seed", &kept, err);

    if (rc < 0 && rc != E_MISSING)
        return rc;
    if (rc == 0 && (!e->opt.seeded || (uint64_t)kept == e->opt.seed)) {
        e->seed = (uint64_t)kept;
        return 0;
    }
    if (e->opt.seeded)
        e->seed = e->opt.seed;
    else if ((rc = rng_secret(&e->seed, sizeof e->seed, err)) < 0)
        return rc;
    return put_fact_i64(e, "seed", (int64_t)e->seed, err);
}

int engine_keep_time(struct engine *e, struct err *err)
{
    return put_fact_i64(e, "last_time", clock_now_ms(&e->clock), err);
}

static int64_t newest_ms(struct journal *j)
{
    struct arena a = { 0 };
    struct journal_entry entry;
    uint64_t position = 0;
    int64_t newest = INT64_MIN;

    while (journal_next(j, &a, &position, &entry)) {
        if (entry.facts.time_ms > newest)
            newest = entry.facts.time_ms;
        arena_reset(&a);
    }
    arena_free(&a);
    return newest;
}

/* Time never goes back within a data directory. */
static int settle_time(struct engine *e, enum time_rule rule, struct err *err)
{
    int64_t last_ms = INT64_MIN, journal_ms = newest_ms(trail_journal(e->trail));
    int rc = fact_i64(e, "last_time", &last_ms, err);

    if (rc < 0 && rc != E_MISSING)
        return rc;
    if (journal_ms > last_ms)
        last_ms = journal_ms;
    if (last_ms == INT64_MIN)
        return 0;
    if (rule == TIME_IS_ADOPTED && e->clock.mode == CLOCK_VIRTUAL) {
        clock_set_ms(&e->clock, last_ms);
        return 0;
    }
    if (last_ms <= clock_now_ms(&e->clock))
        return 0;
    if (e->clock.mode == CLOCK_VIRTUAL) {
        char start[CLOCK_ISO_SIZE], last[CLOCK_ISO_SIZE];

        clock_iso(e->opt.clock_start_ms, start);
        clock_iso(last_ms, last);
        return err_set(err, E_CONFLICT, "--clock virtual:%s lies before %s, the last time in %s",
                       start, last, e->opt.data_dir);
    }
    clock_set_ms(&e->clock, last_ms);
    return 0;
}

/* Calls are numbered on from the greatest number that any record of the directory may have. */
static int settle_seq(struct engine *e, struct err *err)
{
    int64_t kept = 0;
    uint64_t last = journal_last_seq(trail_journal(e->trail));
    int rc = fact_i64(e, "next_seq", &kept, err);

    if (rc < 0 && rc != E_MISSING)
        return rc;
    atomic_store(&e->next_seq, last + 1 > (uint64_t)kept ? last + 1 : (uint64_t)kept);
    return 0;
}

static bool in_journal(struct journal *j, uint64_t seq, int recipient)
{
    struct arena a = { 0 };
    struct journal_entry entry;
    uint64_t position = 0;
    bool found = false;

    while (!found && journal_next(j, &a, &position, &entry)) {
        found = entry.seq == seq && entry.recipient == recipient;
        arena_reset(&a);
    }
    arena_free(&a);
    return found;
}

/* State that was committed and whose record the journal lacks: the process died in between. The
 * rows are those of the last calls that changed state, a call's own in order of its recipients. */
static int replay_outbox(struct engine *e, struct err *err)
{
    struct journal *j = trail_journal(e->trail);
    struct arena a = { 0 };
    struct outbox_row *rows;
    size_t count = 0;
    int recipient = 0, rc = store_outbox_list(e->store, &a, &rows, &count, err);

    for (size_t i = 0; rc == 0 && i < count; i++) {
        uint64_t position;

        recipient = i > 0 && rows[i].seq == rows[i - 1].seq ? recipient + 1 : 0;
        if (in_journal(j, rows[i].seq, recipient))
            continue;
        rc = journal_put_packed(j, rows[i].payload, &position, err);
        if (rc == 0)
            rc = journal_apply(j, position, err);
    }
    if (rc == 0 && count > 0)
        rc = store_outbox_prune(e->store, UINT64_MAX, err);
    arena_free(&a);
    return rc;
}

static int open_rest(struct engine *e, enum time_rule rule, struct err *err)
{
    int rc = identity_open(&e->identity, e, err);

    if (rc == 0)
        rc = trail_open(&e->trail, e, err);
    if (rc == 0)
        rc = settle_time(e, rule, err);
    if (rc == 0)
        rc = replay_outbox(e, err);
    if (rc == 0)
        rc = settle_seq(e, err);
    if (rc == 0)
        rc = s3_open(e, err);
    if (rc == 0)
        rc = telemetry_open(e, err);
    if (rc == 0)
        rc = sqs_gauges_open(e, err);
    if (rc == 0)
        rc = ec2_events_open(e, err);
    if (rc == 0)
        rc = outbound_open(e, err);
    return rc;
}

int engine_open_modules(struct engine *e, enum time_rule rule, struct err *err)
{
    int rc = fs_mkdirs(e->opt.data_dir, err);

    if (rc == 0)
        rc = store_open(&e->store, e->opt.data_dir, e->opt.durability == DURABILITY_DISK, err);
    if (rc == 0)
        rc = settle_seed(e, err);
    return rc < 0 ? rc : open_rest(e, rule, err);
}

int engine_close_modules(struct engine *e, struct err *err)
{
    outbound_close(e);
    telemetry_halt(e);
    int rc = s3_finish(e, err), closed = e->trail ? trail_close(e->trail, err) : 0;

    e->trail = NULL;
    telemetry_close(e);
    s3_close(e);
    identity_close(e->identity);
    e->identity = NULL;
    store_close(e->store);
    e->store = NULL;
    return rc < 0 ? rc : closed;
}

static void open_clock(struct engine *e)
{
    if (e->opt.clock_is_virtual)
        clock_init_virtual(&e->clock, e->opt.clock_start_ms);
    else
        clock_init_real(&e->clock);
}

static void free_engine(struct engine *e)
{
    upstream_close(e->upstream);
    sqs_waiting_free(e->waiting);
    schedule_close(e->schedule);
    recorder_close(e->recorder);
    cat_close(e->cat);
    handlers_close(e->services);
    constraints_close(e->services->constraints);
    faults_free(e->services->faults);
    pthread_rwlock_destroy(&e->services->gate);
    pthread_mutex_destroy(&e->services->watch_lock);
    mem_free(e->services);
    mem_free(e);
}

int engine_open(struct engine **out, const struct engine_options *opt, struct err *err)
{
    struct engine *e = mem_alloc(sizeof *e);

    e->opt = *opt;
    e->services = mem_alloc(sizeof *e->services);
    pthread_rwlock_init(&e->services->gate, NULL);
    pthread_mutex_init(&e->services->watch_lock, NULL);
    e->waiting = sqs_waiting_new();
    open_clock(e);
    int rc = cat_open(&e->cat, NULL, err);
    if (rc == 0) {
        handlers_open(e->services, e->cat);
        e->services->faults = faults_new();
        rc = constraints_open(&e->services->constraints, e->cat, err);
    }
    if (rc == 0)
        rc = recorder_open(&e->recorder, e->cat, err);
    if (rc == 0)
        rc = upstream_open(&e->upstream, &e->opt, e->cat, err);
    if (rc == 0)
        rc = schedule_open(&e->schedule, &e->clock, err);
    if (rc == 0)
        rc = engine_open_modules(e, TIME_MUST_FIT, err);
    if (rc == 0)
        rc = schedule_start(e->schedule, err);
    if (rc < 0) {
        (void)engine_close_modules(e, NULL); /* the first failure is the one to tell */
        free_engine(e);
        return rc;
    }
    *out = e;
    return 0;
}

int engine_close(struct engine *e, struct err *err)
{
    int rc, rest;

    schedule_hold(e->schedule);
    rc = engine_keep_time(e, err);
    if (rc == 0)
        rc = put_fact_i64(e, "next_seq", (int64_t)atomic_load(&e->next_seq), err);
    rest = engine_close_modules(e, err);
    schedule_release(e->schedule);
    free_engine(e);
    return rc < 0 ? rc : rest;
}

int engine_advance(struct engine *e, int64_t target_ms, struct err *err)
{
    int rc = telemetry_sync(e, err);
    if (rc == 0)
        rc = responders_settle(e, err);
    if (rc == 0)
        rc = outbound_settle(e, err);
    if (rc == 0)
        rc = schedule_advance(e->schedule, target_ms, err);
    sqs_stir(e); /* messages that were hidden may be due */
    int kept = e->opt.sink.put ? 0 : engine_keep_time(e, err); /* engine_close will do */

    return rc < 0 ? rc : kept;
}

struct faults *engine_faults(const struct engine *e)
{
    return e->services->faults;
}
