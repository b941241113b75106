#include "verify/sigma/marks.h"

#include "core/base/mem.h"

struct mark_run {
    size_t part, count;
    off_t offset;
};

/* A mark as it stands in the file, its strings behind it. */
struct stored {
    size_t correlation, rule;
    int64_t time_ms;
    size_t group_len, counted_len, event_id_len;
};

static size_t part_of(const struct mark *m)
{
    return (str_hash(m->group) ^ m->correlation) % MARK_PARTS;
}

static void put(struct buf *out, const struct mark *m)
{
    const struct stored head = { m->correlation, m->rule,        m->time_ms,
                                 m->group.len,   m->counted.len, m->event_id.len };

    buf_add(out, (struct str){ (const char *)&head, sizeof head });
    buf_add(out, m->group);
    buf_add(out, m->counted);
    buf_add(out, m->event_id);
}

static void add_run(struct marks *m, struct mark_run run)
{
    if (m->run_count == m->run_room) {
        m->run_room = m->run_room ? 2 * m->run_room : MARK_PARTS;
        m->runs = mem_realloc(m->runs, m->run_room * sizeof *m->runs);
    }
    m->runs[m->run_count++] = run;
}

static int put_part(struct marks *m, const size_t *parts, size_t part, struct buf *bytes,
                    struct err *err)
{
    struct mark_run run = { .part = part, .offset = ftello(m->file) };

    buf_clear(bytes);
    for (size_t i = 0; i < m->count; i++) {
        if (parts[i] != part)
            continue;
        put(bytes, &m->items[i]);
        run.count++;
    }
    if (run.count == 0)
        return 0;
    add_run(m, run);
    if (run.offset < 0 || fwrite(bytes->ptr, bytes->len, 1, m->file) != 1)
        return err_sys(err, "write", "a temporary file of matches");
    return 0;
}

int marks_spill(struct marks *m, struct err *err)
{
    size_t *parts = mem_alloc(m->count * sizeof *parts);
    struct buf bytes = { 0 };
    int rc = 0;

    if (!m->file && !(m->file = tmpfile()))
        rc = err_sys(err, "create", "a temporary file of matches");
    for (size_t i = 0; i < m->count; i++)
        parts[i] = part_of(&m->items[i]);
    for (size_t part = 0; rc == 0 && part < MARK_PARTS; part++)
        rc = put_part(m, parts, part, &bytes, err);
    if (rc == 0 && fflush(m->file) != 0)
        rc = err_sys(err, "write", "a temporary file of matches");
    buf_free(&bytes);
    mem_free(parts);
    m->count = 0;
    arena_reset(&m->strings);
    return rc;
}

int marks_add(struct marks *m, const struct mark *mark, struct err *err)
{
    struct mark kept = *mark;
    size_t most = m->most_bytes ? m->most_bytes : MARKS_BYTES;

    if (m->count == m->room) {
        m->room = m->room ? m->room * 2 : 256;
        m->items = mem_realloc(m->items, m->room * sizeof *m->items);
    }
    kept.group = arena_copy(&m->strings, mark->group);
    kept.counted = arena_copy(&m->strings, mark->counted);
    kept.event_id = arena_copy(&m->strings, mark->event_id);
    m->items[m->count++] = kept;
    return m->count * sizeof kept + m->strings.used_bytes > most ? marks_spill(m, err) : 0;
}

void marks_free(struct marks *m)
{
    if (m->file)
        (void)fclose(m->file); /* nothing in it is wanted any more */
    arena_free(&m->strings);
    mem_free(m->items);
    mem_free(m->runs);
    *m = (struct marks){ .count = 0 };
}

/* ---- back again ---- */

static struct mark *list_push(struct mark_list *list)
{
    if (list->count == list->room) {
        list->room = list->room ? list->room * 2 : 256;
        list->items = mem_realloc(list->items, list->room * sizeof *list->items);
    }
    return &list->items[list->count++];
}

static int get(FILE *file, struct mark_list *list, struct err *err)
{
    struct stored head;

    if (fread(&head, sizeof head, 1, file) != 1)
        return err_sys(err, "read", "a temporary file of matches");
    size_t len = head.group_len + head.counted_len + head.event_id_len;
    char *text = arena_alloc(&list->strings, len);

    if (len > 0 && fread(text, len, 1, file) != 1)
        return err_sys(err, "read", "a temporary file of matches");
    *list_push(list) = (struct mark){
        .correlation = head.correlation,
        .rule = head.rule,
        .time_ms = head.time_ms,
        .group = { text, head.group_len },
        .counted = { text + head.group_len, head.counted_len },
        .event_id = { text + head.group_len + head.counted_len, head.event_id_len },
    };
    return 0;
}

int marks_take(const struct marks *m, size_t part, struct mark_list *list, struct err *err)
{
    int rc = 0;

    for (size_t i = 0; i < m->count; i++)
        *list_push(list) = m->items[i];
    for (size_t i = 0; rc == 0 && i < m->run_count; i++) {
        if (m->runs[i].part != part)
            continue;
        if (fseeko(m->file, m->runs[i].offset, SEEK_SET) != 0)
            return err_sys(err, "read", "a temporary file of matches");
        for (size_t k = 0; rc == 0 && k < m->runs[i].count; k++)
            rc = get(m->file, list, err);
    }
    return rc;
}
