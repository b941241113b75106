#include "emulator/wire/xml_error.h"

#include "emulator/wire/xml_body.h"

void xml_error_members(struct wire_out *o, const struct wire_error *e)
{
    const struct xml_style style = { .scalar.ts = CAT_TS_ISO8601, .body_only = true };
    struct slot root = slot_root(o->cat, e->shape), m;
    uint32_t hint = 0;

    xml_element(&o->body, STR("Code"), e->code);
    xml_element(&o->body, STR("Message"), e->message);
    if (e->shape)
        xml_body_members(o->a, &o->body, root, style, e->members);
    for (const struct value *kid = value_first(e->members); kid; kid = kid->next) {
        bool modelled = e->shape && slot_find_name(root, kid->name, &hint, &m);

        if (!modelled && (kid->kind == VALUE_STRING || kid->kind == VALUE_INT))
            xml_element(&o->body, kid->name, value_to_text(o->a, kid));
    }
}

/* <ResponseMetadata><RequestId> of query; requestId and RequestID of ec2; RequestId of errors. */
static struct str find_id(const struct xml_node *root)
{
    static const char *const names[] = { "RequestId", "requestId", "RequestID" };
    const struct xml_node *meta = xml_child(root, STR("ResponseMetadata"));
    const struct xml_node *id = NULL;

    if (!meta)
        meta = root;
    for (size_t i = 0; !id && i < COUNT(names); i++)
        id = xml_child(meta, str_c(names[i]));
    return id ? str_trim(id->text) : (struct str){ 0 };
}

int xml_answer_parse(struct wire_in *in, struct xml_node **out)
{
    struct xml_node *root;

    if (xml_parse(in->a, in->body, &root, in->err) < 0)
        return E_PARSE;
    if (str_eq_nocase(root->local, STR("html"))) {
        (void)err_set(in->err, E_PARSE, "a web page"); /* the code is known */
        return E_PARSE;
    }
    in->request_id = find_id(root);
    *out = root;
    return 0;
}

/* <Error> of S3, <ErrorResponse><Error> of query, <Response><Errors><Error> of ec2. */
static const struct xml_node *find_error(const struct xml_node *root)
{
    const struct xml_node *errors = xml_child(root, STR("Errors"));

    if (str_eq_c(root->local, "Error"))
        return root;
    return xml_child(errors ? errors : root, STR("Error"));
}

static struct str text_of(const struct xml_node *n, struct str name, struct str other)
{
    const struct xml_node *kid = xml_child(n, name);

    if (!kid)
        kid = xml_child(n, other);
    return kid ? str_trim(kid->text) : (struct str){ 0 };
}

int xml_error_parse(struct wire_in *in, struct wire_fault *out)
{
    struct xml_node *root;
    const struct xml_node *error;

    if (xml_answer_parse(in, &root) < 0)
        return E_PARSE;
    error = find_error(root);
    if (!error)
        return err_set(in->err, E_PARSE, "no Error in it");
    out->code = text_of(error, STR("Code"), STR("code"));
    out->message = text_of(error, STR("Message"), STR("message"));
    return out->code.len > 0 ? 0 : err_set(in->err, E_PARSE, "an Error without its Code");
}
