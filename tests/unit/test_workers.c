#include "check.h"

#include <pthread.h>
#include <stdatomic.h>

#include "emulator/http/workers.h"

#define MOST 4

/* Work that waits until the test lets it go. */
struct gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int running, done;
    bool is_open;
};

static void wait_at(void *arg)
{
    struct gate *g = arg;

    (void)pthread_mutex_lock(&g->lock);
    g->running++;
    (void)pthread_cond_broadcast(&g->changed);
    while (!g->is_open)
        (void)pthread_cond_wait(&g->changed, &g->lock);
    g->running--;
    g->done++;
    (void)pthread_mutex_unlock(&g->lock);
}

static void gate_init(struct gate *g)
{
    *g = (struct gate){ 0 };
    (void)pthread_mutex_init(&g->lock, NULL);
    (void)pthread_cond_init(&g->changed, NULL);
}

static void gate_open(struct gate *g)
{
    (void)pthread_mutex_lock(&g->lock);
    g->is_open = true;
    (void)pthread_cond_broadcast(&g->changed);
    (void)pthread_mutex_unlock(&g->lock);
}

static void all_run_at_once_and_one_more_is_refused(void **state)
{
    struct workers *w = workers_open(MOST);
    struct work work[MOST];
    struct gate g;

    (void)state; /* one test, no rows */
    gate_init(&g);
    for (int i = 0; i < MOST; i++) {
        work[i] = (struct work){ .run = wait_at, .arg = &g };
        assert_true(workers_reserve(w));
        workers_put(w, &work[i]);
    }
    assert_false(workers_reserve(w));
    (void)pthread_mutex_lock(&g.lock);
    while (g.running < MOST) /* none waits for another: else this never ends */
        (void)pthread_cond_wait(&g.changed, &g.lock);
    (void)pthread_mutex_unlock(&g.lock);
    gate_open(&g);
    workers_close(w);
    assert_int_equal(g.done, MOST);
}

static void a_thread_is_used_again(void **state)
{
    struct workers *w = workers_open(1);
    struct gate g;

    (void)state; /* one test, no rows */
    gate_init(&g);
    gate_open(&g);
    for (int i = 0; i < 50; i++) {
        struct work item = { .run = wait_at, .arg = &g };

        while (!workers_reserve(w)) /* the last one is on its way out */
            continue;
        workers_put(w, &item);
        (void)pthread_mutex_lock(&g.lock);
        while (g.done <= i) {
            (void)pthread_mutex_unlock(&g.lock);
            (void)pthread_mutex_lock(&g.lock);
        }
        (void)pthread_mutex_unlock(&g.lock);
    }
    workers_close(w);
    assert_int_equal(g.done, 50);
}

static void closing_runs_what_was_put(void **state)
{
    struct workers *w = workers_open(2);
    struct work item;
    struct gate g;

    (void)state; /* one test, no rows */
    gate_init(&g);
    gate_open(&g);
    item = (struct work){ .run = wait_at, .arg = &g };
    assert_true(workers_reserve(w));
    workers_put(w, &item);
    workers_close(w);
    assert_int_equal(g.done, 1);
    workers_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_run_at_once_and_one_more_is_refused),
        cmocka_unit_test(a_thread_is_used_again),
        cmocka_unit_test(closing_runs_what_was_put),
    };

    return cmocka_run_group_tests_name("workers", tests, NULL, NULL);
}
