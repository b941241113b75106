/* The JSON around a message. Source: SNS Developer Guide, "Parsing message formats" and "Verifying
 * the signatures of Amazon SNS messages". */
#include "core/codec/json.h"
#include "emulator/services/sns/signature.h"
#include "emulator/services/sns/topic.h"

struct line {
    const char *name;
    struct str text;
};

/* What is signed: name and value of these, each with a newline, in order of name. */
static struct str text_to_sign(struct arena *a, const struct sns_envelope *n, struct str time)
{
    bool is_notification = n->token.len == 0;
    const struct line lines[] = {
        { "Message", n->message },
        { "MessageId", n->message_id },
        { "Subject", is_notification ? n->subject : STR("") },
        { "SubscribeURL", is_notification ? STR("") : n->subscribe_url },
        { "Timestamp", time },
        { "Token", n->token },
        { "TopicArn", n->topic_arn },
        { "Type", str_c(n->type) },
    };
    struct buf text = { 0 };

    for (size_t i = 0; i < COUNT(lines); i++) {
        bool is_optional = i == 2 || i == 3 || i == 5;

        if (lines[i].text.len == 0 && is_optional)
            continue;
        buf_printf(&text, "%s\n", lines[i].name);
        buf_add(&text, lines[i].text);
        buf_add_char(&text, '\n');
    }
    struct str signed_text = arena_copy(a, buf_view(&text));
    buf_free(&text);
    return signed_text;
}

static void add_line(struct buf *out, const char *name, struct str text)
{
    if (text.len == 0)
        return;
    buf_add_c(out, out->len > 2 ? ",\n  " : "  ");
    json_add_string(out, str_c(name));
    buf_add_c(out, " : ");
    json_add_string(out, text);
}

static void add_attributes(struct buf *out, const struct value *attributes)
{
    if (!value_first(attributes))
        return;
    buf_add_c(out, ",\n  \"MessageAttributes\" : {");
    for (const struct value *v = value_first(attributes); v; v = v->next) {
        const struct value *binary = value_get_c(v, "BinaryValue");

        buf_add_c(out, v == value_first(attributes) ? "\n    " : ",\n    ");
        json_add_string(out, v->name);
        buf_add_c(out, " : {\"Type\":");
        json_add_string(out, value_get_str(v, "DataType"));
        buf_add_c(out, ",\"Value\":");
        if (binary)
            json_write(out, binary);
        else
            json_add_string(out, value_get_str(v, "StringValue"));
        buf_add_char(out, '}');
    }
    buf_add_c(out, "\n  }");
}

int sns_envelope_write(struct engine *e, struct arena *a, const struct sns_envelope *n,
                       struct str *out, struct err *err)
{
    struct str time = clock_iso_ms(a, n->now_ms), signature = { 0 }, certificate = { 0 };
    struct buf text = { 0 };
    int rc = sns_sign(e, a, text_to_sign(a, n, time), n->is_sha256, &signature, err);

    if (rc == 0)
        rc = sns_certificate_name(e, a, &certificate, err);
    if (rc < 0)
        return rc;
    struct str url =
        arena_printf(a, "%.*s/_mocktrail/sns/%.*s", STR_ARG(n->base), STR_ARG(certificate));
    const struct line lines[] = {
        { "Type", str_c(n->type) },
        { "MessageId", n->message_id },
        { "SequenceNumber", n->sequence },
        { "Token", n->token },
        { "TopicArn", n->topic_arn },
        { "Subject", n->subject },
        { "Message", n->message },
        { "SubscribeURL", n->subscribe_url },
        { "Timestamp", time },
        { "SignatureVersion", n->is_sha256 ? STR("2") : STR("1") },
        { "Signature", signature },
        { "SigningCertURL", url },
        { "UnsubscribeURL", n->unsubscribe_url },
    };
    buf_add_c(&text, "{\n");
    for (size_t i = 0; i < COUNT(lines); i++)
        add_line(&text, lines[i].name, lines[i].text);
    add_attributes(&text, n->attributes);
    buf_add_c(&text, "\n}");
    *out = arena_copy(a, buf_view(&text));
    buf_free(&text);
    return 0;
}
