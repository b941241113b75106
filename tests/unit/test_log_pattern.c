/* What filter patterns match: a row a fact, each with its source. */
#include "tests/unit/check.h"

#include "core/base/buf.h"
#include "core/codec/json.h"
#include "emulator/services/logs/log_pattern.h"

/* Editions of the CloudWatch Logs User Guide. */
#define GUIDE   "FilterAndPatternSyntax"
#define TERMS   GUIDE ", Matching terms in log events"
#define EITHER  GUIDE ", OR pattern matching"
#define JSON    GUIDE ", Matching terms in JSON log events"
#define CHAIN   GUIDE ", JSON compound conditions"
#define SPECIAL GUIDE ", JSON special considerations"
#define NUMBERS GUIDE ", Numeric comparisons"
#define FIELDS  GUIDE ", Extract values from space-delimited log events"
#define REGEX   "regex-expressions, Supported regular expressions (regex) syntax"
#define CIS     "CIS AWS Foundations Benchmark 3.0, section 4"
#define OURS    "unconfirmed: no source says otherwise"

#define APACHE                                                                                     \
    "127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] \"GET /index.html HTTP/1.0\" 404 1534"
#define TRAIL                                                                                      \
    "{\"eventType\":\"UpdateTrail\",\"sourceIPAddress\":\"111.111.111.111\","                      \
    "\"arrayKey\":[\"value\",\"another value\"],\"objectList\":[{\"name\":\"a\",\"id\":1},"        \
    "{\"name\":\"b\",\"id\":2}],\"SomeObject\":null,\"ThisFlag\":true}"
#define USERS                                                                                      \
    "{\"user\":{\"id\":1,\"email\":\"John.Stiles@example.com\"},\"users\":[{\"id\":2,\"email\":"   \
    "\"John.Doe@example.com\"},{\"id\":3,\"email\":\"Jane.Doe@example.com\"}],"                    \
    "\"actions\":[\"GET\",\"PUT\",\"DELETE\"],\"coordinates\":[[0,1,2],[4,5,6],[7,8,9]]}"
#define CALL                                                                                       \
    "{\"eventName\":\"ConsoleLogin\",\"eventSource\":\"kms.amazonaws.com\",\"errorCode\":"         \
    "\"Client.UnauthorizedOperation\",\"userIdentity\":{\"type\":\"Root\",\"accountId\":"          \
    "\"123456789012\"},\"eventType\":\"AwsConsoleSignIn\",\"additionalEventData\":{\"MFAUsed\":"   \
    "\"No\"},\"requestParameters\":null,\"n\":-2.5,\"code\":404}"

static const struct match_case {
    const char *name, *pattern, *message;
    bool matches;
    const char *source;
} matches[] = {
    { "nothing matches all", "", "anything", true, TERMS },
    { "a blank matches all", " ", "anything", true, TERMS },
    { "a term in brackets", "ERROR", "[ERROR] A fatal exception has occurred", true, TERMS },
    { "a term as part of a word", "ERROR", "Exiting with ERRORCODE: -1", true, TERMS },
    { "terms tell case", "ERROR", "an error", false, TERMS },
    { "an unwanted term", "\"ERROR\" - \"Exiting\"", "Exiting with ERRORCODE: -1", false, TERMS },
    { "no unwanted term", "\"ERROR\" - \"Exiting\"", "[ERROR] fatal", true, TERMS },
    { "all terms", "ERROR Exception", "[ERROR] Caught IllegalArgumentException", true, TERMS },
    { "one term of two", "ERROR Exception", "[ERROR] something", false, TERMS },
    { "a phrase", "\"INTERNAL SERVER ERROR\"", "[ERROR 500] INTERNAL SERVER ERROR", true, TERMS },
    { "a phrase in another order", "\"SERVER INTERNAL\"", "INTERNAL SERVER", false, TERMS },
    { "a quote in a phrase", "\"say \\\"hi\\\"\"", "to say \"hi\" to", true, OURS },
    { "either, the first", "?ERROR ?WARN", "ERROR message", true, EITHER },
    { "either, the second", "?ERROR ?WARN", "WARN message", true, EITHER },
    { "neither", "?ERROR ?WARN", "INFO message", false, EITHER },
    { "both of two", "ERROR WARN", "ERROR WARN message", true, EITHER },
    { "wanted, not unwanted", "ERROR -WARN", "ERROR message", true, EITHER },
    { "wanted and unwanted", "ERROR -WARN", "ERROR WARN message", false, EITHER },
    { "only unwanted", "-ERROR", "INFO", true, "GetContainerLog, filterPattern (Lightsail API)" },
    { "? beside others says nothing", "INFO ?ERROR", "INFO only", true, OURS },
    { "? beside others does not help", "INFO ?ERROR", "ERROR only", false, OURS },

    { "a regex in a word", "%AUTHORIZED%", "[ERROR 401] UNAUTHORIZED REQUEST", true, REGEX },
    { "a regex that is not there", "%AUTHORIZED%", "[ERROR 400] BAD REQUEST", false, REGEX },
    { "an address", "%\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}%", "from 10.0.12.3", true, REGEX },
    { "alternatives", "%[Ee]rror|[Ff]ail%", "it did fail", true, REGEX },
    { "an optional letter", "%colou?r%", "color", true, REGEX },
    { "the beginning", "%^[hc]at%", "a cat", false, REGEX },
    { "the end", "%[hc]at$%", "a cat", true, REGEX },
    { "times", "%^a{3,5}$%", "aa", false, REGEX },
    { "a byte by number", "%\\x41%", "A", true, REGEX },
    { "a regex in JSON", "{ $.eventName = %^Console% }", CALL, true, REGEX },
    { "a regex in JSON, not", "{ $.eventName != %^Console% }", CALL, false, OURS },
    { "a regex in a field", "[ip = %^127%, ...]", APACHE, true, REGEX },

    { "equal", "{ $.eventType = \"UpdateTrail\" }", TRAIL, true, JSON },
    { "equal, bare", "{$.eventType=UpdateTrail}", TRAIL, true, JSON },
    { "equal tells case", "{ $.eventType = \"updatetrail\" }", TRAIL, false, JSON },
    { "outside a subnet", "{ $.sourceIPAddress != 123.123.* }", TRAIL, true, JSON },
    { "inside a subnet", "{ $.sourceIPAddress != 111.111.* }", TRAIL, false, JSON },
    { "the first entry", "{ $.arrayKey[0] = \"value\" }", TRAIL, true, JSON },
    { "an entry of an object of a list", "{ $.objectList[1].id = 2 }", TRAIL, true, JSON },
    { "an index of no array", "{ $.eventType[0] = \"UpdateTrail\" }", TRAIL, false, JSON },
    { "null", "{ $.SomeObject IS NULL }", TRAIL, true, JSON },
    { "null of what is absent", "{ $.Absent IS NULL }", TRAIL, false, JSON },
    { "absent", "{ $.SomeOtherObject NOT EXISTS }", TRAIL, true, JSON },
    { "null is not absent", "{ $.SomeObject NOT EXISTS }", TRAIL, false, JSON },
    { "true", "{ $.ThisFlag IS TRUE }", TRAIL, true, JSON },
    { "false", "{ $.ThisFlag IS FALSE }", TRAIL, false, JSON },
    { "a star before", "{ $.eventType = \"*Trail\" }", TRAIL, true, JSON },
    { "a star behind", "{ $.eventType = Update* }", TRAIL, true, JSON },
    { "stars around", "{ $.eventType = *dateT* }", TRAIL, true, JSON },
    { "a star within is itself", "{ $.eventType = \"Up*Trail\" }", TRAIL, false, JSON },
    { "a star within, matched", "{ $.a = \"Ev*ent\" }", "{\"a\":\"Ev*ent\"}", true, JSON },
    { "a star alone", "{ $.eventType = * }", TRAIL, true, GUIDE ", Publishing numerical values" },
    { "a star of what is absent", "{ $.nothing = * }", TRAIL, false, OURS },
    { "an object is no value", "{ $.user = 1 }", USERS, false, SPECIAL },
    { "an array, equal", "{ $.users = 1 }", "{\"users\":[1,2,3]}", false, SPECIAL },
    { "an array, not equal", "{ $.users != 1 }", "{\"users\":[1,2,3]}", false, SPECIAL },
    { "not equal of what is absent", "{ $.absent != 1 }", TRAIL, false, OURS },
    { "no JSON", "{ $.a NOT EXISTS }", "plain text", false, OURS },

    { "and", "{ ($.user.id = 1) && ($.users[0].email = \"John.Doe@example.com\") }", USERS, true,
      CHAIN },
    { "parentheses and or",
      "{ ($.user.id = 2 && $.users[0].email = \"nonmatch\") || $.actions[2] = "
      "\"GET\" }",
      USERS, false, CHAIN },
    { "and binds stronger",
      "{ $.user.email = \"John.Stiles@example.com\" || $.coordinates[0][1] = "
      "nonmatch && $.actions[2] = nomatch }",
      USERS, true, CHAIN },
    { "parentheses bind strongest",
      "{ ($.user.email = \"John.Stiles@example.com\" || "
      "$.coordinates[0][1] = nonmatch) && $.actions[2] = nomatch }",
      USERS, false, CHAIN },
    { "an array in an array", "{ $.coordinates[1][2] = 6 }", USERS, true, CHAIN },

    { "at least", "{ $.code >= 404 }", CALL, true, NUMBERS },
    { "less", "{ $.code < 10e3 }", CALL, true, NUMBERS },
    { "not less", "{ $.code < 10e-3 }", CALL, false, NUMBERS },
    { "at most, a decimal", "{ $.n <= -2.5 }", CALL, true, NUMBERS },
    { "equal numbers", "{ $.code = 404.0 }", CALL, true, NUMBERS },
    { "unequal numbers", "{ $.code != 500 }", CALL, true, NUMBERS },
    { "a sign", "{ $.code > +400 }", CALL, true, NUMBERS },
    { "digits and a star", "{ $.code = 4* }", CALL, true,
      GUIDE ", Metric filters, status_code=4*" },
    { "less of a string", "{ $.eventName < 5 }", CALL, false, OURS },
    { "a number of a string", "{ $.userIdentity.accountId = 123456789012 }", CALL, true,
      JSON ", recipientAccountId" },

    { "CIS 4.1", "{($.errorCode=\"*UnauthorizedOperation\") || ($.errorCode=\"AccessDenied*\")}",
      CALL, true, CIS },
    { "CIS 4.2",
      "{ ($.eventName = \"ConsoleLogin\") && ($.additionalEventData.MFAUsed != \"Yes\") "
      "&& ($.userIdentity.type = \"IAMUser\") && ($.responseElements.ConsoleLogin = "
      "\"Success\") }",
      CALL, false, CIS },
    { "CIS 4.3",
      "{$.userIdentity.type=\"Root\" && $.userIdentity.invokedBy NOT EXISTS && "
      "$.eventType !=\"AwsServiceEvent\"}",
      CALL, true, CIS },
    { "CIS 4.6", "{($.eventName=ConsoleLogin) && ($.errorMessage=\"Failed authentication\")}", CALL,
      false, CIS },
    { "CIS 4.7",
      "{($.eventSource=kms.amazonaws.com) && (($.eventName=ConsoleLogin) || "
      "($.eventName=ScheduleKeyDeletion))}",
      CALL, true, CIS },

    { "seven fields", "[ip, user, username, timestamp, request, status_code, bytes]", APACHE, true,
      FIELDS },
    { "six fields of seven", "[ip, user, username, timestamp, request, status_code]", APACHE, false,
      FIELDS },
    { "any before", "[..., status_code, bytes]", APACHE, true, FIELDS },
    { "any between", "[ip, user, ..., status_code, bytes]", APACHE, true, FIELDS },
    { "any behind", "[ip, user, ...]", APACHE, true, FIELDS },
    { "more than", "[ip, user, username, timestamp, request, status_code, bytes > 1000]", APACHE,
      true, FIELDS },
    { "a field equal", "[ip, user, username, timestamp, request, status_code = 200, bytes]", APACHE,
      false, FIELDS },
    { "a field and a star",
      "[ip, user, username, timestamp, request = *html*, status_code = 4*, "
      "bytes]",
      APACHE, true, FIELDS },
    { "two conditions",
      "[ip, user, username, timestamp, request, status_code = 4* && status_code "
      "!= 403, bytes]",
      APACHE, true, FIELDS },
    { "one of two conditions",
      "[ip, user, username, timestamp, request, status_code = 403 || "
      "status_code = 404, bytes]",
      APACHE, true, FIELDS },
    { "a field without a name", "[..., request=*.html*, status_code=4*,]", APACHE, true, FIELDS },
    { "the first word", "[w1=ERROR, w2]", "ERROR message", true, EITHER },
    { "the first word of three", "[w1=ERROR, w2]", "ERROR WARN message", false, EITHER },
    { "one of two words", "[w1=ERROR || w1=WARN, w2]", "WARN message", true, EITHER },
    { "neither word, as once written", "[w1=!ERROR&&w1=!WARN, w2]", "INFO message", true, EITHER },
    { "more than, of no number", "[a > 3, ...]", "x y", false, FIELDS },
    { "no fields said", "[]", "a b", true, "API Reference, TestMetricFilter, examples" },
};

static void match(void **state)
{
    const struct match_case *c = *state;
    struct arena a = { 0 };
    struct err err = { 0 };
    struct log_pattern *p = NULL;
    struct log_pattern_subject s = { .a = &a, .message = str_c(c->message) };

    assert_true(strlen(c->source) > 0);
    check_ok(log_pattern_parse(&a, str_c(c->pattern), &p, &err), &err);
    assert_int_equal(log_pattern_match(p, &s), c->matches);
    assert_int_equal(log_pattern_match(p, &s), c->matches); /* a subject may be shown again */
    arena_free(&a);
}

static const struct refused_case {
    const char *name, *pattern, *source;
} refused[] = {
    { "a term that must be quoted", "ERROR:", TERMS },
    { "a mark that must be quoted", "a.b", TERMS },
    { "an open quote", "\"ERROR", TERMS },
    { "an exclamation mark in a regex", "%something!%", REGEX },
    { "parentheses in a regex", "%(a|b)%", REGEX },
    { "a letter of two bytes in a regex", "%\303\244%", REGEX },
    { "a backslash before another letter", "%\\bword%", REGEX },
    { "a POSIX class", "%[[:alpha:]]%", REGEX },
    { "an open regex", "%abc", REGEX },
    { "a regex that is none", "%[a%", REGEX },
    { "three regexes", "{ $.a = %a% && $.b = %b% && $.c = %c% }", REGEX },
    { "IS NOT", "{ $.a IS NOT NULL }", JSON },
    { "EXISTS alone", "{ $.a EXISTS }", JSON },
    { "no operator", "{ $.a }", JSON },
    { "no value", "{ $.a = }", JSON },
    { "an unquoted @", "{ $.a = x@y }", JSON },
    { "no selector", "{ a = 1 }", JSON },
    { "a bare $", "{ $ = 1 }", JSON },
    { "an index without a number", "{ $.a[] = 1 }", JSON },
    { "any index", "{ $.a[*] = 1 }", JSON },
    { "two equals signs", "{ $.a == 1 }", JSON },
    { "one ampersand", "{ $.a = 1 & $.b = 2 }", CHAIN },
    { "an open brace", "{ $.a = 1", JSON },
    { "an open parenthesis", "{ ($.a = 1 }", CHAIN },
    { "more behind the brace", "{ $.a = 1 } x", JSON },
    { "nothing in braces", "{}", JSON },
    { "two gaps", "[..., a, ...]", FIELDS },
    { "an open bracket", "[a, b", FIELDS },
    { "two fields of one name", "[a, a]", FIELDS },
    { "a condition on another field", "[a = 1 && b = 2, c]", FIELDS },
};

static void refuse(void **state)
{
    const struct refused_case *c = *state;
    struct arena a = { 0 };
    struct err err = { 0 };
    struct log_pattern *p = NULL;

    assert_int_equal(log_pattern_parse(&a, str_c(c->pattern), &p, &err), E_PARSE);
    assert_int_equal(err.code, E_PARSE);
    assert_null(p);
    arena_free(&a);
}

static const struct extract_case {
    const char *name, *pattern, *message, *want, *selector, *selected;
} extracts[] = {
    { "fields by name and place", "[..., request=*.html*, status_code=4*,]", APACHE,
      "{\"$1\":\"127.0.0.1\",\"$2\":\"-\",\"$3\":\"frank\",\"$4\":\"10/Oct/2000:13:25:15 -0700\","
      "\"$request\":\"GET /index.html HTTP/1.0\",\"$status_code\":\"404\",\"$7\":\"1534\"}",
      "$status_code", "404" },
    { "a field by its place", "[ip, ...]", "1.2.3.4 77 x",
      "{\"$ip\":\"1.2.3.4\",\"$2\":\"77\",\"$3\":\"x\"}", "$2", "77" },
    { "a field from the end", "[..., size]", "a b 12",
      "{\"$1\":\"a\",\"$2\":\"b\",\"$size\":\"12\"}", "$size", "12" },
    { "properties", "{ $.code > 3 && $.eventName = * }", CALL,
      "{\"$.code\":\"404\",\"$.eventName\":\"ConsoleLogin\"}", "$.n", "-2.5" },
    { "no property", "{ $.code > 3 }", CALL, "{\"$.code\":\"404\"}", "$.absent", NULL },
    { "an object is no property", "{ $.code > 3 }", CALL, "{\"$.code\":\"404\"}", "$.userIdentity",
      NULL },
    { "terms hold nothing", "ERROR", "ERROR 5", "{}", NULL, NULL },
};

static void extract(void **state)
{
    const struct extract_case *c = *state;
    struct arena a = { 0 };
    struct err err = { 0 };
    struct log_pattern *p = NULL;
    struct log_pattern_selector *selector = NULL;
    struct log_pattern_subject s = { .a = &a, .message = str_c(c->message) };
    struct buf got = { 0 };
    struct str text;

    check_ok(log_pattern_parse(&a, str_c(c->pattern), &p, &err), &err);
    json_write(&got, log_pattern_extract(p, &s));
    check_str(buf_view(&got), c->want);
    if (c->selector) {
        check_ok(log_pattern_selector_parse(&a, p, str_c(c->selector), &selector, &err), &err);
        assert_int_equal(log_pattern_select(p, selector, &s, &text), c->selected != NULL);
        if (c->selected)
            check_str(text, c->selected);
    }
    buf_free(&got);
    arena_free(&a);
}

static void selectors_of_other_patterns(void **state)
{
    static const char *const wrong[][2] = { { "ERROR", "$.a" },
                                            { "[a, b]", "$c" },
                                            { "[a, b]", "a" },
                                            { "{ $.a = 1 }", "$a" },
                                            { "{ $.a = 1 }", "$.a b" } };
    struct arena a = { 0 };

    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct log_pattern *p = NULL;
        struct log_pattern_selector *selector = NULL;
        assert_int_equal(log_pattern_parse(&a, str_c(wrong[i][0]), &p, NULL), 0);
        assert_int_equal(log_pattern_selector_parse(&a, p, str_c(wrong[i][1]), &selector, NULL),
                         E_PARSE);
    }
    arena_free(&a);
}

static void too_long(void **state)
{
    struct arena a = { 0 };
    struct log_pattern *p = NULL;
    char text[LOG_PATTERN_LENGTH_MOST + 1];

    (void)state;
    memset(text, 'a', sizeof text);
    assert_int_equal(log_pattern_parse(&a, (struct str){ text, sizeof text }, &p, NULL), E_LIMIT);
    assert_int_equal(log_pattern_parse(&a, (struct str){ text, sizeof text - 1 }, &p, NULL), 0);
    memset(text, '(', sizeof text);
    text[0] = '{';
    assert_int_equal(log_pattern_parse(&a, (struct str){ text, sizeof text - 1 }, &p, NULL),
                     E_PARSE);
    arena_free(&a);
}

int main(void)
{
    struct check_suite s = { 0 };

    CHECK_ROWS(&s, matches, match);
    CHECK_ROWS(&s, refused, refuse);
    CHECK_ROWS(&s, extracts, extract);
    check_add(&s, "a selector must be of the pattern's kind", selectors_of_other_patterns);
    check_add(&s, "lengths and depths are bounded", too_long);
    return check_run(&s, "log_pattern");
}
