#include "emulator/services/cloudtrail/cloudtrail.h"
#include "emulator/services/tags.h"

/* AddTags, RemoveTags, ListTags: of trails; resources are named by ARN. */
#define TAG_LIMIT    50 /* Source: CloudTrail API Reference, "AddTags" */
#define KEY_MAX      128
#define VALUE_MAX    256
#define RESOURCE_MAX 20

static int find(struct ctx *cx, const struct call *call, struct outcome *out, struct str arn,
                enum ct_use use, struct ct_trail *t, struct err *err)
{
    if (!str_has_prefix(arn, STR("arn:"))) {
        outcome_refuse(cx->a, out, 400, "CloudTrailARNInvalidException",
                       "Trail ARN %.*s is not valid.", STR_ARG(arn));
        *t = (struct ct_trail){ 0 };
        return 0;
    }
    if (str_find(arn, STR(":trail/")) < 0) {
        outcome_refuse(cx->a, out, 400, "ResourceTypeNotSupportedException",
                       "The resource type of %.*s is not supported.", STR_ARG(arn));
        *t = (struct ct_trail){ 0 };
        return 0;
    }
    return ct_find(cx, call, out, arn, use, t, err);
}

static struct value *tags_of(struct ctx *cx, struct value *doc)
{
    struct value *list = value_get_c(doc, "TagsList");

    if (!list) {
        list = value_list(cx->a);
        value_set(doc, STR("TagsList"), list);
    }
    return list;
}

static bool tag_ok(struct ctx *cx, struct outcome *out, const struct value *tag)
{
    struct str key = value_get_str(tag, "Key");

    if (key.len == 0 || key.len > KEY_MAX || value_get_str(tag, "Value").len > VALUE_MAX ||
        str_has_prefix(key, STR("aws:")))
        outcome_refuse(cx->a, out, 400, "InvalidTagParameterException",
                       "The tag key or value is not valid.");
    return !outcome_refused(out);
}

int cloudtrail_AddTags(struct ctx *cx, const struct call *call, struct outcome *out,
                       struct err *err)
{
    const struct value *added = param(call, "TagsList");
    struct ct_trail t;
    int rc = find(cx, call, out, param_str(call, "ResourceId"), CT_CHANGE, &t, err);

    if (rc < 0 || !t.doc)
        return rc;
    for (const struct value *tag = value_first(added); tag; tag = tag->next)
        if (!tag_ok(cx, out, tag))
            return 0;
    struct value *list = tags_with(cx->a, tags_of(cx, t.doc), "Key", added);
    if (list->count > TAG_LIMIT) {
        outcome_refuse(cx->a, out, 400, "TagsLimitExceededException",
                       "The number of tags per trail has exceeded the permitted amount: %d.",
                       TAG_LIMIT);
        return 0;
    }
    value_set(t.doc, STR("TagsList"), list);
    out->changed = true;
    (void)outcome_output(cx, out);
    return store_doc_put(cx->e->store, t.key, t.doc, err);
}

int cloudtrail_RemoveTags(struct ctx *cx, const struct call *call, struct outcome *out,
                          struct err *err)
{
    struct ct_trail t;
    int rc = find(cx, call, out, param_str(call, "ResourceId"), CT_CHANGE, &t, err);

    if (rc < 0 || !t.doc)
        return rc;
    value_set(t.doc, STR("TagsList"),
              tags_without(cx->a, tags_of(cx, t.doc), "Key", param(call, "TagsList")));
    out->changed = true;
    (void)outcome_output(cx, out);
    return store_doc_put(cx->e->store, t.key, t.doc, err);
}

int cloudtrail_ListTags(struct ctx *cx, const struct call *call, struct outcome *out,
                        struct err *err)
{
    const struct value *ids = param(call, "ResourceIdList");
    struct value *list = value_list(cx->a);
    size_t count = 0;

    if (param_has(call, "NextToken")) { /* all stand on the first page: no token was ever given */
        outcome_refuse(cx->a, out, 400, "InvalidTokenException", "The token is not valid.");
        return 0;
    }
    for (const struct value *id = value_first(ids); id && count < RESOURCE_MAX;
         id = id->next, count++) {
        struct ct_trail t;
        struct str arn = id->kind == VALUE_STRING ? id->u.text : (struct str){ 0 };
        int rc = find(cx, call, out, arn, CT_READ, &t, err);
        if (rc < 0 || !t.doc)
            return rc;
        struct value *row = value_map(cx->a);
        value_put_str(cx->a, row, "ResourceId", arn);
        value_set(row, STR("TagsList"), value_copy(cx->a, tags_of(cx, t.doc)));
        value_push(list, row);
    }
    value_set(outcome_output(cx, out), STR("ResourceTagList"), list);
    return 0;
}
