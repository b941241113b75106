#include "emulator/http/refuse.h"

#include "core/aws/ids.h"
#include "core/base/rng.h"
#include "core/codec/cbor.h"
#include "core/codec/json.h"
#include "core/codec/xml.h"
#include "emulator/http/host.h"

static const struct refusal_row {
    int s3_status, other_status;
    const char *s3_code, *other_code, *message;
} rows[] = {
    [REFUSE_NOTHING] = { 200, 200, "", "", "" },
#define REFUSAL(name, s3_status, s3_code, other_status, other_code, message)                       \
    [REFUSE_##name] = { s3_status, other_status, s3_code, other_code, message },
#include "emulator/http/refuse.def"
#undef REFUSAL
};

struct saying {
    struct arena *a;
    struct str code, message, request_id, host_id;
    struct reply *reply;
};

static void say_s3(const struct saying *s, struct buf *out)
{
    buf_add_c(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>");
    xml_element(out, STR("Code"), s->code);
    xml_element(out, STR("Message"), s->message);
    xml_element(out, STR("RequestId"), s->request_id);
    xml_element(out, STR("HostId"), s->host_id);
    buf_add_c(out, "</Error>");
    reply_header(s->a, s->reply, "Content-Type", STR("application/xml"));
    reply_header(s->a, s->reply, "x-amz-request-id", s->request_id);
    reply_header(s->a, s->reply, "x-amz-id-2", s->host_id);
}

static void say_query(const struct saying *s, struct buf *out)
{
    buf_add_c(out, "<ErrorResponse><Error><Type>Sender</Type>");
    xml_element(out, STR("Code"), s->code);
    xml_element(out, STR("Message"), s->message);
    buf_add_c(out, "</Error>");
    xml_element(out, STR("RequestId"), s->request_id);
    buf_add_c(out, "</ErrorResponse>");
    reply_header(s->a, s->reply, "Content-Type", STR("text/xml"));
}

static struct value *typed_message(const struct saying *s)
{
    struct value *map = value_map(s->a);

    value_set(map, STR("__type"), value_str(s->a, s->code));
    value_set(map, STR("message"), value_str(s->a, s->message));
    return map;
}

static void say_cbor(const struct saying *s, struct buf *out)
{
    cbor_write(out, typed_message(s));
    reply_header(s->a, s->reply, "Content-Type", STR("application/cbor"));
    reply_header(s->a, s->reply, "smithy-protocol", STR("rpc-v2-cbor"));
}

static void say_json(const struct saying *s, struct buf *out)
{
    json_write(out, typed_message(s));
    reply_header(s->a, s->reply, "Content-Type", STR("application/json"));
    reply_header(s->a, s->reply, "x-amzn-errortype", s->code);
}

static bool speaks_query(const struct request *q)
{
    return request_has_param(q, "Action") ||
           str_has_prefix(request_header(q, "content-type"),
                          STR("application/x-www-form-urlencoded"));
}

void refuse_mark(struct request *q, enum refusal why)
{
    bool is_s3 = host_request_is_s3(q);

    q->refused_status = is_s3 ? rows[why].s3_status : rows[why].other_status;
    q->refused_code = str_c(is_s3 ? rows[why].s3_code : rows[why].other_code);
    q->refused_message = str_c(rows[why].message);
}

void refuse_write(struct arena *a, const struct request *q, enum refusal why, struct reply *reply)
{
    const struct refusal_row *row = &rows[why];
    bool is_s3 = host_request_is_s3(q);
    char uuid[37];
    struct rng rng;
    uint64_t seed = 0;
    struct buf out = { 0 };
    struct saying s = { .a = a, .message = str_c(row->message), .reply = reply };

    /* These calls reach no service and no record: their ids need not repeat. */
    (void)rng_secret(&seed, sizeof seed, NULL); /* without it the id is merely not unique */
    rng_init(&rng, seed, 0);
    rng_uuid(&rng, uuid);
    s.code = str_c(is_s3 ? row->s3_code : row->other_code);
    s.request_id = is_s3 ? ids_s3_request(a, &rng) : arena_copy(a, str_c(uuid));
    s.host_id = is_s3 ? ids_s3_host(a, &rng) : (struct str){ 0 };
    *reply = (struct reply){ .status = is_s3 ? row->s3_status : row->other_status };
    if (is_s3)
        say_s3(&s, &out);
    else if (speaks_query(q))
        say_query(&s, &out);
    else if (request_has_header(q, "smithy-protocol"))
        say_cbor(&s, &out);
    else
        say_json(&s, &out);
    if (!is_s3)
        reply_header(a, reply, "x-amzn-RequestId", s.request_id);
    reply->body.text = arena_copy(a, buf_view(&out));
    reply->body.len = (int64_t)out.len;
    buf_free(&out);
}
