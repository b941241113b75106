/* Documents: made, versioned, shared, deleted. */
#include "emulator/services/ssm/ssm.h"

#include "core/aws/arn.h"
#include "core/aws/sha256.h"
#include "core/codec/json.h"
#include "core/codec/yaml.h"

enum { CONTENT_MOST = 65536, LIST_DEFAULT = 50 };

static void no_document(struct ctx *cx, struct outcome *out)
{
    outcome_refuse(cx->a, out, 0, "InvalidDocument", "The specified document does not exist.");
}

static bool managed_find(struct ctx *cx, struct str name, struct value **doc)
{
    for (size_t i = 0; ssm_managed_at(cx, i, doc); i++)
        if (str_eq(value_get_str(*doc, "Name"), name))
            return true;
    *doc = NULL;
    return false;
}

static bool is_shared_with(const struct value *doc, struct str account)
{
    for (const struct value *s = value_first(value_get_c(doc, "Shared")); s; s = s->next)
        if (str_eq(value_get_str(s, "AccountId"), account) ||
            str_eq_nocase(value_get_str(s, "AccountId"), STR("all")))
            return true;
    return false;
}

int ssm_document_find(struct ctx *cx, const struct call *call, struct outcome *out,
                      struct doc_key *at, struct value **doc, struct err *err)
{
    struct str name =
        param_has(call, "DocumentName") ? param_str(call, "DocumentName") : param_str(call, "Name");
    struct arn arn;

    *at = ssm_at(call, "Document", name);
    if (arn_parse(name, &arn, NULL) == 0 && str_has_prefix(arn.resource, STR("document/"))) {
        at->id = str_sub(arn.resource, strlen("document/"), arn.resource.len);
        if (arn.account.len > 0)
            at->account = arn.account;
    }
    int rc = store_doc_get(cx->e->store, cx->a, *at, doc, err);
    if (rc == 0 && (str_eq(at->account, call->account) || is_shared_with(*doc, call->account)))
        return 0;
    *doc = NULL;
    if ((rc == 0 || rc == E_MISSING) && !managed_find(cx, at->id, doc))
        no_document(cx, out);
    return rc == E_MISSING ? 0 : rc;
}

int ssm_document_own(struct ctx *cx, const struct call *call, struct outcome *out,
                     struct doc_key *at, struct value **doc, struct err *err)
{
    int rc = ssm_document_find(cx, call, out, at, doc, err);

    if (rc < 0 || !*doc || str_eq(value_get_str(*doc, "Owner"), call->account))
        return rc;
    *doc = NULL;
    outcome_refuse(cx->a, out, 0, "InvalidDocument",
                   "You can't change a document that you do not own.");
    return 0;
}

struct value *ssm_document_version(struct ctx *cx, const struct call *call, struct outcome *out,
                                   const struct value *doc, const char *member)
{
    struct str asked = param_str(call, member), name = param_str(call, "VersionName");
    struct value *found = NULL, *last = NULL;

    if (asked.len == 0 || str_eq_c(asked, "$DEFAULT"))
        asked = value_get_str(doc, "DefaultVersion");
    for (struct value *v = value_first(value_get_c(doc, "Versions")); v; v = v->next) {
        last = v;
        if (name.len ? str_eq(value_get_str(v, "VersionName"), name)
                     : str_eq(value_get_str(v, "DocumentVersion"), asked))
            found = v;
    }
    if (str_eq_c(asked, "$LATEST"))
        found = last;
    if (!found)
        outcome_refuse(cx->a, out, 0, "InvalidDocumentVersion",
                       "The document version is not valid or does not exist.");
    return found;
}

/* ---- contents ---- */

static struct value *parameter_row(struct ctx *cx, const struct value *p)
{
    struct value *row = value_map(cx->a);
    const struct value *fallback = value_get_c(p, "default");

    value_put_str(cx->a, row, "Name", p->name);
    value_put_str(cx->a, row, "Type", value_get_str(p, "type"));
    value_put_str(cx->a, row, "Description", value_get_str(p, "description"));
    if (fallback && (fallback->kind == VALUE_LIST || fallback->kind == VALUE_MAP)) {
        struct buf b = { 0 };
        json_write(&b, fallback);
        value_put_str(cx->a, row, "DefaultValue", buf_view(&b));
        buf_free(&b);
    } else if (fallback) {
        value_put_str(cx->a, row, "DefaultValue", value_to_text(cx->a, fallback));
    }
    return row;
}

/* Schema version, description and parameters out of the content; else refused. */
static bool read_content(struct ctx *cx, struct outcome *out, struct str text, struct str format,
                         struct value *version)
{
    struct value *content = NULL, *list = value_list(cx->a);
    int rc = str_eq_c(format, "YAML") ? yaml_parse(cx->a, "content", text, &content, NULL)
                                      : json_parse(cx->a, text, &content, NULL);
    struct str schema = { 0 };

    if (text.len > CONTENT_MOST) {
        outcome_refuse(cx->a, out, 0, "MaxDocumentSizeExceeded",
                       "The size limit of a document is 64 KB.");
        return false;
    }
    if (rc == 0 && content->kind == VALUE_MAP)
        schema = value_to_text(cx->a, value_get_c(content, "schemaVersion"));
    if (schema.len == 0) {
        outcome_refuse(cx->a, out, 0, "InvalidDocumentContent",
                       "The content for the document is not valid.");
        return false;
    }
    value_put_str(cx->a, version, "SchemaVersion", schema);
    if (value_get_c(content, "description"))
        value_put_str(cx->a, version, "Description", value_get_str(content, "description"));
    for (const struct value *p = value_first(value_get_c(content, "parameters")); p; p = p->next)
        value_push(list, parameter_row(cx, p));
    value_set(version, STR("Parameters"), list);
    return true;
}

static struct str sha256_text(struct ctx *cx, struct str text)
{
    struct sha256 h = { 0 };
    char hex[65];

    sha256_init(&h);
    sha256_add(&h, text);
    sha256_end(&h, hex);
    sha256_free(&h);
    return arena_copy(cx->a, str_c(hex));
}

static struct value *version_new(struct ctx *cx, const struct call *call, struct outcome *out,
                                 int64_t number)
{
    static const char *const asked[] = { "VersionName", "DisplayName", "TargetType", "Requires" };
    struct str content = param_str(call, "Content");
    struct str format =
        param_has(call, "DocumentFormat") ? param_str(call, "DocumentFormat") : STR("JSON");
    struct value *v = value_map(cx->a);

    if (value_first(param(call, "Attachments")))
        outcome_refuse(cx->a, out, 501, "NotImplemented",
                       "mocktrail keeps no attachments of documents.");
    if (outcome_refused(out) || !read_content(cx, out, content, format, v))
        return NULL;
    value_put_str(cx->a, v, "Content", content);
    value_put_str(cx->a, v, "Hash", sha256_text(cx, content));
    value_put_c(cx->a, v, "HashType", "Sha256");
    value_put_time(cx->a, v, "CreatedDate", cx->now_ms);
    value_put_c(cx->a, v, "Status", "Active");
    value_put_str(cx->a, v, "DocumentVersion", arena_printf(cx->a, "%lld", (long long)number));
    value_put_str(cx->a, v, "DocumentFormat", format);
    ssm_copy(cx, call->params, v, asked, COUNT(asked));
    return v;
}

struct value *ssm_document_latest(const struct value *doc)
{
    struct value *last = NULL;

    for (struct value *v = value_first(value_get_c(doc, "Versions")); v; v = v->next)
        last = v;
    return last;
}

struct value *ssm_document_describe(struct ctx *cx, const struct value *doc,
                                    const struct value *version)
{
    static const char *const of_version[] = {
        "Hash",       "HashType",    "DisplayName",     "VersionName",   "CreatedDate",
        "Status",     "Description", "Parameters",      "SchemaVersion", "DocumentFormat",
        "TargetType", "Requires",    "DocumentVersion",
    };
    static const char *const of_document[] = { "Name",          "Owner", "PlatformTypes",
                                               "DocumentType",  "Tags",  "LatestVersion",
                                               "DefaultVersion" };
    struct value *v = value_map(cx->a);

    if (!version) /* one of AWS's: flat */
        return value_copy(cx->a, doc);
    ssm_copy(cx, version, v, of_version, COUNT(of_version));
    ssm_copy(cx, doc, v, of_document, COUNT(of_document));
    value_put_str(cx->a, v, "LatestVersion",
                  value_get_str(ssm_document_latest(doc), "DocumentVersion"));
    return v;
}

static bool name_ok(struct ctx *cx, struct outcome *out, struct str name)
{
    static const char *const reserved[] = {
        "aws-", "amazon", "amzn", "AWSEC2-", "AWSConfigRemediation-", "AWSSupport-"
    };

    for (size_t i = 0; i < COUNT(reserved); i++)
        if (str_eq_nocase(str_sub(name, 0, strlen(reserved[i])), str_c(reserved[i])))
            ssm_invalid(cx, out, "Invalid document name %.*s", STR_ARG(name));
    for (size_t i = 0; i < name.len && !outcome_refused(out); i++) {
        char c = name.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              (c && strchr("_-.", c))))
            ssm_invalid(cx, out, "Invalid document name %.*s", STR_ARG(name));
    }
    if (name.len < 3 || name.len > 128)
        ssm_invalid(cx, out, "Invalid document name %.*s", STR_ARG(name));
    return !outcome_refused(out);
}

int ssm_CreateDocument(struct ctx *cx, const struct call *call, struct outcome *out,
                       struct err *err)
{
    static const char *const platforms[] = { "Windows", "Linux", "MacOS" };
    struct str name = param_str(call, "Name");
    struct doc_key at = ssm_at(call, "Document", name);
    struct value *doc, *version, *list = value_list(cx->a), *versions = value_list(cx->a);

    if (!name_ok(cx, out, name) || !(version = version_new(cx, call, out, 1)))
        return 0;
    int rc = store_doc_get(cx->e->store, cx->a, at, &doc, err);
    if (rc == 0)
        outcome_refuse(cx->a, out, 0, "DocumentAlreadyExists",
                       "The specified document already exists.");
    if (rc != E_MISSING)
        return rc;
    doc = value_map(cx->a);
    value_put_str(cx->a, doc, "Name", name);
    value_put_str(cx->a, doc, "Owner", call->account);
    for (size_t i = 0; i < COUNT(platforms); i++)
        value_push(list, value_c(cx->a, platforms[i]));
    value_set(doc, STR("PlatformTypes"), list);
    value_put_str(cx->a, doc, "DocumentType",
                  param_has(call, "DocumentType") ? param_str(call, "DocumentType")
                                                  : STR("Command"));
    value_put_c(cx->a, doc, "DefaultVersion", "1");
    value_set(doc, STR("Tags"),
              param(call, "Tags") ? value_copy(cx->a, param(call, "Tags")) : value_list(cx->a));
    value_push(versions, version);
    value_set(doc, STR("Versions"), versions);
    struct value *shown = ssm_document_describe(cx, doc, version);
    value_put_c(cx->a, shown, "Status",
                "Creating"); /* Active for whoever looks next, as with AWS */
    value_set(outcome_output(cx, out), STR("DocumentDescription"), shown);
    return store_doc_put(cx->e->store, at, doc, err);
}

static bool update_ok(struct ctx *cx, const struct call *call, struct outcome *out,
                      const struct value *doc)
{
    struct str asked = param_str(call, "DocumentVersion");
    struct str last = value_get_str(ssm_document_latest(doc), "DocumentVersion");
    struct str hash = sha256_text(cx, param_str(call, "Content"));

    if (asked.len > 0 && !str_eq_c(asked, "$LATEST") && !str_eq(asked, last))
        outcome_refuse(cx->a, out, 0, "InvalidDocumentVersion",
                       "The document version is not valid or does not exist.");
    for (const struct value *v = value_first(value_get_c(doc, "Versions"));
         v && !outcome_refused(out); v = v->next) {
        if (param_has(call, "VersionName") &&
            str_eq(value_get_str(v, "VersionName"), param_str(call, "VersionName")))
            outcome_refuse(cx->a, out, 0, "DuplicateDocumentVersionName",
                           "The specified version name is a duplicate.");
        else if (str_eq(value_get_str(v, "Hash"), hash))
            outcome_refuse(cx->a, out, 0, "DuplicateDocumentContent",
                           "The content of the association document matches another document. "
                           "Change the content of the document and try again.");
    }
    return !outcome_refused(out);
}

int ssm_UpdateDocument(struct ctx *cx, const struct call *call, struct outcome *out,
                       struct err *err)
{
    struct doc_key at;
    struct value *doc, *version;
    int64_t last = 0;
    int rc = ssm_document_own(cx, call, out, &at, &doc, err);

    if (rc < 0 || !doc || !update_ok(cx, call, out, doc))
        return rc;
    (void)str_to_i64(value_get_str(ssm_document_latest(doc), "DocumentVersion"),
                     &last); /* we wrote it */
    if (!(version = version_new(cx, call, out, last + 1)))
        return 0;
    value_push(value_get_c(doc, "Versions"), version);
    struct value *shown = ssm_document_describe(cx, doc, version);
    value_put_c(cx->a, shown, "Status", "Updating");
    value_set(outcome_output(cx, out), STR("DocumentDescription"), shown);
    return store_doc_put(cx->e->store, at, doc, err);
}

int ssm_DescribeDocument(struct ctx *cx, const struct call *call, struct outcome *out,
                         struct err *err)
{
    struct doc_key at;
    struct value *doc, *version = NULL;
    int rc = ssm_document_find(cx, call, out, &at, &doc, err);

    if (rc < 0 || !doc)
        return rc;
    if (value_get_c(doc, "Versions") &&
        !(version = ssm_document_version(cx, call, out, doc, "DocumentVersion")))
        return 0;
    value_set(outcome_output(cx, out), STR("Document"), ssm_document_describe(cx, doc, version));
    return 0;
}

int ssm_GetDocument(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    static const char *const members[] = { "CreatedDate",    "DisplayName",     "VersionName",
                                           "Status",         "DocumentVersion", "Content",
                                           "DocumentFormat", "Requires" };
    struct doc_key at;
    struct value *doc, *version;
    int rc = ssm_document_find(cx, call, out, &at, &doc, err);

    if (rc < 0 || !doc)
        return rc;
    if (!value_get_c(doc, "Versions")) {
        outcome_refuse(cx->a, out, 501, "NotImplemented",
                       "mocktrail knows AWS's documents by name, not their contents.");
        return 0;
    }
    if (!(version = ssm_document_version(cx, call, out, doc, "DocumentVersion")))
        return 0;
    if (param_has(call, "DocumentFormat") &&
        !str_eq(param_str(call, "DocumentFormat"), value_get_str(version, "DocumentFormat"))) {
        outcome_refuse(cx->a, out, 501, "NotImplemented",
                       "mocktrail does not turn documents into another format.");
        return 0;
    }
    struct value *o = outcome_output(cx, out);
    value_put_str(cx->a, o, "Name", at.id);
    ssm_copy(cx, version, o, members, COUNT(members));
    value_put_str(cx->a, o, "DocumentType", value_get_str(doc, "DocumentType"));
    return 0;
}

int ssm_UpdateDocumentDefaultVersion(struct ctx *cx, const struct call *call, struct outcome *out,
                                     struct err *err)
{
    struct value *doc, *version, *d = value_map(cx->a);
    struct doc_key at;
    int rc = ssm_document_own(cx, call, out, &at, &doc, err);

    if (rc < 0 || !doc || !(version = ssm_document_version(cx, call, out, doc, "DocumentVersion")))
        return rc;
    value_put_str(cx->a, doc, "DefaultVersion", value_get_str(version, "DocumentVersion"));
    value_put_str(cx->a, d, "Name", at.id);
    value_put_str(cx->a, d, "DefaultVersion", value_get_str(version, "DocumentVersion"));
    if (value_get_c(version, "VersionName"))
        value_put_str(cx->a, d, "DefaultVersionName", value_get_str(version, "VersionName"));
    value_set(outcome_output(cx, out), STR("Description"), d);
    return store_doc_put(cx->e->store, at, doc, err);
}

int ssm_ListDocumentVersions(struct ctx *cx, const struct call *call, struct outcome *out,
                             struct err *err)
{
    static const char *const members[] = { "DisplayName", "DocumentVersion", "VersionName",
                                           "CreatedDate", "DocumentFormat",  "Status" };
    struct value *doc, *list = value_list(cx->a);
    struct doc_key at;
    int rc = ssm_document_find(cx, call, out, &at, &doc, err);

    if (rc < 0 || !doc)
        return rc;
    for (const struct value *v = value_first(value_get_c(doc, "Versions")); v; v = v->next) {
        struct value *row = value_map(cx->a);
        value_put_str(cx->a, row, "Name", at.id);
        ssm_copy(cx, v, row, members, COUNT(members));
        value_put_bool(
            cx->a, row, "IsDefaultVersion",
            str_eq(value_get_str(v, "DocumentVersion"), value_get_str(doc, "DefaultVersion")));
        value_push(list, row);
    }
    ssm_page(cx, call, out, &(struct ssm_list){ "DocumentVersions", list, LIST_DEFAULT });
    return 0;
}

static int delete_version(struct ctx *cx, const struct call *call, struct outcome *out,
                          struct doc_key at, struct value *doc, struct err *err)
{
    struct value *version = ssm_document_version(cx, call, out, doc, "DocumentVersion");
    struct value *left = value_list(cx->a);

    if (!version)
        return 0;
    if (str_eq(value_get_str(version, "DocumentVersion"), value_get_str(doc, "DefaultVersion"))) {
        outcome_refuse(cx->a, out, 0, "InvalidDocumentOperation",
                       "Default version of the document can't be deleted.");
        return 0;
    }
    for (const struct value *v = value_first(value_get_c(doc, "Versions")); v; v = v->next)
        if (v != version)
            value_push(left, value_copy(cx->a, v));
    value_set(doc, STR("Versions"), left);
    (void)outcome_output(cx, out);
    return store_doc_put(cx->e->store, at, doc, err);
}

int ssm_DeleteDocument(struct ctx *cx, const struct call *call, struct outcome *out,
                       struct err *err)
{
    struct doc_key at;
    struct value *doc;
    int rc = ssm_document_own(cx, call, out, &at, &doc, err);

    if (rc < 0 || !doc)
        return rc;
    if (value_first(value_get_c(doc, "Shared"))) {
        outcome_refuse(cx->a, out, 0, "InvalidDocumentOperation",
                       "You attempted to delete a document while it is still shared. You must stop "
                       "sharing the document before you can delete it.");
        return 0;
    }
    if (param_has(call, "DocumentVersion") || param_has(call, "VersionName"))
        return delete_version(cx, call, out, at, doc, err);
    (void)outcome_output(cx, out);
    return store_doc_delete(cx->e->store, at, err);
}
