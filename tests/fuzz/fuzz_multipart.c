/* A browser's form: the pieces that it comes in change nothing, and the file never grows. The first
 * byte says the size of the pieces; the boundary is "B". What comes out makes a PUT. */
#include <assert.h>

#include "emulator/http/multipart.h"
#include "tests/fuzz/fuzz.h"

static int take_apart(struct arena *a, struct str body, size_t step, struct buf *file,
                      struct post_form *form)
{
    struct multipart m;
    struct str out;
    int rc = 0;

    assert(multipart_init(&m, a, STR("multipart/form-data; boundary=B")));
    for (size_t at = 0; at < body.len && rc == 0; at += step) {
        struct str in = str_sub(body, at, step);

        while ((rc = multipart_next(&m, &in, &out, NULL)) == 1)
            buf_add(file, out);
    }
    if (rc == 0)
        rc = multipart_end(&m, form, NULL);
    multipart_free(&m);
    return rc;
}

static void check_put(struct arena *a, const struct post_form *form)
{
    struct request q = { .method = STR("POST"), .path = STR("/bucket"), .form = form };
    const struct request *put = post_form_as_put(a, &q);

    assert(put->refused_code.len > 0 || str_has_prefix(put->path, STR("/bucket/")));
    for (size_t i = 0; put->refused_code.len == 0 && i < put->header_count; i++)
        assert(str_find(put->headers[i].value, STR("\n")) < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = { 0 };
    struct buf whole = { 0 }, pieces = { 0 };
    struct post_form form = { 0 }, again = { 0 };
    struct multipart m;
    struct str body;

    if (size < 1)
        return 0;
    body = (struct str){ (const char *)data + 1, size - 1 };
    if (multipart_init(&m, &a, body)) /* as a header */
        multipart_free(&m);
    int rc = take_apart(&a, body, body.len + 1, &whole, &form);

    assert(take_apart(&a, body, (size_t)data[0] + 1, &pieces, &again) == rc);
    assert(str_eq(buf_view(&whole), buf_view(&pieces)));
    assert(whole.len <= body.len && form.field_count == again.field_count);
    if (rc == 0)
        check_put(&a, &form);
    buf_free(&whole);
    buf_free(&pieces);
    arena_free(&a);
    return 0;
}
