#include "emulator/services/account/account.h"
#include "emulator/services/ec2/ec2.h"

/* Regions and zones: what tools ask before they ask anything else. */

/* Is text in the list parameter? An absent list names all. */
static bool is_named(const struct ec2 *j, const char *name, struct str text)
{
    const struct value *list = param(j->call, name);

    return !value_first(list) || ec2_list_has(list, text);
}

static int check_region_names(struct ec2 *j)
{
    for (const struct value *v = value_first(param(j->call, "RegionNames")); v; v = v->next) {
        struct str name = v->kind == VALUE_STRING ? v->u.text : (struct str){ 0 };
        if (!region_find(name))
            return ec2_refuse(j, "InvalidParameterValue", "Invalid region provided: %.*s",
                              STR_ARG(name));
    }
    return 0;
}

static const char *opt_in_word(const struct region *r, bool has)
{
    if (r->enabled_by_default)
        return "opt-in-not-required";
    return has ? "opted-in" : "not-opted-in";
}

static struct value *region_row(struct arena *a, const struct region *r, bool has)
{
    struct value *v = value_map(a);

    value_put_str(a, v, "Endpoint", arena_printf(a, "ec2.%s.%s", r->name, r->dns_suffix));
    value_put_c(a, v, "RegionName", r->name);
    value_put_c(a, v, "OptInStatus", opt_in_word(r, has));
    return v;
}

int ec2_describe_regions(struct ec2 *j)
{
    struct str partition = region_partition(j->call->region);
    bool all = param_bool(j->call, "AllRegions", false) || param_has(j->call, "RegionNames");
    struct value *list = value_list(j->a);
    const struct region *r;

    int rc = ec2_filters_ok(j, "region");
    if (rc == 0)
        rc = check_region_names(j);
    for (size_t i = 0; rc == 0 && (r = region_at(i)) != NULL; i++) {
        bool has;
        rc = account_has_region(j->cx, j->call, r, &has, j->err);
        if (rc < 0 || !str_eq_c(partition, r->partition) || !(all || has) ||
            !is_named(j, "RegionNames", str_c(r->name)))
            continue;
        struct value *row = region_row(j->a, r, has);
        if (ec2_filters_pass(j, "region", "Tags", row))
            value_push(list, row);
    }
    value_set(ec2_output(j), STR("Regions"), list);
    return rc;
}

static const struct zones {
    const char *region, *stem, *zones;
} zones[] = {
#define ZONES(region, stem, list) { region, stem, list },
#include "emulator/services/ec2/zones.def"
#undef ZONES
};

static struct value *zone_row(struct arena *a, const struct zones *z, const char *zone)
{
    struct value *v = value_map(a);

    value_put_c(a, v, "State", "available");
    value_put_c(a, v, "OptInStatus", "opt-in-not-required"); /* the zone's, not the region's */
    value_set(v, STR("Messages"), value_list(a));
    value_put_c(a, v, "RegionName", z->region);
    value_put_str(a, v, "ZoneName", arena_printf(a, "%s%c", z->region, zone[0]));
    value_put_str(a, v, "ZoneId", arena_printf(a, "%s-az%c", z->stem, zone[1]));
    value_put_str(a, v, "GroupName", arena_printf(a, "%s-zg-1", z->region));
    value_put_c(a, v, "NetworkBorderGroup", z->region);
    value_put_c(a, v, "ZoneType", "availability-zone");
    return v;
}

/* A region that the account has not opted into lets nobody in. */
static int zone_rows(struct ec2 *j, struct value **rows)
{
    const struct region *r = region_find(j->call->region);
    bool has = false;
    int rc = r ? account_has_region(j->cx, j->call, r, &has, j->err) : 0;

    *rows = value_list(j->a);
    if (rc < 0)
        return rc;
    for (size_t i = 0; has && i < COUNT(zones); i++) {
        if (!str_eq_c(j->call->region, zones[i].region))
            continue;
        for (const char *zone = zones[i].zones; *zone; zone += 2)
            value_push(*rows, zone_row(j->a, &zones[i], zone));
        return 0;
    }
    outcome_refuse(j->a, j->out, 401, "AuthFailure",
                   "AWS was not able to validate the provided access credentials");
    return EC2_REFUSED;
}

int ec2_zones(struct ec2 *j, struct value **names)
{
    struct value *rows;
    int rc = zone_rows(j, &rows);

    *names = value_list(j->a);
    for (const struct value *r = value_first(rows); r; r = r->next)
        value_push(*names, value_str(j->a, value_get_str(r, "ZoneName")));
    return rc;
}

/* The member want of the zone whose member have is text. */
static struct str translate(struct ec2 *j, const char *have, struct str text, const char *want)
{
    struct value *rows;

    if (zone_rows(j, &rows) != 0)
        return (struct str){ 0 };
    return value_get_str(ec2_list_find(rows, have, text), want);
}

struct str ec2_zone_id(struct ec2 *j, struct str zone)
{
    return translate(j, "ZoneName", zone, "ZoneId");
}

struct str ec2_zone_of_id(struct ec2 *j, struct str zone_id)
{
    return translate(j, "ZoneId", zone_id, "ZoneName");
}

int ec2_describe_zones(struct ec2 *j)
{
    struct value *rows, *list = value_list(j->a);
    int rc = zone_rows(j, &rows);

    if (rc == 0)
        rc = ec2_filters_ok(j, "zone");
    for (const struct value *row = value_first(rows); row && rc == 0; row = row->next)
        if (is_named(j, "ZoneNames", value_get_str(row, "ZoneName")) &&
            is_named(j, "ZoneIds", value_get_str(row, "ZoneId")) &&
            ec2_filters_pass(j, "zone", "Tags", row))
            value_push(list, value_copy(j->a, row));
    value_set(ec2_output(j), STR("AvailabilityZones"), list);
    return rc;
}
