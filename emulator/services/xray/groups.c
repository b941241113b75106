/* Groups: filter expressions with a name. And insights, of which there are none. */
#include "emulator/services/xray/ops.h"

#define GROUP       "Group"
#define GROUPS_MOST 25 /* Source: AWS General Reference, "AWS X-Ray endpoints and quotas" */
#define UNIQUE_LEN  52

/* The group Default takes every trace and can't be changed. Source: X-Ray API Reference,
 * "CreateGroup": Default is a reserved name. */
static struct value *default_group(struct job *j)
{
    struct value *v = value_map(j->a);

    value_put_c(j->a, v, "GroupName", "Default");
    value_put_str(j->a, v, "GroupARN",
                  arena_printf(j->a, "arn:aws:xray:%.*s:%.*s:group/Default", STR_ARG(j->region),
                               STR_ARG(j->account)));
    return v;
}

static struct value *no_insights(struct job *j)
{
    struct value *v = value_map(j->a);

    value_put_bool(j->a, v, "InsightsEnabled", false);
    value_put_bool(j->a, v, "NotificationsEnabled", false);
    return v;
}

/* As it is answered: without its tags. */
static struct value *shown(struct job *j, const struct value *group)
{
    struct value *v = value_copy(j->a, group);

    (void)value_remove(v, STR("Tags"));
    value_set(v, STR("InsightsConfiguration"), no_insights(j));
    return v;
}

static struct value *by_name(struct job *j, struct str name)
{
    return str_eq_c(name, "Default") ? default_group(j) : job_get(j, GROUP, name);
}

/* arn:aws:xray:REGION:ACCOUNT:group/NAME/UNIQUE */
static struct value *by_arn(struct job *j, struct str arn)
{
    struct str head, tail, name, unique;

    if (!str_cut(arn, '/', &head, &tail))
        return NULL;
    if (!str_rcut(tail, '/', &name, &unique))
        name = tail; /* that of Default */
    struct value *group = by_name(j, name);
    return str_eq(value_get_str(group, "GroupARN"), arn) ? group : NULL;
}

struct value *group_find(struct job *j)
{
    struct str name = job_text(j, "GroupName"), arn = job_text(j, "GroupARN");

    if ((name.len > 0) == (arn.len > 0)) {
        (void)job_refuse(j, XRAY_INVALID, "Specify either GroupName or GroupARN, but not both");
        return NULL;
    }
    struct value *group = name.len > 0 ? by_name(j, name) : by_arn(j, arn);
    if (!group && !job_stopped(j))
        (void)job_refuse(j, XRAY_INVALID, "Group not found");
    return group;
}

static bool find_expression(void *arg, bool is_arn, struct str text, struct str *expression)
{
    struct job *j = arg;
    const struct value *group = is_arn ? by_arn(j, text) : by_name(j, text);

    *expression = value_get_str(group, "FilterExpression");
    return group != NULL;
}

bool group_filter(struct job *j, struct str text, struct filter **out)
{
    struct filter_groups groups = { find_expression, j };
    struct err why = { 0 };

    *out = NULL;
    if (text.len > 0 && filter_parse(j->a, text, &groups, out, &why) < 0 && !job_stopped(j))
        (void)job_refuse(j, XRAY_INVALID, "Invalid filter expression: %s", why.text);
    return !job_stopped(j);
}

/* ---- create, update, delete ---- */

/* Insights are found by a model that AWS does not publish. */
static bool asks_for_insights(struct job *j)
{
    const struct value *config = param(j->call, "InsightsConfiguration");

    if (!value_get_bool(config, "InsightsEnabled", false)) {
        if (value_get_bool(config, "NotificationsEnabled", false))
            (void)job_refuse(j, XRAY_INVALID,
                             "Notifications can only be enabled on a group with InsightsEnabled "
                             "set to true.");
        return job_stopped(j);
    }
    (void)ops_not_here(j, "finds no insights: InsightsEnabled can't be true");
    return true;
}

static bool may_create(struct job *j, struct str name)
{
    struct filter *filter;
    struct doc *docs;

    if (str_eq_c(name, "Default"))
        (void)job_refuse(j, XRAY_INVALID, "Default is a reserved group name");
    else if (by_name(j, name))
        (void)job_refuse(j, XRAY_INVALID, "A group with the name %.*s already exists",
                         STR_ARG(name));
    else if (job_list(j, GROUP, STR(""), &docs) >= GROUPS_MOST)
        (void)job_refuse(j, XRAY_INVALID, "The limit of %d groups is reached", GROUPS_MOST);
    return !job_stopped(j) && !asks_for_insights(j) &&
           group_filter(j, job_text(j, "FilterExpression"), &filter);
}

HANDLER(xray, CreateGroup)
{
    struct str name = job_text(j, "GroupName");
    struct value *group = value_map(j->a);

    if (!may_create(j, name))
        return j->rc;
    struct str unique =
        rng_chars(&j->cx->rng, j->a, STR("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"), UNIQUE_LEN);
    value_put_str(j->a, group, "GroupName", name);
    value_put_str(j->a, group, "GroupARN",
                  arena_printf(j->a, "arn:aws:xray:%.*s:%.*s:group/%.*s/%.*s", STR_ARG(j->region),
                               STR_ARG(j->account), STR_ARG(name), STR_ARG(unique)));
    job_copy(j, group, j->call->params, (const char *const[]){ "FilterExpression", NULL });
    value_set(group, STR("Tags"), tags_merge(j->a, NULL, param(j->call, "Tags")));
    job_answer(j, "Group", shown(j, group));
    return job_put(j, GROUP, name, group);
}

HANDLER(xray, UpdateGroup)
{
    struct value *group = group_find(j);
    struct filter *filter;

    if (!group)
        return j->rc;
    struct str name = value_get_str(group, "GroupName");
    if (str_eq_c(name, "Default") && job_has(j, "FilterExpression"))
        return job_refuse(j, XRAY_INVALID, "The Default group has no filter expression");
    if (asks_for_insights(j) || !group_filter(j, job_text(j, "FilterExpression"), &filter))
        return j->rc;
    job_copy(j, group, j->call->params, (const char *const[]){ "FilterExpression", NULL });
    job_answer(j, "Group", shown(j, group));
    return str_eq_c(name, "Default") ? j->rc : job_put(j, GROUP, name, group);
}

HANDLER(xray, GetGroup)
{
    struct value *group = group_find(j);

    if (group)
        job_answer(j, "Group", shown(j, group));
    return j->rc;
}

HANDLER(xray, DeleteGroup)
{
    struct value *group = group_find(j);

    if (!group)
        return j->rc;
    struct str name = value_get_str(group, "GroupName");
    if (str_eq_c(name, "Default"))
        return job_refuse(j, XRAY_INVALID, "The Default group can't be deleted");
    (void)outcome_output(j->cx, j->out);
    return job_drop(j, GROUP, name);
}

/* 26 at most: one page. */
HANDLER(xray, GetGroups)
{
    struct value *list = value_list(j->a);
    struct doc *docs;
    size_t count = job_list(j, GROUP, STR(""), &docs);

    value_push(list, shown(j, default_group(j)));
    for (size_t i = 0; i < count; i++)
        value_push(list, shown(j, docs[i].value));
    job_answer(j, "Groups", list);
    return j->rc;
}

/* ---- insights: no group can have them enabled, so there are none ---- */

HANDLER(xray, GetInsightSummaries)
{
    int64_t from_ms, to_ms;

    if (!ops_span(j, XRAY_RETENTION_MS, &from_ms, &to_ms) || !group_find(j))
        return j->rc;
    job_answer(j, "InsightSummaries", value_list(j->a));
    return j->rc;
}

static int no_such_insight(struct job *j)
{
    return job_refuse(j, XRAY_INVALID, "Insight not found");
}

HANDLER(xray, GetInsight)
{
    return no_such_insight(j);
}

HANDLER(xray, GetInsightEvents)
{
    return no_such_insight(j);
}

HANDLER(xray, GetInsightImpactGraph)
{
    return no_such_insight(j);
}
