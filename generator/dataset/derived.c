/* Records that no call made: Insights, as emulator/trail/insights_live finds them in the emulator.
 * All shards find all of them, for each takes the number of a call. */
#include "generator/dataset/derived.h"

#include <stdatomic.h>

void derived_take(struct dataset *ds, const struct journal_entry *entry)
{
    if (!ds->has_insights)
        return;
    if (!ds->insights)
        ds->insights = insights_new(ds->e->seed);
    insights_take(ds->insights, &ds->configs, entry, &ds->derived_arena);
    arena_reset(&ds->derived_arena);
}

/* A trail may have lost its interest while the minute went on. */
static int put(void *arg, const struct record_facts *facts, struct str record, struct err *err)
{
    struct dataset *ds = arg;
    struct journal_entry entry = { .position = ds->position, .facts = *facts, .record = record };
    bool is_wanted = false, is_taken;

    for (size_t i = 0; i < ds->configs.count; i++)
        is_wanted |= config_takes(&ds->configs.trails[i], &entry) != NULL;
    if (!is_wanted)
        return 0;
    entry.seq = atomic_fetch_add(&ds->e->next_seq, 1);
    ds->position++;
    return streams_put(ds, &entry, NULL, &is_taken, err);
}

int derived_settle(struct dataset *ds, struct err *err)
{
    return ds->insights ? insights_settle(ds->insights, clock_now_ms(&ds->e->clock), put, ds, err)
                        : 0;
}

int derived_save(struct dataset *ds, struct err *err)
{
    return ds->insights ? insights_save(ds->insights, ds->e->store, err) : 0;
}

void derived_free(struct dataset *ds)
{
    insights_free(ds->insights);
    arena_free(&ds->derived_arena);
}
