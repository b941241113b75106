#include "core/codec/yaml.h"

#include "core/base/limits.h"
#include "core/codec/json.h"
#include "tests/unit/check.h"

/* want: compact JSON, or the error's text. */
static const struct read_case {
    const char *name, *text, *want;
    int rc;
} reads[] = {
    { "nothing", "", "null", 0 },
    { "a comment alone", "# x\n", "null", 0 },
    { "a map in its order", "b: 1\na: 2\n", "{\"b\":1,\"a\":2}", 0 },
    { "a list of maps", "- a: 1\n  b: 2\n- c\n", "[{\"a\":1,\"b\":2},\"c\"]", 0 },
    { "flow style", "{a: [1, {b: c}]}", "{\"a\":[1,{\"b\":\"c\"}]}", 0 },
    { "document marks", "---\na: 1\n...\n", "{\"a\":1}", 0 },
    { "JSON is YAML", "{\"a\": [1, null]}", "{\"a\":[1,null]}", 0 },
    { "words for null", "[~, null, Null, NULL, ]", "[null,null,null,null]", 0 },
    { "no value is null", "a:\n", "{\"a\":null}", 0 },
    { "words for truth", "[true, True, TRUE, false, False, FALSE]",
      "[true,true,true,false,false,false]", 0 },
    { "yes and no are strings", "[yes, no, on, off, y]", "[\"yes\",\"no\",\"on\",\"off\",\"y\"]",
      0 },
    { "integers", "[0, -1, +5, 123456789012]", "[0,-1,5,123456789012]", 0 },
    { "a leading zero is a name's", "[007, 012345678901, -01]",
      "[\"007\",\"012345678901\",\"-01\"]", 0 },
    { "what no int64 holds stays text", "99999999999999999999", "\"99999999999999999999\"", 0 },
    { "doubles have a point", "[1.5, -0.25, 1.0e3, 1e3]", "[1.5,-0.25,1000.0,\"1e3\"]", 0 },
    { "versions and addresses are strings", "[1.2.3, 10.0.0.1, 0x10, 1_000]",
      "[\"1.2.3\",\"10.0.0.1\",\"0x10\",\"1_000\"]", 0 },
    { "times and durations are strings", "[2026-01-02T03:04:05Z, 15m, 60s]",
      "[\"2026-01-02T03:04:05Z\",\"15m\",\"60s\"]", 0 },
    { "quoted is a string", "['1', \"true\", '~', \"\"]", "[\"1\",\"true\",\"~\",\"\"]", 0 },
    { "a block keeps its lines", "a: |\n  x\n  y\n", "{\"a\":\"x\\ny\\n\"}", 0 },
    { "a fold joins them", "a: >\n  x\n  y\n", "{\"a\":\"x y\\n\"}", 0 },
    { "escapes in double quotes", "\"\\u00e9\\n\"", "\"\xc3\xa9\\n\"", 0 },
    { "keys are text whatever they look like", "1: a\ntrue: b\n", "{\"1\":\"a\",\"true\":\"b\"}",
      0 },
    { "a key twice", "a: 1\nb: 2\na: 3\n", "f.yaml:3: key \"a\" stands here a second time",
      E_PARSE },
    { "a key twice, deep inside", "x:\n  - y: {k: 1, k: 2}\n",
      "f.yaml:2: key \"k\" stands here a second time", E_PARSE },
    { "a list as a key", "? [a]\n: 1\n", "f.yaml:1: expected a word as a key", E_PARSE },
    { "an anchor", "a: &x 1\n", "f.yaml:1: anchors, aliases and tags are not read: write it out",
      E_PARSE },
    { "an alias", "a: 1\nb: *x\n", "f.yaml:2: anchors, aliases and tags are not read: write it out",
      E_PARSE },
    { "a tag", "a: !Ref b\n", "f.yaml:1: anchors, aliases and tags are not read: write it out",
      E_PARSE },
    { "two documents", "--- 1\n--- 2\n", "f.yaml:2: expected one document only", E_PARSE },
    { "an open list", "a: [1\nb: 2\n", "f.yaml:2: did not find expected ',' or ']'", E_PARSE },
    { "a tab for a blank", "a:\n\tb: 1\n", "f.yaml:2: found character that cannot start any token",
      E_PARSE },
    { "an open quote", "a: \"x\n", "f.yaml:2: found unexpected end of stream", E_PARSE },
    { "a wrong indent", "a: 1\n  b: 2\n",
      "f.yaml:2: mapping values are not allowed in this context", E_PARSE },
};

static void check_read(void **state)
{
    const struct read_case *c = *state;
    struct arena a = { 0 };
    struct buf got = { 0 };
    struct err err = { 0 };
    struct value *v = NULL;

    assert_int_equal(yaml_parse(&a, "f.yaml", str_c(c->text), &v, &err), c->rc);
    assert_int_equal(err.code, c->rc);
    if (c->rc == 0)
        json_write(&got, v);
    else
        assert_null(v);
    check_str(c->rc == 0 ? buf_view(&got) : str_c(err.text), c->want);
    buf_free(&got);
    arena_free(&a);
}

static void check_lines(void **state)
{
    (void)state;
    static const struct {
        const char *pointer;
        int line;
    } rows[] = { { "", 2 }, { "/a", 2 }, { "/b", 4 }, { "/b/0", 4 }, { "/b/1/c", 5 }, { "/d", 6 } };
    struct arena a = { 0 };
    struct value *v;

    assert_int_equal(
        yaml_parse(&a, "f", STR("# x\na: 1\nb:\n  - one\n  - c: 2\nd: 'x\n  y'\n"), &v, NULL), 0);
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(yaml_line(json_pointer(v, str_c(rows[i].pointer))), rows[i].line);
    assert_int_equal(yaml_line(value_null(&a)), 0);
    arena_free(&a);
}

static void check_documents(void **state)
{
    (void)state;
    struct arena a = { 0 };
    struct buf got = { 0 };
    struct value *all;

    assert_int_equal(yaml_parse_all(&a, "f", STR("a: 1\n---\n[2]\n---\n"), &all, NULL), 0);
    json_write(&got, all);
    check_str(buf_view(&got), "[{\"a\":1},[2],null]");
    assert_int_equal(yaml_line(value_at(all, 1)), 3);
    assert_int_equal(yaml_parse_all(&a, "f", STR("# nothing\n"), &all, NULL), 0);
    assert_int_equal(all->count, 0);
    buf_free(&got);
    arena_free(&a);
}

static void check_nesting(void **state)
{
    (void)state;
    struct arena a = { 0 };
    struct err err = { 0 };
    char deep[LIMIT_NESTING + 2];
    struct value *v;

    memset(deep, '[', sizeof deep);
    assert_int_equal(yaml_parse(&a, "f", (struct str){ deep, sizeof deep }, &v, &err), E_LIMIT);
    check_str(str_c(err.text), "f:1: nested too deep");
    arena_free(&a);
}

int main(void)
{
    struct check_suite s = { 0 };

    CHECK_ROWS(&s, reads, check_read);
    check_add(&s, "each value knows its line", check_lines);
    check_add(&s, "documents one behind the other", check_documents);
    check_add(&s, "nesting beyond the limit", check_nesting);
    return check_run(&s, "yaml");
}
