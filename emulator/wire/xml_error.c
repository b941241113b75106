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

        if (!modelled && kid->kind == VALUE_STRING)
            xml_element(&o->body, kid->name, kid->u.text);
    }
}
