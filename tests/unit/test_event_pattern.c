#include "core/codec/json.h"
#include "emulator/services/events/pattern.h"
#include "tests/unit/check.h"

/* Sources, by their letter in a row:
 * G  EventBridge User Guide, "Comparison operators for use in event patterns" (its examples)
 * A  EventBridge User Guide, "Arrays in event patterns"
 * N  EventBridge User Guide, "Null values and empty strings in event patterns"
 * R  github.com/aws/event-ruler, README
 * C  the same, JsonRuleCompiler (what is refused, and in which words)
 * M  the same, tests of Machine and ACMachine (array consistency, absence) */
#define ANY  true
#define NONE false

static const struct match_case {
    const char *name, *pattern, *event;
    bool matches;
} matches[] = {
    /* exact */
    { "G an exact text", "{'a':['x']}", "{'a':'x'}", ANY },
    { "G case counts", "{'a':['X']}", "{'a':'x'}", NONE },
    { "G one of several", "{'a':['x','y']}", "{'a':'y'}", ANY },
    { "G all fields must hold", "{'a':['x'],'b':['y']}", "{'a':'x','b':'z'}", NONE },
    { "G what the pattern does not name is free", "{'a':['x']}", "{'a':'x','b':1}", ANY },
    { "G a field that is not there", "{'a':['x']}", "{'b':'x'}", NONE },
    { "G nested fields", "{'a':{'b':['x']}}", "{'a':{'b':'x'}}", ANY },
    { "G a map is no text", "{'a':['x']}", "{'a':{'x':1}}", NONE },
    { "G a text is no map", "{'a':{'b':['x']}}", "{'a':'b'}", NONE },
    { "R exactly", "{'a':[{'exactly':'x'}]}", "{'a':'x'}", ANY },
    { "G a number is no text", "{'a':['1']}", "{'a':1}", NONE },
    { "R an address of version 6 in another spelling", "{'a':['0:0:0:0:0:0:0:1']}", "{'a':'::1'}",
      ANY },
    { "R numbers are compared as numbers", "{'a':[300]}", "{'a':3.0e2}", ANY },
    { "R 300.0 is 300", "{'a':[300.0]}", "{'a':300}", ANY },
    { "R another number", "{'a':[300]}", "{'a':301}", NONE },
    { "N null is null", "{'a':[null]}", "{'a':null}", ANY },
    { "N null is not the text", "{'a':[null]}", "{'a':'null'}", NONE },
    { "N null is not absence", "{'a':[null]}", "{}", NONE },
    { "N an empty text", "{'a':['']}", "{'a':''}", ANY },
    { "N an empty text is not null", "{'a':['']}", "{'a':null}", NONE },
    { "R true", "{'a':[true]}", "{'a':true}", ANY },
    { "R true is not false", "{'a':[true]}", "{'a':false}", NONE },
    { "R true is not the text", "{'a':[true]}", "{'a':'true'}", NONE },
    { "R of members of one name the last counts", "{'a':['x'],'a':['y']}", "{'a':'y'}", ANY },
    /* prefix, suffix, equals-ignore-case */
    { "G a prefix", "{'time':[{'prefix':'2017-10-02'}]}", "{'time':'2017-10-02T18:43:48Z'}", ANY },
    { "G another prefix", "{'a':[{'prefix':'us-'}]}", "{'a':'eu-1'}", NONE },
    { "R a prefix is of texts only", "{'a':[{'prefix':'1'}]}", "{'a':12}", NONE },
    { "R an empty prefix takes every text", "{'a':[{'prefix':''}]}", "{'a':''}", ANY },
    { "R a prefix longer than the text", "{'a':[{'prefix':'abc'}]}", "{'a':'ab'}", NONE },
    { "G a prefix in any case", "{'a':[{'prefix':{'equals-ignore-case':'EventB'}}]}",
      "{'a':'eventbridge'}", ANY },
    { "G a suffix", "{'a':[{'suffix':'.png'}]}", "{'a':'x.png'}", ANY },
    { "G another suffix", "{'a':[{'suffix':'.png'}]}", "{'a':'x.jpg'}", NONE },
    { "G a suffix longer than the text", "{'a':[{'suffix':'x.png'}]}", "{'a':'.png'}", NONE },
    { "G a suffix in any case", "{'a':[{'suffix':{'equals-ignore-case':'.PNG'}}]}", "{'a':'x.Png'}",
      ANY },
    { "G equals-ignore-case", "{'a':[{'equals-ignore-case':'alice'}]}", "{'a':'aLiCe'}", ANY },
    { "G equals-ignore-case of another", "{'a':[{'equals-ignore-case':'alice'}]}", "{'a':'alic'}",
      NONE },
    /* wildcard */
    { "R a star in the middle", "{'a':[{'wildcard':'Simple*Service'}]}",
      "{'a':'SimpleQueueService'}", ANY },
    { "R a star may be nothing", "{'a':[{'wildcard':'a*b'}]}", "{'a':'ab'}", ANY },
    { "R stars go back", "{'a':[{'wildcard':'*ab*c'}]}", "{'a':'aabxabc'}", ANY },
    { "R the whole text counts", "{'a':[{'wildcard':'*ab'}]}", "{'a':'abc'}", NONE },
    { "R a star by itself", "{'a':[{'wildcard':'*'}]}", "{'a':''}", ANY },
    { "R no star at all", "{'a':[{'wildcard':'ab'}]}", "{'a':'ab'}", ANY },
    { "R an escaped star", "{'a':[{'wildcard':'a\\\\*b'}]}", "{'a':'a*b'}", ANY },
    { "R an escaped star is no star", "{'a':[{'wildcard':'a\\\\*b'}]}", "{'a':'axb'}", NONE },
    { "R an escaped backslash", "{'a':[{'wildcard':'a\\\\\\\\*'}]}", "{'a':'a\\\\b'}", ANY },
    { "G a question mark is itself", "{'a':[{'wildcard':'a?b'}]}", "{'a':'axb'}", NONE },
    { "R a wildcard is of texts only", "{'a':[{'wildcard':'*'}]}", "{'a':1}", NONE },
    /* anything-but */
    { "G anything but a text", "{'a':[{'anything-but':'x'}]}", "{'a':'y'}", ANY },
    { "G not that text", "{'a':[{'anything-but':'x'}]}", "{'a':'x'}", NONE },
    { "G anything but a list", "{'a':[{'anything-but':['x','y']}]}", "{'a':'y'}", NONE },
    { "G anything but numbers", "{'a':[{'anything-but':[100,200]}]}", "{'a':300}", ANY },
    { "G not that number", "{'a':[{'anything-but':123}]}", "{'a':123.0}", NONE },
    { "R another kind of value is something else", "{'a':[{'anything-but':'1'}]}", "{'a':1}", ANY },
    { "R an absent field is not something else", "{'a':[{'anything-but':'x'}]}", "{}", NONE },
    { "G anything but a prefix", "{'a':[{'anything-but':{'prefix':'init'}}]}", "{'a':'running'}",
      ANY },
    { "G not that prefix", "{'a':[{'anything-but':{'prefix':'init'}}]}", "{'a':'initial'}", NONE },
    { "G anything but several prefixes", "{'a':[{'anything-but':{'prefix':['i','r']}}]}",
      "{'a':'run'}", NONE },
    { "G anything but a suffix", "{'a':[{'anything-but':{'suffix':'.txt'}}]}", "{'a':'a.txt'}",
      NONE },
    { "G anything but several suffixes", "{'a':[{'anything-but':{'suffix':['.txt','.rtf']}}]}",
      "{'a':'a.jpg'}", ANY },
    { "G anything but in any case",
      "{'a':[{'anything-but':{'equals-ignore-case':'initializing'}}]}", "{'a':'INITIALIZING'}",
      NONE },
    { "G anything but several in any case",
      "{'a':[{'anything-but':{'equals-ignore-case':['up','down']}}]}", "{'a':'Left'}", ANY },
    { "G anything but a wildcard", "{'a':[{'anything-but':{'wildcard':'*/lib/*'}}]}",
      "{'a':'/x/lib/y'}", NONE },
    { "G anything but several wildcards",
      "{'a':[{'anything-but':{'wildcard':['*/lib/*','*/bin/*']}}]}", "{'a':'/etc/y'}", ANY },
    { "M one other element is something else", "{'a':[{'anything-but':'x'}]}", "{'a':['x','y']}",
      ANY },
    /* numeric */
    { "G greater", "{'a':[{'numeric':['>',0]}]}", "{'a':1}", ANY },
    { "G not greater than itself", "{'a':[{'numeric':['>',0]}]}", "{'a':0}", NONE },
    { "G a range, at its upper end", "{'a':[{'numeric':['>',0,'<=',5]}]}", "{'a':5}", ANY },
    { "G a range, beyond it", "{'a':[{'numeric':['>',0,'<=',5]}]}", "{'a':5.000001}", NONE },
    { "G less", "{'a':[{'numeric':['<',10]}]}", "{'a':-3}", ANY },
    { "G less or equal", "{'a':[{'numeric':['<=',10]}]}", "{'a':10}", ANY },
    { "G greater or equal", "{'a':[{'numeric':['>=',-2.5,'<',0]}]}", "{'a':-2.5}", ANY },
    { "G equal", "{'a':[{'numeric':['=',3.018e2]}]}", "{'a':301.8}", ANY },
    { "R numeric is of numbers only", "{'a':[{'numeric':['=',1]}]}", "{'a':'1'}", NONE },
    /* cidr */
    { "G an address in a block", "{'a':[{'cidr':'10.0.0.0/24'}]}", "{'a':'10.0.0.255'}", ANY },
    { "G an address outside", "{'a':[{'cidr':'10.0.0.0/24'}]}", "{'a':'10.0.1.0'}", NONE },
    { "R a mask within a byte", "{'a':[{'cidr':'10.0.0.128/25'}]}", "{'a':'10.0.0.127'}", NONE },
    { "R every address", "{'a':[{'cidr':'0.0.0.0/0'}]}", "{'a':'203.0.113.9'}", ANY },
    { "R one address", "{'a':[{'cidr':'10.0.0.1/32'}]}", "{'a':'10.0.0.1'}", ANY },
    { "R version 6", "{'a':[{'cidr':'2001:db8::/32'}]}", "{'a':'2001:db8:1::5'}", ANY },
    { "R version 6 outside", "{'a':[{'cidr':'2001:db8::/32'}]}", "{'a':'2001:db9::5'}", NONE },
    { "R version 4 is not version 6", "{'a':[{'cidr':'::/0'}]}", "{'a':'10.0.0.1'}", NONE },
    { "R no address at all", "{'a':[{'cidr':'0.0.0.0/0'}]}", "{'a':'s3.amazonaws.com'}", NONE },
    /* exists */
    { "G it is there", "{'a':[{'exists':true}]}", "{'a':false}", ANY },
    { "G it is not there", "{'a':[{'exists':true}]}", "{'b':1}", NONE },
    { "G absence", "{'a':[{'exists':false}]}", "{'b':1}", ANY },
    { "G no absence", "{'a':[{'exists':false}]}", "{'a':1}", NONE },
    { "N null is there", "{'a':[{'exists':true}]}", "{'a':null}", ANY },
    { "R only leaves are there", "{'a':[{'exists':true}]}", "{'a':{'b':1}}", NONE },
    { "R what is no leaf is absent", "{'a':[{'exists':false}]}", "{'a':{'b':1}}", ANY },
    { "R an empty array holds nothing", "{'a':[{'exists':false}]}", "{'a':[]}", ANY },
    { "R below what is absent", "{'a':{'b':[{'exists':false}]}}", "{}", ANY },
    { "R absent, or a value", "{'a':[{'exists':false},'x']}", "{'a':'x'}", ANY },
    { "R absent, or another value", "{'a':[{'exists':false},'x']}", "{'a':'y'}", NONE },
    /* $or */
    { "R one of two fields", "{'$or':[{'a':['x']},{'b':['y']}]}", "{'b':'y'}", ANY },
    { "R neither", "{'$or':[{'a':['x']},{'b':['y']}]}", "{'a':'y'}", NONE },
    { "R and beside it", "{'s':['q'],'$or':[{'a':['x']},{'b':['y']}]}", "{'s':'z','a':'x'}", NONE },
    { "R two of them", "{'$or':[{'a':['x']},{'b':['y']}],'d':{'$or':[{'e':[1]},{'f':[2]}]}}",
      "{'a':'x','d':{'f':2}}", ANY },
    { "R one within another", "{'$or':[{'a':['x']},{'b':['y'],'$or':[{'c':[1]},{'d':[2]}]}]}",
      "{'b':'y','d':2}", ANY },
    { "R one within another, its branch fails",
      "{'$or':[{'a':['x']},{'b':['y'],'$or':[{'c':[1]},{'d':[2]}]}]}", "{'b':'y','c':2}", NONE },
    { "R an object of that name is a field", "{'$or':{'a':['x']}}", "{'$or':{'a':'x'}}", ANY },
    { "R a list of values of that name is a field", "{'$or':['x']}", "{'$or':'x'}", ANY },
    { "C match expressions of that name are a field", "{'$or':[{'prefix':'a'},{'suffix':'b'}]}",
      "{'$or':'xb'}", ANY },
    /* arrays */
    { "A one common element", "{'a':['x','y']}", "{'a':['z','y']}", ANY },
    { "A no common element", "{'a':['x']}", "{'a':['z','y']}", NONE },
    { "A an empty array", "{'a':['x']}", "{'a':[]}", NONE },
    { "M arrays in arrays", "{'a':['x']}", "{'a':[['z'],['x']]}", ANY },
    { "M objects in an array", "{'a':{'b':['x']}}", "{'a':[{'b':'z'},{'b':'x'}]}", ANY },
    { "M objects in arrays in arrays", "{'a':{'b':['x']}}", "{'a':[[{'b':'z'}],[{'b':'x'}]]}",
      ANY },
    { "M conditions hold in one object", "{'a':{'b':['x'],'c':['y']}}",
      "{'a':[{'b':'x','c':'y'},{'b':'z'}]}", ANY },
    { "M not in two", "{'a':{'b':['x'],'c':['y']}}", "{'a':[{'b':'x'},{'c':'y'}]}", NONE },
    { "M an inner array is the same array", "{'a':{'b':{'c':[1],'d':[2]}}}",
      "{'a':[{'b':[{'c':1},{'d':2}]},{'b':[{'c':1,'d':2}]}]}", ANY },
    { "M absence in the same object", "{'a':{'b':['x'],'c':[{'exists':false}]}}",
      "{'a':[{'b':'x'},{'c':'y'}]}", ANY },
    { "M absence alone is of all objects", "{'a':{'c':[{'exists':false}]}}",
      "{'a':[{'b':'x'},{'c':'y'}]}", NONE },
    { "M absence alone in all objects", "{'a':{'c':[{'exists':false}]}}",
      "{'a':[{'b':'x'},{'b':'y'}]}", ANY },
    /* what filter policies of SNS ask; Source: SNS Developer Guide, "Subscription filter policies"
     */
    { "S an attribute that is a list", "{'interests':['rugby']}",
      "{'interests':['football','rugby']}", ANY },
    { "S two attributes", "{'store':['x'],'price':[{'numeric':['>=',100]}]}",
      "{'store':'x','price':210.75}", ANY },
};

static const struct refusal_case {
    const char *name, *pattern, *text;
} refusals[] = {
    { "C no object", "['a']", "Filter is not an object" },
    { "C no JSON", "{'a':", "Invalid JSON: " },
    { "C an empty pattern", "{}", "Empty objects are not allowed" },
    { "C an empty object within", "{'a':{}}", "Empty objects are not allowed" },
    { "C an empty array", "{'a':[]}", "Empty arrays are not allowed" },
    { "C no array", "{'a':'x'}", "\"a\" must be an object or an array" },
    { "C an array in an array", "{'a':[['x']]}",
      "Match value must be String, number, true, false, or null" },
    { "C an unknown expression", "{'a':[{'regex':'x'}]}", "Unrecognized match type regex" },
    { "C no expression", "{'a':[{}]}", "Match expression name not found" },
    { "C two keys", "{'a':[{'prefix':'x','suffix':'y'}]}",
      "Only one key allowed in match expression" },
    { "C exactly a number", "{'a':[{'exactly':1}]}", "exact match pattern must be a string" },
    { "C a prefix that is a number", "{'a':[{'prefix':1}]}",
      "prefix match pattern must be a string" },
    { "C a prefix of an unknown kind", "{'a':[{'prefix':{'foo':'x'}}]}",
      "Unsupported prefix pattern: foo" },
    { "C a suffix that is a list", "{'a':[{'suffix':['x']}]}",
      "suffix match pattern must be a string" },
    { "C equals-ignore-case of null", "{'a':[{'equals-ignore-case':null}]}",
      "equals-ignore-case match pattern must be a string" },
    { "C a wildcard that is a number", "{'a':[{'wildcard':1}]}",
      "wildcard match pattern must be a string" },
    { "R two stars", "{'a':[{'wildcard':'a**'}]}", "Consecutive wildcard characters at pos 1" },
    { "R an escape of something else", "{'a':[{'wildcard':'a\\\\b'}]}",
      "Invalid escape character at pos 1" },
    { "R an escape of nothing", "{'a':[{'wildcard':'a\\\\'}]}",
      "Invalid escape character at pos 1" },
    { "C numeric of no list", "{'a':[{'numeric':5}]}", "Value of numeric must be an array." },
    { "C numeric of nothing", "{'a':[{'numeric':[]}]}", "Invalid member in numeric match" },
    { "C numeric without an operator", "{'a':[{'numeric':[5]}]}",
      "Invalid member in numeric match" },
    { "C an unknown operator", "{'a':[{'numeric':['!=',5]}]}",
      "Unrecognized numeric range operator: !=" },
    { "C an operator of nothing", "{'a':[{'numeric':['>']}]}", "Value of > must be numeric" },
    { "C equal to a text", "{'a':[{'numeric':['=','5']}]}", "Value of equals must be numeric" },
    { "C more behind equal", "{'a':[{'numeric':['=',5,'<',6]}]}",
      "Too many elements in numeric expression" },
    { "C a range from the top", "{'a':[{'numeric':['<',5,'>',1]}]}",
      "Too many elements in numeric expression" },
    { "C a range without a top", "{'a':[{'numeric':['>',5,'>',6]}]}",
      "Bad numeric range operator: >" },
    { "C a range upside down", "{'a':[{'numeric':['>',5,'<',1]}]}",
      "Bottom must be less than top" },
    { "C more behind a range", "{'a':[{'numeric':['>',1,'<',5,'<',6]}]}",
      "Too many terms in numeric range expression" },
    { "G a number too large", "{'a':[{'numeric':['>',6e9]}]}",
      "Value must be between -5.0E9 and 5.0E9, inclusive" },
    { "C exists of a text", "{'a':[{'exists':'yes'}]}",
      "exists match pattern must be either true or false." },
    { "C a block without a mask", "{'a':[{'cidr':'10.0.0.0'}]}",
      "Malformed CIDR, one '/' required" },
    { "C a mask that is no number", "{'a':[{'cidr':'10.0.0.0/x'}]}",
      "Malformed CIDR, mask bits must be an integer" },
    { "C a negative mask", "{'a':[{'cidr':'10.0.0.0/-1'}]}",
      "Malformed CIDR, mask bits must not be negative" },
    { "C a mask too long", "{'a':[{'cidr':'10.0.0.0/33'}]}", "IPv4 mask bits must be < 33" },
    { "C a mask too long for version 6", "{'a':[{'cidr':'::/129'}]}",
      "IPv6 mask bits must be < 129" },
    { "C no address", "{'a':[{'cidr':'10.0.0/8'}]}", "Nonstandard IP address: 10.0.0" },
    { "C anything-but null", "{'a':[{'anything-but':null}]}",
      "Value of anything-but must be an array or single string/number value." },
    { "C anything-but a list of booleans", "{'a':[{'anything-but':[true]}]}",
      "Inside anything but list, start|null|boolean is not supported." },
    { "C anything-but a mixed list", "{'a':[{'anything-but':['x',1]}]}",
      "Inside anything but list, either all values are number or string, mixed type is not "
      "supported" },
    { "C anything-but an empty list", "{'a':[{'anything-but':[]}]}",
      "Inside anything but list, either all values are number or string, mixed type is not "
      "supported" },
    { "C anything-but an unknown kind", "{'a':[{'anything-but':{'numeric':['>',1]}}]}",
      "Unsupported anything-but pattern: numeric" },
    { "C anything-but of nothing", "{'a':[{'anything-but':{}}]}",
      "Anything-But expression name not found" },
    { "C anything-but an empty prefix", "{'a':[{'anything-but':{'prefix':''}}]}",
      "Null prefix/suffix not allowed" },
    { "C anything-but no prefixes", "{'a':[{'anything-but':{'prefix':[]}}]}",
      "Empty arrays are not allowed" },
    { "C a $or of one", "{'$or':[{'a':['x']}]}", "Unrecognized match type a" },
};

/* Rows are written with single quotes. */
static struct str quoted(struct arena *a, const char *text)
{
    struct str s = arena_copy(a, str_c(text));

    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] == '\'')
            ((char *)s.ptr)[i] = '"';
    return s;
}

static void match_case(void **state)
{
    const struct match_case *c = *state;
    const struct event_pattern *p = NULL;
    struct arena a = { 0 };
    struct err err = { 0 };
    struct value *event = NULL;

    assert_int_equal(json_parse(&a, quoted(&a, c->event), &event, &err), 0);
    if (event_pattern_parse(&a, quoted(&a, c->pattern), &p, &err) < 0)
        fail_msg("refused: %s", err.text);
    assert_int_equal(event_pattern_matches(p, event), c->matches);
    arena_free(&a);
}

static void refusal_case(void **state)
{
    const struct refusal_case *c = *state;
    const struct event_pattern *p = NULL;
    struct arena a = { 0 };
    struct err err = { 0 };
    struct str text = quoted(&a, c->text);

    if (strcmp(c->text, "Malformed CIDR, one '/' required") == 0)
        text = str_c(c->text);
    assert_int_equal(event_pattern_parse(&a, quoted(&a, c->pattern), &p, &err), E_PARSE);
    assert_null(p);
    assert_memory_equal(err.text, text.ptr, text.len);
    if (!str_has_suffix(text, STR(": ")))
        assert_int_equal(strlen(err.text), text.len);
    arena_free(&a);
}

/* Source: EventBridge User Guide, "Or matching": at most 1000 combinations. */
static void combinations_are_bounded(void **state)
{
    static const char or_10[] = "\"$or\":[{\"a\":[1]},{\"b\":[1]},{\"c\":[1]},{\"d\":[1]},"
                                "{\"e\":[1]},{\"f\":[1]},{\"g\":[1]},{\"h\":[1]},{\"i\":[1]},"
                                "{\"j\":[1]}]";
    const struct event_pattern *p = NULL;
    struct arena a = { 0 };
    struct err err = { 0 };

    (void)state;
    struct str most = arena_printf(&a, "{\"x\":{%s},\"y\":{%s},\"z\":{%s}}", or_10, or_10, or_10);
    struct str more = arena_printf(&a, "{\"x\":{%s},\"y\":{%s},\"z\":{%s},\"w\":{%s}}", or_10,
                                   or_10, or_10, or_10);
    assert_int_equal(event_pattern_parse(&a, most, &p, &err), 0);
    assert_int_equal(event_pattern_parse(&a, more, &p, &err), E_LIMIT);
    arena_free(&a);
}

int main(void)
{
    struct CMUnitTest tests[COUNT(matches) + COUNT(refusals) + 1];
    size_t n = 0;

    for (size_t i = 0; i < COUNT(matches); i++)
        tests[n++] =
            (struct CMUnitTest){ matches[i].name, match_case, NULL, NULL, (void *)&matches[i] };
    for (size_t i = 0; i < COUNT(refusals); i++)
        tests[n++] =
            (struct CMUnitTest){ refusals[i].name, refusal_case, NULL, NULL, (void *)&refusals[i] };
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(combinations_are_bounded);
    return cmocka_run_group_tests_name("event_pattern", tests, NULL, NULL);
}
