#include "emulator/wire/message.h"

static const struct http_header *find_header(const struct request *q, struct str name)
{
    for (size_t i = 0; i < q->header_count; i++)
        if (str_eq_nocase(q->headers[i].name, name))
            return &q->headers[i];
    return NULL;
}

struct str request_header(const struct request *q, const char *name)
{
    const struct http_header *h = find_header(q, str_c(name));

    return h ? h->value : (struct str){ 0 };
}

bool request_has_header(const struct request *q, const char *name)
{
    return find_header(q, str_c(name)) != NULL;
}

static const struct uri_param *find_param(const struct request *q, struct str name)
{
    for (size_t i = 0; i < q->param_count; i++)
        if (str_eq(q->params[i].name, name))
            return &q->params[i];
    return NULL;
}

struct str request_param(const struct request *q, const char *name)
{
    const struct uri_param *p = find_param(q, str_c(name));

    return p ? p->value : (struct str){ 0 };
}

bool request_has_param(const struct request *q, const char *name)
{
    return find_param(q, str_c(name)) != NULL;
}

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
