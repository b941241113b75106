/* An upstream's answer from bytes, read as the outcome of a call, over the real catalogue.
 *
 * The input is "SERVICE OPERATION PROTOCOL STATUS\n" (the protocol's number), headers to an empty
 * line, body.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/codec/json.h"
#include "emulator/engine/call.h"
#include "emulator/wire/wire.h"
#include "tests/fuzz/fuzz.h"

static struct cat *cat;

static void open_catalogue(void)
{
    struct err err = { 0 };

    if (!cat &&
        cat_open(&cat, getenv("MOCKTRAIL_CATALOGUE") ? NULL : "build/catalogue.bin", &err) < 0) {
        fprintf(stderr, "fuzz_upstream_answer: %s\n", err.text);
        exit(1);
    }
}

/* False: it names no call. */
static bool read_route(struct str line, struct route *route, int *status)
{
    struct str service, action, protocol;
    int64_t p, s;

    (void)str_cut(line, ' ', &service, &line);
    (void)str_cut(line, ' ', &action, &line);
    (void)str_cut(line, ' ', &protocol, &line);
    const struct cat_service *found = cat_service_find(cat, service);
    if (!found || !str_to_i64(protocol, &p) || !str_to_i64(line, &s))
        return false;
    *route = (struct route){ .service = service, .action = action };
    route->op = cat_op_find(cat, found, action);
    route->protocol = (enum cat_protocol)(p >= 0 && p <= CAT_CBOR ? p : CAT_JSON);
    *status = (int)(s & 0x3ff);
    return route->op != NULL;
}

static void read_answer(struct arena *a, struct str in, struct reply *answer)
{
    struct str line, name, value;

    while (str_cut(in, '\n', &line, &in) && line.len)
        if (str_cut(line, ':', &name, &value) && answer->header_count < 32)
            reply_header(a, answer, arena_copy(a, name).ptr, str_trim(value));
    answer->body = (struct body){ .text = in, .len = (int64_t)in.len };
}

/* What was read can be told again. */
static void tell(struct arena *a, const struct request *q, const struct route *route,
                 const struct outcome *out)
{
    struct reply again = { 0 };
    struct buf text = { 0 };

    if (out->output)
        json_write(&text, out->output);
    wire_write(a, cat, q, route, out, STR("id"), STR(""), &again);
    if (!again.status)
        abort();
    buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = { 0 };
    struct str in = { (const char *)data, size }, line;
    struct request q = { .method = STR("POST") };
    struct reply answer = { 0 };
    struct outcome out = { 0 };
    struct str id = { 0 };
    struct err err = { 0 };
    struct route route;

    open_catalogue();
    if (str_cut(in, '\n', &line, &in) && read_route(line, &route, &answer.status)) {
        read_answer(&a, in, &answer);
        if (wire_read(&a, cat, &q, &route, &answer, &out, &id, &err) == 0)
            tell(&a, &q, &route, &out);
        else if (!err.text[0] || outcome_refused(&out))
            abort();
    }
    arena_free(&a);
    return 0;
}
