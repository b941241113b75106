#include "core/aws/arn.h"
#include "core/codec/uri.h"
#include "emulator/catalogue/route.h"
#include "emulator/wire/host.h"
#include "emulator/wire/post_form.h"
#include "emulator/wire/wire.h"

enum signer { SIGNED_NOT, SIGNED_V4, SIGNED_V2, SIGNED_BEARER };

struct identifying {
    struct arena *a;
    const struct cat *cat;
    const struct request *q;
    struct route *out;
    enum signer signer;
    struct wire_host host;
};

/* ---- who signed: service and region of the credential scope ---- */

/* AKID/DATE/REGION/SERVICE/aws4_request; SigV4a has no REGION. */
static void read_scope(struct identifying *id, struct str credential, bool is_v4a)
{
    struct str rest, tail;

    if (!str_rcut(credential, '/', &rest, &tail))
        return;
    id->signer = SIGNED_V4;
    (void)str_rcut(rest, '/', &rest, &id->out->signing);
    if (!is_v4a)
        (void)str_rcut(rest, '/', &rest, &id->out->region);
}

static void read_region_set(struct identifying *id)
{
    struct str first, rest;

    (void)str_cut(request_header(id->q, "x-amz-region-set"), ',', &first, &rest);
    first = str_trim(first);
    if (first.len > 0 && !memchr(first.ptr, '*', first.len))
        id->out->region = first;
}

static void read_authorization(struct identifying *id, struct str header)
{
    static const char key[] = "Credential=";
    ptrdiff_t at = str_find(header, STR("Credential="));
    bool is_v4a = str_has_prefix(header, STR("AWS4-ECDSA"));
    struct str credential, rest;

    if (str_has_prefix(header, STR("Bearer ")))
        id->signer = SIGNED_BEARER;
    else if (str_has_prefix(header, STR("AWS ")))
        id->signer = SIGNED_V2;
    if (at < 0)
        return;
    (void)str_cut(str_sub(header, (size_t)at + sizeof key - 1, header.len), ',', &credential,
                  &rest);
    read_scope(id, str_trim(credential), is_v4a);
    if (is_v4a)
        read_region_set(id);
}

static void read_form_signer(struct identifying *id)
{
    if (post_form_has(id->q->form, "x-amz-credential"))
        read_scope(id, post_form_field(id->q->form, "x-amz-credential"), false);
    else if (post_form_has(id->q->form, "AWSAccessKeyId"))
        id->signer = SIGNED_V2;
}

static void read_signer(struct identifying *id)
{
    struct str header = request_header(id->q, "authorization");
    struct str algorithm = request_param(id->q, "X-Amz-Algorithm");

    if (id->q->form) {
        read_form_signer(id);
    } else if (header.len > 0) {
        read_authorization(id, header);
    } else if (request_has_param(id->q, "X-Amz-Credential")) {
        read_scope(id, request_param(id->q, "X-Amz-Credential"),
                   str_has_prefix(algorithm, STR("AWS4-ECDSA")));
    } else if (request_has_param(id->q, "AWSAccessKeyId") &&
               request_has_param(id->q, "Signature")) {
        id->signer = SIGNED_V2;
    }
}

/* ---- answers ---- */

static void found(struct identifying *id, const struct cat_op *op, enum cat_protocol protocol)
{
    id->out->op = op;
    id->out->protocol = protocol;
    id->out->service = cat_str(id->cat, cat_op_service(id->cat, op)->name);
    id->out->action = cat_str(id->cat, op->name);
}

static void refuse(struct identifying *id, enum cat_protocol protocol, int status, const char *code,
                   struct str message)
{
    id->out->op = NULL;
    id->out->protocol = protocol;
    id->out->status = status;
    id->out->code = str_c(code);
    id->out->message = message;
}

static void name_service(struct identifying *id, const struct cat_service *s)
{
    if (s)
        id->out->service = cat_str(id->cat, s->name);
}

/* The service that a signing name means when the operation can't tell: the one that is called so,
 * else the first that signs so. */
static const struct cat_service *service_of_signing(const struct cat *cat, struct str signing)
{
    const struct cat_service *s = cat_service_find(cat, signing);

    if (signing.len == 0 || (s && str_eq(cat_str(cat, s->signing_name), signing)))
        return signing.len ? s : NULL;
    for (uint32_t i = 0; i < cat_service_count(cat); i++)
        if (str_eq(cat_str(cat, cat_service_at(cat, i)->signing_name), signing))
            return cat_service_at(cat, i);
    return s;
}

/* ---- json: X-Amz-Target ---- */

/* Source: AWS JSON protocols, Content-Type application/x-amz-json-1.0 or -1.1. */
static void read_json_version(struct identifying *id)
{
    struct str type = request_header(id->q, "content-type");

    id->out->json_version =
        str_has_prefix(type, STR("application/x-amz-json-1.0")) ? STR("1.0") : STR("1.1");
}

static bool identify_target(struct identifying *id)
{
    struct str target = request_header(id->q, "x-amz-target"), prefix, action;

    if (target.len == 0)
        return false;
    read_json_version(id);
    if (!str_rcut(target, '.', &prefix, &action)) {
        action = target;
        prefix = (struct str){ 0 };
    }
    const struct cat_op *op = cat_op_by_target(id->cat, prefix, action);

    if (op) {
        found(id, op, CAT_JSON);
        return true;
    }
    const struct cat_service *s = cat_service_by_target(id->cat, prefix);

    name_service(id, s ? s : service_of_signing(id->cat, id->out->signing));
    id->out->action = action;
    refuse(id, CAT_JSON, 400, "UnknownOperationException", (struct str){ 0 });
    return true;
}

/* ---- CBOR: /service/NAME/operation/OPERATION ---- */

static bool identify_cbor(struct identifying *id)
{
    struct str path = id->q->path, service, action, word;

    if (!str_eq_c(request_header(id->q, "smithy-protocol"), "rpc-v2-cbor") &&
        !str_eq_c(request_header(id->q, "content-type"), "application/cbor"))
        return false;
    if (!str_has_prefix(path, STR("/service/")))
        return false;
    path = str_sub(path, strlen("/service/"), path.len);
    (void)str_cut(path, '/', &service, &path);
    if (!str_cut(path, '/', &word, &action) || !str_eq_c(word, "operation"))
        return false;
    const struct cat_op *op = cat_op_by_target(id->cat, service, action);

    if (op) {
        found(id, op, CAT_CBOR);
        return true;
    }
    name_service(id, cat_service_by_target(id->cat, service));
    id->out->action = action;
    refuse(id, CAT_CBOR, 404, "UnknownOperationException", (struct str){ 0 });
    return true;
}

/* ---- query and ec2: Action, Version ---- */

/* One parameter of a form body, without parsing all of it. */
static struct str form_value(struct arena *a, struct str form, struct str name)
{
    struct str pair, key, value = { 0 };

    while (form.len > 0) {
        (void)str_cut(form, '&', &pair, &form);
        (void)str_cut(pair, '=', &key, &value);
        if (str_eq(key, name) && uri_decode(a, value, URI_PLUS_IS_SPACE, &value, NULL) == 0)
            return value;
    }
    return (struct str){ 0 };
}

static bool is_form(const struct request *q)
{
    struct str type, rest;

    (void)str_cut(request_header(q, "content-type"), ';', &type, &rest);
    return str_eq_nocase(str_trim(type), STR("application/x-www-form-urlencoded"));
}

static struct str query_value(struct identifying *id, const char *name)
{
    struct str value = request_param(id->q, name);

    if (value.len == 0 && is_form(id->q))
        value = form_value(id->a, id->q->body.text, str_c(name));
    return value;
}

static bool speaks_query(const struct cat_service *s)
{
    return s->protocols & (1u << CAT_QUERY | 1u << CAT_EC2);
}

/* The query service of a signing name and version, as far as either is known. */
static const struct cat_service *query_service(struct identifying *id)
{
    struct str signing = id->out->signing, version = id->out->version;
    const struct cat_service *fallback = NULL;

    for (uint32_t i = 0; i < cat_service_count(id->cat); i++) {
        const struct cat_service *s = cat_service_at(id->cat, i);
        bool signs = str_eq(cat_str(id->cat, s->signing_name), signing);
        bool dated = version.len > 0 && str_eq(cat_str(id->cat, s->api_version), version);

        if (!speaks_query(s) || (signing.len > 0 && !signs))
            continue;
        if (dated)
            return s;
        if (signs && !fallback)
            fallback = s;
    }
    return fallback;
}

static enum cat_protocol query_protocol(const struct cat_service *s)
{
    return s && s->protocol == CAT_EC2 ? CAT_EC2 : CAT_QUERY;
}

/* Source: AWS General Reference and EC2 API Reference, "Common errors": InvalidAction. */
static void refuse_action(struct identifying *id, const struct cat_service *s)
{
    struct str action = id->out->action, version = id->out->version;
    enum cat_protocol protocol = query_protocol(s);

    name_service(id, s);
    refuse(id, protocol, 400, "InvalidAction",
           protocol == CAT_EC2
               ? arena_printf(id->a, "The action %.*s is not valid for this web service.",
                              STR_ARG(action))
               : arena_printf(id->a, "Could not find operation %.*s for version %.*s",
                              STR_ARG(action), STR_ARG(version)));
}

/* Source: botocore's endpoints.json, importexport, credentialScope: the one service of the query
 * protocol whose signatures name it otherwise than its model. */
static struct str model_signing(struct str signed_for)
{
    return str_eq_c(signed_for, "IngestionService") ? STR("importexport") : signed_for;
}

/* Links in messages of SNS, which whoever got the message follows without a key: the topic is known
 * by its ARN alone. Source: SNS API Reference, ConfirmSubscription and Unsubscribe. */
static struct str link_signing(struct identifying *id, struct str action)
{
    const char *member = NULL;
    struct arn arn;

    if (str_eq_c(action, "ConfirmSubscription"))
        member = "TopicArn";
    else if (str_eq_c(action, "Unsubscribe"))
        member = "SubscriptionArn";
    if (!member || arn_parse(query_value(id, member), &arn, NULL) < 0)
        return (struct str){ 0 };
    id->out->region = arn.region;
    return STR("sns");
}

static bool identify_action(struct identifying *id)
{
    struct str signing = model_signing(id->out->signing), action = query_value(id, "Action");

    if (action.len == 0)
        return false;
    if (signing.len == 0 && id->signer == SIGNED_NOT)
        signing = link_signing(id, action);
    struct str version = query_value(id, "Version");

    if (signing.len == 0 && id->host.service)
        signing = cat_str(id->cat, id->host.service->signing_name);
    const struct cat_op *op = cat_op_by_action(id->cat, signing, version, action);

    id->out->version = version;
    if (op) {
        found(id, op, query_protocol(cat_op_service(id->cat, op)));
        return true;
    }
    const struct cat_service *s = query_service(id);

    if (!s && (signing.len > 0 || id->q->path.len > 1)) {
        id->out->version = (struct str){ 0 };
        return false; /* a REST request that happens to have an Action */
    }
    id->out->action = action;
    refuse_action(id, s);
    return true;
}

/* ---- REST: method and path ---- */

static bool ask_param(const void *request, struct str name)
{
    const struct identifying *id = request;

    for (size_t i = 0; i < id->q->param_count; i++)
        if (str_eq(id->q->params[i].name, name))
            return true;
    return false;
}
static bool ask_value(const void *request, struct str name, struct str value)
{
    const struct identifying *id = request;

    for (size_t i = 0; i < id->q->param_count; i++)
        if (str_eq(id->q->params[i].name, name) && str_eq(id->q->params[i].value, value))
            return true;
    return false;
}
static bool ask_header(const void *request, struct str name)
{
    const struct identifying *id = request;

    for (size_t i = 0; i < id->q->header_count; i++)
        if (str_eq_nocase(id->q->headers[i].name, name))
            return true;
    return false;
}

/* SDKs name the service in the user agent: "api/chime-sdk-voice#3.1", "api/s3#1.2". */
static struct str agent_service(const struct request *q)
{
    struct str agent = request_header(q, "user-agent"), name, rest;
    ptrdiff_t at = str_find(agent, STR(" api/"));

    if (at < 0)
        return (struct str){ 0 };
    (void)str_cut(str_sub(agent, (size_t)at + 5, agent.len), ' ', &name, &rest);
    (void)str_cut(name, '#', &name, &rest);
    return name;
}

/* Letters and digits alone, in lower case, compared: serviceId "Chime SDK Voice". */
static bool same_words(struct str a, struct str b)
{
    size_t i = 0, j = 0;

    for (;;) {
        while (i < a.len && strchr(" -_.", a.ptr[i]))
            i++;
        while (j < b.len && strchr(" -_.", b.ptr[j]))
            j++;
        if (i == a.len || j == b.len)
            return i == a.len && j == b.len;
        if (!str_eq_nocase(str_sub(a, i++, 1), str_sub(b, j++, 1)))
            return false;
    }
}

static bool ask_meant(const void *request, const struct cat_service *s)
{
    const struct identifying *id = request;

    if (id->host.endpoint.len > 0)
        return str_eq(cat_str(id->cat, s->endpoint_prefix), id->host.endpoint);
    struct str name = agent_service(id->q);

    return name.len > 0 && same_words(cat_str(id->cat, s->service_id), name);
}

static const struct cat_op *find_route(struct identifying *id, struct str signing, struct str path,
                                       enum cat_strictness strictness)
{
    const struct cat_group *group = cat_group_find(id->cat, signing);
    struct cat_asked asked = {
        .method = id->q->method,
        .path = path,
        .request = id,
        .has_param = ask_param,
        .has_value = ask_value,
        .has_header = ask_header,
        .is_meant = ask_meant,
    };

    return group ? cat_route_find(id->cat, group, &asked, strictness) : NULL;
}

static enum cat_protocol rest_protocol(const struct cat_service *s)
{
    return s->protocols & 1u << CAT_REST_XML ? CAT_REST_XML : CAT_REST_JSON;
}

/* A name that no service signs with may be a service's own, or an endpoint's. */
static struct str known_signing(struct identifying *id)
{
    struct str signing = id->out->signing;
    uint32_t from = 0;

    if (cat_group_find(id->cat, signing))
        return signing;
    const struct cat_service *s = service_of_signing(id->cat, signing);

    if (!s && signing.len > 0)
        s = cat_service_next_of_endpoint(id->cat, signing, &from);
    return s ? cat_str(id->cat, s->signing_name) : signing;
}

/* ---- S3 ---- */

static int read_bucket(struct identifying *id)
{
    struct str path = str_sub(id->q->path, 1, id->q->path.len), bucket, key;
    struct route *out = id->out;
    bool has_key = true;

    if (id->q->s3_bucket.len > 0) {
        out->s3_bucket = id->q->s3_bucket;
        key = path;
    } else {
        has_key = str_cut(path, '/', &bucket, &key);
        if (uri_decode(id->a, bucket, URI_PLUS_IS_PLUS, &out->s3_bucket, NULL) < 0)
            return E_PARSE;
    }
    if (!has_key || key.len == 0)
        return 0;
    int rc = uri_decode(id->a, key, URI_PLUS_IS_PLUS, &out->s3_key, NULL);

    out->s3_has_key = rc == 0;
    return rc;
}

/* Operations that share method and path with another and are told apart by who is asked.
 * Source: S3 API Reference, ListDirectoryBuckets: its endpoint is s3express-control. */
static const struct cat_op *other_endpoint(struct identifying *id, const struct cat_op *op)
{
    bool express = str_eq_c(id->out->signing, "s3express");

    if (!express || !str_eq_c(cat_str(id->cat, op->name), "ListBuckets"))
        return op;
    const struct cat_op *other = cat_op_find_c(id->cat, "s3", "ListDirectoryBuckets");

    return other ? other : op;
}

/* A browser's form upload is in no model: it is a PutObject (post_form), which a broken
 * form would have been, too. */
static bool is_post_object(const struct request *q)
{
    return q->form || post_form_is_asked(q);
}

static void identify_s3(struct identifying *id)
{
    struct str path = id->q->path;
    const struct cat_op *op = find_route(id, STR("s3"), path, CAT_STRICT);

    /* s3control's paths stand beside buckets; its required header keeps them apart. */
    if (op && !str_eq_c(cat_str(id->cat, cat_op_service(id->cat, op)->name), "s3")) {
        found(id, op, CAT_REST_XML);
        return;
    }
    id->out->service = STR("s3");
    if (read_bucket(id) < 0) {
        /* Source: S3 API Reference, "Error responses", InvalidURI. */
        refuse(id, CAT_REST_XML, 400, "InvalidURI", STR("Couldn't parse the specified URI."));
        return;
    }
    if (id->q->s3_bucket.len > 0) {
        struct str parts[] = { STR("/bucket"), path };

        op = find_route(id, STR("s3"), arena_join(id->a, parts, COUNT(parts), STR("")), CAT_STRICT);
    }
    if (!op && is_post_object(id->q))
        op = cat_op_find_c(id->cat, "s3", "PutObject");
    if (op) {
        found(id, other_endpoint(id, op), CAT_REST_XML);
        if (is_post_object(id->q))
            id->out->action = STR("PostObject");
        return;
    }
    /* Source: S3 API Reference, "Error responses", MethodNotAllowed. */
    refuse(id, CAT_REST_XML, 405, "MethodNotAllowed",
           STR("The specified method is not allowed against this resource."));
}

/* ---- nothing fits ---- */

static size_t likeness(struct str a, struct str b)
{
    size_t i = 0;

    while (i < a.len && i < b.len && a.ptr[i] == b.ptr[i])
        i++;
    return i;
}

/* Of the services that one name signs for, the one whose paths begin most like this one: /v2/email
 * is sesv2's, though ses and pinpoint-email are signed alike. */
static const struct cat_service *service_of_path(struct identifying *id, struct str signing)
{
    const struct cat_service *best = service_of_signing(id->cat, signing);
    size_t best_likeness = 1; /* all begin with a slash */

    for (uint32_t i = 0; cat_group_find(id->cat, signing) && i < cat_op_count(id->cat); i++) {
        const struct cat_op *op = cat_op_at(id->cat, i);
        const struct cat_service *s = cat_op_service(id->cat, op);
        size_t like = str_eq(cat_str(id->cat, s->signing_name), signing)
                          ? likeness(cat_str(id->cat, op->uri), id->q->path)
                          : 0;

        if (like > best_likeness) {
            best = s;
            best_likeness = like;
        }
    }
    return best;
}

static void refuse_unknown(struct identifying *id, const struct cat_service *s)
{
    enum cat_protocol protocol = s ? s->protocol : CAT_REST_JSON;

    name_service(id, s);
    if (protocol == CAT_QUERY || protocol == CAT_EC2) {
        /* Source: AWS General Reference, "Common errors", MissingAction. */
        refuse(id, protocol, 400, "MissingAction",
               STR("The request is missing an action or a required parameter."));
        return;
    }
    read_json_version(id);
    refuse(id, protocol == CAT_CBOR ? CAT_JSON : protocol, 404, "UnknownOperationException",
           (struct str){ 0 });
}

static bool is_signed_for_s3(struct identifying *id, struct str signing)
{
    return id->signer == SIGNED_V2 ||
           cat_group_same(cat_group_find(id->cat, signing), cat_group_find(id->cat, STR("s3")));
}

static void identify_rest(struct identifying *id)
{
    struct str signing = known_signing(id);
    bool is_unsigned = id->signer == SIGNED_NOT || id->signer == SIGNED_BEARER;
    const struct cat_op *op = NULL;

    if (is_unsigned && id->host.service && id->q->s3_bucket.len == 0)
        signing = cat_str(id->cat, id->host.service->signing_name);
    else if (is_unsigned)
        op = find_route(id, id->signer == SIGNED_BEARER ? STR(":bearer") : STR(""), id->q->path,
                        CAT_STRICT);
    if (!op && (is_signed_for_s3(id, signing) || (is_unsigned && signing.len == 0))) {
        identify_s3(id);
        return;
    }
    if (!op && signing.len > 0)
        op = find_route(id, signing, id->q->path, CAT_LENIENT);
    /* Source: botocore 1.29, iot/2015-05-28: signingName execute-api; iot in newer ones. */
    if (!op && str_eq_c(signing, "execute-api"))
        op = find_route(id, STR("iot"), id->q->path, CAT_LENIENT);
    if (op)
        found(id, op, rest_protocol(cat_op_service(id->cat, op)));
    else
        refuse_unknown(id, service_of_path(id, signing));
}

void wire_identify(struct arena *a, const struct cat *cat, const struct request *q,
                   struct route *out)
{
    struct identifying id = { .a = a, .cat = cat, .q = q, .out = out };

    *out = (struct route){ .query_mode = str_eq_c(request_header(q, "x-amzn-query-mode"), "true") };
    read_signer(&id);
    id.host = wire_host_parse(cat, request_header(q, "host"));
    if (out->region.len == 0)
        out->region = id.host.region;
    if (!identify_target(&id) && !identify_cbor(&id) && !identify_action(&id))
        identify_rest(&id);
}
