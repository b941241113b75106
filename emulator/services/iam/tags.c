/* Tags of everything that IAM tags: one piece of logic, seven kinds. */
#include "emulator/services/iam/iam.h"

enum { TAGS_MAX = 50 }; /* Source: IAM User Guide, "Tagging IAM resources", limits */

static struct value *tag_find(const struct value *tags, struct str key)
{
    for (struct value *t = value_first(tags); t; t = t->next)
        if (str_eq_nocase(value_get_str(t, "Key"), key))
            return t;
    return NULL;
}

static bool tags_ok(struct ctx *cx, struct outcome *out, const struct value *tags)
{
    for (const struct value *t = value_first(tags); t; t = t->next)
        if (tag_find(tags, value_get_str(t, "Key")) != t) {
            outcome_refuse(
                cx->a, out, 0, "InvalidInputException",
                "Duplicate tag keys found. Please note that Tag keys are case insensitive.");
            return false;
        }
    return true;
}

static int tag(struct ctx *cx, const struct call *call, struct outcome *out,
               const struct iam_kind *kind, struct err *err)
{
    struct value *doc;

    if (!tags_ok(cx, out, param(call, "Tags")))
        return 0;
    int rc = iam_load_named(cx, call, out, kind, &doc, err);
    if (rc < 0 || !doc)
        return rc;
    if (!value_get_c(doc, "Tags"))
        value_set(doc, STR("Tags"), value_list(cx->a));
    struct value *tags = value_get_c(doc, "Tags");
    for (const struct value *t = value_first(param(call, "Tags")); t; t = t->next) {
        struct value *old = tag_find(tags, value_get_str(t, "Key"));
        if (old)
            value_put_str(cx->a, old, "Value", value_get_str(t, "Value"));
        else
            value_push(tags, value_copy(cx->a, t));
    }
    if (tags->count > TAGS_MAX) {
        outcome_refuse(cx->a, out, 0, "LimitExceededException",
                       "Cannot exceed quota for TagsPer%s: %d", kind->type, TAGS_MAX);
        return 0;
    }
    return iam_save(cx, call, kind->type, param_str(call, kind->name_param), doc, err);
}

static int untag(struct ctx *cx, const struct call *call, struct outcome *out,
                 const struct iam_kind *kind, struct err *err)
{
    struct value *doc, *rest = value_list(cx->a);
    int rc = iam_load_named(cx, call, out, kind, &doc, err);

    if (rc < 0 || !doc)
        return rc;
    for (const struct value *t = value_first(value_get_c(doc, "Tags")); t; t = t->next) {
        bool drop = false;
        for (const struct value *k = value_first(param(call, "TagKeys")); k && !drop; k = k->next)
            drop = str_eq_nocase(k->u.text, value_get_str(t, "Key"));
        if (!drop)
            value_push(rest, value_copy(cx->a, t));
    }
    if (rest->count > 0)
        value_set(doc, STR("Tags"), rest);
    else
        (void)value_remove(doc, STR("Tags"));
    return iam_save(cx, call, kind->type, param_str(call, kind->name_param), doc, err);
}

static int list_tags(struct ctx *cx, const struct call *call, struct outcome *out,
                     const struct iam_kind *kind, struct err *err)
{
    struct value *doc;
    int rc = iam_load_named(cx, call, out, kind, &doc, err);

    if (rc < 0 || !doc)
        return rc;
    const struct value *tags = value_get_c(doc, "Tags");
    struct iam_item *items = arena_array(cx->a, (tags ? tags->count : 0) + 1, sizeof *items);
    size_t n = 0;
    for (const struct value *t = value_first(tags); t; t = t->next, n++)
        items[n] = (struct iam_item){ arena_printf(cx->a, "%04zu", n), value_copy(cx->a, t) };
    return iam_page(cx, call, out, "Tags", items, n);
}

#define TAGGED(Noun, kind)                                                                         \
    int iam_Tag##Noun(struct ctx *cx, const struct call *call, struct outcome *out,                \
                      struct err *err)                                                             \
    {                                                                                              \
        return tag(cx, call, out, &kind, err);                                                     \
    }                                                                                              \
    int iam_Untag##Noun(struct ctx *cx, const struct call *call, struct outcome *out,              \
                        struct err *err)                                                           \
    {                                                                                              \
        return untag(cx, call, out, &kind, err);                                                   \
    }                                                                                              \
    int iam_List##Noun##Tags(struct ctx *cx, const struct call *call, struct outcome *out,         \
                             struct err *err)                                                      \
    {                                                                                              \
        return list_tags(cx, call, out, &kind, err);                                               \
    }

TAGGED(User, iam_user)
TAGGED(Role, iam_role)
TAGGED(Policy, iam_policy)
TAGGED(InstanceProfile, iam_profile)
TAGGED(MFADevice, iam_mfa)
TAGGED(OpenIDConnectProvider, iam_oidc)
TAGGED(SAMLProvider, iam_saml)
