/* Trace headers, ids, segment documents, datagrams, and traces put together. */
#include "emulator/services/xray/xray.h"

#include "core/codec/json.h"
#include "emulator/services/xray/cause.h"
#include "emulator/services/xray/datagram.h"
#include "emulator/services/xray/graph.h"
#include "emulator/services/xray/intake.h"
#include "emulator/services/xray/segment.h"
#include "emulator/services/xray/summary.h"
#include "tests/unit/check.h"

#define NOW_MS 1767603600000ll
#define ROOT   "1-695b7d90-0123456789abcdef01234567"

/* ---- headers. Source: X-Ray Developer Guide, "Tracing header" ---- */

static const struct header_row {
    const char *name, *text, *root, *parent;
    enum xray_sampled sampled;
} headers[] = {
    { "a whole header", "Root=" ROOT ";Parent=70de5b6f19ff9a0a;Sampled=1", ROOT, "70de5b6f19ff9a0a",
      XRAY_SAMPLED },
    { "a root alone", "Root=" ROOT, ROOT, "", XRAY_UNDECIDED },
    { "what a load balancer puts before it", "Self=1-67891234-12456789abcdef012345678;Root=" ROOT,
      ROOT, "", XRAY_UNDECIDED },
    { "blanks and any case", "root = " ROOT " ; SAMPLED=0; lineage=a:1", ROOT, "",
      XRAY_NOT_SAMPLED },
    { "a decision to be made", "Root=" ROOT ";Sampled=?", ROOT, "", XRAY_UNDECIDED },
    { "a bad root takes its parent along", "Root=1-zz-1;Parent=70de5b6f19ff9a0a;Sampled=0", "", "",
      XRAY_NOT_SAMPLED },
    { "a bad parent is none", "Root=" ROOT ";Parent=70de5b6f", ROOT, "", XRAY_UNDECIDED },
    { "nothing", "", "", "", XRAY_UNDECIDED },
    { "nonsense", ";;=;Root;Sampled=yes", "", "", XRAY_UNDECIDED },
};

static void check_header(void **state)
{
    const struct header_row *r = *state;
    struct xray_header h = xray_header_parse(str_c(r->text));

    check_str(h.root, r->root);
    check_str(h.parent, r->parent);
    assert_int_equal(h.sampled, r->sampled);
}

static void test_ids(void **state)
{
    struct arena a = { 0 };
    struct rng rng;

    (void)state; /* no row */
    rng_init(&rng, 1, 1);
    struct str id = xray_new_trace_id(&a, &rng, NOW_MS + 999);
    assert_true(xray_is_trace_id(id));
    assert_int_equal(xray_trace_time_ms(id), NOW_MS);
    assert_true(xray_is_segment_id(xray_new_segment_id(&a, &rng)));
    assert_true(xray_trace_is_current(id, NOW_MS + XRAY_RETENTION_MS - 1));
    assert_false(xray_trace_is_current(id, NOW_MS + XRAY_RETENTION_MS));
    assert_false(xray_trace_is_current(id, NOW_MS - 301000));
    arena_free(&a);
}

/* ---- datagrams. Source: X-Ray Developer Guide, "Sending trace data to AWS X-Ray" ---- */

static const struct datagram_row {
    const char *name, *bytes, *document; /* NULL: refused */
} datagrams[] = {
    { "a header and a document", "{\"format\": \"json\", \"version\": 1}\n{\"a\":1}", "{\"a\":1}" },
    { "without blanks, as Python's SDK", "{\"format\":\"json\",\"version\":1}\n{}\n", "{}" },
    { "no header", "{\"a\":1}", NULL },
    { "no document", "{\"format\":\"json\",\"version\":1}\n \n", NULL },
    { "another format", "{\"format\":\"xml\",\"version\":1}\n{}", NULL },
    { "another version", "{\"format\":\"json\",\"version\":2}\n{}", NULL },
    { "a header that is no JSON", "format=json\n{}", NULL },
    { "nothing", "", NULL },
};

static void check_datagram(void **state)
{
    const struct datagram_row *r = *state;
    struct arena a = { 0 };
    struct str document = { 0 };
    int rc = xray_datagram_parse(&a, str_c(r->bytes), &document, NULL);

    assert_int_equal(rc, r->document ? 0 : E_PARSE);
    if (r->document)
        check_str(document, r->document);
    arena_free(&a);
}

/* ---- documents. Source: X-Ray Developer Guide, "AWS X-Ray segment documents" ---- */

#define HEAD "{\"id\":\"70de5b6f19ff9a0a\",\"trace_id\":\"" ROOT "\","
#define GOOD HEAD "\"name\":\"n\",\"start_time\":1.5,\"end_time\":2"

static const struct document_row {
    const char *name, *text, *code; /* NULL: taken */
} rows[] = {
    { "the least", GOOD "}", NULL },
    { "in progress", HEAD "\"name\":\"n\",\"start_time\":1,\"in_progress\":true}", NULL },
    { "a name of all signs",
      HEAD "\"name\":\"a B9_.:/%&#=+\\\\-@\xc3\xa4\",\"start_time\":1,"
           "\"end_time\":1}",
      NULL },
    { "a subsegment alone", GOOD ",\"type\":\"subsegment\",\"parent_id\":\"70de5b6f19ff9a0b\"}",
      NULL },
    { "neither ended nor in progress",
      HEAD "\"name\":\"n\",\"start_time\":1,\"in_progress\":false}", "MissingEndTime" },
    { "a subsegment of nothing", GOOD ",\"type\":\"subsegment\"}", "InvalidParentId" },
    { "a time in words", HEAD "\"name\":\"n\",\"start_time\":\"now\"}", "MissingStartTime" },
    { "an id that is no hex", "{\"id\":\"70de5b6f19ff9a0z\"}", "InvalidId" },
    { "no id", "{}", "MissingId" },
    { "an empty list", "[]", "MissingId" },
    { "a name with a sign too many", HEAD "\"name\":\"a?\",\"start_time\":1,\"end_time\":1}",
      "InvalidName" },
    { "subsegments that are no list", GOOD ",\"subsegments\":{}}", "InvalidSubsegment" },
    { "a subsegment without an id", GOOD ",\"subsegments\":[{\"name\":\"s\",\"start_time\":1}]}",
      "InvalidSubsegment" },
    { "no JSON", "{\"id\"", "ParseError" },
    { "a number", "7", "ParseError" },
};

static void check_document(void **state)
{
    const struct document_row *r = *state;
    struct arena a = { 0 };
    struct segment_refusal why = { 0 };
    struct value *v = NULL;
    bool taken = segment_parse(&a, str_c(r->text), NOW_MS, &v, &why);

    assert_int_equal(taken, r->code == NULL);
    if (r->code)
        check_str(str_c(why.code), r->code);
    arena_free(&a);
}

/* ---- traces ---- */

static struct trace *build(struct arena *a, const char *const *texts, size_t count)
{
    struct xray_line *lines = arena_array(a, count, sizeof *lines);

    for (size_t i = 0; i < count; i++)
        lines[i] = (struct xray_line){ .trace_id = STR(ROOT),
                                       .text = str_c(texts[i]),
                                       .at_ms = NOW_MS + (int64_t)i };
    return trace_build(a, names_new(a, NULL), lines, count);
}

static void test_documents_that_name_each_other(void **state)
{
    static const char *const texts[] = {
        "{\"id\":\"a\",\"name\":\"a\",\"parent_id\":\"b\",\"start_time\":1,\"end_time\":2}",
        "{\"id\":\"b\",\"name\":\"b\",\"parent_id\":\"a\",\"start_time\":1,\"end_time\":2}",
        "{\"id\":\"c\",\"name\":\"c\",\"parent_id\":\"c\",\"start_time\":1,\"end_time\":2}",
        "{\"id\":\"d\",\"type\":\"subsegment\",\"parent_id\":\"e\",\"start_time\":1,\"end_time\":"
        "2}",
        "{\"id\":\"e\",\"type\":\"subsegment\",\"parent_id\":\"d\",\"start_time\":1,\"end_time\":"
        "2}",
    };
    struct arena a = { 0 };
    struct trace *t = build(&a, texts, COUNT(texts));

    (void)state; /* no row */
    assert_non_null(t);
    assert_int_equal(t->count, 5);
    assert_non_null(t->root);
    struct graph *g = graph_new(&a);
    graph_add(g, t);
    assert_true(graph_services(g)->count >= 4);
    assert_non_null(summary_of(&a, t));
    arena_free(&a);
}

static void test_a_chain_of_subsegments_sent_alone_ends(void **state)
{
    const char *texts[300];
    struct arena a = { 0 };

    (void)state; /* no row */
    for (size_t i = 0; i < COUNT(texts); i++)
        texts[i] = arena_printf(&a,
                                "{\"id\":\"%zu\",\"name\":\"n\",\"type\":\"subsegment\","
                                "\"parent_id\":\"%zu\",\"start_time\":1,\"end_time\":2}",
                                i, i + 1)
                       .ptr;
    struct trace *t = build(&a, texts, COUNT(texts));
    assert_int_equal(t->count, COUNT(texts)); /* as parts, or apart */
    arena_free(&a);
}

static void test_what_is_inferred(void **state)
{
    static const char *const texts[] = {
        "{\"id\":\"a\",\"name\":\"a\",\"start_time\":1,\"end_time\":2,\"subsegments\":["
        "{\"id\":\"b\",\"name\":\"dynamodb\",\"namespace\":\"aws\",\"start_time\":1,\"end_time\":2,"
        "\"aws\":{\"table_name\":\"t\"}},"
        "{\"id\":\"c\",\"name\":\"host\",\"namespace\":\"remote\",\"start_time\":1,\"end_time\":2},"
        "{\"id\":\"d\",\"name\":\"inner\",\"namespace\":\"local\",\"start_time\":1,\"end_time\":2},"
        "{\"id\":\"e\",\"name\":\"s3\",\"namespace\":\"aws\",\"start_time\":1,\"end_time\":2}]}",
        "{\"id\":\"f\",\"name\":\"S3\",\"parent_id\":\"e\",\"start_time\":1,\"end_time\":2}",
    };
    struct arena a = { 0 };
    struct trace *t = build(&a, texts, COUNT(texts));

    (void)state; /* no row */
    assert_int_equal(t->count, 8);
    assert_true(t->nodes[6]->is_inferred && t->nodes[7]->is_inferred);
    check_str(t->nodes[6]->name, "t");
    check_str(t->nodes[6]->type, "AWS::DynamoDB::Table");
    check_str(t->nodes[7]->type, "remote");
    arena_free(&a);
}

static void test_more_than_a_trace_may_hold(void **state)
{
    const char *texts[12];
    struct arena a = { 0 };

    (void)state; /* no row */
    for (size_t i = 0; i < COUNT(texts); i++)
        texts[i] =
            arena_printf(&a, "{\"id\":\"%zu\",\"start_time\":1,\"end_time\":2,\"x\":\"%050000d\"}",
                         i, 0)
                .ptr;
    struct trace *t = build(&a, texts, COUNT(texts));
    assert_true(t->limit_exceeded);
    assert_int_equal(t->count, 10);
    arena_free(&a);
}

/* ---- blocks ---- */

static void test_documents_come_back_as_they_came(void **state)
{
    static const char *const ids[] = { "1-695b7d90-000000000000000000000001",
                                       "1-695b7d91-000000000000000000000002",
                                       "1-695b7d90-000000000000000000000003" };
    struct arena a = { 0 };
    const char *dir = check_dir(&a);
    struct intake in = { .a = &a };
    struct xray_place here = { STR("111122223333"), STR("us-east-1") };
    struct xray_line *lines;
    struct store *s;
    struct err err = { 0 };
    size_t count;

    (void)state; /* no row */
    check_ok(store_open(&s, dir, false, &err), &err);
    for (size_t i = 0; i < COUNT(ids); i++)
        intake_add(&in, &(struct intake_document){ here, str_c(ids[i]), STR("{\"a\": 1}"),
                                                   NOW_MS + (int64_t)i, i });
    check_ok(store_begin(s, &err), &err);
    check_ok(intake_store(&in, s, &err), &err);
    check_ok(store_commit(s, &err), &err);
    check_ok(xray_lines(s, &a, here, NOW_MS, NOW_MS + 1, &lines, &count, &err), &err);
    assert_int_equal(count, 2);
    check_str(lines[1].trace_id, ids[2]);
    check_str(lines[1].text, "{\"a\": 1}");
    assert_int_equal(lines[1].at_ms, NOW_MS + 2);
    assert_int_equal(lines[1].number, 2);
    check_ok(xray_prune(s, NOW_MS + 1000 + XRAY_RETENTION_MS, &err), &err);
    check_ok(xray_lines(s, &a, here, 0, INT64_MAX, &lines, &count, &err), &err);
    assert_int_equal(count, 1);
    store_close(s);
    check_dir_end(dir);
    arena_free(&a);
}

int main(void)
{
    struct check_suite s = { 0 };

    CHECK_ROWS(&s, headers, check_header);
    CHECK_ROWS(&s, datagrams, check_datagram);
    CHECK_ROWS(&s, rows, check_document);
    check_add(&s, "ids carry their second and end after 30 days", test_ids);
    check_add(&s, "documents may name each other", test_documents_that_name_each_other);
    check_add(&s, "a chain of subsegments sent alone ends",
              test_a_chain_of_subsegments_sent_alone_ends);
    check_add(&s, "segments are inferred where none was sent", test_what_is_inferred);
    check_add(&s, "a trace may hold 500 KB", test_more_than_a_trace_may_hold);
    check_add(&s, "documents come back as they came", test_documents_come_back_as_they_came);
    return check_run(&s, "xray");
}
