/* Queries of Logs Insights over a few events: a row a query, each with its source. */
#include "tests/unit/check.h"

#include "core/base/buf.h"
#include "core/codec/json.h"
#include "emulator/services/logs/insights.h"

#define GUIDE   "CWL_QuerySyntax"
#define FILTERS GUIDE ", Matches and Regular Expressions in the Filter Command"
#define FNS     GUIDE ", Supported Operations and Functions"
#define JSON    "CWL_AnalyzeLogData-discoverable-fields, Fields in JSON logs"
#define OURS    "unconfirmed: no source says otherwise"

#define START 1767603600000ll /* 2026-01-05 09:00:00 */

/* The newest first, a minute apart. */
static const char *const messages[] = {
    ("{\"user\":{\"name\":\"bob\"},\"code\":500,\"ms\":30,\"items\":[{\"id\":\"i-1\"}],\"ok\":"
     "false}"),
    "{\"user\":{\"name\":\"alice\"},\"code\":200,\"ms\":12.5,\"ok\":true}",
    "{\"user\":{\"name\":\"bob\"},\"code\":404,\"ms\":20,\"foo-bar\":\"x\"}",
    "25 May 2019 10:24:39,474 [ERROR] {foo=2, bar=data} The error was: DataIntegrityException",
};

static const struct query_case {
    const char *name, *query, *want, *source;
} queries[] = {
    { "fields, and those that are not there", "fields user.name, code | filter code >= 404",
      "user.name=bob,code=500;user.name=bob,code=404", GUIDE },
    { "without fields", "filter code = 200", "@timestamp=2026-01-05 08:59:00.000,@message=*",
      GUIDE ", filter" },
    { "or", "fields code | filter (code=500 or ms<13)", "code=500;code=200", GUIDE ", filter" },
    { "in", "fields code | filter code in [200,404]", "code=200;code=404", GUIDE ", filter" },
    { "not in: nor what has none", "filter code not in [200,404] | stats count(*) as n", "n=2",
      GUIDE ", filter" },
    { "like a text", "fields user.name | filter user.name like \"li\"", "user.name=alice",
      FILTERS },
    { "like a regex", "fields code | filter code like /2\\d\\d/", "code=200", GUIDE ", filter" },
    { "=~ in any case", "fields code | filter user.name =~ /^(?i)ALICE$/", "code=200", FILTERS },
    { "not like", "filter user.name not like 'b' | stats count(*) as n", "n=2", FILTERS },
    { "and, not", "fields code | filter user.name = 'bob' and not code = 500", "code=404", GUIDE },
    { "sort", "fields ms | sort ms desc | limit 2", "ms=30;ms=20", GUIDE ", sort" },
    { "sort upwards", "fields ms | filter ispresent(ms) | sort ms", "ms=12.5;ms=20;ms=30",
      GUIDE ", sort" },
    { "display", "fields code, ms | limit 1 | display ms", "ms=30", GUIDE ", display" },
    { "backticks", "fields `foo-bar` | filter ispresent(`foo-bar`)", "foo-bar=x", GUIDE },
    { "a list's item", "fields items.0.id | filter ispresent(items.0.id)", "items.0.id=i-1", JSON },
    { "a boolean", "fields ok | filter ok = 1", "ok=1", GUIDE ", isRes is either 0 or 1" },
    { "aliases", "fields code - 400 as above, abs(200 - code) | filter code = 404",
      "above=4,abs(200 - code)=204", GUIDE ", Using Aliases in Queries" },
    { "concat", "fields concat(user.name, '-', code) as s | filter code=404", "s=bob-404",
      GUIDE ", fields" },
    { "texts",
      "fields toupper(user.name) as u, strlen(user.name) as n, substr(user.name, 1, 2) as "
      "p, replace(user.name, 'o', '0') as r | filter code=404",
      "u=BOB,n=3,p=ob,r=b0b", FNS },
    { "trim", "fields trim('xyZfooxyZ','xyZ') as t, ltrim('xyZfooxyZ','xyZ') as l | limit 1",
      "t=foo,l=fooxyZ", FNS },
    { "numbers",
      "fields 2 ^ 3 as p, 10 % 3 as m, 7 / 2 as d, ceil(1.2) as c, floor(-1.2) as f, "
      "greatest(1, 3, 2) as g, sqrt(9) as s | limit 1",
      "p=8,m=1,d=3.5,c=2,f=-2,g=3,s=3", FNS },
    { "what is missing stays so", "fields missing + 1 as x, coalesce(missing, 'd') as y | limit 1",
      "y=d", FNS },
    { "empty", "fields isempty(missing) as e, isblank(' ') as b, isempty('x') as n | limit 1",
      "e=1,b=1,n=0", FNS },
    { "a glob",
      "parse @message \"[*] * The error was: *\" as level, config, exception | filter "
      "ispresent(level)",
      "level=ERROR,config={foo=2, bar=data},exception=DataIntegrityException", GUIDE ", parse" },
    { "named groups",
      "parse @message /\\[(?<level>\\S+)\\]\\s+(?<config>\\{.*\\})\\s+The error "
      "was: (?<exception>\\S+)/ | filter level = 'ERROR' | display exception",
      "exception=DataIntegrityException", GUIDE ", parse" },
    { "count", "stats count(*)", "count(*)=4", GUIDE ", stats" },
    { "count of a field", "stats count(code) as n", "n=3", GUIDE ", stats" },
    { "count of nothing", "filter code = 1 | stats count(*) as n, sum(ms)", "n=0", OURS },
    { "by a field",
      "filter ispresent(code) | stats count(*) as n, sum(ms), avg(ms), min(ms), "
      "max(code) by user.name",
      "user.name=bob,n=2,sum(ms)=50,avg(ms)=25,min(ms)=20,max(code)=500;user.name=alice,n=1,"
      "sum(ms)=12.5,avg(ms)=12.5,min(ms)=12.5,max(code)=200",
      GUIDE ", stats" },
    { "then sorted",
      "filter ispresent(code) | stats count(*) as n by user.name | sort n asc | "
      "limit 1",
      "user.name=alice,n=1", GUIDE ", Using Aliases in Queries" },
    { "by time", "stats count(*) by bin(2m)",
      "bin(2m)=2026-01-05 09:00:00.000,count(*)=1;bin(2m)=2026-01-05 08:58:00.000,count(*)=2;"
      "bin(2m)=2026-01-05 08:56:00.000,count(*)=1",
      GUIDE ", stats" },
    { "distinct, percentiles, ends",
      "stats count_distinct(user.name) as d, pct(ms, 50) as p, "
      "earliest(code) as e, latest(code) as l",
      "d=2,p=20,e=404,l=500", GUIDE ", stats" },
    { "dedup", "fields user.name | filter ispresent(code) | dedup user.name",
      "user.name=bob;user.name=alice", GUIDE ", dedup" },
    { "a comment", "fields code\n  # | filter code = 1\n | limit 1", "code=500",
      GUIDE ", Using Comments in Queries" },
    { "own fields", "fields @logStream, @log, @ingestionTime | limit 1",
      "@logStream=s,@log=111122223333:g,@ingestionTime=2026-01-05 09:00:00.001", JSON },
    { "a period's begin",
      "fields datefloor(@timestamp, 1h) as h, tomillis(@timestamp) as t | limit 1",
      "h=2026-01-05 09:00:00.000,t=1767603600000", FNS },
};

/* "field=value,field=value;..." without @ptr; * for a long message. */
static void write_rows(struct buf *out, const struct value *rows)
{
    for (const struct value *r = value_first(rows); r; r = r->next) {
        buf_add_c(out, r == value_first(rows) ? "" : ";");
        for (const struct value *c = value_first(r); c; c = c->next) {
            struct str field = value_get_str(c, "field"), text = value_get_str(c, "value");
            if (str_eq_c(field, "@ptr"))
                continue;
            buf_printf(out, "%s%.*s=%.*s", c == value_first(r) ? "" : ",", STR_ARG(field),
                       STR_ARG(str_eq_c(field, "@message") ? STR("*") : text));
        }
    }
}

static struct insights_result run(struct arena *a, const struct insights_query *q)
{
    struct insights_run *r = insights_begin(a, q);
    struct arena scratch = { 0 };

    for (size_t i = 0; i < COUNT(messages); i++) {
        struct insights_event e = { .time_ms = START - (int64_t)i * 60000,
                                    .ingested_ms = START + 1,
                                    .message = str_c(messages[i]),
                                    .stream = STR("s"),
                                    .log = STR("111122223333:g"),
                                    .pointer = STR("p") };
        insights_feed(r, &scratch, &e);
        arena_reset(&scratch);
    }
    arena_free(&scratch);
    return insights_end(r, INSIGHTS_ROWS_MOST);
}

static void query(void **state)
{
    const struct query_case *c = *state;
    struct arena a = { 0 };
    struct err err = { 0 };
    struct insights_query *q = NULL;
    struct buf got = { 0 };
    size_t at;

    assert_true(strlen(c->source) > 0);
    check_ok(insights_parse(&a, str_c(c->query), &q, &at, &err), &err);
    struct insights_result r = run(&a, q);
    assert_int_equal(r.scanned, COUNT(messages));
    write_rows(&got, r.rows);
    check_str(buf_view(&got), c->want);
    buf_free(&got);
    arena_free(&a);
}

static const struct refused_case {
    const char *name, *query, *want;
} refused[] = {
    { "an unknown command", "fields a | unnest a into b", "unsupported command: unnest" },
    { "another language", "SOURCE logGroups() | fields a", "unsupported command: SOURCE" },
    { "patterns", "pattern @message", "unsupported command: pattern" },
    { "an unknown function", "fields isIpv4InSubnet(a, 'x')",
      "unsupported function: isIpv4InSubnet" },
    { "an unknown aggregate", "stats stddev(a)", "unsupported aggregate of stats: stddev" },
    { "nothing", "", "a command is missing" },
    { "an empty command", "fields a || limit 1", "a command is missing" },
    { "a filter without an end", "filter (a = 1", "a ) is missing" },
    { "a limit of nothing", "limit 0", "a number above 0 is missing" },
    { "a limit that is too high", "limit 10001", "limit is more than 10000" },
    { "too few names", "parse @message '* *' as a", "as many names as stars are wanted" },
    { "no named group", "parse @message /a(b)/", "the expression of parse has no named group" },
    { "a wrong regex", "filter a like /(/",
      "a regular expression fails at byte 1: missing closing "
      "parenthesis" },
    { "too many arguments", "fields abs(1, 2)", "a wrong number of arguments of abs" },
    { "an unknown period", "stats count(*) by bin(5x)", "a period such as 5m is missing" },
    { "more text", "limit 5 5", "unexpected text" },
    { "an open quote", "filter a = \"b", "a closing quote is missing" },
};

static void refuse(void **state)
{
    const struct refused_case *c = *state;
    struct arena a = { 0 };
    struct err err = { 0 };
    struct insights_query *q = NULL;
    size_t at;

    assert_int_equal(insights_parse(&a, str_c(c->query), &q, &at, &err), E_PARSE);
    assert_null(q);
    assert_true(at <= strlen(c->query) + 1);
    check_str(str_c(err.text), c->want);
    arena_free(&a);
}

static void all_fields(void **state)
{
    struct arena a = { 0 };
    struct buf got = { 0 };
    struct insights_event e = { .time_ms = 5,
                                .ingested_ms = 6,
                                .message = STR("{\"a\":{\"b\":[1,true]},\"c\":null}"),
                                .stream = STR("s"),
                                .log = STR("1:g") };

    (void)state;
    json_write(&got, insights_fields(&a, &e));
    check_str(buf_view(&got),
              "{\"@timestamp\":\"5\",\"@ingestionTime\":\"6\",\"@message\":\"{\\\"a\\\":{\\\"b\\\":"
              "[1,true]},\\\"c\\\":null}\",\"@logStream\":\"s\",\"@log\":\"1:g\",\"a.b.0\":\"1\","
              "\"a.b.1\":\"1\"}");
    buf_free(&got);
    arena_free(&a);
}

/* Each group's distinct values take the room that they need, not that of all events. */
static void many_groups(void **state)
{
    enum { EVENTS = 20000 };
    struct arena a = { 0 }, each = { 0 };
    struct err err = { 0 };
    struct insights_query *q;
    size_t at;

    (void)state;
    check_ok(insights_parse(&a, STR("stats count_distinct(b) as d by a"), &q, &at, &err), &err);
    struct insights_run *r = insights_begin(&a, q);
    for (int i = 0; i < EVENTS; i++) {
        struct insights_event e = { .time_ms = EVENTS - i,
                                    .message = arena_printf(&each, "{\"a\":%d,\"b\":%d}",
                                                            i % (EVENTS / 2), i) };
        insights_feed(r, &each, &e);
    }
    struct insights_result out = insights_end(r, INSIGHTS_ROWS_MOST);
    assert_int_equal(out.rows->count, EVENTS / 2);
    struct buf got = { 0 };
    write_rows(&got, out.rows);
    assert_true(str_has_prefix(buf_view(&got), STR("a=0,d=2;a=1,d=2;")));
    buf_free(&got);
    arena_free(&each);
    arena_free(&a);
}

int main(void)
{
    struct check_suite s = { 0 };

    CHECK_ROWS(&s, queries, query);
    CHECK_ROWS(&s, refused, refuse);
    check_add(&s, "all fields of an event, nested ones by dots", all_fields);
    check_add(&s, "many groups, a few distinct values each", many_groups);
    return check_run(&s, "insights");
}
