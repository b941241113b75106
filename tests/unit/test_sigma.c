/* Sigma rules over records: each row a rule, a record, and whether it fires. Source: Sigma
 * specification 2.1; where engines disagree, docs/sigma.md pins what is meant. */
#include "core/base/clock.h"
#include "core/trail/scan.h"
#include "tests/unit/check.h"
#include "verify/sigma/marks.h"

#define SOURCE "logsource: {product: aws, service: cloudtrail}\n"

struct told {
    struct arena a;
    struct buf text; /* "title ids found;" for each hit */
};

static int tell(void *arg, const struct sigma_hit *hit, struct err *err)
{
    struct told *told = arg;
    char found[CLOCK_ISO_SIZE];

    (void)err;
    clock_iso(hit->found_ms, found);
    buf_printf(&told->text, "%.*s", STR_ARG(hit->rule->title));
    for (size_t i = 0; i < hit->event_count; i++)
        buf_printf(&told->text, " %.*s", STR_ARG(hit->event_ids[i]));
    if (hit->rule->is_correlation)
        buf_printf(&told->text, " %s", found + 11);
    buf_add_char(&told->text, ';');
    return 0;
}

/* Run lines of records past the rules, dealt out to matchers in turn; every second matcher keeps
 * its marks in a file. */
static void run(const struct sigma *s, const char *records, size_t matcher_count, struct told *told)
{
    struct sigma_matcher *m[4];
    struct buf text = { 0 };
    struct scan *scan = scan_open();
    struct scan_record r;
    struct err err = { 0 };

    for (size_t i = 0; i < matcher_count; i++) {
        m[i] = sigma_matcher_new(s);
        m[i]->marks.most_bytes = i % 2; /* 0: the usual */
    }
    buf_add_c(&text, records);
    scan_pad(&text);
    scan_start(scan, text.ptr, text.len, SCAN_WHOLE);
    for (size_t i = 0; scan_next(scan, &r) == SCAN_RECORD; i++)
        check_ok(sigma_match(m[i % matcher_count], &r, tell, told, &err), &err);
    check_ok(sigma_correlate(s, m, matcher_count, tell, told, &err), &err);
    for (size_t i = 0; i < matcher_count; i++)
        sigma_matcher_free(m[i]);
    scan_close(scan);
    buf_free(&text);
}

/* ---- one event ---- */

static const char record[] =
    "{\"eventName\":\"ConsoleLogin\",\"eventSource\":\"signin.amazonaws.com\",\"eventID\":\"e1\","
    "\"eventTime\":\"2026-01-05T09:00:00Z\",\"errorCode\":null,\"readOnly\":true,"
    "\"userIdentity\":{\"type\":\"Root\",\"arn\":\"arn:aws:iam::1:user/bob\",\"a.b\":\"dotted\"},"
    "\"additionalEventData\":{\"MFAUsed\":\"No\"},"
    "\"requestParameters\":{\"list\":[{\"name\":\"x\",\"size\":3},{\"name\":\"y\",\"size\":20}],"
    "\"empty\":\"\",\"none\":[],\"userName\":\"bob\",\"port\":22, \"star\":\"a*b\",\"quote\":"
    "\"say \\\"hi\\\"\",\"policy\":{ \"Status\" : \"Suspended\" }}}\n";

static const struct detection_case {
    const char *name, *detection;
    bool fires;
} detections[] = {
    { "letters of either case", "sel: {additionalEventData.MFAUsed: NO}\n  condition: sel", true },
    { "cased", "sel: {additionalEventData.MFAUsed|cased: NO}\n  condition: sel", false },
    { "decided by the class, but for a part",
      "a: {eventName: ConsoleLogin}\n  b: {userIdentity.type: IAMUser}\n  c: "
      "{requestParameters.port: 22}\n  condition: a and not b and c",
      true },
    { "decided against by the class",
      "a: {errorCode|exists: true}\n  c: {requestParameters.port: 22}\n  condition: a and c",
      false },
    { "a part that the class decides is enough",
      "a: {errorCode: null}\n  c: {requestParameters.port: 23}\n  condition: a or c", true },
    { "another value", "sel: {eventName: Login}\n  condition: sel", false },
    { "any of a list", "sel: {eventName: [Login, consolelogin]}\n  condition: sel", true },
    { "every field of a map", "sel: {eventName: ConsoleLogin, eventSource: iam*}\n  condition: sel",
      false },
    { "any map of a list", "sel: [{eventName: X}, {eventSource: signin*}]\n  condition: sel",
      true },
    { "a wildcard", "sel: {eventSource: 's?gnin.*.com'}\n  condition: sel", true },
    { "an escaped wildcard", "sel: {requestParameters.star: 'a\\*b'}\n  condition: sel", true },
    { "an escaped wildcard is no wildcard", "sel: {eventName: 'Console\\*'}\n  condition: sel",
      false },
    { "contains", "sel: {userIdentity.arn|contains: USER}\n  condition: sel", true },
    { "contains all", "sel: {userIdentity.arn|contains|all: [iam, bob]}\n  condition: sel", true },
    { "contains all but one", "sel: {userIdentity.arn|contains|all: [iam, eve]}\n  condition: sel",
      false },
    { "startswith", "sel: {eventName|startswith: console}\n  condition: sel", true },
    { "endswith", "sel: {eventName|endswith: console}\n  condition: sel", false },
    { "null is absent", "sel: {errorMessage: null}\n  condition: sel", true },
    { "null is null", "sel: {errorCode: null}\n  condition: sel", true },
    { "null is no value", "sel: {eventName: null}\n  condition: sel", false },
    { "null among values", "sel: {errorCode: [Success, null]}\n  condition: sel", true },
    { "exists", "sel: {userIdentity.arn|exists: true}\n  condition: sel", true },
    { "a null member does not exist", "sel: {errorCode|exists: true}\n  condition: sel", false },
    { "exists false", "sel: {errorCode|exists: false}\n  condition: sel", true },
    { "a star needs a value", "sel: {errorCode|contains: '*'}\n  condition: sel", false },
    { "a star needs one that is not empty", "sel: {requestParameters.empty: '*'}\n  condition: sel",
      false },
    { "an empty text equals one", "sel: {requestParameters.empty: ''}\n  condition: sel", true },
    { "a list of none is absent", "sel: {requestParameters.none: null}\n  condition: sel", true },
    { "a regular expression", "sel: {userIdentity.arn|re: '::\\d:user/'}\n  condition: sel", true },
    { "which minds the case", "sel: {eventName|re: '^console'}\n  condition: sel", false },
    { "unless told", "sel: {eventName|re|i: '^console'}\n  condition: sel", true },
    { "another field",
      "sel: {requestParameters.userName|fieldref: userIdentity.arn}\n  condition: "
      "sel",
      false },
    { "the end of another",
      "sel: {userIdentity.arn|endswith|fieldref: requestParameters.userName}\n"
      "  condition: sel",
      true },
    { "a truth is text", "sel: {readOnly: 'true'}\n  condition: sel", true },
    { "text is a truth", "sel: {readOnly: true}\n  condition: sel", true },
    { "a number", "sel: {requestParameters.port: 22}\n  condition: sel", true },
    { "greater", "sel: {requestParameters.port|gt: 21.5}\n  condition: sel", true },
    { "not less", "sel: {requestParameters.port|lt: 22}\n  condition: sel", false },
    { "any element", "sel: {requestParameters.list.name: y}\n  condition: sel", true },
    { "of any element",
      "sel: {requestParameters.list.name: x, requestParameters.list.size: 20}\n"
      "  condition: sel",
      true },
    { "a name with dots", "sel: {userIdentity.a.b: dotted}\n  condition: sel", true },
    { "an object is compact text",
      "sel: {requestParameters.policy|contains: '\"Status\":\"Suspended\"'}\n  condition: sel",
      true },
    { "escapes are resolved", "sel: {requestParameters.quote: 'say \"hi\"'}\n  condition: sel",
      true },
    { "a keyword", "words: [nowhere, users/bob, user/bob]\n  condition: words", true },
    { "no keyword", "words: [nowhere]\n  condition: words", false },
    { "all keywords", "words: {'|all': ['*bob*', '*signin*']}\n  condition: words", true },
    { "and not", "a: {eventName: ConsoleLogin}\n  b: {readOnly: true}\n  condition: a and not b",
      false },
    { "and before or", "a: {readOnly: true}\n  b: {eventName: X}\n  condition: a or b and b",
      true },
    { "parentheses", "a: {readOnly: true}\n  b: {eventName: X}\n  condition: (a or b) and b",
      false },
    { "one of", "s_a: {eventName: X}\n  s_b: {readOnly: true}\n  condition: 1 of s_*", true },
    { "all of", "s_a: {eventName: X}\n  s_b: {readOnly: true}\n  condition: all of s_*", false },
    { "not one of", "s_a: {eventName: X}\n  condition: not 1 of s_*", true },
    { "them leave out underscores",
      "a: {readOnly: true}\n  _b: {eventName: X}\n  condition: all of them", true },
    { "any condition of a list", "a: {readOnly: true}\n  b: {eventName: X}\n  condition: [b, a]",
      true },
};

static void check_detection(void **state)
{
    const struct detection_case *c = *state;
    struct told told = { 0 };
    struct sigma *s = NULL;
    struct err err = { 0 };
    size_t refused;
    struct str text = arena_printf(&told.a, "title: t\n" SOURCE "detection:\n  %s\n", c->detection);

    check_ok(sigma_load_texts(&s, &(struct sigma_text){ STR("f.yml"), text }, 1, &err), &err);
    const struct sigma_refusal *why = sigma_refusals(s, &refused);

    if (refused > 0)
        fail_msg("%.*s", STR_ARG(why->why));
    run(s, record, 1, &told);
    check_str(buf_view(&told.text), c->fires ? "t e1;" : "");
    sigma_free(s);
    buf_free(&told.text);
    arena_free(&told.a);
}

/* ---- what is refused ---- */

static const struct refusal_case {
    const char *name, *rule, *why;
} refusals[] = {
    { "no logsource", "detection: {s: {a: b}, condition: s}\n",
      "its logsource is not product aws, service cloudtrail" },
    { "another logsource", "logsource: {product: windows}\ndetection: {s: {a: b}, condition: s}\n",
      "its logsource is not product aws, service cloudtrail" },
    { "nothing to detect", SOURCE, "expected detection or correlation" },
    { "a modifier that is unknown", SOURCE "detection: {s: {a|base64: b}, condition: s}\n",
      "'a|base64': the modifier 'base64' is not evaluated" },
    { "placeholders", SOURCE "detection: {s: {a|expand: '%b%'}, condition: s}\n",
      "'a|expand' needs values for its placeholders" },
    { "modifiers that don't go together",
      SOURCE "detection: {s: {a|contains|exists: true}, condition: s}\n",
      "'a|contains|exists': these modifiers don't go together" },
    { "a regular expression that is none", SOURCE "detection: {s: {a|re: '('}, condition: s}\n",
      "the regular expression fails at byte 1: missing closing parenthesis" },
    { "a selection that is not there", SOURCE "detection: {s: {a: b}, condition: s and t}\n",
      "the condition has 't' where the name of a selection was expected" },
    { "an open parenthesis", SOURCE "detection: {s: {a: b}, condition: (s}\n",
      "the condition ends where ')' was expected" },
    { "an aggregation", SOURCE "detection: {s: {a: b}, condition: s | count() > 3}\n",
      "aggregations behind '|' left Sigma with version 2: write a correlation" },
    { "a timeframe", SOURCE "detection: {s: {a: b}, timeframe: 5m, condition: s}\n",
      "timeframe left Sigma with version 2: write a correlation" },
    { "no condition", SOURCE "detection: {s: {a: b}}\n", "detection: expected a condition" },
    { "an empty list", SOURCE "detection:\n  s:\n    a: []\n  condition: s\n",
      "line 5: an empty list matches nothing" },
    { "a correlation without its rule",
      "correlation: {type: event_count, rules: [x], timespan: 5m, condition: {gte: 2}}\n",
      "no rule 'x' was loaded" },
    { "a correlation of no known type",
      "correlation: {type: value_sum, rules: [x], timespan: 5m, condition: {gte: 2}}\n",
      "the correlation type 'value_sum' is not evaluated" },
    { "a correlation that is true of nothing",
      "correlation: {type: event_count, rules: [x], timespan: 5m, condition: {lt: 2}}\n",
      "correlation: a condition without a least number holds before anything happened" },
    { "a timespan that is none",
      "correlation: {type: event_count, rules: [x], timespan: 5, condition: {gte: 2}}\n",
      "correlation: expected a timespan such as 10s, 5m, 1h or 1d, not ''" },
};

static void check_refusal(void **state)
{
    const struct refusal_case *c = *state;
    struct arena a = { 0 };
    struct sigma *s = NULL;
    struct err err = { 0 };
    size_t count;
    struct str text = arena_printf(&a, "title: t\n%s", c->rule);

    check_ok(sigma_load_texts(&s, &(struct sigma_text){ STR("f.yml"), text }, 1, &err), &err);
    const struct sigma_refusal *r = sigma_refusals(s, &count);

    assert_int_equal(sigma_rule_count(s), 0);
    assert_int_equal(count, 1);
    check_str(r->title, "t");
    check_str(r->file, "f.yml");
    check_str(r->why, c->why);
    sigma_free(s);
    arena_free(&a);
}

/* ---- correlations ---- */

#define BASE                                                                                       \
    "title: base\nname: base\n" SOURCE "detection: {s: {eventName: A}, condition: s}\n---\n"       \
    "title: other\nname: other\n" SOURCE "detection: {s: {eventName: B}, condition: s}\n---\n"
#define EVENT(name, id, time, user)                                                                \
    "{\"eventName\":\"" name "\",\"eventID\":\"" id "\",\"eventTime\":\"2026-01-05T" time          \
    "Z\",\"userIdentity\":{\"arn\":\"" user "\"},\"sourceIPAddress\":\"" id "\"}\n"

static const struct correlation_case {
    const char *name, *rule, *records, *hits;
} correlations[] = {
    { "three within a minute",
      "title: c\ncorrelation: {type: event_count, rules: [base], timespan: 1m, condition: {gte: "
      "3}}",
      EVENT("A", "1", "09:00:00", "u") EVENT("A", "2", "09:00:30", "u")
          EVENT("A", "3", "09:01:00", "u"),
      "c 1 2 3 09:01:00Z;" },
    { "a second too late",
      "title: c\ncorrelation: {type: event_count, rules: [base], timespan: 1m, condition: {gte: "
      "3}}",
      EVENT("A", "1", "09:00:00", "u") EVENT("A", "2", "09:00:30", "u")
          EVENT("A", "3", "09:01:01", "u"),
      "" },
    { "one hit as long as it lasts, another one later",
      "title: c\ncorrelation: {type: event_count, rules: [base], timespan: 1m, condition: {gte: "
      "2}}",
      EVENT("A", "1", "09:00:00", "u") EVENT("A", "2", "09:00:30", "u")
          EVENT("A", "3", "09:01:00", "u") EVENT("A", "4", "10:00:00", "u")
              EVENT("A", "5", "10:00:01", "u"),
      "c 1 2 3 09:00:30Z;c 4 5 10:00:01Z;" },
    { "each group by itself",
      "title: c\ncorrelation: {type: event_count, rules: [base], group-by: [userIdentity.arn], "
      "timespan: 1m, condition: {gte: 2}}",
      EVENT("A", "1", "09:00:00", "u") EVENT("A", "2", "09:00:01", "v")
          EVENT("A", "3", "09:00:02", "v"),
      "c 2 3 09:00:02Z;" },
    { "twice delivered counts once",
      "title: c\ncorrelation: {type: event_count, rules: [base], timespan: 1m, condition: {gte: "
      "2}}",
      EVENT("A", "1", "09:00:00", "u") EVENT("A", "1", "09:00:00", "u"), "" },
    { "late ones find their place",
      "title: c\ncorrelation: {type: event_count, rules: [base], timespan: 1m, condition: {gte: "
      "3}}",
      EVENT("A", "3", "09:01:00", "u") EVENT("A", "1", "09:00:00", "u")
          EVENT("A", "2", "09:00:30", "u"),
      "c 1 2 3 09:01:00Z;" },
    { "different values",
      "title: c\ncorrelation: {type: value_count, rules: [base, other], timespan: 1m, condition: "
      "{gte: 2, field: userIdentity.arn}}",
      EVENT("A", "1", "09:00:00", "u") EVENT("B", "2", "09:00:01", "u")
          EVENT("A", "3", "09:00:02", "v"),
      "c 1 2 3 09:00:02Z;" },
    { "both, in either order",
      "title: c\ncorrelation: {type: temporal, rules: [base, other], timespan: 1m}",
      EVENT("B", "1", "09:00:00", "u") EVENT("A", "2", "09:00:10", "u"), "c 1 2 09:00:10Z;" },
    { "both, not in that order",
      "title: c\ncorrelation: {type: temporal_ordered, rules: [base, other], timespan: 1m}",
      EVENT("B", "1", "09:00:00", "u") EVENT("A", "2", "09:00:10", "u"), "" },
    { "both, in that order",
      "title: c\ncorrelation: {type: temporal_ordered, rules: [base, other], timespan: 1m}",
      EVENT("A", "1", "09:00:00", "u") EVENT("B", "2", "09:01:00", "u"), "c 1 2 09:01:00Z;" },
    { "both, in one second",
      "title: c\ncorrelation: {type: temporal_ordered, rules: [base, other], timespan: 1m}",
      EVENT("B", "1", "09:00:00", "u") EVENT("A", "2", "09:00:00", "u"), "c 1 2 09:00:00Z;" },
    { "both, too far apart",
      "title: c\ncorrelation: {type: temporal_ordered, rules: [base, other], timespan: 1m}",
      EVENT("A", "1", "09:00:00", "u") EVENT("B", "2", "09:01:01", "u"), "" },
    { "an alias for what each rule calls it",
      "title: c\ncorrelation: {type: temporal, rules: [base, other], timespan: 1m, group-by: "
      "[who], "
      "aliases: {who: {base: userIdentity.arn, other: sourceIPAddress}}}",
      EVENT("A", "1", "09:00:00", "x") EVENT("B", "x", "09:00:10", "u"), "c 1 x 09:00:10Z;" },
    { "the rules speak too when told",
      "title: c\ngenerate: true\ncorrelation: {type: event_count, rules: [base], timespan: 1m, "
      "condition: {gte: 2}}",
      EVENT("A", "1", "09:00:00", "u") EVENT("A", "2", "09:00:01", "u"),
      "base 1;base 2;c 1 2 09:00:01Z;" },
};

static void check_correlation(void **state)
{
    const struct correlation_case *c = *state;
    struct told told = { 0 };
    struct sigma *s = NULL;
    struct err err = { 0 };
    struct str text = arena_printf(&told.a, BASE "%s\n", c->rule);

    check_ok(sigma_load_texts(&s, &(struct sigma_text){ STR("f.yml"), text }, 1, &err), &err);
    assert_int_equal(sigma_rule_count(s), 3);
    for (size_t matchers = 1; matchers <= 4; matchers++) {
        struct buf got = { 0 };

        buf_clear(&told.text);
        run(s, c->records, matchers, &told);
        for (struct str rest = buf_view(&told.text), hit; str_cut(rest, ';', &hit, &rest);)
            if (!str_has_prefix(hit, STR("other")))
                buf_printf(&got, "%.*s;", STR_ARG(hit));
        check_str(buf_view(&got), c->hits);
        buf_free(&got);
    }
    sigma_free(s);
    buf_free(&told.text);
    arena_free(&told.a);
}

/* ---- records of one class ---- */

static void check_classes(void **state)
{
    (void)state;
    static const char records[] =
        "{\"eventID\":\"1\",\"userIdentity\":{\"type\":\"Root\"}}\n"
        "{\"eventID\":\"2\",\"userIdentity\":{\"type\":\"IAMUser\"}}\n"
        "{\"eventID\":\"3\",\"userIdentity\":[{\"type\":\"IAMUser\"},{\"type\":\"root\"}]}\n"
        "{\"eventID\":\"4\",\"userIdentity\":{\"type\":\"IAMUser\"},\"userIdentity.type\":\"Root\"}"
        "\n"
        "{\"eventID\":\"5\",\"userIdentity\":{\"type\":\"Root\"},\"userIdentity.type\":\"x\"}\n"
        "{\"eventID\":\"6\",\"userIdentity\":{\"type\":\"Root\"},\"unknown\":1}\n"
        "{\"eventID\":\"7\",\"userIdentity\":null}\n";
    static const char rule[] =
        "title: root\n" SOURCE "detection:\n  a: {userIdentity.type: Root}\n  condition: a\n"
        "---\ntitle: nobody\n" SOURCE
        "detection:\n  a: {userIdentity.type: null}\n  condition: a\n";
    struct told told = { 0 };
    struct sigma *s = NULL;
    struct err err = { 0 };

    check_ok(sigma_load_texts(&s, &(struct sigma_text){ STR("f.yml"), str_c(rule) }, 1, &err),
             &err);
    run(s, records, 1, &told);
    check_str(buf_view(&told.text), "root 1;root 3;root 4;root 6;nobody 7;");
    sigma_free(s);
    buf_free(&told.text);
    arena_free(&told.a);
}

/* More classes than are kept: each is decided anew. */
static void check_many_classes(void **state)
{
    (void)state;
    struct told told = { 0 };
    struct buf records = { 0 };
    struct sigma *s = NULL;
    struct err err = { 0 };
    static const char rule[] =
        "title: a\n" SOURCE "detection:\n  a: {eventName: [Call7, Call9999]}\n  condition: a\n";

    for (int i = 0; i < 10000; i++)
        buf_printf(&records, "{\"eventID\":\"%d\",\"eventName\":\"Call%d\"}\n", i, i);
    buf_add_c(&records, "{\"eventID\":\"again\",\"eventName\":\"Call7\"}\n");
    buf_add_char(&records, '\0');
    check_ok(sigma_load_texts(&s, &(struct sigma_text){ STR("f.yml"), str_c(rule) }, 1, &err),
             &err);
    run(s, records.ptr, 1, &told);
    check_str(buf_view(&told.text), "a 7;a 9999;a again;");
    sigma_free(s);
    buf_free(&records);
    buf_free(&told.text);
    arena_free(&told.a);
}

/* ---- what rules say of themselves ---- */

static void check_info(void **state)
{
    (void)state;
    struct sigma *s = NULL;
    struct err err = { 0 };
    static const struct sigma_text text = {
        { "rules/aws_x.yml", 15 },
        STR("title: T\nid: 1-2\nlevel: high\ntags: [attack.persistence, attack.t1098.001, "
            "attack.g0001]\n" SOURCE "detection: {s: {eventName: X}, condition: s}\n")
    };

    check_ok(sigma_load_texts(&s, &text, 1, &err), &err);
    assert_int_equal(sigma_rule_count(s), 1);
    const struct sigma_rule *r = sigma_rule(s, 0);

    check_str(r->id, "1-2");
    check_str(r->level, "high");
    check_str(r->stem, "aws_x");
    assert_int_equal(r->technique_count, 1);
    check_str(r->techniques[0], "T1098.001");
    sigma_free(s);
}

static void check_twice(void **state)
{
    (void)state;
    struct sigma *s = NULL;
    struct err err = { 0 };
    size_t count;
    static const struct sigma_text text = {
        { "f.yml", 5 },
        STR("title: a\nid: 1\n" SOURCE "detection: {s: {a: b}, condition: s}\n---\n"
            "title: b\nid: 1\n" SOURCE "detection: {s: {a: b}, condition: s}\n")
    };

    check_ok(sigma_load_texts(&s, &text, 1, &err), &err);
    check_str(sigma_refusals(s, &count)->why, "its id stands in f.yml:1, too");
    assert_int_equal(sigma_rule_count(s), 1);
    sigma_free(s);
}

static void check_broken(void **state)
{
    (void)state;
    struct sigma *s = NULL;
    struct err err = { 0 };

    assert_int_equal(
        sigma_load_texts(&s, &(struct sigma_text){ STR("f.yml"), STR("a: [") }, 1, &err), E_PARSE);
    assert_true(str_has_prefix(str_c(err.text), STR("f.yml:")));
    assert_null(s);
    assert_int_equal(sigma_load(&s, &STR("/nowhere.yml"), 1, &err), E_MISSING);
}

int main(void)
{
    struct check_suite s = { 0 };

    CHECK_ROWS(&s, detections, check_detection);
    CHECK_ROWS(&s, refusals, check_refusal);
    CHECK_ROWS(&s, correlations, check_correlation);
    check_add(&s, "what a rule says of itself", check_info);
    check_add(&s, "records of one class, and odd ones", check_classes);
    check_add(&s, "more classes than are kept", check_many_classes);
    check_add(&s, "two rules of one id", check_twice);
    check_add(&s, "what can't be read", check_broken);
    return check_run(&s, "sigma");
}
