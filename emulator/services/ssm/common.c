/* What parameters, documents and commands share; tags. */
#include "emulator/services/ssm/ssm.h"
#include "emulator/services/tags.h"

enum { TAGS_MOST = 50 }; /* Source: Systems Manager API Reference, "AddTagsToResource" */

struct doc_key ssm_at(const struct call *call, const char *type, struct str id)
{
    return service_key_regional(call, "ssm", type, id);
}

int ssm_all(struct ctx *cx, const struct call *call, const char *type, struct str prefix,
            struct doc **docs, size_t *count, struct err *err)
{
    return store_doc_list(cx->e->store, cx->a, ssm_at(call, type, prefix), STR(""), 0, docs, count,
                          err);
}

void ssm_invalid(struct ctx *cx, struct outcome *out, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    struct str text = arena_vprintf(cx->a, fmt, ap);
    va_end(ap);
    outcome_refuse(cx->a, out, 400, "ValidationException", "%.*s", STR_ARG(text));
}

void ssm_copy(struct ctx *cx, const struct value *from, struct value *to,
              const char *const *members, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (value_get_c(from, members[i]))
            value_set(to, str_c(members[i]), value_copy(cx->a, value_get_c(from, members[i])));
}

void ssm_page(struct ctx *cx, const struct call *call, struct outcome *out,
              const struct ssm_list *l)
{
    struct value *page = value_list(cx->a);
    int64_t most = param_int(call, "MaxResults", l->most), skip = 0, seen = 0;
    struct str after;

    if (!page_after(cx, call, param_str(call, "NextToken"), &after) ||
        (after.len > 0 && !str_to_i64(after, &skip))) {
        outcome_refuse(cx->a, out, 0, "InvalidNextToken", "The specified token is not valid.");
        return;
    }
    const struct value *v = value_first(l->items);
    for (; v && (int64_t)page->count < most; v = v->next, seen++)
        if (seen >= skip)
            value_push(page, value_copy(cx->a, v));
    value_set(outcome_output(cx, out), str_c(l->member), page);
    if (v)
        value_put_str(cx->a, out->output, "NextToken",
                      page_token(cx, call, arena_printf(cx->a, "%lld", (long long)seen)));
}

/* The tagged thing; absent or of a kind that is not kept here: refused. */
static int tagged(struct ctx *cx, const struct call *call, struct outcome *out, struct doc_key *at,
                  struct value **doc, struct err *err)
{
    static const char *const kinds[] = { "Parameter", "Document" };
    struct str kind = param_str(call, "ResourceType");

    *doc = NULL;
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (str_eq_c(kind, kinds[i])) {
            *at = ssm_at(call, kinds[i], param_str(call, "ResourceId"));
            int rc = store_doc_get(cx->e->store, cx->a, *at, doc, err);
            if (rc != E_MISSING)
                return rc;
            *doc = NULL;
            outcome_refuse(cx->a, out, 0, "InvalidResourceId", "Invalid Resource Id");
            return 0;
        }
    outcome_refuse(cx->a, out, 501, "NotImplemented", "mocktrail keeps no tags of ssm's %.*s.",
                   STR_ARG(kind));
    return 0;
}

int ssm_AddTagsToResource(struct ctx *cx, const struct call *call, struct outcome *out,
                          struct err *err)
{
    struct doc_key at;
    struct value *doc;
    int rc = tagged(cx, call, out, &at, &doc, err);

    if (rc < 0 || !doc)
        return rc;
    struct value *all = tags_with(cx->a, value_get_c(doc, "Tags"), "Key", param(call, "Tags"));
    if (all->count > TAGS_MOST) {
        outcome_refuse(cx->a, out, 0, "TooManyTagsError",
                       "The Targets parameter includes too many tags.");
        return 0;
    }
    value_set(doc, STR("Tags"), all);
    (void)outcome_output(cx, out);
    return store_doc_put(cx->e->store, at, doc, err);
}

int ssm_RemoveTagsFromResource(struct ctx *cx, const struct call *call, struct outcome *out,
                               struct err *err)
{
    struct doc_key at;
    struct value *doc;
    int rc = tagged(cx, call, out, &at, &doc, err);

    if (rc < 0 || !doc)
        return rc;
    value_set(doc, STR("Tags"),
              tags_without(cx->a, value_get_c(doc, "Tags"), "Key", param(call, "TagKeys")));
    (void)outcome_output(cx, out);
    return store_doc_put(cx->e->store, at, doc, err);
}

int ssm_ListTagsForResource(struct ctx *cx, const struct call *call, struct outcome *out,
                            struct err *err)
{
    struct doc_key at;
    struct value *doc;
    int rc = tagged(cx, call, out, &at, &doc, err);

    if (rc == 0 && doc)
        value_set(outcome_output(cx, out), STR("TagList"),
                  tags_without(cx->a, value_get_c(doc, "Tags"), "Key", NULL));
    return rc;
}
