/* Sampling rules, and the quotas that SDKs ask for. */
#include "emulator/services/xray/ops.h"
#include "emulator/services/xray/sample.h"

#define CLIENT     "SamplingClient"    /* id RULE/CLIENT: { SeenAt } */
#define STATISTIC  "SamplingStatistic" /* id WINDOW/RULE: SamplingStatisticSummary */
#define SETTINGS   "Settings"
#define MODIFIED   "sampling" /* of SETTINGS: { ModifiedAt } of the last change of any rule */
#define RULES_MOST 25         /* Source: AWS General Reference, "AWS X-Ray endpoints and quotas" */
/* Source: X-Ray Developer Guide, "Using sampling rules with the X-Ray API": statistics are reported
 * and quotas lent for 10 seconds. */
#define INTERVAL_S      10
#define INTERVAL_MS     (INTERVAL_S * 1000ll)
#define STATISTICS_KEPT 360 /* windows: an hour; AWS's own number is unpublished */

static const char *const members[] = {
    "RuleName",    "ResourceARN", "Priority", "FixedRate",  "ReservoirSize",
    "ServiceName", "ServiceType", "Host",     "HTTPMethod", "URLPath",
    "Version",     "Attributes",  NULL,
};

static struct str rule_arn(struct job *j, struct str name)
{
    return arena_printf(j->a, "arn:aws:xray:%.*s:%.*s:sampling-rule/%.*s", STR_ARG(j->region),
                        STR_ARG(j->account), STR_ARG(name));
}

/* Source: X-Ray Developer Guide, "Configuring sampling rules": the first requests of each second
 * and five percent of others; its priority lies behind all. How many are first is ours (sample.h).
 */
static struct value *default_rule(struct job *j)
{
    static const char *const any[] = { "ResourceARN", "ServiceName", "ServiceType",
                                       "Host",        "HTTPMethod",  "URLPath" };
    struct value *rule = value_map(j->a), *doc = value_map(j->a);

    value_put_c(j->a, rule, "RuleName", "Default");
    value_put_str(j->a, rule, "RuleARN", rule_arn(j, STR("Default")));
    value_put_int(j->a, rule, "Priority", 10000);
    value_set(rule, STR("FixedRate"), value_float(j->a, SAMPLE_RATE));
    value_put_int(j->a, rule, "ReservoirSize", SAMPLE_RESERVOIR);
    value_put_int(j->a, rule, "Version", 1);
    value_set(rule, STR("Attributes"), value_map(j->a));
    for (size_t i = 0; i < COUNT(any); i++)
        value_put_c(j->a, rule, any[i], "*");
    value_set(doc, STR("SamplingRule"), rule);
    value_put_time(j->a, doc, "CreatedAt", 0);
    value_put_time(j->a, doc, "ModifiedAt", 0);
    return doc;
}

/* The document of a rule; that of Default is stored once it was changed. */
static struct value *rule_by_name(struct job *j, struct str name)
{
    struct value *doc = job_get(j, XRAY_RULE, name);

    return doc || !str_eq_c(name, "Default") ? doc : default_rule(j);
}

static struct str name_in(struct job *j, const struct value *from)
{
    struct str name = value_get_str(from, "RuleName"), arn = value_get_str(from, "RuleARN"), head;

    if ((name.len > 0) == (arn.len > 0))
        (void)job_refuse(j, XRAY_INVALID, "Specify either RuleName or RuleARN, but not both");
    if (arn.len > 0 && (!str_rcut(arn, '/', &head, &name) || !str_eq(rule_arn(j, name), arn)))
        (void)job_refuse(j, XRAY_INVALID, "Sampling rule not found");
    return name;
}

static struct value *find_rule(struct job *j, const struct value *from)
{
    struct str name = name_in(j, from);
    struct value *doc = job_stopped(j) ? NULL : rule_by_name(j, name);

    if (!doc && !job_stopped(j))
        (void)job_refuse(j, XRAY_INVALID, "Sampling rule not found");
    return doc;
}

/* As it is answered: without its tags. */
static struct value *shown(struct job *j, const struct value *doc)
{
    struct value *v = value_copy(j->a, doc);

    (void)value_remove(v, STR("Tags"));
    return v;
}

static int save_rule(struct job *j, struct value *doc)
{
    struct value *last = value_map(j->a);
    struct str name = value_get_str(value_get_c(doc, "SamplingRule"), "RuleName");

    value_put_time(j->a, doc, "ModifiedAt", j->cx->now_ms);
    value_put_time(j->a, last, "ModifiedAt", j->cx->now_ms);
    (void)job_put(j, SETTINGS, STR(MODIFIED), last);
    job_answer(j, "SamplingRuleRecord", shown(j, doc));
    return job_put(j, XRAY_RULE, name, doc);
}

/* ---- rules ---- */

static bool asks_for_boost(struct job *j, const struct value *rule)
{
    if (value_get_c(rule, "SamplingRateBoost"))
        (void)ops_not_here(j, "boosts no sampling rate: SamplingRateBoost can't be set");
    return job_stopped(j);
}

static bool may_create(struct job *j, const struct value *rule)
{
    struct str name = value_get_str(rule, "RuleName");
    struct doc *docs;

    if (name.len == 0 || value_get_str(rule, "RuleARN").len > 0)
        (void)job_refuse(j, XRAY_INVALID, "A sampling rule is created by its RuleName");
    else if (value_get_int(rule, "Version", 0) != 1)
        (void)job_refuse(j, XRAY_INVALID, "Version must be 1");
    else if (rule_by_name(j, name))
        (void)job_refuse(j, XRAY_INVALID, "A sampling rule with the name %.*s already exists",
                         STR_ARG(name));
    else if (job_list(j, XRAY_RULE, STR(""), &docs) >= RULES_MOST)
        (void)job_refuse(j, "RuleLimitExceededException",
                         "You have reached the maximum number of sampling rules.");
    return !job_stopped(j) && !asks_for_boost(j, rule);
}

HANDLER(xray, CreateSamplingRule)
{
    const struct value *from = param(j->call, "SamplingRule");
    struct value *rule = value_map(j->a), *doc = value_map(j->a);

    if (!may_create(j, from))
        return j->rc;
    job_copy(j, rule, from, members);
    if (!value_get_c(rule, "Attributes"))
        value_set(rule, STR("Attributes"), value_map(j->a));
    value_put_str(j->a, rule, "RuleARN", rule_arn(j, value_get_str(from, "RuleName")));
    value_set(doc, STR("SamplingRule"), rule);
    value_put_time(j->a, doc, "CreatedAt", j->cx->now_ms);
    value_set(doc, STR("Tags"), tags_merge(j->a, NULL, param(j->call, "Tags")));
    return save_rule(j, doc);
}

static bool in_range(const struct value *update, const char *name, double least, double most)
{
    const struct value *v = value_get_c(update, name);

    if (!v)
        return true;
    double x = v->kind == VALUE_INT ? (double)v->u.integer : v->u.real;
    return x >= least && x <= most;
}

/* What the model leaves open in an update, and what Default allows. Source: X-Ray Developer Guide,
 * "Configuring sampling rules": of the default rule the rate and the reservoir can be changed. */
static bool may_update(struct job *j, const struct value *update, bool is_default)
{
    static const char *const fixed[] = { "ResourceARN", "Priority",   "ServiceName", "ServiceType",
                                         "Host",        "HTTPMethod", "URLPath",     "Attributes" };

    if (!in_range(update, "Priority", 1, 9999) || !in_range(update, "FixedRate", 0, 1) ||
        !in_range(update, "ReservoirSize", 0, INT32_MAX))
        (void)job_refuse(j, XRAY_INVALID,
                         "Priority, FixedRate or ReservoirSize is out of its range");
    for (size_t i = 0; is_default && i < COUNT(fixed); i++)
        if (value_get_c(update, fixed[i]) && !job_stopped(j))
            (void)job_refuse(j, XRAY_INVALID, "%s of the Default rule can't be changed", fixed[i]);
    return !job_stopped(j) && !asks_for_boost(j, update);
}

HANDLER(xray, UpdateSamplingRule)
{
    const struct value *update = param(j->call, "SamplingRuleUpdate");
    struct value *doc = find_rule(j, update);
    struct value *rule = value_get_c(doc, "SamplingRule");

    if (!doc || !may_update(j, update, str_eq_c(value_get_str(rule, "RuleName"), "Default")))
        return j->rc;
    job_copy(j, rule, update, members);
    return save_rule(j, doc);
}

HANDLER(xray, DeleteSamplingRule)
{
    struct value *doc = find_rule(j, j->call->params);
    struct value *last = value_map(j->a);

    if (!doc)
        return j->rc;
    struct str name = value_get_str(value_get_c(doc, "SamplingRule"), "RuleName");
    if (str_eq_c(name, "Default"))
        return job_refuse(j, XRAY_INVALID, "The Default rule can't be deleted");
    value_put_time(j->a, last, "ModifiedAt", j->cx->now_ms);
    (void)job_put(j, SETTINGS, STR(MODIFIED), last);
    job_answer(j, "SamplingRuleRecord", shown(j, doc));
    return job_drop(j, XRAY_RULE, name);
}

/* 26 at most: one page. */
HANDLER(xray, GetSamplingRules)
{
    struct value *list = value_list(j->a);
    struct doc *docs;
    size_t count = job_list(j, XRAY_RULE, STR(""), &docs);

    for (size_t i = 0; i < count; i++)
        if (!str_eq_c(docs[i].key.id, "Default"))
            value_push(list, shown(j, docs[i].value));
    value_push(list, shown(j, rule_by_name(j, STR("Default"))));
    job_answer(j, "SamplingRuleRecords", list);
    return j->rc;
}

/* ---- quotas ---- */

static struct value *unprocessed(struct job *j, struct str rule, const char *message)
{
    struct value *v = value_map(j->a);

    value_put_str(j->a, v, "RuleName", rule);
    value_put_c(j->a, v, "ErrorCode", "400");
    value_put_c(j->a, v, "Message", message);
    return v;
}

/* A client's share of the rule's reservoir: among those that reported within two intervals, the
 * first ones get what is left over. How X-Ray divides it is unpublished. */
static int64_t share(struct job *j, struct str rule, struct str client, int64_t size)
{
    struct str prefix = arena_printf(j->a, "%.*s/", STR_ARG(rule));
    struct str id = arena_printf(j->a, "%.*s/%.*s", STR_ARG(rule), STR_ARG(client));
    struct value *seen = value_map(j->a);
    int64_t active = 0, rank = 0;
    struct doc *docs;

    value_put_time(j->a, seen, "SeenAt", j->cx->now_ms);
    (void)job_put(j, CLIENT, id, seen);
    size_t count = job_list(j, CLIENT, prefix, &docs);
    for (size_t i = 0; i < count; i++) {
        if (value_get_time(docs[i].value, "SeenAt", 0) < j->cx->now_ms - 2 * INTERVAL_MS) {
            (void)job_drop(j, CLIENT, docs[i].key.id);
            continue;
        }
        rank += str_cmp(docs[i].key.id, id) < 0;
        active++;
    }
    return active > 0 ? size / active + (rank < size % active) : size;
}

static void add_counts(struct job *j, const struct value *report)
{
    static const char *const counts[] = { "RequestCount", "BorrowCount", "SampledCount" };
    int64_t window_ms = j->cx->now_ms - j->cx->now_ms % INTERVAL_MS;
    struct str rule = value_get_str(report, "RuleName");
    struct str id = arena_printf(j->a, "%015lld/%.*s", (long long)window_ms, STR_ARG(rule));
    struct value *doc = job_get(j, STATISTIC, id);

    if (!doc) {
        doc = value_map(j->a);
        value_put_str(j->a, doc, "RuleName", rule);
        value_put_time(j->a, doc, "Timestamp", window_ms);
    }
    for (size_t i = 0; i < COUNT(counts); i++)
        value_put_int(j->a, doc, counts[i],
                      value_get_int(doc, counts[i], 0) + value_get_int(report, counts[i], 0));
    (void)job_put(j, STATISTIC, id, doc);
}

static struct value *target(struct job *j, const struct value *report, const struct value *rule)
{
    struct value *v = value_map(j->a);
    int64_t size = value_get_int(rule, "ReservoirSize", 0);
    struct str name = value_get_str(report, "RuleName");

    value_put_str(j->a, v, "RuleName", name);
    value_set(v, STR("FixedRate"), value_copy(j->a, value_get_c(rule, "FixedRate")));
    value_put_int(j->a, v, "ReservoirQuota",
                  share(j, name, value_get_str(report, "ClientID"), size));
    value_put_time(j->a, v, "ReservoirQuotaTTL", j->cx->now_ms + INTERVAL_MS);
    value_put_int(j->a, v, "Interval", INTERVAL_S);
    return v;
}

/* Rules have no boost here: what is reported of it can't be used. */
static struct value *no_boosts(struct job *j)
{
    struct value *list = value_list(j->a);
    const struct value *docs = param(j->call, "SamplingBoostStatisticsDocuments");

    for (const struct value *d = value_first(docs); d; d = d->next)
        value_push(list, unprocessed(j, value_get_str(d, "RuleName"),
                                     "The rule has no sampling rate boost"));
    return list;
}

HANDLER(xray, GetSamplingTargets)
{
    struct value *targets = value_list(j->a), *rest = value_list(j->a);
    const struct value *docs = param(j->call, "SamplingStatisticsDocuments");

    for (const struct value *d = value_first(docs); d && !job_stopped(j); d = d->next) {
        struct str name = value_get_str(d, "RuleName");
        const struct value *rule = rule_by_name(j, name);

        if (!rule) {
            value_push(rest, unprocessed(j, name, "Unknown rule"));
            continue;
        }
        add_counts(j, d);
        value_push(targets, target(j, d, value_get_c(rule, "SamplingRule")));
    }
    job_answer(j, "SamplingTargetDocuments", targets);
    job_answer(j, "UnprocessedStatistics", rest);
    if (job_has(j, "SamplingBoostStatisticsDocuments"))
        job_answer(j, "UnprocessedBoostStatistics", no_boosts(j));
    value_put_time(j->a, j->out->output, "LastRuleModification",
                   value_get_time(job_get(j, SETTINGS, STR(MODIFIED)), "ModifiedAt", 0));
    return j->rc;
}

HANDLER(xray, GetSamplingStatisticSummaries)
{
    static const struct paging how = { .token = "NextToken",
                                       .next = "NextToken",
                                       .limit = "",
                                       .least = 1,
                                       .most = 1000,
                                       .fallback = 1000,
                                       .code = XRAY_INVALID };
    int64_t oldest_ms = j->cx->now_ms - STATISTICS_KEPT * INTERVAL_MS;
    struct doc *docs;
    size_t count = job_list(j, STATISTIC, STR(""), &docs), kept = 0;
    struct job_item *items = arena_array(j->a, count + 1, sizeof *items);

    for (size_t i = 0; i < count; i++)
        if (value_get_time(docs[i].value, "Timestamp", 0) >= oldest_ms)
            items[kept++] = (struct job_item){ docs[i].key.id, docs[i].value };
        else
            (void)job_drop(j, STATISTIC, docs[i].key.id);
    return job_page(j, &how, "SamplingStatisticSummaries", items, kept);
}
