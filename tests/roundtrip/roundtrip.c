/* tests/roundtrip/roundtrip - the C side of the round trip: one JSON line in, one JSON line out.
 *
 * In:  {"method", "target", "headers": [[name, value]], "body": base64, "output": tree,
 *       "payload": base64, "refuse": code}
 * Out: {"service", "operation", "code", "message", "params": tree, "payload": base64,
 *       "reply": R, "refusal": R}   R: {"status", "headers": [[name, value]], "body": base64}
 * Trees mark what JSON can't say: {"$blob": base64}, {"$time": ms}.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/codec/json.h"
#include "core/codec/uri.h"
#include "emulator/engine/call.h"
#include "emulator/wire/wire.h"

/* --- trees --- */

static struct value *untag(struct arena *a, struct value *v)
{
    struct value *next, *blob = value_get_c(v, "$blob"), *time = value_get_c(v, "$time");
    struct value *out;
    struct str bytes;

    if (blob && base64_decode(a, blob->u.text, &bytes, NULL) == 0)
        return value_blob(a, bytes);
    if (time)
        return value_time(a, time->u.integer);
    if (v->kind != VALUE_LIST && v->kind != VALUE_MAP)
        return v;
    out = v->kind == VALUE_LIST ? value_list(a) : value_map(a);
    for (struct value *kid = value_first(v); kid; kid = next) {
        struct str name = kid->name;

        next = kid->next;
        kid->next = NULL;
        if (v->kind == VALUE_LIST)
            value_push(out, untag(a, kid));
        else
            value_append(out, name, untag(a, kid));
    }
    return out;
}

static struct value *tag_text(struct arena *a, struct str bytes)
{
    struct value *out = value_map(a);
    struct buf text = { 0 };

    base64_encode(&text, bytes);
    value_append(out, STR("$blob"), value_str(a, arena_copy(a, buf_view(&text))));
    buf_free(&text);
    return out;
}

static struct value *tag(struct arena *a, const struct value *v)
{
    struct value *out;

    if (v->kind == VALUE_BLOB)
        return tag_text(a, v->u.text);
    if (v->kind != VALUE_LIST && v->kind != VALUE_MAP && v->kind != VALUE_TIME)
        return value_copy(a, v);
    out = v->kind == VALUE_LIST ? value_list(a) : value_map(a);
    if (v->kind == VALUE_TIME)
        value_append(out, STR("$time"), value_int(a, v->u.time_ms));
    for (const struct value *kid = value_first(v); kid; kid = kid->next) {
        if (v->kind == VALUE_LIST)
            value_push(out, tag(a, kid));
        else
            value_append(out, kid->name, tag(a, kid));
    }
    return out;
}

/* --- the request --- */

static struct str decode(struct arena *a, const struct value *line, const char *name)
{
    struct str bytes = { 0 };

    if (base64_decode(a, value_get_str(line, name), &bytes, NULL) < 0)
        abort();
    return bytes;
}

static void read_headers(struct arena *a, const struct value *list, struct request *q)
{
    q->headers = arena_array(a, list->count + 1, sizeof *q->headers);
    for (const struct value *h = value_first(list); h; h = h->next)
        q->headers[q->header_count++] =
            (struct http_header){ value_at(h, 0)->u.text, value_at(h, 1)->u.text };
}

static void read_request(struct arena *a, const struct value *line, struct request *q)
{
    q->method = value_get_str(line, "method");
    q->target = value_get_str(line, "target");
    (void)str_cut(q->target, '?', &q->path, &q->query);
    if (uri_parse_query(a, q->query, &q->params, &q->param_count, NULL) < 0)
        abort();
    read_headers(a, value_get_c(line, "headers"), q);
    q->body.text = decode(a, line, "body");
    q->body.len = (int64_t)q->body.text.len;
}

/* --- the answer --- */

static struct value *show_reply(struct arena *a, const struct reply *r)
{
    struct value *out = value_map(a), *headers = value_list(a);

    for (size_t i = 0; i < r->header_count; i++) {
        struct value *pair = value_list(a);

        value_push(pair, value_str(a, r->headers[i].name));
        value_push(pair, value_str(a, r->headers[i].value));
        value_push(headers, pair);
    }
    value_put_int(a, out, "status", r->status);
    value_append(out, STR("headers"), headers);
    value_append(out, STR("body"), tag_text(a, r->body.text));
    return out;
}

static struct value *answer(struct arena *a, const struct cat *cat, const struct request *q,
                            const struct route *route, const struct outcome *out)
{
    bool s3 = str_has_prefix(route->service, STR("s3"));
    struct reply reply = { 0 };

    wire_write(a, cat, q, route, out, STR("REQUESTID0000001"), s3 ? STR("hostid") : STR(""),
               &reply);
    return show_reply(a, &reply);
}

static void parse(struct arena *a, const struct cat *cat, const struct request *q,
                  const struct route *route, struct value *shown)
{
    struct err err = { 0 };
    struct value *params;
    struct str code;

    if (wire_parse(a, cat, q, route, &params, &code, &err) < 0) {
        value_put_str(a, shown, "code", code);
        value_put_c(a, shown, "message", err.text);
        return;
    }
    value_append(shown, STR("params"), tag(a, params));
    if (wire_streams_input(cat, route->op))
        value_append(shown, STR("payload"), tag_text(a, q->body.text));
}

static void run(struct arena *a, const struct cat *cat, const struct value *line,
                struct value *shown)
{
    struct request q = { 0 };
    struct route route;
    struct outcome ok = { 0 }, no = { 0 };
    struct value *output = value_get_c(line, "output");

    read_request(a, line, &q);
    wire_identify(a, cat, &q, &route);
    value_put_str(a, shown, "service", route.service);
    if (!route.op) {
        value_put_str(a, shown, "code", route.code);
        value_put_str(a, shown, "message", route.message);
        return;
    }
    value_put_str(a, shown, "operation", cat_str(cat, route.op->key));
    parse(a, cat, &q, &route, shown);
    ok.output = output ? untag(a, output) : NULL;
    if (value_get_c(line, "payload"))
        ok.body.text = decode(a, line, "payload");
    value_append(shown, STR("reply"), answer(a, cat, &q, &route, &ok));
    if (!value_get_c(line, "refuse"))
        return;
    outcome_refuse(a, &no, 0, arena_copy(a, value_get_str(line, "refuse")).ptr, "no <%s>", "way");
    value_append(shown, STR("refusal"), answer(a, cat, &q, &route, &no));
}

int main(int argc, char **argv)
{
    struct arena a = { 0 };
    struct buf out = { 0 };
    struct err err = { 0 };
    struct cat *cat;
    char *line = NULL;
    size_t size = 0;
    ssize_t len;

    if (cat_open(&cat, argc > 1 ? argv[1] : NULL, &err) < 0) {
        fprintf(stderr, "roundtrip: %s\n", err.text);
        return 2;
    }
    while ((len = getline(&line, &size, stdin)) > 0) {
        struct value *in, *shown = value_map(&a);

        if (json_parse(&a, (struct str){ line, (size_t)len }, &in, &err) < 0) {
            fprintf(stderr, "roundtrip: %s\n", err.text);
            return 2;
        }
        run(&a, cat, in, shown);
        json_write(&out, shown);
        buf_add_char(&out, '\n');
        fwrite(out.ptr, 1, out.len, stdout);
        buf_clear(&out);
        arena_reset(&a);
    }
    free(line);
    buf_free(&out);
    arena_free(&a);
    cat_close(cat);
    return 0;
}
