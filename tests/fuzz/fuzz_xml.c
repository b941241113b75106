/* What is read as a document is a tree; any bytes written as text make one that is read. */
#include <assert.h>

#include "core/codec/xml.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = { 0 };
    struct buf text = { 0 };
    struct err err = { 0 };
    struct xml_node *root = NULL;
    struct str input = { (const char *)data, size };
    int rc = xml_parse(&a, input, &root, &err);

    assert((rc == 0) == (root != NULL) && err.code == rc);
    xml_element(&text, STR("t"), input);
    assert(xml_parse(&a, buf_view(&text), &root, NULL) == 0);
    buf_free(&text);
    arena_free(&a);
    return 0;
}
