#include "emulator/services/logs/filters.h"

#include <math.h>

#include "core/base/mem.h"
#include "emulator/services/cloudwatch/metrics.h"
#include "emulator/services/logs/memory.h"
#include "emulator/telemetry/telemetry.h"

enum { DIMENSIONS_MOST = 3 }; /* Source: CloudWatch Logs API Reference, "MetricTransformation" */

#define PARCEL_BYTES 160000 /* of messages: zipped and in base64 it fits a queue's 256 KiB */

struct metric_filter {
    struct metric_filter *next;
    struct doc_key key;
    struct log_pattern *pattern;
    struct str namespace_, name;
    const char *unit;
    struct log_pattern_selector *value; /* NULL: number */
    double number;
    bool has_default;
    struct str dimension_names[DIMENSIONS_MOST];
    struct log_pattern_selector *dimensions[DIMENSIONS_MOST];
    size_t dimension_count;
    int64_t noted_minute; /* what logs_default_note was told last */
    bool is_noted, is_noted_match;
};

struct subscription {
    struct subscription *next;
    struct str name, destination_arn;
    struct log_pattern *pattern;
};

struct logs_filters {
    struct logs_filters *next; /* in memory */
    struct str id;             /* ACCOUNT/REGION/GROUP */
    struct metric_filter *metrics;
    struct subscription *subscriptions;
    size_t subscription_count;
};

/* ---- compiled from their documents ---- */

static int compile_dimensions(struct arena *a, struct metric_filter *f, const struct value *t,
                              struct err *err)
{
    int rc = 0;

    for (const struct value *d = value_first(value_get_c(t, "dimensions"));
         rc == 0 && d && f->dimension_count < DIMENSIONS_MOST; d = d->next) {
        size_t i = f->dimension_count++;
        /* in order of name, as metrics want them */
        for (; i > 0 && str_cmp(f->dimension_names[i - 1], d->name) > 0; i--) {
            f->dimension_names[i] = f->dimension_names[i - 1];
            f->dimensions[i] = f->dimensions[i - 1];
        }
        f->dimension_names[i] = d->name;
        rc = log_pattern_selector_parse(a, f->pattern, d->u.text, &f->dimensions[i], err);
    }
    return rc;
}

static int compile_metric(struct arena *a, const struct doc *doc, struct metric_filter **out,
                          struct err *err)
{
    struct metric_filter *f = arena_alloc(a, sizeof *f);
    const struct value *t = value_at(value_get_c(doc->value, "metricTransformations"), 0);
    struct str value = value_get_str(t, "metricValue"), unit = value_get_str(t, "unit");
    int rc = log_pattern_parse(a, value_get_str(doc->value, "filterPattern"), &f->pattern, err);

    f->key = doc->key;
    f->namespace_ = value_get_str(t, "metricNamespace");
    f->name = value_get_str(t, "metricName");
    f->unit = unit.len > 0 ? arena_copy(a, unit).ptr : "None";
    f->has_default = value_get_c(t, "defaultValue") != NULL;
    if (rc == 0 && !str_to_f64(value, &f->number))
        rc = log_pattern_selector_parse(a, f->pattern, value, &f->value, err);
    *out = f;
    return rc < 0 ? rc : compile_dimensions(a, f, t, err);
}

static struct doc_key parts_of(struct arena *a, struct doc_key group, const char *type)
{
    group.type = str_c(type);
    group.id = logs_part_id(a, group.id, STR(""));
    return group;
}

static int load_metrics(struct store *s, struct arena *a, struct doc_key group,
                        struct logs_filters *f, struct err *err)
{
    struct metric_filter **last = &f->metrics;
    struct doc *docs;
    size_t count;
    int rc =
        store_doc_list(s, a, parts_of(a, group, "MetricFilter"), STR(""), 0, &docs, &count, err);

    for (size_t i = 0; rc == 0 && i < count; i++) {
        rc = compile_metric(a, &docs[i], last, err);
        last = &(*last)->next;
    }
    return rc;
}

static int load_subscriptions(struct store *s, struct arena *a, struct doc_key group,
                              struct logs_filters *f, struct err *err)
{
    struct subscription **last = &f->subscriptions;
    struct doc *docs;
    size_t count;
    int rc = store_doc_list(s, a, parts_of(a, group, "SubscriptionFilter"), STR(""), 0, &docs,
                            &count, err);

    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct subscription *sub = arena_alloc(a, sizeof *sub);
        sub->name = value_get_str(docs[i].value, "filterName");
        sub->destination_arn = value_get_str(docs[i].value, "destinationArn");
        rc =
            log_pattern_parse(a, value_get_str(docs[i].value, "filterPattern"), &sub->pattern, err);
        *last = sub;
        last = &sub->next;
        f->subscription_count++;
    }
    return rc;
}

/* What was noted holds within one transaction. */
static void forget_minutes(struct logs_filters *f)
{
    for (struct metric_filter *m = f->metrics; m; m = m->next)
        m->is_noted = false;
}

int logs_filters_get(struct engine *e, struct arena *a, struct doc_key group,
                     struct logs_filters **out, struct err *err)
{
    struct logs_memory *m = logs_memory(e);
    struct arena *home = m ? &m->filters_arena : a;
    struct logs_filters *f;
    struct str id = arena_printf(a, "%.*s/%.*s/%.*s", STR_ARG(group.account), STR_ARG(group.region),
                                 STR_ARG(group.id));

    for (f = m ? m->filters : NULL; f; f = f->next)
        if (str_eq(f->id, id)) {
            forget_minutes(f);
            *out = f;
            return 0;
        }
    f = arena_alloc(home, sizeof *f);
    f->id = arena_copy(home, id);
    int rc = load_metrics(e->store, home, group, f, err);
    if (rc == 0)
        rc = load_subscriptions(e->store, home, group, f, err);
    if (rc == 0 && m) {
        f->next = m->filters;
        m->filters = f;
    }
    *out = f;
    return rc;
}

void logs_filters_forget(struct engine *e)
{
    struct logs_memory *m = logs_memory(e);

    if (!m)
        return;
    arena_free(&m->filters_arena);
    m->filters = NULL;
}

/* ---- an event ---- */

/* Source: CloudWatch Logs User Guide, "Publishing numerical values": the value's number, at the
 * event's time; where it is none, nothing is published. */
static int publish(const struct metric_filter *f, struct logs_passing *p,
                   struct log_pattern_subject *s, struct err *err)
{
    struct metric_dimension dimensions[DIMENSIONS_MOST];
    double number = f->number;
    struct str text;

    if (f->value && (!log_pattern_select(f->pattern, f->value, s, &text) ||
                     !str_to_f64(text, &number) || !isfinite(number)))
        return 0;
    for (size_t i = 0; i < f->dimension_count; i++) {
        if (!log_pattern_select(f->pattern, f->dimensions[i], s, &text))
            return 0; /* Source: the same, "dimensions": an event without one makes no datapoint */
        dimensions[i] = (struct metric_dimension){ f->dimension_names[i], text };
    }
    struct metric_datum d = { .account = p->group.account,
                              .region = p->group.region,
                              .namespace_ = f->namespace_,
                              .name = f->name,
                              .dimensions = dimensions,
                              .dimension_count = f->dimension_count,
                              .unit = f->unit,
                              .time_ms = p->event->time_ms,
                              .count = 1,
                              .sum = number,
                              .least = number,
                              .most = number };
    return logs_metric(p->e, &d, err);
}

/* A minute is noted at its first event and at its first match: others change nothing. */
static int note_default(struct metric_filter *f, struct logs_passing *p, bool matched,
                        struct err *err)
{
    int64_t minute = p->event->time_ms / 60000;

    if (f->is_noted && f->noted_minute == minute && (f->is_noted_match || !matched))
        return 0;
    f->is_noted = true;
    f->noted_minute = minute;
    f->is_noted_match = matched;
    return logs_default_note(p->e, p->scratch, f->key, p->event->time_ms, matched, err);
}

static void gather(struct logs_passing *p, struct logs_gathered *g)
{
    struct logs_matched *m = arena_alloc(p->kept, sizeof *m);

    m->id = logs_event_id_write(p->kept, p->id);
    m->time_ms = p->event->time_ms;
    m->message = arena_copy(p->kept, p->event->message);
    if (!g->first)
        g->last = &g->first;
    *g->last = m;
    g->last = &m->next;
    g->bytes += m->message.len;
}

size_t logs_subscription_count(const struct logs_filters *f)
{
    return f->subscription_count;
}

int logs_filters_pass(struct logs_filters *f, struct logs_passing *p, struct err *err)
{
    struct log_pattern_subject s = { .a = p->scratch,
                                     .message = p->event->message,
                                     .json = p->parsed };
    struct logs_gathered *g = p->gathered;
    bool is_full = false;
    int rc = 0;

    for (struct metric_filter *m = f->metrics; rc == 0 && m; m = m->next) {
        bool matched = log_pattern_match(m->pattern, &s);
        if (matched)
            rc = publish(m, p, &s, err);
        if (rc == 0 && m->has_default)
            rc = note_default(m, p, matched, err);
    }
    for (const struct subscription *sub = f->subscriptions; sub; sub = sub->next, g++) {
        if (log_pattern_match(sub->pattern, &s))
            gather(p, g);
        is_full |= g->bytes > PARCEL_BYTES;
    }
    return rc == 0 && is_full ? logs_filters_send(f, p, err) : rc;
}

/* ---- what subscriptions get ---- */

/* Source: CloudWatch Logs User Guide, "Subscription filters": the payload. */
static struct value *payload(struct arena *a, const struct logs_passing *p, struct str filter,
                             const struct logs_gathered *g)
{
    struct value *v = value_map(a), *events = value_list(a), *names = value_list(a);

    value_put_c(a, v, "messageType", "DATA_MESSAGE");
    value_put_str(a, v, "owner", p->group.account);
    value_put_str(a, v, "logGroup", p->group.id);
    value_put_str(a, v, "logStream", p->stream);
    value_push(names, value_str(a, filter));
    value_set(v, STR("subscriptionFilters"), names);
    for (const struct logs_matched *m = g->first; m; m = m->next) {
        struct value *event = value_map(a);
        value_put_str(a, event, "id", m->id);
        value_put_int(a, event, "timestamp", m->time_ms);
        value_set(event, STR("message"), value_str(a, m->message));
        value_push(events, event);
    }
    value_set(v, STR("logEvents"), events);
    return v;
}

int logs_filters_send(const struct logs_filters *f, struct logs_passing *p, struct err *err)
{
    struct logs_gathered *g = p->gathered;
    int rc = 0;

    for (const struct subscription *sub = f->subscriptions; rc == 0 && sub; sub = sub->next, g++) {
        struct value *v;
        if (!g->first)
            continue;
        v = payload(p->kept, p, sub->name, g);
        rc = logs_parcel_send(&(struct logs_parcel){ p->e, p->kept, p->group, sub->name,
                                                     sub->destination_arn, v,
                                                     value_get_c(v, "logEvents")->count },
                              err);
        *g = (struct logs_gathered){ 0 };
    }
    return rc;
}
