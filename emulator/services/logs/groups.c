/* Log groups: their life, retention, keys. */
#include "core/aws/region.h"
#include "emulator/services/logs/filters.h"
#include "emulator/services/logs/log_regex.h"

static const char *const shown[] = {
    "logGroupName",
    "creationTime",
    "retentionInDays",
    "metricFilterCount",
    "arn",
    "storedBytes",
    "kmsKeyId",
    "logGroupClass",
    "logGroupArn",
    "deletionProtectionEnabled",
    NULL,
};

/* Source: CloudWatch Logs API Reference, "PutRetentionPolicy", retentionInDays. */
static const int16_t retentions[] = {
    1,   3,   5,   7,   14,   30,   60,   90,   120,  150,  180,
    365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
};

static struct value *new_group(struct job *j, struct str name)
{
    struct value *doc = value_map(j->a);
    struct str arn = logs_group_arn(j->a, j->account, j->region, name);
    struct str class = job_text(j, "logGroupClass");

    value_put_str(j->a, doc, "logGroupName", name);
    value_put_int(j->a, doc, "creationTime", j->cx->now_ms);
    value_put_int(j->a, doc, "metricFilterCount", 0);
    value_put_str(j->a, doc, "arn", arena_printf(j->a, "%.*s:*", STR_ARG(arn)));
    value_put_int(j->a, doc, "storedBytes", 0);
    value_put_str(j->a, doc, "logGroupClass", class.len > 0 ? class : STR("STANDARD"));
    value_put_str(j->a, doc, "logGroupArn", arn);
    value_put_bool(j->a, doc, "deletionProtectionEnabled",
                   param_bool(j->call, "deletionProtectionEnabled", false));
    if (job_has(j, "kmsKeyId"))
        value_put_str(j->a, doc, "kmsKeyId", job_text(j, "kmsKeyId"));
    value_set(doc, STR("Tags"),
              job_has(j, "tags") ? value_copy(j->a, param(j->call, "tags")) : value_map(j->a));
    value_put_int(j->a, doc, "Next", 1);
    return doc;
}

HANDLER(logs, CreateLogGroup)
{
    struct str name = job_text(j, "logGroupName");

    if (job_get(j, "LogGroup", name))
        return job_refuse(j, "ResourceAlreadyExistsException",
                          "The specified log group already exists");
    if (str_has_prefix(name, STR("aws/"))) /* Source: API Reference, "CreateLogGroup" */
        return logs_invalid(j, "Log groups starting with AWS/ are reserved for AWS.");
    if (!logs_tags_ok(j))
        return j->rc;
    return job_put(j, "LogGroup", name, new_group(j, name));
}

static int drop_parts(struct job *j, const char *type, struct str prefix)
{
    struct doc *docs;
    size_t count = job_list(j, type, prefix, &docs);

    for (size_t i = 0; i < count && j->rc == 0; i++)
        (void)job_drop(j, type, docs[i].key.id); /* a failure stands in j->rc */
    return j->rc;
}

static int drop_events(struct job *j, struct str group)
{
    struct doc *docs;
    size_t count = job_list(j, "LogStream", logs_part_id(j->a, group, STR("")), &docs);

    for (size_t i = 0; i < count && j->rc == 0; i++)
        j->rc = series_prune(
            j->cx->e->store,
            logs_series(j->a, j->account, j->region, group, logs_part_name(docs[i].key.id)),
            INT64_MAX, j->err);
    return j->rc;
}

HANDLER(logs, DeleteLogGroup)
{
    static const char *const parts[] = { "LogStream", "MetricFilter", "SubscriptionFilter" };
    struct logs_group g;

    if (logs_group_find(j, &g) < 0 || !g.doc)
        return j->rc;
    if (value_get_bool(g.doc, "deletionProtectionEnabled", false))
        return job_refuse(j, "OperationAbortedException",
                          "The log group has deletion protection enabled.");
    (void)drop_events(j, g.name); /* failures stand in j->rc */
    for (size_t i = 0; i < COUNT(parts); i++)
        (void)drop_parts(j, parts[i], logs_part_id(j->a, g.name, STR("")));
    logs_filters_forget(j->cx->e);
    return job_drop(j, "LogGroup", g.name);
}

static bool has_substring_nocase(struct str text, struct str part)
{
    for (size_t i = 0; i + part.len <= text.len; i++)
        if (str_eq_nocase(str_sub(text, i, part.len), part))
            return true;
    return part.len == 0;
}

static bool is_identified(struct job *j, struct str name)
{
    const struct value *ids = param(j->call, "logGroupIdentifiers");

    if (!ids)
        return true;
    for (const struct value *i = value_first(ids); i; i = i->next)
        if (i->kind == VALUE_STRING && str_eq(logs_group_name(j, i->u.text), name))
            return true;
    return false;
}

static bool is_listed(struct job *j, const struct doc *group)
{
    struct str class = job_text(j, "logGroupClass");

    return has_substring_nocase(group->key.id, job_text(j, "logGroupNamePattern")) &&
           (class.len == 0 || str_eq(class, value_get_str(group->value, "logGroupClass"))) &&
           is_identified(j, group->key.id);
}

static bool other_accounts(struct job *j)
{
    const struct value *ids = param(j->call, "accountIdentifiers");

    for (const struct value *i = value_first(ids); i; i = i->next)
        if (i->kind == VALUE_STRING && !str_eq(i->u.text, j->account))
            return true;
    return false;
}

HANDLER(logs, DescribeLogGroups)
{
    struct doc *docs;
    size_t count, kept = 0;

    if (job_has(j, "logGroupNamePattern") && job_has(j, "logGroupNamePrefix"))
        return logs_invalid(j, "LogGroup name prefix and LogGroup name pattern are mutually "
                               "exclusive parameters.");
    if (other_accounts(j)) /* no account is linked to another here */
        return logs_invalid(j, "The account is not a monitoring account of the given accounts.");
    count = job_list(j, "LogGroup", job_text(j, "logGroupNamePrefix"), &docs);
    struct job_item *items = arena_array(j->a, count + 1, sizeof *items);
    for (size_t i = 0; i < count; i++) {
        struct value *v = value_map(j->a);
        if (!is_listed(j, &docs[i]))
            continue;
        job_copy(j, v, docs[i].value, shown);
        items[kept++] = (struct job_item){ docs[i].key.id, v };
    }
    return logs_page(j, &(struct logs_paging){ "limit", "logGroups", 50, false }, items, kept);
}

/* Source: CloudWatch Logs API Reference, "ListLogGroups": the pattern is a regular expression,
 * found anywhere in the name. */
HANDLER(logs, ListLogGroups)
{
    static const char *const listed[] = { "logGroupName", "logGroupArn", "logGroupClass", NULL };
    static const char *const unknown[] = { "dataSources", "fieldIndexNames", "logGroupTags" };
    struct str pattern = job_text(j, "logGroupNamePattern"), class = job_text(j, "logGroupClass");
    struct log_regex *regex = NULL;
    struct doc *docs;
    size_t kept = 0;

    for (size_t i = 0; i < COUNT(unknown); i++)
        if (job_has(j, unknown[i])) {
            outcome_refuse(j->a, j->out, 501, "NotImplemented",
                           "mocktrail does not list log groups by %s.", unknown[i]);
            return j->rc;
        }
    if (pattern.len > 0 && log_regex_compile(j->a, pattern, &regex, NULL) < 0)
        return logs_invalid(j, "The log group name pattern is not valid.");
    size_t count = job_list(j, "LogGroup", STR(""), &docs);
    struct job_item *items = arena_array(j->a, count + 1, sizeof *items);
    for (size_t i = 0; i < count; i++) {
        if ((regex && !log_regex_match(regex, j->a, docs[i].key.id)) ||
            (class.len > 0 && !str_eq(class, value_get_str(docs[i].value, "logGroupClass"))))
            continue;
        items[kept] = (struct job_item){ docs[i].key.id, value_map(j->a) };
        job_copy(j, items[kept++].value, docs[i].value, listed);
    }
    return logs_page(j, &(struct logs_paging){ "limit", "logGroups", 50, false }, items, kept);
}

/* ---- settings ---- */

static bool retention_ok(struct job *j, int64_t days)
{
    struct buf all = { 0 };

    for (size_t i = 0; i < COUNT(retentions); i++) {
        if (retentions[i] == days)
            return true;
    }
    for (size_t i = 0; i < COUNT(retentions); i++)
        buf_printf(&all, "%s%d", i == 0 ? "" : ", ", retentions[i]);
    (void)logs_invalid(j, /* the outcome is refused */
                       "1 validation error detected: Value '%lld' at 'retentionInDays' failed to "
                       "satisfy constraint: Member must satisfy enum value set: [%.*s]",
                       (long long)days, STR_ARG(buf_view(&all)));
    buf_free(&all);
    return false;
}

HANDLER(logs, PutRetentionPolicy)
{
    int64_t days = param_int(j->call, "retentionInDays", 0);
    struct logs_group g;

    if (!retention_ok(j, days) || logs_group_find(j, &g) < 0 || !g.doc)
        return j->rc;
    value_put_int(j->a, g.doc, "retentionInDays", days);
    return job_put(j, "LogGroup", g.name, g.doc);
}

HANDLER(logs, DeleteRetentionPolicy)
{
    struct logs_group g;

    if (logs_group_find(j, &g) < 0 || !g.doc)
        return j->rc;
    (void)value_remove(g.doc, STR("retentionInDays")); /* none is no error */
    return job_put(j, "LogGroup", g.name, g.doc);
}

HANDLER(logs, PutLogGroupDeletionProtection)
{
    struct logs_group g;

    if (logs_group_find(j, &g) < 0 || !g.doc)
        return j->rc;
    value_put_bool(j->a, g.doc, "deletionProtectionEnabled",
                   param_bool(j->call, "deletionProtectionEnabled", false));
    return job_put(j, "LogGroup", g.name, g.doc);
}

/* The group of resourceIdentifier (arn:...:log-group:NAME or ...:query-result:*) or logGroupName.
 */
static int key_target(struct job *j, struct logs_group *g)
{
    *g = (struct logs_group){ 0 };
    if (job_has(j, "logGroupName") == job_has(j, "resourceIdentifier"))
        return logs_invalid(j, "Exactly one of logGroupName and resourceIdentifier is required.");
    if (job_has(j, "logGroupName"))
        return logs_group_named(j, job_text(j, "logGroupName"), g);
    struct str id = job_text(j, "resourceIdentifier");
    if (str_find(id, STR(":query-result:")) >= 0) {
        outcome_refuse(j->a, j->out, 501, "NotImplemented",
                       "mocktrail encrypts no query results, so it keeps no key for them.");
        return j->rc;
    }
    return logs_group_named(j, logs_group_name(j, id), g);
}

/* The name of the key is kept; what the store holds is not encrypted by it. */
HANDLER(logs, AssociateKmsKey)
{
    struct logs_group g;

    if (key_target(j, &g) < 0 || !g.doc)
        return j->rc;
    value_put_str(j->a, g.doc, "kmsKeyId", job_text(j, "kmsKeyId"));
    return job_put(j, "LogGroup", g.name, g.doc);
}

HANDLER(logs, DisassociateKmsKey)
{
    struct logs_group g;

    if (key_target(j, &g) < 0 || !g.doc)
        return j->rc;
    (void)value_remove(g.doc, STR("kmsKeyId")); /* none is no error */
    return job_put(j, "LogGroup", g.name, g.doc);
}
