#include <stdlib.h>

#include "core/aws/md5.h"
#include "emulator/services/sqs/message.h"

static void add_long(struct buf *out, struct str bytes)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        buf_add_char(out, (char)(bytes.len >> shift & 0xff));
    buf_add(out, bytes);
}

static int by_name(const void *x, const void *y)
{
    const struct value *const *a = x, *const *b = y;

    return str_cmp((*a)->name, (*b)->name);
}

struct str sqs_md5_attributes(struct arena *a, const struct value *attributes)
{
    size_t count = 0;
    struct buf text = { 0 };

    if (!value_first(attributes))
        return (struct str){ 0 };
    const struct value **sorted = arena_array(a, attributes->count, sizeof(struct value *));
    for (const struct value *v = value_first(attributes); v; v = v->next)
        sorted[count++] = v;
    qsort(sorted, count, sizeof(struct value *), by_name);
    for (size_t i = 0; i < count; i++) {
        const struct value *binary = value_get_c(sorted[i], "BinaryValue");

        add_long(&text, sorted[i]->name);
        add_long(&text, value_get_str(sorted[i], "DataType"));
        buf_add_char(&text, binary ? 2 : 1);
        add_long(&text, binary ? binary->u.text : value_get_str(sorted[i], "StringValue"));
    }
    struct str sum = md5_hex(a, buf_view(&text));
    buf_free(&text);
    return sum;
}
