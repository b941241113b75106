/* What insights know, kept in the store: a document for each operation that is counted. */
#include "core/base/mem.h"
#include "emulator/trail/insights_parts.h"

#define TYPE "InsightCounts"

struct doc_key insight_state_key(struct str account, struct str region, struct str id)
{
    return config_key(account, region, TYPE, id);
}

/* ---- pairs of numbers: "3:17 0:2" ---- */

static void add_pair(struct buf *out, uint64_t first, uint64_t second)
{
    buf_printf(out, "%s%llu:%llu", out->len > 0 ? " " : "", (unsigned long long)first,
               (unsigned long long)second);
}

static bool next_pair(struct str *rest, int64_t *first, int64_t *second)
{
    struct str pair, left, right;

    if (rest->len == 0)
        return false;
    (void)str_cut(*rest, ' ', &pair, rest); /* none: the last one */
    return str_cut(pair, ':', &left, &right) && str_to_i64(left, first) &&
           str_to_i64(right, second) && *first >= 0 && *second >= 0;
}

static void put_text(struct arena *a, struct value *to, const char *name, struct buf *text)
{
    value_put_str(a, to, name, buf_view(text));
    buf_free(text);
}

/* ---- hours: how long before the latest, and how many calls ---- */

static void put_hours(struct arena *a, struct value *to, const struct insight_key *k,
                      const uint32_t hours[INSIGHT_HOURS])
{
    struct buf text = { 0 };

    for (int64_t age = 0; age < INSIGHT_HOURS && age <= k->hour; age++)
        if (hours[(k->hour - age) % INSIGHT_HOURS] > 0)
            add_pair(&text, (uint64_t)age, hours[(k->hour - age) % INSIGHT_HOURS]);
    put_text(a, to, "Hours", &text);
}

static void get_hours(const struct value *from, const struct insight_key *k,
                      uint32_t hours[INSIGHT_HOURS])
{
    struct str rest = value_get_str(from, "Hours");
    int64_t age, calls;

    while (next_pair(&rest, &age, &calls))
        if (age < INSIGHT_HOURS && age <= k->hour)
            hours[(k->hour - age) % INSIGHT_HOURS] = (uint32_t)calls;
}

/* ---- bags: which voice of the list, and how many calls ---- */

static uint64_t number_of(const struct insight_key *k, const struct insight_voice *voice)
{
    uint64_t n = 0;

    for (const struct insight_voice *v = k->voices; v != voice; v = v->next)
        n++;
    return n;
}

static struct insight_voice *numbered(const struct insight_key *k, int64_t n)
{
    struct insight_voice *v = k->voices;

    while (v && n-- > 0)
        v = v->next;
    return v;
}

static struct value *bag_value(struct arena *a, const struct insight_key *k,
                               const struct insight_bag *bag)
{
    struct value *v = value_map(a);
    struct buf text = { 0 };

    for (const struct insight_count *c = bag->counts; c; c = c->next)
        add_pair(&text, number_of(k, c->voice), c->calls);
    value_put_int(a, v, "Calls", (int64_t)bag->calls);
    put_text(a, v, "Voices", &text);
    return v;
}

static void bag_read(const struct insight_key *k, const struct value *v, struct insight_bag *bag)
{
    struct str rest = value_get_str(v, "Voices");
    int64_t number, calls;

    bag->calls = (uint64_t)value_get_int(v, "Calls", 0);
    while (next_pair(&rest, &number, &calls)) {
        struct insight_voice *voice = numbered(k, number);

        if (voice)
            insight_bag_add(bag, voice, (uint64_t)calls);
    }
}

/* ---- a key ---- */

static struct value *voices_value(struct arena *a, const struct insight_key *k)
{
    struct value *list = value_list(a);

    for (const struct insight_voice *v = k->voices; v; v = v->next) {
        struct value *one = value_map(a);

        value_put_int(a, one, "Attribute", v->attribute);
        value_put_str(a, one, "Text", insight_voice_text(v));
        put_hours(a, one, k, v->hours);
        value_push(list, one);
    }
    return list;
}

static struct value *minutes_value(struct arena *a, const struct insight_key *k)
{
    struct value *list = value_list(a);

    for (const struct insight_minute *m = k->minutes; m; m = m->next) {
        struct value *one = bag_value(a, k, &m->bag);

        value_put_int(a, one, "At", m->at_ms);
        value_push(list, one);
    }
    return list;
}

static struct value *episode_value(struct arena *a, const struct insight_key *k)
{
    const struct insight_episode *e = &k->episode;
    struct value *v = value_map(a);

    value_put_int(a, v, "Start", e->start_ms);
    value_put_int(a, v, "Last", e->last_ms);
    value_put_int(a, v, "BaselineMs", e->baseline_ms);
    value_set(v, STR("Calls"), bag_value(a, k, &e->bag));
    value_set(v, STR("Pending"), bag_value(a, k, &e->pending));
    value_set(v, STR("Baseline"), bag_value(a, k, &e->baseline));
    return v;
}

static struct value *key_value(struct arena *a, const struct insight_key *k)
{
    struct value *v = value_map(a);

    value_put_int(a, v, "Kind", k->n.kind);
    value_put_bool(a, v, "IsData", k->n.is_data);
    value_put_str(a, v, "Source", k->n.source);
    value_put_str(a, v, "Name", k->n.name);
    value_put_str(a, v, "Error", k->n.error);
    value_put_str(a, v, "Trail", k->n.trail);
    value_put_int(a, v, "Since", k->since_ms);
    value_put_int(a, v, "Hour", k->hour);
    if (k->judged_ms != INT64_MIN)
        value_put_int(a, v, "Judged", k->judged_ms);
    put_hours(a, v, k, k->hours);
    value_set(v, STR("Voices"), voices_value(a, k));
    value_set(v, STR("Minutes"), minutes_value(a, k));
    if (k->episode.is_open)
        value_set(v, STR("Episode"), episode_value(a, k));
    return v;
}

static int drop_gone(struct insights *in, struct store *s, struct err *err)
{
    int rc = 0;

    while (rc == 0 && in->gone) {
        struct insight_gone *g = in->gone;

        rc = store_doc_delete(s, g->key, err);
        rc = rc == E_MISSING ? 0 : rc; /* it came and went between two saves */
        in->gone = g->next;
        arena_free(&g->a);
        mem_free(g);
    }
    return rc;
}

int insights_save(struct insights *in, struct store *s, struct err *err)
{
    struct arena a = { 0 };
    int rc = drop_gone(in, s, err);

    for (struct insight_key *k = in->first; rc == 0 && k; k = k->next) {
        if (!k->is_dirty)
            continue;
        rc = store_doc_put(s, insight_state_key(k->n.account, k->n.region, k->id), key_value(&a, k),
                           err);
        k->is_dirty = false;
        arena_reset(&a);
    }
    arena_free(&a);
    return rc;
}

static void voices_read(struct insight_key *k, const struct value *list)
{
    for (const struct value *one = value_first(list); one; one = one->next) {
        int64_t attribute = value_get_int(one, "Attribute", 0);
        struct insight_voice *v = attribute >= 0 && attribute < INSIGHT_ATTRIBUTES
                                      ? insight_key_voice(k, (enum insight_attribute)attribute,
                                                          value_get_str(one, "Text"))
                                      : NULL;

        if (v)
            get_hours(one, k, v->hours);
    }
}

static void episode_read(struct insight_key *k, const struct value *v)
{
    struct insight_episode *e = &k->episode;

    if (!v)
        return;
    e->is_open = true;
    e->start_ms = value_get_int(v, "Start", 0);
    e->last_ms = value_get_int(v, "Last", e->start_ms);
    e->baseline_ms = value_get_int(v, "BaselineMs", INSIGHT_MINUTE_MS);
    bag_read(k, value_get_c(v, "Calls"), &e->bag);
    bag_read(k, value_get_c(v, "Pending"), &e->pending);
    bag_read(k, value_get_c(v, "Baseline"), &e->baseline);
}

static void key_read(struct insights *in, const struct doc *d)
{
    const struct value *v = d->value, *m;
    int64_t kind = value_get_int(v, "Kind", 0);
    struct insight_name n = { .kind = kind == INSIGHT_ERROR_RATE ? INSIGHT_ERROR_RATE
                                                                 : INSIGHT_CALL_RATE,
                              .is_data = value_get_bool(v, "IsData", false),
                              .account = d->key.account,
                              .region = d->key.region,
                              .source = value_get_str(v, "Source"),
                              .name = value_get_str(v, "Name"),
                              .error = value_get_str(v, "Error"),
                              .trail = value_get_str(v, "Trail") };
    struct insight_key *k = insights_key(in, &n);

    if (!k)
        return;
    k->since_ms = value_get_int(v, "Since", 0);
    k->hour = value_get_int(v, "Hour", 0);
    k->judged_ms = value_get_int(v, "Judged", INT64_MIN);
    get_hours(v, k, k->hours);
    voices_read(k, value_get_c(v, "Voices"));
    for (m = value_first(value_get_c(v, "Minutes")); m; m = m->next)
        bag_read(k, m, &insight_key_minute(k, value_get_int(m, "At", 0))->bag);
    episode_read(k, value_get_c(v, "Episode"));
    if (k->minutes || k->episode.is_open)
        in->due_ms = 0; /* looked at as soon as somebody settles */
}

int insights_load(struct insights *in, struct store *s, struct err *err)
{
    struct arena a = { 0 };
    struct doc *docs;
    size_t count = 0;
    int rc = store_doc_list(s, &a, config_key(STR(""), STR(""), TYPE, STR("")), STR(""), 0, &docs,
                            &count, err);

    for (size_t i = 0; rc == 0 && i < count; i++)
        key_read(in, &docs[i]);
    arena_free(&a);
    return rc;
}
