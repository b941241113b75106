#include "verify/records/duplicates.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/mem.h"

enum {
    PARTS = 256,
    FLUSH_PLACES = 2 << 20, /* in memory over all parts: 48 MB */
    DUPLICATES_MOST = 1 << 20,
};

struct run { /* of a part, in the temporary file */
    off_t offset;
    size_t count;
};

struct part {
    struct event_place *places;
    size_t count, cap;
    struct run *runs;
    size_t run_count, run_cap, stored;
};

struct duplicates {
    struct part parts[PARTS];
    size_t in_memory;
    FILE *file; /* NULL: all is in memory */
    off_t end;
};

struct event_place event_place_of(struct str id, uint64_t record)
{
    uint64_t hash = str_hash(id);

    return (struct event_place){ { hash, ~(hash * 0x9e3779b97f4a7c15ull) ^ id.len },
                                 0,
                                 (uint32_t)record };
}

struct duplicates *duplicates_open(void)
{
    return mem_alloc(sizeof(struct duplicates));
}

void duplicates_close(struct duplicates *d)
{
    if (!d)
        return;
    for (size_t i = 0; i < PARTS; i++) {
        mem_free(d->parts[i].places);
        mem_free(d->parts[i].runs);
    }
    if (d->file)
        (void)fclose(d->file); /* nothing in it is wanted any more */
    mem_free(d);
}

static size_t part_of(const struct event_place *p)
{
    return (size_t)((p->id[0] ^ p->id[1]) * 0x9e3779b97f4a7c15ull >> 56) % PARTS;
}

static int flush_part(struct duplicates *d, struct part *p, struct err *err)
{
    if (p->count == 0)
        return 0;
    if (fwrite(p->places, sizeof *p->places, p->count, d->file) != p->count)
        return err_sys(err, "write", "a temporary file of event ids");
    if (p->run_count == p->run_cap) {
        p->run_cap = p->run_cap ? 2 * p->run_cap : 4;
        p->runs = mem_realloc(p->runs, p->run_cap * sizeof *p->runs);
    }
    p->runs[p->run_count++] = (struct run){ d->end, p->count };
    d->end += (off_t)(p->count * sizeof *p->places);
    p->stored += p->count;
    p->count = 0;
    return 0;
}

static int flush_all(struct duplicates *d, struct err *err)
{
    int rc = 0;

    if (!d->file && !(d->file = tmpfile()))
        return err_sys(err, "create", "a temporary file of event ids");
    for (size_t i = 0; i < PARTS && rc == 0; i++)
        rc = flush_part(d, &d->parts[i], err);
    d->in_memory = 0;
    return rc;
}

int duplicates_add(struct duplicates *d, const struct event_place *places, size_t count,
                   struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        struct part *p = &d->parts[part_of(&places[i])];

        if (p->count == p->cap) {
            p->cap = p->cap ? 2 * p->cap : 64;
            p->places = mem_realloc(p->places, p->cap * sizeof *p->places);
        }
        p->places[p->count++] = places[i];
    }
    d->in_memory += count;
    return d->in_memory >= FLUSH_PLACES ? flush_all(d, err) : 0;
}

/* ---- at the end ---- */

static int load_part(struct duplicates *d, struct part *p, struct event_place *to, struct err *err)
{
    for (size_t i = 0; i < p->run_count; i++) {
        if (fseeko(d->file, p->runs[i].offset, SEEK_SET) != 0 ||
            fread(to, sizeof *to, p->runs[i].count, d->file) != p->runs[i].count)
            return err_sys(err, "read", "a temporary file of event ids");
        to += p->runs[i].count;
    }
    if (p->count)
        memcpy(to, p->places, p->count * sizeof *to);
    return 0;
}

static int by_place(const struct event_place *a, const struct event_place *b)
{
    if (a->file != b->file)
        return a->file < b->file ? -1 : 1;
    return (a->record > b->record) - (a->record < b->record);
}

static int by_id(const void *x, const void *y)
{
    const struct event_place *a = x, *b = y;

    for (int i = 0; i < 2; i++)
        if (a->id[i] != b->id[i])
            return a->id[i] < b->id[i] ? -1 : 1;
    return by_place(a, b);
}

static int by_again(const void *x, const void *y)
{
    return by_place(&((const struct duplicate *)x)->again, &((const struct duplicate *)y)->again);
}

struct found {
    struct duplicate *list;
    size_t count, cap;
};

static void add_found(struct found *f, struct duplicate d)
{
    if (f->count == DUPLICATES_MOST)
        return; /* a million say enough */
    if (f->count == f->cap) {
        f->cap = f->cap ? 2 * f->cap : 16;
        f->list = mem_realloc(f->list, f->cap * sizeof *f->list);
    }
    f->list[f->count++] = d;
}

static bool same_id(const struct event_place *a, const struct event_place *b)
{
    return a->id[0] == b->id[0] && a->id[1] == b->id[1];
}

/* A table of one part's ids fits a cache: most parts have no duplicate, and need no sorting. */
static bool has_duplicate(const struct event_place *places, size_t count, uint32_t *table,
                          size_t mask)
{
    memset(table, 0, (mask + 1) * sizeof *table);
    for (size_t i = 0; i < count; i++) {
        size_t at = (size_t)(places[i].id[0] ^ places[i].id[1] >> 7) & mask;

        for (; table[at]; at = (at + 1) & mask)
            if (same_id(&places[table[at] - 1], &places[i]))
                return true;
        table[at] = (uint32_t)i + 1;
    }
    return false;
}

static int find_in_part(struct duplicates *d, struct part *p, struct found *found, struct err *err)
{
    size_t count = p->stored + p->count, slots = 64;

    if (count < 2)
        return 0;
    while (slots < 2 * count)
        slots *= 2;
    struct event_place *all = mem_alloc(count * sizeof *all);
    uint32_t *table = mem_alloc(slots * sizeof *table);
    int rc = load_part(d, p, all, err);

    if (rc == 0 && has_duplicate(all, count, table, slots - 1)) {
        qsort(all, count, sizeof *all, by_id);
        for (size_t i = 1, first = 0; i < count; i++) {
            if (!same_id(&all[i], &all[first]))
                first = i;
            else
                add_found(found, (struct duplicate){ all[first], all[i] });
        }
    }
    mem_free(table);
    mem_free(all);
    return rc;
}

int duplicates_find(struct duplicates *d, struct arena *a, struct duplicate **out,
                    size_t *out_count, struct err *err)
{
    struct found found = { .count = 0 };
    int rc = 0;

    if (d->file && fflush(d->file) != 0)
        return err_sys(err, "write", "a temporary file of event ids");
    for (size_t i = 0; i < PARTS && rc == 0; i++)
        rc = find_in_part(d, &d->parts[i], &found, err);
    if (rc == 0) {
        *out = arena_array(a, found.count + 1, sizeof **out);
        if (found.count) {
            qsort(found.list, found.count, sizeof *found.list, by_again);
            memcpy(*out, found.list, found.count * sizeof **out);
        }
        *out_count = found.count;
    }
    mem_free(found.list);
    return rc;
}
