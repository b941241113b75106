/* Filter expressions: a table of conformance. Every row names its source: G is the X-Ray Developer
 * Guide, "Using filter expressions", with the section; P a choice of this program where the guide
 * is silent (filter.h). Two traces are asked: "one" and "two", below. */
#include "emulator/services/xray/filter.h"

#include "core/codec/json.h"
#include "tests/unit/check.h"

#define ID(n)  "1-695b7d90-00000000000000000000000" n
#define SEG(n) "000000000000000" n

/* one: shop calls stock, which fails and whose failure shop hides; and a table of DynamoDB.
 * two: throttled. */
static const char *const documents[] = {
    "{\"id\":\"" SEG("1") "\",\"trace_id\":\"" ID(
        "1") "\",\"name\":\"shop\",\"start_time\":100,"
             "\"end_time\":104,\"origin\":\"AWS::EC2::Instance\",\"user\":\"alice\",\"http\":{"
             "\"request\":{"
             "\"method\":\"GET\",\"url\":\"http://api.example.com/v2/api/game/"
             "1\",\"client_ip\":\"10.0.0.1\","
             "\"user_agent\":\"curl/8\"},\"response\":{\"status\":200}},\"aws\":{\"account_id\":"
             "\"111122223333\",\"ec2\":{\"instance_id\":\"i-1\",\"availability_zone\":\"us-east-"
             "1c\"}},"
             "\"annotations\":{\"gameid\":\"817DL6VO\",\"age\":30,\"rate\":0.5,\"vip\":true,"
             "\"out\":false},"
             "\"subsegments\":[{\"id\":\"" SEG(
                 "2") "\",\"name\":\"stock\",\"namespace\":\"remote\","
                      "\"start_time\":101,\"end_time\":104,\"fault\":true,\"http\":{\"response\":{"
                      "\"status\":500}},"
                      "\"cause\":{\"exceptions\":[{\"id\":\"" SEG(
                          "9") "\",\"type\":\"Boom\",\"message\":"
                               "\"Access Denied for account_id: 1234567890\"}]}},{\"id\":\"" SEG(
                                   "3") "\",\"name\":"
                                        "\"dynamodb\",\"namespace\":\"aws\",\"start_time\":100,"
                                        "\"end_time\":100.5,\"aws\":{"
                                        "\"table_name\":\"orders\",\"resource_arn\":\"arn:aws:"
                                        "dynamodb:us-east-1:1:table/orders\"}}]}",
    "{\"id\":\"" SEG("4") "\",\"trace_id\":\"" ID("1") "\",\"name\":\"stock\",\"parent_id\":\"" SEG(
        "2") "\",\"start_time\":101,\"end_time\":103,\"fault\":true}",
    "{\"id\":\"" SEG("5") "\",\"trace_id\":\"" ID(
        "2") "\",\"name\":\"shop\",\"start_time\":100,"
             "\"end_time\":100.5,\"origin\":\"AWS::EC2::Instance\",\"error\":true,\"throttle\":"
             "true,"
             "\"http\":{\"response\":{\"status\":429}},\"subsegments\":[{\"id\":\"" SEG(
                 "6") "\",\"name\":"
                      "\"work\",\"start_time\":100,\"in_progress\":true}]}",
};

enum { NONE = 0, ONE = 1, TWO = 2, BOTH = 3, REFUSED = -1 };

static const struct row {
    const char *name, *source;
    const char *text;
    int want;
} rows[] = {
    { "a number is compared", "G: Filter expression syntax", "responsetime > 3", ONE },
    { "two conditions by AND", "G: Filter expression syntax", "duration >= 4 AND duration <= 8",
      ONE },
    { "two conditions by OR", "G: Filter expression syntax", "responsetime > 5 OR error", TWO },
    { "ok is a 2XX", "G: Boolean keywords", "ok", ONE },
    { "! negates", "G: Boolean keywords", "!ok", TWO },
    { "= false negates", "G: Boolean keywords", "ok = false", TWO },
    { "!= true negates", "G: Boolean keywords", "ok != true", TWO },
    { "a truth in quotation marks", "G: Boolean keywords: \"the string true or false\"",
      "ok = \"false\"", TWO },
    { "error is a 4XX", "G: Boolean keywords", "error", TWO },
    { "throttle is a 429", "G: Boolean keywords", "throttle", TWO },
    { "fault is the root's", "G: Filter expression syntax: a handled error downstream is not found",
      "fault", NONE },
    { "partial", "G: Boolean keywords", "partial", TWO },
    { "inferred", "G: Boolean keywords", "inferred", ONE },
    { "side by side is AND", "G: Number keywords, \"ok !partial duration <3\"",
      "ok !partial duration <5", ONE },
    { "the status is a number", "G: Number keywords", "http.status != 200", TWO },
    { "less than", "G: Number keywords", "duration < 1", TWO },
    { "a url contains", "G: String keywords", "http.url CONTAINS \"/api/game/\"", ONE },
    { "begins and ends", "G: String keywords",
      "http.url BEGINSWITH \"http://api\" AND http.url ENDSWITH \"/1\"", ONE },
    { "a method", "G: String keywords", "http.method = \"GET\"", ONE },
    { "a user agent", "G: String keywords", "http.useragent CONTAINS \"curl\"", ONE },
    { "a client's address", "G: String keywords", "http.clientip = \"10.0.0.1\"", ONE },
    { "a user", "G: String keywords", "user = \"alice\"", ONE },
    { "a field is there when it contains nothing", "G: String keywords", "user CONTAINS \"\"",
      ONE },
    { "a zone", "G: String keywords", "availabilityzone = \"us-east-1c\"", ONE },
    { "an instance", "G: String keywords", "instance.id = \"i-1\"", ONE },
    { "a resource", "G: String keywords", "resource.arn ENDSWITH \"table/orders\"", ONE },
    { "a string keyword alone asks whether it is set", "G: Complex keywords, \"http.url AND\"",
      "http.url AND responseTime > 2", ONE },
    { "keywords in any case", "G: Complex keywords, \"responseTime\"; String keywords, \"and\"",
      "RESPONSETIME > 3 and OK", ONE },
    { "a service", "G: Complex keywords", "service(\"stock\")", ONE },
    { "a service with a fault", "G: Complex keywords", "service(\"stock\") { fault }", ONE },
    { "a service without one", "G: Complex keywords", "service(\"shop\") { fault }", NONE },
    { "any service", "G: Complex keywords", "service() { fault }", ONE },
    { "no such service", "G: Complex keywords",
      "http.url BEGINSWITH \"http://api.example.com/\" AND http.url CONTAINS \"/v2/\" AND "
      "!service(\"api.example.com\")",
      ONE },
    { "a service that is the root", "G: Boolean keywords, service(\"data-plane\")",
      "service(\"stock\") {root = true and fault = true}", NONE },
    { "the root's service", "G: Boolean keywords", "service(\"shop\") {root = true and ok}", ONE },
    { "an edge", "G: Complex keywords", "edge(\"shop\", \"stock\") { fault }", ONE },
    { "an edge goes one way", "G: Complex keywords", "edge(\"stock\", \"shop\")", NONE },
    { "an edge's status is the caller's", "P: the call as its caller saw it",
      "edge(\"shop\", \"stock\") { http.status = 500 }", ONE },
    { "a service by id", "G: id function",
      "service(id(name: \"shop\", type: \"AWS::EC2::Instance\")) { error }", TWO },
    { "a service by its type alone", "G: id function",
      "service(id(type: \"AWS::DynamoDB::Table\"))", ONE },
    { "an edge by ids", "G: id function",
      "edge(id(name: \"shop\", type:\"AWS::EC2::Instance\"), id(name: \"orders\"))", ONE },
    { "a service by its account", "G: id function (account.id)",
      "service(id(name: \"shop\", account.id: \"111122223333\"))", ONE },
    { "an annotation's text", "G: Complex keywords", "annotation.gameid = \"817DL6VO\"", ONE },
    { "an annotation is set", "G: Complex keywords", "annotation.age", ONE },
    { "an annotation is not set", "G: Complex keywords", "!annotation.age", TWO },
    { "an annotation's number", "G: Complex keywords", "annotation.age > 29", ONE },
    { "an annotation with a fraction", "G: Complex keywords", "annotation.rate <= .5", ONE },
    { "an annotation's truth", "G: Complex keywords", "annotation.vip", ONE },
    { "an annotation's untruth", "G: Complex keywords: of a Boolean its value", "annotation.out",
      NONE },
    { "an annotation = false", "G: Complex keywords", "annotation.out = false", ONE },
    { "a number is no text", "G: Complex keywords: operators of its type",
      "annotation.age = \"30\"", NONE },
    { "an annotation in brackets", "G, 2024: annotation[key]", "annotation[gameid] = \"817DL6VO\"",
      ONE },
    { "a group", "G: Complex keywords", "group.name = \"slow\" AND user = \"alice\"", ONE },
    { "not of a group", "G: Complex keywords", "group.name != \"slow\"", TWO },
    { "a group by ARN", "G: Complex keywords", "group.arn = \"arn:slow\"", ONE },
    { "a group of all", "P: a group without an expression", "group.name = \"all\"", BOTH },
    { "a fault's service", "G: String keywords", "rootcause.fault.service { name = \"stock\" }",
      ONE },
    { "a fault's last service", "G: String keywords",
      "rootcause.fault.service { last and name = \"shop\" }", NONE },
    { "a value without quotation marks", "G: Boolean keywords, \"name = traces\"",
      "rootcause.fault.service { name = stock }", ONE },
    { "a fault's last exception", "G: String keywords",
      "rootcause.fault.exception { last and message = \"Access Denied for account_id: 1234567890\" "
      "}",
      ONE },
    { "an exception's name", "G: String keywords", "rootcause.fault.exception { name = \"Boom\" }",
      ONE },
    { "a fault's remote entity", "G: Boolean keywords", "rootcause.fault.entity { remote }", ONE },
    { "the slowest entity's share", "G: Number keywords",
      "rootcause.responsetime.entity { remote and coverage > 0.7 }", ONE },
    { "an index", "G: Number keywords", "rootcause.fault.service { index > 5 }", NONE },
    { "an error's entity", "G: String keywords",
      "rootcause.error.entity { first and name = \"shop\" }", TWO },
    { "parentheses", "P: as the guide's AND and OR need them", "(fault OR error) AND throttle",
      TWO },
    { "AND binds more than OR", "P", "user = \"alice\" OR error AND fault", ONE },
    { "not of a combination", "P", "!(ok OR partial)", NONE },
    { "a quotation mark in a string", "P", "user = \"al\\\"ice\"", NONE },

    { "an unknown keyword", "P: refused, never ignored", "colour = \"red\"", REFUSED },
    { "a root cause as JSON", "G: Complex keywords, json: not done here",
      "rootcause.json = #[{ \"Services\": [] }]", REFUSED },
    { "an unknown root cause", "P", "rootcause.boredom.service", REFUSED },
    { "nothing behind AND", "P", "ok AND", REFUSED },
    { "nothing behind !", "P", "!", REFUSED },
    { "an operator without a value", "P", "duration >", REFUSED },
    { "a number is not contained", "G: Number operators", "duration CONTAINS \"1\"", REFUSED },
    { "a string has no order", "G: String operators", "user > \"a\"", REFUSED },
    { "a truth has no order", "G: Boolean operators", "ok > true", REFUSED },
    { "a number is no string", "P", "duration = \"long\"", REFUSED },
    { "a string is no number", "G: String keywords: values in quotation marks", "user = 5",
      REFUSED },
    { "an annotation within a service", "G: Complex keywords: not in combination",
      "service(\"shop\") { annotation.age }", REFUSED },
    { "a service within a service", "P", "service() { service() }", REFUSED },
    { "an item's keyword of a trace", "G: Boolean keywords", "last", REFUSED },
    { "braces without an end", "P", "service() { fault", REFUSED },
    { "an edge of one", "G: Complex keywords", "edge(\"a\")", REFUSED },
    { "a name without quotation marks", "G: Complex keywords", "service(shop)", REFUSED },
    { "an id of a colour", "G: id function", "service(id(colour: \"red\"))", REFUSED },
    { "an unknown group", "P", "group.name = \"none\"", REFUSED },
    { "a group compared by order", "P", "group.name > \"slow\"", REFUSED },
    { "a group that names itself", "P", "group.name = \"self\"", REFUSED },
    { "a group of groups", "P", "group.name = \"six\"", BOTH },
    { "more groups than an expression may take", "P", "group.name = \"six of six of six\"",
      REFUSED },
    { "a string without an end", "P", "user = \"alice", REFUSED },
    { "a sign of no meaning", "P", "ok; error", REFUSED },
    { "an end too many", "P", "ok )", REFUSED },
    { "nested too deeply", "P",
      "((((((((((((((((((((((((((((((((((ok))))))))))))))))))))))))))))))))))", REFUSED },
};

#define TWO_OF(name) "group.name = \"" name "\" OR group.name = \"" name "\""
#define SIX(name)    TWO_OF(name) " OR " TWO_OF(name) " OR " TWO_OF(name)

static bool find_group(void *arg, bool by_arn, struct str text, struct str *expression)
{
    static const struct {
        const char *name, *arn, *expression;
    } groups[] = { { "slow", "arn:slow", "responsetime > 3" },
                   { "all", "arn:all", "" },
                   { "self", "arn:self", "ok OR group.name = \"self\"" },
                   { "six", "", SIX("all") },
                   { "six of six", "", SIX("six") },
                   { "six of six of six", "", SIX("six of six") } };

    (void)arg; /* a fixed table */
    for (size_t i = 0; i < COUNT(groups); i++)
        if (str_eq_c(text, by_arn ? groups[i].arn : groups[i].name)) {
            *expression = str_c(groups[i].expression);
            return true;
        }
    return false;
}

static struct trace *trace_of(struct arena *a, size_t from, size_t to)
{
    struct xray_line lines[COUNT(documents)];

    for (size_t i = from; i < to; i++)
        lines[i] = (struct xray_line){ .trace_id = STR("t"), .text = str_c(documents[i]) };
    return trace_build(a, names_new(a, NULL), lines + from, to - from);
}

static void check_row(void **state)
{
    const struct row *r = *state;
    struct filter_groups groups = { find_group, NULL };
    struct arena a = { 0 };
    struct err err = { 0 };
    struct filter *f = NULL;
    int rc = filter_parse(&a, str_c(r->text), &groups, &f, &err), got = NONE;

    assert_true(r->source && *r->source);
    assert_int_equal(err.code, rc);
    if (r->want == REFUSED) {
        assert_int_equal(rc, E_PARSE);
        assert_true(str_find(str_c(err.text), STR("at character ")) == 0);
    } else {
        check_ok(rc, &err);
        got = (filter_matches(&a, f, trace_of(&a, 0, 2)) ? ONE : 0) |
              (filter_matches(&a, f, trace_of(&a, 2, 3)) ? TWO : 0);
        assert_int_equal(got, r->want);
    }
    arena_free(&a);
}

static void test_no_filter_takes_all(void **state)
{
    struct arena a = { 0 };

    (void)state; /* no row */
    assert_true(filter_matches(&a, NULL, trace_of(&a, 0, 2)));
    arena_free(&a);
}

static void test_too_long(void **state)
{
    struct arena a = { 0 };
    struct filter *f;
    char text[FILTER_BYTES + 2];

    (void)state; /* no row */
    memset(text, ' ', sizeof text);
    assert_int_equal(filter_parse(&a, (struct str){ text, sizeof text }, NULL, &f, NULL), E_PARSE);
    arena_free(&a);
}

static const struct entity_row {
    const char *name, *text;
    bool is_edge;
    const char *from, *to; /* NULL: refused */
} entities[] = {
    { "a service", "service(\"a\")", false, "a", "" },
    { "an id", "id(name: \"a\", type: \"t\")", false, "a", "" },
    { "an edge of two", "edge(\"a\", \"b\")", true, "a", "b" },
    { "any service's name", "service()", false, "", "" },
    { "braces are not for entities", "service(\"a\") { ok }", false, NULL, NULL },
    { "no keyword is an entity", "ok", false, NULL, NULL },
    { "two are not one", "service(\"a\") service(\"b\")", false, NULL, NULL },
};

static void check_entity(void **state)
{
    const struct entity_row *r = *state;
    struct filter_entity e = { 0 };
    struct arena a = { 0 };
    int rc = filter_entity_parse(&a, str_c(r->text), &e, NULL);

    assert_int_equal(rc, r->from ? 0 : E_PARSE);
    if (r->from) {
        assert_int_equal(e.is_edge, r->is_edge);
        check_str(e.name[0], r->from);
        check_str(e.name[1], r->to);
    }
    arena_free(&a);
}

int main(void)
{
    struct check_suite s = { 0 };

    CHECK_ROWS(&s, rows, check_row);
    CHECK_ROWS(&s, entities, check_entity);
    check_add(&s, "no filter takes every trace", test_no_filter_takes_all);
    check_add(&s, "an expression may be too long", test_too_long);
    return check_run(&s, "xray_filter");
}
