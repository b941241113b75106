#include "verify/run/builtin.h"

#include <stdio.h>

#include "core/base/embed.h"
#include "core/base/mem.h"
#include "verify/source/visit.h"

static int load_own(struct sigma **out, struct err *err)
{
    struct arena a = { 0 };
    struct str prefix = STR("rules/"), name;
    struct sigma_text *texts;
    size_t count = 0, room = 0;

    while (embed_name(room).ptr)
        room++;
    texts = arena_array(&a, room + 1, sizeof *texts);
    for (size_t i = 0; (name = embed_name(i)).ptr; i++)
        if (str_has_prefix(name, prefix) && str_has_suffix(name, STR(".yml")))
            texts[count++] = (struct sigma_text){ name, embed_find(name) };
    int rc = sigma_load_texts(out, texts, count, err);

    arena_free(&a);
    return rc;
}

int builtin_load(struct sigma **out, struct str rules_dir, struct err *err)
{
    size_t count;
    int rc = rules_dir.len > 0 ? sigma_load(out, &rules_dir, 1, err) : load_own(out, err);

    if (rc < 0)
        return rc;
    const struct sigma_refusal *r = sigma_refusals(*out, &count);

    for (size_t i = 0; i < count; i++)
        (void)fprintf(stderr, "%.*s:%d: rule refused: %.*s: %.*s\n", STR_ARG(r[i].file), r[i].line,
                      STR_ARG(r[i].title), STR_ARG(r[i].why));
    if (sigma_rule_count(*out) > 0)
        return 0;
    sigma_free(*out);
    return err_set(err, E_MISSING, "builtin:sigma: no rule that can be evaluated");
}

/* ---- records past the rules, a matcher for each thread, hits in the order of the files ---- */

/* What was told already: records come twice where two trails take them or a file is delivered
 * again. Only rule and event of hits are kept. */
struct told {
    uint64_t *keys; /* 0: free */
    size_t count, room;
};

struct running {
    const struct sigma *s;
    struct sigma_matcher **matchers;
    struct got_list *got;
    struct told told;
};

struct job {
    struct running *run;
    struct sigma_matcher *matcher;
    struct got_list hits;
    struct err err;
};

/* What the rule is called: by its name, else its file, for those that people write; a rule of one
 * technique may be named so. */
static struct str name_of(const struct sigma_rule *r)
{
    return r->name.len > 0 ? r->name : r->stem;
}

static bool told_before(struct told *t, uint64_t key)
{
    size_t i = key & (t->room - 1);

    while (t->keys[i] != 0 && t->keys[i] != key)
        i = (i + 1) & (t->room - 1);
    if (t->keys[i] == key)
        return true;
    t->keys[i] = key;
    t->count++;
    return false;
}

static void told_grow(struct told *t)
{
    struct told more = { .room = t->room ? t->room * 2 : 1024 };

    more.keys = mem_alloc(more.room * sizeof *more.keys);
    for (size_t i = 0; i < t->room; i++)
        if (t->keys[i] != 0)
            (void)told_before(&more, t->keys[i]); /* each is there once */
    mem_free(t->keys);
    *t = more;
}

/* A hash of 64 bits stands for both: that two of a million differ and meet has odds of 1 in 10^7.
 */
static bool is_news(struct told *t, const struct got *hit)
{
    if (hit->event_count != 1 || hit->event_ids[0].len == 0)
        return true;
    if (t->count * 2 >= t->room)
        told_grow(t);
    uint64_t key = str_hash(hit->event_ids[0]) ^ str_hash(hit->rule) * 0x9e3779b97f4a7c15u;

    return !told_before(t, key ? key : 1);
}

static int keep_hit(void *arg, const struct sigma_hit *hit, struct err *err)
{
    struct got_list *list = arg;
    struct got *g = got_add(list, name_of(hit->rule));

    (void)err;
    g->event_ids = arena_array(&list->arena, hit->event_count, sizeof *g->event_ids);
    for (size_t i = 0; i < hit->event_count; i++)
        g->event_ids[g->event_count++] = arena_copy(&list->arena, hit->event_ids[i]);
    g->first_ms = hit->first_ms;
    g->last_ms = hit->last_ms;
    return 0;
}

static void *begin(void *arg, unsigned thread, const struct source_file *f)
{
    struct running *run = arg;
    struct job *job = mem_alloc(sizeof *job);

    (void)f;
    *job = (struct job){ .run = run, .matcher = run->matchers[thread] };
    return job;
}

static void match(void *arg, const struct scan_record *r)
{
    struct job *job = arg;

    if (job->err.code == 0)
        (void)sigma_match(job->matcher, r, keep_hit, &job->hits, &job->err); /* told by merge */
}

static int merge(void *arg, void *done, struct err *err)
{
    struct running *run = arg;
    struct job *job = done;
    int rc = job->err.code < 0 ? err_set(err, job->err.code, "%s", job->err.text) : 0;

    for (size_t i = 0; i < job->hits.count; i++) {
        const struct got *hit = &job->hits.items[i];

        if (!is_news(&run->told, hit))
            continue;
        struct got *g = got_add(run->got, hit->rule);
        struct str rule = g->rule;

        *g = *hit;
        g->rule = rule;
        g->event_ids = arena_array(&run->got->arena, hit->event_count, sizeof *g->event_ids);
        for (size_t k = 0; k < hit->event_count; k++)
            g->event_ids[k] = arena_copy(&run->got->arena, hit->event_ids[k]);
    }
    got_free(&job->hits);
    mem_free(job);
    return rc;
}

int builtin_run(const struct sigma *s, struct str tree, struct got_list *got, struct err *err)
{
    static const struct visitor visitor = { .begin = begin, .record = match, .merge = merge };
    unsigned jobs = visit_jobs(0);
    struct sigma_matcher **matchers = mem_alloc(jobs * sizeof(struct sigma_matcher *));
    struct running run = { .s = s, .matchers = matchers, .got = got };
    struct source *source;
    int rc = source_open(&source, &(struct source_options){ .region = STR("") }, &tree, 1, err);

    for (unsigned i = 0; i < jobs; i++)
        matchers[i] = sigma_matcher_new(s);
    if (rc == 0) {
        rc = visit_records(source, &visitor, &run, jobs, err);
        source_close(source);
    }
    if (rc == 0)
        rc = sigma_correlate(s, matchers, jobs, keep_hit, got, err);
    for (unsigned i = 0; i < jobs; i++)
        sigma_matcher_free(matchers[i]);
    mem_free(matchers);
    mem_free(run.told.keys);
    return rc;
}
