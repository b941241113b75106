/* Policies and tags of keys; paging. */
#include "emulator/services/kms/kms.h"
#include "emulator/services/tags.h"

/* Source: KMS Developer Guide, "Resource quotas" and "Tagging keys", restrictions. */
enum { TAGS_MOST = 50, TAG_KEY_MOST = 128, TAG_VALUE_MOST = 256, LIST_DEFAULT = 50 };
enum { POLICY_MOST = 32768 };

static void tag_wrong(struct ctx *cx, struct outcome *out, const char *text)
{
    outcome_refuse(cx->a, out, 0, "TagException", "%s", text);
}

bool kms_tags_ok(struct ctx *cx, struct outcome *out, const struct value *tags)
{
    for (const struct value *t = value_first(tags); t && !outcome_refused(out); t = t->next) {
        struct str key = value_get_str(t, "TagKey");

        if (key.len == 0 || key.len > TAG_KEY_MOST)
            tag_wrong(cx, out, "The tag key length is not between 1 and 128.");
        else if (value_get_str(t, "TagValue").len > TAG_VALUE_MOST)
            tag_wrong(cx, out, "The tag value length is greater than 256.");
        else if (str_has_prefix(key, STR("aws:")))
            tag_wrong(cx, out, "Tags beginning with aws: are reserved");
        for (const struct value *u = t->next; u && !outcome_refused(out); u = u->next)
            if (str_eq(value_get_str(u, "TagKey"), key))
                tag_wrong(cx, out, "Duplicate tag keys");
    }
    return !outcome_refused(out);
}

int kms_TagResource(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    const struct value *added = param(call, "Tags");
    struct kms_key k;
    int rc = kms_find(cx, call, out, "KeyId", &k, err);

    if (rc < 0 || !k.doc || !kms_tags_ok(cx, out, added))
        return rc;
    struct value *all = tags_with(cx->a, value_get_c(k.doc, "Tags"), "TagKey", added);
    if (all->count > TAGS_MOST) {
        outcome_refuse(cx->a, out, 0, "LimitExceededException", "Too many tags");
        return 0;
    }
    value_set(k.doc, STR("Tags"), all);
    return kms_save(cx, &k, err);
}

int kms_UntagResource(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    struct kms_key k;
    int rc = kms_find(cx, call, out, "KeyId", &k, err);

    if (rc < 0 || !k.doc)
        return rc;
    value_set(k.doc, STR("Tags"),
              tags_without(cx->a, value_get_c(k.doc, "Tags"), "TagKey", param(call, "TagKeys")));
    return kms_save(cx, &k, err);
}

int kms_ListResourceTags(struct ctx *cx, const struct call *call, struct outcome *out,
                         struct err *err)
{
    struct kms_key k;
    int rc = kms_find(cx, call, out, "KeyId", &k, err);

    if (rc == 0 && k.doc)
        kms_page(cx, call, out,
                 &(struct kms_list){ "Tags", "TagKey", value_get_c(k.doc, "Tags"), LIST_DEFAULT });
    return rc;
}

/* Source: KMS API Reference, "GetKeyPolicy": the only valid value of PolicyName is default. */
static bool policy_name_ok(struct ctx *cx, const struct call *call, struct outcome *out)
{
    if (param_has(call, "PolicyName") && !str_eq_c(param_str(call, "PolicyName"), "default"))
        outcome_refuse(cx->a, out, 0, "NotFoundException", "No such policy exists");
    return !outcome_refused(out);
}

int kms_GetKeyPolicy(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    struct kms_key k;
    int rc = kms_find(cx, call, out, "KeyId", &k, err);

    if (rc < 0 || !k.doc || !policy_name_ok(cx, call, out))
        return rc;
    value_put_str(cx->a, outcome_output(cx, out), "Policy", value_get_str(k.doc, "Policy"));
    value_put_c(cx->a, outcome_output(cx, out), "PolicyName", "default");
    return 0;
}

int kms_PutKeyPolicy(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    struct str policy = param_str(call, "Policy");
    struct kms_key k;
    int rc = kms_find(cx, call, out, "KeyId", &k, err);

    if (rc < 0 || !k.doc || !policy_name_ok(cx, call, out))
        return rc;
    if (policy.len > POLICY_MOST) {
        outcome_refuse(cx->a, out, 0, "LimitExceededException",
                       "The policy is larger than 32768 bytes");
        return 0;
    }
    if (!kms_policy_ok(cx, call, out, policy, k.arn))
        return 0;
    value_put_str(cx->a, k.doc, "Policy", policy);
    return kms_save(cx, &k, err);
}

int kms_ListKeyPolicies(struct ctx *cx, const struct call *call, struct outcome *out,
                        struct err *err)
{
    struct kms_key k;
    int rc = kms_find(cx, call, out, "KeyId", &k, err);

    if (rc < 0 || !k.doc)
        return rc;
    value_set(outcome_output(cx, out), STR("PolicyNames"), kms_words(cx, "default"));
    value_put_bool(cx->a, outcome_output(cx, out), "Truncated", false);
    return 0;
}

/* Where a page begins: behind the item that the marker names, or where it would stand. */
static const struct value *page_begin(const struct kms_list *l, struct str after)
{
    const struct value *behind = NULL;

    for (const struct value *v = value_first(l->items); v; v = v->next) {
        struct str key = value_get_str(v, l->key);
        if (str_eq(key, after))
            return v->next;
        if (!behind && str_cmp(key, after) > 0)
            behind = v;
    }
    return behind;
}

void kms_page(struct ctx *cx, const struct call *call, struct outcome *out,
              const struct kms_list *l)
{
    struct value *page = value_list(cx->a), *o;
    int64_t limit = param_int(call, "Limit", l->limit);
    const struct value *v = value_first(l->items);
    struct str after = { 0 }, last = { 0 };

    if (!page_after(cx, call, param_str(call, "Marker"), &after)) {
        outcome_refuse(cx->a, out, 0, "InvalidMarkerException", "Invalid marker.");
        return;
    }
    if (limit < 1 || limit > 1000) {
        kms_invalid(cx, out, arena_printf(cx->a, "%lld", (long long)limit), "limit",
                    limit < 1 ? "have value greater than or equal to 1"
                              : "have value less than or equal to 1000");
        return;
    }
    if (after.len > 0)
        v = page_begin(l, after);
    for (; v && (int64_t)page->count < limit; v = v->next) {
        last = value_get_str(v, l->key);
        value_push(page, value_copy(cx->a, v));
    }
    o = outcome_output(cx, out);
    value_set(o, str_c(l->member), page);
    value_put_bool(cx->a, o, "Truncated", v != NULL);
    if (v)
        value_put_str(cx->a, o, "NextMarker", page_token(cx, call, last));
}
