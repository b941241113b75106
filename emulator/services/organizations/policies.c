/* Policies of every type, and what they are attached to. */
#include "emulator/services/organizations/organizations.h"

#include "core/codec/json.h"

enum { ATTACHED_MAX = 5 }; /* Source: Organizations User Guide, "Quotas": policies of an entity */

/* Source: Organizations User Guide, "Service control policies" and "Resource control policies". */
static const struct managed {
    const char *type, *id, *name, *description, *content;
} managed[] = {
    { "SERVICE_CONTROL_POLICY", "p-FullAWSAccess", "FullAWSAccess",
      "Allows access to every operation",
      "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\n      \"Effect\": "
      "\"Allow\",\n  "
      "    \"Action\": \"*\",\n      \"Resource\": \"*\"\n    }\n  ]\n}" },
    { "RESOURCE_CONTROL_POLICY", "p-RCPFullAWSAccess", "RCPFullAWSAccess",
      "Allows access to every resource",
      "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\n      \"Effect\": "
      "\"Allow\",\n  "
      "    \"Principal\": \"*\",\n      \"Action\": \"*\",\n      \"Resource\": \"*\"\n    }\n  "
      "]\n}" },
};

static const struct managed *managed_of(struct str type)
{
    for (size_t i = 0; i < COUNT(managed); i++)
        if (str_eq_c(type, managed[i].type))
            return &managed[i];
    return NULL;
}

static struct str attachment_id(struct job *j, struct str policy, struct str target)
{
    return arena_printf(j->a, "%.*s:%.*s", STR_ARG(policy), STR_ARG(target));
}

/* SERVICE_CONTROL_POLICY -> service_control_policy */
static struct str type_word(struct job *j, struct str type)
{
    char *word = arena_alloc(j->a, type.len + 1);

    for (size_t i = 0; i < type.len; i++)
        word[i] = type.ptr[i] >= 'A' && type.ptr[i] <= 'Z' ? (char)(type.ptr[i] + 32) : type.ptr[i];
    return (struct str){ word, type.len };
}

static struct value *summary_of(const struct value *policy)
{
    return value_get_c(policy, "PolicySummary");
}

static struct str policy_type(const struct value *policy)
{
    return value_get_str(summary_of(policy), "Type");
}

int org_put_managed(struct job *j, struct str type)
{
    const struct managed *m = managed_of(type);

    if (!m)
        return j->rc;
    struct value *doc = value_map(j->a), *summary = value_map(j->a);
    value_put_c(j->a, summary, "Id", m->id);
    value_put_str(j->a, summary, "Arn",
                  arena_printf(j->a, "arn:aws:organizations::aws:policy/%.*s/%s",
                               STR_ARG(type_word(j, type)), m->id));
    value_put_c(j->a, summary, "Name", m->name);
    value_put_c(j->a, summary, "Description", m->description);
    value_put_str(j->a, summary, "Type", type);
    value_put_bool(j->a, summary, "AwsManaged", true);
    value_set(doc, STR("PolicySummary"), summary);
    value_put_c(j->a, doc, "Content", m->content);
    return job_put(j, "Policy", str_c(m->id), doc);
}

/* ---- attachments ---- */

static bool is_enabled(struct job *j, struct str type)
{
    struct value *root = job_get(j, "Root", org_root(j));

    return list_find(value_get_c(root, "PolicyTypes"), "Type", type) != NULL;
}

static int put_attachment(struct job *j, struct str policy, struct str target)
{
    return job_put(j, "Attachment", attachment_id(j, policy, target), value_map(j->a));
}

int org_attach_defaults(struct job *j, struct str target)
{
    for (size_t i = 0; i < COUNT(managed); i++)
        if (is_enabled(j, str_c(managed[i].type)))
            put_attachment(j, str_c(managed[i].id), target);
    return j->rc;
}

static struct str attached_target(const struct doc *doc, struct str *policy)
{
    struct str target;

    (void)str_cut(doc->key.id, ':', policy, &target); /* ids are POLICY:TARGET */
    return target;
}

int org_detach_all(struct job *j, struct str target)
{
    struct doc *docs;
    struct str policy;

    for (size_t i = job_list(j, "Attachment", STR(""), &docs); i > 0; i--)
        if (str_eq(attached_target(&docs[i - 1], &policy), target))
            job_drop(j, "Attachment", docs[i - 1].key.id);
    return j->rc;
}

static int64_t attached_count(struct job *j, struct str target, struct str type)
{
    struct doc *docs;
    size_t count = job_list(j, "Attachment", STR(""), &docs);
    int64_t n = 0;

    for (size_t i = 0; i < count; i++) {
        struct str policy, to = attached_target(&docs[i], &policy);

        n += str_eq(to, target) && str_eq(policy_type(job_get(j, "Policy", policy)), type);
    }
    return n;
}

static struct value *policy_need(struct job *j)
{
    struct str org;
    struct value *doc = org_manager(j, &org) ? job_get(j, "Policy", job_text(j, "PolicyId")) : NULL;

    if (!doc && !job_stopped(j))
        org_refuse(j, "PolicyNotFoundException");
    return doc;
}

/* A root, unit or account. */
static struct value *target_need(struct job *j)
{
    const char *type = NULL;
    struct value *doc = org_find(j, job_text(j, "TargetId"), &type);

    if (doc && strcmp(type, "Policy") != 0)
        return doc;
    if (!job_stopped(j))
        org_refuse(j, "TargetNotFoundException");
    return NULL;
}

HANDLER(organizations, AttachPolicy)
{
    struct value *policy = policy_need(j);
    struct str id = job_text(j, "PolicyId"), target = job_text(j, "TargetId");

    if (!policy || !target_need(j))
        return j->rc;
    if (!is_enabled(j, policy_type(policy)))
        return org_refuse(j, "PolicyTypeNotEnabledException");
    if (job_get(j, "Attachment", attachment_id(j, id, target)))
        return org_refuse(j, "DuplicatePolicyAttachmentException");
    if (attached_count(j, target, policy_type(policy)) >= ATTACHED_MAX)
        return job_refuse(
            j, "ConstraintViolationException",
            "You have attained the maximum number of policies that can be attached to "
            "the specified target.");
    return put_attachment(j, id, target);
}

HANDLER(organizations, DetachPolicy)
{
    struct value *policy = policy_need(j);
    struct str id = job_text(j, "PolicyId"), target = job_text(j, "TargetId");

    if (!policy || !target_need(j))
        return j->rc;
    if (!job_get(j, "Attachment", attachment_id(j, id, target)))
        return org_refuse(j, "PolicyNotAttachedException");
    if (managed_of(policy_type(policy)) && attached_count(j, target, policy_type(policy)) <= 1)
        return job_refuse(j, "ConstraintViolationException",
                          "You cannot remove the last policy attached to the specified target. You "
                          "must have at least one attached at all times.");
    return job_drop(j, "Attachment", attachment_id(j, id, target));
}

/* ---- policies ---- */

static bool content_ok(struct job *j)
{
    struct value *parsed;
    bool ok =
        json_parse(j->a, job_text(j, "Content"), &parsed, NULL) == 0 && parsed->kind == VALUE_MAP;

    if (!ok)
        org_refuse(j, "MalformedPolicyDocumentException");
    return ok;
}

static bool name_is_taken(struct job *j, struct str type, struct str name)
{
    struct doc *docs;
    size_t count = job_list(j, "Policy", STR(""), &docs);

    for (size_t i = 0; i < count; i++)
        if (str_eq(policy_type(docs[i].value), type) &&
            str_eq(value_get_str(summary_of(docs[i].value), "Name"), name))
            return true;
    return false;
}

HANDLER(organizations, CreatePolicy)
{
    struct str org, type = job_text(j, "Type");

    if (!org_manager(j, &org) || !content_ok(j))
        return j->rc;
    if (name_is_taken(j, type, job_text(j, "Name")))
        return org_refuse(j, "DuplicatePolicyException");
    struct value *doc = value_map(j->a), *summary = value_map(j->a);
    struct str id = org_id(j, "p-", 8);
    value_put_str(j->a, summary, "Id", id);
    value_put_str(j->a, summary, "Arn",
                  arena_printf(j->a, "arn:aws:organizations::%.*s:policy/%.*s/%.*s/%.*s",
                               STR_ARG(j->account), STR_ARG(org), STR_ARG(type_word(j, type)),
                               STR_ARG(id)));
    job_copy(j, summary, j->call->params,
             (const char *const[]){ "Name", "Description", "Type", NULL });
    value_put_bool(j->a, summary, "AwsManaged", false);
    value_set(doc, STR("PolicySummary"), summary);
    value_put_str(j->a, doc, "Content", job_text(j, "Content"));
    org_take_tags(j, doc);
    job_answer(j, "Policy", doc);
    return job_put(j, "Policy", id, doc);
}

HANDLER(organizations, DescribePolicy)
{
    struct value *doc = policy_need(j);

    if (doc)
        job_answer(j, "Policy", doc);
    return j->rc;
}

/* AWS's own can't be changed. */
static struct value *own_policy(struct job *j)
{
    struct value *doc = policy_need(j);

    if (!doc || !value_get_bool(summary_of(doc), "AwsManaged", false))
        return doc;
    job_refuse(j, "PolicyChangesNotAllowedException",
               "You cannot modify or delete an AWS managed policy.");
    return NULL;
}

HANDLER(organizations, UpdatePolicy)
{
    struct value *doc = own_policy(j);
    struct str name = job_text(j, "Name");

    if (!doc || (job_has(j, "Content") && !content_ok(j)))
        return j->rc;
    if (name.len > 0 && !str_eq(name, value_get_str(summary_of(doc), "Name")) &&
        name_is_taken(j, policy_type(doc), name))
        return org_refuse(j, "DuplicatePolicyException");
    job_copy(j, summary_of(doc), j->call->params,
             (const char *const[]){ "Name", "Description", NULL });
    job_copy(j, doc, j->call->params, (const char *const[]){ "Content", NULL });
    job_answer(j, "Policy", doc);
    return job_put(j, "Policy", job_text(j, "PolicyId"), doc);
}

HANDLER(organizations, DeletePolicy)
{
    struct str id = job_text(j, "PolicyId");
    struct doc *docs;

    if (!own_policy(j))
        return j->rc;
    if (job_list(j, "Attachment", attachment_id(j, id, STR("")), &docs) > 0)
        return org_refuse(j, "PolicyInUseException");
    return job_drop(j, "Policy", id);
}

/* Those of the type that Filter names, and attached to target unless it is empty. */
static int list_policies(struct job *j, struct str target)
{
    struct doc *docs;
    size_t count = job_list(j, "Policy", STR(""), &docs), n = 0;
    struct job_item *items = arena_array(j->a, count + 1, sizeof *items);

    for (size_t i = 0; i < count; i++) {
        struct str id = docs[i].key.id;

        if (str_eq(policy_type(docs[i].value), job_text(j, "Filter")) &&
            (target.len == 0 || job_get(j, "Attachment", attachment_id(j, id, target))))
            items[n++] = (struct job_item){ id, summary_of(docs[i].value) };
    }
    return job_page(j, &org_paging, "Policies", items, n);
}

HANDLER(organizations, ListPolicies)
{
    struct str org;

    return org_manager(j, &org) ? list_policies(j, STR("")) : j->rc;
}

HANDLER(organizations, ListPoliciesForTarget)
{
    struct str org;

    if (!org_manager(j, &org) || !target_need(j))
        return j->rc;
    return list_policies(j, job_text(j, "TargetId"));
}

HANDLER(organizations, ListTargetsForPolicy)
{
    static const struct {
        const char *type, *word;
    } words[] = { { "Account", "ACCOUNT" },
                  { "OrganizationalUnit", "ORGANIZATIONAL_UNIT" },
                  { "Root", "ROOT" } };
    struct doc *docs;

    if (!policy_need(j))
        return j->rc;
    size_t count =
        job_list(j, "Attachment", attachment_id(j, job_text(j, "PolicyId"), STR("")), &docs);
    struct job_item *items = arena_array(j->a, count + 1, sizeof *items);
    for (size_t i = 0; i < count; i++) {
        struct str policy, target = attached_target(&docs[i], &policy);
        const char *type;
        struct value *row = value_map(j->a), *doc = org_find(j, target, &type);

        value_put_str(j->a, row, "TargetId", target);
        job_copy(j, row, doc, (const char *const[]){ "Arn", "Name", NULL });
        for (size_t k = 0; doc && k < COUNT(words); k++)
            if (strcmp(words[k].type, type) == 0)
                value_put_c(j->a, row, "Type", words[k].word);
        items[i] = (struct job_item){ docs[i].key.id, row };
    }
    return job_page(j, &org_paging, "Targets", items, count);
}

/* ---- types ---- */

static struct value *root_need(struct job *j)
{
    struct str org;
    struct value *root = org_manager(j, &org) ? job_get(j, "Root", job_text(j, "RootId")) : NULL;

    if (!root && !job_stopped(j))
        org_refuse(j, "RootNotFoundException");
    return root;
}

/* From the moment a type is enabled, AWS's policy of it is attached everywhere. */
static int attach_everywhere(struct job *j, const struct managed *m)
{
    static const char *const types[] = { "Root", "OrganizationalUnit", "Account" };
    struct doc *docs;

    for (size_t t = 0; t < COUNT(types); t++)
        for (size_t i = job_list(j, types[t], STR(""), &docs); i > 0; i--)
            put_attachment(j, str_c(m->id), docs[i - 1].key.id);
    return j->rc;
}

HANDLER(organizations, EnablePolicyType)
{
    struct value *root = root_need(j), *row = value_map(j->a);
    struct str type = job_text(j, "PolicyType");

    if (!root)
        return j->rc;
    if (list_find(value_get_c(root, "PolicyTypes"), "Type", type))
        return org_refuse(j, "PolicyTypeAlreadyEnabledException");
    value_put_str(j->a, row, "Type", type);
    value_put_c(j->a, row, "Status", "ENABLED");
    job_push(j, root, "PolicyTypes", row);
    job_answer(j, "Root", root);
    org_put_managed(j, type);
    if (managed_of(type))
        attach_everywhere(j, managed_of(type));
    return job_put(j, "Root", job_text(j, "RootId"), root);
}

HANDLER(organizations, DisablePolicyType)
{
    struct value *root = root_need(j);
    struct str type = job_text(j, "PolicyType"), policy;
    struct doc *docs;

    if (!root)
        return j->rc;
    if (!list_find(value_get_c(root, "PolicyTypes"), "Type", type))
        return org_refuse(j, "PolicyTypeNotEnabledException");
    value_set(root, STR("PolicyTypes"),
              list_without(j->a, value_get_c(root, "PolicyTypes"), "Type", type));
    for (size_t i = job_list(j, "Attachment", STR(""), &docs); i > 0; i--) {
        (void)attached_target(&docs[i - 1], &policy);
        if (str_eq(policy_type(job_get(j, "Policy", policy)), type))
            job_drop(j, "Attachment", docs[i - 1].key.id);
    }
    job_answer(j, "Root", root);
    return job_put(j, "Root", job_text(j, "RootId"), root);
}
