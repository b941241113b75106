/* A request from bytes: identified, parsed, and answered, over the real catalogue.
 *
 * The input is what stands on a socket, near enough: "METHOD TARGET\n", headers to an empty line,
 * body.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/codec/uri.h"
#include "emulator/engine/call.h"
#include "emulator/wire/wire.h"
#include "tests/fuzz/fuzz.h"

static struct cat *cat;

static void open_catalogue(void)
{
    struct err err = { 0 };

    if (!cat &&
        cat_open(&cat, getenv("MOCKTRAIL_CATALOGUE") ? NULL : "build/catalogue.bin", &err) < 0) {
        fprintf(stderr, "fuzz_wire: %s\n", err.text);
        exit(1);
    }
}

static bool read_request(struct arena *a, struct str in, struct request *q)
{
    struct str line, name, value;

    (void)str_cut(in, '\n', &line, &in);
    (void)str_cut(line, ' ', &q->method, &q->target);
    (void)str_cut(q->target, '?', &q->path, &q->query);
    q->headers = arena_array(a, 32, sizeof *q->headers);
    while (str_cut(in, '\n', &line, &in) && line.len) {
        (void)str_cut(line, ':', &name, &value);
        if (q->header_count < 32)
            q->headers[q->header_count++] = (struct http_header){ name, str_trim(value) };
    }
    q->body.text = in;
    q->body.len = (int64_t)in.len;
    return uri_parse_query(a, q->query, &q->params, &q->param_count, NULL) == 0;
}

/* The parameters serve as the output: any tree must do. */
static void answer(struct arena *a, const struct request *q, const struct route *route,
                   struct value *tree)
{
    struct outcome ok = { .output = tree }, no = { .error = tree };
    struct reply reply = { 0 }, refusal = { 0 };

    wire_write(a, cat, q, route, &ok, STR("id"), STR(""), &reply);
    outcome_refuse(a, &no, 0, "NoSuchEntityException", "%s", "none");
    wire_write(a, cat, q, route, &no, STR("id"), STR("host"), &refusal);
    if (!refusal.status || !reply.status)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = { 0 };
    struct request q = { 0 };
    struct route route;
    struct value *params;
    struct str code;
    struct err err = { 0 };

    open_catalogue();
    if (read_request(&a, (struct str){ (const char *)data, size }, &q)) {
        wire_identify(&a, cat, &q, &route);
        if (!route.op && (!route.code.len || !route.status))
            abort(); /* a refusal says why */
        if (route.op && wire_parse(&a, cat, &q, &route, &params, &code, &err) == 0)
            answer(&a, &q, &route, params);
        else if (route.op && (!code.len || !err.text[0]))
            abort();
        (void)wire_unmodeled(&a, cat, &q, &route);
    }
    arena_free(&a);
    return 0;
}
