#include "emulator/services/cloudwatch/label.h"

#include <math.h>

#include "core/base/buf.h"
#include "emulator/services/job.h"

enum part { PART_LABEL, PART_AVG, PART_SUM, PART_MIN, PART_MAX, PART_FIRST, PART_LAST, PART_COUNT };
static const char *const names[] = { "LABEL", "AVG",   "SUM",  "MIN",
                                     "MAX",   "FIRST", "LAST", "DATAPOINT_COUNT" };

static int part_of(struct str name)
{
    for (size_t i = 0; i < COUNT(names); i++)
        if (str_eq_c(name, names[i]))
            return (int)i;
    return -1;
}

/* Cut text at its first ${name}: what is before, the name, what is behind. */
static bool next_part(struct str text, struct str *before, struct str *name, struct str *behind)
{
    ptrdiff_t at = str_find(text, STR("${"));

    if (at < 0)
        return false;
    *before = str_sub(text, 0, (size_t)at);
    return str_cut(str_sub(text, (size_t)at + 2, text.len), '}', name, behind);
}

bool label_refuse(struct job *j, const struct query *q)
{
    struct str rest = q->label, before, name, behind;

    for (; next_part(rest, &before, &name, &behind); rest = behind)
        if (part_of(name) < 0) {
            (void)job_refuse(j, "ValidationError",
                             "The dynamic label ${%.*s} of %.*s is not supported", STR_ARG(name),
                             STR_ARG(q->id));
            return false;
        }
    return true;
}

static double number_of(const struct math_series *s, enum part part)
{
    double sum = 0, least = INFINITY, most = -INFINITY;

    for (size_t i = 0; i < s->count; i++) {
        sum += s->values[i];
        least = fmin(least, s->values[i]);
        most = fmax(most, s->values[i]);
    }
    const double all[] = { [PART_AVG] = sum / (double)s->count,
                           [PART_SUM] = sum,
                           [PART_MIN] = least,
                           [PART_MAX] = most,
                           [PART_FIRST] = s->count > 0 ? s->values[0] : NAN,
                           [PART_LAST] = s->count > 0 ? s->values[s->count - 1] : NAN,
                           [PART_COUNT] = (double)s->count };
    return all[part];
}

static void add_part(struct buf *out, const struct math_series *s, struct str plain, enum part part)
{
    if (part == PART_LABEL) {
        buf_add(out, plain);
        return;
    }
    double n = number_of(s, part);
    if (isfinite(n))
        buf_printf(out, "%.6g", n);
    else
        buf_add_c(out, "--");
}

struct str label_expand(struct arena *a, const struct query *q, const struct math_series *s)
{
    struct str plain = q->is_metric || q->value.type == MATH_ARRAY ? s->label : q->id;
    struct str rest = q->label, before, name, behind;
    struct buf out = { 0 };

    if (plain.len == 0)
        plain = q->id;
    if (rest.len == 0)
        return plain;
    for (; next_part(rest, &before, &name, &behind); rest = behind) {
        buf_add(&out, before);
        if (part_of(name) >= 0)
            add_part(&out, s, plain, (enum part)part_of(name));
        else /* in a widget: shown as it is written */
            buf_printf(&out, "${%.*s}", STR_ARG(name));
    }
    buf_add(&out, rest);
    struct str text = arena_copy(a, buf_view(&out));
    buf_free(&out);
    return text;
}
