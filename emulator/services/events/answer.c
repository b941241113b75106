#include "emulator/services/events/answer.h"

#include "core/aws/ids.h"
#include "core/base/log.h"
#include "emulator/engine/schedule.h"
#include "emulator/identity/identity.h"
#include "emulator/services/events/subprocess.h"
#include "emulator/services/logs/logs.h"

#define RUNS_KEPT      10 /* a responder, for responders_show */
#define FIRST_RETRY_MS 60000

extern char **environ;

/* An event in the hands of its responder. */
struct answer {
    struct engine *e;
    struct responder *by;
    struct arena *a;
    struct doc doc;
    struct rng rng;
    struct principal who;
    struct subprocess_result result;
};

int64_t answer_due_ms(const struct doc *doc)
{
    return value_get_time(doc->value, "Due", 0);
}

/* The oldest that is due, of all accounts and regions. */
static int next_answer(struct answer *w, bool *found, struct err *err)
{
    struct str prefix = arena_printf(w->a, "%.*s/", STR_ARG(w->by->name));
    int64_t now_ms = clock_now_ms(&w->e->clock);
    struct doc *docs;
    size_t count, best = SIZE_MAX;
    int rc = store_doc_list(w->e->store, w->a, events_key(STR(""), STR(""), "Response", prefix),
                            STR(""), 0, &docs, &count, err);

    for (size_t i = 0; rc == 0 && i < count; i++)
        if (answer_due_ms(&docs[i]) <= now_ms &&
            (best == SIZE_MAX || str_cmp(docs[i].key.id, docs[best].key.id) < 0))
            best = i;
    *found = rc == 0 && best != SIZE_MAX;
    if (*found)
        w->doc = docs[best];
    return rc;
}

/* A session of a role that is named after the responder: what it calls is on record as its own. */
static void be_somebody(struct answer *w)
{
    struct principal *p = &w->who;
    struct str account = w->doc.key.account, name = w->by->name;
    struct arena *a = w->a;
    struct rng role;

    *p = (struct principal){ .type = PRINCIPAL_ASSUMED_ROLE,
                             .account = account,
                             .is_session = true,
                             .session_name = name,
                             .issuer_type = PRINCIPAL_ASSUMED_ROLE,
                             .issuer_account = account,
                             .issuer_user_name = STR("mocktrail-responder") };
    p->issuer_arn = arena_printf(a, "arn:aws:iam::%.*s:role/mocktrail-responder", STR_ARG(account));
    engine_chance(w->e, str_hash(p->issuer_arn), &role); /* the same id for every session */
    p->issuer_id = ids_unique(a, &role, "AROA", account);
    p->principal_id = arena_printf(a, "%.*s:%.*s", STR_ARG(p->issuer_id), STR_ARG(name));
    p->arn = arena_printf(a, "arn:aws:sts::%.*s:assumed-role/mocktrail-responder/%.*s",
                          STR_ARG(account), STR_ARG(name));
    p->access_key_id = ids_unique(a, &w->rng, "ASIA", account);
    p->secret = ids_secret_key(a, &w->rng);
    p->session_token = ids_session_token(a, &w->rng);
    p->session_created_ms = clock_now_ms(&w->e->clock) / 1000 * 1000;
    p->session_expires_ms = p->session_created_ms + 3600 * 1000;
}

/* In a transaction of its own, under the store's lock. */
typedef int step_fn(struct answer *w, struct err *err);

static int in_transaction(struct answer *w, step_fn *step, struct err *err)
{
    int rc = store_begin(w->e->store, err);

    if (rc < 0)
        return rc;
    rc = step(w, err);
    if (rc == 0)
        rc = store_commit(w->e->store, err);
    if (rc < 0)
        store_rollback(w->e->store);
    return rc;
}

static int give_key(struct answer *w, struct err *err)
{
    return identity_put_key(w->e->identity, &w->who, err);
}

static int take_up(struct answer *w, bool *found, struct err *err)
{
    engine_enter(w->e);
    store_lock(w->e->store);
    int rc = next_answer(w, found, err);
    if (rc == 0 && *found) {
        struct str what = arena_printf(w->a, "%.*s/%lld", STR_ARG(w->doc.key.id),
                                       (long long)value_get_int(w->doc.value, "Attempts", 0));
        engine_chance(w->e, str_hash(what), &w->rng);
        be_somebody(w);
        rc = in_transaction(w, give_key, err);
    }
    store_unlock(w->e->store);
    engine_leave(w->e);
    return rc;
}

/* The program's own environment, without what says AWS, and what lets a client find us. */
static const char *const *environment(struct answer *w)
{
    const struct principal *p = &w->who;
    const struct {
        const char *name;
        struct str value;
    } ours[] = {
        { "AWS_ENDPOINT_URL", w->by->all->endpoint },
        { "AWS_REGION", w->doc.key.region },
        { "AWS_DEFAULT_REGION", w->doc.key.region },
        { "AWS_ACCESS_KEY_ID", p->access_key_id },
        { "AWS_SECRET_ACCESS_KEY", p->secret },
        { "AWS_SESSION_TOKEN", p->session_token },
        { "AWS_EXECUTION_ENV",
          arena_printf(w->a, "mocktrail-responder-%.*s", STR_ARG(w->by->name)) },
        { "AWS_LAMBDA_FUNCTION_NAME", w->by->name },
        { "AWS_CONFIG_FILE", STR("/dev/null") },
        { "AWS_SHARED_CREDENTIALS_FILE", STR("/dev/null") },
        { "AWS_EC2_METADATA_DISABLED", STR("true") },
        { "AWS_PAGER", STR("") },
    };
    size_t count = 0, n = 0;

    while (environ[count])
        count++;
    const char **env = arena_array(w->a, count + COUNT(ours) + 1, sizeof *env);
    for (size_t i = 0; i < count; i++)
        if (!str_has_prefix(str_c(environ[i]), STR("AWS_")))
            env[n++] = environ[i];
    for (size_t i = 0; i < COUNT(ours); i++)
        env[n++] = arena_printf(w->a, "%s=%.*s", ours[i].name, STR_ARG(ours[i].value)).ptr;
    return env;
}

static void run(struct answer *w)
{
    const struct subprocess c = { .argv = w->by->argv,
                                  .env = environment(w),
                                  .input = value_get_str(w->doc.value, "Input"),
                                  .timeout_ms = w->by->timeout_ms,
                                  .fork_lock = &w->by->all->fork_lock };
    struct err err = { 0 };

    if (subprocess_run(&c, &w->result, &err) < 0) {
        w->result = (struct subprocess_result){ .exit_code = 127 };
        w->result.said_len = strlen(err.text);
        memcpy(w->result.said, err.text, w->result.said_len);
    }
}

/* ---- how it ended ---- */

static bool has_failed(const struct answer *w)
{
    return w->result.exit_code != 0 || w->result.timed_out;
}

static struct str said(const struct answer *w)
{
    return str_trim((struct str){ w->result.said, w->result.said_len });
}

static struct str what_failed(struct answer *w)
{
    struct str text = said(w);

    if (w->result.timed_out)
        return arena_printf(w->a, "responder %.*s: killed after %lld ms: %.*s",
                            STR_ARG(w->by->name), (long long)w->by->timeout_ms, STR_ARG(text));
    return arena_printf(w->a, "responder %.*s: exit code %d: %.*s", STR_ARG(w->by->name),
                        w->result.exit_code, STR_ARG(text));
}

static int give_up(struct answer *w, const char *exhausted, struct err *err)
{
    const struct value *doc = w->doc.value;
    const struct rule rule = { .account = value_get_str(doc, "RuleAccount"),
                               .region = value_get_str(doc, "RuleRegion"),
                               .bus = value_get_str(doc, "Bus"),
                               .name = value_get_str(doc, "RuleName"),
                               .arn = value_get_str(doc, "RuleArn") };
    const struct bus_event ev = { .account = rule.account,
                                  .region = rule.region,
                                  .bus = rule.bus,
                                  .envelope = value_get_c(doc, "Envelope"),
                                  .rng = &w->rng };
    struct delivery d = { .e = w->e,
                          .a = w->a,
                          .ev = &ev,
                          .rule = &rule,
                          .target = value_get_c(doc, "Target"),
                          .arn = value_get_str(value_get_c(doc, "Target"), "Arn") };
    const struct failure f = { .code = "SDK_CLIENT_ERROR",
                               .message = what_failed(w),
                               .attempts = value_get_int(doc, "Attempts", 0),
                               .exhausted = exhausted };

    return targets_give_up(&d, &f, err);
}

/* Its RetryPolicy says how often; without one it is not tried again. */
static int64_t retry_ms(const struct answer *w)
{
    const struct value *policy = value_get_c(value_get_c(w->doc.value, "Target"), "RetryPolicy");
    int64_t attempts = value_get_int(w->doc.value, "Attempts", 0);
    int64_t most = value_get_int(policy, "MaximumRetryAttempts", 0);
    int64_t age_s = value_get_int(policy, "MaximumEventAgeInSeconds", 86400);
    int64_t at_ms = clock_now_ms(&w->e->clock) +
                    (attempts < 10 ? FIRST_RETRY_MS << attempts : FIRST_RETRY_MS << 10);

    return attempts < most && at_ms <= value_get_time(w->doc.value, "Accepted", 0) + age_s * 1000
               ? at_ms
               : 0;
}

static int try_later(struct answer *w, int64_t at_ms, struct err *err)
{
    int64_t attempts = value_get_int(w->doc.value, "Attempts", 0);

    value_put_time(w->a, w->doc.value, "Due", at_ms);
    value_put_int(w->a, w->doc.value, "Attempts", attempts + 1);
    int rc = store_doc_put(w->e->store, w->doc.key, w->doc.value, err);
    return rc < 0 ? rc
                  : schedule_add(w->e->schedule, RESPONDERS_JOB, clock_now_ms(&w->e->clock),
                                 responders_wake, w->e, err);
}

/* The last runs of a responder are kept, to be shown. */
static int keep_run(struct answer *w, struct err *err)
{
    struct doc_key key = events_key(STR("-"), STR("-"), "ResponderRuns", w->by->name);
    struct value *doc = NULL, *run = value_map(w->a), *runs;
    int rc = store_doc_get(w->e->store, w->a, key, &doc, err);
    char at[CLOCK_ISO_SIZE];

    if (rc < 0 && rc != E_MISSING)
        return rc;
    clock_iso(clock_now_ms(&w->e->clock), at);
    value_put_str(w->a, run, "event", value_get_str(value_get_c(w->doc.value, "Envelope"), "id"));
    value_put_c(w->a, run, "at", at);
    value_put_int(w->a, run, "exitCode", w->result.exit_code);
    value_put_bool(w->a, run, "timedOut", w->result.timed_out);
    value_put_str(w->a, run, "said", said(w));
    runs = value_list(w->a);
    value_push(runs, run);
    for (const struct value *k = value_first(value_get_c(doc, "Runs"));
         k && runs->count < RUNS_KEPT; k = k->next)
        value_push(runs, value_copy(w->a, k));
    doc = value_map(w->a);
    value_set(doc, STR("Runs"), runs);
    return store_doc_put(w->e->store, key, doc, err);
}

/* As Lambda does, into the group /aws/lambda/NAME: here only if somebody made it. */
static int write_log(struct answer *w, struct err *err)
{
    const struct logs_event event = { clock_now_ms(&w->e->clock), said(w) };
    const struct logs_target to = {
        .account = w->doc.key.account,
        .region = w->doc.key.region,
        .group = arena_printf(w->a, "/aws/lambda/%.*s", STR_ARG(w->by->name)),
        .stream = w->by->name,
        .makes_stream = true,
        .rng = &w->rng,
    };
    struct err why = { 0 };
    int rc = event.message.len > 0 ? logs_append(w->e, w->a, &to, &event, 1, &why) : 0;

    return rc == 0 || rc == E_MISSING ? 0 : err_set(err, rc, "%s", why.text);
}

static int settle_answer(struct answer *w, struct err *err)
{
    int64_t at_ms = has_failed(w) ? retry_ms(w) : 0;
    bool has_policy = value_get_c(value_get_c(w->doc.value, "Target"), "RetryPolicy") != NULL;
    int rc = identity_drop_key(w->e->identity, w->who.access_key_id, err);

    if (rc == 0)
        rc = keep_run(w, err);
    if (rc == 0)
        rc = write_log(w, err);
    if (rc == 0 && at_ms > 0)
        return try_later(w, at_ms, err);
    if (rc == 0 && has_failed(w))
        rc = give_up(w, has_policy ? "MaximumRetryAttempts" : NULL, err);
    if (rc == 0)
        rc = store_doc_delete(w->e->store, w->doc.key, err);
    return rc == E_MISSING ? 0 : rc; /* a reset has come between */
}

static int put_down(struct answer *w, struct err *err)
{
    engine_enter(w->e);
    store_lock(w->e->store);
    int rc = in_transaction(w, settle_answer, err);
    store_unlock(w->e->store);
    engine_leave(w->e);
    return rc;
}

static void tell(struct answer *w)
{
    if (has_failed(w))
        log_write(LOG_WARN, "%.*s", STR_ARG(what_failed(w)));
    else
        log_write(LOG_INFO, "responder %.*s: done in %lld ms", STR_ARG(w->by->name),
                  (long long)w->result.took_ms);
}

int answer_one(struct responder *by, bool *found, struct err *err)
{
    struct arena a = { 0 };
    struct answer *w = arena_alloc(&a, sizeof *w);

    w->e = by->all->engine;
    w->by = by;
    w->a = &a;
    int rc = take_up(w, found, err);
    if (rc == 0 && *found) {
        run(w);
        tell(w);
        rc = put_down(w, err);
    }
    arena_free(&a);
    return rc;
}
