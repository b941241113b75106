/* Any bytes as SUITE.yaml: refused with the file's name, or a tool that can be run. */
#include <assert.h>

#include "tests/fuzz/fuzz.h"
#include "verify/run/suite.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = { (const char *)data, size };
    struct arena a = { 0 };
    struct suite suite;
    struct err err = { 0 };

    if (suite_parse(&a, "fuzz.yaml", text, &suite, &err) < 0)
        assert(str_has_prefix(str_c(err.text), STR("fuzz.yaml:")));
    else
        assert(suite.tool.run.count > 0 && suite.tool.repeat > 0);
    arena_free(&a);
    return 0;
}
