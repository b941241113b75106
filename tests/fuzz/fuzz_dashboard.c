/* A dashboard's body and the rows of its widgets: any text is judged; a widget's rows become
 * queries that can be loaded, or are refused with a reason. */
#include <assert.h>

#include "emulator/services/cloudwatch/dashboard_body.h"
#include "emulator/services/cloudwatch/query.h"
#include "emulator/services/cloudwatch/widget.h"
#include "tests/fuzz/fuzz.h"

static void check_widget(struct arena *a, const struct value *widget)
{
    struct query_set set = { .a = a, .account = STR("111122223333"), .region = STR("us-east-1") };
    struct err err = { 0 };
    struct value *queries;

    if (widget_queries(a, value_get_c(widget, "properties"), &queries, &err) < 0)
        assert(err.text[0] != '\0');
    else
        (void)query_load(&set, queries, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = { 0 };
    struct value *messages = value_list(&a), *body;
    size_t errors = 0;

    if (dashboard_check(&a, (struct str){ (const char *)data, size }, messages, &errors, &body,
                        NULL) == 0) {
        assert(errors <= messages->count);
        for (const struct value *w = value_first(value_get_c(body, "widgets")); w; w = w->next)
            check_widget(&a, w);
    }
    arena_free(&a);
    return 0;
}
