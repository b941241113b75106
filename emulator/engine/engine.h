/* emulator/engine - perform(call) -> outcome: the one way in for HTTP, the generator and services.
 *
 * perform takes the locks, opens a state transaction, runs the service's handler (or answers 501
 * NotImplemented), builds the record, commits state and record together, puts the record into the
 * journal, applies the file effects. When it returns 0 the call may be answered.
 */
#pragma once

#include "core/base/clock.h"
#include "core/base/rng.h"
#include "emulator/engine/call.h"

struct store;
struct identity;
struct trail;
struct schedule;
struct recorder;
struct upstream;
struct telemetry;
struct sqs_waiting;
struct outbounds;
struct upstream_rule;
struct responders;
struct journal_source;

enum auth_mode { AUTH_IDENTIFY, AUTH_VERIFY, AUTH_ENFORCE };
enum durability { DURABILITY_OS, DURABILITY_DISK };

/* Where the records of calls go instead of the journal: the generator's bulk writer. With a sink
 * the engine neither journals nor delivers nor keeps an event history; state is as ever, but a
 * crash is answered by generating again. put copies what it keeps, and is called in the order in
 * which the records would enter the journal; position: what the next record will be numbered,
 * increasing, so that a trail's configuration holds from a place on. */
struct engine_sink {
    int (*put)(void *arg, const struct journal_source *from, struct err *err); /* NULL: none */
    uint64_t (*position)(void *arg);
    void *arg;
};

struct engine_options {
    const char *data_dir;
    struct str account, region; /* the defaults of the command line */
    bool clock_is_virtual, seeded, no_default_trail;
    int64_t clock_start_ms;
    uint64_t seed;
    int64_t deliver_every_ms, digest_every_ms;
    enum durability durability;
    enum auth_mode auth;
    struct str root_secret; /* of the key whose id is the account's number; empty: "test" */
    const struct upstream_rule *upstreams; /* borrowed until engine_close */
    size_t upstream_count;
    int64_t upstream_timeout_ms;
    bool allow_remote; /* deliveries to endpoints that are not on this machine */
    struct engine_sink sink;
    struct responders *responders; /* local commands that answer events; borrowed, or NULL */
};

struct engine {
    struct engine_options opt;
    struct cat *cat;
    struct clock clock;
    struct store *store;
    struct identity *identity;
    struct recorder *recorder;
    struct trail *trail;
    struct telemetry *telemetry; /* NULL with a sink */
    struct schedule *schedule;
    struct upstream *upstream;   /* NULL: nothing is forwarded */
    struct outbounds *outbound;  /* deliveries by HTTP; NULL with a sink */
    struct sqs_waiting *waiting; /* calls that wait for a message; as long as the engine lives */
    uint64_t seed;               /* of the command line, or drawn once for the data directory */
    _Atomic uint64_t next_seq;
    _Atomic uint64_t accepted_count;
    struct s3 *s3;             /* s3_open's: emulator/services/s3.h */
    struct services *services; /* private to engine/: handlers, the gate, what waits for a commit */
};

int engine_open(struct engine **out, const struct engine_options *opt, struct err *err);
/* Delivers what is pending, then closes. Returns 0 or the first failure. */
int engine_close(struct engine *e, struct err *err);

/* Move the clock forward (schedule_advance) and remember it: a later start can't go behind it. */
int engine_advance(struct engine *e, int64_t target_ms, struct err *err);

/* These three wait for the calls under way, and hold back new ones and all jobs meanwhile. Modules
 * are closed and opened again: keep no pointer to a store, a trail or an identity beyond a call. */
/* Back to a new data directory: no resource, record or object; snapshots stay. The clock goes back
 * to its start when it is virtual; with a seed the same ids come again. */
int engine_reset(struct engine *e, struct err *err);
/* Copy resources, objects, records, keys, time and chance to DIR/snapshots/NAME, replacing it.
 * E_PARSE: a name of other than 1 to 64 of A-Z a-z 0-9 . _ - */
int engine_snapshot(struct engine *e, struct str name, struct err *err);
int engine_restore(struct engine *e, struct str name, struct err *err); /* E_MISSING: none such */
/* Called once at engine_watch, and again whenever the modules were opened anew. */
typedef int engine_reopened_fn(void *arg, struct engine *e, struct err *err);
int engine_watch(struct engine *e, engine_reopened_fn *fn, void *arg, struct err *err);

/* For who reads e->store or e->trail outside a call: between the two they are not closed. */
void engine_enter(struct engine *e);
void engine_leave(struct engine *e);

/* Free journal segments before position; what the outbox kept for them goes first, for an entry
 * that is in neither would be delivered twice after a crash. Instead of journal_trim. */
int engine_trim_journal(struct engine *e, uint64_t before_position, struct err *err);

/* A call's number, ids and chance: set call->seq, request_id, host_id, event_id, time_ms. */
void engine_begin(struct engine *e, struct arena *a, struct call *call);
/* The ids that the call numbered call->seq has: set request_id, host_id, event_id. */
void engine_ids(const struct engine *e, struct arena *a, struct call *call);
/* Chance for what is no call (a view, a job): the same what, the same numbers, in no call's stream.
 */
void engine_chance(const struct engine *e, uint64_t what, struct rng *out);
/* 0: outcome is set (success or refusal) and recorded. < 0: a failure (disk ...): answer 500
 * InternalFailure; nothing was changed or recorded. */
int engine_perform(struct engine *e, struct arena *a, struct call *call, struct outcome *out,
                   struct err *err);
/* What the emulator does by itself, on record together with the state that it changes. begin takes
 * the store's lock and opens a transaction; record builds the record of a call that engine_begin
 * numbered and that was done as out says; end commits when rc is 0 (the records enter the journal,
 * after a crash too), else undoes all, gives the lock back and returns rc or what failed. */
int engine_own_begin(struct engine *e, struct err *err);
int engine_own_record(struct engine *e, struct arena *a, const struct call *call,
                      const struct outcome *out, struct err *err);
/* A record that is no call's, instead: it gets the number of one. What facts point to lasts until
 * end. */
struct record_facts;
int engine_own_put(struct engine *e, struct arena *a, const struct record_facts *facts,
                   struct str record, struct err *err);
int engine_own_end(struct engine *e, int rc, bool *out_committed, struct err *err);
/* A call that comes with its parameters and its principal, as the generator makes it: refused (and
 * recorded so) when its model does not allow the parameters, else performed. engine_begin first. */
int engine_submit(struct engine *e, struct arena *a, struct call *call, struct outcome *out,
                  struct err *err);
/* What an operation that only reads would answer to the root user of call->account now: nothing is
 * changed, and nothing recorded, for nobody called. Set op, region, account and params. */
int engine_peek(struct engine *e, struct arena *a, struct call *call, struct outcome *out,
                struct err *err);
/* The whole way of an HTTP request: identify, authenticate, parse, perform (or forward), write.
 * Never fails: a failure becomes an AWS-shaped 5xx. */
void engine_answer(struct engine *e, struct arena *a, const struct request *q, struct reply *reply);
/* What a reply that waits waits for. tell(arg, rc) comes once, perhaps before this returns; rc < 0:
 * the disk failed, the reply must not be sent. The waiter is borrowed until then. */
struct journal_waiter;
void engine_when_durable(struct engine *e, struct journal_waiter *waiter);

/* May the answer to q wait for an upstream, or for slow work before it (an RSA key)? */
bool engine_may_wait(const struct engine *e, struct arena *a, const struct request *q);
/* Rules for calls that go wrong on purpose: emulator/engine/faults.h. */
struct faults;
struct faults *engine_faults(const struct engine *e);

/* Calls that wait for a message are answered now, and none waits any more: at the very end, so that
 * nobody has to wait for them. */
void engine_end_polls(struct engine *e);
/* Calls that wait for an upstream are answered soon, from now on: before the front door closes. */
void engine_stop_waiting(struct engine *e);

/* What a handler gets. One per call; the arena is the call's. */
struct ctx {
    struct engine *e;
    struct arena *a;
    struct rng rng; /* seeded from (engine seed, call->seq) */
    int64_t now_ms;
};
/* Returns 0 (outcome set: output or outcome_refuse) or a negative enum fail. Operation handlers are
 * named service_Operation and listed in emulator/services/services.def:
 *     SERVICE_OP(iam, CreateUser)
 * S3 object operations say SERVICE_OP_UNLOCKED: they run without the state lock and keep their own.
 */
typedef int service_fn(struct ctx *cx, const struct call *call, struct outcome *out,
                       struct err *err);
/* What a call may have to wait for (a message in a queue), in the machine's time, before it begins:
 * no lock is held, and whoever waits looks again after a reset. */
typedef void service_wait_fn(struct engine *e, struct arena *a, const struct call *call);
/* Slow work for a call that is not refused yet and may still be; the state is not locked. *out is
 * the handler's call->prepared; it lives in the arena. */
typedef int service_prepare_fn(struct arena *a, const struct call *call, struct str *out,
                               struct err *err);
