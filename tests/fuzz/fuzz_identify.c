/* A request head in text ("METHOD TARGET", header lines, a blank line, body): it is always told or
 * refused with a code, whatever it says. */
#include <assert.h>
#include <stdlib.h>

#include "emulator/wire/wire.h"
#include "tests/fuzz/fuzz.h"

static struct cat *open_catalogue(void)
{
    const char *path = getenv("MOCKTRAIL_CATALOGUE");
    struct cat *cat = NULL;
    struct err err = { 0 };
    int rc = cat_open(&cat, path ? path : "build/catalogue.bin", &err);

    assert(rc == 0);
    return cat;
}

static struct str next_line(struct str *rest)
{
    struct str line;

    (void)str_cut(*rest, '\n', &line, rest);
    return line;
}

static bool read_request(struct arena *a, struct str text, struct request *q)
{
    struct str line = next_line(&text), version;

    (void)str_cut(line, ' ', &q->method, &line);
    (void)str_cut(line, ' ', &q->target, &version);
    (void)str_cut(q->target, '?', &q->path, &q->query);
    q->headers = arena_array(a, 64, sizeof *q->headers);
    while ((line = next_line(&text)).len > 0 && q->header_count < 64) {
        struct http_header *h = &q->headers[q->header_count++];

        (void)str_cut(line, ':', &h->name, &h->value);
        h->value = str_trim(h->value);
        if (str_eq_c(h->name, "x-bucket")) /* stands for what http/ finds in Host */
            q->s3_bucket = h->value;
    }
    q->body.text = text;
    return uri_parse_query(a, q->query, &q->params, &q->param_count, NULL) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct cat *cat;
    struct arena a = { 0 };
    struct request q = { 0 };
    struct route r;

    if (!cat)
        cat = open_catalogue();
    if (read_request(&a, (struct str){ (const char *)data, size }, &q)) {
        wire_identify(&a, cat, &q, &r);
        assert(r.op ? r.service.len > 0 && r.action.len > 0 : r.code.len > 0 && r.status >= 400);
        assert(!r.s3_has_key || r.s3_key.len > 0);
    }
    arena_free(&a);
    return 0;
}
