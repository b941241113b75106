/* One step: its caller, its parameters, the call or the event, and what came of it. */
#include "core/aws/region.h"
#include "core/base/clock.h"
#include "emulator/identity/identity.h"
#include "generator/play/events.h"
#include "generator/play/params.h"
#include "generator/play/people.h"
#include "generator/scenario/fields.h"

#define PAGE_MS         180 /* between one page and the next */
#define BACKOFF_MS      200
#define BACKOFF_MOST_MS 20000

/* A step at play. */
struct act {
    struct play *p;
    struct scene *sc;
    const struct step *step;
    struct caller caller;
    struct str region;
    struct err *err;
};

/* Words of expressions that depend on who calls. */
struct asking {
    struct play *p;
    struct scene *sc;
};

static struct person *person_of(const struct asking *q, struct str of)
{
    return of.len > 0 ? play_person(q->p, of) : q->sc->actor;
}

static struct value *ask_account(const struct asking *q, const struct expr *x, struct str of)
{
    const struct account *k = scenario_account(q->p->s, of.len > 0 ? of : q->sc->account);

    if (of.len == 0 && q->sc->actor)
        return value_str(x->a, q->sc->actor->account);
    if (of.len > 0 && !k) {
        const struct person *who = play_person(q->p, of);

        return who ? value_str(x->a, who->account) : NULL;
    }
    return k ? value_str(x->a, k->id) : NULL;
}

static struct value *ask_region(const struct asking *q, const struct expr *x, struct str of)
{
    struct str region = q->sc->region;

    (void)of; /* there is one */
    if (region.len == 0 && q->sc->actor)
        region = q->sc->actor->cast->region;
    return value_str(x->a,
                     region.len > 0 && !str_eq_c(region, "*") ? region : q->p->s->home_region);
}

static struct value *ask_user(const struct asking *q, const struct expr *x, struct str of)
{
    const struct person *who = person_of(q, of);

    return who ? value_str(x->a, who->name) : NULL;
}

static struct value *ask_arn(const struct asking *q, const struct expr *x, struct str of)
{
    const struct person *who = person_of(q, of);

    return who ? value_str(x->a, who->arn) : NULL;
}

static struct value *ask_instance(const struct asking *q, const struct expr *x, struct str of)
{
    const struct person *who = person_of(q, of);

    return who && who->instance_count > 0
               ? value_str(x->a, who->instances[q->sc->slot % who->instance_count])
               : NULL;
}

static struct value *ask_instances(const struct asking *q, const struct expr *x, struct str of)
{
    const struct person *who = person_of(q, of);
    struct value *list = value_list(x->a);

    for (size_t i = 0; who && i < who->instance_count; i++)
        value_push(list, value_str(x->a, who->instances[i]));
    return who ? list : NULL;
}

static int ask(void *arg, const struct expr *x, struct str word, struct str of, struct value **out,
               struct err *err)
{
    static const struct {
        const char *word;
        struct value *(*run)(const struct asking *q, const struct expr *x, struct str of);
    } words[] = {
        { "account", ask_account }, { "region", ask_region },     { "user", ask_user },
        { "arn", ask_arn },         { "instance", ask_instance }, { "instances", ask_instances },
    };

    (void)err; /* what is not known here is the caller's to tell */
    *out = NULL;
    for (size_t i = 0; i < COUNT(words) && !*out; i++)
        if (str_eq_c(word, words[i].word))
            *out = words[i].run(arg, x, of);
    return 0;
}

struct expr scene_expr(struct play *p, struct scene *sc, struct place at)
{
    struct asking *q = arena_alloc(sc->a, sizeof *q);

    *q = (struct asking){ p, sc };
    return (struct expr){
        .a = sc->a,
        .rng = &sc->rng,
        .scopes = { sc->item, sc->captures, sc->params, p->common, p->vars, p->s->lists },
        .scope_count = 6,
        .raw_from = 5,
        .at = at,
        .now_ms = p->door->now(p->door),
        .seq = &sc->seq,
        .scenario = p->s,
        .ask = ask,
        .arg = q,
    };
}

int play_draw(struct play *p, struct scene *sc, const struct value *defaults,
              const struct value *with, struct place at, struct value **out, struct err *err)
{
    struct value *drawn = value_map(sc->a);
    const struct value *sources[] = { with, defaults };
    const struct value *outer = sc->params;
    int rc = 0;

    for (size_t i = 0; i < COUNT(sources); i++)
        for (const struct value *k = value_first(sources[i]); rc == 0 && k; k = k->next) {
            struct expr x = scene_expr(p, sc, at);
            struct value *v;

            if (value_get(drawn, k->name))
                continue;
            rc = expr_value(&x, k, &v, err);
            if (rc == 0) {
                struct value *own = arena_alloc(sc->a, sizeof *own);

                *own = *v;
                own->next = NULL;
                value_append(drawn, k->name, own);
                sc->params = i == 0 ? outer : drawn; /* defaults may use what stands before them */
            }
        }
    sc->params = outer;
    *out = drawn;
    return rc;
}

/* "Client.", and the ends of exceptions' names, are one spelling or the other. */
static struct str bare_code(struct str code)
{
    static const char *const ends[] = { "Exception", "Fault", "Error" };

    if (str_has_prefix(code, STR("Client.")))
        code = str_sub(code, STR("Client.").len, code.len);
    for (size_t i = 0; i < COUNT(ends); i++)
        if (str_has_suffix(code, str_c(ends[i])) && code.len > strlen(ends[i]))
            return str_sub(code, 0, code.len - strlen(ends[i]));
    return code;
}

static int check_outcome(const struct act *act, const struct answer *answer)
{
    const struct step *step = act->step;
    bool is_any =
        str_eq_c(step->expect, "any") ||
        (step->expect.len == 0 && (step->on_error != ERROR_ENDS_RUN || act->sc->is_background));
    bool wants_ok = step->expect.len == 0 || str_eq_c(step->expect, "ok");

    if (is_any || (wants_ok && answer->code.len == 0) ||
        (!wants_ok && str_eq(bare_code(step->expect), bare_code(answer->code))))
        return 0;
    if (answer->code.len == 0)
        return place_fail(step->at, act->err, "%.*s: expected %.*s, and it succeeded",
                          STR_ARG(step->call), STR_ARG(step->expect));
    return place_fail(step->at, act->err, "%.*s: expected %.*s, got %.*s: %.*s",
                      STR_ARG(step->call), STR_ARG(wants_ok ? STR("ok") : step->expect),
                      STR_ARG(answer->code), STR_ARG(answer->message));
}

/* A name that was a list already (each, repeat) gets one more entry. */
static void capture(struct act *act, struct str name, struct value *found)
{
    struct scene *sc = act->sc;
    bool gathers = act->step->repeat > 1 || act->step->each;
    struct value *own = value_copy(sc->a, found);

    name = arena_copy(sc->a, name);
    if (!gathers) {
        value_set(sc->captures, name, own);
        return;
    }
    struct value *list = value_get(sc->captures, name);
    if (!list || list->kind != VALUE_LIST || value_get_int(sc->item, "i", 0) == 0) {
        list = value_list(sc->a);
        value_set(sc->captures, name, list);
    }
    value_push(list, own);
}

static int take_captures(struct act *act, const struct answer *answer)
{
    for (const struct value *k = value_first(act->step->capture); k; k = k->next) {
        struct value *found = expr_path(act->sc->a, answer->output, k->u.text);

        if (!found && answer->code.len > 0)
            continue; /* a refusal has nothing to bring, and was expected */
        if (!found)
            return place_fail(act->step->at, act->err,
                              "capture: %.*s: expected '%.*s' in the answer of %.*s",
                              STR_ARG(k->name), STR_ARG(k->u.text), STR_ARG(act->step->call));
        capture(act, k->name, found);
    }
    return 0;
}

static void note(struct act *act, const struct tag *tag, struct str event_id)
{
    struct told *told = act->sc->told;
    struct arena *a = act->p->a;

    if (!told || event_id.len == 0)
        return;
    struct noted *n = arena_alloc(a, sizeof *n);
    *n = (struct noted){ .step = act->step->id,
                         .event_id = arena_copy(a, event_id),
                         .actor = arena_copy(a, tag->actor),
                         .time_ms = act->p->door->now(act->p->door),
                         .malicious = tag->malicious };
    *told->last = n;
    told->last = &n->next;
}

/* Members by which one page leads to the next. */
static const struct {
    const char *answer, *request;
} page_members[] = {
    { "NextToken", "NextToken" },
    { "nextToken", "nextToken" },
    { "NextContinuationToken", "ContinuationToken" },
    { "NextMarker", "Marker" },
    { "Marker", "Marker" },
};

/* The parameters of the next page; NULL: this was the last one. */
static struct value *next_page(struct arena *a, const struct cat *cat, const struct cat_op *op,
                               struct value *params, const struct answer *answer)
{
    const struct cat_shape *input = cat_op_input(cat, op);

    for (size_t i = 0; input && i < COUNT(page_members); i++) {
        struct str token = value_get_str(answer->output, page_members[i].answer);

        if (token.len == 0 || !cat_member_find(cat, input, str_c(page_members[i].request)))
            continue;
        struct value *next = value_copy(a, params);
        value_put_str(a, next, page_members[i].request, token);
        return next;
    }
    return NULL;
}

/* A habit of a tool, or of the one that it is like; 0: none has it. */
static int64_t habit_of(const struct play *p, const struct tool *t, size_t offset)
{
    int64_t n = 0;

    for (int i = 0; t && n == 0 && i < 8; i++) {
        memcpy(&n, (const char *)t + offset, sizeof n);
        t = scenario_tool(p->s, t->like);
    }
    return n;
}

/* Source: AWS SDKs and Tools Reference Guide, "Retry behavior", throttling errors. */
static bool is_throttled(struct str code)
{
    static const char *const codes[] = {
        "Throttling",       "ThrottlingException",     "ThrottledException",
        "RequestThrottled", "RequestLimitExceeded",    "TooManyRequestsException",
        "SlowDown",         "PriorRequestNotComplete", "RequestThrottledException"
    };

    return word_index(code, codes, COUNT(codes)) >= 0;
}

/* Once, and again for as long as it is throttled and the tool has patience. */
static int perform(struct act *act, struct errand *e, const struct tag *tag, struct answer *answer)
{
    struct door *door = act->p->door;
    int64_t retries = habit_of(act->p, act->caller.tool, offsetof(struct tool, retries));
    int64_t pause_ms = BACKOFF_MS;
    int rc = 0;

    for (int64_t i = 0; rc == 0 && i <= retries; i++) {
        rc = door->perform(door, act->sc->a, e, answer, act->err);
        act->p->errands += rc == 0;
        if (rc == 0 && tag)
            note(act, tag, answer->event_id);
        if (rc < 0 || i == retries || !is_throttled(answer->code))
            break;
        rc = door->advance(door, door->now(door) + pause_ms, act->err);
        pause_ms = pause_ms < BACKOFF_MOST_MS ? pause_ms * 2 : pause_ms;
    }
    return rc;
}

static uint64_t *paged_slot(const struct act *act, const struct errand *e, uint64_t *hash)
{
    struct play *p = act->p;

    *hash = str_hash(act->step->call) ^ str_hash(e->region) * 3 ^ str_hash(e->account) * 7;
    return &p->paged[*hash % COUNT(p->paged)];
}

/* Background that nobody looks at. Where answers have a second page they are always asked for, so
 * that the pages behind the first one are read each time. */
static bool may_repeat(const struct act *act, const struct errand *e)
{
    const struct step *step = act->step;
    uint64_t hash, *slot = paged_slot(act, e, &hash);

    return act->sc->is_background && !step->capture && step->expect.len == 0 &&
           step->on_error == ERROR_ENDS_RUN && *slot != hash;
}

/* The pages behind the first one, as the tool is used to read them. */
static int read_on(struct act *act, struct errand *e, const struct tag *tag,
                   const struct answer *first)
{
    struct door *door = act->p->door;
    struct answer answer = *first;
    int64_t most = habit_of(act->p, act->caller.tool, offsetof(struct tool, pages));
    uint64_t hash, *slot = paged_slot(act, e, &hash);
    int rc = 0;

    for (int64_t page = 1; rc == 0 && answer.code.len == 0; page++) {
        struct value *next = next_page(act->sc->a, door->cat, e->op, e->params, &answer);

        if (!next)
            break;
        *slot = hash;
        if (page >= most)
            break;
        e->params = next;
        e->may_repeat = false;
        rc = door->advance(door, door->now(door) + PAGE_MS, act->err);
        if (rc == 0)
            rc = perform(act, e, tag, &answer);
    }
    return rc;
}

static int make_call(struct act *act, const struct tag *tag, struct answer *answer)
{
    struct params params = { .cat = act->p->door->cat, .at = act->step->at, .rng = &act->sc->rng };
    struct expr x = scene_expr(act->p, act->sc, act->step->at);
    struct value *with = NULL;
    struct errand e = { .region = act->region,
                        .account = act->caller.cred.account,
                        .by = &act->caller.cred,
                        .source_ip = act->caller.source_ip,
                        .user_agent = act->caller.user_agent,
                        .invoked_by = act->step->invoked_by,
                        .tag = tag };
    int rc = params_find_op(params.cat, act->step->at, act->step->call, &params.op, act->err);

    if (rc == 0 && act->step->with)
        rc = expr_value(&x, act->step->with, &with, act->err);
    if (rc == 0)
        rc = params_build(act->sc->a, &params, with, &e.params, &e.body, act->err);
    e.op = params.op;
    e.may_repeat = may_repeat(act, &e);
    if (rc == 0)
        rc = perform(act, &e, tag, answer);
    if (rc == 0)
        rc = check_outcome(act, answer);
    if (rc == 0)
        rc = take_captures(act, answer);
    return rc < 0 ? rc : read_on(act, &e, tag, answer);
}

static int make_event(struct act *act, const struct tag *tag)
{
    struct event_of e = { .caller = &act->caller, .step = act->step, .region = act->region };
    struct str id;
    int rc = events_make(act->p, act->sc, &e, tag, &id, act->err);

    act->p->errands += rc == 0;
    if (rc == 0 && tag)
        note(act, tag, id);
    return rc;
}

int step_play(struct play *p, struct scene *sc, const struct step *step, enum step_end *end,
              struct err *err)
{
    struct act act = { .p = p, .sc = sc, .step = step, .err = err };
    struct answer answer = { 0 };
    struct tag tag;
    bool is_known;
    int rc = people_caller(p, sc, step, &act.caller, &is_known, err);

    *end = STEP_DONE;
    if (rc == 0 && !is_known) {
        p->passed_by++;
        return 0;
    }
    if (rc == 0)
        rc = people_region(p, sc, step, &act.caller, &act.region, err);
    if (rc < 0)
        return rc;
    const struct tag *told = people_tag(sc, step, &act.caller, &tag) ? &tag : NULL;
    rc = step->event.len > 0 ? make_event(&act, told) : make_call(&act, told, &answer);
    if (answer.code.len > 0)
        *end = STEP_REFUSED;
    return rc;
}

int step_items(struct play *p, struct scene *sc, const struct step *step, struct value **items,
               size_t *count, struct err *err)
{
    struct expr x = scene_expr(p, sc, step->at);
    struct value *list;
    int rc;

    *items = NULL;
    *count = (size_t)step->repeat;
    if (!step->each)
        return 0;
    if (step->each->kind == VALUE_STRING && str_find(step->each->u.text, STR("${")) < 0) {
        struct value *name =
            value_str(sc->a, arena_printf(sc->a, "${%.*s}", STR_ARG(step->each->u.text)));
        rc = expr_value(&x, name, &list, err);
    } else {
        rc = expr_value(&x, step->each, &list, err);
    }
    if (rc == 0 && list->kind != VALUE_LIST)
        rc = place_fail(step->at, err, "each: expected a list");
    if (rc < 0)
        return rc;
    *items = list;
    *count = list->count;
    return 0;
}
