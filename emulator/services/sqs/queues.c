/* Queues made, found, listed, emptied, deleted; their tags. */
#include "core/aws/ids.h"
#include "emulator/services/messaging.h"
#include "emulator/services/sqs/message.h"

#define TAGS_MOST 50   /* Source: SQS Developer Guide, "Cost allocation tags" */
#define LIST_MOST 1000 /* Source: SQS API Reference, ListQueues, "MaxResults" */

static bool is_name(struct str name)
{
    struct str stem = name;

    if (str_has_suffix(name, STR(".fifo")))
        stem.len -= strlen(".fifo");
    return stem.len > 0 && messaging_is_plain(stem, "-_") && name.len <= SQS_NAME_MOST;
}

static bool check_name(struct job *j, struct str name)
{
    bool wants_fifo = str_eq_c(value_get_str(param(j->call, "Attributes"), "FifoQueue"), "true");

    if (!is_name(name))
        (void)sqs_refuse_value(j, "Can only include alphanumeric characters, hyphens, or "
                                  "underscores. 1 to 80 in length");
    else if (wants_fifo && !str_has_suffix(name, STR(".fifo")))
        (void)sqs_refuse_value(j, "The name of a FIFO queue can only include alphanumeric "
                                  "characters, hyphens, or underscores, must end with .fifo "
                                  "suffix and be 1 to 80 in length.");
    else if (!wants_fifo && str_has_suffix(name, STR(".fifo")))
        (void)sqs_refuse_value(j, "Can only include alphanumeric characters, hyphens, or "
                                  "underscores. 1 to 80 in length");
    return !job_stopped(j);
}

/* Source: SQS API Reference, CreateQueue: a queue of the same name and attributes is answered as if
 * it had been made now. */
static int answer_existing(struct job *j, const struct value *old)
{
    struct sqs_queue q =
        sqs_queue_of(j->a, job_key(j, "Queue", job_text(j, "QueueName")), value_copy(j->a, old));
    const struct value *given = param(j->call, "Attributes");

    for (const struct value *v = value_first(given); v; v = v->next) {
        const char *name = arena_copy(j->a, v->name).ptr;

        if (!str_eq(sqs_attribute(&q, name), v->u.text))
            return job_refuse(j, "QueueNameExists",
                              "A queue already exists with the same name and a different value for "
                              "attribute %s",
                              name);
    }
    job_answer(j, "QueueUrl", value_str(j->a, sqs_url(j, j->account, q.at.id)));
    return 0;
}

/* Source: SQS API Reference, CreateQueue, "QueueDeletedRecently": 60 seconds. */
static bool was_deleted_just_now(struct job *j, struct str name)
{
    const struct value *gone = job_get(j, "Deleted", name);

    return gone && value_get_time(gone, "At", 0) + SQS_MINUTE_MS > j->cx->now_ms;
}

static bool check_tags(struct job *j, const struct value *tags, const struct value *more)
{
    uint32_t count = tags ? tags->count : 0;

    for (const struct value *t = value_first(more); t; t = t->next)
        count += value_get(tags, t->name) == NULL;
    if (tags_reserved(more))
        (void)sqs_refuse_value(j, TAGS_RESERVED);
    else if (count > TAGS_MOST)
        (void)sqs_refuse_value(j, "Too many tags added for queue. The limit is %d.", TAGS_MOST);
    return !job_stopped(j);
}

HANDLER(sqs, CreateQueue)
{
    struct str name = job_text(j, "QueueName");
    const struct value *tags = param(j->call, "tags");

    if (!check_name(j, name))
        return j->rc;
    const struct value *old = job_get(j, "Queue", name);
    if (old && j->rc == 0) {
        struct sqs_queue probe =
            sqs_queue_of(j->a, job_key(j, "Queue", name), value_copy(j->a, old));
        /* Values that no queue may have are refused before they are compared. */
        if (sqs_attributes_set(j, &probe, param(j->call, "Attributes")) < 0 || job_stopped(j))
            return j->rc;
        return answer_existing(j, old);
    }
    if (was_deleted_just_now(j, name))
        return job_refuse(j, "QueueDeletedRecently",
                          "You must wait 60 seconds after deleting a queue before you can create "
                          "another with the same name.");
    struct sqs_queue q = sqs_queue_of(j->a, job_key(j, "Queue", name), value_map(j->a));
    value_set(q.doc, STR("Attributes"), value_map(j->a));
    value_set(q.doc, STR("Tags"), tags ? value_copy(j->a, tags) : value_map(j->a));
    value_put_time(j->a, q.doc, "Created", j->cx->now_ms);
    value_put_time(j->a, q.doc, "Modified", j->cx->now_ms);
    if (!check_tags(j, NULL, tags) || sqs_attributes_set(j, &q, param(j->call, "Attributes")) < 0 ||
        job_stopped(j))
        return j->rc;
    if (job_drop(j, "Deleted", name) < 0)
        return j->rc;
    job_answer(j, "QueueUrl", value_str(j->a, sqs_url(j, j->account, name)));
    return sqs_save(j, &q);
}

HANDLER(sqs, DeleteQueue)
{
    struct store *s = j->cx->e->store;
    struct value *gone = value_map(j->a);
    struct sqs_queue q;

    if (!sqs_find(j, &q))
        return j->rc;
    j->account = q.at.account;
    value_put_time(j->a, gone, "At", j->cx->now_ms);
    j->out->changed = true;
    if ((j->rc = sqs_message_clear(s, &q, j->err)) < 0 ||
        (j->rc = sqs_forget_sent(s, j->a, &q, j->err)) < 0 ||
        job_put(j, "Deleted", q.at.id, gone) < 0 || job_drop(j, "Queue", q.at.id) < 0 ||
        job_drop(j, "Counter", q.at.id) < 0)
        return j->rc;
    return 0;
}

HANDLER(sqs, GetQueueUrl)
{
    struct str name = job_text(j, "QueueName"), owner = job_text(j, "QueueOwnerAWSAccountId");
    struct sqs_queue q;

    if (owner.len == 0)
        owner = j->account;
    int rc = sqs_queue_load(j->cx->e->store, j->a, owner, j->region, name, &q, j->err);
    if (rc == E_MISSING)
        return job_refuse(j, "QueueDoesNotExist", "The specified queue does not exist.");
    if (rc == 0)
        job_answer(j, "QueueUrl", value_str(j->a, sqs_url(j, owner, name)));
    return rc;
}

/* ---- lists ---- */

/* URLs of the names, a page of them. Without MaxResults all, at most 1000, and no token. */
static int answer_urls(struct job *j, const char *member, const struct str *names, size_t count)
{
    int64_t limit = param_int(j->call, "MaxResults", LIST_MOST);
    struct value *urls = value_list(j->a);
    struct str after;
    size_t i = 0;

    if (limit < 1 || limit > LIST_MOST)
        return sqs_refuse_value(j, "Value for parameter MaxResults is invalid. Reason: MaxResults "
                                   "must be an integer between 1 and 1000.");
    if (!page_after(j->cx, j->call, job_text(j, "NextToken"), &after))
        return sqs_refuse_value(j, "Invalid or expired next token.");
    while (after.len > 0 && i < count && str_cmp(names[i], after) <= 0)
        i++;
    for (; i < count && (int64_t)urls->count < limit; i++)
        value_push(urls, value_str(j->a, sqs_url(j, j->account, names[i])));
    if (i < count && job_has(j, "MaxResults"))
        job_answer(j, "NextToken", value_str(j->a, page_token(j->cx, j->call, names[i - 1])));
    if (urls->count > 0 || strcmp(member, "queueUrls") == 0)
        job_answer(j, member, urls);
    else
        (void)outcome_output(j->cx, j->out);
    return j->rc;
}

HANDLER(sqs, ListQueues)
{
    struct doc *docs;
    size_t count = job_list(j, "Queue", job_text(j, "QueueNamePrefix"), &docs);
    struct str *names = arena_array(j->a, count + 1, sizeof *names);

    for (size_t i = 0; i < count; i++)
        names[i] = docs[i].key.id;
    return j->rc < 0 ? j->rc : answer_urls(j, "QueueUrls", names, count);
}

HANDLER(sqs, ListDeadLetterSourceQueues)
{
    struct sqs_queue q;
    struct doc *docs;
    size_t found = 0;

    if (!sqs_find(j, &q))
        return j->rc;
    j->account = q.at.account;
    size_t count = job_list(j, "Queue", STR(""), &docs);
    struct str *names = arena_array(j->a, count + 1, sizeof *names);
    for (size_t i = 0; j->rc == 0 && i < count; i++) {
        struct sqs_queue source = sqs_queue_of(j->a, docs[i].key, docs[i].value), dead;
        int64_t most;
        bool has;

        j->rc = sqs_dead_letters(j->cx->e->store, j->a, &source, &has, &dead, &most, j->err);
        if (has && str_eq(dead.arn, q.arn))
            names[found++] = docs[i].key.id;
    }
    return j->rc < 0 ? j->rc : answer_urls(j, "queueUrls", names, found);
}

/* Source: SQS API Reference, PurgeQueue: once in 60 seconds. */
HANDLER(sqs, PurgeQueue)
{
    struct sqs_queue q;

    if (!sqs_find(j, &q))
        return j->rc;
    if (value_get_time(q.doc, "Purged", INT64_MIN / 2) + SQS_MINUTE_MS > j->cx->now_ms)
        return job_refuse(j, "PurgeQueueInProgress",
                          "Only one PurgeQueue operation on %.*s is allowed every 60 seconds.",
                          STR_ARG(q.at.id));
    value_put_time(j->a, q.doc, "Purged", j->cx->now_ms);
    j->rc = sqs_message_clear(j->cx->e->store, &q, j->err);
    return j->rc < 0 ? j->rc : sqs_save(j, &q);
}

/* ---- tags ---- */

HANDLER(sqs, TagQueue)
{
    const struct value *more = param(j->call, "Tags");
    struct sqs_queue q;

    if (!sqs_find(j, &q))
        return j->rc;
    if (!value_first(more))
        return sqs_refuse_missing(j, "Tags");
    struct value *tags = value_get_c(q.doc, "Tags");
    if (!check_tags(j, tags, more))
        return j->rc;
    for (const struct value *t = value_first(more); t; t = t->next)
        value_set(tags, t->name, value_copy(j->a, t));
    return sqs_save(j, &q);
}

HANDLER(sqs, UntagQueue)
{
    const struct value *keys = param(j->call, "TagKeys");
    struct sqs_queue q;

    if (!sqs_find(j, &q))
        return j->rc;
    if (!value_first(keys))
        return sqs_refuse_value(j, "Tag keys must be between 1 and 128 characters in length.");
    for (const struct value *k = value_first(keys); k; k = k->next)
        (void)value_remove(value_get_c(q.doc, "Tags"), k->u.text); /* absent is no error */
    return sqs_save(j, &q);
}

HANDLER(sqs, ListQueueTags)
{
    struct sqs_queue q;

    if (!sqs_find(j, &q))
        return j->rc;
    if (value_first(value_get_c(q.doc, "Tags")))
        job_answer(j, "Tags", value_copy(j->a, value_get_c(q.doc, "Tags")));
    else
        (void)outcome_output(j->cx, j->out);
    return 0;
}
