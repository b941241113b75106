/* PutMetricData: the rules of a datum, and its point. */
#include "emulator/services/cloudwatch/cloudwatch.h"

#include <math.h>

/* Source: CloudWatch API Reference, PutMetricData and "MetricDatum". */
enum { DATA_MOST = 1000, VALUES_MOST = 150 };
#define PAST_MS        (14 * CW_DAY_MS)
#define FUTURE_MS      (2 * CW_HOUR_MS)
#define VALUE_EXPONENT 360

struct datum {
    struct job *j;
    const struct value *map;
    struct str path; /* "MetricData.member.1" */
    struct str namespace_;
};

static bool in_range(double v)
{
    return isfinite(v) && fabs(v) <= ldexp(1, VALUE_EXPONENT);
}

static bool number_ok(const struct datum *d, const char *member, double v)
{
    if (in_range(v))
        return true;
    struct str shown = isnan(v) ? STR("NaN") : arena_printf(d->j->a, "%g", v);
    (void)cw_bad_value(d->j, "The value %.*s for parameter %.*s.%s is invalid.", STR_ARG(shown),
                       STR_ARG(d->path), member);
    return false; /* refused; the caller stops */
}

static bool printable(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] < 0x20 || s.ptr[i] == 0x7f)
            return false;
    return true;
}

static bool names_ok(const struct datum *d, const struct metric_id *id)
{
    bool ok = printable(id->name);

    for (size_t i = 0; i < id->dimension_count; i++)
        ok = ok && printable(id->dimensions[i].name) && printable(id->dimensions[i].value) &&
             id->dimensions[i].name.ptr[0] != ':';
    if (!ok)
        (void)cw_bad_value(d->j,
                           "The parameter %.*s has a name or value with characters that are "
                           "not allowed.",
                           STR_ARG(d->path));
    return ok;
}

static bool time_ok(const struct datum *d, int64_t time_ms)
{
    int64_t now_ms = d->j->cx->now_ms;

    if (time_ms >= now_ms - PAST_MS && time_ms <= now_ms + FUTURE_MS)
        return true;
    (void)cw_bad_value(d->j,
                       "The parameter %.*s.Timestamp must specify a time no more than two "
                       "weeks in the past and no more than two hours in the future.",
                       STR_ARG(d->path));
    return false; /* refused; the caller stops */
}

/* Exactly one of three ways to give values. */
static const char *way_of(const struct datum *d)
{
    static const char *const ways[] = { "Value", "StatisticValues", "Values" };
    const char *found = NULL;

    for (size_t i = 0; i < COUNT(ways); i++) {
        const struct value *v = value_get_c(d->map, ways[i]);

        if (!v || v->kind == VALUE_NULL || (v->kind == VALUE_LIST && v->count == 0))
            continue;
        if (found) {
            (void)cw_bad_combination(d->j,
                                     "The parameters %.*s.%s and %.*s.%s are mutually "
                                     "exclusive and you have specified both.",
                                     STR_ARG(d->path), found, STR_ARG(d->path), ways[i]);
            return NULL; /* refused; the caller stops */
        }
        found = ways[i];
    }
    if (!found)
        (void)cw_bad_combination(d->j,
                                 "At least one of the parameters %.*s.Value, %.*s.Values or "
                                 "%.*s.StatisticValues must be specified.",
                                 STR_ARG(d->path), STR_ARG(d->path), STR_ARG(d->path));
    return found;
}

static bool point_of_one(const struct datum *d, struct point *out)
{
    double v = 0;

    (void)cw_number(value_get_c(d->map, "Value"), &v); /* the model says that it is a number */
    *out = point_of_set(d->j->a, 1, v, v, v);
    return number_ok(d, "Value", v);
}

static bool point_of_statistics(const struct datum *d, struct point *out)
{
    static const char *const members[] = { "SampleCount", "Sum", "Minimum", "Maximum" };
    const struct value *set = value_get_c(d->map, "StatisticValues");
    double n[COUNT(members)] = { 0 };

    for (size_t i = 0; i < COUNT(members); i++) {
        (void)cw_number(value_get_c(set, members[i]), &n[i]); /* required by the model */
        if (!number_ok(d, arena_printf(d->j->a, "StatisticValues.%s", members[i]).ptr, n[i]))
            return false;
    }
    if (n[0] <= 0)
        (void)cw_bad_value(d->j,
                           "The value %g for parameter %.*s.StatisticValues.SampleCount is "
                           "invalid.",
                           n[0], STR_ARG(d->path));
    else if (n[2] > n[3])
        (void)cw_bad_value(d->j,
                           "The parameter %.*s.StatisticValues.Maximum must be greater than "
                           "or equal to %.*s.StatisticValues.Minimum.",
                           STR_ARG(d->path), STR_ARG(d->path));
    *out = point_of_set(d->j->a, n[0], n[1], n[2], n[3]);
    return !job_stopped(d->j);
}

static bool point_of_list(const struct datum *d, struct point *out)
{
    const struct value *values = value_get_c(d->map, "Values");
    const struct value *counts = value_get_c(d->map, "Counts");
    const struct value *c = value_first(counts);
    struct value_count *all = arena_array(d->j->a, values->count, sizeof *all);
    size_t n = 0;

    if (values->count > VALUES_MOST) {
        (void)cw_bad_value(d->j, "The collection %.*s.Values must not have a size greater than %d.",
                           STR_ARG(d->path), VALUES_MOST);
        return false;
    }
    if (counts && counts->count > 0 && counts->count != values->count) {
        (void)cw_bad_value(d->j,
                           "The parameters %.*s.Values and %.*s.Counts must be of the same "
                           "size.",
                           STR_ARG(d->path), STR_ARG(d->path));
        return false;
    }
    for (const struct value *v = value_first(values); v; v = v->next, c = c ? c->next : NULL) {
        all[n].count = 1;
        (void)cw_number(v, &all[n].value); /* a number, says the model */
        (void)cw_number(c, &all[n].count); /* or absent */
        if (!number_ok(d, "Values", all[n].value) || !number_ok(d, "Counts", all[n].count))
            return false;
        if (all[n].count < 0) {
            (void)cw_bad_value(d->j, "The value %g for parameter %.*s.Counts is invalid.",
                               all[n].count, STR_ARG(d->path));
            return false;
        }
        n++;
    }
    *out = point_of_values(d->j->a, all, n);
    return true;
}

static bool read_point(const struct datum *d, struct point *out)
{
    static const struct {
        const char *way;
        bool (*read)(const struct datum *d, struct point *out);
    } readers[] = { { "Value", point_of_one },
                    { "StatisticValues", point_of_statistics },
                    { "Values", point_of_list } };
    const char *way = way_of(d);

    for (size_t i = 0; way && i < COUNT(readers); i++)
        if (strcmp(way, readers[i].way) == 0)
            return readers[i].read(d, out);
    return false;
}

/* Seconds are kept for three hours only: what is older goes to its minute. */
static int64_t place_of(const struct datum *d, int64_t time_ms, int64_t resolution_s)
{
    bool fine = resolution_s == 1 && d->j->cx->now_ms - time_ms <= 3 * CW_HOUR_MS;

    return cw_floor(time_ms, fine ? CW_SECOND_MS : CW_MINUTE_MS);
}

static void put_datum(const struct datum *d)
{
    struct job *j = d->j;
    int64_t time_ms = value_get_time(d->map, "Timestamp", j->cx->now_ms);
    int64_t resolution_s = value_get_int(d->map, "StorageResolution", 60);
    struct metric_id id;
    struct point p;

    if (!cw_metric(j, d->map, &id) || !names_ok(d, &id) || !time_ok(d, time_ms) ||
        !read_point(d, &p))
        return;
    if (resolution_s != 1 && resolution_s != 60) {
        (void)cw_bad_value(j, "The value %lld for parameter %.*s.StorageResolution is invalid.",
                           (long long)resolution_s, STR_ARG(d->path));
        return;
    }
    id.namespace_ = d->namespace_;
    p.time_ms = place_of(d, time_ms, resolution_s);
    p.unit = metric_unit(value_get_str(d->map, "Unit"));
    if (p.unit < 0)
        (void)cw_bad_value(j, "The parameter %.*s.Unit must be a value in the set of units.",
                           STR_ARG(d->path));
    else
        j->rc = point_add(j->cx->e, &id, &p, j->err);
}

/* Source: CloudWatch User Guide, "Namespaces": characters, and names that AWS keeps for itself. */
static bool namespace_ok(struct job *j, struct str name)
{
    static const char marks[] = ".-_/#: ";

    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');

        if (!plain && (c == 0 || !strchr(marks, c))) {
            (void)cw_bad_value(j, "The value %.*s for parameter Namespace is invalid.",
                               STR_ARG(name));
            return false;
        }
    }
    if (!str_has_prefix(name, STR("AWS/")))
        return true;
    (void)cw_bad_value(j, "The value AWS/ for parameter Namespace is invalid.");
    return false; /* refused; the caller stops */
}

static void put_list(struct job *j, const struct value *list, const char *path)
{
    size_t i = 0;

    for (const struct value *m = value_first(list); m && !job_stopped(j); m = m->next)
        put_datum(&(struct datum){ j, m, arena_printf(j->a, "%s.member.%zu", path, ++i),
                                   job_text(j, "Namespace") });
}

static size_t count_all(const struct value *plain, const struct value *entities)
{
    size_t n = plain ? plain->count : 0;

    for (const struct value *e = value_first(entities); e; e = e->next) {
        const struct value *list = value_get_c(e, "MetricData");

        n += list ? list->count : 0;
    }
    return n;
}

/* An entity says what emits a metric; what is kept is the metric. */
HANDLER(cloudwatch, PutMetricData)
{
    const struct value *plain = param(j->call, "MetricData");
    const struct value *entities = param(j->call, "EntityMetricData");
    size_t n = count_all(plain, entities), i = 0;

    if (!namespace_ok(j, job_text(j, "Namespace")))
        return j->rc;
    if (n == 0)
        return cw_missing(j, "MetricData");
    if (n > DATA_MOST)
        return cw_bad_value(j, "The collection MetricData must not have a size greater than %d.",
                            DATA_MOST);
    put_list(j, plain, "MetricData");
    for (const struct value *e = value_first(entities); e && !job_stopped(j); e = e->next)
        put_list(j, value_get_c(e, "MetricData"),
                 arena_printf(j->a, "EntityMetricData.member.%zu.MetricData", ++i).ptr);
    return j->rc;
}
