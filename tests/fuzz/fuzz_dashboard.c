/* A dashboard's body: any text is judged. */
#include <assert.h>

#include "emulator/services/cloudwatch/dashboard_body.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = { 0 };
    struct value *messages = value_list(&a), *body;
    size_t errors = 0;

    if (dashboard_check(&a, (struct str){ (const char *)data, size }, messages, &errors, &body,
                        NULL) == 0)
        assert(errors <= messages->count && body->kind == VALUE_MAP);
    arena_free(&a);
    return 0;
}
