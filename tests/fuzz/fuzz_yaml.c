/* What is read is a tree whose every value has its line; a refusal names the file and a line. */
#include <assert.h>

#include "core/codec/yaml.h"
#include "tests/fuzz/fuzz.h"

static void check_lines(const struct value *v, size_t most)
{
    assert(yaml_line(v) >= 1 && (size_t)yaml_line(v) <= most);
    for (const struct value *k = value_first(v); k; k = k->next)
        check_lines(k, most);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = { 0 };
    struct err err = { 0 };
    struct value *v = NULL;
    int rc = yaml_parse(&a, "fuzz.yaml", (struct str){ (const char *)data, size }, &v, &err);

    assert((rc == 0) == (v != NULL) && err.code == rc);
    if (rc < 0)
        assert(str_has_prefix(str_c(err.text), STR("fuzz.yaml:")));
    else if (v->kind != VALUE_NULL) /* an empty file has no line */
        check_lines(v, size + 1);
    arena_free(&a);
    return 0;
}
