/* Tags: of every kind, found by the prefix of its ids. */
#include "emulator/services/ec2/ec2.h"

/* Source: EC2 User Guide, "Tag restrictions". */
enum { TAGS_MAX = 50, KEY_MAX = 128, VALUE_MAX = 256 };

static int check_tags(struct ec2 *j, const struct value *tags)
{
    for (const struct value *t = value_first(tags); t; t = t->next) {
        struct str key = value_get_str(t, "Key"), value = value_get_str(t, "Value");
        if (key.len == 0)
            return ec2_refuse(j, "InvalidParameterValue", "Tag key cannot be empty.");
        if (key.len > KEY_MAX)
            return ec2_refuse(j, "InvalidParameterValue",
                              "Tag key exceeds the maximum length of %d characters", KEY_MAX);
        if (value.len > VALUE_MAX)
            return ec2_refuse(j, "InvalidParameterValue",
                              "Tag value exceeds the maximum length of %d characters", VALUE_MAX);
        if (str_has_prefix(key, STR("aws:")))
            return ec2_refuse(j, "InvalidParameterValue",
                              "Value ( %.*s ) for parameter key is invalid. Tag keys starting with "
                              "'aws:' are reserved for internal use",
                              STR_ARG(key));
        if (ec2_list_find(tags, "Key", key) != t)
            return ec2_refuse(j, "InvalidParameterValue", "Duplicate tag key '%.*s' specified.",
                              STR_ARG(key));
    }
    return 0;
}

static int merge(struct ec2 *j, struct value *all, const struct value *tags)
{
    for (const struct value *t = value_first(tags); t; t = t->next) {
        struct value *old = ec2_list_find(all, "Key", value_get_str(t, "Key"));
        struct value *one = old ? old : value_map(j->a);
        value_put_str(j->a, one, "Key", value_get_str(t, "Key"));
        value_put_str(j->a, one, "Value", value_get_str(t, "Value"));
        if (!old)
            value_push(all, one);
    }
    if (all->count > TAGS_MAX)
        return ec2_refuse(j, "TagLimitExceeded",
                          "The maximum number of tags for a resource has been reached: %d",
                          TAGS_MAX);
    return 0;
}

/* What an operation can tag besides the thing it is named after. */
static bool is_taggable(const struct ec2 *j, struct str type, const char *own)
{
    static const struct {
        const char *operation, *type;
    } more[] = {
        { "RunInstances", "instance" },
        { "RunInstances", "volume" },
        { "RunInstances", "network-interface" },
        { "CreateImage", "image" },
        { "CreateImage", "snapshot" },
        { "CopyImage", "image" },
        { "CopyImage", "snapshot" },
    };

    if (str_eq_c(type, own))
        return true;
    for (size_t i = 0; i < COUNT(more); i++)
        if (str_eq_c(j->call->action, more[i].operation) && str_eq_c(type, more[i].type))
            return true;
    return false;
}

int ec2_tags_of_spec(struct ec2 *j, const char *type, struct value **tags)
{
    int rc = 0;

    *tags = value_list(j->a);
    for (const struct value *s = value_first(param(j->call, "TagSpecifications")); s && rc == 0;
         s = s->next) {
        struct str of = value_get_str(s, "ResourceType");
        const struct value *given = value_get_c(s, "Tags");
        if (!is_taggable(j, of, type))
            return ec2_refuse(j, "InvalidParameterValue",
                              "'%.*s' is not a valid taggable resource type for this operation.",
                              STR_ARG(of));
        rc = check_tags(j, given);
        if (rc == 0 && str_eq_c(of, type))
            rc = merge(j, *tags, given);
    }
    return rc;
}

static int load_any(struct ec2 *j, struct str id, enum ec2_kind_id *kind, struct value **doc)
{
    for (size_t i = 0; i < EC2_KINDS; i++)
        if (str_has_prefix(id, str_c(ec2_kinds[i].prefix))) {
            *kind = (enum ec2_kind_id)i;
            return ec2_load(j, *kind, id, doc);
        }
    return ec2_refuse(j, "InvalidID", "The ID '%.*s' is not valid", STR_ARG(id));
}

static void untag(struct ec2 *j, enum ec2_kind_id kind, struct value *doc)
{
    const struct value *drop = param(j->call, "Tags");
    struct value *rest = value_list(j->a);

    for (const struct value *t = value_first(value_get_c(doc, ec2_kinds[kind].tags)); t;
         t = t->next) {
        const struct value *d = ec2_list_find(drop, "Key", value_get_str(t, "Key"));
        const struct value *only = value_get_c(d, "Value");
        bool hit = drop ? d && (!only || value_equal(only, value_get_c(t, "Value"))) : true;
        if (!hit)
            value_push(rest, value_copy(j->a, t));
    }
    value_set(doc, str_c(ec2_kinds[kind].tags), rest);
}

/* All the things must be there, or nothing is done: a refusal undoes the call. */
static int each_resource(struct ec2 *j, bool add)
{
    enum ec2_kind_id kind = EC2_VPC;
    struct value *doc;
    int rc = 0;

    for (const struct value *v = value_first(param(j->call, "Resources")); v && rc == 0;
         v = v->next) {
        if (v->kind != VALUE_STRING)
            continue;
        rc = load_any(j, v->u.text, &kind, &doc);
        if (rc == 0 && add)
            rc = merge(j, ec2_list(j, doc, ec2_kinds[kind].tags), param(j->call, "Tags"));
        else if (rc == 0)
            untag(j, kind, doc);
        if (rc == 0)
            rc = ec2_save(j, kind, doc);
    }
    return rc;
}

int ec2_create_tags(struct ec2 *j)
{
    int rc = check_tags(j, param(j->call, "Tags"));

    return rc != 0 ? rc : each_resource(j, true);
}

int ec2_delete_tags(struct ec2 *j)
{
    return each_resource(j, false);
}

static void add_tags_of(struct ec2 *j, enum ec2_kind_id kind, const struct value *doc,
                        struct value *list)
{
    struct str id = ec2_id(&ec2_kinds[kind], doc);

    for (const struct value *t = value_first(value_get_c(doc, ec2_kinds[kind].tags)); t;
         t = t->next) {
        struct value *row = value_map(j->a);
        struct str key = value_get_str(t, "Key");
        value_put_str(j->a, row, "Key", key);
        value_put_str(j->a, row, "ResourceId", id);
        value_put_c(j->a, row, "ResourceType", ec2_kinds[kind].type);
        value_put_str(j->a, row, "Value", value_get_str(t, "Value"));
        value_put_str(j->a, row, "_place",
                      arena_printf(j->a, "%02d %.*s %06u", (int)kind, STR_ARG(id), list->count));
        struct value *tags = ec2_list(j, row, "_tags");
        value_push(tags, value_copy(j->a, t));
        if (ec2_filters_pass(j, "tag", "_tags", row))
            value_push(list, row);
    }
}

int ec2_describe_tags(struct ec2 *j)
{
    struct value *list = value_list(j->a);
    const struct ec2_docs *docs;
    int rc = ec2_filters_ok(j, "tag");

    for (size_t i = 0; rc == 0 && i < EC2_KINDS; i++) {
        rc = ec2_all(j, (enum ec2_kind_id)i, &docs);
        for (size_t d = 0; rc == 0 && d < docs->count; d++)
            add_tags_of(j, (enum ec2_kind_id)i, docs->of[d], list);
    }
    return rc != 0 ? rc : ec2_page(j, "Tags", list, "_place");
}
