#include "emulator/wire/query_params.h"

#include "emulator/wire/xml_body.h"
#include "emulator/wire/xml_error.h"

static bool is_form(const struct request *q)
{
    struct str type = request_header(q, "Content-Type");

    return type.len == 0 || str_has_prefix(type, STR("application/x-www-form-urlencoded"));
}

static size_t copy_entries(struct form_entry *to, size_t at, const struct uri_param *params,
                           size_t count)
{
    for (size_t i = 0; i < count; i++, at++)
        to[at] = (struct form_entry){ params[i].name, params[i].value, at };
    return at;
}

int query_params_parse(struct wire_in *in, enum form_dialect dialect, struct value *params)
{
    struct slot root = wire_input(in);
    struct uri_param *body = NULL;
    struct form_entry *entries;
    size_t body_count = 0, count;

    if (!root.shape)
        return 0;
    if (in->body.len && is_form(in->q) &&
        uri_parse_query(in->a, in->body, &body, &body_count, in->err) < 0) {
        in->code = STR("MalformedQueryString");
        return E_PARSE;
    }
    entries = arena_array(in->a, in->q->param_count + body_count + 1, sizeof *entries);
    count = copy_entries(entries, 0, in->q->params, in->q->param_count);
    count = copy_entries(entries, count, body, body_count);
    root.over_query = dialect == FORM_QUERY;
    return form_parse(in->a, root, dialect, entries, count, params, in->err);
}

/* A queue's URL may itself be asked: the path stands for QueueUrl.
 * Source: SQS Developer Guide, "Making Query API requests using the AWS Query protocol". */
static void take_queue(struct wire_in *in, struct value *params)
{
    struct slot root = wire_input(in);

    if (in->q->path.len > 1 && str_eq_c(in->route->service, "sqs") && root.shape &&
        cat_member_find(in->cat, root.shape, STR("QueueUrl")) && !value_get_c(params, "QueueUrl"))
        value_put_str(in->a, params, "QueueUrl", in->q->path);
}

static int parse(struct wire_in *in, struct value *params)
{
    int rc = query_params_parse(in, FORM_QUERY, params);

    if (rc == 0)
        take_queue(in, params);
    return rc;
}

static void add_namespace(struct wire_out *o)
{
    if (!o->service || !o->service->xml_namespace)
        return;
    buf_add(&o->body, STR(" xmlns=\""));
    xml_text(&o->body, cat_str(o->cat, o->service->xml_namespace));
    buf_add_char(&o->body, '"');
}

/* The result stands in a wrapper of its own; an operation without output has none.
 * Source: Smithy AWS specification, "AWS query protocol", "Response serialization". */
static struct str result_wrapper(struct arena *a, const struct cat *cat, const struct cat_op *op)
{
    struct str wrapper = cat_str(cat, op->result_wrapper);

    return wrapper.len ? wrapper : arena_printf(a, "%.*sResult", STR_ARG(cat_str(cat, op->name)));
}

static void add_result(struct wire_out *o)
{
    struct slot root = wire_output(o);
    struct str wrapper;

    if (!root.shape)
        return;
    wrapper = result_wrapper(o->a, o->cat, o->op);
    root.over_query = true;
    xml_open(&o->body, wrapper);
    xml_body_members(o->a, &o->body, root, (struct xml_style){ .scalar.ts = CAT_TS_ISO8601 },
                     o->tree);
    xml_close(&o->body, wrapper);
}

static void write(struct wire_out *o)
{
    struct str action = cat_str(o->cat, o->op->name);

    wire_header_c(o, "Content-Type", "text/xml");
    buf_add_char(&o->body, '<');
    buf_add(&o->body, action);
    buf_add(&o->body, STR("Response"));
    add_namespace(o);
    buf_add_char(&o->body, '>');
    add_result(o);
    buf_add(&o->body, STR("<ResponseMetadata>"));
    xml_element(&o->body, STR("RequestId"), o->request_id);
    buf_add(&o->body, STR("</ResponseMetadata></"));
    buf_add(&o->body, action);
    buf_add(&o->body, STR("Response>"));
}

static void refuse(struct wire_out *o, const struct wire_error *e)
{
    wire_header_c(o, "Content-Type", "text/xml");
    buf_add(&o->body, STR("<ErrorResponse"));
    add_namespace(o);
    buf_add(&o->body, STR("><Error>"));
    xml_element(&o->body, STR("Type"), e->is_sender ? STR("Sender") : STR("Receiver"));
    xml_error_members(o, e);
    buf_add(&o->body, STR("</Error>"));
    xml_element(&o->body, STR("RequestId"), o->request_id);
    buf_add(&o->body, STR("</ErrorResponse>"));
}

static int read(struct wire_in *in, struct value *output)
{
    struct slot root = wire_input(in);
    const struct xml_node *result;
    struct xml_node *answer;

    if (xml_answer_parse(in, &answer) < 0)
        return E_PARSE;
    if (!str_has_suffix(answer->local, STR("Response")))
        return err_set(in->err, E_PARSE, "no Response");
    if (!root.shape)
        return 0;
    root.over_query = true;
    result = xml_child(answer, result_wrapper(in->a, in->cat, in->route->op));
    return result ? xml_body_fill(in->a, root, result, output, in->err) : 0;
}

const struct wire_protocol wire_query = { "MalformedInput", parse, write,
                                          refuse,           read,  xml_error_parse };
