/* Where and who: accounts, organization, trails, tools, networks, groups, principals. */
#include "core/aws/ids.h"
#include "core/aws/region.h"
#include "generator/scenario/read.h"

#define HOUR_MS 3600000ll

static int field_account_id(struct source *s, const struct value *v, void *field)
{
    struct str text = value_to_text(s->a, v);

    if (!ids_is_account(text))
        return source_expected(s, v, "an account id of 12 digits in quotes");
    *(struct str *)field = text;
    return 0;
}

#define ROW(type, name, read, member, needed)                                                      \
    {                                                                                              \
        name, read, offsetof(struct type, member), needed                                          \
    }

static int read_account(struct source *s, const struct value *v, void *item)
{
    static const struct field rows[] = {
        ROW(account, "alias", field_name, alias, true),
        ROW(account, "id", field_account_id, id, true),
        ROW(account, "name", field_words, name, false),
        ROW(account, "email", field_words, email, false),
        ROW(account, "password_policy", field_flag, password_policy, false),
    };
    struct account *account = item;

    account->at = source_place(s, v);
    return FIELDS_READ(s, v, "an account", rows, account);
}

int field_accounts(struct source *s, const struct value *v, void *field)
{
    return list_read(s, v, &(struct list_of){ sizeof(struct account), read_account }, field);
}

int field_organization(struct source *s, const struct value *v, void *field)
{
    static const struct field rows[] = {
        ROW(organization, "management", field_name, management, true),
        ROW(organization, "units", field_map, units, false),
    };

    return FIELDS_READ(s, v, "the organization", rows, field);
}

static int field_prefix(struct source *s, const struct value *v, void *field)
{
    *(struct str *)field = value_to_text(s->a, v); /* none is a prefix, too */
    return 0;
}

static int read_trail(struct source *s, const struct value *v, void *item)
{
    static const struct field rows[] = {
        ROW(trail_plan, "name", field_name, name, true),
        ROW(trail_plan, "account", field_name, account, false),
        ROW(trail_plan, "bucket", field_name, bucket, true),
        ROW(trail_plan, "prefix", field_prefix, prefix, false),
        ROW(trail_plan, "region", field_name, region, false),
        ROW(trail_plan, "organization", field_flag, organization, false),
        ROW(trail_plan, "data_events", field_flag, data_events, false),
        ROW(trail_plan, "insights", field_flag, insights, false),
        ROW(trail_plan, "validation", field_said, validation, false),
        ROW(trail_plan, "multi_region", field_said, multi_region, false),
    };
    struct trail_plan *trail = item;

    trail->at = source_place(s, v);
    return FIELDS_READ(s, v, "a trail", rows, trail);
}

int field_trails(struct source *s, const struct value *v, void *field)
{
    return list_read(s, v, &(struct list_of){ sizeof(struct trail_plan), read_trail }, field);
}

/* Each member of a map is an item that has its name. */
static int named_items(struct source *s, const struct value *v, const struct list_of *of,
                       void *field)
{
    if (v->kind != VALUE_MAP)
        return source_expected(s, v, "names with values");
    for (const struct value *k = value_first(v); k; k = k->next) {
        struct value *one = value_list(s->a), *copy = arena_alloc(s->a, sizeof *copy);

        *copy = *k; /* the same children, another place among its siblings */
        copy->next = NULL;
        one->line = k->line;
        value_push(one, copy);
        copy->name = k->name;
        int rc = list_read(s, one, of, field);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int read_tool(struct source *s, const struct value *v, void *item)
{
    static const struct field rows[] = {
        ROW(tool, "user_agent", field_words, user_agent, false),
        ROW(tool, "like", field_name, like, false),
        ROW(tool, "console", field_said, console, false),
        ROW(tool, "retries", field_count, retries, false),
        ROW(tool, "pages", field_count, pages, false),
        ROW(tool, "burst", field_durations, burst_ms, false),
    };
    struct tool *tool = item;

    tool->at = source_place(s, v);
    tool->name = v->name;
    tool->has_burst = value_get_c(v, "burst") != NULL;
    return FIELDS_READ(s, v, "a tool", rows, tool);
}

int field_tools(struct source *s, const struct value *v, void *field)
{
    return named_items(s, v, &(struct list_of){ sizeof(struct tool), read_tool }, field);
}

static int read_network(struct source *s, const struct value *v, void *item)
{
    struct network *network = item;

    network->at = source_place(s, v);
    network->name = v->name;
    return field_texts(s, v, &network->blocks);
}

int field_networks(struct source *s, const struct value *v, void *field)
{
    return named_items(s, v, &(struct list_of){ sizeof(struct network), read_network }, field);
}

static int read_group(struct source *s, const struct value *v, void *item)
{
    static const struct field rows[] = {
        ROW(group, "name", field_name, name, true),
        ROW(group, "account", field_name, account, false),
        ROW(group, "policies", field_value, policies, false),
    };
    struct group *group = item;

    group->at = source_place(s, v);
    return FIELDS_READ(s, v, "a group", rows, group);
}

int field_groups(struct source *s, const struct value *v, void *field)
{
    return list_read(s, v, &(struct list_of){ sizeof(struct group), read_group }, field);
}

static const char *const kind_words[] = {
    [KIND_ANY] = "",
    [KIND_USER] = "user",
    [KIND_ROLE] = "role",
    [KIND_INSTANCE] = "instance",
    [KIND_ROOT] = "root",
    [KIND_FEDERATED] = "federated",
    [KIND_SERVICE] = "service",
};

int field_kind(struct source *s, const struct value *v, void *field)
{
    int i = word_index(value_to_text(s->a, v), kind_words, COUNT(kind_words));

    if (i <= KIND_ANY)
        return source_expected(s, v, "user, role, instance, root, federated or service");
    *(enum principal_kind *)field = (enum principal_kind)i;
    return 0;
}

static int field_provider(struct source *s, const struct value *v, void *field)
{
    static const char *const words[] = { "", "saml", "web-identity", "sso" };
    int i = word_index(value_to_text(s->a, v), words, COUNT(words));

    if (i <= PROVIDER_NONE)
        return source_expected(s, v, "saml, web-identity or sso");
    *(enum provider_kind *)field = (enum provider_kind)i;
    return 0;
}

/* Which keys only some kinds have. */
static const struct {
    const char *name;
    unsigned kinds;
} kinds_of_keys[] = {
    { "policies", 1u << KIND_USER | 1u << KIND_ROLE | 1u << KIND_INSTANCE | 1u << KIND_FEDERATED },
    { "groups", 1u << KIND_USER },
    { "tags", 1u << KIND_USER | 1u << KIND_ROLE },
    { "path", 1u << KIND_USER | 1u << KIND_ROLE },
    { "mfa", 1u << KIND_USER | 1u << KIND_ROOT },
    { "access_key", 1u << KIND_USER },
    { "console", 1u << KIND_USER },
    { "trust", 1u << KIND_ROLE },
    { "by", 1u << KIND_ROLE },
    { "session", 1u << KIND_ROLE | 1u << KIND_FEDERATED },
    { "duration", 1u << KIND_ROLE | 1u << KIND_FEDERATED },
    { "role", 1u << KIND_INSTANCE | 1u << KIND_FEDERATED },
    { "count", 1u << KIND_INSTANCE },
    { "provider", 1u << KIND_FEDERATED },
    { "user", 1u << KIND_FEDERATED },
    { "service", 1u << KIND_SERVICE },
};

static int check_kind(struct source *s, const struct value *v, const struct cast *p)
{
    static const struct {
        enum principal_kind kind;
        const char *key;
    } needed[] = { { KIND_ROLE, "trust" },
                   { KIND_INSTANCE, "role" },
                   { KIND_FEDERATED, "provider" },
                   { KIND_FEDERATED, "role" },
                   { KIND_SERVICE, "service" } };

    for (size_t i = 0; i < COUNT(kinds_of_keys); i++) {
        const struct value *k = value_get_c(v, kinds_of_keys[i].name);

        if (k && !(kinds_of_keys[i].kinds & 1u << p->kind))
            return place_fail(source_place(s, k), s->err,
                              "'%.*s': a principal of kind '%s' has no such key", STR_ARG(k->name),
                              kind_words[p->kind]);
    }
    for (size_t i = 0; i < COUNT(needed); i++)
        if (p->kind == needed[i].kind && !value_get_c(v, needed[i].key))
            return place_fail(p->at, s->err, "expected '%s' in a principal of kind '%s'",
                              needed[i].key, kind_words[p->kind]);
    return 0;
}

static int read_principal(struct source *s, const struct value *v, void *item)
{
    static const struct field rows[] = {
        ROW(cast, "name", field_name, name, true),
        ROW(cast, "kind", field_kind, kind, true),
        ROW(cast, "account", field_name, account, false),
        ROW(cast, "network", field_name, network, false),
        ROW(cast, "tool", field_name, tool, false),
        ROW(cast, "zone", field_zone, zone_ms, false),
        ROW(cast, "region", field_name, region, false),
        ROW(cast, "policies", field_value, policies, false),
        ROW(cast, "groups", field_texts, groups, false),
        ROW(cast, "path", field_words, path, false),
        ROW(cast, "tags", field_map, tags, false),
        ROW(cast, "mfa", field_flag, mfa, false),
        ROW(cast, "access_key", field_said, access_key, false),
        ROW(cast, "console", field_said, console, false),
        ROW(cast, "trust", field_texts, trust, false),
        ROW(cast, "by", field_words, by, false),
        ROW(cast, "session", field_name, session, false),
        ROW(cast, "duration", field_duration, duration_ms, false),
        ROW(cast, "role", field_name, role, false),
        ROW(cast, "count", field_count, count, false),
        ROW(cast, "provider", field_provider, provider, false),
        ROW(cast, "user", field_words, user, false),
        ROW(cast, "service", field_words, service, false),
    };
    struct cast *p = item;

    p->at = source_place(s, v);
    p->duration_ms = HOUR_MS;
    p->count = 1;
    int rc = FIELDS_READ(s, v, "a principal", rows, p);
    return rc < 0 ? rc : check_kind(s, v, p);
}

int field_principals(struct source *s, const struct value *v, void *field)
{
    struct list_of of = { sizeof(struct cast), read_principal };
    int rc = list_read(s, v, &of, field);
    uint32_t number = 0;

    if (rc < 0)
        return rc;
    struct cast *first;
    memcpy(&first, field, sizeof first);
    for (struct cast *p = first; p; p = p->next)
        p->number = number++;
    return 0;
}
