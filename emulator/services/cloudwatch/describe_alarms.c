/* Alarms told, deleted, switched and set by hand. */
#include "core/codec/json.h"
#include "emulator/services/cloudwatch/alarms.h"
#include "emulator/services/cloudwatch/cloudwatch.h"
#include "emulator/services/cloudwatch/rule.h"
#include "emulator/services/cloudwatch/suppress.h"

/* Members of the document that are not told. */
static const char *const hidden[] = { "Type", "Tags", "Waiting" };

static struct value *shown(struct arena *a, const struct value *doc)
{
    struct value *v = value_copy(a, doc);

    for (size_t i = 0; i < COUNT(hidden); i++)
        (void)value_remove(v, str_c(hidden[i])); /* or it was not there */
    return v;
}

/* ---- DescribeAlarms ---- */

static int names_alarm(void *arg, const struct rule *node)
{
    const struct str *name = arg;

    return str_eq(alarm_name_of(node->alarm), *name) ? E_CONFLICT : 0; /* found: no further */
}

/* Is one of the alarms that the rule of doc names called name? */
static bool has_child(struct arena *a, const struct value *doc, struct str name)
{
    struct rule *rule;

    return alarm_is_composite(doc) &&
           rule_parse(a, value_get_str(doc, "AlarmRule"), &rule, NULL) == 0 &&
           rule_visit(rule, names_alarm, &name) < 0;
}

static bool has_action(const struct value *doc, struct str prefix)
{
    static const char *const lists[] = { "OKActions", "AlarmActions", "InsufficientDataActions" };

    for (size_t i = 0; i < COUNT(lists); i++)
        for (const struct value *v = value_first(value_get_c(doc, lists[i])); v; v = v->next)
            if (str_has_prefix(v->u.text, prefix))
                return true;
    return false;
}

/* What DescribeAlarms asks for; parent is the document of ChildrenOfAlarmName. */
struct wanted {
    struct job *j;
    const struct value *parent;
};

static bool type_is_wanted(struct job *j, const struct value *doc)
{
    const struct value *types = param(j->call, "AlarmTypes");

    if (types && types->count > 0)
        return list_has(types, value_get_str(doc, "Type"));
    /* Source: CloudWatch API Reference, DescribeAlarms, AlarmTypes: only metric alarms when it is
     * omitted, but for those asked for by name. */
    return job_has(j, "AlarmNames") || job_has(j, "ParentsOfAlarmName") || !alarm_is_composite(doc);
}

static bool is_wanted(const struct wanted *w, const struct value *doc)
{
    struct job *j = w->j;
    struct str name = value_get_str(doc, "AlarmName"), state = job_text(j, "StateValue");
    const struct value *names = param(j->call, "AlarmNames");
    struct str parents = job_text(j, "ParentsOfAlarmName");

    if (names && names->count > 0 && !list_has(names, name))
        return false;
    if (job_has(j, "ChildrenOfAlarmName"))
        return w->parent && has_child(j->a, w->parent, name);
    return type_is_wanted(j, doc) && str_has_prefix(name, job_text(j, "AlarmNamePrefix")) &&
           (state.len == 0 || str_eq(state, value_get_str(doc, "StateValue"))) &&
           (!job_has(j, "ActionPrefix") || has_action(doc, job_text(j, "ActionPrefix"))) &&
           (parents.len == 0 || has_child(j->a, doc, parents));
}

HANDLER(cloudwatch, DescribeAlarms)
{
    struct wanted w = { j,
                        job_get(j, ALARM_TYPE, alarm_name_of(job_text(j, "ChildrenOfAlarmName"))) };
    struct value *lists[2] = { value_list(j->a), value_list(j->a) };
    int64_t room = param_int(j->call, "MaxRecords", 50);
    struct doc *docs;
    struct str after, last = { 0 };
    size_t count, i = 0;

    if (!page_after(j->cx, j->call, job_text(j, "NextToken"), &after))
        return job_refuse(j, "InvalidNextToken", "Invalid NextToken");
    if (job_has(j, "AlarmNames") && job_has(j, "AlarmNamePrefix"))
        return job_refuse(j, "ValidationError",
                          "AlarmNamePrefix and AlarmNames must not both be specified.");
    count = job_list(j, ALARM_TYPE, STR(""), &docs);
    for (; i < count; i++) {
        if ((after.len > 0 && str_cmp(docs[i].key.id, after) <= 0) || !is_wanted(&w, docs[i].value))
            continue;
        if (room-- == 0)
            break;
        value_push(lists[alarm_is_composite(docs[i].value)], shown(j->a, docs[i].value));
        last = docs[i].key.id;
    }
    job_answer(j, "MetricAlarms", lists[0]);
    job_answer(j, "CompositeAlarms", lists[1]);
    if (i < count)
        value_put_str(j->a, j->out->output, "NextToken", page_token(j->cx, j->call, last));
    return j->rc;
}

static bool same_dimensions(const struct value *a, const struct value *b)
{
    if ((a ? a->count : 0) != (b ? b->count : 0))
        return false;
    for (const struct value *d = value_first(a); d; d = d->next) {
        const struct value *other = list_find(b, "Name", value_get_str(d, "Name"));

        if (!other || !str_eq(value_get_str(other, "Value"), value_get_str(d, "Value")))
            return false;
    }
    return true;
}

static bool watches(struct job *j, const struct value *metric)
{
    return str_eq(value_get_str(metric, "MetricName"), job_text(j, "MetricName")) &&
           str_eq(value_get_str(metric, "Namespace"), job_text(j, "Namespace")) &&
           same_dimensions(value_get_c(metric, "Dimensions"), param(j->call, "Dimensions"));
}

static bool alarm_watches(struct job *j, const struct value *doc)
{
    static const char *const exact[] = { "Statistic", "ExtendedStatistic", "Unit" };

    for (const struct value *q = value_first(value_get_c(doc, "Metrics")); q; q = q->next)
        if (watches(j, value_get_c(value_get_c(q, "MetricStat"), "Metric")))
            return true;
    if (!watches(j, doc))
        return false;
    for (size_t i = 0; i < COUNT(exact); i++)
        if (job_has(j, exact[i]) && !str_eq(job_text(j, exact[i]), value_get_str(doc, exact[i])))
            return false;
    return !job_has(j, "Period") ||
           param_int(j->call, "Period", 0) == value_get_int(doc, "Period", 0);
}

HANDLER(cloudwatch, DescribeAlarmsForMetric)
{
    struct value *list = value_list(j->a);
    struct doc *docs;
    size_t count = job_list(j, ALARM_TYPE, STR(""), &docs);

    for (size_t i = 0; i < count; i++)
        if (!alarm_is_composite(docs[i].value) && alarm_watches(j, docs[i].value))
            value_push(list, shown(j->a, docs[i].value));
    job_answer(j, "MetricAlarms", list);
    return j->rc;
}

/* ---- changes ---- */

static struct alarm alarm_of(struct job *j, struct str name, struct value *doc)
{
    return (struct alarm){ j->cx->e, j->a, j->account, j->region, name, doc, j->cx->now_ms };
}

static int switch_actions(struct job *j, bool on)
{
    for (const struct value *n = value_first(param(j->call, "AlarmNames")); n && j->rc == 0;
         n = n->next) {
        struct value *doc = job_get(j, ALARM_TYPE, n->u.text);
        struct value *data = value_map(j->a);

        if (!doc || value_get_bool(doc, "ActionsEnabled", true) == on)
            continue;
        value_put_bool(j->a, doc, "ActionsEnabled", on);
        value_put_time(j->a, doc, "AlarmConfigurationUpdatedTimestamp", j->cx->now_ms);
        value_put_c(j->a, data, "version", "1.0");
        value_put_c(j->a, data, "type", "Update");
        value_set(data, STR("updatedAlarm"), value_copy(j->a, doc));
        struct alarm al = alarm_of(j, n->u.text, doc);
        j->rc = alarm_note(&al, "ConfigurationUpdate",
                           arena_printf(j->a, "Alarm \"%.*s\" updated", STR_ARG(al.name)), data,
                           j->err);
        if (j->rc == 0)
            j->rc = alarm_save(&al, j->err);
    }
    return j->rc;
}

HANDLER(cloudwatch, EnableAlarmActions)
{
    return switch_actions(j, true);
}

HANDLER(cloudwatch, DisableAlarmActions)
{
    return switch_actions(j, false);
}

HANDLER(cloudwatch, SetAlarmState)
{
    struct str name = job_text(j, "AlarmName"), data = job_text(j, "StateReasonData");
    struct value *doc = job_get(j, ALARM_TYPE, name), *parsed;
    struct composites all = { j->cx->e, j->a, j->account, j->region, j->cx->now_ms };

    if (!doc)
        return j->rc < 0 ? j->rc : job_refuse(j, "ResourceNotFound", "Alarm does not exist");
    if (data.len > 0 && json_parse(j->a, data, &parsed, NULL) < 0)
        return job_refuse(j, "InvalidFormatFault", "StateReasonData is not valid JSON");
    struct alarm al = alarm_of(j, name, doc);
    j->rc = alarm_change(&al,
                         &(struct state_change){ .to = alarm_state_of(job_text(j, "StateValue")),
                                                 .reason = job_text(j, "StateReason"),
                                                 .reason_data = data },
                         j->err);
    if (j->rc == 0)
        j->rc = composites_settle(&all, j->err);
    return j->rc == 0 ? alarms_changed(j->cx->e, j->err) : j->rc;
}

/* ---- DeleteAlarms ---- */

/* Composite alarms that are not deleted as well and whose rule names it. */
static struct str dependants(struct job *j, struct str name, const struct value *deleted)
{
    struct doc *docs;
    size_t count = job_list(j, ALARM_TYPE, STR(""), &docs), n = 0;
    struct str *found = arena_array(j->a, count, sizeof *found);

    for (size_t i = 0; i < count; i++)
        if (!list_has(deleted, docs[i].key.id) && has_child(j->a, docs[i].value, name))
            found[n++] = docs[i].key.id;
    return arena_join(j->a, found, n, STR(", "));
}

static void delete_one(struct job *j, struct str name, struct value *doc)
{
    struct value *data = value_map(j->a);
    struct alarm al = alarm_of(j, name, doc);

    value_put_c(j->a, data, "version", "1.0");
    value_put_c(j->a, data, "type", "Delete");
    value_set(data, STR("deletedAlarm"), value_copy(j->a, doc));
    j->rc = alarm_note(&al, "ConfigurationUpdate",
                       arena_printf(j->a, "Alarm \"%.*s\" deleted", STR_ARG(name)), data, j->err);
    (void)job_drop(j, ALARM_TYPE, name); /* the failure stands in j->rc */
}

/* Source: CloudWatch API Reference, DeleteAlarms: names that do not exist are passed over; at most
 * one composite alarm; none that a composite alarm depends on. */
HANDLER(cloudwatch, DeleteAlarms)
{
    const struct value *names = param(j->call, "AlarmNames");
    size_t composite = 0;

    for (const struct value *n = value_first(names); n; n = n->next) {
        struct value *doc = job_get(j, ALARM_TYPE, n->u.text);
        struct str needed = doc ? dependants(j, n->u.text, names) : STR("");

        composite += doc && alarm_is_composite(doc);
        if (needed.len > 0)
            return job_refuse(j, "ValidationError",
                              "Cannot delete %.*s as there are composite alarm(s) depending on it, "
                              "[%.*s]",
                              STR_ARG(n->u.text), STR_ARG(needed));
    }
    if (composite > 1)
        return job_refuse(j, "ValidationError",
                          "At most one composite alarm can be deleted in one request.");
    for (const struct value *n = value_first(names); n && j->rc == 0; n = n->next) {
        struct value *doc = job_get(j, ALARM_TYPE, n->u.text);

        if (doc)
            delete_one(j, n->u.text, doc);
    }
    return j->rc == 0 ? alarms_changed(j->cx->e, j->err) : j->rc;
}

/* An alarm here watches one series: it has no contributors. */
HANDLER(cloudwatch, DescribeAlarmContributors)
{
    if (!job_get(j, ALARM_TYPE, job_text(j, "AlarmName")))
        return j->rc < 0 ? j->rc
                         : job_refuse(j, "ResourceNotFoundException", "Alarm does not exist");
    job_answer(j, "AlarmContributors", value_list(j->a));
    return 0;
}
