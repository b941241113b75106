/* Encoding is undone by decoding, for percents, base64 and hex; a query never reads beyond its end.
 */
#include <assert.h>

#include "core/codec/uri.h"
#include "tests/fuzz/fuzz.h"

static void check_query(struct arena *a, struct str input)
{
    struct uri_param *params;
    size_t count = 0, bytes = 0;

    if (uri_parse_query(a, input, &params, &count, NULL) < 0)
        return;
    for (size_t i = 0; i < count; i++)
        bytes += params[i].name.len + params[i].value.len;
    assert(bytes <= input.len); /* decoding never grows */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = { 0 };
    struct buf text = { 0 };
    struct str input = { (const char *)data, size }, out;

    check_query(&a, input);
    (void)base64_decode(&a, input, &out, NULL);
    (void)hex_decode(&a, input, &out, NULL);

    uri_encode(&text, input, URI_KEEP_SLASH);
    assert(uri_decode(&a, buf_view(&text), URI_PLUS_IS_SPACE, &out, NULL) == 0);
    assert(str_eq(out, input));
    buf_clear(&text);
    base64_encode(&text, input);
    assert(base64_decode(&a, buf_view(&text), &out, NULL) == 0 && str_eq(out, input));
    buf_clear(&text);
    hex_encode(&text, input);
    assert(hex_decode(&a, buf_view(&text), &out, NULL) == 0 && str_eq(out, input));
    buf_free(&text);
    arena_free(&a);
    return 0;
}
