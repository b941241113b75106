/* Tags of rules and buses. */
#include "core/aws/arn.h"
#include "emulator/services/events/ops.h"

/* What an ARN names: its document's type and id. */
struct tagged {
    const char *type;
    struct str id;
    struct value *doc;
};

/* rule/NAME, rule/BUS/NAME, event-bus/NAME. */
static bool find_tagged(struct job *j, struct tagged *t)
{
    struct str text = job_text(j, "ResourceARN"), kind, id, bus, name;
    struct arn arn;

    *t = (struct tagged){ 0 };
    if (arn_parse(text, &arn, NULL) == 0 && str_cut(arn.resource, '/', &kind, &id)) {
        bool is_rule = str_eq_c(kind, "rule");
        t->type = is_rule ? "Rule" : "EventBus";
        t->id = is_rule && !str_rcut(id, '/', &bus, &name)
                    ? events_rule_id(j->a, STR(EVENTS_DEFAULT_BUS), id)
                    : id;
        if (is_rule || str_eq_c(kind, "event-bus"))
            t->doc = job_get(j, t->type, t->id);
        if (!t->doc && str_eq_c(kind, "event-bus") && str_eq_c(id, EVENTS_DEFAULT_BUS))
            t->doc = events_bus(j, STR(""), &name);
    }
    if (!t->doc && !job_stopped(j))
        events_missing(j, "Resource %.*s does not exist.", STR_ARG(text));
    return t->doc != NULL;
}

HANDLER(events, ListTagsForResource)
{
    struct tagged t;

    if (!find_tagged(j, &t))
        return j->rc;
    const struct value *tags = value_get_c(t.doc, "Tags");
    job_answer(j, "Tags", tags ? value_copy(j->a, tags) : value_list(j->a));
    return 0;
}

HANDLER(events, TagResource)
{
    struct tagged t;

    if (!find_tagged(j, &t))
        return j->rc;
    value_set(t.doc, STR("Tags"),
              tags_merge(j->a, value_get_c(t.doc, "Tags"), param(j->call, "Tags")));
    return job_put(j, t.type, t.id, t.doc);
}

HANDLER(events, UntagResource)
{
    struct tagged t;

    if (!find_tagged(j, &t))
        return j->rc;
    struct value *tags = value_get_c(t.doc, "Tags");
    for (const struct value *k = value_first(param(j->call, "TagKeys")); tags && k; k = k->next)
        tags = list_without(j->a, tags, "Key", k->u.text);
    if (tags)
        value_set(t.doc, STR("Tags"), tags);
    return job_put(j, t.type, t.id, t.doc);
}
