#include "emulator/trail/entry.h"

/* The fixed part, in front. */
struct fixed {
    uint64_t seq, parent_seq;
    int64_t time_ms;
    uint32_t duration_us;
    uint16_t status;
    uint8_t recipient, category, read_only, has_effects;
    uint16_t resource_count, data_resource_count;
    uint32_t effect_count;
    uint32_t record_len;
};

/* The texts of facts, in the order in which they are packed. */
static const size_t texts[] = {
    offsetof(struct record_facts, event_id),      offsetof(struct record_facts, event_source),
    offsetof(struct record_facts, event_name),    offsetof(struct record_facts, account),
    offsetof(struct record_facts, region),        offsetof(struct record_facts, user_name),
    offsetof(struct record_facts, access_key_id), offsetof(struct record_facts, identity_arn),
    offsetof(struct record_facts, error_code),    offsetof(struct record_facts, request_id),
    offsetof(struct record_facts, trace_header),  offsetof(struct record_facts, detail),
};

/* Counts when at is NULL, writes otherwise. */
struct writer {
    char *at;
    size_t len;
};

static void put_bytes(struct writer *w, const void *bytes, size_t len)
{
    if (w->at && len > 0)
        memcpy(w->at + w->len, bytes, len);
    w->len += len;
}

static void put_text(struct writer *w, struct str s)
{
    uint32_t len = (uint32_t)s.len;

    put_bytes(w, &len, sizeof len);
    put_bytes(w, s.ptr, s.len);
}

static void put_pairs(struct writer *w, const struct value *list, struct str first,
                      struct str second)
{
    for (const struct value *v = value_first(list); v; v = v->next) {
        put_text(w, value_text_of(v, first));
        put_text(w, value_text_of(v, second));
    }
}

static void put_effects(struct writer *w, const struct effect *e)
{
    for (; e; e = e->next) {
        put_text(w, e->from);
        put_text(w, e->to); /* empty: from is removed */
    }
}

static uint32_t count_effects(const struct effect *e)
{
    uint32_t n = 0;

    for (; e; e = e->next)
        n++;
    return n;
}

static void put_entry(struct writer *w, const struct journal_source *from)
{
    const struct record_facts *f = from->facts;
    struct fixed fixed = {
        .seq = from->seq,
        .parent_seq = f->parent_seq,
        .time_ms = f->time_ms,
        .duration_us = f->duration_us,
        .status = f->status,
        .recipient = (uint8_t)from->recipient,
        .category = (uint8_t)f->category,
        .read_only = f->read_only,
        .has_effects = from->effects != NULL,
        .resource_count = f->resources ? (uint16_t)f->resources->count : 0,
        .data_resource_count = f->data_resources ? (uint16_t)f->data_resources->count : 0,
        .effect_count = count_effects(from->effects),
        .record_len = (uint32_t)from->record.len,
    };

    put_bytes(w, &fixed, sizeof fixed);
    for (size_t i = 0; i < COUNT(texts); i++)
        put_text(w, *(const struct str *)((const char *)f + texts[i]));
    put_pairs(w, f->resources, STR("ResourceType"), STR("ResourceName"));
    put_pairs(w, f->data_resources, STR("type"), STR("ARN"));
    put_effects(w, from->effects);
    put_bytes(w, from->record.ptr, from->record.len);
}

size_t entry_size(const struct journal_source *from)
{
    struct writer w = { 0 };

    put_entry(&w, from);
    return w.len;
}

void entry_pack(const struct journal_source *from, char *out)
{
    struct writer w = { .at = out };

    put_entry(&w, from);
}

struct reader {
    struct str left;
    bool is_broken;
};

static struct str take_bytes(struct reader *r, size_t len)
{
    if (len > r->left.len) {
        r->is_broken = true;
        return (struct str){ 0 };
    }
    struct str s = str_sub(r->left, 0, len);
    r->left = str_sub(r->left, len, r->left.len);
    return s;
}

static struct str take_text(struct reader *r)
{
    uint32_t len = 0;
    struct str bytes = take_bytes(r, sizeof len);

    if (bytes.len)
        memcpy(&len, bytes.ptr, sizeof len);
    return take_bytes(r, len);
}

static struct value *take_pairs(struct arena *a, struct reader *r, size_t count, struct str first,
                                struct str second)
{
    struct value *list = count > 0 ? value_list(a) : NULL;

    for (size_t i = 0; i < count && !r->is_broken; i++) {
        struct value *pair = value_map(a);
        value_append(pair, first, value_str(a, take_text(r)));
        value_append(pair, second, value_str(a, take_text(r)));
        value_push(list, pair);
    }
    return list;
}

static struct effect *take_effects(struct arena *a, struct reader *r, size_t count)
{
    struct effect *first = NULL, **tail = &first;

    for (size_t i = 0; i < count && !r->is_broken; i++) {
        struct effect *e = arena_alloc(a, sizeof *e);
        e->from = take_text(r);
        e->to = take_text(r);
        *tail = e;
        tail = &e->next;
    }
    return first;
}

int entry_unpack(struct arena *a, struct str packed, struct journal_entry *out,
                 struct effect **effects, struct err *err)
{
    struct reader r = { .left = packed };
    struct fixed fixed;
    struct journal_entry e = { 0 };

    struct str head = take_bytes(&r, sizeof fixed);
    if (r.is_broken)
        return err_set(err, E_PARSE, "a journal entry of %zu bytes", packed.len);
    memcpy(&fixed, head.ptr, sizeof fixed);
    for (size_t i = 0; i < COUNT(texts); i++)
        *(struct str *)((char *)&e.facts + texts[i]) = take_text(&r);
    e.facts.resources =
        take_pairs(a, &r, fixed.resource_count, STR("ResourceType"), STR("ResourceName"));
    e.facts.data_resources = take_pairs(a, &r, fixed.data_resource_count, STR("type"), STR("ARN"));
    struct effect *list = take_effects(a, &r, fixed.effect_count);
    e.record = take_bytes(&r, fixed.record_len);
    if (r.is_broken || r.left.len > 0 || fixed.category > EVENT_NETWORK)
        return err_set(err, E_PARSE, "a journal entry whose parts do not fit");
    e.seq = fixed.seq;
    e.recipient = fixed.recipient;
    e.facts.time_ms = fixed.time_ms;
    e.facts.parent_seq = fixed.parent_seq;
    e.facts.duration_us = fixed.duration_us;
    e.facts.status = fixed.status;
    e.facts.category = fixed.category;
    e.facts.read_only = fixed.read_only != 0;
    *out = e;
    if (effects)
        *effects = list;
    return 0;
}

uint64_t entry_seq(struct str packed)
{
    struct fixed fixed;

    if (packed.len < sizeof fixed)
        return 0;
    memcpy(&fixed, packed.ptr, sizeof fixed);
    return fixed.seq;
}

unsigned entry_category(struct str packed)
{
    struct fixed fixed = { 0 };

    if (packed.len >= sizeof fixed)
        memcpy(&fixed, packed.ptr, sizeof fixed);
    return fixed.category;
}

bool entry_has_effects(struct str packed)
{
    struct fixed fixed;

    if (packed.len < sizeof fixed)
        return false;
    memcpy(&fixed, packed.ptr, sizeof fixed);
    return fixed.has_effects != 0;
}
