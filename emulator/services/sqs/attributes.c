/* What a queue is set to: checked as SQS does, defaults where nothing was given. */
#include "core/aws/arn.h"
#include "core/aws/policy.h"
#include "core/codec/json.h"
#include "emulator/services/sqs/message.h"

#define SOURCES_MOST 10 /* Source: SQS API Reference, SetQueueAttributes, "sourceQueueArns" */

enum kind { NUMBER, BOOL, TEXT, POLICY, REDRIVE, ALLOW, SCOPE, LIMIT, COMPUTED };

static const struct row {
    const char *name;
    enum kind kind;
    int64_t least, most;
    const char *fallback;
} rows[] = {
#define ATTRIBUTE(name, kind, least, most, fallback) { #name, kind, least, most, fallback },
#include "emulator/services/sqs/attributes.def"
#undef ATTRIBUTE
};

static const struct row *row_find(struct str name)
{
    for (size_t i = 0; i < COUNT(rows); i++)
        if (str_eq_c(name, rows[i].name))
            return &rows[i];
    return NULL;
}

/* Source: SQS API Reference, CreateQueue: what a FIFO queue has beyond the others' defaults. */
static const char *fifo_default(const char *name)
{
    static const char *const defaults[][2] = {
        { "FifoQueue", "true" },
        { "ContentBasedDeduplication", "false" },
        { "DeduplicationScope", "queue" },
        { "FifoThroughputLimit", "perQueue" },
    };

    for (size_t i = 0; i < COUNT(defaults); i++)
        if (strcmp(defaults[i][0], name) == 0)
            return defaults[i][1];
    return "";
}

struct str sqs_attribute(const struct sqs_queue *q, const char *name)
{
    const struct value *given = value_get_c(value_get_c(q->doc, "Attributes"), name);
    const struct row *row = row_find(str_c(name));

    if (given)
        return given->u.text;
    if (str_eq_c(str_c(name), "KmsDataKeyReusePeriodSeconds") &&
        sqs_attribute(q, "KmsMasterKeyId").len > 0)
        return STR("300");
    /* A key of KMS takes the place of SQS's own. */
    if (str_eq_c(str_c(name), "SqsManagedSseEnabled") && sqs_attribute(q, "KmsMasterKeyId").len > 0)
        return STR("false");
    if (row->fallback[0] || !q->is_fifo)
        return str_c(row->fallback);
    return str_c(fifo_default(name));
}

int64_t sqs_attribute_int(const struct sqs_queue *q, const char *name)
{
    int64_t n = 0;

    (void)str_to_i64(sqs_attribute(q, name), &n); /* checked when it was set */
    return n;
}

bool sqs_attribute_is(const struct sqs_queue *q, const char *name)
{
    return str_eq_c(sqs_attribute(q, name), "true");
}

/* ---- what is refused ---- */

struct setting {
    struct job *j;
    struct sqs_queue *q;
    const struct row *row;
    struct str text;
};

static void refuse(struct setting *s)
{
    (void)job_refuse(s->j, "InvalidAttributeValue", "Invalid value for the parameter %s.",
                     s->row->name);
}

static void refuse_reason(struct setting *s, const char *reason)
{
    (void)sqs_refuse_value(s->j, "Value %.*s for parameter %s is invalid. Reason: %s",
                           STR_ARG(s->text), s->row->name, reason);
}

static void check_number(struct setting *s)
{
    int64_t n;

    if (!str_to_i64(s->text, &n) || n < s->row->least || n > s->row->most)
        refuse(s);
}

static void check_words(struct setting *s, const char *one, const char *other)
{
    if (!str_eq_c(s->text, one) && !str_eq_c(s->text, other))
        refuse(s);
}

static void check_fifo_words(struct setting *s, const char *one, const char *other)
{
    if (!s->q->is_fifo)
        (void)job_refuse(s->j, "InvalidAttributeName", "Unknown Attribute %s.", s->row->name);
    else
        check_words(s, one, other);
}

static void check_policy(struct setting *s)
{
    struct policy *policy;

    if (policy_parse(s->j->a, s->text, POLICY_RESOURCE, &policy, NULL) < 0)
        refuse(s);
}

static struct value *object_of(struct setting *s)
{
    struct value *doc;

    if (json_parse(s->j->a, s->text, &doc, NULL) < 0 || doc->kind != VALUE_MAP)
        return NULL;
    return doc;
}

/* May q be a source of the dead-letter queue? Source: SQS API Reference, "RedriveAllowPolicy". */
static bool allows(struct job *j, const struct sqs_queue *dead, const struct sqs_queue *q)
{
    struct value *policy;
    struct str text = sqs_attribute(dead, "RedriveAllowPolicy");

    if (text.len == 0 || json_parse(j->a, text, &policy, NULL) < 0)
        return true;
    struct str kind = value_get_str(policy, "redrivePermission");
    if (str_eq_c(kind, "denyAll"))
        return false;
    return !str_eq_c(kind, "byQueue") || list_has(value_get_c(policy, "sourceQueueArns"), q->arn);
}

static void check_dead_letters(struct setting *s, struct str arn)
{
    struct sqs_queue dead;
    struct arn parts;

    if (arn_parse(arn, &parts, NULL) < 0 || !str_eq_c(parts.service, "sqs")) {
        refuse_reason(s, "Invalid value for deadLetterTargetArn.");
        return;
    }
    if (!str_eq(parts.account, s->q->at.account) || !str_eq(parts.region, s->q->at.region)) {
        refuse_reason(s, "Dead-letter target owner should be same as the source.");
        return;
    }
    if (str_eq(arn, s->q->arn)) {
        refuse_reason(s, "Dead-letter queue must be another queue than the source.");
        return;
    }
    int rc = sqs_queue_load_arn(s->j->cx->e->store, s->j->a, arn, &dead, s->j->err);
    if (rc == E_MISSING)
        refuse_reason(s, "Dead letter target does not exist.");
    else if (rc < 0)
        s->j->rc = rc;
    else if (dead.is_fifo != s->q->is_fifo)
        refuse_reason(s, "Dead-letter queue must be same type of queue as the source.");
    else if (!allows(s->j, &dead, s->q))
        refuse_reason(s, "Queue's RedriveAllowPolicy does not permit this source queue.");
}

/* Source: SQS API Reference, SetQueueAttributes, "RedrivePolicy"; messages as moto has them. */
static void check_redrive(struct setting *s)
{
    const struct value *policy = object_of(s);
    int64_t most;

    if (!policy) {
        refuse_reason(s, "Redrive policy is not a valid JSON map.");
        return;
    }
    if (!value_get_c(policy, "deadLetterTargetArn")) {
        refuse_reason(s, "Redrive policy does not contain mandatory attribute: "
                         "deadLetterTargetArn.");
        return;
    }
    if (!value_get_c(policy, "maxReceiveCount")) {
        refuse_reason(s, "Redrive policy does not contain mandatory attribute: maxReceiveCount.");
        return;
    }
    struct str count = value_to_text(s->j->a, value_get_c(policy, "maxReceiveCount"));
    if (!str_to_i64(count, &most) || most < 1 || most > 1000)
        refuse_reason(s, "Invalid value for maxReceiveCount: must be an integer between 1 and "
                         "1000.");
    else
        check_dead_letters(s, value_get_str(policy, "deadLetterTargetArn"));
}

static void check_allow(struct setting *s)
{
    const struct value *policy = object_of(s), *sources;
    struct str kind = value_get_str(policy, "redrivePermission");

    sources = value_get_c(policy, "sourceQueueArns");
    if (!policy) {
        refuse_reason(s, "Redrive allow policy is not a valid JSON map.");
    } else if (str_eq_c(kind, "byQueue")) {
        if (!sources || sources->kind != VALUE_LIST || sources->count == 0 ||
            sources->count > SOURCES_MOST)
            refuse_reason(s, "Redrive allow policy must name 1 to 10 source queues.");
    } else if ((!str_eq_c(kind, "allowAll") && !str_eq_c(kind, "denyAll")) || sources) {
        refuse_reason(s, "Invalid redrivePermission, or sourceQueueArns without byQueue.");
    }
}

/* A name ends in .fifo exactly when the queue is one, for ever. */
static void check_is_fifo(struct setting *s)
{
    if (!str_eq_c(s->text, "true") && !str_eq_c(s->text, "false"))
        refuse(s);
    else if (!s->q->is_fifo || !str_eq_c(s->text, "true"))
        (void)job_refuse(s->j, "InvalidAttributeName", "Unknown Attribute FifoQueue.");
}

static void check(struct setting *s)
{
    bool is_fifo_only = str_eq_c(str_c(s->row->name), "ContentBasedDeduplication");

    switch (s->row->kind) {
    case NUMBER:
        check_number(s);
        break;
    case BOOL:
        if (str_eq_c(str_c(s->row->name), "FifoQueue"))
            check_is_fifo(s);
        else if (is_fifo_only)
            check_fifo_words(s, "true", "false");
        else
            check_words(s, "true", "false");
        break;
    case TEXT:
        break;
    case POLICY:
        check_policy(s);
        break;
    case REDRIVE:
        check_redrive(s);
        break;
    case ALLOW:
        check_allow(s);
        break;
    case SCOPE:
        check_fifo_words(s, "messageGroup", "queue");
        break;
    case LIMIT:
        check_fifo_words(s, "perQueue", "perMessageGroupId");
        break;
    case COMPUTED:
        (void)job_refuse(s->j, "InvalidAttributeName", "Unknown Attribute %s.", s->row->name);
        break;
    }
}

/* An empty policy takes the one away that was there. */
static bool removes(const struct row *row, struct str text)
{
    return text.len == 0 &&
           (row->kind == POLICY || row->kind == REDRIVE || row->kind == ALLOW || row->kind == TEXT);
}

int sqs_attributes_set(struct job *j, struct sqs_queue *q, const struct value *given)
{
    struct value *all = value_get_c(q->doc, "Attributes");

    for (const struct value *v = value_first(given); v && !job_stopped(j); v = v->next) {
        struct setting s = { j, q, row_find(v->name), v->u.text };

        if (!s.row)
            return job_refuse(j, "InvalidAttributeName", "Unknown Attribute %.*s.",
                              STR_ARG(v->name));
        if (removes(s.row, s.text)) {
            (void)value_remove(all, v->name); /* absent is no error */
            continue;
        }
        check(&s);
        value_put_str(j->a, all, s.row->name, s.text);
    }
    if (!job_stopped(j) && str_eq_c(sqs_attribute(q, "FifoThroughputLimit"), "perMessageGroupId") &&
        !str_eq_c(sqs_attribute(q, "DeduplicationScope"), "messageGroup"))
        return sqs_refuse_value(j, "The perMessageGroupId value is allowed only when the value for "
                                   "DeduplicationScope is messageGroup.");
    return j->rc;
}

HANDLER(sqs, SetQueueAttributes)
{
    struct sqs_queue q;

    if (!sqs_find(j, &q) || sqs_attributes_set(j, &q, param(j->call, "Attributes")) < 0 ||
        job_stopped(j))
        return j->rc;
    value_put_time(j->a, q.doc, "Modified", j->cx->now_ms);
    return sqs_save(j, &q);
}

/* ---- what is answered ---- */

static struct value *computed(struct job *j, const struct sqs_queue *q)
{
    struct value *m = value_map(j->a);
    struct sqs_counts n = { 0 };
    int64_t created_ms = value_get_time(q->doc, "Created", 0);

    j->rc = sqs_message_counts(j->cx->e->store, q, j->cx->now_ms, &n, j->err);
    value_put_str(j->a, m, "QueueArn", q->arn);
    value_put_int(j->a, m, "CreatedTimestamp", created_ms / 1000);
    value_put_int(j->a, m, "LastModifiedTimestamp",
                  value_get_time(q->doc, "Modified", created_ms) / 1000);
    value_put_int(j->a, m, "ApproximateNumberOfMessages", n.visible);
    value_put_int(j->a, m, "ApproximateNumberOfMessagesNotVisible", n.hidden);
    value_put_int(j->a, m, "ApproximateNumberOfMessagesDelayed", n.delayed);
    return m;
}

HANDLER(sqs, GetQueueAttributes)
{
    const struct value *names = param(j->call, "AttributeNames");
    struct value *answer = value_map(j->a);
    struct sqs_queue q;

    if (!sqs_find(j, &q))
        return j->rc;
    for (const struct value *n = value_first(names); n; n = n->next)
        if (!row_find(n->u.text) && !str_eq_c(n->u.text, "All"))
            return job_refuse(j, "InvalidAttributeName", "Unknown Attribute %.*s.",
                              STR_ARG(n->u.text));
    if (sqs_message_expire(j->cx->e->store, j->a, &q, j->cx->now_ms, j->err) < 0)
        return j->rc = E_IO;
    const struct value *all = computed(j, &q);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct str text = rows[i].kind == COMPUTED
                              ? value_to_text(j->a, value_get_c(all, rows[i].name))
                              : sqs_attribute(&q, rows[i].name);
        if (text.len > 0 && (list_has(names, str_c(rows[i].name)) || list_has(names, STR("All"))))
            value_put_str(j->a, answer, rows[i].name, text);
    }
    if (value_first(answer))
        job_answer(j, "Attributes", answer);
    return j->rc;
}
