#include "emulator/store/history_block.h"

#include "emulator/store/db.h"

/* As it lies in the database, in the machine's byte order; the texts follow. */
struct fixed {
    uint64_t seq;
    int64_t time_ms;
    uint32_t resources_len, lens[6];
    uint32_t read_only;
};

static const size_t texts[] = {
    offsetof(struct history_row, event_id),      offsetof(struct history_row, event_name),
    offsetof(struct history_row, event_source),  offsetof(struct history_row, user_name),
    offsetof(struct history_row, access_key_id), offsetof(struct history_row, record),
};
_Static_assert(COUNT(texts) == COUNT(((struct fixed *)0)->lens), "a length for each text");

/* What an attribute is called in history_row; 0: it is no text there. */
static const size_t places[HISTORY_ATTRIBUTES] = {
    [HISTORY_EVENT_ID] = offsetof(struct history_row, event_id),
    [HISTORY_EVENT_NAME] = offsetof(struct history_row, event_name),
    [HISTORY_USERNAME] = offsetof(struct history_row, user_name),
    [HISTORY_EVENT_SOURCE] = offsetof(struct history_row, event_source),
    [HISTORY_ACCESS_KEY_ID] = offsetof(struct history_row, access_key_id),
};

static const char *const resource_members[HISTORY_ATTRIBUTES] = {
    [HISTORY_RESOURCE_TYPE] = "ResourceType",
    [HISTORY_RESOURCE_NAME] = "ResourceName",
};

static struct str text_at(const struct history_row *row, size_t place)
{
    return *(const struct str *)((const char *)row + place);
}

static struct str read_only_text(bool read_only)
{
    return read_only ? STR("true") : STR("false");
}

static struct str value_asked(const struct history_query *q)
{
    return q->attribute == HISTORY_READ_ONLY ? read_only_text(str_eq_nocase(q->value, STR("true")))
                                             : q->value;
}

/* ---- marks: 32 bits of a hash each, never 0 ---- */

static uint32_t mark_of(enum history_attribute attribute, struct str value)
{
    return (uint32_t)((str_hash(value) ^ (uint64_t)attribute) * 0x9e3779b97f4a7c15ull >> 32) | 1;
}

static void add_mark(struct block *b, enum history_attribute attribute, struct str value)
{
    uint32_t mark = mark_of(attribute, value);

    if (b->latest[attribute] == mark)
        return;
    b->latest[attribute] = mark;
    buf_add(&b->marks, (struct str){ (const char *)&mark, sizeof mark });
}

static void add_marks(struct block *b, const struct history_row *row)
{
    add_mark(b, HISTORY_READ_ONLY, read_only_text(row->read_only));
    for (size_t i = 0; i < COUNT(places); i++)
        if (places[i])
            add_mark(b, (enum history_attribute)i, text_at(row, places[i]));
    for (const struct value *r = value_first(row->resources); r; r = r->next)
        for (size_t i = 0; i < COUNT(resource_members); i++)
            if (resource_members[i])
                add_mark(b, (enum history_attribute)i, value_get_str(r, resource_members[i]));
}

bool block_may_have(struct str marks, const struct history_query *q)
{
    uint32_t want = mark_of(q->attribute, value_asked(q)), mark;

    if (q->attribute == HISTORY_ANY)
        return true;
    for (size_t at = 0; at + sizeof mark <= marks.len; at += sizeof mark) {
        memcpy(&mark, marks.ptr + at, sizeof mark);
        if (mark == want)
            return true;
    }
    return false;
}

/* ---- events ---- */

void block_add(struct block *b, const struct history_row *row)
{
    struct fixed fixed = { .seq = row->seq, .time_ms = row->time_ms, .read_only = row->read_only };
    struct buf resources = { 0 };

    if (row->resources)
        doc_encode(&resources, row->resources);
    fixed.resources_len = (uint32_t)resources.len;
    for (size_t i = 0; i < COUNT(texts); i++)
        fixed.lens[i] = (uint32_t)text_at(row, texts[i]).len;
    if (b->events.len == 0 || row->time_ms < b->oldest_ms)
        b->oldest_ms = row->time_ms;
    if (b->events.len == 0 || row->time_ms > b->newest_ms)
        b->newest_ms = row->time_ms;
    buf_add(&b->events, (struct str){ (const char *)&fixed, sizeof fixed });
    buf_add(&b->events, buf_view(&resources));
    for (size_t i = 0; i < COUNT(texts); i++)
        buf_add(&b->events, text_at(row, texts[i]));
    add_marks(b, row);
    buf_free(&resources);
}

void block_free(struct block *b)
{
    buf_free(&b->events);
    buf_free(&b->marks);
}

static bool take(struct str *left, size_t len, struct str *out)
{
    if (len > left->len)
        return false;
    *out = (struct str){ left->ptr, len };
    *left = (struct str){ left->ptr + len, left->len - len };
    return true;
}

bool block_next(struct str *left, struct block_event *out)
{
    struct block_event e = { 0 };
    struct fixed fixed;
    struct str head;

    if (!take(left, sizeof fixed, &head))
        return false;
    memcpy(&fixed, head.ptr, sizeof fixed);
    e.row.seq = fixed.seq;
    e.row.time_ms = fixed.time_ms;
    e.row.read_only = fixed.read_only != 0;
    bool whole = take(left, fixed.resources_len, &e.resources);
    for (size_t i = 0; whole && i < COUNT(texts); i++)
        whole = take(left, fixed.lens[i], (struct str *)((char *)&e.row + texts[i]));
    if (whole)
        *out = e;
    return whole;
}

static int resources_have(struct arena *a, struct str document, const char *member,
                          struct str wanted, bool *out, struct err *err)
{
    struct value *list = NULL;
    int rc = document.len > 0 ? doc_decode(a, document, &list, err) : 0;

    *out = false;
    for (const struct value *r = value_first(list); rc == 0 && r; r = r->next)
        *out |= str_eq(value_get_str(r, member), wanted);
    return rc;
}

int block_event_matches(struct arena *a, const struct block_event *e, const struct history_query *q,
                        bool *out, struct err *err)
{
    struct str wanted = value_asked(q);

    if (resource_members[q->attribute])
        return resources_have(a, e->resources, resource_members[q->attribute], wanted, out, err);
    if (q->attribute == HISTORY_ANY)
        *out = true;
    else if (q->attribute == HISTORY_READ_ONLY)
        *out = str_eq(read_only_text(e->row.read_only), wanted);
    else
        *out = str_eq(text_at(&e->row, places[q->attribute]), wanted);
    return 0;
}
