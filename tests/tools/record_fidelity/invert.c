#include "tests/tools/record_fidelity/invert.h"

#include <stdio.h>

#include "core/base/clock.h"
#include "core/codec/json.h"
#include "emulator/record/ec2.h"

struct inverter {
    struct arena *a;
    const struct recorder *r;
    const struct plan *p;
    const struct cat *cat;
    enum side side;
};

static struct value *invert_value(const struct inverter *iv, const struct cat_shape *s,
                                  struct value *v);

static struct str member_name(const struct inverter *iv, const struct cat_member *m)
{
    return cat_str(iv->cat, m->name);
}

/* "Jul 10, 2023 12:23:05 PM", with or without the second comma, any blank before AM or PM. */
static bool java_time(struct str s, int64_t *ms)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char text[64], month[4], half[8];
    struct clock_parts p = { 0 };

    if (s.len >= sizeof text)
        return false;
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++)
        text[n++] = s.ptr[i] == ',' || s.ptr[i] < 0 ? ' ' : s.ptr[i];
    text[n] = 0;
    if (sscanf(text, "%3s %d %d %d:%d:%d %7s", month, &p.day, &p.year, &p.hour, &p.minute,
               &p.second, half) != 7)
        return false;
    const char *at = strstr(months, month);
    if (!at || p.year < 1970)
        return false;
    p.month = (int)(at - months) / 3 + 1;
    p.hour = p.hour % 12 + (half[0] == 'P' ? 12 : 0);
    *ms = clock_join(p);
    return true;
}

static struct value *invert_time(const struct inverter *iv, struct value *v)
{
    int64_t ms;

    if (v->kind == VALUE_STRING && (java_time(v->u.text, &ms) ||
                                    (v->u.text.len > 9 && clock_parse(v->u.text, &ms, NULL) == 0)))
        return value_time(iv->a, ms);
    if (v->kind == VALUE_INT)
        return value_time(iv->a, v->u.integer > 100000000000 ? v->u.integer : v->u.integer * 1000);
    if (v->kind == VALUE_FLOAT)
        return value_time(iv->a, (int64_t)(v->u.real * 1000 + 0.5));
    return v;
}

static struct value *invert_scalar(const struct inverter *iv, const struct cat_shape *s,
                                   struct value *v)
{
    int64_t n;

    if (s->type == CAT_TIMESTAMP)
        return invert_time(iv, v);
    if ((s->type == CAT_INTEGER || s->type == CAT_LONG) && v->kind == VALUE_STRING &&
        str_to_i64(v->u.text, &n))
        return value_int(iv->a, n);
    if ((s->type == CAT_DOUBLE || s->type == CAT_FLOAT) && v->kind == VALUE_INT)
        return value_float(iv->a, (double)v->u.integer);
    if (s->type == CAT_BOOLEAN && v->kind == VALUE_STRING)
        return str_eq(v->u.text, STR("true"))    ? value_bool(iv->a, true)
               : str_eq(v->u.text, STR("false")) ? value_bool(iv->a, false)
                                                 : v;
    if (s->type == CAT_STRING && v->kind != VALUE_STRING && v->kind < VALUE_LIST) {
        struct buf text = { 0 };

        json_write(&text, v);
        struct str copy = arena_copy(iv->a, buf_view(&text));
        buf_free(&text);
        return value_str(iv->a, copy);
    }
    return v;
}

/* The member that key stands for: by name, wire name, or a row's new name. */
static const struct cat_member *member_for(const struct inverter *iv, const struct cat_shape *s,
                                           struct str key)
{
    for (uint32_t i = 0; i < s->member_count; i++) {
        const struct cat_member *m = cat_shape_member(iv->cat, s, i);
        const struct member_rule *rule = plan_rule(iv->p, iv->side, m);

        if (str_eq_nocase(member_name(iv, m), key) ||
            str_eq_nocase(cat_str(iv->cat, m->wire), key) ||
            (rule && rule->action == RULE_RENAME && str_eq(rule->arg, key)))
            return m;
    }
    return NULL;
}

static struct value *copied(const struct inverter *iv, const struct value *v)
{
    struct value *copy = arena_alloc(iv->a, sizeof *copy);

    *copy = *v;
    copy->next = NULL;
    return copy;
}

static bool is_body_wrapper(const struct inverter *iv, struct str key)
{
    return iv->p->flags & SERVICE_WRAPS_BODY && iv->side == SIDE_REQUEST &&
           str_has_suffix(key, STR("Input")) &&
           str_eq_nocase(str_sub(key, 0, key.len - 5), iv->p->operation);
}

static struct value *invert_structure(const struct inverter *iv, const struct cat_shape *s,
                                      const struct value *v)
{
    struct value *out = value_map(iv->a);

    for (struct value *kid = value_first(v); kid; kid = kid->next) {
        const struct cat_member *m = member_for(iv, s, kid->name);

        if (m)
            value_set(out, member_name(iv, m),
                      invert_value(iv, cat_member_shape(iv->cat, m), copied(iv, kid)));
        else if (is_body_wrapper(iv, kid->name)) {
            struct value *body = invert_structure(iv, s, kid), *next;

            for (struct value *inner = value_first(body); inner; inner = next) {
                next = inner->next;
                inner->next = NULL;
                value_set(out, inner->name, inner);
            }
        }
    }
    return out;
}

static struct value *invert_value(const struct inverter *iv, const struct cat_shape *s,
                                  struct value *v)
{
    struct value *out;

    if (s->flags & CAT_S_DOCUMENT)
        return v;
    if (s->type == CAT_STRUCTURE && v->kind == VALUE_MAP)
        return invert_structure(iv, s, v);
    if (s->type == CAT_LIST && v->kind == VALUE_LIST) {
        const struct cat_shape *inner = cat_member_shape(iv->cat, cat_shape_member(iv->cat, s, 0));

        out = value_list(iv->a);
        for (struct value *kid = value_first(v); kid; kid = kid->next)
            value_push(out, invert_value(iv, inner, copied(iv, kid)));
        return out;
    }
    if (s->type == CAT_MAP && v->kind == VALUE_MAP) {
        const struct cat_shape *inner = cat_member_shape(iv->cat, cat_shape_member(iv->cat, s, 1));

        out = value_map(iv->a);
        for (struct value *kid = value_first(v); kid; kid = kid->next)
            value_set(out, kid->name, invert_value(iv, inner, copied(iv, kid)));
        return out;
    }
    return v->kind >= VALUE_LIST ? v : invert_scalar(iv, s, v);
}

/* The elements of a list however it is wrapped: [..], {"items":[..]}, {"item":..}, {"tag":1,..},
 * or the only element itself. */
static struct value *elements_of(const struct inverter *iv, struct value *v, const char *element)
{
    struct value *inner = v->kind == VALUE_MAP ? value_get_c(v, "items") : NULL;

    if (!inner && v->kind == VALUE_MAP)
        inner = value_get_c(v, "item");
    if (!inner && v->kind == VALUE_MAP)
        inner = value_get_c(v, element);
    if (inner)
        v = inner;
    if (v->kind == VALUE_LIST)
        return v;
    if (v->kind == VALUE_MAP && v->count == 0)
        return NULL;
    struct value *list = value_list(iv->a);
    if (!(v->kind == VALUE_STRING && v->u.text.len == 0))
        value_push(list, copied(iv, v));
    return list;
}

static struct value *xml_structure(const struct inverter *iv, const struct cat_shape *s,
                                   const struct value *v);

static struct value *xml_value(const struct inverter *iv, const struct cat_shape *s,
                               struct value *v)
{
    if (s->type == CAT_LIST) {
        const struct cat_member *em = cat_shape_member(iv->cat, s, 0);
        struct str element = cat_str(iv->cat, em->wire);
        struct value *list = elements_of(iv, v, arena_copy(iv->a, element).ptr);
        struct value *out = value_list(iv->a);

        if (!list)
            return iv->side == SIDE_RESPONSE ? out : NULL;
        for (struct value *kid = value_first(list); kid; kid = kid->next)
            value_push(out, xml_value(iv, cat_member_shape(iv->cat, em), copied(iv, kid)));
        return out;
    }
    if (s->type == CAT_STRUCTURE)
        return xml_structure(iv, s, v);
    struct value *content = v->kind == VALUE_MAP ? value_get_c(v, "content") : NULL;
    if (!content && v->kind == VALUE_MAP && v->count == 1)
        content = value_first(v); /* EC2 style A: a scalar item's only member */
    return invert_scalar(iv, s, copied(iv, content ? content : v));
}

/* The raised wire name under which style A's rows are kept. */
static bool is_set_of(const struct inverter *iv, const struct cat_member *m, struct str key)
{
    bool upper;
    struct str wire = ec2_wire_name(iv->cat, m, &upper);
    const struct table *t = &iv->r->ec2_sets;

    for (size_t i = 0; i < t->count; i++)
        if (str_eq_nocase(t->rows[i].cell[0], wire) && str_eq(t->rows[i].cell[2], key))
            return true;
    if (key.len > 3 && str_has_suffix(key, STR("Set"))) {
        struct str stem = str_sub(key, 0, key.len - 3);

        return str_eq_nocase(stem, wire) || (str_has_suffix(wire, STR("Id")) &&
                                             str_eq_nocase(stem, str_sub(wire, 0, wire.len - 2)));
    }
    return str_eq_nocase(wire, key);
}

static const struct cat_member *xml_member(const struct inverter *iv, const struct cat_shape *s,
                                           struct str key)
{
    const struct cat_member *m = member_for(iv, s, key);
    bool is_ec2 = iv->p->dialect == DIALECT_EC2_A || iv->p->dialect == DIALECT_EC2_B;

    for (uint32_t i = 0; is_ec2 && iv->side == SIDE_REQUEST && i < s->member_count; i++) {
        const struct cat_member *at = cat_shape_member(iv->cat, s, i);

        if (is_set_of(iv, at, key))
            return at;
    }
    if (!m && str_eq(key, STR("_return")))
        m = cat_member_find(iv->cat, s, STR("Return"));
    return m;
}

static struct value *xml_structure(const struct inverter *iv, const struct cat_shape *s,
                                   const struct value *v)
{
    struct value *out = value_map(iv->a);

    for (struct value *kid = value_first(v); kid; kid = kid->next) {
        const struct cat_member *m = xml_member(iv, s, kid->name);
        struct value *inner =
            m ? xml_value(iv, cat_member_shape(iv->cat, m), copied(iv, kid)) : NULL;

        if (inner)
            value_set(out, member_name(iv, m), inner);
    }
    return out;
}

static bool is_grouped(const struct inverter *iv, const char *group, const struct cat_member *m)
{
    const struct member_rule *rule = plan_rule(iv->p, SIDE_REQUEST, m);

    return rule && rule->action == RULE_INTO && str_eq_c(rule->arg, group);
}

/* RunInstances: instancesSet's only item holds members of the request; lifted ones stand inside. */
static void ec2a_special(const struct inverter *iv, struct value *params, const struct value *v)
{
    const struct cat_shape *s = iv->p->input;
    struct value *item = value_at(value_get_c(value_get_c(v, "instancesSet"), "items"), 0);

    for (uint32_t i = 0; s && i < s->member_count; i++) {
        const struct cat_member *m = cat_shape_member(iv->cat, s, i);
        const struct member_rule *rule = plan_rule(iv->p, SIDE_REQUEST, m);

        if (is_grouped(iv, "instancesSet", m)) {
            struct value *inner = xml_structure(iv, s, item);
            struct value *it = value_get(inner, member_name(iv, m));

            if (it)
                value_set(params, member_name(iv, m), copied(iv, it));
        } else if (rule && rule->action == RULE_LIFT) {
            struct value *inner = xml_structure(iv, cat_member_shape(iv->cat, m), v);

            (void)value_remove(inner, STR("GroupId")); /* a security group's, not a placement's */
            if (inner->count)
                value_set(params, member_name(iv, m), inner);
        }
    }
}

static void s3_params(const struct inverter *iv, struct inverted *out, const struct value *v)
{
    for (struct value *kid = value_first(v); kid; kid = kid->next) {
        const struct cat_shape *s = iv->p->input;
        const struct cat_member *m = NULL;

        for (uint32_t i = 0; s && i < s->member_count; i++) {
            const struct cat_member *at = cat_shape_member(iv->cat, s, i);

            if (str_eq(cat_str(iv->cat, at->wire), kid->name) && at->location != CAT_URI)
                m = at;
        }
        if (str_eq(kid->name, STR("bucketName"))) {
            value_set(out->call.params, STR("Bucket"), copied(iv, kid));
        } else if (str_eq(kid->name, STR("key"))) {
            value_set(out->call.params, STR("Key"), copied(iv, kid));
        } else if (str_eq(kid->name, STR("Host"))) {
            out->call.host = kid->kind == VALUE_STRING ? kid->u.text : (struct str){ 0 };
        } else if (str_eq(kid->name, STR("bucketPolicy"))) {
            struct buf text = { 0 };

            json_write(&text, kid);
            value_set(out->call.params, STR("Policy"),
                      value_str(iv->a, arena_copy(iv->a, buf_view(&text))));
            buf_free(&text);
        } else if (m) {
            value_set(out->call.params, member_name(iv, m),
                      xml_value(iv, cat_member_shape(iv->cat, m), copied(iv, kid)));
        }
    }
}

static void invert_params(const struct inverter *iv, struct inverted *out,
                          const struct value *params)
{
    const struct plan *p = iv->p;
    const struct value *v = params;

    out->call.params = value_map(iv->a);
    if (!params || params->kind != VALUE_MAP || !p->input)
        return;
    switch (p->dialect) {
    case DIALECT_S3:
        s3_params(iv, out, v);
        return;
    case DIALECT_EC2_B:
        v = value_first(params);
        if (v->kind == VALUE_MAP)
            out->call.params = xml_structure(iv, p->input, v);
        return;
    case DIALECT_EC2_A:
        out->call.params = xml_structure(iv, p->input, v);
        ec2a_special(iv, out->call.params, v);
        return;
    default:
        out->call.params = invert_structure(iv, p->input, v);
        if (value_get_c(params, "Host"))
            out->call.host = value_get_str(params, "Host");
    }
}

static void invert_output(struct inverter *iv, struct inverted *out, const struct value *elements)
{
    const struct plan *p = iv->p;
    struct value *tree;

    iv->side = SIDE_RESPONSE;
    out->outcome.output = value_map(iv->a);
    if (!elements || elements->kind != VALUE_MAP || !p->output)
        return;
    if (p->dialect == DIALECT_EC2_B)
        tree = xml_structure(iv, p->output, value_first(elements));
    else if (p->dialect == DIALECT_EC2_A || p->dialect == DIALECT_S3)
        tree = xml_structure(iv, p->output, elements);
    else
        tree = invert_structure(iv, p->output, elements);
    if (p->wrapper) {
        value_set(out->outcome.output, cat_str(iv->cat, p->wrapper->name), tree);
        return;
    }
    out->outcome.output = tree;
}

static enum principal_type type_of(struct str name)
{
    static const struct {
        const char *name;
        enum principal_type type;
    } types[] = {
        { "Root", PRINCIPAL_ROOT },
        { "IAMUser", PRINCIPAL_IAM_USER },
        { "AssumedRole", PRINCIPAL_ASSUMED_ROLE },
        { "FederatedUser", PRINCIPAL_FEDERATED_USER },
        { "AWSService", PRINCIPAL_AWS_SERVICE },
        { "AWSAccount", PRINCIPAL_AWS_ACCOUNT },
        { "WebIdentityUser", PRINCIPAL_WEB_IDENTITY },
        { "SAMLUser", PRINCIPAL_SAML },
    };

    for (size_t i = 0; i < COUNT(types); i++)
        if (str_eq_c(name, types[i].name))
            return types[i].type;
    return PRINCIPAL_UNKNOWN;
}

static void invert_who(struct inverted *out, const struct value *u)
{
    const struct value *session = value_get_c(u, "sessionContext");
    const struct value *issuer = value_get_c(session, "sessionIssuer");
    const struct value *attributes = value_get_c(session, "attributes");
    struct principal *who = &out->who;

    who->type = type_of(value_get_str(u, "type"));
    who->account = value_get_str(u, "accountId");
    who->principal_id = value_get_str(u, "principalId");
    who->arn = value_get_str(u, "arn");
    who->access_key_id = value_get_str(u, "accessKeyId");
    who->user_name = value_get_str(u, "userName");
    who->identity_provider = value_get_str(u, "identityProvider");
    who->service = value_get_str(u, "invokedBy");
    who->is_session = session != NULL;
    who->mfa = str_eq(value_get_str(attributes, "mfaAuthenticated"), STR("true"));
    (void)clock_parse(value_get_str(attributes, "creationDate"), &who->session_created_ms, NULL);
    who->source_identity = value_get_str(session, "sourceIdentity");
    who->ec2_role_delivery = value_get_str(session, "ec2RoleDelivery").len > 0;
    who->issuer_type = str_eq(value_get_str(issuer, "type"), STR("Role"))
                           ? PRINCIPAL_ASSUMED_ROLE
                           : type_of(value_get_str(issuer, "type"));
    who->issuer_id = value_get_str(issuer, "principalId");
    who->issuer_arn = value_get_str(issuer, "arn");
    who->issuer_account = value_get_str(issuer, "accountId");
    who->issuer_user_name = value_get_str(issuer, "userName");
    if (who->type != PRINCIPAL_AWS_SERVICE)
        out->call.invoked_by = value_get_str(u, "invokedBy");
}

static void invert_failure(struct inverted *out, const struct value *record)
{
    struct str code = value_get_str(record, "errorCode"), head, tail;

    if (str_has_prefix(code, STR("Server.")))
        out->outcome.status = 500;
    if ((str_has_prefix(code, STR("Server.")) || str_has_prefix(code, STR("Client."))) &&
        str_cut(code, '.', &head, &tail))
        code = tail;
    out->outcome.code = code;
    out->outcome.message = value_get_str(record, "errorMessage");
    for (const struct value *v = value_first(value_get_c(record, "responseElements"));
         v && !out->outcome.message.len; v = v->next)
        if (str_eq_nocase(v->name, STR("message")) && v->kind == VALUE_STRING)
            out->outcome.message = v->u.text;
}

void invert_record(struct inverted *out, struct arena *a, const struct recorder *r,
                   const struct plan *p, const struct value *record)
{
    struct inverter iv = { a, r, p, r->cat, SIDE_REQUEST };
    const struct value *tls = value_get_c(record, "tlsDetails");
    const struct value *extra = value_get_c(record, "additionalEventData");

    *out = (struct inverted){ 0 };
    out->call = (struct call){
        .cat = r->cat,
        .op = p->op,
        .service = p->service,
        .service_name = p->service_name,
        .action = p->operation,
        .region = value_get_str(record, "awsRegion"),
        .account = value_get_str(record, "recipientAccountId"),
        .who = &out->who,
        .request_id = value_get_str(record, "requestID"),
        .event_id = value_get_str(record, "eventID"),
        .host_id = value_get_str(extra, "x-amz-id-2"),
        .source_ip = value_get_str(record, "sourceIPAddress"),
        .user_agent = value_get_str(record, "userAgent"),
        .host = value_get_str(tls, "clientProvidedHostHeader"),
        .vpc_endpoint_id = value_get_str(record, "vpcEndpointId"),
        .door = value_get_c(tls, "tlsVersion") ? DOOR_GENERATOR : DOOR_HTTP,
        .auth = str_eq(value_get_str(extra, "AuthenticationMethod"), STR("QueryString"))
                    ? AUTH_QUERY
                    : AUTH_HEADER,
        .signature_version = value_get_str(extra, "SignatureVersion"),
    };
    (void)clock_parse(value_get_str(record, "eventTime"), &out->call.time_ms, NULL);
    if (str_has_prefix(out->call.user_agent, STR("[")) &&
        str_has_suffix(out->call.user_agent, STR("]")))
        out->call.user_agent = str_sub(out->call.user_agent, 1, out->call.user_agent.len - 2);
    invert_who(out, value_get_c(record, "userIdentity"));
    invert_failure(out, record);
    invert_params(&iv, out, value_get_c(record, "requestParameters"));
    invert_output(&iv, out, value_get_c(record, "responseElements"));
}
