#include "emulator/services/xray/sample.h"

#include "emulator/services/xray/ops.h"

struct sample_place {
    struct sample_place *next;
    struct str account, region;
    bool is_loaded;
    int64_t reservoir, second, taken; /* taken: in that second */
    double rate;
};

static struct sample_place *place_of(struct sample *s, struct xray_place place)
{
    struct sample_place *p = s->first;

    while (p && !(str_eq(p->account, place.account) && str_eq(p->region, place.region)))
        p = p->next;
    if (!p) {
        p = arena_alloc(&s->a, sizeof *p);
        *p = (struct sample_place){ .next = s->first,
                                    .account = arena_copy(&s->a, place.account),
                                    .region = arena_copy(&s->a, place.region) };
        s->first = p;
    }
    return p;
}

static double number(const struct value *v, double fallback)
{
    if (v && v->kind == VALUE_FLOAT)
        return v->u.real;
    return v && v->kind == VALUE_INT ? (double)v->u.integer : fallback;
}

static int load(struct sample_place *p, struct store *store, struct err *err)
{
    struct arena a = { 0 };
    struct value *doc = NULL;
    struct doc_key key = { .account = p->account,
                           .region = p->region,
                           .service = STR(XRAY_SERVICE),
                           .type = STR(XRAY_RULE),
                           .id = STR("Default") };
    int rc = store_doc_get(store, &a, key, &doc, err);

    if (rc == 0 || rc == E_MISSING) {
        const struct value *rule = value_get_c(doc, "SamplingRule");
        p->reservoir = value_get_int(rule, "ReservoirSize", SAMPLE_RESERVOIR);
        p->rate = number(value_get_c(rule, "FixedRate"), SAMPLE_RATE);
        p->is_loaded = true;
        rc = 0;
    }
    arena_free(&a);
    return rc;
}

void sample_forget(struct sample *s)
{
    for (struct sample_place *p = s->first; p; p = p->next)
        p->is_loaded = false;
}

void sample_free(struct sample *s)
{
    arena_free(&s->a);
    s->first = NULL;
}

int sample_takes(struct sample *s, struct store *store, struct xray_place place, int64_t time_ms,
                 struct rng *rng, bool *out, struct err *err)
{
    struct sample_place *p = place_of(s, place);
    int rc = p->is_loaded ? 0 : load(p, store, err);

    if (rc < 0)
        return rc;
    if (p->second != time_ms / 1000) {
        p->second = time_ms / 1000;
        p->taken = 0;
    }
    *out = p->taken++ < p->reservoir || rng_unit(rng) < p->rate;
    return 0;
}
