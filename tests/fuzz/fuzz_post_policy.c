/* A form's policy document. The input is the form's fields, "name=value" a line, up to an empty
 * line, and the document behind it; either it lets the upload, or the outcome says why not. */
#include <assert.h>

#include "core/codec/uri.h"
#include "emulator/services/s3/post_policy.h"
#include "emulator/wire/post_form.h"
#include "tests/fuzz/fuzz.h"

#define FIELDS_MOST 16

static struct str read_fields(struct post_form *form, struct str in)
{
    struct str line;

    while (str_cut(in, '\n', &line, &in) && line.len > 0) {
        struct http_header f;

        if (form->field_count < FIELDS_MOST && str_cut(line, '=', &f.name, &f.value))
            form->fields[form->field_count++] = f;
    }
    return in;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_header fields[FIELDS_MOST + 1];
    struct post_form form = { .fields = fields };
    struct str document = read_fields(&form, (struct str){ (const char *)data, size });
    struct arena a = { 0 };
    struct buf base64 = { 0 };
    struct request q = { .form = &form };
    struct call call = { .request = &q, .params = value_map(&a) };
    struct outcome out = { .status = 0 };
    struct op op = { .call = &call, .out = &out, .a = &a, .key = STR("k") };

    value_put_c(&a, call.params, "Bucket", "b");
    value_put_c(&a, call.params, "Key", "k");
    base64_encode(&base64, document);
    fields[form.field_count++] = (struct http_header){ STR("policy"), buf_view(&base64) };
    int rc = post_policy_check(&op);

    assert((rc == 1 && out.code.len == 0) || (rc == 0 && out.code.len > 0 && out.status >= 400));
    post_answer(&op, value_map(&a));
    buf_free(&base64);
    arena_free(&a);
    return 0;
}
