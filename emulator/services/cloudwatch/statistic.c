#include "emulator/services/cloudwatch/statistic.h"

#include <math.h>

static const struct {
    const char *name;
    enum statistic_kind kind;
} basics[] = {
    { "SampleCount", STATISTIC_COUNT }, { "Sum", STATISTIC_SUM },
    { "Average", STATISTIC_AVERAGE },   { "Minimum", STATISTIC_MINIMUM },
    { "Maximum", STATISTIC_MAXIMUM },
};

/* p99.9, tm90: the short forms; TM(10%:90%), PR(100:200): those with bounds. */
static const struct {
    const char *name;
    enum statistic_kind kind;
    bool has_short, has_bounds;
} extended[] = {
    { "p", STATISTIC_PERCENTILE, true, false },      { "tm", STATISTIC_TRIMMED_MEAN, true, true },
    { "wm", STATISTIC_WINSORIZED_MEAN, true, true }, { "tc", STATISTIC_TRIMMED_COUNT, true, true },
    { "ts", STATISTIC_TRIMMED_SUM, true, true },     { "pr", STATISTIC_RANK, false, true },
};

bool statistic_is_basic(const struct statistic *s)
{
    return s->kind <= STATISTIC_MAXIMUM;
}

/* A number of per cent with at most ten decimals, without sign. */
static bool percent_of(struct str text, double *out)
{
    return text.len > 0 && text.ptr[0] >= '0' && text.ptr[0] <= '9' && str_to_f64(text, out) &&
           *out >= 0 && *out <= 100;
}

/* One side of (low:high). *style gets 1 for per cent, 2 for a value; both sides must agree. */
static bool bound_of(struct str text, double *out, int *style)
{
    bool is_percent = str_has_suffix(text, STR("%"));
    int mine = is_percent ? 1 : 2;

    if (text.len == 0)
        return true;
    if (*style != 0 && *style != mine)
        return false;
    *style = mine;
    return is_percent ? percent_of(str_sub(text, 0, text.len - 1), out) : str_to_f64(text, out);
}

static bool parse_bounds(struct str text, struct statistic *out)
{
    struct str low, high;
    int style = 0;

    if (!str_has_prefix(text, STR("(")) || !str_has_suffix(text, STR(")")) ||
        !str_cut(str_sub(text, 1, text.len - 2), ':', &low, &high))
        return false;
    out->low = -INFINITY;
    out->high = INFINITY;
    if (!bound_of(low, &out->low, &style) || !bound_of(high, &out->high, &style) || style == 0 ||
        out->low > out->high)
        return false;
    out->by_value = style == 2;
    return out->kind != STATISTIC_RANK || out->by_value;
}

static bool parse_extended(struct str text, struct statistic *out)
{
    for (size_t i = 0; i < COUNT(extended); i++) {
        struct str name = str_c(extended[i].name), rest = str_sub(text, name.len, text.len);

        if (!str_eq_nocase(str_sub(text, 0, name.len), name))
            continue;
        out->kind = extended[i].kind;
        if (extended[i].has_bounds && parse_bounds(rest, out))
            return true;
        out->by_value = false;
        out->low = -INFINITY;
        if (extended[i].has_short && percent_of(rest, &out->high))
            return true;
    }
    return false;
}

bool statistic_parse(struct str text, struct statistic *out)
{
    *out = (struct statistic){ 0 };
    for (size_t i = 0; i < COUNT(basics); i++)
        if (str_eq_c(text, basics[i].name)) {
            out->kind = basics[i].kind;
            return true;
        }
    if (str_eq_nocase(text, STR("iqm"))) {
        *out = (struct statistic){ STATISTIC_TRIMMED_MEAN, false, 25, 75 };
        return true;
    }
    return parse_extended(text, out);
}

/* ---- of a point ---- */

/* The least value that so many per cent of the values do not exceed. */
static double percentile(const struct point *p, double percent)
{
    double rank = percent / 100 * p->count, seen = 0;

    for (size_t i = 0; i < p->value_count; i++) {
        seen += p->values[i].count;
        if (seen >= rank && seen > 0)
            return p->values[i].value;
    }
    return p->most;
}

/* How many of a value's count lie between the bounds, when seen values come before it. */
static double share(const struct statistic *s, const struct point *p, size_t i, double seen)
{
    const struct value_count *v = &p->values[i];

    if (s->by_value)
        return v->value > s->low && v->value <= s->high ? v->count : 0;
    double from = fmax(s->low / 100 * p->count, seen);
    double to = fmin(s->high / 100 * p->count, seen + v->count);
    return fmax(to - from, 0);
}

struct trimmed {
    double count, sum;
};

static struct trimmed trim(const struct statistic *s, const struct point *p)
{
    struct trimmed t = { 0 };
    double seen = 0;

    for (size_t i = 0; i < p->value_count; i++) {
        double n = share(s, p, i, seen);

        t.count += n;
        t.sum += n * p->values[i].value;
        seen += p->values[i].count;
    }
    return t;
}

static double winsorized(const struct statistic *s, const struct point *p)
{
    double low = s->low, high = s->high, sum = 0;

    if (!s->by_value) {
        low = isfinite(s->low) ? percentile(p, s->low) : -INFINITY;
        high = isfinite(s->high) ? percentile(p, s->high) : INFINITY;
    }
    for (size_t i = 0; i < p->value_count; i++)
        sum += p->values[i].count * fmin(fmax(p->values[i].value, low), high);
    return sum / p->count;
}

static bool of_values(const struct statistic *s, const struct point *p, double *out)
{
    struct trimmed t = trim(s, p);

    switch (s->kind) {
    case STATISTIC_PERCENTILE:
        *out = percentile(p, s->high);
        return true;
    case STATISTIC_TRIMMED_MEAN:
        *out = t.sum / t.count;
        return t.count > 0;
    case STATISTIC_WINSORIZED_MEAN:
        *out = winsorized(s, p);
        return true;
    case STATISTIC_TRIMMED_COUNT:
        *out = t.count;
        return true;
    case STATISTIC_TRIMMED_SUM:
        *out = t.sum;
        return true;
    default:
        *out = 100 * t.count / p->count;
        return true;
    }
}

bool statistic_of(const struct statistic *s, const struct point *p, double *out)
{
    const double basic[] = { p->count, p->sum, p->sum / p->count, p->least, p->most };

    if (p->count <= 0)
        return false;
    if (!statistic_is_basic(s))
        return p->is_exact && of_values(s, p, out);
    *out = basic[s->kind];
    return true;
}
