#include "verify/run/truth.h"

#include "core/base/clock.h"
#include "core/base/fs.h"
#include "core/base/limits.h"
#include "core/codec/json.h"
#include "verify/source/visit.h"

enum { BUCKETS = 1 << 18 };

struct truth_event *truth_find(const struct truth *t, struct str event_id)
{
    struct truth_event *e = t->buckets[str_hash(event_id) % t->bucket_count];

    while (e && !str_eq(e->id, event_id))
        e = e->next;
    return e;
}

static struct truth_event *event_add(struct truth *t, struct str id, int64_t time_ms)
{
    struct truth_event *e = arena_alloc(&t->arena, sizeof *e);
    struct truth_event **bucket = &t->buckets[str_hash(id) % t->bucket_count];

    *e = (struct truth_event){
        .id = arena_copy(&t->arena, id), .time_ms = time_ms, .file = SIZE_MAX, .next = *bucket
    };
    *bucket = e;
    if (t->event_count++ == 0 || time_ms < t->first_ms)
        t->first_ms = time_ms;
    if (time_ms > t->last_ms)
        t->last_ms = time_ms;
    return e;
}

struct truth_file *truth_file(struct truth *t, struct str key)
{
    for (size_t i = t->file_count; i > 0; i--) /* the newest are asked for most */
        if (str_eq(t->files[i - 1].key, key))
            return &t->files[i - 1];
    return NULL;
}

static size_t file_add(struct truth *t, struct str key)
{
    if (t->file_count == t->file_room) {
        size_t room = t->file_room ? t->file_room * 2 : 64;
        struct truth_file *files = arena_array(&t->arena, room, sizeof *files);

        if (t->file_count > 0)
            memcpy(files, t->files, t->file_count * sizeof *files);
        t->files = files;
        t->file_room = room;
    }
    t->files[t->file_count] =
        (struct truth_file){ .key = arena_copy(&t->arena, key), .offered_ms = -1 };
    return t->file_count++;
}

/* ---- records ---- */

struct reading {
    struct truth *t;
    bool offers; /* these records are offered */
    size_t file;
};

static void *begin(void *arg, unsigned thread, const struct source_file *f)
{
    struct reading *r = arg;

    (void)thread; /* one job */
    if (r->offers)
        r->file = file_add(r->t, f->key.len ? f->key : f->name);
    return r;
}

static void take(void *job, const struct scan_record *rec)
{
    struct reading *r = job;
    struct str id = scan_top_str(rec, SCAN_EVENT_ID);
    struct truth_event *e = truth_find(r->t, id);
    int64_t time_ms = 0;

    if (id.len == 0)
        return;
    (void)clock_parse(scan_top_str(rec, SCAN_EVENT_TIME), &time_ms, NULL); /* else 1970 */
    if (!e)
        e = event_add(r->t, id, time_ms);
    if (!r->offers)
        return;
    r->t->offered_count += e->offered++ == 0;
    e->file = r->file;
}

static int read_records(struct truth *t, const char *dir, bool offers, struct err *err)
{
    static const struct visitor visitor = { .begin = begin, .record = take };
    struct reading r = { t, offers, SIZE_MAX };
    struct source *s;
    struct str path = str_c(dir);
    int rc = source_open(&s, &(struct source_options){ .region = STR("") }, &path, 1, err);

    if (rc < 0)
        return rc;
    rc = visit_records(s, &visitor, &r, 1, err);
    source_close(s);
    return rc;
}

/* ---- labels.jsonl ---- */

static int read_label(struct truth *t, struct str line, struct err *err)
{
    struct arena a = { 0 };
    struct value *v;
    int rc = json_parse(&a, line, &v, err);

    if (rc == 0) {
        struct truth_event *e = truth_find(t, value_get_str(v, "eventID"));

        if (e) {
            bool bad = value_get_bool(v, "malicious", false);

            e->is_malicious = e->is_malicious || bad;
            e->technique = arena_copy(&t->arena, value_get_str(v, "technique"));
            e->story = arena_copy(&t->arena, value_get_str(v, "story"));
            e->is_benign_twin = !e->is_malicious && e->technique.len > 0;
        }
    }
    arena_free(&a);
    return rc;
}

static int read_labels(struct truth *t, const char *dir, struct err *err)
{
    struct buf text = { 0 };
    struct str path = arena_printf(&t->arena, "%s/labels.jsonl", dir), rest, line;
    int rc = fs_read(path.ptr, &text, NULL);

    if (rc == E_MISSING)
        return 0;
    if (rc < 0)
        return err_set(err, rc, "%s: can't be read", path.ptr);
    for (rest = buf_view(&text); rc == 0 && rest.len > 0;) {
        (void)str_cut(rest, '\n', &line, &rest); /* the last one may have no end */
        if (line.len > 0)
            rc = read_label(t, line, err);
    }
    buf_free(&text);
    return rc;
}

/* ---- expected.json ---- */

static int read_finding(struct truth *t, const struct value *v, const char *path, struct err *err)
{
    struct truth_finding *f = &t->findings[t->finding_count];
    const struct value *ids = value_get_c(v, "eventIDs");

    *f = (struct truth_finding){ .rule = value_get_str(v, "rule"),
                                 .technique = value_get_str(v, "technique"),
                                 .story = value_get_str(v, "story"),
                                 .actor = value_get_str(v, "actor"),
                                 .severity = value_get_str(v, "severity") };
    if (f->rule.len == 0 || !ids || ids->count == 0)
        return err_set(err, E_PARSE, "%s: finding %zu: expected rule and eventIDs", path,
                       t->finding_count);
    (void)clock_parse(value_get_str(v, "first"), &f->first_ms, NULL); /* else by its events */
    (void)clock_parse(value_get_str(v, "last"), &f->last_ms, NULL);
    f->events = arena_array(&t->arena, ids->count, sizeof *f->events);
    for (const struct value *id = value_first(ids); id; id = id->next) {
        const struct truth_event *e = id->kind == VALUE_STRING ? truth_find(t, id->u.text) : NULL;

        if (!e)
            return err_set(err, E_PARSE, "%s: finding %zu names an event that is not in the data",
                           path, t->finding_count);
        f->events[f->event_count++] = e;
        if (f->first_ms == 0 || e->time_ms < f->first_ms)
            f->first_ms = e->time_ms;
        if (e->time_ms > f->last_ms)
            f->last_ms = e->time_ms;
    }
    t->finding_count++;
    return 0;
}

static int read_expected(struct truth *t, const char *dir, struct err *err)
{
    struct buf text = { 0 };
    struct value *root = NULL;
    struct str path = arena_printf(&t->arena, "%s/expected.json", dir);
    int rc = fs_read(path.ptr, &text, err);

    if (rc == 0)
        rc = json_parse(&t->arena, arena_copy(&t->arena, buf_view(&text)), &root, err);
    buf_free(&text);
    if (rc < 0)
        return rc;
    const struct value *list = value_get_c(root, "findings");

    if (!list || list->kind != VALUE_LIST)
        return err_set(err, E_PARSE, "%s: expected {\"findings\":[...]}", path.ptr);
    t->findings = arena_array(&t->arena, list->count + 1, sizeof *t->findings);
    for (const struct value *v = value_first(list); rc == 0 && v; v = v->next)
        rc = read_finding(t, v, path.ptr, err);
    return rc;
}

int truth_load(struct truth *t, const char *dir, struct err *err)
{
    *t = (struct truth){ .bucket_count = BUCKETS };
    t->buckets = arena_array(&t->arena, BUCKETS, sizeof *t->buckets);
    int rc = read_records(t, dir, false, err);

    if (rc == 0 && t->event_count == 0)
        rc = err_set(err, E_MISSING, "%s: no records in it", dir);
    if (rc == 0)
        rc = read_labels(t, dir, err);
    if (rc == 0 && fs_is_file(arena_printf(&t->arena, "%s/expected.json", dir).ptr))
        rc = read_expected(t, dir, err);
    return rc;
}

int truth_offer(struct truth *t, const char *dir, struct err *err)
{
    return read_records(t, dir, true, err);
}

void truth_free(struct truth *t)
{
    arena_free(&t->arena);
}
