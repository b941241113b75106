#include "verify/replay/faults.h"

#include <stdio.h>

#include "core/base/clock.h"

enum fault_argument { NONE, SHARE, COUNT_OF, SPAN };

/* One fault at work. */
struct work {
    struct plan *p;
    struct rng rng;
    const struct fault *f;
    const char *keys_dir;
    struct err *err;
};
typedef int fault_fn(struct work *w);

struct fault_row {
    fault_fn *run;
    const char *name;
    enum fault_argument argument;
    const char *fallback;
    unsigned targets;
    const char *help;
};

#define FAULT(run, name, argument, fallback, targets, help) static fault_fn run;
#include "verify/replay/faults.def"
#undef FAULT

static const struct fault_row rows[] = {
#define FAULT(run, name, argument, fallback, targets, help)                                        \
    { run, name, argument, fallback, targets, help },
#include "verify/replay/faults.def"
#undef FAULT
};

static const char *const argument_words[] = {
    [NONE] = "nothing behind it",
    [SHARE] = "a share from 0 to 1",
    [COUNT_OF] = "a number from 1",
    [SPAN] = "a time such as 30s, 15m or 1h",
};

void faults_help(void)
{
    for (size_t i = 0; i < COUNT(rows); i++)
        (void)printf("  %-18s %-6s %s\n", rows[i].name, rows[i].fallback, rows[i].help);
}

static bool argument_parse(struct fault *f, struct str text)
{
    int64_t n;

    switch (f->row->argument) {
    case NONE:
        return text.len == 0;
    case SHARE:
        return str_to_f64(text, &f->share) && f->share >= 0 && f->share <= 1;
    case COUNT_OF:
        if (!str_to_i64(text, &n) || n < 1)
            return false;
        f->count = (uint64_t)n;
        return true;
    case SPAN:
        return clock_parse_duration(text, &f->span_ms, NULL) == 0 && f->span_ms > 0;
    }
    return false;
}

int fault_parse(struct arena *a, struct str text, struct fault **out, struct err *err)
{
    struct fault *f = arena_alloc(a, sizeof *f);
    struct str name, argument;
    bool has_argument = str_cut(text, '=', &name, &argument);

    for (size_t i = 0; i < COUNT(rows) && !f->row; i++)
        if (str_eq_c(name, rows[i].name))
            f->row = &rows[i];
    if (!f->row)
        return err_set(err, E_PARSE, "no fault '%.*s' (--list-faults prints them)", STR_ARG(name));
    if (!argument_parse(f, has_argument ? argument : str_c(f->row->fallback)))
        return err_set(err, E_PARSE, "fault %s: expected %s, not '%.*s'", f->row->name,
                       argument_words[f->row->argument], STR_ARG(argument));
    *out = f;
    return 0;
}

/* ---- choosing ---- */

typedef bool eligible_fn(const struct delivery *d);

struct chosen {
    size_t *items;
    size_t count;
};

/* As many of the eligible deliveries as are wanted, by chance, in the order of the plan. */
static struct chosen choose(struct work *w, eligible_fn *eligible, size_t wanted)
{
    struct plan *p = w->p;
    struct chosen c = { arena_array(&p->arena, p->count + 1, sizeof(size_t)), 0 };
    size_t left = 0;

    for (size_t i = 0; i < p->count; i++)
        left += eligible(&p->items[i]);
    for (size_t i = 0; i < p->count && wanted > 0; i++) {
        if (!eligible(&p->items[i]))
            continue;
        if (rng_below(&w->rng, left--) < wanted) {
            c.items[c.count++] = i;
            wanted--;
        }
    }
    return c;
}

/* A share of the log files, but one at least. */
static struct chosen choose_share(struct work *w, double share)
{
    size_t all = 0;

    for (size_t i = 0; i < w->p->count; i++)
        all += delivery_is_log(&w->p->items[i]);
    size_t wanted = (size_t)(share * (double)all + 0.5);

    return choose(w, delivery_is_log, wanted == 0 && share > 0 ? 1 : wanted);
}

static void tell(struct work *w, const struct delivery *d)
{
    plan_tell(w->p, w->f->row->name, d);
}

/* The same slot, another unique part. */
static struct str other_key(struct work *w, const struct delivery *d)
{
    struct arena *a = &w->p->arena;
    struct trail_key k;
    struct str key;

    if (trail_key_parse(d->key, &k, NULL) < 0)
        return arena_printf(a, "%.*s.again", STR_ARG(d->key));
    k.unique = rng_chars(&w->rng, a,
                         STR("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"), 16);
    return trail_key_write(a, &k, &key, NULL) < 0 ? d->key : key;
}

/* ---- what they do ---- */

static int do_late(struct work *w)
{
    struct chosen c = choose_share(w, 0.1);

    for (size_t i = 0; i < c.count; i++) {
        w->p->items[c.items[i]].at_ms += w->f->span_ms;
        tell(w, &w->p->items[c.items[i]]);
    }
    return 0;
}

static int do_duplicate(struct work *w)
{
    struct chosen c = choose_share(w, w->f->share);

    for (size_t i = 0; i < c.count; i++) {
        struct delivery again = w->p->items[c.items[i]];

        again.key = other_key(w, &again);
        tell(w, plan_add(w->p, &again));
    }
    return 0;
}

static int do_reorder(struct work *w)
{
    for (size_t i = 0; i < w->p->count; i++) {
        struct delivery *d = &w->p->items[i];

        d->at_ms -= d->at_ms % w->f->span_ms;
        d->order = rng_u64(&w->rng) >> 1;
        tell(w, d);
    }
    return 0;
}

static int do_split(struct work *w)
{
    struct chosen c = choose_share(w, w->f->share);

    for (size_t i = 0; i < c.count; i++) {
        struct delivery second = w->p->items[c.items[i]];

        w->p->items[c.items[i]].changes |= CHANGE_FIRST_HALF;
        second.changes |= CHANGE_SECOND_HALF;
        second.key = other_key(w, &second);
        tell(w, plan_add(w->p, &second));
    }
    return 0;
}

static int change(struct work *w, struct chosen c, enum change change)
{
    for (size_t i = 0; i < c.count; i++) {
        w->p->items[c.items[i]].changes |= change;
        tell(w, &w->p->items[c.items[i]]);
    }
    return 0;
}

static int do_swap(struct work *w)
{
    return change(w, choose_share(w, w->f->share), CHANGE_SWAP);
}

static int do_oversize(struct work *w)
{
    return change(w, choose(w, delivery_is_log, w->f->count), CHANGE_OVERSIZE);
}

static int do_tamper_log(struct work *w)
{
    return change(w, choose(w, delivery_is_log, w->f->count), CHANGE_TAMPER);
}

static int do_truncate(struct work *w)
{
    return change(w, choose(w, delivery_is_log, w->f->count), CHANGE_TRUNCATE);
}

static int do_tamper_digest(struct work *w)
{
    return change(w, choose(w, delivery_is_digest, w->f->count), CHANGE_TAMPER);
}

static int drop(struct work *w, struct chosen c)
{
    struct plan *p = w->p;
    size_t kept = 0, next = 0;

    for (size_t i = 0; i < p->count; i++) {
        if (next == c.count || c.items[next] != i) {
            p->items[kept++] = p->items[i];
            continue;
        }
        tell(w, &p->items[i]);
        next++;
    }
    p->count = kept;
    return 0;
}

static int do_drop_log(struct work *w)
{
    return drop(w, choose(w, delivery_is_log, w->f->count));
}

static int do_drop_digest(struct work *w)
{
    return drop(w, choose(w, delivery_is_digest, w->f->count));
}

/* Under its own name; a digest may know it. */
static bool is_original(const struct delivery *d)
{
    return delivery_is_log(d) && str_eq(d->key, d->file->key);
}

static void shuffle(struct rng *rng, struct chosen *c)
{
    for (size_t i = c->count; i > 1; i--) {
        size_t k = (size_t)rng_below(rng, i), kept = c->items[i - 1];

        c->items[i - 1] = c->items[k];
        c->items[k] = kept;
    }
}

/* Not every log stands in a digest: the last ones may have none yet. */
static int do_backfill(struct work *w)
{
    struct chosen c = choose(w, is_original, w->p->count);
    uint64_t done = 0;

    shuffle(&w->rng, &c);
    for (size_t i = 0; i < c.count && done < w->f->count; i++) {
        struct err why = { 0 };
        int rc = chain_backfill(w->p, &w->p->items[c.items[i]], w->keys_dir, &why);

        if (rc == E_MISSING)
            continue;
        if (rc < 0)
            return err_set(w->err, rc, "%s", why.text);
        tell(w, &w->p->items[c.items[i]]);
        done++;
    }
    return 0;
}

static int do_rotate(struct work *w)
{
    return chain_rotate(w->p, &w->rng, w->keys_dir, w->err);
}

/* What arrives in a queue when it is connected. */
static int do_test_event(struct work *w)
{
    static const char *const messages[] = {
        "{\"Service\":\"Amazon S3\",\"Event\":\"s3:TestEvent\"}",
        "CloudTrail validation message.",
    };
    int64_t first_ms = w->p->count > 0 ? w->p->items[0].at_ms : 0;

    for (size_t i = 0; i < COUNT(messages); i++) {
        struct delivery d = { .at_ms = first_ms - 1, .order = i, .message = str_c(messages[i]) };

        tell(w, plan_add(w->p, &d));
    }
    return 0;
}

static int do_several(struct work *w)
{
    struct delivery *last = NULL;
    size_t n = 0;

    for (size_t i = 0; i < w->p->count; i++) {
        if (!delivery_is_log(&w->p->items[i]))
            continue;
        last = &w->p->items[i];
        last->notice_waits = ++n % w->f->count != 0;
        tell(w, last);
    }
    if (last)
        last->notice_waits = false;
    return 0;
}

static int do_notice_first(struct work *w)
{
    size_t count = w->p->count;

    for (size_t i = 0; i < count; i++) {
        struct delivery notice = w->p->items[i];

        if (!delivery_is_log(&notice))
            continue;
        notice.at_ms -= w->f->span_ms;
        notice.notice_only = true;
        w->p->items[i].object_only = true;
        tell(w, plan_add(w->p, &notice));
    }
    return 0;
}

static int do_expire(struct work *w)
{
    w->p->expired_receipts += w->f->count;
    buf_printf(&w->p->told, "{\"fault\":\"expired-receipt\",\"count\":%llu}\n",
               (unsigned long long)w->f->count);
    return 0;
}

static int check_targets(const struct fault *f, unsigned targets, struct err *err)
{
    bool both = (targets & TO_QUEUE) && (targets & TO_FILES);

    if (f->row->targets == TO_QUEUE_AND_FILES ? both : (f->row->targets & targets) != 0)
        return 0;
    return err_set(err, E_PARSE, "fault %s: no target that is given would show it", f->row->name);
}

bool fault_shows(struct str text, unsigned targets)
{
    struct str name, argument;

    (void)str_cut(text, '=', &name, &argument); /* none: the whole text */
    for (size_t i = 0; i < COUNT(rows); i++)
        if (str_eq_c(name, rows[i].name))
            return (rows[i].targets & targets) != 0;
    return true; /* fault_parse refuses it */
}

int faults_apply(struct plan *p, const struct fault *first, unsigned targets, const char *keys_dir,
                 struct err *err)
{
    for (const struct fault *f = first; f; f = f->next) {
        struct work w = { .p = p, .f = f, .keys_dir = keys_dir, .err = err };
        size_t told = p->told.len;
        int rc = check_targets(f, targets, err);

        rng_init(&w.rng, p->seed, (uint64_t)(f->row - rows) + 1);
        if (rc == 0)
            rc = f->row->run(&w);
        if (rc < 0)
            return rc;
        if (p->told.len == told)
            return err_set(err, E_PARSE, "fault %s: finds no file to work on", f->row->name);
        plan_sort(p);
    }
    return 0;
}
