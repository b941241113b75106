#include "generator/dataset/crew.h"
#include "tests/unit/check.h"

/* What a run took along is written down by its number. */
struct numbered {
    struct crew_job job; /* first */
    struct crew *crew;
    int number, took, runs;
};

static int run_alone(struct crew_job *job, unsigned worker, struct err *err)
{
    (void)worker;
    (void)err;
    ((struct numbered *)job)->runs++;
    return 0;
}

static int run_with_another(struct crew_job *job, unsigned worker, struct err *err)
{
    struct numbered *n = (struct numbered *)job;
    struct numbered *other = (struct numbered *)crew_take_another(n->crew, job);

    (void)worker;
    (void)err;
    n->runs++;
    n->took = other ? other->number : -1;
    if (other)
        other->runs++;
    return 0;
}

static void push(struct crew *c, struct numbered *n, int number, size_t weight)
{
    *n = (struct numbered){ .job = { .run = run_with_another, .weight = weight },
                            .crew = c,
                            .number = number };
    crew_push(c, &n->job);
}

static void the_one_most_alike_is_taken(void **state)
{
    struct crew *c;
    struct numbered n[4];
    struct numbered other = { .job = { .run = run_alone, .weight = 100 } };

    (void)state;
    assert_int_equal(crew_open(&c, 1, NULL), 0);
    push(c, &n[0], 0, 100);
    push(c, &n[1], 1, 10);
    crew_push(c, &other.job);
    push(c, &n[2], 2, 90);
    assert_int_equal(crew_help(c, NULL), 0); /* takes the last one of the queue */
    push(c, &n[3], 3, 1);                    /* behind what is the last one now */
    assert_int_equal(crew_finish(c, NULL), 0);
    assert_int_equal(n[0].took, 2);
    assert_int_equal(n[1].took, 3);
    for (int i = 0; i < 4; i++)
        assert_int_equal(n[i].runs, 1);
    assert_int_equal(other.runs, 1);
    crew_close(c);
}

static void jobs_of_another_kind_are_left(void **state)
{
    struct crew *c;
    struct numbered n, other = { .job = { .run = run_alone } };

    (void)state;
    assert_int_equal(crew_open(&c, 1, NULL), 0);
    push(c, &n, 0, 1);
    crew_push(c, &other.job);
    assert_int_equal(crew_finish(c, NULL), 0);
    assert_int_equal(n.took, -1);
    assert_int_equal(other.runs, 1);
    crew_close(c);
}

int main(void)
{
    struct check_suite s = { 0 };

    check_add(&s, "the one most alike is taken", the_one_most_alike_is_taken);
    check_add(&s, "jobs of another kind are left", jobs_of_another_kind_are_left);
    return check_run(&s, "crew");
}
