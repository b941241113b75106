#include "emulator/services/cloudwatch/cloudwatch.h"

bool cw_number(const struct value *v, double *out)
{
    if (!v || (v->kind != VALUE_INT && v->kind != VALUE_FLOAT))
        return false;
    *out = v->kind == VALUE_INT ? (double)v->u.integer : v->u.real;
    return true;
}

int cw_bad_value(struct job *j, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    struct str text = arena_vprintf(j->a, fmt, ap);
    va_end(ap);
    return job_refuse(j, "InvalidParameterValueException", "%.*s", STR_ARG(text));
}

int cw_bad_combination(struct job *j, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    struct str text = arena_vprintf(j->a, fmt, ap);
    va_end(ap);
    return job_refuse(j, "InvalidParameterCombinationException", "%.*s", STR_ARG(text));
}

int cw_missing(struct job *j, const char *parameter)
{
    return job_refuse(j, "MissingRequiredParameterException", "The parameter %s is required.",
                      parameter);
}

/* ---- metrics ---- */

static void insert(struct metric_dimension *dims, size_t n, struct metric_dimension d)
{
    for (; n > 0 && str_cmp(dims[n - 1].name, d.name) > 0; n--)
        dims[n] = dims[n - 1];
    dims[n] = d;
}

bool cw_metric(struct job *j, const struct value *map, struct metric_id *out)
{
    const struct value *list = value_get_c(map, "Dimensions");
    size_t n = 0;
    struct metric_dimension *dims = arena_array(j->a, list ? list->count : 0, sizeof *dims);

    for (const struct value *d = value_first(list); d; d = d->next)
        insert(dims, n++,
               (struct metric_dimension){ value_get_str(d, "Name"), value_get_str(d, "Value") });
    for (size_t i = 1; i < n; i++)
        if (str_eq(dims[i].name, dims[i - 1].name)) {
            (void)cw_bad_value(j, "The dimension name %.*s is given more than once.",
                               STR_ARG(dims[i].name));
            return false; /* refused; the caller returns j->rc */
        }
    *out = (struct metric_id){ .account = j->account,
                               .region = j->region,
                               .namespace_ = value_get_str(map, "Namespace"),
                               .name = value_get_str(map, "MetricName"),
                               .dimensions = dims,
                               .dimension_count = n };
    return true;
}

struct value *cw_dimension_list(struct arena *a, const struct metric_id *id)
{
    struct value *list = value_list(a);

    for (size_t i = 0; i < id->dimension_count; i++) {
        struct value *d = value_map(a);

        value_put_str(a, d, "Name", id->dimensions[i].name);
        value_put_str(a, d, "Value", id->dimensions[i].value);
        value_push(list, d);
    }
    return list;
}

static bool has_dimension(const struct metric_id *id, struct str name, struct str value)
{
    for (size_t i = 0; i < id->dimension_count; i++)
        if (str_eq(id->dimensions[i].name, name))
            return value.len == 0 || str_eq(id->dimensions[i].value, value);
    return false;
}

bool cw_has_dimensions(const struct metric_id *id, const struct value *filters)
{
    for (const struct value *f = value_first(filters); f; f = f->next)
        if (!has_dimension(id, value_get_str(f, "Name"), value_get_str(f, "Value")))
            return false;
    return true;
}

/* ---- times ---- */

int64_t cw_floor(int64_t ms, int64_t unit_ms)
{
    int64_t rest = ms % unit_ms;

    return ms - (rest < 0 ? rest + unit_ms : rest);
}

/* Source: CloudWatch API Reference, GetMetricStatistics, Period. */
bool cw_period_ok(int64_t period_s)
{
    static const int short_s[] = { 1, 5, 10, 20, 30 };

    for (size_t i = 0; i < COUNT(short_s); i++)
        if (period_s == short_s[i])
            return true;
    return period_s > 0 && period_s % 60 == 0;
}

int64_t cw_start(int64_t start_ms, int64_t period_s, int64_t now_ms)
{
    int64_t age_ms = now_ms - start_ms, unit_ms = CW_HOUR_MS;

    if (age_ms <= 15 * CW_DAY_MS)
        unit_ms = period_s < 60 ? period_s * CW_SECOND_MS : CW_MINUTE_MS;
    else if (age_ms <= 63 * CW_DAY_MS)
        unit_ms = 5 * CW_MINUTE_MS;
    return cw_floor(start_ms, unit_ms);
}
