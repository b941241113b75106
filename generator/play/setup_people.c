/* Groups, users, roles and providers, instances. */
#include "core/aws/ids.h"
#include "core/base/embed.h"
#include "core/codec/json.h"
#include "generator/play/setup.h"
#include "generator/play/tokens.h"

/* The ARN of an AWS managed policy by its bare name: some have paths. */
static struct str managed_arn(struct setup *u, struct str name)
{
    struct str list = embed_find(STR("iam/managed-policies.txt")), line, head, tail;

    if (str_has_prefix(name, STR("arn:")))
        return name;
    while (list.len > 0) {
        (void)str_cut(list, '\n', &line, &list);
        if (!str_rcut(line, '/', &head, &tail))
            tail = line;
        if (str_eq(tail, name))
            return arena_printf(u->sc.a, "arn:aws:iam::aws:policy/%.*s", STR_ARG(line));
    }
    return arena_printf(u->sc.a, "arn:aws:iam::aws:policy/%.*s", STR_ARG(name));
}

static struct str json_of(struct arena *a, const struct value *v)
{
    struct buf text = { 0 };

    json_write(&text, v);
    struct str out = arena_copy(a, buf_view(&text));
    buf_free(&text);
    return out;
}

/* Whom policies go to. */
struct bearer {
    const char *attach, *put, *member; /* AttachUserPolicy, PutUserPolicy, UserName */
    struct str name;
};

static int give_policy(struct setup *u, const struct bearer *b, const struct value *policy)
{
    struct place here = u->at;

    if (policy->line > 0)
        here.line = policy->line;
    u->at = here;
    if (policy->kind == VALUE_STRING)
        return setup_call(
            u, "iam", b->attach,
            setup_with(u, b->member, b->name, "PolicyArn", managed_arn(u, policy->u.text), NULL),
            NULL);
    struct str name = value_get_str(policy, "name");
    const struct value *document = value_get_c(policy, "document");
    if (name.len == 0 || !document || document->kind != VALUE_MAP)
        return place_fail(here, u->err,
                          "policies: expected a policy's name or ARN, or {name, document}");
    return setup_call(u, "iam", b->put,
                      setup_with(u, b->member, b->name, "PolicyName", name, "PolicyDocument",
                                 json_of(u->sc.a, document), NULL),
                      NULL);
}

static int give_policies(struct setup *u, const struct bearer *b, const struct value *policies)
{
    int rc = 0;

    if (!policies)
        return 0;
    if (policies->kind != VALUE_LIST)
        return give_policy(u, b, policies);
    for (const struct value *k = value_first(policies); rc == 0 && k; k = k->next)
        rc = give_policy(u, b, k);
    return rc;
}

static int make_group(struct setup *u, struct str name, const struct value *policies)
{
    struct bearer b = { "AttachGroupPolicy", "PutGroupPolicy", "GroupName", name };
    int rc = setup_call(u, "iam", "CreateGroup", setup_with(u, "GroupName", name, NULL), NULL);

    return rc < 0 ? rc : give_policies(u, &b, policies);
}

/* Groups that the scenario lists, and then those that users name; each once an account. */
static int groups(struct setup *u)
{
    struct value *made = value_map(u->p->a);
    int rc = 0;

    for (const struct group *g = u->p->s->groups; rc == 0 && g; g = g->next) {
        u->account = scenario_account(u->p->s, g->account)->id;
        u->at = g->at;
        value_append(made,
                     arena_printf(u->p->a, "%.*s/%.*s", STR_ARG(u->account), STR_ARG(g->name)),
                     value_null(u->p->a));
        rc = make_group(u, g->name, g->policies);
    }
    for (size_t i = 0; rc == 0 && i < u->p->people_count; i++) {
        const struct person *who = &u->p->people[i];

        u->account = who->account;
        u->at = who->cast->at;
        for (size_t g = 0; rc == 0 && g < who->cast->groups.count; g++) {
            struct str name = who->cast->groups.items[g];
            struct str key =
                arena_printf(u->p->a, "%.*s/%.*s", STR_ARG(who->account), STR_ARG(name));

            if (value_get(made, key))
                continue;
            value_append(made, key, value_null(u->p->a));
            rc = make_group(u, name, NULL);
        }
    }
    return rc;
}

/* A device that is registered; the codes are of the right form. */
static int give_device(struct setup *u, struct person *who)
{
    struct answer answer = { 0 };
    int rc = setup_call(u, "iam", "CreateVirtualMFADevice",
                        setup_with(u, "VirtualMFADeviceName", who->name, NULL), &answer);

    if (rc < 0)
        return rc;
    who->mfa_serial = arena_copy(
        u->p->a, value_get_str(value_get_c(answer.output, "VirtualMFADevice"), "SerialNumber"));
    return setup_call(u, "iam", "EnableMFADevice",
                      setup_with(u, "UserName", who->name, "SerialNumber", who->mfa_serial,
                                 "AuthenticationCode1", STR("123456"), "AuthenticationCode2",
                                 STR("654321"), NULL),
                      NULL);
}

static bool is_person(const struct cast *k)
{
    return k->console == SAID_YES ||
           (k->console == NOT_SAID && str_has_prefix(k->tool, STR("console")));
}

/* The user's own key. Without one the user can only sign in: its key is made all the same, and
 * switched off, so that the engine knows who signs in. */
static int give_key(struct setup *u, struct person *who)
{
    struct answer answer = { 0 };
    bool is_known;
    int rc = setup_call(u, "iam", "CreateAccessKey", setup_with(u, "UserName", who->name, NULL),
                        &answer);

    if (rc < 0)
        return rc;
    struct str key = value_get_str(value_get_c(answer.output, "AccessKey"), "AccessKeyId");
    rc = u->p->door->find(u->p->door, u->p->a, key, &who->key, &is_known, u->err);
    if (rc < 0 || who->cast->access_key != SAID_NO || !who->key.who)
        return rc; /* without the engine at hand the console's calls need a key, too */
    return setup_call(u, "iam", "DeleteAccessKey",
                      setup_with(u, "UserName", who->name, "AccessKeyId", key, NULL), NULL);
}

static struct value *tags_of(struct setup *u, const struct value *tags)
{
    struct value *list = value_list(u->sc.a);

    for (const struct value *k = value_first(tags); k; k = k->next)
        value_push(list, setup_with(u, "Key", k->name, "Value", value_to_text(u->sc.a, k), NULL));
    return list;
}

static int user(struct setup *u, struct person *who)
{
    const struct cast *k = who->cast;
    struct bearer b = { "AttachUserPolicy", "PutUserPolicy", "UserName", who->name };
    struct value *with = setup_with(u, "UserName", who->name, "Path", k->path, NULL);
    struct answer answer = { 0 };

    if (k->tags)
        value_set(with, STR("Tags"), tags_of(u, k->tags));
    int rc = setup_call(u, "iam", "CreateUser", with, &answer);
    if (rc < 0)
        return rc;
    who->arn = arena_copy(u->p->a, value_get_str(value_get_c(answer.output, "User"), "Arn"));
    for (size_t i = 0; rc == 0 && i < k->groups.count; i++)
        rc = setup_call(u, "iam", "AddUserToGroup",
                        setup_with(u, "UserName", who->name, "GroupName", k->groups.items[i], NULL),
                        NULL);
    if (rc == 0)
        rc = give_policies(u, &b, k->policies);
    if (rc == 0 && is_person(k))
        rc = setup_call(
            u, "iam", "CreateLoginProfile",
            setup_with(u, "UserName", who->name, "Password",
                       arena_printf(u->sc.a, "Aa1!%s", ids_secret_key(u->sc.a, &u->sc.rng).ptr),
                       NULL),
            NULL);
    if (rc == 0 && k->mfa)
        rc = give_device(u, who);
    return rc < 0 ? rc : give_key(u, who);
}

static struct value *statement(struct arena *a, const char *kind, struct str who,
                               const char *action)
{
    struct value *s = value_map(a), *principal = value_map(a);

    value_put_c(a, s, "Effect", "Allow");
    value_put_str(a, principal, kind, who);
    value_set(s, STR("Principal"), principal);
    value_put_c(a, s, "Action", action);
    return s;
}

static struct str document_of(struct arena *a, struct value *statements)
{
    struct value *doc = value_map(a);

    value_put_c(a, doc, "Version", "2012-10-17");
    value_set(doc, STR("Statement"), statements);
    return json_of(a, doc);
}

/* Whom an entry of `trust` names. */
static struct value *trusted(struct setup *u, struct str t)
{
    struct arena *a = u->sc.a;
    const struct person *who = play_person(u->p, t);
    const struct account *k = scenario_account(u->p->s, t);
    struct str arn = t;

    if (str_has_suffix(t, STR(".amazonaws.com")))
        return statement(a, "Service", t, "sts:AssumeRole");
    if (who && who->arn.len > 0)
        arn = who->arn;
    else if (who)
        arn = arena_printf(a, "arn:aws:iam::%.*s:root", STR_ARG(who->account));
    else if (k || ids_is_account(t))
        arn = arena_printf(a, "arn:aws:iam::%.*s:root", STR_ARG(k ? k->id : t));
    return statement(a, "AWS", arn, "sts:AssumeRole");
}

/* Roles trust whoever stands in for the services that assume them. */
static void trust_stand_in(struct setup *u, struct value *statements)
{
    for (const struct stand_in *k = u->p->stand_ins; k; k = k->next)
        if (str_eq(k->cred.account, u->account))
            value_push(statements, statement(u->sc.a, "AWS", k->cred.arn, "sts:AssumeRole"));
}

static int stand_in(struct setup *u, const struct account *account)
{
    struct stand_in *k = arena_alloc(u->p->a, sizeof *k);
    struct str name = STR("mocktrail-services");
    struct answer answer = { 0 };
    bool is_known;

    u->account = account->id;
    u->at = account->at;
    int rc = setup_call(u, "iam", "CreateUser", setup_with(u, "UserName", name, NULL), NULL);
    if (rc == 0)
        rc =
            setup_call(u, "iam", "CreateAccessKey", setup_with(u, "UserName", name, NULL), &answer);
    if (rc < 0)
        return rc;
    struct str key = value_get_str(value_get_c(answer.output, "AccessKey"), "AccessKeyId");
    rc = u->p->door->find(u->p->door, u->p->a, key, &k->cred, &is_known, u->err);
    k->next = u->p->stand_ins;
    u->p->stand_ins = k;
    return rc;
}

static int make_role(struct setup *u, struct person *who, struct value *statements, struct str path)
{
    const struct cast *k = who->cast;
    struct bearer b = { "AttachRolePolicy", "PutRolePolicy", "RoleName", who->name };
    struct answer answer = { 0 };

    trust_stand_in(u, statements);
    struct value *with =
        setup_with(u, "RoleName", who->name, "Path", path, "AssumeRolePolicyDocument",
                   document_of(u->sc.a, statements), NULL);
    if (k->tags)
        value_set(with, STR("Tags"), tags_of(u, k->tags));
    if (k->duration_ms > 3600000)
        value_put_int(u->sc.a, with, "MaxSessionDuration", k->duration_ms / 1000);
    int rc = setup_call(u, "iam", "CreateRole", with, &answer);
    if (rc < 0)
        return rc;
    who->arn = arena_copy(u->p->a, value_get_str(value_get_c(answer.output, "Role"), "Arn"));
    return give_policies(u, &b, k->policies);
}

static int role(struct setup *u, struct person *who)
{
    struct value *statements = value_list(u->sc.a);

    for (size_t i = 0; i < who->cast->trust.count; i++)
        value_push(statements, trusted(u, who->cast->trust.items[i]));
    return make_role(u, who, statements, who->cast->path);
}

/* The provider: one for all who come from it. */
static int provider(struct setup *u, struct person *who)
{
    const struct cast *k = who->cast;
    struct str name = tokens_provider(u->sc.a, k);
    struct answer answer = { 0 };
    int rc;

    for (size_t i = 0; i < k->number; i++) {
        const struct person *other = &u->p->people[i];

        if (other->provider_arn.len > 0 && other->cast->provider == k->provider &&
            str_eq(other->account, who->account) &&
            str_eq(tokens_provider(u->sc.a, other->cast), name)) {
            who->provider_arn = other->provider_arn;
            return 0;
        }
    }
    if (k->provider == PROVIDER_WEB_IDENTITY) {
        struct value *with = setup_with(u, "Url", name, NULL), *clients = value_list(u->sc.a);
        struct value *prints = value_list(u->sc.a);

        value_push(clients, value_c(u->sc.a, "sts.amazonaws.com"));
        value_set(with, STR("ClientIDList"), clients);
        value_push(prints, value_str(u->sc.a, tokens_thumbprint(u->sc.a, name)));
        value_set(with, STR("ThumbprintList"), prints);
        rc = setup_call(u, "iam", "CreateOpenIDConnectProvider", with, &answer);
    } else {
        rc = setup_call(u, "iam", "CreateSAMLProvider",
                        setup_with(u, "Name", name, "SAMLMetadataDocument",
                                   tokens_metadata(u->sc.a, name), NULL),
                        &answer);
    }
    if (rc == 0)
        who->provider_arn =
            arena_copy(u->p->a, value_get_str(answer.output, k->provider == PROVIDER_WEB_IDENTITY
                                                                 ? "OpenIDConnectProviderArn"
                                                                 : "SAMLProviderArn"));
    return rc;
}

/* Federated people of one role share it; SSO's roles lie under a path of their own.
 * Source: IAM Identity Center User Guide, "Referencing permission sets". */
static int federated(struct setup *u, struct person *who)
{
    const struct cast *k = who->cast;
    struct value *statements = value_list(u->sc.a);
    bool is_web = k->provider == PROVIDER_WEB_IDENTITY;
    int rc = provider(u, who);

    if (rc < 0)
        return rc;
    who->name = arena_copy(u->p->a, tokens_role(u->sc.a, k, who->account));
    for (size_t i = 0; i < k->number; i++)
        if (u->p->people[i].cast->kind == KIND_FEDERATED &&
            str_eq(u->p->people[i].account, who->account) &&
            str_eq(u->p->people[i].name, who->name)) {
            who->arn = u->p->people[i].arn;
            return 0;
        }
    value_push(statements,
               statement(u->sc.a, "Federated", who->provider_arn,
                         is_web ? "sts:AssumeRoleWithWebIdentity" : "sts:AssumeRoleWithSAML"));
    return make_role(u, who, statements,
                     k->provider == PROVIDER_SSO ? STR("/aws-reserved/sso.amazonaws.com/")
                                                 : (struct str){ 0 });
}

static int each_of(struct setup *u, enum principal_kind kind,
                   int (*make)(struct setup *u, struct person *who))
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < u->p->people_count; i++) {
        struct person *who = &u->p->people[i];

        if (who->cast->kind != kind)
            continue;
        u->account = who->account;
        u->at = who->cast->at;
        rc = make(u, who);
        arena_reset(&u->arena);
    }
    return rc;
}

static int root_device(struct setup *u, struct person *who)
{
    if (who->cast->mfa)
        who->mfa_serial = arena_printf(u->p->a, "arn:aws:iam::%.*s:mfa/root-account-mfa-device",
                                       STR_ARG(who->account));
    return 0;
}

int setup_people(struct setup *u)
{
    int rc = groups(u);

    for (const struct account *k = u->p->s->accounts; rc == 0 && u->stands_in && k; k = k->next)
        rc = stand_in(u, k);
    if (rc == 0)
        rc = each_of(u, KIND_ROOT, root_device);
    if (rc == 0)
        rc = each_of(u, KIND_USER, user);
    if (rc == 0)
        rc = each_of(u, KIND_FEDERATED, federated);
    return rc < 0 ? rc : each_of(u, KIND_ROLE, role);
}

static int launch(struct setup *u, struct person *who)
{
    struct value *with = value_map(u->sc.a);
    struct answer answer = { 0 };
    struct rng r = play_chance(u->p, who->account, 1);

    value_put_str(u->sc.a, with, "ImageId", ids_hex(u->sc.a, &r, "ami-", 17));
    value_put_c(u->sc.a, with, "InstanceType", "m6i.large");
    value_put_int(u->sc.a, with, "MinCount", who->cast->count);
    value_put_int(u->sc.a, with, "MaxCount", who->cast->count);
    value_set(with, STR("IamInstanceProfile"), setup_with(u, "Name", who->name, NULL));
    int rc = setup_call(u, "ec2", "RunInstances", with, &answer);
    if (rc < 0)
        return rc;
    const struct value *list = value_get_c(answer.output, "Instances");
    who->instances = arena_array(u->p->a, list ? list->count : 1, sizeof *who->instances);
    for (const struct value *k = value_first(list); k; k = k->next)
        who->instances[who->instance_count++] = arena_copy(u->p->a, value_get_str(k, "InstanceId"));
    return 0;
}

static int instance(struct setup *u, struct person *who)
{
    struct value *statements = value_list(u->sc.a);

    who->name = who->cast->role;
    value_push(statements,
               statement(u->sc.a, "Service", STR("ec2.amazonaws.com"), "sts:AssumeRole"));
    for (size_t i = 0; i < who->cast->number; i++) /* two fleets may have one role */
        if (u->p->people[i].cast->kind == KIND_INSTANCE &&
            str_eq(u->p->people[i].account, who->account) &&
            str_eq(u->p->people[i].name, who->name)) {
            who->arn = u->p->people[i].arn;
            return launch(u, who);
        }
    int rc = make_role(u, who, statements, (struct str){ 0 });
    if (rc == 0)
        rc = setup_call(u, "iam", "CreateInstanceProfile",
                        setup_with(u, "InstanceProfileName", who->name, NULL), NULL);
    if (rc == 0)
        rc = setup_call(
            u, "iam", "AddRoleToInstanceProfile",
            setup_with(u, "InstanceProfileName", who->name, "RoleName", who->name, NULL), NULL);
    return rc < 0 ? rc : launch(u, who);
}

int setup_instances(struct setup *u)
{
    return each_of(u, KIND_INSTANCE, instance);
}
