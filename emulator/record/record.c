#include "emulator/record/record.h"

#include "core/aws/arn.h"
#include "core/base/clock.h"
#include "core/base/limits.h"
#include "core/base/rng.h"
#include "core/codec/json.h"
#include "core/codec/uri.h"
#include "emulator/identity/identity.h"
#include "emulator/record/derived.h"
#include "emulator/record/ec2.h"
#include "emulator/record/failure.h"
#include "emulator/record/plan.h"
#include "emulator/record/resources.h"
#include "emulator/record/s3.h"
#include "emulator/record/scalar.h"
#include "emulator/record/tree.h"
#include "emulator/record/user_identity.h"

/* Source: CloudTrail User Guide, "CloudTrail record contents", userAgent and additionalEventData.
 */
#define USER_AGENT_BYTES 1024
#define ADDITIONAL_BYTES (28u << 10)

/* One record being built. */
struct build {
    struct recorder *r;
    struct arena *a;
    const struct call *call;
    const struct outcome *outcome;
    const struct plan *plan;
    struct failure failure;
    struct str account, event_id, shared_id; /* of this recipient */
    enum identity_view view;
};

static bool is_service_made(const struct call *call)
{
    return call->invoked_by.len || call->who->type == PRINCIPAL_AWS_SERVICE;
}

/* A value over its limit is replaced by a note of its size. */
static void hold_limit(struct buf *out, size_t from, size_t limit, const char *field)
{
    size_t size = out->len - from;

    if (size <= limit)
        return;
    out->len = from;
    buf_printf(out, "{\"omitted\":true,\"originalSize\":%zu,\"reason\":\"%s too large\"}", size,
               field);
}

static void write_request(struct buf *out, const struct build *b)
{
    const struct plan *p = b->plan;
    size_t from;

    scalar_key(out, STR("requestParameters"), LETTER_AS_IS);
    from = out->len;
    if (p->dialect == DIALECT_NONE || b->failure.hides_params)
        buf_add(out, STR("null"));
    else if (p->dialect == DIALECT_S3)
        s3_request(out, b->a, p, b->call);
    else if (p->dialect == DIALECT_EC2_A)
        ec2a_request(out, b->r, p, b->call->params);
    else if (p->dialect == DIALECT_EC2_B)
        ec2b_request(out, p, b->call->params);
    else
        tree_request(out, p, b->call->params);
    if (!b->failure.hides_params)
        derived_write(out, from, b->a, p, b->call, b->outcome);
    hold_limit(out, from, LIMIT_RECORD_FIELD_BYTES, "requestParameters");
}

/* The body of a refusal: "message", or as the exception spells it. */
static struct str message_key(const struct build *b)
{
    const struct cat_shape *s =
        b->call->op ? cat_op_error(b->r->cat, b->call->op, b->outcome->code) : NULL;
    const struct cat_member *m = NULL;

    if (s && !b->failure.is_denied) {
        m = cat_member_find(b->r->cat, s, STR("message"));
        m = m ? m : cat_member_find(b->r->cat, s, STR("Message"));
    }
    return m ? cat_str(b->r->cat, m->wire) : STR("message");
}

static void write_error_body(struct buf *out, const struct build *b)
{
    if (b->plan->flags & SERVICE_ERROR_BODY && !b->plan->read_only) {
        buf_add_char(out, '{');
        scalar_key(out, message_key(b), LETTER_AS_IS);
        json_add_string(out, b->outcome->message);
        buf_add_char(out, '}');
    } else {
        buf_add(out, STR("null"));
    }
}

static void write_response(struct buf *out, const struct build *b)
{
    const struct plan *p = b->plan;
    const struct value *output = b->outcome->output;
    size_t from;

    scalar_key(out, STR("responseElements"), LETTER_AS_IS);
    from = out->len;
    if (b->failure.code.len)
        write_error_body(out, b);
    else if (!p->responds)
        buf_add(out, STR("null"));
    else if (p->dialect == DIALECT_S3)
        s3_response(out, p, output);
    else if (p->dialect == DIALECT_EC2_A)
        ec2a_response(out, p, output, b->call->request_id);
    else if (p->dialect == DIALECT_EC2_B)
        ec2b_response(out, p, output, b->call->request_id);
    else
        tree_response(out, p, output);
    hold_limit(out, from, LIMIT_RECORD_FIELD_BYTES, "responseElements");
}

/* Source: real records of 2025 and 2026: base64 of version, region, time and chance. */
void record_sts_id(struct buf *out, struct arena *a, const struct call *call)
{
    struct rng rng;
    struct str alphabet = STR("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789");

    rng_init(&rng, str_hash(call->event_id), 1000);
    struct str chance = rng_chars(&rng, a, alphabet, 8);
    base64_encode(out, arena_printf(a, "1:%.*s:S:%lld:R:%.*s", STR_ARG(call->region),
                                    (long long)call->time_ms, STR_ARG(chance)));
}

/* STS names its serving region and a second id. */
static void sts_additional(struct buf *out, const struct build *b)
{
    scalar_key(out, STR("ExtendedRequestId"), LETTER_AS_IS);
    buf_add_char(out, '"');
    record_sts_id(out, b->a, b->call);
    buf_add_char(out, '"');
    if (is_service_made(b->call))
        return;
    scalar_key(out, STR("RequestDetails"), LETTER_AS_IS);
    buf_add(out, STR("{\"endpointType\":\"regional\""));
    scalar_put(out, "awsServingRegion", b->call->region);
    buf_add_char(out, '}');
}

static void write_additional(struct buf *out, const struct build *b)
{
    bool is_sts = str_eq(b->plan->service_name, STR("sts")) && !b->failure.code.len;
    bool is_s3 = b->plan->dialect == DIALECT_S3 || str_eq(b->plan->service_name, STR("s3control"));
    size_t start = out->len, from;

    if (!is_s3 && !is_sts && !b->outcome->record_extra)
        return;
    scalar_key(out, STR("additionalEventData"), LETTER_AS_IS);
    from = out->len;
    buf_add_char(out, '{');
    if (is_s3)
        s3_additional(out, b->plan, b->call, b->outcome);
    if (is_sts)
        sts_additional(out, b);
    for (const struct value *v = value_first(b->outcome->record_extra); v; v = v->next) {
        scalar_comma(out);
        json_add_string(out, v->name);
        buf_add_char(out, ':');
        json_write(out, v);
    }
    if (out->len == from + 1) {
        out->len = start;
        return;
    }
    buf_add_char(out, '}');
    hold_limit(out, from, ADDITIONAL_BYTES, "additionalEventData");
}

/* Address and agent: the user's own, or twice the name of the service that called. */
static void write_origin(struct buf *out, const struct build *b)
{
    const struct call *call = b->call;
    struct str service = call->invoked_by.len ? call->invoked_by : call->who->service;
    struct str agent = str_sub(call->user_agent, 0, USER_AGENT_BYTES);

    if (is_service_made(call)) {
        scalar_put(out, "sourceIPAddress", service);
        scalar_put(out, "userAgent", service);
        return;
    }
    scalar_put(out, "sourceIPAddress", call->source_ip);
    if (b->plan->dialect == DIALECT_S3 || str_eq(b->plan->service_name, STR("s3control"))) {
        const struct str parts[] = { STR("["), agent, STR("]") };

        agent = arena_join(b->a, parts, COUNT(parts), (struct str){ 0 });
    }
    scalar_put(out, "userAgent", agent);
}

/* What can truly be claimed: over plain HTTP only the host that the client named. A generated call
 * stands for one to AWS itself. Source: CloudTrail User Guide, "CloudTrail record contents",
 * tlsDetails; records with clientProvidedHostHeader alone do occur. */
static void write_tls(struct buf *out, const struct call *call)
{
    if (!call->host.len || is_service_made(call))
        return;
    scalar_key(out, STR("tlsDetails"), LETTER_AS_IS);
    buf_add_char(out, '{');
    if (call->door == DOOR_GENERATOR)
        buf_add(out, STR("\"tlsVersion\":\"TLSv1.3\",\"cipherSuite\":\"TLS_AES_128_GCM_SHA256\""));
    scalar_put(out, "clientProvidedHostHeader", call->host);
    buf_add_char(out, '}');
}

/* Credentials of a console session are temporary, and used by a browser or a console's back-end. */
static bool is_from_console(const struct call *call)
{
    return call->who->is_session && !is_service_made(call) &&
           (str_has_prefix(call->user_agent, STR("Mozilla/")) ||
            str_find(call->user_agent, STR("onsole")) >= 0);
}

/* A form's upload is a PutObject with a name of its own.
 * Source: S3 User Guide, "Amazon S3 CloudTrail events", object-level actions. */
static struct str event_name(const struct build *b)
{
    static const struct str post = { "PostObject", 10 };

    if (b->call->op && str_eq(b->call->action, post))
        return post;
    return b->failure.is_denied ? b->plan->denied_name : b->plan->event_name;
}

static void write_event(struct buf *out, const struct build *b)
{
    const struct plan *p = b->plan;
    char time[CLOCK_ISO_SIZE];

    clock_iso(b->call->time_ms, time);
    scalar_put(out, "eventTime", str_c(time));
    scalar_put(out, "eventSource", p->event_source);
    scalar_put(out, "eventName", event_name(b));
    scalar_put(out, "awsRegion", b->call->region);
    write_origin(out, b);
    failure_write(out, p, &b->failure, b->outcome);
}

static void write_tail(struct buf *out, const struct build *b, const struct resource_list *list)
{
    const struct plan *p = b->plan;
    scalar_put(out, "requestID", b->call->request_id);
    scalar_put(out, "eventID", b->event_id);
    buf_add(out, p->read_only ? STR(",\"readOnly\":true") : STR(",\"readOnly\":false"));
    resources_write(out, list);
    scalar_put(out, "eventType", STR("AwsApiCall"));
    if (!b->failure.is_denied) /* refused before the version was looked at */
        scalar_put(out, "apiVersion", p->api_version);
    buf_add(out, p->is_data ? STR(",\"managementEvent\":false") : STR(",\"managementEvent\":true"));
    scalar_put(out, "recipientAccountId", b->account);
    scalar_put(out, "sharedEventID", b->shared_id);
    scalar_put(out, "vpcEndpointId", b->call->vpc_endpoint_id);
    scalar_put(out, "eventCategory", p->is_data ? STR("Data") : STR("Management"));
    write_tls(out, b->call);
    if (is_from_console(b->call))
        scalar_put(out, "sessionCredentialFromConsole", STR("true"));
}

static void write_record(struct buf *out, const struct build *b, const struct resource_list *list)
{
    buf_add_char(out, '{');
    scalar_put(out, "eventVersion", b->plan->version);
    scalar_key(out, STR("userIdentity"), LETTER_AS_IS);
    user_identity_write(out, b->plan, b->call, b->view);
    write_event(out, b);
    write_request(out, b);
    write_response(out, b);
    write_additional(out, b);
    write_tail(out, b, list);
    buf_add_char(out, '}');
}

struct str record_uuid(struct arena *a, struct str event_id, uint64_t stream)
{
    struct rng rng;
    char uuid[37];

    rng_init(&rng, str_hash(event_id), stream);
    rng_uuid(&rng, uuid);
    return arena_copy(a, str_c(uuid));
}

/* Whose resource was asked for: as the service knows, an assumed role's account, else the call's.
 */
static struct str owner_of(const struct build *b)
{
    struct arn arn;
    struct str role = str_eq(b->plan->service_name, STR("sts"))
                          ? value_get_str(b->call->params, "RoleArn")
                          : (struct str){ 0 };

    if (b->outcome->owner.len)
        return b->outcome->owner;
    if (role.len && arn_parse(role, &arn, NULL) == 0 && arn.account.len)
        return arn.account;
    return b->call->account;
}

static bool has_own_account(const struct principal *who)
{
    return who->account.len && who->type != PRINCIPAL_AWS_SERVICE &&
           who->type != PRINCIPAL_AWS_ACCOUNT && who->type != PRINCIPAL_ANONYMOUS &&
           who->type != PRINCIPAL_SAML && who->type != PRINCIPAL_WEB_IDENTITY;
}

/* AWSService principals on these services carry a sharedEventID though one account sees it. */
static bool is_shared_service(struct str service)
{
    return str_eq(service, STR("s3")) || str_eq(service, STR("kms")) || str_eq(service, STR("sts"));
}

/* Sets the recipient's members of b; returns how many recipients there are. A refused call is only
 * the caller's business. */
static int choose_recipient(struct build *b, int recipient)
{
    const struct principal *who = b->call->who;
    struct str owner = owner_of(b);
    bool is_cross = has_own_account(who) && owner.len && !str_eq(owner, who->account);
    int count = is_cross && !outcome_refused(b->outcome) ? 2 : 1;

    b->event_id = b->call->event_id;
    b->account = has_own_account(who) ? who->account : owner;
    b->view = VIEW_OWN;
    if (count == 2 ||
        (who->type == PRINCIPAL_AWS_SERVICE && is_shared_service(b->plan->service_name)))
        b->shared_id = record_uuid(b->a, b->call->event_id, 0);
    if (recipient > 0) {
        b->event_id = record_uuid(b->a, b->call->event_id, (uint64_t)recipient);
        b->account = owner;
        b->view = VIEW_FOREIGN;
    }
    return count;
}

static void fill_facts(struct record_facts *f, const struct build *b,
                       const struct resource_list *list)
{
    const struct principal *who = b->call->who;

    *f = (struct record_facts){
        .event_id = b->event_id,
        .event_source = b->plan->event_source,
        .event_name = event_name(b),
        .account = b->account,
        .region = b->call->region,
        .error_code = b->failure.code,
        .time_ms = b->call->time_ms,
        .category = b->plan->is_data ? EVENT_DATA : EVENT_MANAGEMENT,
        .read_only = b->plan->read_only,
        .resources = resources_lookup(b->a, b->plan, b->call, b->outcome, list),
        .data_resources = b->plan->is_data ? resources_data(b->a, list) : NULL,
    };
    if (b->view == VIEW_OWN) {
        f->user_name = user_identity_name(b->call);
        f->access_key_id = who->access_key_id;
        f->identity_arn = who->arn;
    }
    if (b->failure.prefix.len) {
        const struct str parts[] = { b->failure.prefix, b->failure.code };

        f->error_code = arena_join(b->a, parts, COUNT(parts), (struct str){ 0 });
    }
}

int record_build(struct recorder *r, struct arena *a, const struct call *call,
                 const struct outcome *outcome, int recipient, struct buf *out,
                 struct record_facts *facts, struct err *err)
{
    struct build b = { .r = r, .a = a, .call = call, .outcome = outcome };
    struct resource_list list;
    size_t from = out->len;

    b.plan = call->op ? plan_of(r, call->op) : plan_unknown(r, a, call->service_name, call->action);
    b.failure = failure_of(r, b.plan, outcome);
    int count = choose_recipient(&b, recipient);
    resources_find(&list, a, b.plan, call, outcome);
    write_record(out, &b, &list);
    if (out->len - from > LIMIT_RECORD_BYTES) { /* names of thousands of bytes each */
        out->len = from;
        list.count = 0;
        write_record(out, &b, &list);
    }
    if (out->len - from > LIMIT_RECORD_BYTES)
        return err_set(err, E_LIMIT, "record of %.*s: %zu bytes", STR_ARG(b.plan->event_name),
                       out->len - from);
    fill_facts(facts, &b, &list);
    return count;
}
