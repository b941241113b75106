#include "generator/dataset/template.h"

#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/trail/reader.h"
#include "emulator/identity/identity.h"
#include "emulator/record/record.h"

enum slot_kind {
    SLOT_IDENTITY,
    SLOT_TIME,
    SLOT_ADDRESS,
    SLOT_EVENT_ID,
    SLOT_REQUEST_ID,
    SLOT_HOST_ID,
    SLOT_SHARED_ID,
    SLOT_STS_ID,
    SLOT_PRINCIPAL_ID,
    SLOT_ARN,
};

struct slot {
    size_t from, len; /* in the record it was made from */
    enum slot_kind kind;
};

/* literal[i] stands in front of slot i; the last one behind the last slot. */
#define SLOTS_MOST 16
struct template
{
    struct arena a;
    struct str literals[SLOTS_MOST + 1];
    struct slot slots[SLOTS_MOST];
    size_t count, literal_bytes;
    struct hints hints;              /* places in the record it was made from */
    size_t hint_end[SLOTS_MOST + 1]; /* of those in literal[i] and at the beginning of slot i */
};

static int add_slot(struct template *t, struct str record, struct str at, enum slot_kind kind,
                    struct err *err)
{
    if (t->count == SLOTS_MOST)
        return err_set(err, E_PARSE, "a record with over %d slots", SLOTS_MOST);
    t->slots[t->count++] = (struct slot){ (size_t)(at.ptr - record.ptr), at.len, kind };
    return 0;
}

/* Every place in which an id stands: ids are too long to stand anywhere by chance. */
static int add_everywhere(struct template *t, struct str record, struct str rest, struct str id,
                          enum slot_kind kind, struct err *err)
{
    ptrdiff_t at;
    int rc = 0;

    while (rc == 0 && id.len > 0 && (at = str_find(rest, id)) >= 0) {
        rc = add_slot(t, record, str_sub(rest, (size_t)at, id.len), kind, err);
        rest = str_sub(rest, (size_t)at + id.len, rest.len);
    }
    return rc;
}

/* What stands between the quotes of a member. */
static struct str inside(struct str record, const char *path)
{
    struct str s = record_member(record, str_c(path));

    return s.len >= 2 && s.ptr[0] == '"' ? str_sub(s, 1, s.len - 2) : (struct str){ 0 };
}

/* A session's own names stand also outside userIdentity, when a call asks who it is. */
static int add_session(struct template *t, struct str record, struct str identity,
                       const struct principal *who, struct err *err)
{
    struct str parts[2] = { str_sub(record, 0, (size_t)(identity.ptr - record.ptr)) };
    int rc = 0;

    parts[1] = str_sub(record, parts[0].len + identity.len, record.len);
    for (size_t i = 0; rc == 0 && who->is_session && i < COUNT(parts); i++) {
        rc = add_everywhere(t, record, parts[i], who->principal_id, SLOT_PRINCIPAL_ID, err);
        if (rc == 0)
            rc = add_everywhere(t, record, parts[i], who->arn, SLOT_ARN, err);
    }
    return rc;
}

static int find_slots(struct template *t, struct str record, const struct call *call,
                      struct arena *a, struct err *err)
{
    struct str identity = record_member(record, STR("userIdentity"));
    struct str time = inside(record, "eventTime"), address = inside(record, "sourceIPAddress");
    struct buf sts = { 0 };

    if (identity.len == 0 || time.len != CLOCK_ISO_SIZE - 1)
        return err_set(err, E_PARSE, "a record without userIdentity or eventTime");
    int rc = add_slot(t, record, identity, SLOT_IDENTITY, err);
    if (rc == 0)
        rc = add_slot(t, record, time, SLOT_TIME, err);
    if (rc == 0 && address.len > 0 && str_eq(address, call->source_ip))
        rc = add_slot(t, record, address, SLOT_ADDRESS, err);
    if (rc == 0)
        rc = add_session(t, record, identity, call->who, err);
    if (rc == 0)
        rc = add_everywhere(t, record, record, call->event_id, SLOT_EVENT_ID, err);
    if (rc == 0)
        rc = add_everywhere(t, record, record, call->request_id, SLOT_REQUEST_ID, err);
    if (rc == 0)
        rc = add_everywhere(t, record, record, call->host_id, SLOT_HOST_ID, err);
    if (rc == 0)
        rc = add_everywhere(t, record, record, record_uuid(a, call->event_id, 0), SLOT_SHARED_ID,
                            err);
    record_sts_id(&sts, a, call);
    if (rc == 0)
        rc = add_everywhere(t, record, record, buf_view(&sts), SLOT_STS_ID, err);
    buf_free(&sts);
    return rc;
}

static int by_place(const void *a, const void *b)
{
    const struct slot *x = a, *y = b;

    return x->from < y->from ? -1 : x->from > y->from;
}

static int cut_literals(struct template *t, struct str record, struct err *err)
{
    size_t at = 0;

    qsort(t->slots, t->count, sizeof *t->slots, by_place);
    for (size_t i = 0; i < t->count; i++) {
        if (t->slots[i].from < at)
            return err_set(err, E_PARSE, "a record whose ids overlap");
        t->literals[i] = arena_copy(&t->a, str_sub(record, at, t->slots[i].from - at));
        at = t->slots[i].from + t->slots[i].len;
    }
    t->literals[t->count] = arena_copy(&t->a, str_sub(record, at, record.len));
    for (size_t i = 0; i <= t->count; i++)
        t->literal_bytes += t->literals[i].len;
    return 0;
}

/* These are drawn anew for each record; other slots often have what the last record had. */
static bool is_chance(enum slot_kind kind)
{
    return kind == SLOT_EVENT_ID || kind == SLOT_REQUEST_ID || kind == SLOT_HOST_ID ||
           kind == SLOT_SHARED_ID || kind == SLOT_STS_ID;
}

static void find_hints(struct template *t)
{
    size_t at = 0;

    for (size_t i = 0; i <= t->count; i++) {
        hints_find_all(&t->hints, t->literals[i], at);
        if (i < t->count && is_chance(t->slots[i].kind))
            hints_put(&t->hints, t->slots[i].from, HINT_CHANCE);
        t->hint_end[i] = t->hints.count;
        at = t->slots[i].from + t->slots[i].len;
    }
}

int template_make(struct template **out, struct str record, const struct call *call,
                  struct err *err)
{
    struct template *t = mem_alloc(sizeof *t);
    struct arena a = { 0 };
    int rc = find_slots(t, record, call, &a, err);

    if (rc == 0)
        rc = cut_literals(t, record, err);
    if (rc == 0)
        find_hints(t);
    arena_free(&a);
    if (rc < 0)
        template_free(t);
    else
        *out = t;
    return rc;
}

void template_free(struct template *t)
{
    if (!t)
        return;
    arena_free(&t->a);
    hints_free(&t->hints);
    mem_free(t);
}

static void write_slot(enum slot_kind kind, const struct template_fill *with, struct buf *out)
{
    const struct call *call = with->call;

    switch (kind) {
    case SLOT_IDENTITY:
        buf_add(out, with->identity);
        return;
    case SLOT_TIME:
        buf_add(out, (struct str){ with->time, CLOCK_ISO_SIZE - 1 });
        return;
    case SLOT_ADDRESS:
        buf_add(out, call->source_ip);
        return;
    case SLOT_EVENT_ID:
        buf_add(out, call->event_id);
        return;
    case SLOT_REQUEST_ID:
        buf_add(out, call->request_id);
        return;
    case SLOT_HOST_ID:
        buf_add(out, call->host_id);
        return;
    case SLOT_SHARED_ID:
        buf_add(out, record_uuid(with->a, call->event_id, 0));
        return;
    case SLOT_STS_ID:
        record_sts_id(out, with->a, call);
        return;
    case SLOT_PRINCIPAL_ID:
        buf_add(out, call->who->principal_id);
        return;
    case SLOT_ARN:
        buf_add(out, call->who->arn);
        return;
    }
}

/* Of literal i, which is about to be written. */
static void add_hints(const struct template *t, size_t i, size_t at, struct hints *out)
{
    size_t first = i > 0 ? t->hint_end[i - 1] : 0;
    size_t from = i > 0 ? t->slots[i - 1].from + t->slots[i - 1].len : 0;

    hints_add(out, t->hints.items + first, t->hint_end[i] - first, at - from);
}

void template_write(const struct template *t, const struct template_fill *with, struct buf *out,
                    struct hints *hints)
{
    /* slots but for the identity are short: one reservation for the whole */
    (void)buf_reserve(out, t->literal_bytes + with->identity.len + SLOTS_MOST * 128);
    for (size_t i = 0; i <= t->count; i++) {
        if (hints)
            add_hints(t, i, out->len, hints);
        buf_add(out, t->literals[i]);
        if (i == t->count)
            break;
        if (hints && t->slots[i].kind == SLOT_IDENTITY)
            hints_add(hints, with->identity_hints->items, with->identity_hints->count, out->len);
        write_slot(t->slots[i].kind, with, out);
    }
}
