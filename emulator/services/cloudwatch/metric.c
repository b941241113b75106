/* Which metric: the names of series. No name of a metric has control characters (PutMetricData
 * refuses them), so these part them. */
#include "core/base/buf.h"
#include "emulator/services/cloudwatch/point.h"

#define END  '\x01' /* of a part */
#define LINK '\x02' /* between a dimension's name and value */

static void add_part(struct buf *b, struct str part)
{
    buf_add(b, part);
    buf_add_char(b, END);
}

static struct str taken(struct arena *a, struct buf *b)
{
    struct str name = arena_copy(a, buf_view(b));

    buf_free(b);
    return name;
}

struct str metric_series(struct arena *a, const struct metric_id *id)
{
    struct buf b = { 0 };

    add_part(&b, id->account);
    add_part(&b, id->region);
    add_part(&b, id->namespace_);
    add_part(&b, id->name);
    for (size_t i = 0; i < id->dimension_count; i++) {
        buf_add(&b, id->dimensions[i].name);
        buf_add_char(&b, LINK);
        add_part(&b, id->dimensions[i].value);
    }
    return taken(a, &b);
}

struct str metric_prefix(struct arena *a, struct str account, struct str region,
                         struct str namespace_, struct str name)
{
    struct buf b = { 0 };

    add_part(&b, account);
    add_part(&b, region);
    if (namespace_.len > 0)
        add_part(&b, namespace_);
    if (namespace_.len > 0 && name.len > 0)
        add_part(&b, name);
    return taken(a, &b);
}

static size_t count_of(struct str s, char c)
{
    size_t n = 0;

    for (size_t i = 0; i < s.len; i++)
        n += s.ptr[i] == c;
    return n;
}

bool metric_of_series(struct arena *a, struct str series, struct metric_id *out)
{
    struct metric_dimension *dims = arena_array(a, count_of(series, LINK), sizeof *dims);
    struct str rest = series, part;
    size_t n = 0;

    *out = (struct metric_id){ .dimensions = dims };
    if (!str_cut(rest, END, &out->account, &rest) || !str_cut(rest, END, &out->region, &rest) ||
        !str_cut(rest, END, &out->namespace_, &rest) || !str_cut(rest, END, &out->name, &rest))
        return false;
    while (str_cut(rest, END, &part, &rest)) {
        if (!str_cut(part, LINK, &dims[n].name, &dims[n].value))
            return false;
        n++;
    }
    out->dimension_count = n;
    return true;
}
