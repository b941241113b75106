/* Any text as a filter expression: refused with a reason, or it answers for a trace. */
#include <assert.h>

#include "emulator/services/xray/filter.h"
#include "tests/fuzz/fuzz.h"

static const char document[] =
    "{\"id\":\"a\",\"name\":\"shop\",\"start_time\":1,\"end_time\":2,\"user\":\"alice\",\"http\":{"
    "\"request\":{\"url\":\"http://a/b\"},\"response\":{\"status\":500}},\"fault\":true,"
    "\"annotations\":{\"k\":\"v\",\"n\":1,\"b\":true},\"cause\":{\"exceptions\":[{\"type\":\"T\"}]}"
    ","
    "\"subsegments\":[{\"id\":\"b\",\"name\":\"s3\",\"namespace\":\"aws\",\"start_time\":1,"
    "\"end_time\":2,\"error\":true}]}";

/* Each group stands for an expression that names another, so that depth is met. */
static bool find_group(void *arg, bool by_arn, struct str text, struct str *expression)
{
    (void)arg, (void)by_arn; /* all are alike */
    *expression = text.len > 4 ? STR("group.name = \"x\" OR ok") : text;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct filter_groups groups = { find_group, NULL };
    struct xray_line line = { .trace_id = STR("t"), .text = str_c(document) };
    struct str text = { (const char *)data, size };
    struct filter_entity entity;
    struct arena a = { 0 };
    struct err err = { 0 };
    struct filter *f = NULL;
    int rc = filter_parse(&a, text, &groups, &f, &err);

    assert((rc == 0) == (f != NULL) && err.code == rc);
    if (rc == 0)
        (void)filter_matches(&a, f, trace_build(&a, names_new(&a, NULL), &line, 1));
    (void)filter_entity_parse(&a, text, &entity, NULL); /* likewise */
    arena_free(&a);
    return 0;
}
