#include "verify/sigma/marks.h"

#include "core/base/mem.h"

struct mark_run {
    size_t part, count, bytes;
    off_t offset;
};

/* A mark as it is kept, its strings behind it. */
struct packed {
    uint64_t place;
    int64_t time_ms;
    uint32_t correlation, rule, group_len, counted_len, event_id_len;
};

static size_t length_of(const struct packed *p)
{
    return sizeof *p + p->group_len + p->counted_len + p->event_id_len;
}

static void pack(struct buf *out, const struct mark *m)
{
    const struct packed head = {
        .place = str_hash(m->group) ^ m->correlation * 0x9e3779b97f4a7c15u,
        .time_ms = m->time_ms,
        .correlation = (uint32_t)m->correlation,
        .rule = (uint32_t)m->rule,
        .group_len = (uint32_t)m->group.len,
        .counted_len = (uint32_t)m->counted.len,
        .event_id_len = (uint32_t)m->event_id.len,
    };

    buf_add(out, (struct str){ (const char *)&head, sizeof head });
    buf_add(out, m->group);
    buf_add(out, m->counted);
    buf_add(out, m->event_id);
}

/* ---- to the file ---- */

static void add_run(struct marks *m, struct mark_run run)
{
    if (m->run_count == m->run_room) {
        m->run_room = m->run_room ? 2 * m->run_room : MARK_PARTS;
        m->runs = mem_realloc(m->runs, m->run_room * sizeof *m->runs);
    }
    m->runs[m->run_count++] = run;
}

/* Where each mark begins, part by part: at[starts[p]] up to at[starts[p + 1]], not included, are
 * part p's. */
static void order_by_part(const struct marks *m, size_t *at, size_t starts[MARK_PARTS + 1])
{
    size_t next[MARK_PARTS];
    struct packed head;

    memset(starts, 0, (MARK_PARTS + 1) * sizeof *starts);
    for (size_t from = 0; from < m->packed.len; from += length_of(&head)) {
        memcpy(&head, m->packed.ptr + from, sizeof head);
        starts[head.place % MARK_PARTS + 1]++;
    }
    for (size_t part = 0; part < MARK_PARTS; part++) {
        starts[part + 1] += starts[part];
        next[part] = starts[part];
    }
    for (size_t from = 0; from < m->packed.len; from += length_of(&head)) {
        memcpy(&head, m->packed.ptr + from, sizeof head);
        at[next[head.place % MARK_PARTS]++] = from;
    }
}

static int put_part(struct marks *m, size_t part, const size_t *at, size_t count, struct buf *bytes,
                    struct err *err)
{
    struct mark_run run = { .part = part, .count = count, .offset = ftello(m->file) };
    struct packed head;

    if (count == 0)
        return 0;
    buf_clear(bytes);
    for (size_t i = 0; i < count; i++) {
        memcpy(&head, m->packed.ptr + at[i], sizeof head);
        buf_add(bytes, (struct str){ m->packed.ptr + at[i], length_of(&head) });
    }
    run.bytes = bytes->len;
    add_run(m, run);
    if (run.offset < 0 || fwrite(bytes->ptr, bytes->len, 1, m->file) != 1)
        return err_sys(err, "write", "a temporary file of matches");
    return 0;
}

int marks_spill(struct marks *m, struct err *err)
{
    size_t *at = mem_alloc((m->count + 1) * sizeof *at), starts[MARK_PARTS + 1];
    struct buf bytes = { 0 };
    int rc = 0;

    if (!m->file && !(m->file = tmpfile()))
        rc = err_sys(err, "create", "a temporary file of matches");
    order_by_part(m, at, starts);
    for (size_t part = 0; rc == 0 && part < MARK_PARTS; part++)
        rc = put_part(m, part, at + starts[part], starts[part + 1] - starts[part], &bytes, err);
    if (rc == 0 && fflush(m->file) != 0)
        rc = err_sys(err, "write", "a temporary file of matches");
    buf_free(&bytes);
    mem_free(at);
    m->count = 0;
    buf_clear(&m->packed);
    return rc;
}

int marks_add(struct marks *m, const struct mark *mark, struct err *err)
{
    size_t most = m->most_bytes ? m->most_bytes : MARKS_BYTES;

    pack(&m->packed, mark);
    m->count++;
    return m->packed.len > most ? marks_spill(m, err) : 0;
}

void marks_free(struct marks *m)
{
    if (m->file)
        (void)fclose(m->file); /* nothing in it is wanted any more */
    buf_free(&m->packed);
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

static uint64_t first_bytes(const char *at, size_t len)
{
    uint64_t n = 0;

    for (size_t i = 0; i < 8; i++)
        n = n << 8 | (i < len ? (unsigned char)at[i] : 0);
    return n;
}

static void unpack(const char *at, size_t count, const bool *is_wanted, struct mark_list *list)
{
    struct packed head;

    for (; count > 0; count--, at += length_of(&head)) {
        const char *group = at + sizeof head;

        memcpy(&head, at, sizeof head);
        if (!is_wanted[head.correlation])
            continue;
        const char *counted = group + head.group_len, *id = counted + head.counted_len;

        *list_push(list) = (struct mark){ .place = head.place,
                                          .id_start = first_bytes(id, head.event_id_len),
                                          .correlation = head.correlation,
                                          .rule = head.rule,
                                          .time_ms = head.time_ms,
                                          .group = { group, head.group_len },
                                          .counted = { counted, head.counted_len },
                                          .event_id = { id, head.event_id_len } };
    }
}

int marks_take(const struct marks *m, size_t part, const bool *is_wanted, struct mark_list *list,
               struct err *err)
{
    unpack(m->packed.ptr, m->count, is_wanted, list);
    for (size_t i = 0; i < m->run_count; i++) {
        const struct mark_run *run = &m->runs[i];

        if (run->part != part)
            continue;
        char *bytes = arena_alloc(&list->strings, run->bytes);

        if (fseeko(m->file, run->offset, SEEK_SET) != 0 ||
            fread(bytes, run->bytes, 1, m->file) != 1)
            return err_sys(err, "read", "a temporary file of matches");
        unpack(bytes, run->count, is_wanted, list);
    }
    return 0;
}
