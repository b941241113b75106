/* Queries run over events: row by row as long as commands look at one row, then over all rows. */
#include <stdlib.h>

#include "core/base/buf.h"
#include "core/codec/json.h"
#include "emulator/services/logs/insights_parts.h"

struct row {
    struct ins_value *values; /* by slot */
    struct str pointer;
    size_t order;
};

struct insights_run {
    struct arena *a;
    const struct insights_query *q;
    struct buf rows; /* struct row */
    int64_t scanned, matched, bytes;
};

struct insights_run *insights_begin(struct arena *a, const struct insights_query *q)
{
    struct insights_run *run = arena_alloc(a, sizeof *run);

    run->a = a;
    run->q = q;
    return run;
}

/* ---- an event's fields ---- */

static struct ins_value of_json(struct arena *a, const struct value *v)
{
    struct buf b = { 0 };

    if (!v || v->kind == VALUE_NULL)
        return (struct ins_value){ 0 };
    if (v->kind == VALUE_STRING)
        return ins_of_text(v->u.text);
    if (v->kind == VALUE_INT)
        return ins_of_number((double)v->u.integer);
    if (v->kind == VALUE_FLOAT)
        return ins_of_number(v->u.real);
    if (v->kind == VALUE_BOOL)
        return ins_of_number(v->u.boolean);
    json_write(&b, v);
    struct ins_value out = ins_of_text(arena_copy(a, buf_view(&b)));
    buf_free(&b);
    return out;
}

/* Source: CloudWatch Logs User Guide, "Fields in JSON logs": nested ones by dots, items of lists by
 * their index; of a name that begins with @, one more @ stands before it. */
static const struct value *find(const struct value *json, struct str name)
{
    const struct value *v = json;
    struct str step;
    int64_t index;

    if (str_has_prefix(name, STR("@@")))
        name = str_sub(name, 1, name.len);
    else if (str_has_prefix(name, STR("@")))
        return NULL;
    if (value_get(json, name))
        return value_get(json, name);
    while (v && name.len > 0) {
        (void)str_cut(name, '.', &step, &name); /* the last has none */
        if (v->kind == VALUE_LIST)
            v = str_to_i64(step, &index) && index >= 0 ? value_at(v, (size_t)index) : NULL;
        else
            v = v->kind == VALUE_MAP ? value_get(v, step) : NULL;
    }
    return v;
}

static bool is_own(const struct insights_event *e, struct str name, struct ins_value *out)
{
    if (str_eq_c(name, "@timestamp"))
        *out = (struct ins_value){ .kind = INS_TIME, .number = (double)e->time_ms };
    else if (str_eq_c(name, "@ingestionTime"))
        *out = (struct ins_value){ .kind = INS_TIME, .number = (double)e->ingested_ms };
    else if (str_eq_c(name, "@message"))
        *out = ins_of_text(e->message);
    else if (str_eq_c(name, "@logStream"))
        *out = ins_of_text(e->stream);
    else if (str_eq_c(name, "@log"))
        *out = ins_of_text(e->log);
    else if (str_eq_c(name, "@ptr"))
        *out = ins_of_text(e->pointer);
    else
        return false;
    return true;
}

static struct ins_value *read_row(const struct insights_query *q, struct arena *a,
                                  const struct insights_event *e)
{
    struct ins_value *values = arena_array(a, q->slot_count + 1, sizeof *values);
    struct value *json = NULL;
    bool is_tried = false;

    for (size_t i = 0; i < q->slot_count; i++) {
        if (is_own(e, q->slots[i], &values[i]))
            continue;
        if (!is_tried && json_parse(a, e->message, &json, NULL) < 0)
            json = NULL;
        is_tried = true;
        values[i] = of_json(a, find(json, q->slots[i]));
    }
    return values;
}

/* ---- commands on one row ---- */

/* The texts between the glob's: each star takes as little as can be, the last one the rest. */
static bool match_glob(const struct ins_command *c, struct str text, struct str *out)
{
    ptrdiff_t at = str_find(text, c->glob[0]);

    if (at < 0)
        return false;
    text = str_sub(text, (size_t)at + c->glob[0].len, text.len);
    for (size_t i = 1; i < c->glob_count; i++) {
        bool is_last = i + 1 == c->glob_count;
        at = is_last && c->glob[i].len == 0 ? (ptrdiff_t)text.len : str_find(text, c->glob[i]);
        if (at < 0)
            return false;
        out[i - 1] = str_sub(text, 0, (size_t)at);
        text = str_sub(text, (size_t)at + c->glob[i].len, text.len);
    }
    return true;
}

static void run_parse(const struct ins_command *c, struct arena *a, struct ins_value *row)
{
    struct str *found = arena_array(a, c->column_count, sizeof *found);
    struct ins_value from = ins_eval(a, c->expr, row);
    struct str text = ins_text(a, &from);
    bool matched =
        from.kind != INS_MISSING &&
        (c->glob ? match_glob(c, text, found) : log_regex_capture(c->regex, a, text, found));

    for (size_t i = 0; i < c->column_count; i++)
        row[c->columns[i].slot] =
            matched && found[i].ptr ? ins_of_text(found[i]) : (struct ins_value){ 0 };
}

static void run_columns(const struct ins_column *c, size_t count, struct arena *a,
                        struct ins_value *row)
{
    for (size_t i = 0; i < count; i++)
        row[c[i].slot] = ins_eval(a, c[i].expr, row);
}

static bool is_of_one_row(const struct ins_command *c)
{
    return c->verb == INS_FIELDS || c->verb == INS_DISPLAY || c->verb == INS_FILTER ||
           c->verb == INS_PARSE;
}

/* False: filtered out. */
static bool run_on_row(const struct ins_command *c, struct arena *a, struct ins_value *row)
{
    if (c->verb == INS_PARSE) {
        run_parse(c, a, row);
    } else if (c->verb == INS_FILTER) {
        struct ins_value v = ins_eval(a, c->expr, row);
        return ins_truth(&v);
    } else {
        run_columns(c->columns, c->column_count, a, row);
    }
    return true;
}

static struct ins_value kept(struct arena *a, struct ins_value v)
{
    if (v.kind == INS_TEXT)
        v.text = arena_copy(a, v.text);
    return v;
}

static void add_row(struct insights_run *run, struct ins_value *values, struct str pointer)
{
    struct row row = { values, pointer, run->rows.len / sizeof row };

    buf_add(&run->rows, (struct str){ (const char *)&row, sizeof row });
}

void insights_feed(struct insights_run *run, struct arena *scratch,
                   const struct insights_event *event)
{
    const struct insights_query *q = run->q;
    struct ins_value *values = read_row(q, scratch, event), *copy;

    run->scanned++;
    run->bytes += (int64_t)event->message.len;
    for (const struct ins_command *c = q->commands; c && is_of_one_row(c); c = c->next)
        if (!run_on_row(c, scratch, values))
            return;
    run->matched++;
    copy = arena_array(run->a, q->slot_count + 1, sizeof *copy);
    for (size_t i = 0; i < q->slot_count; i++)
        copy[i] = kept(run->a, values[i]);
    add_row(run, copy, arena_copy(run->a, event->pointer));
}

/* ---- commands on all rows ---- */

static struct row *rows_of(struct insights_run *run, size_t *count)
{
    *count = run->rows.len / sizeof(struct row);
    return (struct row *)(void *)run->rows.ptr;
}

static void keep_rows(struct insights_run *run, size_t count)
{
    if (count * sizeof(struct row) < run->rows.len)
        run->rows.len = count * sizeof(struct row);
}

/* What a row is sorted by, worked out once. */
struct sorted {
    struct row row;
    struct ins_value *keys;
    const struct ins_command *command;
    struct arena *a;
};

/* Rows without the field come last. */
static int by_keys(const void *x, const void *y)
{
    const struct sorted *m = x, *n = y;

    for (size_t i = 0; i < m->command->column_count; i++) {
        const struct ins_value *a = &m->keys[i], *b = &n->keys[i];
        if (a->kind == INS_MISSING || b->kind == INS_MISSING) {
            if (a->kind != b->kind)
                return a->kind == INS_MISSING ? 1 : -1;
            continue;
        }
        int order = ins_compare(m->a, a, b);
        if (order != 0)
            return m->command->columns[i].descending ? -order : order;
    }
    return m->row.order < n->row.order ? -1 : m->row.order > n->row.order;
}

static void run_sort(struct insights_run *run, const struct ins_command *c)
{
    size_t count;
    struct row *rows = rows_of(run, &count);
    struct sorted *sorted = arena_array(run->a, count + 1, sizeof *sorted);

    for (size_t i = 0; i < count; i++) {
        sorted[i] = (struct sorted){ rows[i], NULL, c, run->a };
        sorted[i].row.order = i;
        sorted[i].keys = arena_array(run->a, c->column_count, sizeof *sorted[i].keys);
        for (size_t k = 0; k < c->column_count; k++)
            sorted[i].keys[k] = ins_eval(run->a, c->columns[k].expr, rows[i].values);
    }
    qsort(sorted, count, sizeof *sorted, by_keys);
    for (size_t i = 0; i < count; i++)
        rows[i] = sorted[i].row;
}

/* The values of columns as one text: rows with the same belong together. */
static struct str group_text(struct arena *a, const struct ins_column *c, size_t count,
                             const struct ins_value *row)
{
    struct buf b = { 0 };

    for (size_t i = 0; i < count; i++) {
        struct ins_value v = ins_eval(a, c[i].expr, row);
        struct str text = ins_text(a, &v);
        buf_printf(&b, "%d:%zu:", v.kind != INS_MISSING, text.len);
        buf_add(&b, text);
    }
    struct str out = arena_copy(a, buf_view(&b));
    buf_free(&b);
    return out;
}

/* Open addressing: place of a text, new or known. Zero-initialised is empty. */
struct texts {
    struct str *at;
    size_t *value; /* 1-based; 0: free */
    size_t size, count;
};

static size_t texts_slot(const struct texts *t, struct str text)
{
    size_t i = (size_t)str_hash(text) & (t->size - 1);

    while (t->value[i] > 0 && !str_eq(t->at[i], text))
        i = (i + 1) & (t->size - 1);
    return i;
}

static void texts_grow(struct arena *a, struct texts *t)
{
    struct texts wider = { .size = t->size > 0 ? 2 * t->size : 16, .count = t->count };

    wider.at = arena_array(a, wider.size, sizeof *wider.at);
    wider.value = arena_array(a, wider.size, sizeof *wider.value);
    for (size_t i = 0; i < t->size; i++) {
        if (t->value[i] == 0)
            continue;
        size_t slot = texts_slot(&wider, t->at[i]);
        wider.at[slot] = t->at[i];
        wider.value[slot] = t->value[i];
    }
    *t = wider;
}

/* True: it is new. */
static bool texts_place(struct arena *a, struct texts *t, struct str text, size_t *out)
{
    if (2 * t->count >= t->size)
        texts_grow(a, t);
    size_t i = texts_slot(t, text);
    bool is_new = t->value[i] == 0;
    if (is_new) {
        t->at[i] = text;
        t->value[i] = ++t->count;
    }
    *out = t->value[i] - 1;
    return is_new;
}

static void run_dedup(struct insights_run *run, const struct ins_command *c)
{
    size_t count, left = 0, place;
    struct row *rows = rows_of(run, &count);
    struct texts seen = { .count = 0 };

    for (size_t i = 0; i < count; i++)
        if (texts_place(run->a, &seen,
                        group_text(run->a, c->columns, c->column_count, rows[i].values), &place))
            rows[left++] = rows[i];
    keep_rows(run, left);
}

/* ---- stats ---- */

struct tally {
    double sum, count;
    struct ins_value least, most, earliest, latest;
    double earliest_ms, latest_ms;
    struct buf numbers; /* pct: doubles */
    struct texts distinct;
};

static void note_extremes(struct arena *a, struct tally *t, struct ins_value v, double time_ms)
{
    if (t->count == 0 || ins_compare(a, &v, &t->least) < 0)
        t->least = v;
    if (t->count == 0 || ins_compare(a, &v, &t->most) > 0)
        t->most = v;
    if (t->count == 0 || time_ms < t->earliest_ms) {
        t->earliest = v;
        t->earliest_ms = time_ms;
    }
    if (t->count == 0 || time_ms > t->latest_ms) {
        t->latest = v;
        t->latest_ms = time_ms;
    }
}

static void tally_add(struct arena *a, struct tally *t, const struct ins_column *c,
                      const struct row *row)
{
    struct ins_value v = c->expr ? ins_eval(a, c->expr, row->values) : ins_of_number(1);
    size_t place;
    double n;

    if (v.kind == INS_MISSING)
        return;
    if (c->aggregate == INS_COUNT_DISTINCT)
        (void)texts_place(a, &t->distinct, ins_text(a, &v), &place); /* counted in it */
    bool is_number = ins_number(&v, &n);
    if (!is_number &&
        (c->aggregate == INS_SUM || c->aggregate == INS_AVG || c->aggregate == INS_PCT))
        return;
    note_extremes(a, t, v, -(double)row->order); /* the newest come first */
    t->count++;
    t->sum += is_number ? n : 0;
    if (c->aggregate == INS_PCT)
        buf_add(&t->numbers, (struct str){ (const char *)&n, sizeof n });
}

static int by_number(const void *x, const void *y)
{
    double m, n;

    memcpy(&m, x, sizeof m);
    memcpy(&n, y, sizeof n);
    return m < n ? -1 : m > n;
}

/* The least value that so many per cent of the values are not above. */
static struct ins_value percentile(struct tally *t, double pct)
{
    size_t count = t->numbers.len / sizeof(double), at = (size_t)(pct / 100 * (double)count);
    double n;

    if (count == 0)
        return (struct ins_value){ 0 };
    qsort(t->numbers.ptr, count, sizeof n, by_number);
    memcpy(&n, t->numbers.ptr + (at < count ? at : count - 1) * sizeof n, sizeof n);
    return ins_of_number(n);
}

static struct ins_value tally_value(struct tally *t, const struct ins_column *c)
{
    const struct ins_value none = { 0 };

    switch (c->aggregate) {
    case INS_COUNT:
        return ins_of_number(t->count);
    case INS_COUNT_DISTINCT:
        return ins_of_number((double)t->distinct.count);
    case INS_SUM:
        return t->count > 0 ? ins_of_number(t->sum) : none;
    case INS_AVG:
        return t->count > 0 ? ins_of_number(t->sum / t->count) : none;
    case INS_MIN:
        return t->least;
    case INS_MAX:
        return t->most;
    case INS_EARLIEST:
        return t->earliest;
    case INS_LATEST:
        return t->latest;
    default:
        return percentile(t, c->percentile);
    }
}

/* One row a group, in order of its first event. */
static void finish_groups(struct insights_run *run, const struct ins_command *c,
                          const struct row *firsts, struct tally *tallies, size_t groups)
{
    struct ins_value **values = arena_array(run->a, groups + 1, sizeof *values);

    for (size_t g = 0; g < groups; g++) {
        values[g] = arena_array(run->a, run->q->slot_count + 1, sizeof **values);
        for (size_t i = 0; i < c->by_count; i++)
            values[g][c->by[i].slot] = ins_eval(run->a, c->by[i].expr, firsts[g].values);
        for (size_t i = 0; i < c->column_count; i++) {
            struct tally *t = &tallies[g * c->column_count + i];
            values[g][c->columns[i].slot] = tally_value(t, &c->columns[i]);
            buf_free(&t->numbers);
        }
    }
    keep_rows(run, 0);
    for (size_t g = 0; g < groups; g++)
        add_row(run, values[g], (struct str){ 0 });
}

static void run_stats(struct insights_run *run, const struct ins_command *c)
{
    size_t count, place, groups = 0;
    struct row *rows = rows_of(run, &count);
    struct texts seen = { .count = 0 };
    size_t *group = arena_array(run->a, count + 1, sizeof *group);
    struct row *firsts = arena_array(run->a, count + 1, sizeof *firsts);

    for (size_t i = 0; i < count; i++) {
        if (texts_place(run->a, &seen, group_text(run->a, c->by, c->by_count, rows[i].values),
                        &place))
            firsts[groups++] = rows[i];
        group[i] = place;
    }
    if (c->by_count == 0 && groups == 0) /* of nothing, too, there is a count */
        firsts[groups++].values =
            arena_array(run->a, run->q->slot_count + 1, sizeof(struct ins_value));
    struct tally *tallies = arena_array(run->a, groups * c->column_count + 1, sizeof *tallies);
    for (size_t i = 0; i < count; i++) {
        rows[i].order = i;
        for (size_t k = 0; k < c->column_count; k++)
            tally_add(run->a, &tallies[group[i] * c->column_count + k], &c->columns[k], &rows[i]);
    }
    finish_groups(run, c, firsts, tallies, groups);
}

static void run_rows(struct insights_run *run, const struct ins_command *c)
{
    size_t count, left = 0;
    struct row *rows = rows_of(run, &count);

    for (size_t i = 0; i < count; i++)
        if (run_on_row(c, run->a, rows[i].values))
            rows[left++] = rows[i];
    keep_rows(run, left);
}

static void run_command(struct insights_run *run, const struct ins_command *c)
{
    switch (c->verb) {
    case INS_SORT:
        run_sort(run, c);
        break;
    case INS_DEDUP:
        run_dedup(run, c);
        break;
    case INS_STATS:
        run_stats(run, c);
        break;
    case INS_LIMIT:
        keep_rows(run, (size_t)c->limit);
        break;
    default:
        run_rows(run, c);
        break;
    }
}

/* ---- results ---- */

static void add_cell(struct arena *a, struct value *row, struct str field, struct str value)
{
    struct value *cell = value_map(a);

    value_put_str(a, cell, "field", field);
    value_put_str(a, cell, "value", value);
    value_push(row, cell);
}

static struct value *show_row(struct insights_run *run, const struct row *row)
{
    const struct insights_query *q = run->q;
    struct value *cells = value_list(run->a);

    for (size_t i = 0; i < q->shown_count; i++) {
        const struct ins_value *v = &row->values[q->shown[i]];
        if (v->kind != INS_MISSING)
            add_cell(run->a, cells, q->slots[q->shown[i]], ins_text(run->a, v));
    }
    if (row->pointer.len > 0)
        add_cell(run->a, cells, STR("@ptr"), row->pointer);
    return cells;
}

struct insights_result insights_end(struct insights_run *run, int64_t limit)
{
    const struct ins_command *c = run->q->commands;
    struct insights_result out = { value_list(run->a), run->scanned, run->matched, run->bytes };
    size_t count;

    while (c && is_of_one_row(c))
        c = c->next;
    for (; c; c = c->next) {
        run_command(run, c);
        if (c->verb == INS_LIMIT)
            limit = INSIGHTS_ROWS_MOST;
    }
    const struct row *rows = rows_of(run, &count);
    for (size_t i = 0; i < count && (int64_t)i < limit; i++)
        value_push(out.rows, show_row(run, &rows[i]));
    buf_free(&run->rows);
    return out;
}

/* ---- all fields of one event ---- */

enum { FIELDS_MOST = 200 }; /* Source: CloudWatch Logs User Guide, "Fields in JSON logs" */

static void flatten(struct arena *a, const struct value *v, struct str name, struct value *out)
{
    size_t i = 0;

    if (out->count >= FIELDS_MOST)
        return;
    if (v->kind != VALUE_MAP && v->kind != VALUE_LIST) {
        struct ins_value text = of_json(a, v);
        if (text.kind != INS_MISSING)
            value_set(out, name, value_str(a, arena_copy(a, ins_text(a, &text))));
        return;
    }
    for (const struct value *k = value_first(v); k; k = k->next, i++) {
        struct str step = v->kind == VALUE_MAP ? k->name : arena_printf(a, "%zu", i);
        flatten(a, k,
                name.len == 0 ? step : arena_printf(a, "%.*s.%.*s", STR_ARG(name), STR_ARG(step)),
                out);
    }
}

struct value *insights_fields(struct arena *a, const struct insights_event *e)
{
    struct value *out = value_map(a), *json;

    value_put_str(a, out, "@timestamp", arena_printf(a, "%lld", (long long)e->time_ms));
    value_put_str(a, out, "@ingestionTime", arena_printf(a, "%lld", (long long)e->ingested_ms));
    value_put_str(a, out, "@message", e->message);
    value_put_str(a, out, "@logStream", e->stream);
    value_put_str(a, out, "@log", e->log);
    if (json_parse(a, e->message, &json, NULL) == 0 && json->kind == VALUE_MAP)
        flatten(a, json, (struct str){ 0 }, out);
    return out;
}
