#include "emulator/wire/query_params.h"

#include "emulator/wire/xml_body.h"
#include "emulator/wire/xml_error.h"

#define DECLARATION "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

static int parse(struct wire_in *in, struct value *params)
{
    return query_params_parse(in, FORM_EC2, params);
}

/* Times always carry milliseconds; an operation without output answers <return>true</return>.
 * Source: EC2 API Reference, "DescribeInstances", "DeleteVpc", examples. */
static void write(struct wire_out *o)
{
    const struct xml_style style = { .scalar = { CAT_TS_ISO8601, .always_milli = true } };
    struct str action = cat_str(o->cat, o->op->name);

    wire_header_c(o, "Content-Type", "text/xml;charset=UTF-8");
    buf_add(&o->body, STR(DECLARATION "<"));
    buf_add(&o->body, action);
    buf_add(&o->body, STR("Response xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">"));
    xml_element(&o->body, STR("requestId"), o->request_id);
    if (o->shape)
        xml_body_members(o->a, &o->body, wire_output(o), style, o->tree);
    else
        buf_add(&o->body, STR("<return>true</return>"));
    buf_add(&o->body, STR("</"));
    buf_add(&o->body, action);
    buf_add(&o->body, STR("Response>"));
}

/* Source: EC2 API Reference, "Error codes for the Amazon EC2 API", example error response. */
static void refuse(struct wire_out *o, const struct wire_error *e)
{
    wire_header_c(o, "Content-Type", "text/xml;charset=UTF-8");
    buf_add(&o->body, STR(DECLARATION "<Response><Errors><Error>"));
    xml_error_members(o, e);
    buf_add(&o->body, STR("</Error></Errors>"));
    xml_element(&o->body, STR("RequestID"), o->request_id);
    buf_add(&o->body, STR("</Response>"));
}

static int read(struct wire_in *in, struct value *output)
{
    struct xml_node *answer;

    if (xml_answer_parse(in, &answer) < 0)
        return E_PARSE;
    if (!str_has_suffix(answer->local, STR("Response")))
        return err_set(in->err, E_PARSE, "no Response");
    if (!in->shape)
        return 0;
    return xml_body_fill(in->a, wire_input(in), answer, output, in->err);
}

const struct wire_protocol wire_ec2 = { "InvalidParameterValue", parse, write, refuse, read,
                                        xml_error_parse };
