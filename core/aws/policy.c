#include "core/aws/policy.h"

#include "core/aws/condition.h"
#include "core/codec/json.h"

#define MOST_BYTES                                                                                 \
    (1u << 20) /* far above IAM's and S3's own limits, which their handlers check                  \
                */

struct texts {
    struct str *at;
    size_t count;
    bool is_given, is_negated; /* NotAction, NotResource, NotPrincipal */
};

struct statement {
    struct str sid;
    bool is_allow;
    struct texts actions, resources;
    struct texts kinds, principals; /* side by side; kind "*" names everybody */
    struct condition *conditions;
};

struct policy {
    enum policy_kind kind;
    struct statement *statements;
    size_t count;
};

static struct str lower(struct arena *a, struct str s)
{
    struct str copy = arena_copy(a, s);
    char *p = (char *)copy.ptr;

    for (size_t i = 0; i < copy.len; i++)
        if (p[i] >= 'A' && p[i] <= 'Z')
            p[i] = (char)(p[i] + ('a' - 'A'));
    return copy;
}

/* A text or a list of texts. */
static int parse_texts(struct arena *a, const struct value *v, struct texts *out, struct err *err)
{
    bool is_list = v->kind == VALUE_LIST;
    const struct value *item = is_list ? value_first(v) : v;

    out->at = arena_array(a, is_list ? v->count + 1 : 1, sizeof *out->at);
    out->is_given = true;
    for (; item; item = is_list ? item->next : NULL) {
        if (item->kind != VALUE_STRING)
            return err_set(err, E_PARSE, "%.*s must be a text or a list of texts",
                           STR_ARG(v->name));
        out->at[out->count++] = item->u.text;
    }
    return 0;
}

static int parse_actions(struct arena *a, const struct value *v, struct statement *out,
                         struct err *err)
{
    int rc;

    if (out->actions.is_given)
        return err_set(err, E_PARSE, "a statement has one of Action and NotAction");
    rc = parse_texts(a, v, &out->actions, err);
    out->actions.is_negated = str_eq_c(v->name, "NotAction");
    for (size_t i = 0; rc == 0 && i < out->actions.count; i++) {
        struct str action = out->actions.at[i];

        if (!str_eq_c(action, "*") && str_find(action, STR(":")) < 0)
            return err_set(err, E_PARSE,
                           "Actions/Conditions must be prefaced by a vendor, e.g., "
                           "iam, sdb, ec2, etc.");
        out->actions.at[i] = lower(a, action);
    }
    return rc;
}

static int parse_resources(struct arena *a, const struct value *v, struct statement *out,
                           struct err *err)
{
    if (out->resources.is_given)
        return err_set(err, E_PARSE, "a statement has one of Resource and NotResource");
    out->resources.is_negated = str_eq_c(v->name, "NotResource");
    return parse_texts(a, v, &out->resources, err);
}

static bool is_principal_kind(struct str name)
{
    return str_eq_c(name, "AWS") || str_eq_c(name, "Service") || str_eq_c(name, "Federated") ||
           str_eq_c(name, "CanonicalUser");
}

static size_t count_principals(const struct value *v)
{
    size_t count = 1;

    for (const struct value *k = value_first(v); k; k = k->next)
        count += k->kind == VALUE_LIST ? k->count : 1;
    return count;
}

static int parse_principals(struct arena *a, const struct value *v, struct statement *out,
                            struct err *err)
{
    size_t most = count_principals(v);

    if (out->principals.is_given)
        return err_set(err, E_PARSE, "a statement has one of Principal and NotPrincipal");
    out->kinds.at = arena_array(a, most, sizeof *out->kinds.at);
    out->principals.at = arena_array(a, most, sizeof *out->principals.at);
    out->principals.is_given = true;
    out->principals.is_negated = str_eq_c(v->name, "NotPrincipal");
    if (v->kind == VALUE_STRING && str_eq_c(v->u.text, "*")) {
        out->kinds.at[0] = out->principals.at[0] = STR("*");
        out->principals.count = 1;
        return 0;
    }
    if (v->kind != VALUE_MAP)
        return err_set(err, E_PARSE, "Principal must be \"*\" or an object");
    for (const struct value *k = value_first(v); k; k = k->next) {
        struct texts names = { 0 };

        if (!is_principal_kind(k->name))
            return err_set(err, E_PARSE, "Principal type %.*s is unknown", STR_ARG(k->name));
        int rc = parse_texts(a, k, &names, err);
        if (rc < 0)
            return rc;
        for (size_t i = 0; i < names.count; i++) {
            out->kinds.at[out->principals.count] = k->name;
            out->principals.at[out->principals.count++] = names.at[i];
        }
    }
    return 0;
}

static int parse_effect(struct arena *a, const struct value *v, struct statement *out,
                        struct err *err)
{
    (void)a;
    out->is_allow = v->kind == VALUE_STRING && str_eq_c(v->u.text, "Allow");
    if (!out->is_allow && !(v->kind == VALUE_STRING && str_eq_c(v->u.text, "Deny")))
        return err_set(err, E_PARSE, "Effect must be Allow or Deny");
    return 0;
}

static int parse_sid(struct arena *a, const struct value *v, struct statement *out, struct err *err)
{
    (void)a;
    if (v->kind != VALUE_STRING)
        return err_set(err, E_PARSE, "Sid must be a text");
    out->sid = v->u.text;
    return 0;
}

static int parse_conditions(struct arena *a, const struct value *v, struct statement *out,
                            struct err *err)
{
    return condition_parse(a, v, &out->conditions, err);
}

typedef int element_fn(struct arena *a, const struct value *v, struct statement *out,
                       struct err *err);
static const struct element {
    const char *name;
    element_fn *parse;
} elements[] = {
    { "Action", parse_actions },
    { "Condition", parse_conditions },
    { "Effect", parse_effect },
    { "NotAction", parse_actions },
    { "NotPrincipal", parse_principals },
    { "NotResource", parse_resources },
    { "Principal", parse_principals },
    { "Resource", parse_resources },
    { "Sid", parse_sid },
};

static int parse_element(struct arena *a, const struct value *v, struct statement *out,
                         struct err *err)
{
    for (size_t i = 0; i < COUNT(elements); i++)
        if (str_eq_c(v->name, elements[i].name))
            return elements[i].parse(a, v, out, err);
    return err_set(err, E_PARSE, "a statement has no element %.*s", STR_ARG(v->name));
}

/* Source: IAM User Guide, "Grammar of the IAM JSON policy language". */
static int check_statement(const struct value *v, const struct statement *s, enum policy_kind kind,
                           struct err *err)
{
    if (!value_get_c(v, "Effect"))
        return err_set(err, E_PARSE, "Missing required field Effect");
    if (!s->actions.is_given)
        return err_set(err, E_PARSE, "Missing required field Action");
    if (kind == POLICY_IDENTITY && s->principals.is_given)
        return err_set(err, E_PARSE, "Policy document should not specify a principal.");
    if (kind != POLICY_IDENTITY && !s->principals.is_given)
        return err_set(err, E_PARSE, "Missing required field Principal");
    if (kind == POLICY_TRUST && s->resources.is_given)
        return err_set(err, E_PARSE, "Has prohibited field Resource");
    if (kind != POLICY_TRUST && !s->resources.is_given)
        return err_set(err, E_PARSE, "Policy statement must contain resources.");
    return 0;
}

static int parse_statement(struct arena *a, const struct value *v, enum policy_kind kind,
                           struct statement *out, struct err *err)
{
    if (v->kind != VALUE_MAP)
        return err_set(err, E_PARSE, "Statement must be an object or a list of objects");
    for (const struct value *k = value_first(v); k; k = k->next) {
        int rc = parse_element(a, k, out, err);
        if (rc < 0)
            return rc;
    }
    return check_statement(v, out, kind, err);
}

static int check_head(const struct value *root, struct err *err)
{
    if (root->kind != VALUE_MAP)
        return err_set(err, E_PARSE, "a policy must be an object");
    for (const struct value *k = value_first(root); k; k = k->next) {
        bool is_version = str_eq_c(k->name, "Version");

        if (!is_version && !str_eq_c(k->name, "Id") && !str_eq_c(k->name, "Statement"))
            return err_set(err, E_PARSE, "a policy has no element %.*s", STR_ARG(k->name));
        if (is_version && !(k->kind == VALUE_STRING && (str_eq_c(k->u.text, "2012-10-17") ||
                                                        str_eq_c(k->u.text, "2008-10-17"))))
            return err_set(err, E_PARSE, "Version must be 2012-10-17 or 2008-10-17");
    }
    return 0;
}

int policy_parse(struct arena *a, struct str text, enum policy_kind kind, struct policy **out,
                 struct err *err)
{
    struct policy *p = arena_alloc(a, sizeof *p);
    struct value *root;

    if (text.len > MOST_BYTES)
        return err_set(err, E_LIMIT, "a policy over %u bytes", MOST_BYTES);
    int rc = json_parse(a, text, &root, err);
    if (rc == 0)
        rc = check_head(root, err);
    if (rc < 0)
        return rc;
    struct value *list = value_get_c(root, "Statement");
    if (!list)
        return err_set(err, E_PARSE, "Missing required field Statement");
    bool is_list = list->kind == VALUE_LIST;
    p->kind = kind;
    p->statements = arena_array(a, is_list ? list->count + 1 : 1, sizeof *p->statements);
    for (struct value *s = is_list ? value_first(list) : list; rc == 0 && s;
         s = is_list ? s->next : NULL)
        rc = parse_statement(a, s, kind, &p->statements[p->count++], err);
    if (rc == 0)
        *out = p;
    return rc;
}

static bool matches_action(const struct statement *s, struct str action)
{
    bool found = false;

    for (size_t i = 0; !found && i < s->actions.count; i++)
        found = condition_match(s->actions.at[i], action);
    return found != s->actions.is_negated;
}

static bool matches_resource(struct arena *a, const struct statement *s,
                             const struct policy_request *q)
{
    bool found = false;

    for (size_t i = 0; !found && i < s->resources.count; i++) {
        struct str pattern;

        found = condition_substitute(a, s->resources.at[i], q, &pattern) &&
                condition_match(pattern, q->resource);
    }
    return found != s->resources.is_negated;
}

enum naming { NOT_NAMED, NAMED_BY_ACCOUNT, NAMED };

/* "123456789012" or "arn:aws:iam::123456789012:root". */
static bool names_account(struct str text, struct str account)
{
    struct str head, tail;

    if (account.len == 0)
        return false;
    if (str_eq(text, account))
        return true;
    if (!str_has_prefix(text, STR("arn:")) || !str_has_suffix(text, STR(":root")))
        return false;
    (void)str_rcut(str_sub(text, 0, text.len - strlen(":root")), ':', &head, &tail);
    return str_eq(tail, account);
}

static enum naming names(struct str kind, struct str text, const struct policy_principal *who)
{
    if (str_eq_c(kind, "*") || (str_eq_c(kind, "AWS") && str_eq_c(text, "*")))
        return NAMED;
    if (!str_eq(kind, who->kind))
        return NOT_NAMED;
    for (size_t i = 0; i < who->name_count; i++)
        if (str_eq(text, who->names[i]))
            return NAMED;
    return str_eq_c(kind, "AWS") && names_account(text, who->account) ? NAMED_BY_ACCOUNT
                                                                      : NOT_NAMED;
}

static enum naming find_naming(const struct statement *s, const struct policy_principal *who)
{
    enum naming best = NOT_NAMED;

    for (size_t i = 0; i < s->principals.count; i++) {
        enum naming naming = names(s->kinds.at[i], s->principals.at[i], who);
        if (naming > best)
            best = naming;
    }
    if (s->principals.is_negated)
        return best == NOT_NAMED ? NAMED : NOT_NAMED;
    return best;
}

struct policy_answer policy_eval(struct arena *a, const struct policy *p,
                                 const struct policy_request *q)
{
    struct policy_answer answer = { .effect = POLICY_NO_MATCH };
    struct str action = lower(a, q->action);

    for (size_t i = 0; i < p->count; i++) {
        const struct statement *s = &p->statements[i];
        enum naming naming = p->kind == POLICY_IDENTITY ? NAMED : find_naming(s, &q->principal);

        if (naming == NOT_NAMED || !matches_action(s, action) ||
            (p->kind != POLICY_TRUST && !matches_resource(a, s, q)))
            continue;
        if (!condition_holds(a, s->conditions, q)) {
            answer.by_condition = answer.by_condition || s->is_allow;
            continue;
        }
        if (!s->is_allow)
            return (struct policy_answer){ .effect = POLICY_DENY, .sid = s->sid };
        if (answer.effect == POLICY_NO_MATCH || (answer.by_account && naming == NAMED))
            answer = (struct policy_answer){ .effect = POLICY_ALLOW,
                                             .sid = s->sid,
                                             .by_account = naming == NAMED_BY_ACCOUNT };
    }
    return answer;
}

bool policy_is_public(const struct policy *p)
{
    for (size_t i = 0; i < p->count; i++) {
        const struct statement *s = &p->statements[i];

        if (!s->is_allow || s->conditions || s->principals.is_negated)
            continue;
        for (size_t k = 0; k < s->principals.count; k++)
            if (str_eq_c(s->principals.at[k], "*"))
                return true;
    }
    return false;
}
