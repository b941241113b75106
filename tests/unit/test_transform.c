#include "core/codec/json.h"
#include "emulator/services/events/transform.h"
#include "tests/unit/check.h"

/* Sources: U EventBridge User Guide, "Input transformation": the table of examples, on its event; I
 * the same, "Common issues with transforming input"; V "Predefined variables"; P EventBridge API
 * Reference, "Target", InputPath (JSONPath). */
#define EVENT                                                                                      \
    "{'version':'0','id':'7bf7','detail-type':'EC2 Instance State-change "                         \
    "Notification','source':'aws.ec2','time':'2015-11-11T21:29:54Z','resources':['arn:1','arn:2']" \
    ",'detail':{'instance-id':'i-0123456789','state':'RUNNING','n':3,'none':null,'a b':true,"      \
    "'say':'\\\\\\'hi'}}"
#define PATHS "{'timestamp':'$.time','instance':'$.detail.instance-id','state':'$.detail.state'}"
#define BY(paths, template)                                                                        \
    "{'InputTransformer':{'InputPathsMap':" paths ",'InputTemplate':'" template "'}}"

static const struct transform_case {
    const char *name, *target, *want; /* ' stands for a double quote, ^ for an escaped one */
} cases[] = {
    { "U nothing asked: the event", "{}", NULL },
    { "U a constant, minified", "{'Input':'{ ^a^ : [1, 2] }'}", "{'a':[1,2]}" },
    { "P a part", "{'InputPath':'$.detail.state'}", "'RUNNING'" },
    { "P the whole", "{'InputPath':'$'}", NULL },
    { "P an element", "{'InputPath':'$.resources[1]'}", "'arn:2'" },
    { "P a name in brackets", "{'InputPath':'$.detail[^a b^]'}", "true" },
    { "P nothing there", "{'InputPath':'$.detail.foo'}", "null" },
    { "U simple string", BY(PATHS, "^instance <instance> is in <state>^"),
      "'instance i-0123456789 is in RUNNING'" },
    { "U simple JSON", BY(PATHS, "{ ^instance^ : <instance>, ^state^: <state> }"),
      "{'instance':'i-0123456789','state':'RUNNING'}" },
    { "U JSON with strings and variables",
      BY(PATHS, "{^instance^: <instance>, ^state^: ^<state>^, ^s^: ^in <state>^}"),
      "{'instance':'i-0123456789','state':'RUNNING','s':'in RUNNING'}" },
    { "U variables and static information",
      BY(PATHS, "{^state^: [9, <state>, true], ^Transformed^: ^Yes^}"),
      "{'state':[9,'RUNNING',true],'Transformed':'Yes'}" },
    { "U reserved variables in JSON",
      BY(PATHS, "{^arn^: <aws.events.rule-arn>, ^name^: <aws.events.rule-name>}"),
      "{'arn':'arn:aws:events:us-east-2:123456789012:rule/example','name':'example'}" },
    { "U reserved variables in a string", BY(PATHS, "^<aws.events.rule-name> triggered^"),
      "'example triggered'" },
    { "V ingestion time", BY(PATHS, "{^t^: <aws.events.event.ingestion-time>}"),
      "{'t':'2015-11-11T21:29:55Z'}" },
    { "V the event", BY(PATHS, "<aws.events.event.json>"), NULL },
    { "I a number stays one", BY("{'n':'$.detail.n'}", "{^n^: <n>, ^s^: ^<n>^}"),
      "{'n':3,'s':'3'}" },
    { "I null", BY("{'n':'$.detail.none'}", "{^n^: <n>}"), "{'n':null}" },
    { "I what is not there does not appear", BY("{'n':'$.detail.foo'}", "{^n^: <n>, ^s^: ^a<n>b^}"),
      "{'n':'','s':'ab'}" },
    { "I a list within a string loses its quotes", BY("{'r':'$.resources'}", "^all: <r>^"),
      "'all: [arn:1,arn:2]'" },
    { "I a list as a value", BY("{'r':'$.resources'}", "{^r^:<r>}"), "{'r':['arn:1','arn:2']}" },
    { "U less-than is no variable", BY(PATHS, "^1 < 2 and 3 > 2^"), "'1 < 2 and 3 > 2'" },
};

static const struct check_row {
    const char *name, *target;
} refusals[] = {
    { "P two at once", "{'Input':'{}','InputPath':'$'}" },
    { "P input that is no JSON", "{'Input':'{'}" },
    { "P a path that begins elsewhere", "{'InputPath':'detail'}" },
    { "P a path that looks everywhere", "{'InputPath':'$..state'}" },
    { "P a path with a star", "{'InputPath':'$.resources[*]'}" },
    { "P a path with a filter", "{'InputPath':'$.resources[?(@.a)]'}" },
    { "P a path not closed", "{'InputPath':'$.resources[0'}" },
    { "U a variable that is none", BY(PATHS, "^<foo>^") },
    { "V a variable that is reserved", BY("{'aws.events.rule-arn':'$.time'}", "^x^") },
    { "I JSON that is not closed", BY(PATHS, "{^a^: <state>") },
    { "I JSON with text behind it", BY(PATHS, "{^a^: <state>} <instance>") },
    { "I a variable beside a string", BY(PATHS, "{^a^: ^x^<state>}") },
    { "I a variable as a key", BY(PATHS, "{<state>: 1}") },
    { "I a list of words", BY(PATHS, "[running, stopped]") },
    { "U a variable without a path", BY("{'a':'time'}", "^<a>^") },
};

static struct str quoted(struct arena *a, const char *text)
{
    struct buf b = { 0 };

    for (; *text; text++) {
        if (*text == '^')
            buf_add_c(&b, "\\\"");
        else
            buf_add_char(&b, *text == '\'' ? '"' : *text);
    }
    struct str s = arena_copy(a, buf_view(&b));
    buf_free(&b);
    return s;
}

static struct value *parsed(struct arena *a, const char *text)
{
    struct err err = { 0 };
    struct value *v = NULL;

    check_ok(json_parse(a, quoted(a, text), &v, &err), &err);
    return v;
}

static void transform_case(void **state)
{
    const struct transform_case *c = *state;
    struct arena a = { 0 };
    struct err err = { 0 };
    const struct value *target = parsed(&a, c->target);
    const struct transform_of of = { parsed(&a, EVENT),
                                     STR("arn:aws:events:us-east-2:123456789012:rule/example"),
                                     STR("example"), 1447277395000 };
    struct buf whole = { 0 };
    struct str got;

    json_write(&whole, of.event);
    check_ok(transform_check(&a, target, &err), &err);
    struct str want = c->want ? quoted(&a, c->want) : buf_view(&whole);
    check_ok(transform(&a, target, &of, &got, &err), &err);
    check_str(got, arena_copy(&a, want).ptr);
    buf_free(&whole);
    arena_free(&a);
}

/* "EventBridge doesn't escape values extracted by Input Path." */
static void a_value_may_break_json(void **state)
{
    struct arena a = { 0 };
    struct err err = { 0 };
    const struct transform_of of = { parsed(&a, "{'say':'a ^word^'}"), STR("arn"), STR("r"), 0 };
    const struct value *target = parsed(&a, BY("{'say':'$.say'}", "{^s^: ^he: <say>^}"));
    struct str got = STR("untouched");

    (void)state;
    check_ok(transform_check(&a, target, &err), &err);
    assert_int_equal(transform(&a, target, &of, &got, &err), E_PARSE);
    assert_int_equal(err.code, E_PARSE);
    check_str(got, "untouched");
    arena_free(&a);
}

static void refusal_case(void **state)
{
    const struct check_row *c = *state;
    struct arena a = { 0 };
    struct err err = { 0 };

    assert_int_equal(transform_check(&a, parsed(&a, c->target), &err), E_PARSE);
    assert_int_equal(err.code, E_PARSE);
    arena_free(&a);
}

int main(void)
{
    struct CMUnitTest tests[COUNT(cases) + COUNT(refusals) + 1];
    size_t n = 0;

    for (size_t i = 0; i < COUNT(cases); i++)
        tests[n++] =
            (struct CMUnitTest){ cases[i].name, transform_case, NULL, NULL, (void *)&cases[i] };
    for (size_t i = 0; i < COUNT(refusals); i++)
        tests[n++] =
            (struct CMUnitTest){ refusals[i].name, refusal_case, NULL, NULL, (void *)&refusals[i] };
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(a_value_may_break_json);
    return cmocka_run_group_tests_name("transform", tests, NULL, NULL);
}
