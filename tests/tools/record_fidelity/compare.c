#include "tests/tools/record_fidelity/compare.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/codec/json.h"

struct walk {
    struct comparison *c;
    struct score *score;
    struct arena *a;
};

static struct str text_of(struct arena *a, const struct value *v)
{
    struct buf text = { 0 };

    if (v)
        json_write(&text, v);
    else
        buf_add(&text, STR("(absent)"));
    struct str copy = arena_copy(a, str_sub(buf_view(&text), 0, 100));
    buf_free(&text);
    return copy;
}

static void count(const struct walk *w, struct str path, const char *kind, const struct value *want,
                  const struct value *got)
{
    struct arena_mark mark = arena_mark(w->a);
    struct str key =
        arena_printf(w->a, "%.*s\t%.*s\t%s", STR_ARG(w->score->event), STR_ARG(path), kind);
    struct tally **at = &w->c->tallies[str_hash(key) % COUNT(w->c->tallies)];

    while (*at && !str_eq((*at)->key, key))
        at = &(*at)->next;
    if (!*at) {
        struct arena *keep = &w->c->arena;

        *at = arena_alloc(keep, sizeof **at);
        (*at)->key = arena_copy(keep, key);
        (*at)->example = arena_printf(keep, "want %.*s got %.*s", STR_ARG(text_of(w->a, want)),
                                      STR_ARG(text_of(w->a, got)));
    }
    (*at)->count++;
    arena_rewind(w->a, mark);
}

static size_t leaves_of(const struct value *v)
{
    size_t n = 0;

    if (v->kind < VALUE_LIST || v->count == 0)
        return 1;
    for (const struct value *kid = value_first(v); kid; kid = kid->next)
        n += leaves_of(kid);
    return n;
}

static void compare(const struct walk *w, struct str path, const struct value *want,
                    const struct value *got);

static void compare_maps(const struct walk *w, struct str path, const struct value *want,
                         const struct value *got)
{
    for (const struct value *kid = value_first(want); kid; kid = kid->next)
        compare(w, arena_printf(w->a, "%.*s.%.*s", STR_ARG(path), STR_ARG(kid->name)), kid,
                value_get(got, kid->name));
    for (const struct value *kid = value_first(got); kid; kid = kid->next)
        if (!value_get(want, kid->name)) {
            w->score->leaves += leaves_of(kid);
            count(w, arena_printf(w->a, "%.*s.%.*s", STR_ARG(path), STR_ARG(kid->name)), "extra",
                  NULL, kid);
        }
}

static void compare(const struct walk *w, struct str path, const struct value *want,
                    const struct value *got)
{
    if (!got || got->kind != want->kind) {
        w->score->leaves += leaves_of(want);
        count(w, path, got ? "kind" : "missing", want, got);
    } else if (want->kind == VALUE_MAP && want->count && got->count) {
        compare_maps(w, path, want, got);
    } else if (want->kind == VALUE_LIST && want->count == got->count && want->count) {
        const struct value *other = value_first(got);
        struct str inner = arena_printf(w->a, "%.*s[]", STR_ARG(path));

        for (const struct value *kid = value_first(want); kid; kid = kid->next) {
            compare(w, inner, kid, other);
            other = other->next;
        }
    } else {
        bool same = value_equal(want, got);

        w->score->leaves += leaves_of(want);
        w->score->right += same ? leaves_of(want) : 0;
        if (!same)
            count(w, path, "value", want, got);
    }
}

static struct score *score_of(struct comparison *c, struct str event)
{
    struct score **at = &c->scores[str_hash(event) % COUNT(c->scores)];

    while (*at && !str_eq((*at)->event, event))
        at = &(*at)->next;
    if (!*at) {
        *at = arena_alloc(&c->arena, sizeof **at);
        (*at)->event = arena_copy(&c->arena, event);
    }
    return *at;
}

void compare_records(struct comparison *c, struct str event, const struct value *want,
                     const struct value *got)
{
    struct arena a = { 0 };
    const struct walk w = { c, score_of(c, event), &a };

    w.score->records++;
    compare_maps(&w, (struct str){ 0 }, want, got);
    arena_free(&a);
}

static int by_count(const void *a, const void *b)
{
    const struct tally *x = *(struct tally *const *)a, *y = *(struct tally *const *)b;

    return x->count != y->count ? (x->count < y->count ? 1 : -1) : str_cmp(x->key, y->key);
}

static void print_tallies(const struct comparison *c, size_t limit)
{
    size_t n = 0;
    struct tally **all;

    for (size_t i = 0; i < COUNT(c->tallies); i++)
        for (const struct tally *t = c->tallies[i]; t; t = t->next)
            n++;
    all = calloc(n ? n : 1, sizeof *all);
    n = 0;
    for (size_t i = 0; i < COUNT(c->tallies); i++)
        for (struct tally *t = c->tallies[i]; t; t = t->next)
            all[n++] = t;
    qsort(all, n, sizeof *all, by_count);
    for (size_t i = 0; i < n && i < limit; i++)
        printf("%6zu\t%.*s\t%.*s\n", all[i]->count, STR_ARG(all[i]->key), STR_ARG(all[i]->example));
    free(all);
}

void compare_print(const struct comparison *c, size_t limit)
{
    size_t events = 0, whole = 0, leaves = 0, right = 0;
    double sum = 0;

    for (size_t i = 0; i < COUNT(c->scores); i++)
        for (const struct score *s = c->scores[i]; s; s = s->next) {
            double part = s->leaves ? (double)s->right / (double)s->leaves : 1;

            events++;
            whole += s->right == s->leaves;
            sum += part;
            leaves += s->leaves;
            right += s->right;
        }
    print_tallies(c, limit);
    printf("%zu events, %.2f %% of their leaves on average, %zu without a difference; "
           "%zu of %zu leaves (%.2f %%)\n",
           events, events ? 100 * sum / (double)events : 0, whole, right, leaves,
           leaves ? 100 * (double)right / (double)leaves : 0);
}
