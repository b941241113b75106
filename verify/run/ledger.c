#include "verify/run/ledger.h"

#include "core/codec/json.h"
#include "core/trail/keys.h"

static void mark_fetched(struct truth *t, struct str key)
{
    struct truth_file *f = truth_file(t, key);

    if (f)
        f->is_listed = f->is_fetched = true;
}

/* A list that names a prefix shows what lies behind marker; how much of it, the next call tells: a
 * tool that stops early leaves files that were never listed, and those are rare. */
static void mark_listed(struct truth *t, const struct value *params)
{
    static const char *const markers[] = { "marker", "start-after" };
    struct str prefix = value_get_str(params, "prefix"), after = STR("");

    if (value_get_str(params, "delimiter").len > 0 && !str_has_suffix(prefix, STR("/")))
        return;
    for (size_t i = 0; i < COUNT(markers) && after.len == 0; i++)
        after = value_get_str(params, markers[i]);
    for (size_t i = 0; i < t->file_count; i++)
        if (str_has_prefix(t->files[i].key, prefix) && str_cmp(t->files[i].key, after) > 0)
            t->files[i].is_listed = true;
}

static bool has_region(const struct ledger *l, struct str region)
{
    for (size_t i = 0; i < l->region_count; i++)
        if (str_eq(l->regions[i], region))
            return true;
    return false;
}

static void mark_region(struct ledger *l, struct str region)
{
    struct str *regions;

    if (has_region(l, region))
        return;
    regions = arena_array(&l->arena, l->region_count + 1, sizeof *regions);
    if (l->region_count > 0)
        memcpy(regions, l->regions, l->region_count * sizeof *regions);
    regions[l->region_count++] = arena_copy(&l->arena, region);
    l->regions = regions;
}

static int read_line(struct ledger *l, struct truth *t, struct str line, struct err *err)
{
    struct arena a = { 0 };
    struct value *v;
    int rc = json_parse(&a, line, &v, err);

    if (rc == 0 && !value_get_c(v, "errorCode")) {
        struct str name = value_get_str(v, "eventName");
        const struct value *params = value_get_c(v, "requestParameters");

        l->calls++;
        if (str_eq_c(name, "GetObject"))
            mark_fetched(t, value_get_str(params, "key"));
        else if (str_has_prefix(name, STR("ListObjects")))
            mark_listed(t, params);
        else if (str_eq_c(name, "LookupEvents"))
            mark_region(l, value_get_str(v, "awsRegion"));
    }
    arena_free(&a);
    return rc;
}

int ledger_read(struct ledger *l, struct truth *t, struct str lines, struct err *err)
{
    struct str line;
    int rc = 0;

    while (rc == 0 && lines.len > 0) {
        (void)str_cut(lines, '\n', &line, &lines); /* the last one may have no end */
        if (line.len > 0)
            rc = read_line(l, t, line, err);
    }
    return rc;
}

void ledger_free(struct ledger *l)
{
    arena_free(&l->arena);
    *l = (struct ledger){ .calls = 0 };
}

static struct str region_of(const struct truth_file *f)
{
    struct trail_key k;

    return trail_key_parse(f->key, &k, NULL) == 0 ? k.region : STR("");
}

const char *ledger_event_cause(const struct ledger *l, const struct truth *t,
                               const struct truth_event *e)
{
    if (e->file == SIZE_MAX)
        return "never offered: a fault kept it back";
    const struct truth_file *f = &t->files[e->file];

    if (l->sees_lookups)
        return has_region(l, region_of(f)) ? "its region was asked for, and it was not reported"
                                           : "its region was never asked for";
    if (!l->sees_objects)
        return "offered, and not reported";
    if (l->sees_queue && !f->is_fetched)
        return f->is_left ? "its message was never acknowledged"
                          : "acknowledged, and never fetched";
    if (l->sees_queue && f->is_left)
        return "fetched, and neither acknowledged nor reported";
    if (f->is_fetched)
        return "fetched, and not reported";
    return f->is_listed ? "listed, and never fetched" : "never listed";
}

/* The least that happened to any of its events tells most. */
const char *ledger_cause(const struct ledger *l, const struct truth *t,
                         const struct truth_finding *f)
{
    const struct truth_event *worst = f->events[0];

    for (size_t i = 0; i < f->event_count; i++) {
        const struct truth_event *e = f->events[i];

        if (e->file == SIZE_MAX)
            return ledger_event_cause(l, t, e);
        if (!t->files[e->file].is_fetched)
            worst = e;
    }
    return ledger_event_cause(l, t, worst);
}
