/* Connections and API destinations: made, shown, changed, removed. What a connection knows of
 * secrets stays in its document. */
#include "core/aws/arn.h"
#include "core/aws/region.h"
#include "emulator/services/events/ops.h"

static const char *const times[] = { "CreationTime", "LastModifiedTime", NULL };

/* NAME and a UUID, as both kinds have it. */
static struct str new_arn(struct job *j, const char *kind, struct str name)
{
    return arena_printf(j->a, "arn:%.*s:events:%.*s:%.*s:%s/%.*s/%.*s",
                        STR_ARG(region_partition(j->region)), STR_ARG(j->region),
                        STR_ARG(j->account), kind, STR_ARG(name), STR_ARG(job_uuid(j)));
}

static void touch(struct job *j, struct value *doc)
{
    if (!value_get_c(doc, "CreationTime"))
        value_put_time(j->a, doc, "CreationTime", j->cx->now_ms);
    value_put_time(j->a, doc, "LastModifiedTime", j->cx->now_ms);
}

static int exists(struct job *j, const char *what, struct str name)
{
    return job_refuse(j, "ResourceAlreadyExistsException", "%s %.*s already exists.", what,
                      STR_ARG(name));
}

static int not_performed(struct job *j, const char *text)
{
    outcome_refuse(j->a, j->out, 501, "NotImplemented", "%s", text);
    return 0;
}

/* ---- connections ---- */

static struct value *connection(struct job *j)
{
    struct value *doc = job_get(j, "Connection", job_text(j, "Name"));

    if (!doc && !job_stopped(j))
        events_missing(j, "Connection '%.*s' does not exist.", STR_ARG(job_text(j, "Name")));
    return doc;
}

/* Which parameters each kind needs. Source: EventBridge API Reference, "CreateConnection". */
static bool connection_ok(struct job *j, struct str kind)
{
    const struct value *auth = param(j->call, "AuthParameters");
    bool is_basic = str_eq_c(kind, "BASIC");
    const char *needed = is_basic ? "BasicAuthParameters" : "ApiKeyAuthParameters";

    if (str_eq_c(kind, "OAUTH_CLIENT_CREDENTIALS"))
        not_performed(j, "mocktrail asks no OAuth server: a connection is BASIC or API_KEY.");
    else if (job_has(j, "InvocationConnectivityParameters") ||
             value_get_c(auth, "ConnectivityParameters"))
        not_performed(j, "mocktrail has no private connectivity.");
    else if (auth && !value_get_c(auth, needed))
        job_refuse(j, "ValidationException", "Parameter %s is required for %.*s.", needed,
                   STR_ARG(kind));
    return !outcome_refused(j->out);
}

static int answer_connection(struct job *j, const struct value *doc)
{
    static const char *const shown[] = { "ConnectionArn",    "ConnectionState",    "CreationTime",
                                         "LastModifiedTime", "LastAuthorizedTime", NULL };

    job_copy(j, outcome_output(j->cx, j->out), doc, shown);
    return j->rc;
}

static int put_connection(struct job *j, struct value *doc)
{
    static const char *const given[] = { "Name",           "Description",      "AuthorizationType",
                                         "AuthParameters", "KmsKeyIdentifier", NULL };

    job_copy(j, doc, j->call->params, given);
    value_put_c(j->a, doc, "ConnectionState", "AUTHORIZED");
    touch(j, doc);
    value_put_time(j->a, doc, "LastAuthorizedTime", j->cx->now_ms);
    (void)job_put(j, "Connection", job_text(j, "Name"), doc); /* j->rc tells */
    return answer_connection(j, doc);
}

HANDLER(events, CreateConnection)
{
    struct str name = job_text(j, "Name");
    struct value *doc = value_map(j->a);

    if (!connection_ok(j, job_text(j, "AuthorizationType")))
        return j->rc;
    if (job_get(j, "Connection", name))
        return exists(j, "Connection", name);
    value_put_str(j->a, doc, "ConnectionArn", new_arn(j, "connection", name));
    return put_connection(j, doc);
}

HANDLER(events, UpdateConnection)
{
    struct value *doc = connection(j);
    struct str kind = job_text(j, "AuthorizationType");

    if (!doc || !connection_ok(j, kind.len > 0 ? kind : value_get_str(doc, "AuthorizationType")))
        return j->rc;
    return put_connection(j, doc);
}

HANDLER(events, DeleteConnection)
{
    struct value *doc = connection(j);

    if (!doc)
        return j->rc;
    value_put_c(j->a, doc, "ConnectionState", "DELETING");
    (void)job_drop(j, "Connection", job_text(j, "Name")); /* j->rc tells */
    return answer_connection(j, doc);
}

HANDLER(events, DeauthorizeConnection)
{
    struct value *doc = connection(j);

    if (!doc)
        return j->rc;
    value_put_c(j->a, doc, "ConnectionState", "DEAUTHORIZED");
    (void)value_remove(doc, STR("AuthParameters")); /* a second time: they are gone */
    touch(j, doc);
    (void)job_put(j, "Connection", job_text(j, "Name"), doc); /* j->rc tells */
    return answer_connection(j, doc);
}

/* Headers and the like, without the values that are secret. */
static struct value *without_secrets(struct job *j, const struct value *http)
{
    struct value *copy = value_copy(j->a, http);

    for (struct value *list = value_first(copy); list; list = list->next)
        for (struct value *k = value_first(list); k; k = k->next)
            if (value_get_bool(k, "IsValueSecret", true))
                (void)value_remove(k, STR("Value")); /* it may have none */
    return copy;
}

static struct value *shown_auth(struct job *j, const struct value *auth)
{
    const struct value *http = value_get_c(auth, "InvocationHttpParameters");
    struct value *out = value_map(j->a), *part = value_map(j->a);

    job_copy(j, part, value_get_c(auth, "BasicAuthParameters"),
             (const char *const[]){ "Username", NULL });
    job_copy(j, part, value_get_c(auth, "ApiKeyAuthParameters"),
             (const char *const[]){ "ApiKeyName", NULL });
    if (part->count > 0)
        value_set(out,
                  value_get_c(part, "Username") ? STR("BasicAuthParameters")
                                                : STR("ApiKeyAuthParameters"),
                  part);
    if (http)
        value_set(out, STR("InvocationHttpParameters"), without_secrets(j, http));
    return out;
}

HANDLER(events, DescribeConnection)
{
    static const char *const shown[] = { "Name", "Description", "AuthorizationType",
                                         "KmsKeyIdentifier", NULL };
    struct value *doc = connection(j);

    if (!doc)
        return j->rc;
    job_copy(j, outcome_output(j->cx, j->out), doc, shown);
    job_answer(j, "AuthParameters", shown_auth(j, value_get_c(doc, "AuthParameters")));
    return answer_connection(j, doc);
}

static bool has_state(const struct job *j, const struct doc *doc)
{
    return !job_has(j, "ConnectionState") ||
           str_eq(value_get_str(doc->value, "ConnectionState"), job_text(j, "ConnectionState"));
}

/* A page of rows without what only Describe shows. */
static int list_of(struct job *j, const char *type, const char *member, job_keep *keep)
{
    static const char *const shown[] = { "Name",
                                         "ConnectionArn",
                                         "ConnectionState",
                                         "AuthorizationType",
                                         "CreationTime",
                                         "LastModifiedTime",
                                         "LastAuthorizedTime",
                                         "ApiDestinationArn",
                                         "HttpMethod",
                                         "ApiDestinationState",
                                         "InvocationEndpoint",
                                         "InvocationRateLimitPerSecond",
                                         NULL };
    struct doc *docs;
    size_t count = job_list(j, type, job_text(j, "NamePrefix"), &docs), kept = 0;
    struct job_item *items = arena_array(j->a, count + 1, sizeof *items);

    for (size_t i = 0; i < count; i++) {
        if (!keep(j, &docs[i]))
            continue;
        struct value *row = value_map(j->a);
        job_copy(j, row, docs[i].value, shown);
        items[kept++] = (struct job_item){ docs[i].key.id, row };
    }
    return job_page(j, &events_paging, member, items, kept);
}

HANDLER(events, ListConnections)
{
    return list_of(j, "Connection", "Connections", has_state);
}

/* ---- API destinations ---- */

static struct value *destination(struct job *j)
{
    struct value *doc = job_get(j, "ApiDestination", job_text(j, "Name"));

    if (!doc && !job_stopped(j))
        events_missing(j, "An api-destination '%.*s' does not exist.",
                       STR_ARG(job_text(j, "Name")));
    return doc;
}

static bool destination_ok(struct job *j)
{
    struct str text = job_text(j, "ConnectionArn"), kind, name, rest;
    struct arn arn;

    if (job_has(j, "HttpMethod") && !str_eq_c(job_text(j, "HttpMethod"), "POST")) {
        not_performed(j, "mocktrail sends events by POST only.");
        return false;
    }
    if (text.len == 0)
        return true;
    if (arn_parse(text, &arn, NULL) == 0 && str_cut(arn.resource, '/', &kind, &rest) &&
        str_cut(rest, '/', &name, &rest) && job_get(j, "Connection", name))
        return true;
    if (!job_stopped(j))
        events_missing(j, "Connection '%.*s' does not exist.", STR_ARG(text));
    return false;
}

static int put_destination(struct job *j, struct value *doc)
{
    static const char *const given[] = { "Name",
                                         "Description",
                                         "ConnectionArn",
                                         "InvocationEndpoint",
                                         "HttpMethod",
                                         "InvocationRateLimitPerSecond",
                                         NULL };

    job_copy(j, doc, j->call->params, given);
    value_put_c(j->a, doc, "ApiDestinationState", "ACTIVE");
    touch(j, doc);
    job_copy(j, outcome_output(j->cx, j->out), doc,
             (const char *const[]){ "ApiDestinationArn", "ApiDestinationState", NULL });
    job_copy(j, j->out->output, doc, times);
    return job_put(j, "ApiDestination", job_text(j, "Name"), doc);
}

HANDLER(events, CreateApiDestination)
{
    struct str name = job_text(j, "Name");
    struct value *doc = value_map(j->a);

    if (!destination_ok(j))
        return j->rc;
    if (job_get(j, "ApiDestination", name))
        return exists(j, "An api-destination", name);
    value_put_str(j->a, doc, "ApiDestinationArn", new_arn(j, "api-destination", name));
    value_put_int(j->a, doc, "InvocationRateLimitPerSecond", 300);
    return put_destination(j, doc);
}

HANDLER(events, UpdateApiDestination)
{
    struct value *doc = destination(j);

    return doc && destination_ok(j) ? put_destination(j, doc) : j->rc;
}

HANDLER(events, DeleteApiDestination)
{
    if (!destination(j))
        return j->rc;
    (void)outcome_output(j->cx, j->out);
    return job_drop(j, "ApiDestination", job_text(j, "Name"));
}

HANDLER(events, DescribeApiDestination)
{
    struct value *doc = destination(j);

    if (doc)
        j->out->output = doc;
    return j->rc;
}

static bool has_connection(const struct job *j, const struct doc *doc)
{
    return !job_has(j, "ConnectionArn") ||
           str_eq(value_get_str(doc->value, "ConnectionArn"), job_text(j, "ConnectionArn"));
}

HANDLER(events, ListApiDestinations)
{
    return list_of(j, "ApiDestination", "ApiDestinations", has_connection);
}
