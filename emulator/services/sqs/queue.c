#include "emulator/services/sqs/queue.h"

#include "core/aws/arn.h"
#include "core/aws/ids.h"
#include "core/aws/region.h"
#include "emulator/services/resource_policy.h"
#include "emulator/services/sqs/gauges.h"

struct sqs_queue sqs_queue_of(struct arena *a, struct doc_key at, struct value *doc)
{
    struct str partition = region_partition(at.region);

    return (struct sqs_queue){
        .at = at,
        .arn = arena_printf(a, "arn:%.*s:sqs:%.*s:%.*s:%.*s", STR_ARG(partition),
                            STR_ARG(at.region), STR_ARG(at.account), STR_ARG(at.id)),
        .series = arena_printf(a, "%.*s/%.*s/%.*s", STR_ARG(at.account), STR_ARG(at.region),
                               STR_ARG(at.id)),
        .doc = doc,
        .is_fifo = str_has_suffix(at.id, STR(".fifo")),
    };
}

int sqs_queue_load(struct store *s, struct arena *a, struct str account, struct str region,
                   struct str name, struct sqs_queue *out, struct err *err)
{
    struct doc_key at = { account, region, STR("sqs"), STR("Queue"), name };
    struct value *doc;
    int rc = store_doc_get(s, a, at, &doc, err);

    if (rc == 0)
        *out = sqs_queue_of(a, at, doc);
    return rc;
}

int sqs_queue_load_arn(struct store *s, struct arena *a, struct str arn, struct sqs_queue *out,
                       struct err *err)
{
    struct arn parts;

    if (arn_parse(arn, &parts, NULL) < 0 || !str_eq_c(parts.service, "sqs"))
        return E_MISSING;
    return sqs_queue_load(s, a, parts.account, parts.region, parts.resource, out, err);
}

bool sqs_url_parts(struct str url, struct str *account, struct str *name)
{
    struct str rest, scheme;
    ptrdiff_t after = str_find(url, STR("://"));

    *account = (struct str){ 0 };
    if (after >= 0)
        url = str_sub(url, (size_t)after + 3, url.len);
    while (str_has_suffix(url, STR("/")))
        url.len--;
    if (!str_rcut(url, '/', &rest, name)) {
        *name = url; /* a bare name: a queue of the caller */
        return url.len > 0 && after < 0;
    }
    if (!str_rcut(rest, '/', &scheme, account))
        *account = rest;
    return name->len > 0 && ids_is_account(*account);
}

struct str sqs_url(struct job *j, struct str account, struct str name)
{
    const struct call *call = j->call;

    if (call->host.len > 0 && call->door == DOOR_HTTP)
        return arena_printf(j->a, "http://%.*s/%.*s/%.*s", STR_ARG(call->host), STR_ARG(account),
                            STR_ARG(name));
    return arena_printf(j->a, "https://sqs.%.*s.%s/%.*s/%.*s", STR_ARG(j->region),
                        region_find(j->region) ? region_find(j->region)->dns_suffix
                                               : "amazonaws.com",
                        STR_ARG(account), STR_ARG(name));
}

/* Source: SQS Developer Guide, "Limitations of custom policies": of a batch the single operation is
 * asked. */
static struct str action_of(struct job *j)
{
    struct str action = j->call->action;

    if (str_has_suffix(action, STR("Batch")))
        action.len -= strlen("Batch");
    return arena_printf(j->a, "sqs:%.*s", STR_ARG(action));
}

static bool is_denied(struct job *j, const struct sqs_queue *q)
{
    struct resource_question question = { .policy = sqs_attribute(q, "Policy"),
                                          .action = action_of(j),
                                          .arn = q->arn };

    if (resource_policy_judge(j->cx, j->call, &question) != POLICY_DENY)
        return false;
    outcome_refuse(j->a, j->out, 403, "AccessDenied",
                   "User: %.*s is not authorized to perform: %.*s on resource: %.*s with an "
                   "explicit deny in a resource-based policy",
                   STR_ARG(j->call->who->arn), STR_ARG(question.action), STR_ARG(q->arn));
    return true;
}

bool sqs_find(struct job *j, struct sqs_queue *q)
{
    struct str url = job_text(j, "QueueUrl"), account, name;

    if (!sqs_url_parts(url, &account, &name)) {
        (void)job_refuse(j, "InvalidAddress", "The address %.*s is not valid for this endpoint.",
                         STR_ARG(url));
        return false;
    }
    if (account.len == 0)
        account = j->account;
    int rc = sqs_queue_load(j->cx->e->store, j->a, account, j->region, name, q, j->err);
    if (rc == E_MISSING)
        (void)job_refuse(j, "QueueDoesNotExist", "The specified queue does not exist.");
    else
        j->rc = rc;
    if (rc < 0)
        return false;
    j->out->owner = account;
    return !is_denied(j, q) && sqs_gauges_used(j, q) == 0;
}

int sqs_save(struct job *j, const struct sqs_queue *q)
{
    j->out->changed = true;
    j->rc = store_doc_put(j->cx->e->store, q->at, q->doc, j->err);
    return j->rc;
}

int sqs_refuse_missing(struct job *j, const char *parameter)
{
    return job_refuse(j, "MissingParameter", "The request must contain the parameter %s.",
                      parameter);
}
