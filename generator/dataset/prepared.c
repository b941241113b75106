#include "generator/dataset/prepared.h"

#include <stdatomic.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/codec/gzip.h"
#include "emulator/identity/identity.h"
#include "emulator/record/plan.h"
#include "emulator/record/user_identity.h"
#include "generator/dataset/state.h"
#include "generator/dataset/template.h"

#define ENTRIES 32768 /* a power of two */
#define VOICES  1024

/* What one session proves holds for that session; another one must prove it for all. */
enum entry_state { ENTRY_EMPTY, ENTRY_MADE, ENTRY_PROVED_FOR_ONE, ENTRY_PROVED, ENTRY_REFUSED };

struct entry {
    uint64_t key;
    enum entry_state state;
    uint64_t session; /* whose record it was made from */
    struct template *template;
    struct record_facts facts; /* of the record it was made from, but for what the call says */
    struct str code, message;  /* of a refusal, as it was made; else empty */
    int status;
    struct arena a;
};

/* The userIdentity of a session as one dialect of records has it. */
struct voice {
    uint64_t key;
    struct buf identity;
    struct hints hints;
};

/* What the sink was given while a call was performed. */
struct seen {
    struct buf record;
    struct arena a;
    struct record_facts facts;
    uint64_t seq;
    size_t count;
};

struct prepared {
    struct dataset *ds;
    struct engine *e;
    struct entry entries[ENTRIES];
    struct voice voices[VOICES];
    struct seen seen;
    struct buf record;
    struct hints hints; /* of record */
    int64_t second;     /* that time is the text of */
    char time[CLOCK_ISO_SIZE];
    struct prepared_counts counts;
};

static struct value *pairs_copy(struct arena *a, const struct value *list)
{
    return list ? value_copy(a, list) : NULL;
}

static struct record_facts facts_copy(struct arena *a, const struct record_facts *f)
{
    struct record_facts to = *f;
    struct str *const texts[] = { &to.event_id,      &to.event_source, &to.event_name,
                                  &to.account,       &to.region,       &to.user_name,
                                  &to.access_key_id, &to.identity_arn, &to.error_code };

    for (size_t i = 0; i < COUNT(texts); i++)
        *texts[i] = arena_copy(a, *texts[i]);
    to.resources = pairs_copy(a, f->resources);
    to.data_resources = pairs_copy(a, f->data_resources);
    return to;
}

static void watch(void *arg, const struct journal_source *from)
{
    struct prepared *p = arg;

    if (p->seen.count++ > 0)
        return;
    arena_reset(&p->seen.a);
    buf_clear(&p->seen.record);
    buf_add(&p->seen.record, from->record);
    p->seen.facts = facts_copy(&p->seen.a, from->facts);
    p->seen.seq = from->seq;
}

struct prepared *prepared_open(struct dataset *ds, struct engine *e)
{
    struct prepared *p = mem_alloc(sizeof *p);

    p->ds = ds;
    p->e = e;
    p->second = INT64_MIN;
    ds->watch = watch;
    ds->watch_arg = p;
    return p;
}

static void entry_clear(struct entry *n)
{
    template_free(n->template);
    arena_free(&n->a);
    *n = (struct entry){ 0 };
}

void prepared_close(struct prepared *p)
{
    if (!p)
        return;
    p->ds->watch = NULL;
    for (size_t i = 0; i < ENTRIES; i++)
        entry_clear(&p->entries[i]);
    for (size_t i = 0; i < VOICES; i++) {
        buf_free(&p->voices[i].identity);
        hints_free(&p->voices[i].hints);
    }
    hints_free(&p->hints);
    buf_free(&p->seen.record);
    arena_free(&p->seen.a);
    buf_free(&p->record);
    mem_free(p);
}

static uint64_t mix(uint64_t h, uint64_t x)
{
    h = (h ^ x) * 0x9e3779b97f4a7c15u;
    return h ^ (h >> 29);
}

/* Sixteen bytes a step: a dozen texts make up a key. Its value is nobody's business outside. */
static uint64_t mix_str(uint64_t h, struct str s)
{
    uint64_t x[2] = { 0 };

    h += s.len;
    for (; s.len > sizeof x; s = str_sub(s, sizeof x, s.len)) {
        memcpy(x, s.ptr, sizeof x);
        h = mix(h ^ x[1] * 0xd6e8feb86659fd93u, x[0]);
    }
    x[0] = x[1] = 0;
    if (s.len >= sizeof x[0]) {
        memcpy(&x[0], s.ptr, sizeof x[0]);
        memcpy(&x[1], s.ptr + s.len - sizeof x[1], sizeof x[1]);
    } else if (s.len > 0) {
        memcpy(x, s.ptr, s.len);
    }
    return mix(h ^ x[1] * 0xd6e8feb86659fd93u, x[0]);
}

static uint64_t key_of(const struct call *call, uint64_t key)
{
    const struct principal *who = call->who;
    uint64_t h = mix(key, (uint64_t)who->type << 1 | who->is_session);

    h = call->op ? mix(h, cat_op_index(call->cat, call->op))
                 : mix_str(mix_str(h, call->service_name), call->action);
    h = mix_str(mix_str(mix_str(h, call->region), call->account), who->account);
    h = mix_str(mix_str(h, call->user_agent), call->host);
    h = mix_str(mix(h, (uint64_t)call->auth << 8 | (uint64_t)call->door), call->signature_version);
    return mix_str(mix_str(h, call->invoked_by), call->vpc_endpoint_id);
}

static const struct voice *voice_of(struct prepared *p, const struct call *call)
{
    const struct principal *who = call->who;
    const struct plan *plan = plan_of(p->e->recorder, call->op);
    uint64_t h = mix_str(mix(plan->empty_context, (uint64_t)who->type), who->access_key_id);

    h = mix_str(h, who->access_key_id.len > 0 ? who->arn : who->principal_id);
    h = mix(mix_str(mix_str(h, call->invoked_by), who->service), (uint64_t)who->session_created_ms);
    h |= 1; /* 0: an empty one */
    struct voice *v = &p->voices[(h >> 20) % VOICES];
    if (v->key != h) {
        v->key = h;
        buf_clear(&v->identity);
        user_identity_write(&v->identity, plan, call, VIEW_OWN);
        hints_clear(&v->hints);
        hints_find_all(&v->hints, buf_view(&v->identity), 0);
    }
    return v;
}

/* Into p->record and p->hints. */
static void write(struct prepared *p, struct arena *a, const struct template *t,
                  const struct call *call)
{
    const struct voice *v = voice_of(p, call);
    struct template_fill with = {
        .call = call, .identity = buf_view(&v->identity), .identity_hints = &v->hints, .a = a
    };

    if (p->second != call->time_ms / 1000) {
        p->second = call->time_ms / 1000;
        clock_iso(call->time_ms, p->time);
    }
    with.time = p->time;
    buf_clear(&p->record);
    hints_clear(&p->hints);
    template_write(t, &with, &p->record, p->ds->opt.gzip_level == GZIP_FAST ? &p->hints : NULL);
}

/* As if it had been performed: its number is used up, its ids are the engine's. */
static int write_again(struct prepared *p, struct arena *a, struct entry *n, struct call *call,
                       struct outcome *out, struct err *err)
{
    const struct principal *who = call->who;
    struct record_facts facts = n->facts;

    engine_begin(p->e, a, call);
    write(p, a, n->template, call);
    facts.event_id = call->event_id;
    facts.time_ms = call->time_ms;
    facts.user_name = user_identity_name(call);
    facts.access_key_id = who->access_key_id;
    facts.identity_arn = who->arn;
    out->code = n->code;
    out->message = n->message;
    out->status = n->status;
    atomic_fetch_add(&p->e->accepted_count, 1);
    p->counts.written++;
    return dataset_put_known(p->ds,
                             &(struct journal_source){ .seq = call->seq,
                                                       .record = buf_view(&p->record),
                                                       .facts = &facts },
                             &p->hints, err);
}

/* One record of its own, nothing changed, no reader but the caller: such a call may be prepared. */
static bool can_prepare(const struct prepared *p, const struct call *call,
                        const struct outcome *out)
{
    return call->op && !out->changed && !out->effects && p->seen.count == 1 &&
           p->seen.seq == call->seq;
}

static uint64_t session_of(const struct call *call)
{
    return mix_str(mix_str(1, call->who->access_key_id), call->who->arn);
}

static bool is_proved(const struct entry *n, const struct call *call)
{
    return n->state == ENTRY_PROVED ||
           (n->state == ENTRY_PROVED_FOR_ONE && session_of(call) == n->session);
}

static void learn(struct prepared *p, struct entry *n, uint64_t key, const struct call *call,
                  const struct outcome *out)
{
    entry_clear(n);
    n->key = key;
    n->state = ENTRY_REFUSED;
    if (template_make(&n->template, buf_view(&p->seen.record), call, NULL) < 0)
        return; /* it is performed each time */
    n->facts = facts_copy(&n->a, &p->seen.facts);
    n->session = session_of(call);
    n->code = arena_copy(&n->a, out->code);
    n->message = arena_copy(&n->a, out->message);
    n->status = out->status;
    n->state = ENTRY_MADE;
}

static void prove(struct prepared *p, struct arena *a, struct entry *n, const struct call *call)
{
    write(p, a, n->template, call);
    if (!str_eq(buf_view(&p->record), buf_view(&p->seen.record)))
        n->state = ENTRY_REFUSED;
    else if (call->who->is_session && session_of(call) == n->session)
        n->state = ENTRY_PROVED_FOR_ONE;
    else
        n->state = ENTRY_PROVED;
    p->counts.disproved += n->state == ENTRY_REFUSED;
}

/* Each key has two places, so that two calls that meet in one don't take turns for ever. */
static struct entry *entry_of(struct prepared *p, uint64_t key)
{
    struct entry *first = &p->entries[(key >> 20) % ENTRIES];
    struct entry *second = &p->entries[(key >> 40) % ENTRIES];

    if (first->state == ENTRY_EMPTY || first->key == key)
        return first;
    return second;
}

int prepared_perform(struct prepared *p, struct arena *a, struct call *call, uint64_t key,
                     struct outcome *out, bool *out_performed, struct err *err)
{
    call->cat = p->e->cat;
    key = key_of(call, key);
    struct entry *n = entry_of(p, key);
    bool is_known = n->state != ENTRY_EMPTY && n->key == key;

    *out_performed = !(is_known && is_proved(n, call));
    if (!*out_performed)
        return write_again(p, a, n, call, out, err);
    p->seen.count = 0;
    engine_begin(p->e, a, call);
    int rc = engine_perform(p->e, a, call, out, err);
    if (rc < 0)
        return rc;
    p->counts.performed++;
    if (!can_prepare(p, call, out)) {
        entry_clear(n);
        n->key = key;
        n->state = ENTRY_REFUSED;
    } else if (!is_known) {
        learn(p, n, key, call, out);
    } else if (n->state != ENTRY_REFUSED) {
        prove(p, a, n, call);
    }
    return 0;
}

struct prepared_counts prepared_counts(const struct prepared *p)
{
    return p->counts;
}
