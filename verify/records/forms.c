/* The values of a record's own members, one by one. */
#include "core/aws/region.h"
#include "verify/records/check.h"
#include "verify/records/form.h"

static void check_time(struct check *c)
{
    struct str text = scan_top_str(c->r, SCAN_EVENT_TIME);

    c->time_ms = check_time_of(c->checker, c->r);
    c->has_time = c->time_ms != INT64_MIN;
    if (text.len && !c->has_time)
        note(c, RULE_TIME_FORM, "eventTime", "expected YYYY-MM-DDTHH:MM:SSZ, not %.40s",
             arena_copy(&c->out->arena, text).ptr);
}

/* "s3" of s3.amazonaws.com; empty when it is no such name. */
static struct str service_of(struct str source)
{
    struct str domain = STR(".amazonaws.com");

    return str_sub(source, 0, str_has_suffix(source, domain) ? source.len - domain.len : 0);
}

static void check_source(struct check *c)
{
    c->source = scan_top_str(c->r, SCAN_EVENT_SOURCE);
    if (c->source.len == 0)
        return;
    if (names_has(c->checker->sources, service_of(c->source)))
        return;
    if (!form_source(c->source))
        note(c, RULE_SOURCE_FORM, "eventSource", "expected SERVICE.amazonaws.com, not %.60s",
             arena_copy(&c->out->arena, c->source).ptr);
    else
        note(c, RULE_SOURCE_KNOWN, "eventSource", "expected a known service, not %.60s",
             arena_copy(&c->out->arena, c->source).ptr);
}

/* The first word of a name in camel case: "Get" of GetObject, "DB" of DBCluster. */
static struct str first_word(struct str name)
{
    size_t n = 1;

    while (n < name.len && ((name.ptr[n] >= 'a' && name.ptr[n] <= 'z') ||
                            (name.ptr[n] >= '0' && name.ptr[n] <= '9')))
        n++;
    return str_sub(name, 0, n);
}

/* Route 53 Domains wrote names with a small first letter until about 2021; Cognito's hosted pages
 * are Login_GET and the like. */
static bool is_plausible(const struct check *c)
{
    struct str word = first_word(c->name);
    char copy[64];

    if (names_has(c->checker->verbs, word))
        return true;
    if (word.len == 0 || word.len > sizeof copy || word.ptr[0] < 'a')
        return false;
    memcpy(copy, word.ptr, word.len);
    copy[0] = (char)(copy[0] - 'a' + 'A');
    return names_has(c->checker->verbs, (struct str){ copy, word.len });
}

static void check_name(struct check *c)
{
    struct str service = service_of(c->source);

    c->name = scan_top_str(c->r, SCAN_EVENT_NAME);
    if (c->name.len == 0 || names_has_in(c->checker->operations, service, c->name))
        return;
    if (!form_event_name(c->name))
        note(c, RULE_NAME_FORM, "eventName", "expected a word, not %.60s",
             arena_copy(&c->out->arena, c->name).ptr);
    else if (!is_plausible(c) && c->kind != KIND_SERVICE_EVENT)
        note(c, RULE_NAME_PLAUSIBLE, "eventName", "expected an operation's name, not %.60s",
             arena_copy(&c->out->arena, c->name).ptr);
    else if (str_eq_c(c->type, "AwsApiCall") && names_has_group(c->checker->operations, service))
        note(c, RULE_NAME_KNOWN, "eventName",
             "expected an operation of %.40s that is known, not %.60s",
             arena_copy(&c->out->arena, c->source).ptr, arena_copy(&c->out->arena, c->name).ptr);
}

static void check_region(struct check *c)
{
    c->region = scan_top_str(c->r, SCAN_AWS_REGION);
    if (c->region.len == 0 || region_find(c->region))
        return;
    if (!form_region(c->region))
        note(c, RULE_REGION_FORM, "awsRegion", "expected a region such as us-east-1, not %.40s",
             arena_copy(&c->out->arena, c->region).ptr);
    else
        note(c, RULE_REGION_KNOWN, "awsRegion", "expected a region that is known");
}

/* Source: CloudTrail User Guide, sourceIPAddress: a service's DNS name where a service called, and
 * "AWS Internal". */
static void check_address(struct check *c)
{
    struct str s = scan_top_str(c->r, SCAN_SOURCE_IP_ADDRESS);

    if (s.len == 0 || str_eq_c(s, "AWS Internal"))
        return;
    bool is_number = s.ptr[s.len - 1] >= '0' && s.ptr[s.len - 1] <= '9';

    if ((is_number || memchr(s.ptr, ':', s.len)) ? form_address(s) : form_host(s))
        return;
    note(c, RULE_ADDRESS_FORM, "sourceIPAddress",
         "expected an address, a service's DNS name or AWS Internal, not %.60s",
         arena_copy(&c->out->arena, s).ptr);
}

static void check_uuid(struct check *c, enum scan_member m, enum rule rule)
{
    struct str s = scan_top_str(c->r, m);
    uint64_t id[2] = { 0 };
    bool is_good = form_uuid(s, id);

    if (m == SCAN_EVENT_ID) {
        c->checker->has_id = is_good;
        memcpy(c->checker->id, id, sizeof id);
    }
    if (s.len && !is_good)
        note(c, rule, scan_member_name(m), "expected a UUID in lower case, not %.60s",
             arena_copy(&c->out->arena, s).ptr);
}

/* A service that calls through its own endpoint stands as its DNS name in both members of the
 * endpoint. Source: real records of mgn and cloudtrail. */
static void check_account(struct check *c, enum scan_member m)
{
    struct str s = scan_top_str(c->r, m);

    if (s.len && !form_account(s) && !(m == SCAN_VPC_ENDPOINT_ACCOUNT_ID && form_source(s)))
        note(c, RULE_ACCOUNT_FORM, scan_member_name(m), "expected 12 digits, not %.40s",
             arena_copy(&c->out->arena, s).ptr);
}

static bool is_among(struct str s, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq_c(s, list[i]))
            return true;
    return false;
}

/* Source: CloudTrail User Guide, eventType, eventCategory. Records of network activity say
 * AwsVpceEvent, the field list AwsVpceEvents. */
static const char *const types[] = {
    "AwsApiCall",   "AwsServiceEvent", "AwsConsoleSignIn",     "AwsConsoleAction",
    "AwsVpceEvent", "AwsVpceEvents",   "AwsCloudTrailInsight", "AwsAggregatedEvent",
};
static const char *const categories[] = { "Management", "Data", "Insight", "NetworkActivity",
                                          "Aggregated" };

static void check_words(struct check *c)
{
    struct str category = scan_top_str(c->r, SCAN_EVENT_CATEGORY);
    struct str console = scan_top_str(c->r, SCAN_SESSION_CREDENTIAL_FROM_CONSOLE);

    if (c->type.len && !is_among(c->type, types, COUNT(types)))
        note(c, RULE_TYPE_KNOWN, "eventType", "expected AwsApiCall or another known type");
    if (category.len && !is_among(category, categories, COUNT(categories)))
        note(c, RULE_CATEGORY_KNOWN, "eventCategory", "expected Management or another category");
    if (console.len && !str_eq_c(console, "true"))
        note(c, RULE_CONSOLE_FORM, "sessionCredentialFromConsole", "expected \"true\"");
}

static void check_endpoint(struct check *c)
{
    struct str s = scan_top_str(c->r, SCAN_VPC_ENDPOINT_ID), rest = str_sub(s, 5, s.len);

    if (s.len == 0 || form_source(s))
        return;
    bool is_good = str_has_prefix(s, STR("vpce-")) && rest.len >= 8;

    for (size_t i = 0; i < rest.len; i++)
        is_good &= (rest.ptr[i] >= '0' && rest.ptr[i] <= '9') ||
                   (rest.ptr[i] >= 'a' && rest.ptr[i] <= 'f');
    if (!is_good)
        note(c, RULE_VPCE_FORM, "vpcEndpointId", "expected vpce- and hexadecimal digits");
}

static void check_tls(struct check *c)
{
    static const char *const known[] = { "tlsVersion", "cipherSuite", "clientProvidedHostHeader",
                                         "keyExchange" };
    const struct scan_node *tls = scan_top(c->r, SCAN_TLS_DETAILS);

    if (!scan_is(tls, SCAN_MAP))
        return;
    for (const struct scan_node *n = scan_first(tls); n; n = scan_after(tls, n)) {
        struct str name = scan_name(n);

        if (n->kind != SCAN_STRING || !is_among(name, known, COUNT(known)))
            note(c, RULE_TLS_FORM, "tlsDetails",
                 "expected its three strings and maybe keyExchange");
        else if (str_eq_c(name, "tlsVersion") && !str_has_prefix(scan_value(n), STR("TLSv1")))
            note(c, RULE_TLS_FORM, "tlsDetails.tlsVersion", "expected TLSv1.2 or TLSv1.3");
    }
}

static void check_addendum(struct check *c)
{
    static const char *const reasons[] = { "DELIVERY_DELAY", "UPDATED_DATA", "SERVICE_OUTAGE" };
    const struct scan_node *n = scan_top(c->r, SCAN_ADDENDUM);

    if (scan_is(n, SCAN_MAP) &&
        !is_among(scan_value(scan_get(n, STR("reason"))), reasons, COUNT(reasons)))
        note(c, RULE_ADDENDUM_FORM, "addendum.reason", "expected DELIVERY_DELAY or the like");
}

void check_forms(struct check *c)
{
    const struct scan_node *parameters = scan_top(c->r, SCAN_REQUEST_PARAMETERS);

    c->error_code = scan_top_str(c->r, SCAN_ERROR_CODE);
    check_time(c);
    check_source(c);
    check_name(c);
    check_region(c);
    check_address(c);
    check_uuid(c, SCAN_EVENT_ID, RULE_EVENT_ID_FORM);
    check_uuid(c, SCAN_SHARED_EVENT_ID, RULE_SHARED_ID_FORM);
    check_account(c, SCAN_RECIPIENT_ACCOUNT_ID);
    check_account(c, SCAN_VPC_ENDPOINT_ACCOUNT_ID);
    check_words(c);
    check_endpoint(c);
    check_tls(c);
    check_addendum(c);
    if (scan_is(parameters, SCAN_MAP) && parameters->span == 1)
        note(c, RULE_PARAMETERS_EMPTY, "requestParameters", "expected null, not {}");
}
