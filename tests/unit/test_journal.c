#include "tests/unit/check.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/fs.h"
#include "core/trail/reader.h"
#include "emulator/trail/journal.h"

static struct record_facts facts_of(struct str id)
{
    return (struct record_facts){
        .event_id = id,
        .event_source = STR("iam.amazonaws.com"),
        .event_name = STR("CreateUser"),
        .account = STR("111122223333"),
        .region = STR("us-east-1"),
        .user_name = STR("alice"),
        .time_ms = 1767323100123,
        .category = EVENT_MANAGEMENT,
    };
}

static struct journal *open_journal(const char *dir, bool power_safe)
{
    struct err err = { 0 };
    struct journal *j;

    check_ok(journal_open(&j, dir, power_safe, &err), &err);
    return j;
}

static uint64_t put(struct journal *j, uint64_t seq, struct str record,
                    const struct effect *effects)
{
    struct err err = { 0 };
    struct record_facts f = facts_of(STR("id"));
    uint64_t position = 0;

    check_ok(journal_put(j, &(struct journal_source){ seq, 0, record, &f, effects, false },
                         &position, &err),
             &err);
    return position;
}

static uint64_t count_entries(struct journal *j, uint64_t from)
{
    struct arena a = { 0 };
    struct journal_entry e;
    uint64_t n = 0;

    while (journal_next(j, &a, &from, &e)) {
        n++;
        arena_reset(&a);
    }
    arena_free(&a);
    return n;
}

static void gives_back_what_was_put(void **state)
{
    struct arena a = { 0 };
    const char *dir = check_dir(&a);
    struct journal *j = open_journal(dir, false);
    struct record_facts f = facts_of(STR("id-1"));
    struct journal_entry e;
    struct err err = { 0 };
    uint64_t position, at = 0;

    (void)state;
    f.read_only = true;
    f.category = EVENT_DATA;
    f.resources = value_list(&a);
    struct value *pair = value_map(&a);
    value_put_c(&a, pair, "ResourceType", "AWS::IAM::User");
    value_put_c(&a, pair, "ResourceName", "bob");
    value_push(f.resources, pair);
    f.data_resources = value_list(&a);
    pair = value_map(&a);
    value_put_c(&a, pair, "type", "AWS::S3::Object");
    value_put_c(&a, pair, "ARN", "arn:aws:s3:::b/k");
    value_push(f.data_resources, pair);
    struct journal_source from = { 7, 1, STR("{\"a\":1}"), &f, NULL, false };
    check_ok(journal_put(j, &from, &position, &err), &err);
    assert_true(journal_next(j, &a, &at, &e));
    assert_true(e.position == position && e.seq == 7 && e.recipient == 1);
    check_str(e.record, "{\"a\":1}");
    check_str(e.facts.event_id, "id-1");
    check_str(e.facts.user_name, "alice");
    check_str(e.facts.access_key_id, "");
    assert_true(e.facts.read_only && e.facts.category == EVENT_DATA);
    assert_true(e.facts.time_ms == f.time_ms);
    check_str(value_get_str(value_at(e.facts.resources, 0), "ResourceName"), "bob");
    check_str(value_get_str(value_at(e.facts.data_resources, 0), "ARN"), "arn:aws:s3:::b/k");
    assert_false(journal_next(j, &a, &at, &e));
    assert_true(journal_end(j) == at && journal_last_seq(j) == 7);
    journal_close(j);
    check_dir_end(dir);
    arena_free(&a);
}

static void packed_equals_put(void **state)
{
    struct arena a = { 0 };
    const char *dir = check_dir(&a);
    struct journal *j = open_journal(dir, false);
    struct record_facts f = facts_of(STR("id-1"));
    struct buf packed = { 0 };
    struct journal_entry e;
    struct err err = { 0 };
    uint64_t position, at = 0;

    (void)state;
    journal_pack(&packed, &(struct journal_source){ 9, 0, STR("{\"p\":1}"), &f, NULL, false });
    check_ok(journal_put_packed(j, buf_view(&packed), &position, &err), &err);
    assert_true(journal_next(j, &a, &at, &e));
    assert_true(e.seq == 9 && e.position == position && journal_last_seq(j) == 9);
    check_str(e.record, "{\"p\":1}");
    check_str(e.facts.event_name, "CreateUser");
    buf_free(&packed);
    journal_close(j);
    check_dir_end(dir);
    arena_free(&a);
}

static void many_segments_survive_a_restart(void **state)
{
    const bool *power_safe = *state;
    struct arena a = { 0 };
    const char *dir = check_dir(&a);
    struct journal *j = open_journal(dir, *power_safe);
    static char text[200000];
    struct err err = { 0 };
    uint64_t middle = 0;

    memset(text, 'x', sizeof text);
    for (uint64_t i = 1; i <= 200; i++) { /* 40 MB: six segments */
        uint64_t p = put(j, i, (struct str){ text, sizeof text }, NULL);
        if (i == 101)
            middle = p;
    }
    assert_int_equal(count_entries(j, 0), 200);
    uint64_t end = journal_end(j);
    journal_close(j);
    j = open_journal(dir, *power_safe);
    assert_true(journal_end(j) == end && journal_last_seq(j) == 200);
    assert_int_equal(count_entries(j, 0), 200);
    assert_int_equal(count_entries(j, middle), 100);
    check_ok(journal_trim(j, middle, &err), &err);
    uint64_t left = count_entries(j, 0);
    assert_true(left >= 100 && left < 150); /* whole segments go */
    check_ok(journal_trim(j, end, &err), &err);
    assert_int_equal(count_entries(j, end), 0);
    journal_close(j);
    j = open_journal(dir, *power_safe);
    assert_true(journal_end(j) == end && journal_last_seq(j) == 200);
    journal_close(j);
    check_dir_end(dir);
    arena_free(&a);
}

static size_t segment_files(struct arena *a, const char *dir)
{
    struct fs_entry *files;
    size_t count, found = 0;
    const char *path = arena_printf(a, "%s/journal", dir).ptr;

    assert_int_equal(fs_list(a, path, &files, &count, NULL), 0);
    for (size_t i = 0; i < count; i++)
        found += str_has_suffix(files[i].name, STR(".seg"));
    return found;
}

/* Segments that were trimmed serve again; what lies in them is no entry, also after a restart. */
static void trimmed_segments_hold_only_what_is_new(void **state)
{
    const bool *power_safe = *state;
    static char text[100000];
    struct arena a = { 0 };
    const char *dir = check_dir(&a);
    struct journal *j = open_journal(dir, *power_safe);
    uint64_t seq = 0, before;

    memset(text, 'x', sizeof text);
    for (int round = 0; round < 4; round++) {
        for (size_t i = 0; i < 200; i++) /* some five segments */
            (void)put(j, ++seq, (struct str){ text, i % 2 ? sizeof text : 100 }, NULL);
        before = journal_end(j);
        assert_int_equal(journal_trim(j, before, NULL), 0);
        assert_in_range(segment_files(&a, dir), 2, 8);
        assert_int_equal(count_entries(j, before), 0);
    }
    (void)put(j, ++seq, STR("{\"new\":1}"), NULL);
    assert_int_equal(count_entries(j, before), 1);
    journal_close(j);
    assert_int_equal(segment_files(&a, dir), 1); /* the active one */
    j = open_journal(dir, *power_safe);
    assert_true(journal_last_seq(j) == seq && journal_count(j) == seq);
    assert_int_equal(count_entries(j, before), 1);
    assert_int_equal(journal_trim(j, before, NULL), 0);
    journal_close(j);
    check_dir_end(dir);
    arena_free(&a);
}

static void write_file(struct arena *a, const char *dir, const char *name, const char *text)
{
    struct err err = { 0 };
    const char *path = arena_printf(a, "%s/%s", dir, name).ptr;

    check_ok(fs_mkdirs_for(path, &err), &err);
    check_ok(fs_replace_fast(path, str_c(text), &err), &err);
}

static bool has_file(struct arena *a, const char *dir, const char *name)
{
    return fs_is_file(arena_printf(a, "%s/%s", dir, name).ptr);
}

static void effects_that_were_not_applied_are_at_open(void **state)
{
    struct arena a = { 0 };
    const char *dir = check_dir(&a);
    struct journal *j = open_journal(dir, false);
    struct effect gone = { .from = STR("old") };
    struct effect moved = { .from = STR("tmp/1"), .to = STR("buckets/b/k"), .next = &gone };
    struct effect done = { .from = STR("keep") };

    (void)state;
    write_file(&a, dir, "tmp/1", "new");
    write_file(&a, dir, "old", "old");
    write_file(&a, dir, "keep", "keep");
    put(j, 1, STR("{}"), &moved);
    journal_applied(j, put(j, 2, STR("{}"), &done)); /* says so, and so it is not done again */
    journal_close(j);
    j = open_journal(dir, false);
    assert_true(has_file(&a, dir, "buckets/b/k"));
    assert_false(has_file(&a, dir, "tmp/1"));
    assert_false(has_file(&a, dir, "old"));
    assert_true(has_file(&a, dir, "keep"));
    journal_close(j);
    j = open_journal(dir, false); /* once more: nothing left to do, and no failure */
    journal_close(j);
    check_dir_end(dir);
    arena_free(&a);
}

#define PUTTERS 4

struct putter {
    struct journal *j;
    uint64_t from, count;
};

static void *put_many(void *arg)
{
    struct putter *p = arg;
    char text[64];

    for (uint64_t i = 0; i < p->count; i++) {
        struct record_facts f = facts_of(STR("id"));
        uint64_t position;
        int n = snprintf(text, sizeof text, "{\"n\":\"%llu\"}", (unsigned long long)p->from + i);
        struct journal_source from = { p->from + i, 0, { text, (size_t)n }, &f, NULL, false };
        if (journal_put(p->j, &from, &position, NULL) < 0)
            return p;
    }
    return NULL;
}

static void run_putters(struct journal *j, uint64_t count)
{
    pthread_t threads[PUTTERS];
    struct putter putters[PUTTERS];
    void *failed;

    for (int i = 0; i < PUTTERS; i++) {
        putters[i] = (struct putter){ j, 1 + (uint64_t)i * count, count };
        assert_int_equal(pthread_create(&threads[i], NULL, put_many, &putters[i]), 0);
    }
    for (int i = 0; i < PUTTERS; i++) {
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
}

static void check_all_once(struct journal *j, uint64_t total)
{
    struct arena a = { 0 };
    struct journal_entry e;
    uint64_t at = 0, n = 0;
    char *seen = calloc(total + 1, 1);

    assert_non_null(seen);
    while (journal_next(j, &a, &at, &e)) {
        assert_true(e.seq >= 1 && e.seq <= total && !seen[e.seq]);
        seen[e.seq] = 1;
        int64_t number = 0;
        assert_true(str_to_i64(record_text(&a, e.record, STR("n")), &number));
        assert_true((uint64_t)number == e.seq);
        n++;
        arena_reset(&a);
    }
    assert_true(n == total);
    free(seen);
    arena_free(&a);
}

static void putters_at_once(void **state)
{
    const bool *power_safe = *state;
    struct arena a = { 0 };
    const char *dir = check_dir(&a);
    struct journal *j = open_journal(dir, *power_safe);
    uint64_t each = *power_safe ? 200 : 20000; /* beyond the first segment */

    run_putters(j, each);
    check_all_once(j, PUTTERS * each);
    journal_close(j);
    j = open_journal(dir, *power_safe);
    check_all_once(j, PUTTERS * each);
    journal_close(j);
    check_dir_end(dir);
    arena_free(&a);
}

/* A child puts from four threads and says through a pipe what was acknowledged; it is killed in the
 * middle. Everything acknowledged must be there, once, whole. */
static void *put_and_tell(void *arg)
{
    struct putter *p = arg;
    char text[1024]; /* all of them fill some segments */

    for (uint64_t i = 0;; i++) {
        struct record_facts f = facts_of(STR("id"));
        uint64_t position, seq = p->from + i * PUTTERS;
        int n = snprintf(text, sizeof text, "{\"n\":\"%0600llu\"}", (unsigned long long)seq);
        struct journal_source from = { seq, 0, { text, (size_t)n }, &f, NULL, false };
        if (journal_put(p->j, &from, &position, NULL) < 0 ||
            write((int)p->count, &seq, sizeof seq) != sizeof seq)
            _exit(1);
    }
}

static void child_run(const char *dir, bool power_safe, int fd)
{
    struct journal *j;
    pthread_t threads[PUTTERS];
    struct putter putters[PUTTERS];

    if (journal_open(&j, dir, power_safe, NULL) < 0)
        _exit(2);
    uint64_t first = journal_last_seq(j) + 1;
    for (int i = 0; i < PUTTERS; i++) {
        putters[i] = (struct putter){ j, first + (uint64_t)i, (uint64_t)fd };
        if (pthread_create(&threads[i], NULL, put_and_tell, &putters[i]) != 0)
            _exit(3);
    }
    for (;;)
        (void)pause(); /* until killed */
}

/* Read acknowledgements until there are `enough`, kill, read the rest. Marks seen[seq]. */
static void kill_after(pid_t child, int fd, uint64_t enough, char *acked, size_t cap)
{
    uint64_t seq, n = 0;

    while (read(fd, &seq, sizeof seq) == sizeof seq) {
        assert_true(seq < cap);
        acked[seq] = 1;
        if (++n == enough)
            assert_int_equal(kill(child, SIGKILL), 0);
    }
    assert_true(n >= enough);
}

#define ACK_CAP 1000000

static void mark_seen(struct journal *j, char *seen)
{
    struct arena a = { 0 };
    struct journal_entry e;
    uint64_t at = 0;

    while (journal_next(j, &a, &at, &e)) {
        assert_true(e.seq < ACK_CAP && !seen[e.seq]);
        seen[e.seq] = 1;
        arena_reset(&a);
    }
    arena_free(&a);
}

static void nothing_acknowledged_is_lost_by_kill(void **state)
{
    const bool *power_safe = *state;
    struct arena a = { 0 };
    const char *dir = check_dir(&a);
    char *acked = calloc(ACK_CAP, 1), *seen = calloc(ACK_CAP, 1);

    for (uint64_t round = 0; round < 10; round++) {
        int fds[2], status;
        assert_int_equal(pipe(fds), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            (void)close(fds[0]);
            child_run(dir, *power_safe, fds[1]);
        }
        (void)close(fds[1]);
        kill_after(child, fds[0], 100 + round * 997, acked, ACK_CAP);
        (void)close(fds[0]);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
    }
    struct journal *j = open_journal(dir, *power_safe);
    mark_seen(j, seen);
    for (size_t i = 0; i < ACK_CAP; i++)
        assert_true(!acked[i] || seen[i]);
    assert_int_equal(journal_damaged_count(j), 0);
    journal_close(j);
    free(acked);
    free(seen);
    check_dir_end(dir);
    arena_free(&a);
}

/* Overwrite bytes of the only segment file. */
static void patch(struct arena *a, const char *dir, off_t at, const char *bytes, size_t len)
{
    int fd = open(arena_printf(a, "%s/journal/00000001.seg", dir).ptr, O_RDWR);

    assert_true(fd >= 0);
    assert_true(pwrite(fd, bytes, len, at) == (ssize_t)len);
    (void)close(fd);
}

static void damaged_entries_are_skipped(void **state)
{
    struct arena a = { 0 };
    const char *dir = check_dir(&a);
    struct journal *j = open_journal(dir, false);
    struct err err = { 0 };

    (void)state;
    put(j, 1, STR("{\"n\":1}"), NULL);
    uint64_t second = put(j, 2, STR("{\"n\":2}"), NULL);
    uint64_t third = put(j, 3, STR("{\"n\":3}"), NULL);
    uint64_t last = put(j, 4, STR("{\"n\":4}"), NULL);
    uint64_t end = journal_end(j);
    journal_close(j);
    patch(&a, dir, (off_t)second + 40, "#", 1);          /* a byte of the payload */
    patch(&a, dir, (off_t)third + 12, "\0\0\0\0", 4);    /* never finished */
    patch(&a, dir, (off_t)end, "\x40\0\0\0garbage", 11); /* a torn header */
    j = open_journal(dir, false);
    assert_int_equal(journal_damaged_count(j), 1);
    assert_int_equal(count_entries(j, 0), 2);
    assert_int_equal(count_entries(j, last), 1);
    put(j, 5, STR("{\"n\":5}"), NULL);
    assert_int_equal(count_entries(j, 0), 3);
    journal_close(j);
    patch(&a, dir, 0, "x", 1); /* the segment's own header */
    assert_int_equal(journal_open(&j, dir, false, &err), E_PARSE);
    assert_non_null(strstr(err.text, "00000001.seg"));
    check_dir_end(dir);
    arena_free(&a);
}

static void a_full_disk_is_an_error(void **state)
{
    struct arena a = { 0 };
    const char *dir = check_dir(&a);
    struct journal *j = open_journal(dir, false);
    struct rlimit old, small;
    struct record_facts f = facts_of(STR("id"));
    static char text[200000];
    struct err err = { 0 };
    uint64_t position, n = 0;
    int rc = 0;

    (void)state;
    memset(text, 'x', sizeof text);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = 2u << 20; /* the first segment fits, the next does not: EFBIG for ENOSPC */
    assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    while (n < 100 && rc == 0) {
        struct journal_source from = { ++n, 0, { text, sizeof text }, &f, NULL, false };
        rc = journal_put(j, &from, &position, &err);
    }
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(rc, E_IO);
    assert_non_null(strstr(err.text, "journal/spare"));
    assert_int_equal(count_entries(j, 0), n - 1);
    put(j, n, STR("{}"), NULL); /* there is room again */
    assert_int_equal(count_entries(j, 0), n);
    journal_close(j);
    check_dir_end(dir);
    arena_free(&a);
}

/* Also where the position lies within the span of the segment that a new journal begins with. */
static void positions_never_repeat_when_the_journal_was_taken_away(void **state)
{
    const uint64_t *start = *state;
    struct arena a = { 0 };
    const char *dir = check_dir(&a);
    struct journal *j = open_journal(dir, false);
    struct err err = { 0 };

    check_ok(journal_start_at(j, *start, &err), &err);
    assert_true(put(j, 1, STR("{}"), NULL) >= *start);
    assert_int_equal(count_entries(j, 0), 1);
    assert_int_equal(count_entries(j, *start), 1);
    journal_close(j);
    j = open_journal(dir, false);
    assert_int_equal(count_entries(j, 0), 1);
    assert_int_equal(count_entries(j, *start), 1);
    journal_close(j);
    check_dir_end(dir);
    arena_free(&a);
}

/* kill -9 after a new segment got its name, before the old one was closed. */
static void a_segment_left_open_by_a_crash_is_read_past(void **state)
{
    static char text[200000];
    struct arena a = { 0 };
    const char *dir = check_dir(&a);
    struct journal *j = open_journal(dir, false);
    uint64_t n = 0, end;

    (void)state;
    memset(text, 'x', sizeof text);
    do
        end = journal_end(j);
    while (put(j, ++n, (struct str){ text, sizeof text }, NULL) == end);
    journal_close(j);
    patch(&a, dir, (off_t)end, (char[16]){ 0 }, 16); /* the head that closes it */
    j = open_journal(dir, false);
    assert_int_equal(count_entries(j, 0), n);
    assert_int_equal(count_entries(j, end), 1);
    journal_close(j);
    check_dir_end(dir);
    arena_free(&a);
}

#define WAITERS 50

static void count_told(void *arg, int rc)
{
    assert_int_equal(rc, 0);
    (void)atomic_fetch_add((atomic_int *)arg, 1);
}

/* Those who wait without a thread are told each once, at the latest when the journal closes. */
static void waiters_are_told_once(void **state)
{
    const bool *power_safe = *state;
    struct arena a = { 0 };
    const char *dir = check_dir(&a);
    struct journal *j = open_journal(dir, *power_safe);
    struct record_facts f = facts_of(STR("id"));
    struct journal_waiter waiters[WAITERS];
    atomic_int told = 0;
    struct err err = { 0 };

    for (size_t i = 0; i < WAITERS; i++) {
        struct journal_source from = { i + 1, 0, STR("{}"), &f, NULL, true };
        uint64_t position;

        check_ok(journal_put(j, &from, &position, &err), &err);
        waiters[i] = (struct journal_waiter){ .tell = count_told, .arg = &told };
        journal_when_durable(j, &waiters[i]);
    }
    if (!*power_safe)
        assert_int_equal(atomic_load(&told), WAITERS);
    journal_close(j);
    assert_int_equal(atomic_load(&told), WAITERS);
    j = open_journal(dir, *power_safe);
    assert_int_equal(count_entries(j, 0), WAITERS);
    journal_close(j);
    check_dir_end(dir);
    arena_free(&a);
}

int main(void)
{
    static bool no = false, yes = true;
    static uint64_t near = 20228, far = 123456789;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_back_what_was_put),
        cmocka_unit_test(packed_equals_put),
        cmocka_unit_test_prestate(many_segments_survive_a_restart, &no),
        cmocka_unit_test_prestate(many_segments_survive_a_restart, &yes),
        cmocka_unit_test_prestate(trimmed_segments_hold_only_what_is_new, &no),
        cmocka_unit_test_prestate(trimmed_segments_hold_only_what_is_new, &yes),
        cmocka_unit_test(effects_that_were_not_applied_are_at_open),
        cmocka_unit_test_prestate(putters_at_once, &no),
        cmocka_unit_test_prestate(putters_at_once, &yes),
        cmocka_unit_test_prestate(waiters_are_told_once, &no),
        cmocka_unit_test_prestate(waiters_are_told_once, &yes),
        cmocka_unit_test_prestate(nothing_acknowledged_is_lost_by_kill, &no),
        cmocka_unit_test_prestate(nothing_acknowledged_is_lost_by_kill, &yes),
        cmocka_unit_test(damaged_entries_are_skipped),
        cmocka_unit_test(a_full_disk_is_an_error),
        cmocka_unit_test_prestate(positions_never_repeat_when_the_journal_was_taken_away, &near),
        cmocka_unit_test_prestate(positions_never_repeat_when_the_journal_was_taken_away, &far),
        cmocka_unit_test(a_segment_left_open_by_a_crash_is_read_past),
    };
    return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}
