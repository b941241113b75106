#include "emulator/record/table.h"

#include "core/base/embed.h"

static int row_cmp(const struct table_row *row, struct str key, struct str key2)
{
    int by_first = str_cmp(row->cell[0], key);

    return by_first != 0 ? by_first : str_cmp(row->cell[1], key2);
}

static size_t split(struct str line, struct table_row *row)
{
    struct str rest = line;
    size_t n = 0;
    bool more = true;

    while (more && n < TABLE_COLUMNS) {
        struct str cell, tail;

        more = str_cut(rest, '\t', &cell, &tail);
        row->cell[n++] = str_eq(cell, STR("-")) ? (struct str){ 0 } : cell;
        rest = tail;
    }
    return more ? TABLE_COLUMNS + 1 : n;
}

static size_t line_count(struct str text)
{
    size_t n = 1;

    for (size_t i = 0; i < text.len; i++)
        n += text.ptr[i] == '\n';
    return n;
}

int table_parse(struct table *t, struct arena *a, struct str text, const char *name, size_t columns,
                struct err *err)
{
    struct table_row *rows = arena_array(a, line_count(text), sizeof *rows);
    struct str rest = text, line, tail;
    size_t count = 0;

    for (size_t number = 1; rest.len > 0; rest = tail, number++) {
        (void)str_cut(rest, '\n', &line, &tail); /* the last line needs no newline */
        if (line.len == 0 || line.ptr[0] == '#')
            continue;
        size_t cells = split(line, &rows[count]);
        if (cells != columns)
            return err_set(err, E_PARSE, "record/%s line %zu: %zu cells where %zu belong", name,
                           number, cells, columns);
        if (count > 0 && row_cmp(&rows[count - 1], rows[count].cell[0], rows[count].cell[1]) > 0)
            return err_set(err, E_PARSE, "record/%s line %zu: out of order", name, number);
        count++;
    }
    *t = (struct table){ rows, count };
    return 0;
}

int table_load(struct table *t, struct arena *a, const char *name, size_t columns, struct err *err)
{
    struct str text = embed_find(arena_printf(a, "record/%s", name));

    if (!text.ptr)
        return err_set(err, E_MISSING, "fixtures/record/%s is not part of this build", name);
    return table_parse(t, a, text, name, columns, err);
}

/* The first row not below the key. */
static size_t lower_bound(const struct table *t, struct str key, struct str key2)
{
    size_t lo = 0, hi = t->count;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (row_cmp(&t->rows[mid], key, key2) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

const struct table_row *table_find(const struct table *t, struct str key, struct str key2,
                                   size_t *count)
{
    size_t first = lower_bound(t, key, key2), end = first;

    while (end < t->count && row_cmp(&t->rows[end], key, key2) == 0)
        end++;
    *count = end - first;
    return end > first ? &t->rows[first] : NULL;
}

const struct table_row *table_find1(const struct table *t, struct str key)
{
    size_t i = lower_bound(t, key, (struct str){ 0 });

    return i < t->count && str_eq(t->rows[i].cell[0], key) ? &t->rows[i] : NULL;
}
