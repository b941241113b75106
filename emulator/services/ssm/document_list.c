/* Which documents there are; with whom they are shared. */
#include "emulator/services/ssm/ssm.h"

enum { LIST_DEFAULT = 50, SHARES_MOST = 1000 };

static bool list_has(const struct value *list, struct str text)
{
    for (const struct value *v = value_first(list); v; v = v->next)
        if (str_eq_nocase(v->u.text, text))
            return true;
    return false;
}

static bool owner_fits(const struct call *call, const struct value *doc, const struct value *wanted)
{
    struct str owner = value_get_str(doc, "Owner");
    bool own_one = str_eq(owner, call->account), amazon = str_eq_c(owner, "Amazon");

    return list_has(wanted, owner) || list_has(wanted, STR("All")) ||
           (own_one && list_has(wanted, STR("Self"))) ||
           (!own_one && list_has(wanted, STR("Public"))) ||
           (!own_one && !amazon && list_has(wanted, STR("ThirdParty")));
}

static bool begins_with_any(struct str text, const struct value *prefixes)
{
    for (const struct value *v = value_first(prefixes); v; v = v->next)
        if (str_has_prefix(text, v->u.text))
            return true;
    return false;
}

static bool any_of(const struct value *have, const struct value *wanted)
{
    for (const struct value *v = value_first(have); v; v = v->next)
        if (list_has(wanted, v->u.text))
            return true;
    return false;
}

static bool tag_fits(const struct value *doc, struct str key, const struct value *wanted)
{
    for (const struct value *t = value_first(value_get_c(doc, "Tags")); t; t = t->next)
        if (str_eq(value_get_str(t, "Key"), key) && list_has(wanted, value_get_str(t, "Value")))
            return true;
    return false;
}

/* Source: Systems Manager API Reference, "DocumentKeyValuesFilter", Key. */
static bool passes(struct ctx *cx, const struct call *call, struct outcome *out,
                   const struct value *doc)
{
    for (const struct value *f = value_first(param(call, "Filters")); f; f = f->next) {
        struct str key = value_get_str(f, "Key");
        const struct value *wanted = value_get_c(f, "Values");
        bool fits;

        if (str_eq_c(key, "Owner"))
            fits = owner_fits(call, doc, wanted);
        else if (str_eq_c(key, "Name"))
            fits = begins_with_any(value_get_str(doc, "Name"), wanted);
        else if (str_eq_c(key, "PlatformTypes"))
            fits = any_of(value_get_c(doc, "PlatformTypes"), wanted);
        else if (str_eq_c(key, "DocumentType"))
            fits = list_has(wanted, value_get_str(doc, "DocumentType"));
        else if (str_has_prefix(key, STR("tag:")))
            fits = tag_fits(doc, str_sub(key, 4, key.len), wanted);
        else {
            outcome_refuse(cx->a, out, 0, "InvalidFilterKey", "The specified key is not valid.");
            fits = false;
        }
        if (!fits)
            return false;
    }
    return true;
}

static void push_identifier(struct ctx *cx, struct value *list, const struct value *described)
{
    static const char *const members[] = {
        "Name",          "CreatedDate",    "DisplayName",     "Owner",
        "VersionName",   "PlatformTypes",  "DocumentVersion", "DocumentType",
        "SchemaVersion", "DocumentFormat", "TargetType",      "Tags",
        "Requires",
    };
    struct value *row = value_map(cx->a);

    ssm_copy(cx, described, row, members, COUNT(members));
    value_push(list, row);
}

int ssm_ListDocuments(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    struct value *list = value_list(cx->a), *doc;
    struct doc *docs;
    size_t count;

    if (value_first(param(call, "DocumentFilterList"))) {
        ssm_invalid(cx, out, "DocumentFilterList is deprecated. Instead use Filters.");
        return 0;
    }
    int rc = ssm_all(cx, call, "Document", STR(""), &docs, &count, err);
    for (size_t i = 0; rc == 0 && i < count; i++)
        if (passes(cx, call, out, docs[i].value))
            push_identifier(
                cx, list,
                ssm_document_describe(cx, docs[i].value, ssm_document_latest(docs[i].value)));
    for (size_t i = 0; rc == 0 && ssm_managed_at(cx, i, &doc); i++)
        if (passes(cx, call, out, doc))
            push_identifier(cx, list, doc);
    if (rc == 0 && !outcome_refused(out))
        ssm_page(cx, call, out, &(struct ssm_list){ "DocumentIdentifiers", list, LIST_DEFAULT });
    return rc;
}

static bool account_ok(struct ctx *cx, struct outcome *out, struct str id, const char *member)
{
    bool ok = str_eq_nocase(id, STR("all")) || id.len == 12;

    for (size_t i = 0; ok && id.len == 12 && i < id.len; i++)
        ok = id.ptr[i] >= '0' && id.ptr[i] <= '9';
    if (!ok)
        ssm_invalid(cx, out,
                    "Value '[%.*s]' at '%s' failed to satisfy constraint: Member must satisfy "
                    "regular expression pattern: (?i)all|[0-9]{12}].",
                    STR_ARG(id), member);
    return ok;
}

static bool permission_ok(struct ctx *cx, const struct call *call, struct outcome *out)
{
    static const struct {
        const char *member, *shown;
    } lists[] = { { "AccountIdsToAdd", "accountIdsToAdd" },
                  { "AccountIdsToRemove", "accountIdsToRemove" } };
    struct str type = param_str(call, "PermissionType");

    if (!str_eq_c(type, "Share"))
        outcome_refuse(cx->a, out, 0, "InvalidPermissionType",
                       "Value '%.*s' at 'permissionType' failed to satisfy constraint: Member must "
                       "satisfy enum value set: [Share].",
                       STR_ARG(type));
    for (size_t i = 0; i < COUNT(lists) && !outcome_refused(out); i++) {
        const struct value *ids = param(call, lists[i].member);
        if (ids && ids->count > 1 && list_has(ids, STR("all")))
            outcome_refuse(cx->a, out, 0, "DocumentPermissionLimit",
                           "Accounts can either be all or a group of AWS accounts");
        for (const struct value *v = value_first(ids); v && !outcome_refused(out); v = v->next)
            (void)account_ok(cx, out, v->u.text, lists[i].shown); /* the outcome says it */
    }
    return !outcome_refused(out);
}

int ssm_ModifyDocumentPermission(struct ctx *cx, const struct call *call, struct outcome *out,
                                 struct err *err)
{
    const struct value *added = param(call, "AccountIdsToAdd");
    const struct value *removed = param(call, "AccountIdsToRemove");
    struct str version = param_str(call, "SharedDocumentVersion");
    struct value *doc, *shared = value_list(cx->a);
    struct doc_key at;

    if (!permission_ok(cx, call, out))
        return 0;
    int rc = ssm_document_own(cx, call, out, &at, &doc, err);
    if (rc < 0 || !doc)
        return rc;
    for (const struct value *s = value_first(value_get_c(doc, "Shared")); s; s = s->next)
        if (!list_has(removed, value_get_str(s, "AccountId")) &&
            !list_has(added, value_get_str(s, "AccountId")))
            value_push(shared, value_copy(cx->a, s));
    for (const struct value *v = value_first(added); v; v = v->next) {
        struct value *row = value_map(cx->a);
        value_put_str(cx->a, row, "AccountId", v->u.text);
        value_put_str(cx->a, row, "SharedDocumentVersion",
                      version.len ? version : value_get_str(doc, "DefaultVersion"));
        value_push(shared, row);
    }
    if (shared->count > SHARES_MOST) {
        outcome_refuse(cx->a, out, 0, "DocumentPermissionLimit",
                       "The document can't be shared with more AWS accounts.");
        return 0;
    }
    value_set(doc, STR("Shared"), shared);
    (void)outcome_output(cx, out);
    return store_doc_put(cx->e->store, at, doc, err);
}

int ssm_DescribeDocumentPermission(struct ctx *cx, const struct call *call, struct outcome *out,
                                   struct err *err)
{
    struct value *doc, *ids = value_list(cx->a), *rows = value_list(cx->a);
    struct doc_key at;

    if (!permission_ok(cx, call, out))
        return 0;
    int rc = ssm_document_own(cx, call, out, &at, &doc, err);
    if (rc < 0 || !doc)
        return rc;
    for (const struct value *s = value_first(value_get_c(doc, "Shared")); s; s = s->next) {
        value_push(ids, value_str(cx->a, value_get_str(s, "AccountId")));
        value_push(rows, value_copy(cx->a, s));
    }
    value_set(outcome_output(cx, out), STR("AccountIds"), ids);
    value_set(out->output, STR("AccountSharingInfoList"), rows);
    return 0;
}
