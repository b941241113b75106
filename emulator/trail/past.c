#include "emulator/trail/past.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "core/base/fs.h"
#include "core/base/limits.h"
#include "core/base/mem.h"
#include "core/codec/gzip.h"
#include "core/codec/json.h"
#include "core/trail/reader.h"
#include "emulator/record/read_back.h"
#include "emulator/store/history.h"
#include "emulator/store/objects.h"
#include "emulator/trail/config.h"
#include "emulator/trail/insight_kinds.h"

#define LIFE_MS     (90 * 24 * 3600 * 1000ll)
#define BATCH       256
#define PIECE_BYTES (1u << 20)

struct past {
    struct engine *e;
    struct arena a, batch_arena;
    struct read_back *rb;
    int64_t from_ms;
    char from_day[16]; /* YYYY/MM/DD: older folders are passed by */
    uint64_t seq;
    struct history_row rows[BATCH];
    size_t count;
    struct buf gzip, text;
    struct str *seen; /* folders that were read */
    size_t seen_count;
    /* Of eventIDs, where several trails deliver the same account: open addressing, 0 is free. */
    uint64_t *ids;
    size_t id_count, id_cap;
    bool is_shared;
};

static int flush(struct past *p, struct err *err)
{
    int rc = history_add(p->e->store, p->rows, p->count, err);

    p->count = 0;
    arena_reset(&p->batch_arena);
    return rc;
}

static bool put_id(uint64_t *ids, size_t cap, uint64_t id)
{
    size_t i = id % cap;

    while (ids[i] != 0 && ids[i] != id)
        i = (i + 1) % cap;
    bool is_new = ids[i] == 0;
    ids[i] = id;
    return is_new;
}

static bool is_new_id(struct past *p, struct str event_id)
{
    uint64_t id = str_hash(event_id) | 1;

    if (2 * p->id_count >= p->id_cap) {
        size_t cap = p->id_cap ? 2 * p->id_cap : 4096;
        uint64_t *ids = mem_alloc(cap * sizeof *ids);

        for (size_t i = 0; i < p->id_cap; i++)
            if (p->ids[i])
                (void)put_id(ids, cap, p->ids[i]);
        mem_free(p->ids);
        p->ids = ids;
        p->id_cap = cap;
    }
    bool is_new = put_id(p->ids, p->id_cap, id);
    p->id_count += is_new;
    return is_new;
}

static int add_record(struct past *p, struct str text, struct err *err)
{
    struct str record = arena_copy(&p->batch_arena, text);
    struct record_facts f;
    struct value *v;
    int rc = json_parse(&p->batch_arena, record, &v, err);

    if (rc < 0)
        return rc;
    read_back_facts(p->rb, &p->batch_arena, v, &f);
    bool is_insight = f.category == EVENT_INSIGHT;
    if ((f.category != EVENT_MANAGEMENT && !is_insight) || f.time_ms < p->from_ms ||
        (p->is_shared && !is_new_id(p, f.event_id)))
        return 0;
    p->rows[p->count++] =
        (struct history_row){ .seq = ++p->seq,
                              .time_ms = f.time_ms,
                              .account = f.account,
                              .region = f.region,
                              .event_id = f.event_id,
                              .event_name = f.event_name,
                              .event_source = f.event_source,
                              .user_name = f.user_name,
                              .access_key_id = f.access_key_id,
                              .read_only = f.read_only,
                              .is_insight = is_insight,
                              .insight_source =
                                  is_insight ? insight_source(record) : (struct str){ 0 },
                              .resources = f.resources,
                              .record = record };
    return p->count == BATCH ? flush(p, err) : 0;
}

/* A file that can't be read any more says nothing: a damaged log never stops the emulator. */
static int read_log(struct past *p, const char *path, struct err *err)
{
    struct record_iter it;
    struct str record;
    int rc = 0;

    buf_clear(&p->gzip);
    buf_clear(&p->text);
    if (fs_read(path, &p->gzip, NULL) < 0 ||
        gzip_read(buf_view(&p->gzip), LIMIT_INFLATE_BYTES, &p->text, NULL, NULL) < 0)
        return 0;
    it = record_iter_start(buf_view(&p->text));
    while (rc == 0 && record_iter_next(&it, &record))
        if ((rc = add_record(p, record, err)) == E_PARSE)
            rc = 0;
    return rc;
}

/* Below .../CloudTrail/ or .../CloudTrail-Insight/: REGION/YYYY/MM/DD/FILE; day: what of the date
 * is behind us. */
static int read_folder(struct past *p, const char *path, int depth, struct str day, struct err *err)
{
    struct arena a = { 0 };
    struct fs_entry *entries;
    size_t count = 0;
    int rc = fs_list(&a, path, &entries, &count, NULL);

    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct str name = entries[i].name;
        const char *below = arena_printf(&a, "%s/%.*s", path, STR_ARG(name)).ptr;
        struct str date = depth == 0 ? STR("")
                                     : arena_printf(&a, "%.*s%s%.*s", STR_ARG(day),
                                                    day.len ? "/" : "", STR_ARG(name));

        if (entries[i].is_dir && depth < 4) {
            if (str_cmp(date, str_sub(str_c(p->from_day), 0, date.len)) >= 0)
                rc = read_folder(p, below, depth + 1, date, err);
        } else if (!entries[i].is_dir && depth == 4) {
            rc = read_log(p, below, err);
        }
    }
    arena_free(&a);
    return rc == E_MISSING ? 0 : rc;
}

/* The whole lines of p->text; what is left of it stays. */
static int add_lines(struct past *p, struct err *err)
{
    struct str rest = buf_view(&p->text), line, tail;
    int rc = 0;

    while (rc == 0 && str_cut(rest, '\n', &line, &tail)) {
        if ((rc = add_record(p, line, err)) == E_PARSE)
            rc = 0;
        rest = tail;
    }
    memmove(p->text.ptr, rest.ptr, rest.len);
    p->text.len = rest.len;
    return rc;
}

/* Piece by piece: where no trail was, everything is in here. */
static int read_untaken(struct past *p, struct err *err)
{
    const char *path = arena_printf(&p->a, "%s/" PAST_FILE, p->e->opt.data_dir).ptr;
    int fd = open(path, O_RDONLY | O_CLOEXEC), rc = 0;
    ssize_t len = 1;

    if (fd < 0)
        return 0;
    buf_clear(&p->text);
    while (rc == 0 && len > 0) {
        len = read(fd, buf_reserve(&p->text, PIECE_BYTES), PIECE_BYTES);
        if (len < 0)
            rc = err_sys(err, "read", path);
        p->text.len += len > 0 ? (size_t)len : 0;
        if (rc == 0)
            rc = add_lines(p, err);
    }
    (void)close(fd); /* it was read only */
    return rc;
}

static int read_account(struct past *p, const struct trail_config *t,
                        const struct trail_epoch *from, struct str account, const char *word,
                        struct err *err)
{
    struct str key, path;
    int rc;

    key = arena_printf(&p->a, "%.*s%sAWSLogs/%.*s%s%.*s/%s", STR_ARG(from->prefix),
                       from->prefix.len ? "/" : "", STR_ARG(t->org_id), t->org_id.len ? "/" : "",
                       STR_ARG(account), word);
    if ((rc = object_path(&p->a, from->bucket, key, &path, err)) < 0)
        return rc;
    for (size_t i = 0; i < p->seen_count; i++)
        if (str_eq(p->seen[i], path))
            return 0;
    p->seen[p->seen_count++] = path;
    return read_folder(p, arena_printf(&p->a, "%s/%s", p->e->opt.data_dir, path.ptr).ptr, 0,
                       STR(""), err);
}

static const char *const words[] = { "CloudTrail", "CloudTrail-Insight" };

static int read_words(struct past *p, const struct trail_config *t, const struct trail_epoch *from,
                      struct str account, struct err *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < COUNT(words); i++)
        rc = read_account(p, t, from, account, words[i], err);
    return rc;
}

static size_t places_most(const struct config_set *set)
{
    size_t n = 0;

    for (size_t i = 0; i < set->count; i++)
        n += set->trails[i].epoch_count * set->trails[i].account_count * COUNT(words);
    return n;
}

static int read_trails(struct past *p, const struct config_set *set, struct err *err)
{
    int rc = 0;

    p->seen = arena_array(&p->a, places_most(set), sizeof *p->seen);
    p->is_shared = set->count > 1;
    for (size_t i = 0; i < set->count; i++) {
        const struct trail_config *t = &set->trails[i];

        for (size_t n = 0; n < t->epoch_count; n++)
            for (size_t k = 0; rc == 0 && t->epochs[n].exists && k < t->account_count; k++)
                rc = read_words(p, t, &t->epochs[n], t->accounts[k], err);
    }
    if (rc == 0)
        rc = read_untaken(p, err);
    return rc < 0 ? rc : flush(p, err);
}

static int put_fact(struct engine *e, struct str value, struct err *err)
{
    struct store *s = e->store;

    int rc = store_begin(s, err);
    if (rc < 0)
        return rc;
    rc = store_fact_put(s, PAST_FACT, value, err);
    if (rc == 0)
        rc = store_commit(s, err);
    else
        store_rollback(s);
    return rc;
}

/* The time from which on is kept before the first row: begun again after a crash, the same rows get
 * the same numbers. */
static int settle_from(struct past *p, struct str fact, struct err *err)
{
    char text[32];
    struct clock_parts t;

    if (!str_to_i64(fact, &p->from_ms)) {
        p->from_ms = clock_now_ms(&p->e->clock) - LIFE_MS;
        (void)snprintf(text, sizeof text, "%lld", (long long)p->from_ms);
        int rc = put_fact(p->e, str_c(text), err);
        if (rc < 0)
            return rc;
    }
    t = clock_split(p->from_ms);
    (void)snprintf(p->from_day, sizeof p->from_day, "%04d/%02d/%02d", t.year % 10000, t.month % 100,
                   t.day % 100);
    return 0;
}

static int build(struct past *p, struct str fact, struct err *err)
{
    struct config_set set;
    int rc = settle_from(p, fact, err);

    if (rc < 0)
        return rc;
    rc = config_load(p->e->store, &set, err);
    if (rc < 0)
        return rc;
    p->rb = read_back_new(&p->a, p->e->recorder);
    rc = read_trails(p, &set, err);
    config_free(&set);
    return rc < 0 ? rc : put_fact(p->e, STR(""), err);
}

int past_build(struct engine *e, struct err *err)
{
    struct arena a = { 0 };
    struct str fact = { 0 };
    int rc = store_fact_get(e->store, &a, PAST_FACT, &fact, err);

    if (rc == 0 && fact.len > 0) {
        struct past *p = mem_alloc(sizeof *p);

        p->e = e;
        rc = build(p, fact, err);
        buf_free(&p->gzip);
        buf_free(&p->text);
        arena_free(&p->a);
        arena_free(&p->batch_arena);
        mem_free(p->ids);
        mem_free(p);
    }
    arena_free(&a);
    return rc == E_MISSING ? 0 : rc;
}
