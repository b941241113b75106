#include "generator/play/door_engine.h"

#include "core/aws/region.h"
#include "core/base/mem.h"
#include "core/codec/json.h"
#include "emulator/engine/inject.h"
#include "emulator/identity/identity.h"
#include "emulator/record/plan.h"
#include "generator/play/endpoint.h"
#include "generator/scenario/scenario.h"

#define OBJECTS 4096 /* two that share a number are asked anew together */
#define SERVICES                                                                                   \
    4096 /* slots of (service, account); two that meet only forget more than needed                \
          */

struct door_engine {
    struct door door;
    const struct scenario *s;
    struct dataset *ds;
    struct engine *e;
    struct prepared *prepared;
    struct engine_sink into; /* the dataset's own */
    int64_t taken;
    uint64_t versions[SERVICES]; /* of the state that answers follow from */
    uint64_t object_versions[OBJECTS];
    struct buf scratch;
};

static struct door_engine *self(struct door *d)
{
    return (struct door_engine *)d;
}

static bool is_member(const struct scenario *s, const struct trail_plan *t, struct str account)
{
    const struct account *owner = scenario_account(s, t->account);
    bool is_known = false;

    for (const struct account *k = s->accounts; k; k = k->next)
        is_known = is_known || str_eq(k->id, account);
    return str_eq(owner->id, account) || (t->organization && is_known);
}

/* As the scenario's trails were made; what stories do to them is not looked at. */
static bool takes(const struct scenario *s, const struct trail_plan *t,
                  const struct record_facts *f)
{
    struct str region = t->region.len > 0 ? t->region : s->home_region;

    if (!is_member(s, t, f->account) || f->time_ms < s->start_ms)
        return false;
    if (f->category != EVENT_MANAGEMENT && !(f->category == EVENT_DATA && t->data_events))
        return false;
    return t->multi_region != SAID_NO || str_eq(region, f->region);
}

static void count(struct door_engine *d, const struct record_facts *f)
{
    for (const struct trail_plan *t = d->s->trails; t; t = t->next)
        d->taken += takes(d->s, t, f);
}

/* A record that was written again, and never came through the sink. */
static void count_again(struct door_engine *d, const struct call *call)
{
    bool is_data = plan_of(d->e->recorder, call->op)->is_data;

    count(d, &(struct record_facts){ .account = call->who->account.len > 0 ? call->who->account
                                                                           : call->account,
                                     .region = call->region,
                                     .time_ms = call->time_ms,
                                     .category = is_data ? EVENT_DATA : EVENT_MANAGEMENT });
}

static int sink_put(void *arg, const struct journal_source *from, struct err *err)
{
    struct door_engine *d = arg;

    count(d, from->facts);
    return d->into.put(d->into.arg, from, err);
}

static uint64_t sink_position(void *arg)
{
    struct door_engine *d = arg;

    return d->into.position(d->into.arg);
}

static int64_t now(struct door *d)
{
    return clock_now_ms(&self(d)->e->clock);
}

/* The end itself is the dataset's: what takes its time shortly before it takes less of it. */
static int advance(struct door *d, int64_t to_ms, struct err *err)
{
    int64_t last_ms = self(d)->s->end_ms - 1;

    return dataset_advance(self(d)->ds, to_ms < last_ms ? to_ms : last_ms, err);
}

static int64_t taken(struct door *d)
{
    return self(d)->taken;
}

static void set_label(struct door_engine *d, const struct tag *tag)
{
    struct dataset_label label = { 0 };

    if (tag)
        label = (struct dataset_label){ tag->story, tag->step, tag->actor, tag->technique,
                                        tag->malicious };
    dataset_label(d->ds, &label, tag ? 1 : 0);
}

static void set_call(struct door_engine *d, struct arena *a, const struct errand *e,
                     struct call *call)
{
    const struct cat_service *service = cat_op_service(d->e->cat, e->op);
    static const struct principal nobody = { .type = PRINCIPAL_ANONYMOUS };

    *call = (struct call){
        .cat = d->e->cat,
        .op = e->op,
        .service = service,
        .service_name = cat_str(d->e->cat, service->name),
        .action = cat_str(d->e->cat, e->op->name),
        .protocol = (enum cat_protocol)service->protocol,
        .region = region_of_call(cat_str(d->e->cat, service->name), e->region),
        .account = e->account,
        .who = e->by->who ? e->by->who : &nobody,
        .params = e->params,
        .body = e->body,
        .source_ip = e->source_ip,
        .user_agent = e->user_agent,
        .invoked_by = e->invoked_by,
        .door = DOOR_GENERATOR,
        .auth = AUTH_HEADER,
        .signature_version = STR("SigV4"),
    };
    call->host = endpoint_host(a, d->e->cat, e->op, call->region, e->params);
    if (e->by->who && e->by->who->type == PRINCIPAL_AWS_SERVICE)
        call->source_ip = call->user_agent = e->by->who->service;
}

/* Does an answer follow from the state of its own service alone, and leave it as it is? Those that
 * look across services are always asked. */
static bool only_reads(const struct call *call)
{
    static const char *const verbs[] = { "Get", "List", "Describe", "Head", "BatchGet", "Lookup" };
    static const char *const wide[] = {
        "sts", "cloudtrail", "config", "resourcegroupstaggingapi", "health", "logs",
        "ssm", "sqs",        "kinesis"
    };

    for (size_t i = 0; i < COUNT(wide); i++)
        if (str_eq_c(call->service_name, wide[i]))
            return str_eq_c(call->action, "GetCallerIdentity");
    for (size_t i = 0; i < COUNT(verbs); i++)
        if (str_has_prefix(call->action, str_c(verbs[i])))
            return true;
    return false;
}

static uint64_t *version_of(struct door_engine *d, struct str service, struct str account)
{
    return &d->versions[(str_hash(service) ^ str_hash(account)) % SERVICES];
}

/* Of the object that a call of S3 names, or NULL. A change of one object leaves the records of
 * calls about others, and of those that list, as they are. */
static uint64_t *object_version_of(struct door_engine *d, const struct call *call)
{
    struct str key = value_get_str(call->params, "Key");
    struct str bucket = value_get_str(call->params, "Bucket");

    if (key.len == 0 || !str_eq_c(call->service_name, "s3"))
        return NULL;
    return &d->object_versions[(str_hash(bucket) * 31 ^ str_hash(key)) % OBJECTS];
}

static void note_change(struct door_engine *d, const struct call *call)
{
    uint64_t *version = object_version_of(d, call);

    ++*(version ? version : version_of(d, call->service_name, call->account));
}

static uint64_t key_of(struct door_engine *d, const struct call *call, const struct errand *e)
{
    uint64_t version = *version_of(d, call->service_name, call->account);
    const uint64_t *object = object_version_of(d, call);

    buf_clear(&d->scratch);
    json_write(&d->scratch, e->params);
    buf_printf(&d->scratch, "%llu/%llu", (unsigned long long)version,
               (unsigned long long)(object ? *object : 0));
    return str_hash(buf_view(&d->scratch));
}

/* A call that looks into a bucket of a trail sees what has been delivered by now: not what the
 * threads happen to have written. */
static int settle_bucket(struct door_engine *d, const struct call *call, bool *out_delivers,
                         struct err *err)
{
    struct str copied = value_get_str(call->params, "CopySource"), rest;

    *out_delivers = false;
    if (!str_eq_c(call->service_name, "s3"))
        return 0;
    int rc = dataset_settle(d->ds, value_get_str(call->params, "Bucket"), out_delivers, err);
    if (rc < 0 || *out_delivers || copied.len == 0)
        return rc;
    (void)str_cut(str_sub(copied, copied.ptr[0] == '/', copied.len), '/', &copied, &rest);
    return dataset_settle(d->ds, copied, out_delivers, err);
}

static int perform(struct door *door, struct arena *a, const struct errand *e, struct answer *out,
                   struct err *err)
{
    struct door_engine *d = self(door);
    struct outcome outcome = { 0 };
    struct call call;
    bool performed = true, delivers;

    set_call(d, a, e, &call);
    int rc = settle_bucket(d, &call, &delivers, err);
    if (rc < 0)
        return rc;
    set_label(d, e->tag);
    bool reads = only_reads(&call);
    if (reads && e->may_repeat && d->prepared && !delivers) {
        rc =
            prepared_perform(d->prepared, a, &call, key_of(d, &call, e), &outcome, &performed, err);
    } else {
        engine_begin(d->e, a, &call);
        rc = engine_submit(d->e, a, &call, &outcome, err);
    }
    if (rc == 0 && !performed)
        count_again(d, &call);
    if (!reads)
        note_change(d, &call);
    set_label(d, NULL);
    *out = (struct answer){ .output = outcome.output,
                            .code = outcome.code,
                            .message = outcome.message,
                            .event_id = call.event_id,
                            .is_known = performed };
    return rc;
}

static int inject(struct door *door, struct arena *a, struct str record, const struct tag *tag,
                  struct err *err)
{
    struct door_engine *d = self(door);
    size_t accepted;

    set_label(d, tag);
    int rc = engine_inject(d->e, a, record, &accepted, err);
    set_label(d, NULL);
    return rc;
}

static int find(struct door *door, struct arena *a, struct str key, struct credential *out,
                bool *is_known, struct err *err)
{
    struct principal *who;
    int rc = identity_find_key(self(door)->e->identity, a, key, &who, err);

    *is_known = rc == 0 && who;
    if (!*is_known)
        return rc;
    *out =
        (struct credential){ .key = who->access_key_id,
                             .secret = who->secret,
                             .token = who->session_token,
                             .account = who->account,
                             .arn = who->arn,
                             .name = who->session_name.len > 0 ? who->session_name : who->user_name,
                             .expires_ms = who->is_session ? who->session_expires_ms : INT64_MAX,
                             .who = who };
    return 0;
}

static bool root(struct door *door, struct arena *a, struct str account, struct credential *out)
{
    struct principal *who = principal_root(a, account);

    (void)door; /* root is always there */
    *out = (struct credential){ .key = who->access_key_id,
                                .account = who->account,
                                .arn = who->arn,
                                .name = STR("root"),
                                .expires_ms = INT64_MAX,
                                .who = who };
    return true;
}

static bool service(struct door *door, struct arena *a, struct str host, struct credential *out)
{
    struct principal *who = principal_service(a, host);

    (void)door; /* services are everywhere */
    *out = (struct credential){ .name = who->service, .expires_ms = INT64_MAX, .who = who };
    return true;
}

struct door *door_engine_open(const struct scenario *s, struct dataset *ds)
{
    struct door_engine *d = mem_alloc(sizeof *d);

    d->door = (struct door){ .now = now,
                             .advance = advance,
                             .perform = perform,
                             .inject = inject,
                             .taken = taken,
                             .find = find,
                             .root = root,
                             .service = service };
    d->s = s;
    d->ds = ds;
    d->into = dataset_sink(ds);
    return &d->door;
}

struct engine_sink door_engine_sink(struct door *d)
{
    return (struct engine_sink){ .put = sink_put, .position = sink_position, .arg = d };
}

void door_engine_attach(struct door *d, struct engine *e, struct prepared *prepared)
{
    self(d)->e = e;
    self(d)->prepared = prepared;
    d->cat = e->cat;
}

void door_engine_close(struct door *d)
{
    if (!d)
        return;
    buf_free(&self(d)->scratch);
    mem_free(d);
}
