#include "emulator/services/events/destinations.h"

#include "core/aws/arn.h"
#include "core/codec/json.h"
#include "core/codec/uri.h"
#include "emulator/telemetry/outbound.h"

/* Source: EventBridge User Guide, "Retrying event delivery": 24 hours and up to 185 times, with
 * exponential back-off. */
#define ATTEMPTS_MOST  185
#define AGE_S          86400
#define FIRST_DELAY_MS 1000
#define DELAY_MOST_MS  (15 * 60000)

/* NAME and UUID of a connection or destination by its ARN; NULL with rc 0: none such. */
static int find(struct delivery *d, struct str text, const char *type, const char *arn_member,
                struct value **out, struct err *err)
{
    struct str kind, name, rest;
    struct arn arn;

    *out = NULL;
    if (arn_parse(text, &arn, NULL) < 0 || !str_cut(arn.resource, '/', &kind, &rest) ||
        !str_cut(rest, '/', &name, &rest))
        return 0;
    int rc =
        store_doc_get(d->e->store, d->a, events_key(arn.account, arn.region, type, name), out, err);
    if (rc == 0 && !str_eq(value_get_str(*out, arn_member), text))
        *out = NULL;
    return rc == E_MISSING ? 0 : rc;
}

/* ---- the URL ---- */

/* Each '*' of the endpoint is the next path parameter. */
static void add_path(struct buf *url, struct str endpoint, const struct value *values)
{
    const struct value *next = value_first(values);

    for (size_t i = 0; i < endpoint.len; i++) {
        if (endpoint.ptr[i] == '*' && next) {
            uri_encode(url, next->u.text, URI_KEEP_NONE);
            next = next->next;
        } else {
            buf_add_char(url, endpoint.ptr[i]);
        }
    }
}

static void add_query(struct buf *url, struct str name, struct str value)
{
    buf_add_char(url, str_find(buf_view(url), STR("?")) < 0 ? '?' : '&');
    uri_encode(url, name, URI_KEEP_NONE);
    buf_add_char(url, '=');
    uri_encode(url, value, URI_KEEP_NONE);
}

static struct str url_of(struct delivery *d, const struct value *destination,
                         const struct value *http)
{
    const struct value *own = value_get_c(d->target, "HttpParameters");
    struct buf url = { 0 };

    add_path(&url, value_get_str(destination, "InvocationEndpoint"),
             value_get_c(own, "PathParameterValues"));
    for (const struct value *k = value_first(value_get_c(http, "QueryStringParameters")); k;
         k = k->next)
        add_query(&url, value_get_str(k, "Key"), value_get_str(k, "Value"));
    for (const struct value *k = value_first(value_get_c(own, "QueryStringParameters")); k;
         k = k->next)
        add_query(&url, k->name, k->u.text);
    struct str text = arena_copy(d->a, buf_view(&url));
    buf_free(&url);
    return text;
}

/* ---- headers and body ---- */

static void put_header(struct delivery *d, struct value *headers, struct str name, struct str text)
{
    value_set(headers, name, value_str(d->a, text));
}

static void add_auth(struct delivery *d, struct value *headers, const struct value *auth)
{
    const struct value *basic = value_get_c(auth, "BasicAuthParameters");
    const struct value *key = value_get_c(auth, "ApiKeyAuthParameters");
    struct buf code = { 0 };

    if (key)
        put_header(d, headers, value_get_str(key, "ApiKeyName"), value_get_str(key, "ApiKeyValue"));
    if (!basic)
        return;
    base64_encode(&code, arena_printf(d->a, "%.*s:%.*s", STR_ARG(value_get_str(basic, "Username")),
                                      STR_ARG(value_get_str(basic, "Password"))));
    put_header(d, headers, STR("Authorization"),
               arena_printf(d->a, "Basic %.*s", STR_ARG(buf_view(&code))));
    buf_free(&code);
}

/* Source: EventBridge User Guide, "API destinations as targets", "Headers included in requests". */
static struct value *headers_of(struct delivery *d, const struct value *auth)
{
    const struct value *own = value_get_c(d->target, "HttpParameters");
    const struct value *http = value_get_c(auth, "InvocationHttpParameters");
    struct value *headers = value_map(d->a);

    put_header(d, headers, STR("User-Agent"), STR("Amazon/EventBridge/ApiDestinations"));
    put_header(d, headers, STR("Content-Type"), STR("application/json; charset=utf-8"));
    for (const struct value *k = value_first(value_get_c(own, "HeaderParameters")); k; k = k->next)
        put_header(d, headers, k->name, k->u.text);
    for (const struct value *k = value_first(value_get_c(http, "HeaderParameters")); k; k = k->next)
        put_header(d, headers, value_get_str(k, "Key"), value_get_str(k, "Value"));
    add_auth(d, headers, auth);
    return headers;
}

/* Body parameters of the connection become members of a body that is an object. */
static struct str body_of(struct delivery *d, const struct value *http)
{
    const struct value *more = value_get_c(http, "BodyParameters");
    struct buf json = { 0 };
    struct value *v;

    if (!more || json_parse(d->a, d->input, &v, NULL) < 0 || v->kind != VALUE_MAP)
        return d->input;
    for (const struct value *k = value_first(more); k; k = k->next)
        value_set(v, value_get_str(k, "Key"), value_str(d->a, value_get_str(k, "Value")));
    json_write(&json, v);
    struct str text = arena_copy(d->a, buf_view(&json));
    buf_free(&json);
    return text;
}

/* ---- retries ---- */

static size_t delays_of(struct delivery *d, int64_t *out)
{
    const struct value *policy = value_get_c(d->target, "RetryPolicy");
    int64_t most = value_get_int(policy, "MaximumRetryAttempts", ATTEMPTS_MOST);
    int64_t left_ms = value_get_int(policy, "MaximumEventAgeInSeconds", AGE_S) * 1000;
    int64_t delay_ms = FIRST_DELAY_MS;
    size_t n = 0;

    for (; (int64_t)n < most && n < ATTEMPTS_MOST && delay_ms <= left_ms; n++) {
        out[n] = delay_ms;
        left_ms -= delay_ms;
        delay_ms = 2 * delay_ms < DELAY_MOST_MS ? 2 * delay_ms : DELAY_MOST_MS;
    }
    return n;
}

static int send(struct delivery *d, const struct value *destination, const struct value *auth,
                struct err *err)
{
    const struct value *http = value_get_c(auth, "InvocationHttpParameters");
    int64_t delays_ms[ATTEMPTS_MOST];
    struct metric_dimension dimensions[2];
    const struct outbound o = {
        .url = url_of(d, destination, http),
        .headers = headers_of(d, auth),
        .body = body_of(d, http),
        .delays_ms = delays_ms,
        .delay_count = delays_of(d, delays_ms),
        .dead_letter_queue = value_get_str(value_get_c(d->target, "DeadLetterConfig"), "Arn"),
        .dead_letter = targets_event_text(d),
        .dead_letter_attributes = targets_letter_attributes(d),
        .account = d->rule->account,
        .region = d->rule->region,
        .service = STR("events"),
        .metrics = { .namespace_ = "AWS/Events",
                     .failed = "FailedInvocations",
                     .buried = "InvocationsSentToDlq",
                     .lost = "InvocationsFailedToBeSentToDlq",
                     .dimensions = dimensions,
                     .dimension_count = bus_dimensions(d->rule, dimensions) },
    };
    int rc = outbound_put(d->e, d->a, &o, err);

    return rc == E_PARSE ? E_DENIED : rc; /* an endpoint that nobody can ask */
}

int destinations_deliver(struct delivery *d, struct err *err)
{
    struct value *destination, *connection = NULL;
    int rc = find(d, d->arn, "ApiDestination", "ApiDestinationArn", &destination, err);

    if (rc == 0 && destination)
        rc = find(d, value_get_str(destination, "ConnectionArn"), "Connection", "ConnectionArn",
                  &connection, err);
    if (rc < 0)
        return rc;
    if (!destination)
        return err_set(err, E_MISSING, "no API destination %.*s", STR_ARG(d->arn));
    if (!connection || !str_eq_c(value_get_str(connection, "ConnectionState"), "AUTHORIZED"))
        return err_set(err, E_DENIED, "the connection of %.*s is not authorized", STR_ARG(d->arn));
    return send(d, destination, value_get_c(connection, "AuthParameters"), err);
}
