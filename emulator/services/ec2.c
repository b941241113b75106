#include "core/aws/region.h"
#include "emulator/services/services.h"

/* DescribeRegions and DescribeAvailabilityZones: what tools ask before they ask CloudTrail. */

/* Which member of a row a filter looks at. */
struct filter_row {
    const char *filter, *member;
};

static const struct filter_row region_filters[] = {
    { "endpoint", "Endpoint" },
    { "opt-in-status", "OptInStatus" },
    { "region-name", "RegionName" },
};

/* Source: EC2 API Reference, "DescribeAvailabilityZones", Filters. */
static const struct filter_row zone_filters[] = {
    { "group-name", "GroupName" },
    { "message", NULL },
    { "opt-in-status", "OptInStatus" },
    { "parent-zone-id", "ParentZoneId" },
    { "parent-zone-name", "ParentZoneName" },
    { "region-name", "RegionName" },
    { "state", "State" },
    { "zone-id", "ZoneId" },
    { "zone-name", "ZoneName" },
    { "zone-type", "ZoneType" },
};

struct filters {
    const struct filter_row *rows;
    size_t count;
};

static const struct filter_row *filter_find(const struct filters *known, struct str name)
{
    for (size_t i = 0; i < known->count; i++)
        if (str_eq_c(name, known->rows[i].filter))
            return &known->rows[i];
    return NULL;
}

static bool filters_ok(struct ctx *cx, const struct call *call, struct outcome *out,
                       const struct filters *known)
{
    for (const struct value *f = value_first(param(call, "Filters")); f; f = f->next) {
        struct str name = value_get_str(f, "Name");
        if (!filter_find(known, name)) {
            outcome_refuse(cx->a, out, 400, "InvalidParameterValue", "The filter '%.*s' is invalid",
                           STR_ARG(name));
            return false;
        }
    }
    return true;
}

/* Values of one filter: any; filters: all. Wildcards * and ?. */
static bool filters_pass(const struct call *call, const struct filters *known,
                         const struct value *row)
{
    for (const struct value *f = value_first(param(call, "Filters")); f; f = f->next) {
        const struct filter_row *r = filter_find(known, value_get_str(f, "Name"));
        struct str text = r->member ? value_get_str(row, r->member) : (struct str){ 0 };
        bool hit = false;
        for (const struct value *v = value_first(value_get_c(f, "Values")); v && !hit; v = v->next)
            hit = text.len > 0 && v->kind == VALUE_STRING && str_match(v->u.text, text);
        if (!hit)
            return false;
    }
    return true;
}

/* With DryRun nothing is done, and an error says that it could have been.
 * Source: EC2 API Reference, "Common parameters", DryRun. */
static bool is_dry_run(struct ctx *cx, const struct call *call, struct outcome *out)
{
    if (param_bool(call, "DryRun", false))
        outcome_refuse(cx->a, out, 412, "DryRunOperation",
                       "Request would have succeeded, but DryRun flag is set.");
    return outcome_refused(out);
}

/* Is text in the list parameter? An absent list names all. */
static bool is_named(const struct call *call, const char *name, struct str text)
{
    const struct value *list = param(call, name);

    if (!value_first(list))
        return true;
    for (const struct value *v = value_first(list); v; v = v->next)
        if (v->kind == VALUE_STRING && str_eq(v->u.text, text))
            return true;
    return false;
}

static bool region_names_ok(struct ctx *cx, const struct call *call, struct outcome *out)
{
    for (const struct value *v = value_first(param(call, "RegionNames")); v; v = v->next) {
        struct str name = v->kind == VALUE_STRING ? v->u.text : (struct str){ 0 };
        if (!region_find(name)) {
            outcome_refuse(cx->a, out, 400, "InvalidParameterValue",
                           "Invalid region provided: %.*s", STR_ARG(name));
            return false;
        }
    }
    return true;
}

static struct value *region_row(struct arena *a, const struct region *r)
{
    struct value *v = value_map(a);

    value_put_str(a, v, "Endpoint", arena_printf(a, "ec2.%s.%s", r->name, r->dns_suffix));
    value_put_c(a, v, "RegionName", r->name);
    value_put_c(a, v, "OptInStatus",
                r->enabled_by_default ? "opt-in-not-required" : "not-opted-in");
    return v;
}

int ec2_DescribeRegions(struct ctx *cx, const struct call *call, struct outcome *out,
                        struct err *err)
{
    static const struct filters known = { region_filters, COUNT(region_filters) };
    struct str partition = region_partition(call->region);
    bool all = param_bool(call, "AllRegions", false) || param_has(call, "RegionNames");
    struct value *list = value_list(cx->a);
    const struct region *r;

    (void)err; /* nothing here reads the store */
    if (!filters_ok(cx, call, out, &known) || !region_names_ok(cx, call, out) ||
        is_dry_run(cx, call, out))
        return 0;
    for (size_t i = 0; (r = region_at(i)) != NULL; i++) {
        if (!str_eq_c(partition, r->partition) || !(all || r->enabled_by_default) ||
            !is_named(call, "RegionNames", str_c(r->name)))
            continue;
        struct value *row = region_row(cx->a, r);
        if (filters_pass(call, &known, row))
            value_push(list, row);
    }
    value_set(outcome_output(cx, out), STR("Regions"), list);
    return 0;
}

static const struct zones {
    const char *region, *stem, *zones;
} zones[] = {
#define ZONES(region, stem, list) { region, stem, list },
#include "emulator/services/ec2_zones.def"
#undef ZONES
};

static struct value *zone_row(struct arena *a, const struct zones *z, const char *zone)
{
    struct value *v = value_map(a);

    value_put_c(a, v, "State", "available");
    value_put_c(a, v, "OptInStatus", "opt-in-not-required");
    value_set(v, STR("Messages"), value_list(a));
    value_put_c(a, v, "RegionName", z->region);
    value_put_str(a, v, "ZoneName", arena_printf(a, "%s%c", z->region, zone[0]));
    value_put_str(a, v, "ZoneId", arena_printf(a, "%s-az%c", z->stem, zone[1]));
    value_put_str(a, v, "GroupName", arena_printf(a, "%s-zg-1", z->region));
    value_put_c(a, v, "NetworkBorderGroup", z->region);
    value_put_c(a, v, "ZoneType", "availability-zone");
    return v;
}

static const struct zones *zones_find(struct str region)
{
    for (size_t i = 0; i < COUNT(zones); i++)
        if (str_eq_c(region, zones[i].region))
            return &zones[i];
    return NULL;
}

int ec2_DescribeAvailabilityZones(struct ctx *cx, const struct call *call, struct outcome *out,
                                  struct err *err)
{
    static const struct filters known = { zone_filters, COUNT(zone_filters) };
    const struct zones *z = zones_find(call->region);
    struct value *list = value_list(cx->a);

    (void)err; /* nothing here reads the store */
    if (!z) {  /* a region that the account has not opted into lets nobody in */
        outcome_refuse(cx->a, out, 401, "AuthFailure",
                       "AWS was not able to validate the provided access credentials");
        return 0;
    }
    if (!filters_ok(cx, call, out, &known) || is_dry_run(cx, call, out))
        return 0;
    for (const char *zone = z->zones; *zone; zone += 2) {
        struct value *row = zone_row(cx->a, z, zone);
        if (is_named(call, "ZoneNames", value_get_str(row, "ZoneName")) &&
            is_named(call, "ZoneIds", value_get_str(row, "ZoneId")) &&
            filters_pass(call, &known, row))
            value_push(list, row);
    }
    value_set(outcome_output(cx, out), STR("AvailabilityZones"), list);
    return 0;
}
