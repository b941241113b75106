/* One call, from its handler to the journal. The order is what makes a crash harmless: state and
 * outbox commit together, then the journal gets the record, then files move; each step is repeated
 * from the one before it when the emulator starts again. */
#include <assert.h>
#include <stdatomic.h>

#include "core/aws/ids.h"
#include "emulator/engine/constraints.h"
#include "emulator/engine/generic/generic.h"
#include "emulator/engine/private.h"
#include "emulator/engine/upstream/upstream.h"
#include "emulator/identity/federated.h"
#include "emulator/identity/identity.h"
#include "emulator/store/store.h"
#include "emulator/telemetry/telemetry.h"
#include "emulator/trail/trail.h"
#include "emulator/wire/wire.h"

#define RECORD_BYTES 2048 /* few are longer: one allocation for nearly all */

/* Two streams of one call: ids of the call itself, and what its handler draws. */
enum stream { STREAM_CALL, STREAM_HANDLER };

static void init_chance(const struct engine *e, const struct call *call, enum stream stream,
                        struct rng *out)
{
    rng_init(out, e->seed, 2 * call->seq + (uint64_t)stream);
}

/* The upper half of the streams: calls will not count so far. */
void engine_chance(const struct engine *e, uint64_t what, struct rng *out)
{
    rng_init(out, e->seed, what | 1ull << 63);
}

void engine_ids(const struct engine *e, struct arena *a, struct call *call)
{
    struct rng r;
    char uuid[37];

    init_chance(e, call, STREAM_CALL, &r);
    rng_uuid(&r, uuid);
    call->event_id = arena_copy(a, str_c(uuid));
    if (str_eq_c(call->service_name, "s3")) {
        call->request_id = ids_s3_request(a, &r);
        call->host_id = ids_s3_host(a, &r);
    } else {
        rng_uuid(&r, uuid);
        call->request_id = arena_copy(a, str_c(uuid));
    }
}

void engine_begin(struct engine *e, struct arena *a, struct call *call)
{
    call->cat = e->cat;
    call->seq = atomic_fetch_add(&e->next_seq, 1);
    call->time_ms = clock_now_ms(&e->clock);
    if (call->begun_us == 0 && !clock_is_frozen(&e->clock))
        call->begun_us = clock_monotonic_us();
    engine_ids(e, a, call);
}

static void entries_free(struct entries *n)
{
    for (int i = 0; i < n->count; i++)
        buf_free(&n->of[i].text);
    n->count = 0;
}

/* On a clock that stands a call takes the time that it was told to take. */
static uint32_t duration_us(const struct engine *e, const struct call *call)
{
    bool stands = call->begun_us == 0 || clock_is_frozen(&e->clock);
    int64_t us = stands ? call->delay_ms * 1000 : clock_monotonic_us() - call->begun_us;

    return us < 0 || us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

/* What the views of emulator/telemetry need beyond the record. */
static void add_facts(const struct engine *e, const struct call *call, const struct outcome *out,
                      struct record_facts *facts)
{
    facts->request_id = call->request_id;
    facts->trace_header = call->trace_header;
    facts->detail = out->detail;
    facts->parent_seq = call->parent_seq;
    facts->duration_us = duration_us(e, call);
    facts->status = (uint16_t)wire_status(e->cat, call->op, call->protocol, out);
}

static int build(struct engine *e, struct arena *a, const struct call *call,
                 const struct outcome *out, struct entries *n, struct err *err)
{
    int total = 1;

    for (int i = 0; i < total && i < ENTRIES_MOST; i++) {
        n->of[i].text.arena = a;
        (void)buf_reserve(&n->of[i].text, RECORD_BYTES);
        int rc = record_build(e->recorder, a, call, out, i, &n->of[i].text, &n->of[i].facts, err);

        n->count = i + 1; /* to be freed, also after a failure */
        if (rc < 0)
            return rc;
        add_facts(e, call, out, &n->of[i].facts);
        total = rc;
    }
    return 0;
}

/* The files move with the first record: a second reader's copy must not move them again. */
static const struct effect *effects_of(const struct effect *effects, int recipient)
{
    return recipient == 0 ? effects : NULL;
}

static int fill_outbox(struct engine *e, uint64_t seq, const struct outcome *out,
                       const struct entries *n, struct err *err)
{
    struct buf packed = { 0 };
    int rc = 0;

    for (int i = 0; rc == 0 && i < n->count; i++) {
        buf_clear(&packed);
        journal_pack(&packed, &(struct journal_source){ .seq = seq,
                                                        .recipient = i,
                                                        .record = buf_view(&n->of[i].text),
                                                        .facts = &n->of[i].facts,
                                                        .effects = effects_of(out->effects, i) });
        rc = store_outbox_put(e->store, seq, buf_view(&packed), err);
    }
    buf_free(&packed);
    return rc;
}

/* What goes with the records of a call into the journal. */
struct handover {
    const struct effect *effects;
    struct outcome *out; /* may have the effects deferred, and the answer wait; or NULL */
    bool may_wait;
};

static int settle_effects(struct journal *j, const struct handover *h, uint64_t position,
                          struct err *err)
{
    if (h->out && h->out->defer && h->out->defer(h->out->defer_arg, position))
        return 0;
    int rc = h->may_wait ? journal_sync(j, err) : 0; /* a record comes before its effects */
    if (rc == 0)
        rc = journal_do(j, h->effects, err);
    if (rc == 0)
        journal_applied(j, position);
    return rc;
}

/* With a sink nothing is to be repeated after a crash: records go over, files move. */
static int into_sink(struct engine *e, uint64_t seq, const struct effect *effects,
                     const struct entries *n, struct err *err)
{
    int rc = 0;

    for (int i = 0; rc == 0 && i < n->count; i++)
        rc = e->opt.sink.put(e->opt.sink.arg,
                             &(struct journal_source){ .seq = seq,
                                                       .recipient = i,
                                                       .record = buf_view(&n->of[i].text),
                                                       .facts = &n->of[i].facts },
                             err);
    if (rc == 0 && effects)
        rc = journal_do(trail_journal(e->trail), effects, err);
    atomic_fetch_add(&e->accepted_count, 1);
    return rc;
}

static int into_journal(struct engine *e, uint64_t seq, const struct handover *all,
                        const struct entries *n, struct err *err)
{
    struct journal *j = trail_journal(e->trail);

    if (e->opt.sink.put)
        return into_sink(e, seq, all->effects, n, err);

    for (int i = 0; i < n->count; i++) {
        const struct effect *effects = effects_of(all->effects, i);
        uint64_t position;
        int rc = journal_put(j,
                             &(struct journal_source){ .seq = seq,
                                                       .recipient = i,
                                                       .record = buf_view(&n->of[i].text),
                                                       .facts = &n->of[i].facts,
                                                       .effects = effects,
                                                       .later = all->may_wait },
                             &position, err);

        if (rc == 0 && effects)
            rc = settle_effects(j, all, position, err);
        if (rc < 0)
            return rc;
    }
    if (all->out)
        all->out->waits = all->may_wait && e->opt.durability == DURABILITY_DISK;
    atomic_fetch_add(&e->accepted_count, 1);
    telemetry_stir(e);
    return 0;
}

static struct handler handler_for(const struct engine *e, const struct call *call)
{
    if (call->answer)
        return (struct handler){ .run = upstream_conclude, .is_unlocked = !upstream_teaches(call) };
    return handler_of(e, call->op);
}

static int run_handler(struct engine *e, struct arena *a, const struct call *call,
                       struct outcome *out, struct err *err)
{
    struct handler h = handler_for(e, call);
    struct ctx cx = { .e = e, .a = a, .now_ms = call->time_ms };

    if (!h.run) {
        generic_refuse(a, call, out, "");
        return 0;
    }
    init_chance(e, call, STREAM_HANDLER, &cx.rng);
    return h.run(&cx, call, out, err);
}

static int perform_unlocked(struct engine *e, struct arena *a, const struct call *call,
                            struct outcome *out, struct err *err)
{
    struct entries n = { 0 };
    int rc = run_handler(e, a, call, out, err);

    if (rc == 0)
        rc = build(e, a, call, out, &n, err);
    if (rc == 0)
        rc = into_journal(e, call->seq, &(struct handover){ out->effects, out, call->may_wait }, &n,
                          err);
    entries_free(&n);
    return rc;
}

/* What a refused or failed call changed is undone; keys that it put must not stay in the cache. */
static void undo(struct engine *e)
{
    bool was_dirty = store_dirty(e->store);

    store_rollback(e->store);
    if (was_dirty)
        identity_forget(e->identity);
}

/* The lock is held: what the outbox still has is in the journal. */
static int empty_outbox(struct engine *e, struct err *err)
{
    struct services *s = e->services;

    return s->outbox_is_used && s->depth == 1 ? store_outbox_prune(e->store, UINT64_MAX, err) : 0;
}

static int commit(struct engine *e, const struct call *call, struct outcome *out,
                  const struct entries *n, struct err *err)
{
    int rc = 0;

    if (store_dirty(e->store)) {
        out->changed = true;
        if (e->opt.sink.put)
            return store_commit(e->store, err);
        rc = empty_outbox(e, err);
        if (rc == 0)
            rc = fill_outbox(e, call->seq, out, n, err);
        e->services->outbox_is_used = true;
    }
    return rc < 0 ? rc : store_commit(e->store, err);
}

static void leave_pending(struct services *s, struct arena *a, const struct call *call,
                          const struct outcome *out, const struct entries *n)
{
    struct pending *p = arena_alloc(a, sizeof *p);

    p->seq = call->seq;
    p->effects = out->effects;
    p->entries = *n;
    *s->last = p;
    s->last = &p->next;
}

/* Calls within this one happened before it ended: their records come first. */
static int flush_pending(struct engine *e, struct pending *p, struct err *err)
{
    int rc = 0;

    for (; p; p = p->next) {
        if (rc == 0)
            rc = into_journal(e, p->seq, &(struct handover){ p->effects, NULL, false }, &p->entries,
                              err);
        entries_free(&p->entries);
    }
    return rc;
}

static void drop_pending(struct pending *p)
{
    for (; p; p = p->next)
        entries_free(&p->entries);
}

/* The handler inside its transaction, its records built, all of it committed or undone. */
static int transact(struct engine *e, struct arena *a, struct call *call, struct outcome *out,
                    struct entries *n, struct err *err)
{
    struct pending **mark = e->services->last;
    int rc = store_begin(e->store, err);

    if (rc < 0)
        return rc;
    rc = run_handler(e, a, call, out, err);
    if (rc == 0 && outcome_refused(out)) {
        out->effects = NULL;
        undo(e);
        drop_pending(*mark); /* nothing of it happened */
        *mark = NULL;
        e->services->last = mark;
        return build(e, a, call, out, n, err);
    }
    if (rc == 0)
        rc = build(e, a, call, out, n, err);
    if (rc == 0)
        rc = commit(e, call, out, n, err);
    if (rc < 0) {
        undo(e);
        drop_pending(*mark);
        *mark = NULL;
        e->services->last = mark;
    }
    return rc;
}

static int perform_locked(struct engine *e, struct arena *a, struct call *call, struct outcome *out,
                          struct err *err)
{
    struct services *s = e->services;
    struct entries n = { 0 };

    store_lock(e->store);
    if (s->depth++ == 0) {
        s->first = NULL;
        s->last = &s->first;
    }
    int rc = s->depth == 1 && telemetry_is_asked(call) ? telemetry_sync(e, err) : 0;
    if (rc == 0)
        rc = transact(e, a, call, out, &n, err);
    if (rc == 0 && s->depth > 1) {
        leave_pending(s, a, call, out, &n);
        n.count = 0; /* the pending one's now */
    } else if (rc == 0) {
        /* State that is committed keeps its record in the outbox until the journal has it for good:
         * the next commit takes it out. */
        struct handover h = { out->effects, out, call->may_wait && !out->changed };
        rc = flush_pending(e, s->first, err);
        s->first = NULL;
        if (rc == 0)
            rc = into_journal(e, call->seq, &h, &n, err);
    }
    s->depth--;
    store_unlock(e->store);
    entries_free(&n);
    return rc;
}

static void release(struct outcome *out)
{
    if (out->release)
        out->release(out->release_arg);
    out->release = NULL;
}

int engine_perform(struct engine *e, struct arena *a, struct call *call, struct outcome *out,
                   struct err *err)
{
    struct handler h = handler_for(e, call);
    int rc = 0;

    pthread_rwlock_rdlock(&e->services->gate); /* readers first: a call within a call passes */
    federated_claim(a, call);
    if (call->account.len > 0)
        rc = trail_account_seen(e->trail, call->account, err);
    if (rc == 0 && h.prepare)
        rc = h.prepare(a, call, &call->prepared, err);
    if (rc == 0)
        rc = !h.run || h.is_unlocked ? perform_unlocked(e, a, call, out, err)
                                     : perform_locked(e, a, call, out, err);
    release(out);
    pthread_rwlock_unlock(&e->services->gate);
    return rc;
}

int engine_peek(struct engine *e, struct arena *a, struct call *call, struct outcome *out,
                struct err *err)
{
    call->cat = e->cat;
    call->service = cat_op_service(e->cat, call->op);
    call->service_name = cat_str(e->cat, call->service->name);
    call->action = cat_str(e->cat, call->op->name);
    call->who = principal_root(a, call->account);
    call->time_ms = clock_now_ms(&e->clock);
    call->seq = atomic_load(&e->next_seq); /* of chance it shows nothing */
    pthread_rwlock_rdlock(&e->services->gate);
    constraints_check(e->services->constraints, a, call, out);
    store_lock(e->store);
    int rc = outcome_refused(out) ? 0 : telemetry_sync(e, err);
    if (rc == 0 && !outcome_refused(out))
        rc = store_begin(e->store, err);
    if (rc == 0 && !outcome_refused(out)) {
        rc = run_handler(e, a, call, out, err);
        undo(e);
    }
    store_unlock(e->store);
    release(out);
    pthread_rwlock_unlock(&e->services->gate);
    return rc;
}

int engine_record_refused(struct engine *e, struct arena *a, struct call *call, struct outcome *out,
                          struct err *err)
{
    struct entries n = { 0 };
    int rc;

    assert(outcome_refused(out));
    pthread_rwlock_rdlock(&e->services->gate);
    federated_claim(a, call);
    rc = trail_account_seen(e->trail, call->account, err);
    if (rc == 0)
        rc = build(e, a, call, out, &n, err);
    if (rc == 0)
        rc = into_journal(e, call->seq, &(struct handover){ out->effects, out, call->may_wait }, &n,
                          err);
    entries_free(&n);
    pthread_rwlock_unlock(&e->services->gate);
    return rc;
}

int engine_submit(struct engine *e, struct arena *a, struct call *call, struct outcome *out,
                  struct err *err)
{
    constraints_check(e->services->constraints, a, call, out);
    return outcome_refused(out) ? engine_record_refused(e, a, call, out, err)
                                : engine_perform(e, a, call, out, err);
}

int engine_own_begin(struct engine *e, struct err *err)
{
    struct services *s = e->services;

    store_lock(e->store);
    assert(s->depth == 0); /* no handler delivers */
    s->depth = 1;
    s->first = NULL;
    s->last = &s->first;
    int rc = store_begin(e->store, err);
    if (rc == 0 && (rc = empty_outbox(e, err)) < 0)
        store_rollback(e->store);
    if (rc < 0) {
        s->depth = 0;
        store_unlock(e->store);
    }
    return rc;
}

/* Takes the entries. */
static int own_entries(struct engine *e, struct arena *a, const struct call *call,
                       const struct outcome *out, struct entries *n, struct err *err)
{
    int rc = fill_outbox(e, call->seq, out, n, err);

    if (rc < 0) {
        entries_free(n);
        return rc;
    }
    e->services->outbox_is_used = true;
    leave_pending(e->services, a, call, out, n);
    return 0;
}

int engine_own_record(struct engine *e, struct arena *a, const struct call *call,
                      const struct outcome *out, struct err *err)
{
    struct entries n = { 0 };
    int rc = build(e, a, call, out, &n, err);

    if (rc == 0)
        return own_entries(e, a, call, out, &n, err);
    entries_free(&n);
    return rc;
}

int engine_own_put(struct engine *e, struct arena *a, const struct record_facts *facts,
                   struct str record, struct err *err)
{
    struct entries n = { .count = 1 };
    struct call call = { .seq = atomic_fetch_add(&e->next_seq, 1) };
    struct outcome none = { 0 };

    n.of[0].facts = *facts;
    buf_add(&n.of[0].text, record);
    return own_entries(e, a, &call, &none, &n, err);
}

int engine_own_end(struct engine *e, int rc, bool *out_committed, struct err *err)
{
    struct services *s = e->services;

    if (rc == 0)
        rc = store_commit(e->store, err);
    *out_committed = rc == 0;
    if (rc == 0) {
        rc = flush_pending(e, s->first, err);
    } else {
        store_rollback(e->store);
        drop_pending(s->first);
    }
    s->first = NULL;
    s->depth = 0;
    store_unlock(e->store);
    return rc;
}

int engine_trim_journal(struct engine *e, uint64_t before_position, struct err *err)
{
    int rc = 0;

    store_lock(e->store);
    if (e->services->outbox_is_used && e->services->depth == 0) {
        rc = store_outbox_prune(e->store, UINT64_MAX, err);
        e->services->outbox_is_used = rc < 0;
    }
    if (rc == 0 && !e->services->outbox_is_used) /* inside a call: the next time will do */
        rc = journal_trim(trail_journal(e->trail), before_position, err);
    store_unlock(e->store);
    return rc;
}
