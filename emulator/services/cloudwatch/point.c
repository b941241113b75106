#include "emulator/services/cloudwatch/point.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "core/base/buf.h"

/* Source: CloudWatch API Reference, "MetricDatum", Unit. The order is kept in state.db. */
static const char *const units[] = {
    "None",
    "Seconds",
    "Microseconds",
    "Milliseconds",
    "Bytes",
    "Kilobytes",
    "Megabytes",
    "Gigabytes",
    "Terabytes",
    "Bits",
    "Kilobits",
    "Megabits",
    "Gigabits",
    "Terabits",
    "Percent",
    "Count",
    "Bytes/Second",
    "Kilobytes/Second",
    "Megabytes/Second",
    "Gigabytes/Second",
    "Terabytes/Second",
    "Bits/Second",
    "Kilobits/Second",
    "Megabits/Second",
    "Gigabits/Second",
    "Terabits/Second",
    "Count/Second",
};

int metric_unit(struct str name)
{
    if (name.len == 0)
        return 0;
    for (size_t i = 0; i < COUNT(units); i++)
        if (str_eq_c(name, units[i]))
            return (int)i;
    return -1;
}

const char *metric_unit_name(int unit)
{
    assert(unit >= 0 && (size_t)unit < COUNT(units));
    return units[unit];
}

/* ---- adding up ---- */

static int by_value(const void *a, const void *b)
{
    const struct value_count *x = a, *y = b;

    return (x->value > y->value) - (x->value < y->value);
}

static void thin_out(struct point *p);

struct point point_of_values(struct arena *a, const struct value_count *values, size_t count)
{
    struct point p = { .is_exact = true };

    p.values = arena_array(a, count, sizeof *p.values);
    for (size_t i = 0; i < count; i++)
        if (values[i].count > 0)
            p.values[p.value_count++] = values[i];
    qsort(p.values, p.value_count, sizeof *p.values, by_value);
    size_t n = 0;
    for (size_t i = 0; i < p.value_count; i++) {
        p.count += p.values[i].count;
        p.sum += p.values[i].value * p.values[i].count;
        if (n > 0 && p.values[n - 1].value == p.values[i].value)
            p.values[n - 1].count += p.values[i].count;
        else
            p.values[n++] = p.values[i];
    }
    p.value_count = n;
    p.least = n > 0 ? p.values[0].value : 0;
    p.most = n > 0 ? p.values[n - 1].value : 0;
    if (n > POINT_VALUES_MOST)
        thin_out(&p);
    return p;
}

/* Source: CloudWatch API Reference, PutMetricData: percentiles of a statistic set need Min and Max
 * to be equal. */
struct point point_of_set(struct arena *a, double count, double sum, double least, double most)
{
    struct point p = { .count = count, .sum = sum, .least = least, .most = most };

    if (least == most) {
        p.is_exact = true;
        p.values = arena_alloc(a, sizeof *p.values);
        p.values[0] = (struct value_count){ least, count };
        p.value_count = 1;
    }
    return p;
}

static double rounded(double v)
{
    if (v == 0)
        return 0;
    double scale = pow(10, floor(log10(fabs(v))) - 1);
    return round(v / scale) * scale;
}

/* Two significant digits: at most 180 values a power of ten. Rounding keeps the order. */
static void thin_out(struct point *p)
{
    size_t n = 0;

    for (size_t i = 0; i < p->value_count; i++) {
        double v = fmin(fmax(rounded(p->values[i].value), p->least), p->most);

        if (n > 0 && p->values[n - 1].value >= v)
            p->values[n - 1].count += p->values[i].count;
        else
            p->values[n++] = (struct value_count){ v, p->values[i].count };
    }
    p->value_count = n;
}

static void merge_values(struct arena *a, struct point *into, const struct point *from)
{
    size_t i = 0, k = 0, n = 0;
    struct value_count *all = arena_array(a, into->value_count + from->value_count, sizeof *all);

    while (i < into->value_count || k < from->value_count) {
        bool mine = k == from->value_count ||
                    (i < into->value_count && into->values[i].value <= from->values[k].value);
        struct value_count next = mine ? into->values[i++] : from->values[k++];

        if (n > 0 && all[n - 1].value == next.value)
            all[n - 1].count += next.count;
        else
            all[n++] = next;
    }
    into->values = all;
    into->value_count = n;
}

void point_merge(struct arena *a, struct point *into, const struct point *from)
{
    if (from->count == 0)
        return;
    bool empty = into->count == 0;

    into->least = empty ? from->least : fmin(into->least, from->least);
    into->most = empty ? from->most : fmax(into->most, from->most);
    into->count += from->count;
    into->sum += from->sum;
    into->is_exact = from->is_exact && (empty || into->is_exact);
    if (empty || !into->is_exact)
        into->value_count = 0;
    if (into->is_exact) {
        merge_values(a, into, from);
        if (into->value_count > POINT_VALUES_MOST)
            thin_out(into);
    }
}

/* Count, sum, least, most, how many values follow (-1: they are not known), values. In the
 * machine's byte order, as the journal. */
struct kept {
    double count, sum, least, most;
    int64_t values;
};

struct str point_encode(struct arena *a, const struct point *p)
{
    struct kept head = { p->count, p->sum, p->least, p->most,
                         p->is_exact ? (int64_t)p->value_count : -1 };
    size_t more = p->is_exact ? p->value_count * sizeof *p->values : 0;
    char *bytes = arena_alloc(a, sizeof head + more);

    memcpy(bytes, &head, sizeof head);
    if (more > 0)
        memcpy(bytes + sizeof head, p->values, more);
    return (struct str){ bytes, sizeof head + more };
}

int point_decode(struct arena *a, struct str data, struct point *out, struct err *err)
{
    struct kept head;

    if (data.len < sizeof head)
        return err_set(err, E_PARSE, "state.db: a datapoint of %zu bytes", data.len);
    memcpy(&head, data.ptr, sizeof head);
    size_t more = data.len - sizeof head;
    if (head.values < -1 || (uint64_t)head.values + (head.values < 0) != more / sizeof *out->values)
        return err_set(err, E_PARSE, "state.db: a datapoint's values are damaged");
    out->count = head.count;
    out->sum = head.sum;
    out->least = head.least;
    out->most = head.most;
    out->is_exact = head.values >= 0;
    out->value_count = more / sizeof *out->values;
    out->values = arena_array(a, out->value_count, sizeof *out->values);
    if (out->value_count > 0)
        memcpy(out->values, data.ptr + sizeof head, out->value_count * sizeof *out->values);
    return 0;
}
