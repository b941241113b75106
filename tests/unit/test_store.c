#include "tests/unit/check.h"

#include "core/base/buf.h"
#include "core/base/fs.h"
#include "emulator/store/store.h"

static void reopen(struct check_store *f)
{
    struct err err = { 0 };

    store_close(f->s);
    check_ok(store_open(&f->s, f->dir, false, &err), &err);
}

static struct doc_key user_key(const char *id)
{
    return (struct doc_key){
        .account = STR("111122223333"), .service = STR("iam"), .type = STR("User"), .id = str_c(id)
    };
}

static void put(struct check_store *f, struct doc_key key, const char *text)
{
    struct err err = { 0 };
    struct value *v = value_map(&f->a);

    value_put_c(&f->a, v, "text", text);
    check_ok(store_doc_put(f->s, key, v, &err), &err);
}

static bool has(struct check_store *f, struct doc_key key)
{
    struct value *v;

    return store_doc_get(f->s, &f->a, key, &v, NULL) == 0;
}

static void a_document_keeps_every_kind_of_value(void **state)
{
    struct check_store *f = *state;
    struct arena *a = &f->a;
    struct value *v = value_map(a), *tricky = value_map(a), *got;
    struct err err = { 0 };

    value_set(v, STR("null"), value_null(a));
    value_set(v, STR("yes"), value_bool(a, true));
    value_set(v, STR("big"), value_int(a, INT64_MIN));
    value_set(v, STR("float"), value_float(a, 80.0));
    value_set(v, STR("huge"), value_float(a, __builtin_inf()));
    value_set(v, STR("text"), value_c(a, "q\"\\\n\xc3\xa9"));
    value_set(v, STR("blob"), value_blob(a, STR("\0\xff\x01")));
    value_set(v, STR("time"), value_time(a, 1767323045678));
    value_set(v, STR("list"), value_list(a));
    value_set(tricky, STR("$time"), value_int(a, 5)); /* a member that is really called so */
    value_set(v, STR("tricky"), tricky);
    check_ok(store_doc_put(f->s, user_key("x"), v, &err), &err);
    reopen(f);
    check_ok(store_doc_get(f->s, a, user_key("x"), &got, &err), &err);
    assert_true(value_equal(v, got));
    assert_int_equal(value_get_c(got, "time")->kind, VALUE_TIME);
    assert_int_equal(value_get_c(got, "float")->kind, VALUE_FLOAT);
    assert_int_equal(value_get_c(got, "tricky")->kind, VALUE_MAP);
    check_str(value_first(value_get_c(got, "tricky"))->name, "$time");
}

static void an_absent_document_is_missing_without_a_word(void **state)
{
    struct check_store *f = *state;
    struct err err = { 0 };
    struct value *v = NULL;

    assert_int_equal(store_doc_get(f->s, &f->a, user_key("x"), &v, &err), E_MISSING);
    assert_int_equal(store_doc_delete(f->s, user_key("x"), &err), E_MISSING);
    assert_int_equal(err.code, 0);
    assert_null(v);
}

static struct str ids_of(struct check_store *f, struct doc_key key, const char *after, size_t limit)
{
    struct doc *docs;
    struct err err = { 0 };
    struct buf b = { 0 };
    size_t count;

    check_ok(store_doc_list(f->s, &f->a, key, str_c(after), limit, &docs, &count, &err), &err);
    for (size_t i = 0; i < count; i++) {
        buf_add(&b, docs[i].key.region);
        buf_add_char(&b, ':');
        buf_add(&b, docs[i].key.id);
        buf_add_char(&b, ' ');
    }
    struct str out = arena_copy(&f->a, buf_view(&b));
    buf_free(&b);
    return out;
}

static void a_list_is_narrowed_by_the_fields_that_are_given(void **state)
{
    struct check_store *f = *state;
    struct doc_key key = user_key("");
    int64_t count;

    key.region = STR("us-east-1");
    key.id = STR("b");
    put(f, key, "");
    key.id = STR("a1");
    put(f, key, "");
    key.id = STR("a2");
    put(f, key, "");
    key.region = STR("eu-west-1");
    key.id = STR("a1");
    put(f, key, "");
    key.account = STR("999999999999");
    put(f, key, "");

    key = user_key("");
    check_str(ids_of(f, key, "", 0), "eu-west-1:a1 us-east-1:a1 us-east-1:a2 us-east-1:b ");
    check_str(ids_of(f, key, "", 2), "eu-west-1:a1 us-east-1:a1 ");
    key.region = STR("us-east-1");
    check_str(ids_of(f, key, "a1", 0), "us-east-1:a2 us-east-1:b ");
    key.id = STR("a");
    check_str(ids_of(f, key, "", 0), "us-east-1:a1 us-east-1:a2 ");
    check_str(ids_of(f, key, "a1", 0), "us-east-1:a2 ");
    assert_int_equal(store_doc_count(f->s, key, &count, NULL), 0);
    assert_int_equal(count, 2);
    key.account = (struct str){ 0 };
    key.region = (struct str){ 0 };
    check_str(ids_of(f, key, "", 0), "eu-west-1:a1 us-east-1:a1 us-east-1:a2 eu-west-1:a1 ");
    key.type = STR("Role");
    check_str(ids_of(f, key, "", 0), "");
}

static void a_rollback_undoes_and_a_commit_keeps(void **state)
{
    struct check_store *f = *state;

    store_lock(f->s);
    assert_int_equal(store_begin(f->s, NULL), 0);
    assert_false(store_dirty(f->s));
    put(f, user_key("gone"), "");
    assert_true(store_dirty(f->s));
    store_rollback(f->s);
    assert_int_equal(store_begin(f->s, NULL), 0);
    assert_false(store_dirty(f->s));
    put(f, user_key("kept"), "");
    assert_int_equal(store_commit(f->s, NULL), 0);
    store_unlock(f->s);
    reopen(f);
    assert_false(has(f, user_key("gone")));
    assert_true(has(f, user_key("kept")));
}

static int put_and_end(void *arg, struct err *err)
{
    struct check_store *f = arg;
    bool fails = has(f, user_key("first"));

    put(f, user_key(fails ? "second" : "first"), "");
    return fails ? err_set(err, E_IO, "made up") : 0;
}

static void a_step_is_kept_or_undone_whole(void **state)
{
    struct check_store *f = *state;
    struct err err = { 0 };

    check_ok(store_transact(f->s, put_and_end, f, &err), &err);
    assert_int_equal(store_transact(f->s, put_and_end, f, &err), E_IO);
    assert_string_equal(err.text, "made up");
    reopen(f);
    assert_true(has(f, user_key("first")));
    assert_false(has(f, user_key("second")));
}

static void an_inner_transaction_ends_with_the_outer(void **state)
{
    struct check_store *f = *state;

    store_lock(f->s);
    assert_int_equal(store_begin(f->s, NULL), 0);
    assert_int_equal(store_begin(f->s, NULL), 0);
    put(f, user_key("inner"), "");
    assert_int_equal(store_commit(f->s, NULL), 0);
    assert_true(store_dirty(f->s)); /* by what the inner one wrote */
    store_rollback(f->s);
    assert_false(has(f, user_key("inner")));

    assert_int_equal(store_begin(f->s, NULL), 0);
    put(f, user_key("outer"), "");
    assert_int_equal(store_begin(f->s, NULL), 0);
    put(f, user_key("inner"), "");
    store_rollback(f->s);
    assert_int_equal(store_commit(f->s, NULL), 0);
    store_unlock(f->s);
    assert_true(has(f, user_key("outer")));
    assert_false(has(f, user_key("inner")));
}

static void nesting_ends_somewhere(void **state)
{
    struct check_store *f = *state;
    struct err err = { 0 };
    int depth = 0;

    store_lock(f->s);
    while (store_begin(f->s, &err) == 0)
        depth++;
    assert_int_equal(err.code, E_LIMIT);
    while (depth-- > 0)
        store_rollback(f->s);
    store_unlock(f->s);
}

static void facts_and_the_outbox_come_back(void **state)
{
    struct check_store *f = *state;
    struct outbox_row *rows;
    struct str fact;
    size_t count;

    assert_int_equal(store_fact_get(f->s, &f->a, "seed", &fact, NULL), E_MISSING);
    assert_int_equal(store_fact_put(f->s, "seed", STR("7"), NULL), 0);
    assert_int_equal(store_fact_put(f->s, "seed", STR("8"), NULL), 0);
    assert_int_equal(store_outbox_put(f->s, 5, STR("five"), NULL), 0);
    assert_int_equal(store_outbox_put(f->s, 3, STR("th\0ree"), NULL), 0);
    reopen(f);
    assert_int_equal(store_fact_get(f->s, &f->a, "seed", &fact, NULL), 0);
    check_str(fact, "8");
    assert_int_equal(store_outbox_list(f->s, &f->a, &rows, &count, NULL), 0);
    assert_int_equal(count, 2);
    check_str(rows[0].payload, "five");
    assert_int_equal(rows[1].payload.len, 6);
    assert_int_equal(store_outbox_prune(f->s, 3, NULL), 0);
    assert_int_equal(store_outbox_list(f->s, &f->a, &rows, &count, NULL), 0);
    assert_int_equal(count, 1);
    assert_int_equal(rows[0].seq, 5);
}

static void a_second_process_is_refused(void **state)
{
    struct check_store *f = *state;
    struct store *second;
    struct err err = { 0 };

    assert_int_equal(store_open(&second, f->dir, false, &err), E_CONFLICT);
    assert_non_null(strstr(err.text, "another process uses this data directory"));
}

static void a_damaged_file_is_named(void **state)
{
    struct check_store *f = *state;
    struct err err = { 0 };
    struct arena a = { 0 };
    const char *dir = check_dir(&a);
    struct store *s;

    (void)f;
    check_ok(fs_replace(arena_printf(&a, "%s/state.db", dir).ptr,
                        STR("this is no database, and it is long enough to be looked at"), &err),
             &err);
    assert_int_equal(store_open(&s, dir, false, &err), E_IO);
    assert_non_null(strstr(err.text, "state.db"));
    check_dir_end(dir);
    arena_free(&a);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, check_store_open, check_store_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_document_keeps_every_kind_of_value),
        TEST(an_absent_document_is_missing_without_a_word),
        TEST(a_list_is_narrowed_by_the_fields_that_are_given),
        TEST(a_rollback_undoes_and_a_commit_keeps),
        TEST(a_step_is_kept_or_undone_whole),
        TEST(an_inner_transaction_ends_with_the_outer),
        TEST(nesting_ends_somewhere),
        TEST(facts_and_the_outbox_come_back),
        TEST(a_second_process_is_refused),
        TEST(a_damaged_file_is_named),
    };
    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
