#include "core/codec/value.h"

#include "core/codec/json.h"
#include "tests/unit/check.h"

/* One step on {"a":1,"b":2,"c":3}, and what is then there. The last member is checked by a push. */
static const struct edit_case {
    const char *name;
    enum { SET, REMOVE } verb;
    const char *member, *want;
} edits[] = {
    { "a new member comes last", SET, "d", "{\"a\":1,\"b\":2,\"c\":3,\"d\":9,\"z\":null}" },
    { "the first is replaced in place", SET, "a", "{\"a\":9,\"b\":2,\"c\":3,\"z\":null}" },
    { "the middle is replaced in place", SET, "b", "{\"a\":1,\"b\":9,\"c\":3,\"z\":null}" },
    { "the last is replaced in place", SET, "c", "{\"a\":1,\"b\":2,\"c\":9,\"z\":null}" },
    { "the first goes", REMOVE, "a", "{\"b\":2,\"c\":3,\"z\":null}" },
    { "the middle goes", REMOVE, "b", "{\"a\":1,\"c\":3,\"z\":null}" },
    { "the last goes", REMOVE, "c", "{\"a\":1,\"b\":2,\"z\":null}" },
    { "what is not there can't go", REMOVE, "d", "{\"a\":1,\"b\":2,\"c\":3,\"z\":null}" },
};

static void check_edit(void **state)
{
    const struct edit_case *c = *state;
    struct arena a = { 0 };
    struct buf got = { 0 };
    struct value *v;

    assert_int_equal(json_parse(&a, STR("{\"a\":1,\"b\":2,\"c\":3}"), &v, NULL), 0);
    if (c->verb == SET)
        value_set(v, str_c(c->member), value_int(&a, 9));
    else
        assert_int_equal(value_remove(v, str_c(c->member)), c->member[0] != 'd');
    value_append(v, STR("z"), value_null(&a));
    json_write(&got, v);
    check_str(buf_view(&got), c->want);

    uint32_t count = 0;

    for (struct value *k = value_first(v); k; k = k->next)
        count++;
    assert_int_equal(v->count, count);
    buf_free(&got);
    arena_free(&a);
}

static const struct equal_case {
    const char *name, *left, *right;
    bool is_equal;
} equals[] = {
    { "maps in any order", "{\"a\":1,\"b\":[2]}", "{\"b\":[2],\"a\":1}", true },
    { "lists in theirs", "[1,2]", "[2,1]", false },
    { "a list of fewer", "[1]", "[1,2]", false },
    { "another name", "{\"a\":1}", "{\"b\":1}", false },
    { "an int is no double", "1", "1.0", false },
    { "null is not false", "null", "false", false },
    { "strings by their bytes", "\"a\\u0000b\"", "\"a\\u0000c\"", false },
    { "doubles", "[0.1,true]", "[0.1,true]", true },
};

static void check_equal(void **state)
{
    const struct equal_case *c = *state;
    struct arena a = { 0 };
    struct value *l, *r;

    assert_int_equal(json_parse(&a, str_c(c->left), &l, NULL), 0);
    assert_int_equal(json_parse(&a, str_c(c->right), &r, NULL), 0);
    assert_int_equal(value_equal(l, r), c->is_equal);
    assert_true(value_equal(l, l));
    assert_false(value_equal(l, NULL));
    arena_free(&a);
}

static void check_copy(void **state)
{
    (void)state;
    struct arena from = { 0 }, to = { 0 };
    char text[] = "{\"a\":[\"x\",1.5,{\"b\":null}],\"c\":true}";
    struct value *v, *copy, *same;

    assert_int_equal(json_parse(&from, str_c(text), &v, NULL), 0);
    copy = value_copy(&to, v);
    memset(text, '!', sizeof text - 1); /* what was borrowed is gone */
    arena_free(&from);
    assert_int_equal(
        json_parse(&to, STR("{\"a\":[\"x\",1.5,{\"b\":null}],\"c\":true}"), &same, NULL), 0);
    assert_true(value_equal(copy, same));
    arena_free(&to);
}

static void check_reads(void **state)
{
    (void)state;
    struct arena a = { 0 };
    struct value *v;

    assert_int_equal(json_parse(&a, STR("{\"s\":\"x\",\"i\":7,\"b\":true,\"n\":null}"), &v, NULL),
                     0);
    value_put_time(&a, v, "t", 5);
    check_str(value_get_str(v, "s"), "x");
    check_str(value_get_str(v, "i"), "");
    check_str(value_get_str(NULL, "s"), "");
    assert_int_equal(value_get_int(v, "i", 1), 7);
    assert_int_equal(value_get_int(v, "n", 1), 1);
    assert_true(value_get_bool(v, "b", false));
    assert_true(value_get_bool(v, "absent", true));
    assert_int_equal(value_get_time(v, "t", 1), 5);
    assert_int_equal(value_get_time(v, "i", 1), 1);
    assert_null(value_get_c(value_get_c(v, "s"), "x"));
    assert_null(value_at(v, 5));
    assert_null(value_first(value_get_c(v, "s")));
    check_str(value_to_text(&a, value_get_c(v, "i")), "7");
    check_str(value_to_text(&a, value_get_c(v, "b")), "true");
    check_str(value_to_text(&a, value_get_c(v, "n")), "");
    check_str(value_to_text(&a, NULL), "");
    arena_free(&a);
}

static void check_puts(void **state)
{
    (void)state;
    struct arena a = { 0 };
    struct buf got = { 0 };
    struct value *v = value_map(&a);
    char text[] = "kept";

    value_put_c(&a, v, "c", text);
    text[0] = '!'; /* it was copied */
    value_put_str(&a, v, "s", STR("x"));
    value_put_int(&a, v, "i", -1);
    value_put_bool(&a, v, "b", true);
    value_put_int(&a, v, "i", 2);
    json_write(&got, v);
    check_str(buf_view(&got), "{\"c\":\"kept\",\"s\":\"x\",\"i\":2,\"b\":true}");
    buf_free(&got);
    arena_free(&a);
}

int main(void)
{
    struct check_suite s = { 0 };

    CHECK_ROWS(&s, edits, check_edit);
    CHECK_ROWS(&s, equals, check_equal);
    check_add(&s, "a copy outlives what it was made of", check_copy);
    check_add(&s, "typed reads fall back", check_reads);
    check_add(&s, "shorthands copy and replace", check_puts);
    return check_run(&s, "value");
}
