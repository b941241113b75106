/* What is true of the dataset, beside it: labels.jsonl, the findings of expected.json, counts. */
#include <stdio.h>
#include <fcntl.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/codec/json.h"
#include "generator/dataset/state.h"

#define LINES_BYTES (64u << 10) /* written at once */

/* A labelled event that some trail delivered. */
struct labelled {
    struct labelled *next;
    struct str event_id;
    int64_t time_ms;
};

static int lines_open(struct dataset *ds, struct lines *l, struct err *err)
{
    struct arena a = { 0 };
    const char *path = arena_printf(&a, "%s/%s", ds->temp.ptr, l->name).ptr;
    int rc = 0;

    l->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (l->fd < 0)
        rc = err_sys(err, "create", path);
    arena_free(&a);
    return rc;
}

static int lines_flush(struct lines *l, struct err *err)
{
    int rc = fs_write_all(l->fd, buf_view(&l->text), l->name, err);

    l->has_any |= l->text.len > 0;
    buf_clear(&l->text);
    return rc;
}

static int lines_added(struct lines *l, struct err *err)
{
    return l->text.len < LINES_BYTES ? 0 : lines_flush(l, err);
}

static int lines_seal(struct dataset *ds, struct lines *l, struct err *err)
{
    struct arena a = { 0 };
    const char *to = arena_printf(&a, "%s/%s", ds->opt.dir, l->name).ptr;
    int rc = lines_flush(l, err);

    if (rc == 0 && rename(arena_printf(&a, "%s/%s", ds->temp.ptr, l->name).ptr, to) < 0)
        rc = err_sys(err, "rename to", to);
    arena_free(&a);
    return rc;
}

static void lines_close(struct lines *l)
{
    if (l->fd >= 0)
        (void)close(l->fd); /* sealed or not: nothing is pending */
    l->fd = -1;
    buf_free(&l->text);
}

int truth_open(struct dataset *ds, struct err *err)
{
    int rc = lines_open(ds, &ds->labels, err);

    return rc < 0 ? rc : lines_open(ds, &ds->past, err);
}

void truth_close(struct dataset *ds)
{
    lines_close(&ds->labels);
    lines_close(&ds->past);
    buf_free(&ds->label_text);
    buf_free(&ds->findings);
    arena_free(&ds->labelled_arena);
}

/* It stands in no file, but in the event history. Source: CloudTrail User Guide, "Working with
 * CloudTrail Event history": it needs no trail. */
int truth_untaken(struct dataset *ds, const struct journal_source *from, struct err *err)
{
    ds->counts.untaken++;
    if (from->facts->category != EVENT_MANAGEMENT ||
        !dataset_has(ds, from->facts->account, from->facts->region))
        return 0;
    buf_add(&ds->past.text, from->record);
    buf_add_char(&ds->past.text, '\n');
    return lines_added(&ds->past, err);
}

static void put(struct buf *out, const char *name, struct str text, bool may_be_null)
{
    buf_printf(out, ",\"%s\":", name);
    if (may_be_null && text.len == 0)
        buf_add(out, STR("null"));
    else
        json_add_string(out, text);
}

/* Each label's members stand ready, a line each; only the eventID is missing in front. */
void dataset_label(struct dataset *ds, const struct dataset_label *labels, size_t count)
{
    struct buf *out = &ds->label_text;

    buf_clear(out);
    ds->label_count = count;
    for (size_t i = 0; i < count; i++) {
        put(out, "scenario", ds->opt.scenario, false);
        put(out, "story", labels[i].story, false);
        put(out, "step", labels[i].step, false);
        put(out, "actor", labels[i].actor, false);
        put(out, "technique", labels[i].technique, true);
        buf_printf(out, ",\"malicious\":%s}\n", labels[i].malicious ? "true" : "false");
    }
}

static struct labelled **slot_of(struct dataset *ds, struct str event_id)
{
    return &ds->labelled[str_hash(event_id) % COUNT(ds->labelled)];
}

static const struct labelled *labelled_find(struct dataset *ds, struct str event_id)
{
    const struct labelled *l = *slot_of(ds, event_id);

    while (l && !str_eq(l->event_id, event_id))
        l = l->next;
    return l;
}

int truth_label(struct dataset *ds, struct str event_id, struct err *err)
{
    struct labelled *l = arena_alloc(&ds->labelled_arena, sizeof *l), **slot;
    struct str rest = buf_view(&ds->label_text), line;

    l->event_id = arena_copy(&ds->labelled_arena, event_id);
    l->time_ms = clock_now_ms(&ds->e->clock);
    slot = slot_of(ds, l->event_id);
    l->next = *slot;
    *slot = l;
    while (str_cut(rest, '\n', &line, &rest)) {
        buf_add(&ds->labels.text, STR("{\"eventID\":"));
        json_add_string(&ds->labels.text, event_id);
        buf_add(&ds->labels.text, line);
        buf_add_char(&ds->labels.text, '\n');
        ds->label_total++;
    }
    return lines_added(&ds->labels, err);
}

int dataset_expect(struct dataset *ds, const struct dataset_finding *f, size_t *out_events,
                   struct err *err)
{
    struct buf ids = { 0 };
    struct buf *out = &ds->findings;
    int64_t first = INT64_MAX, last = INT64_MIN;
    char iso[CLOCK_ISO_SIZE];
    size_t count = 0;

    (void)err; /* nothing of this can fail */
    for (size_t i = 0; i < f->event_count; i++) {
        const struct labelled *l = labelled_find(ds, f->event_ids[i]);

        if (!l)
            continue;
        if (count++ > 0)
            buf_add_char(&ids, ',');
        json_add_string(&ids, l->event_id);
        first = l->time_ms < first ? l->time_ms : first;
        last = l->time_ms > last ? l->time_ms : last;
    }
    if (out_events)
        *out_events = count;
    if (count > 0) {
        buf_add(out, out->len > 0 ? STR(",\n{\"rule\":") : STR("{\"rule\":"));
        json_add_string(out, f->rule);
        put(out, "technique", f->technique, true);
        put(out, "story", f->story, false);
        put(out, "actor", f->actor, false);
        put(out, "severity", f->severity, false);
        buf_printf(out, ",\"eventIDs\":[%.*s]", STR_ARG(buf_view(&ids)));
        clock_iso(first, iso);
        buf_printf(out, ",\"first\":\"%s\"", iso);
        clock_iso(last, iso);
        buf_printf(out, ",\"last\":\"%s\"}", iso);
    }
    buf_free(&ids);
    return 0;
}

static void count_in(struct arena *a, struct counted **list, struct str name, uint64_t records)
{
    while (*list && str_cmp((*list)->name, name) < 0)
        list = &(*list)->next;
    if (!*list || !str_eq((*list)->name, name)) {
        struct counted *c = arena_alloc(a, sizeof *c);

        c->name = arena_copy(a, name);
        c->next = *list;
        *list = c;
    }
    (*list)->records += records;
}

void truth_count(struct dataset *ds, struct str account, struct str region, uint64_t records)
{
    count_in(&ds->a, &ds->by_account, account, records);
    count_in(&ds->a, &ds->by_region, region, records);
}

int truth_seal(struct dataset *ds, struct err *err)
{
    struct arena a = { 0 };
    struct buf text = { 0 };
    int rc = lines_seal(ds, &ds->labels, err);

    if (rc == 0 && (ds->past.has_any || ds->past.text.len > 0))
        rc = lines_seal(ds, &ds->past, err);
    buf_add(&text, STR("{\"findings\":["));
    if (ds->findings.len > 0)
        buf_add_char(&text, '\n');
    buf_add(&text, buf_view(&ds->findings));
    buf_add(&text, STR("]}\n"));
    if (rc == 0)
        rc =
            fs_replace(arena_printf(&a, "%s/expected.json", ds->opt.dir).ptr, buf_view(&text), err);
    buf_free(&text);
    arena_free(&a);
    return rc;
}
