/* Expressions: names in their scopes, functions, chance; and paths into answers. */
#include "check.h"

#include "core/codec/json.h"
#include "core/codec/yaml.h"
#include "generator/play/expr.h"

static const char scopes_yaml[] = "- {item: {Name: x, n: 3}, i: 2}\n"
                                  "- {key: AKIA1, ids: [i-1, i-2], text: 'a${b'}\n"
                                  "- {keys: ['${hex(2)}', fixed], plain: [one]}\n"
                                  "- {round: '${round}', nest: '${deep}', deep: '${key}'}\n";

static const struct expr_case {
    const char *name, *text;
    const char *want;  /* JSON; or a pattern of it, with '*' */
    const char *error; /* else a pattern of the message */
} cases[] = {
    { "text without expressions", "plain $text", "\"plain $text\"", NULL },
    { "a name", "${key}", "\"AKIA1\"", NULL },
    { "a name within a text", "arn:${key}/x", "\"arn:AKIA1/x\"", NULL },
    { "a value keeps its kind", "${ids}", "[\"i-1\",\"i-2\"]", NULL },
    { "a number keeps its kind", "${i}", "2", NULL },
    { "a number within a text", "n${i}", "\"n2\"", NULL },
    { "a member", "${item.Name}", "\"x\"", NULL },
    { "an element", "${ids[1]}", "\"i-2\"", NULL },
    { "the last element", "${ids[-1]}", "\"i-2\"", NULL },
    { "a dollar that is kept", "$${aws:username}/${key}", "\"${aws:username}/AKIA1\"", NULL },
    { "what was brought is not read again", "${text}", "\"a${b\"", NULL },
    { "names of the file are", "${nest}", "\"AKIA1\"", NULL },
    { "a time", "${now}", "\"2026-01-05T09:00:00Z\"", NULL },
    { "a time from now", "${now+1h30m}", "\"2026-01-05T10:30:00Z\"", NULL },
    { "a time before", "${now-7d}", "\"2025-12-29T09:00:00Z\"", NULL },
    { "a count", "${seq}${seq}", "\"12\"", NULL },
    { "base64 of a text", "${base64('hi')}", "\"aGk=\"", NULL },
    { "json of a list", "${json(ids)}", "\"[\\\"i-1\\\",\\\"i-2\\\"]\"", NULL },
    { "lower case", "${lower(key)}", "\"akia1\"", NULL },
    { "one of one", "${pick(plain)}", "\"one\"", NULL },
    { "a word that the caller knows", "${word:of}", "\"known of\"", NULL },
    { "hexadecimal digits", "${hex(4)}", "\"????\"", NULL },
    { "a UUID", "${uuid}", "\"*-*-4*-*-*\"", NULL },
    { "whole numbers", "${int(7,7)}", "7", NULL },
    { "the widest span", "${int(-9223372036854775807,9223372036854775807)}", "*", NULL },
    { "one of several", "${pick('b','b')}", "\"b\"", NULL },
    { "an unknown name", "${nobody}", NULL,
      "f.yaml:7: ${nobody}: expected a name that is known *" },
    { "an unknown function", "${shout(key)}", NULL, "*expected a function: hex*" },
    { "no closing brace", "${key", NULL, "*expected '}' behind '${'" },
    { "no closing bracket", "${hex(2}", NULL, "*expected ')' behind the arguments" },
    { "an argument too many", "${hex(2,3)}", NULL, "*expected another number of arguments" },
    { "a length that is none", "${hex(0)}", NULL, "*expected a length from 1 to 1048576" },
    { "an empty span", "${int(5,4)}", NULL, "*expected int(least,most)" },
    { "no list to pick of", "${pick(key)}", NULL, "*expected a list that is not empty" },
    { "a part that is not there", "${item.No}", NULL, "*expected a part that is there" },
    { "a list within a text", "x${ids}", NULL, "*expected a text, not a list or a map" },
    { "a value that contains itself", "${round}", NULL, "*do not contain themselves" },
    { "an unknown network", "${ip(moon)}", NULL, "*expected a network of the scenario" },
    { "something behind a name", "${key!}", NULL, "*expected nothing behind the value*" },
};

static int ask(void *arg, const struct expr *x, struct str word, struct str of, struct value **out,
               struct err *err)
{
    (void)arg;
    (void)err;
    *out = str_eq_c(word, "word") ? value_str(x->a, arena_printf(x->a, "known %.*s", STR_ARG(of)))
                                  : NULL;
    return 0;
}

static void check_case(void **state)
{
    const struct expr_case *c = *state;
    static const struct scenario scenario = { .file = "f.yaml" };
    struct arena a = { 0 };
    struct err err = { 0 };
    struct value *scopes, *out = NULL;
    struct buf text = { 0 };
    struct rng rng;
    uint64_t seq = 0;

    rng_init(&rng, 1, 1);
    check_ok(yaml_parse(&a, "scopes", str_c(scopes_yaml), &scopes, &err), &err);
    struct expr x = { .a = &a,
                      .rng = &rng,
                      .scopes = { value_at(scopes, 0), value_at(scopes, 1), NULL,
                                  value_at(scopes, 2), value_at(scopes, 3) },
                      .scope_count = 5,
                      .raw_from = 3,
                      .at = { "f.yaml", 7 },
                      .now_ms = 1767603600000,
                      .seq = &seq,
                      .scenario = &scenario,
                      .ask = ask };
    int rc = expr_value(&x, value_c(&a, c->text), &out, &err);

    assert_int_equal(rc, c->error ? E_PARSE : 0);
    if (rc == 0)
        json_write(&text, out);
    const char *want = c->error ? c->error : c->want;
    struct str got = c->error ? str_c(err.text) : buf_view(&text);
    if (!str_match(str_c(want), got) && !str_eq_c(got, want))
        fail_msg("got  %.*s\nwant %s", STR_ARG(got), want);
    buf_free(&text);
    arena_free(&a);
}

static const struct path_case {
    const char *name, *path, *want; /* want NULL: nothing there */
} paths[] = {
    { "a member of a member", "A.B", "1" },
    { "an element", "L[1].Id", "\"y\"" },
    { "all elements", "L[*].Id", "[\"x\",\"y\"]" },
    { "all of all, end to end", "L[*].K[*].N", "[1,2,3]" },
    { "the whole list", "L[0].K", "[{\"N\":1},{\"N\":2}]" },
    { "beyond the end", "L[7].Id", NULL },
    { "a member of a text", "A.B.C", NULL },
    { "an open bracket", "L[0", NULL },
    { "no number", "L[x]", NULL },
};

static void check_path(void **state)
{
    const struct path_case *c = *state;
    struct arena a = { 0 };
    struct err err = { 0 };
    struct value *v;
    struct buf text = { 0 };

    check_ok(json_parse(&a,
                        STR("{\"A\":{\"B\":1},\"L\":[{\"Id\":\"x\",\"K\":[{\"N\":1},{\"N\":2}]},"
                            "{\"Id\":\"y\",\"K\":[{\"N\":3}]}]}"),
                        &v, &err),
             &err);
    struct value *got = expr_path(&a, v, str_c(c->path));
    assert_int_equal(got == NULL, c->want == NULL);
    if (got)
        json_write(&text, got);
    if (got)
        check_str(buf_view(&text), c->want);
    buf_free(&text);
    arena_free(&a);
}

int main(void)
{
    struct check_suite suite = { 0 };

    CHECK_ROWS(&suite, cases, check_case);
    CHECK_ROWS(&suite, paths, check_path);
    return check_run(&suite, "expr");
}
