#include "emulator/wire/message.h"

void reply_header(struct arena *a, struct reply *r, const char *name, struct str value)
{
    struct http_header header = { str_c(name), value };

    for (size_t i = 0; i < r->header_count; i++)
        if (str_eq_nocase(r->headers[i].name, header.name)) {
            r->headers[i] = header;
            return;
        }
    if (r->header_count == r->header_cap) {
        size_t cap = r->header_cap ? 2 * r->header_cap : 16;
        struct http_header *more = arena_array(a, cap, sizeof *more);

        if (r->header_count > 0)
            memcpy(more, r->headers, r->header_count * sizeof *more);
        r->headers = more;
        r->header_cap = cap;
    }
    r->headers[r->header_count++] = header;
}
