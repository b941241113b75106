#include "emulator/trail/digest_files.h"

#include <pthread.h>
#include <unistd.h>

#include "core/aws/sigv4.h"
#include "core/codec/gzip.h"

#define GZIP_LEVEL   6
#define THREADS_MOST 8
#define CHAINS_EACH  4 /* for fewer a thread is not worth its start */

struct job {
    struct trail *t;
    int root;
    struct chain *next; /* under lock */
    pthread_mutex_t lock;
};

/* One thread's share; its arena is joined to the caller's by copies. */
struct worker {
    struct job *job;
    struct arena a;
    pthread_t thread;
    bool has_thread;
    int rc;
    struct err err;
};

static struct value *signature_meta(struct worker *w, struct str signature_hex)
{
    struct value *user = value_map(&w->a);

    value_put_str(&w->a, user, "signature", signature_hex);
    value_put_c(&w->a, user, "signature-algorithm", "SHA256withRSA");
    return trail_object_meta(w->job->t, &w->a, user);
}

static int stage(struct worker *w, struct chain *chain, struct str json)
{
    struct buf gzip = { 0 };
    int rc = gzip_write(&gzip, json, GZIP_LEVEL, &w->err);

    if (rc == 0) {
        struct whole whole = { chain->digest.bucket, chain->digest.key, buf_view(&gzip),
                               signature_meta(w, chain->signature_hex) };
        rc = whole_stage(w->job->root, &w->a, &whole, chain->moves, &w->err);
    }
    buf_free(&gzip);
    return rc;
}

static int chain_make(struct worker *w, struct chain *chain)
{
    struct buf json = { 0 };

    digest_write(&json, &chain->digest);
    sha256_hex(buf_view(&json), chain->hash_hex);
    int rc = digest_sign(chain->key,
                         digest_string_to_sign(&w->a, &chain->digest, str_c(chain->hash_hex)),
                         &w->a, &chain->signature_hex, &w->err);
    if (rc == 0)
        rc = stage(w, chain, buf_view(&json));
    buf_free(&json);
    return rc;
}

static struct chain *chain_take(struct job *job)
{
    (void)pthread_mutex_lock(&job->lock);
    struct chain *chain = job->next;
    if (chain)
        job->next = chain->next;
    (void)pthread_mutex_unlock(&job->lock);
    return chain;
}

static void *work(void *arg)
{
    struct worker *w = arg;

    for (struct chain *c; w->rc == 0 && (c = chain_take(w->job));)
        w->rc = chain_make(w, c);
    return NULL;
}

static size_t threads_for(const struct chain *chains)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t count = 0, most = cores > 1 ? (size_t)cores : 1;

    for (; chains; chains = chains->next)
        count++;
    count /= CHAINS_EACH;
    if (most > THREADS_MOST)
        most = THREADS_MOST;
    if (count > most)
        count = most;
    return count > 0 ? count : 1;
}

static void keep_results(struct chain *chains, struct arena *a)
{
    for (struct chain *c = chains; c; c = c->next) {
        c->signature_hex = arena_copy(a, c->signature_hex);
        for (size_t i = 0; i < WHOLE_MOVES; i++)
            c->moves[i] = (struct object_move){ arena_copy(a, c->moves[i].from),
                                                arena_copy(a, c->moves[i].to) };
    }
}

/* The caller works, too: a thread that does not start is not missed. */
static int work_together(struct job *job, struct chain *chains, struct arena *a, struct err *err)
{
    struct worker workers[THREADS_MOST] = { 0 };
    size_t count = threads_for(chains);
    int rc = 0;

    for (size_t i = 0; i < count; i++)
        workers[i].job = job;
    for (size_t i = 1; i < count; i++)
        workers[i].has_thread = pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0;
    (void)work(&workers[0]);
    for (size_t i = 0; i < count; i++) {
        if (workers[i].has_thread)
            (void)pthread_join(workers[i].thread, NULL);
        if (workers[i].rc < 0 && rc == 0)
            rc = err_set(err, workers[i].rc, "%s", workers[i].err.text);
    }
    if (rc == 0)
        keep_results(chains, a);
    for (size_t i = 0; i < count; i++)
        arena_free(&workers[i].a);
    return rc;
}

int digest_files_make(struct trail *t, struct chain *chains, struct arena *a, struct err *err)
{
    struct job job = { .t = t, .root = -1, .next = chains };
    struct err why = { 0 };
    int rc = object_root(t->e->opt.data_dir, &job.root, err);

    if (rc < 0)
        return rc;
    (void)pthread_mutex_init(&job.lock, NULL);
    rc = work_together(&job, chains, a, &why);
    if (rc == 0 && t->e->opt.durability == DURABILITY_DISK)
        rc = whole_sync(job.root, &why);
    (void)pthread_mutex_destroy(&job.lock);
    (void)close(job.root);
    if (rc < 0 && rc != E_MISSING) /* which is for the trail's status */
        (void)err_set(err, rc, "%s", why.text);
    return rc;
}

static size_t moves_of(struct arena *a, const struct doc *docs, size_t count,
                       struct object_move **out)
{
    size_t total = 0, n = 0;

    for (size_t i = 0; i < count; i++) {
        const struct value *list = value_get_c(docs[i].value, "Moves");
        total += list ? list->count / 2 : 0;
    }
    *out = arena_array(a, total, sizeof **out);
    for (size_t i = 0; i < count; i++)
        for (const struct value *v = value_first(value_get_c(docs[i].value, "Moves")); v && v->next;
             v = v->next->next)
            (*out)[n++] = (struct object_move){ v->u.text, v->next->u.text };
    return n;
}

int digest_files_place(struct trail *t, struct arena *a, const struct doc *docs, size_t count,
                       struct err *err)
{
    struct object_move *moves;
    size_t move_count = moves_of(a, docs, count, &moves);
    int root = -1, rc = object_root(t->e->opt.data_dir, &root, err);

    if (rc < 0)
        return rc;
    rc = whole_place(root, moves, move_count, err);
    (void)close(root);
    return rc;
}
