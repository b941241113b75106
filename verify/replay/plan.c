#include <stdlib.h>

#include "core/base/clock.h"
#include "core/codec/json.h"
#include "verify/replay/delivery.h"

bool delivery_is_log(const struct delivery *d)
{
    return d->file && (d->file->kind == SOURCE_LOG || d->file->kind == SOURCE_RECORDS);
}

bool delivery_is_digest(const struct delivery *d)
{
    return d->file && d->file->kind == SOURCE_DIGEST;
}

struct delivery *plan_add(struct plan *p, const struct delivery *d)
{
    struct delivery copy = *d; /* d may stand in the array that moves */

    if (p->count == p->room) {
        size_t room = p->room ? p->room * 2 : 256;
        struct delivery *items = arena_array(&p->arena, room, sizeof *items);

        if (p->count > 0)
            memcpy(items, p->items, p->count * sizeof *items);
        p->items = items;
        p->room = room;
    }
    copy.chance = p->count;
    p->items[p->count] = copy;
    return &p->items[p->count++];
}

static int by_time(const void *a, const void *b)
{
    const struct delivery *x = a, *y = b;

    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? -1 : 1;
    if (x->order != y->order)
        return x->order < y->order ? -1 : 1;
    return (x->chance > y->chance) - (x->chance < y->chance); /* the order of adding */
}

void plan_sort(struct plan *p)
{
    if (p->count > 0)
        qsort(p->items, p->count, sizeof *p->items, by_time);
}

/* A digest stands behind the logs of its minute. */
static struct delivery first_plan(const struct source_file *f)
{
    struct delivery d = { .file = f, .order = f->index * 2, .key = f->key };

    if (f->kind == SOURCE_LOG || f->kind == SOURCE_DIGEST || f->kind == SOURCE_INSIGHT)
        d.at_ms = f->at.at_ms;
    if (f->kind == SOURCE_DIGEST)
        d.order += (uint64_t)1 << 40;
    if (d.key.len == 0)
        d.key = f->name;
    return d;
}

int plan_make(struct plan *p, struct source *source, uint64_t seed, struct err *err)
{
    const struct source_file *f;
    int rc;

    *p = (struct plan){ .source = source, .seed = seed };
    while ((rc = source_next(source, &f, err)) == 1) {
        struct delivery d = first_plan(f);

        (void)plan_add(p, &d);
    }
    plan_sort(p);
    return rc;
}

void plan_free(struct plan *p)
{
    buf_free(&p->told);
    arena_free(&p->arena);
}

void plan_tell(struct plan *p, const char *fault, const struct delivery *d)
{
    char at[CLOCK_ISO_SIZE];

    clock_iso(d->at_ms, at);
    buf_printf(&p->told, "{\"fault\":\"%s\",\"at\":\"%s\",\"key\":", fault, at);
    json_add_string(&p->told, d->key);
    buf_add_c(&p->told, "}\n");
}
