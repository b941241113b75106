/* What must fit together in one record, and with the file that it lies in. */
#include "core/aws/region.h"
#include "verify/records/check.h"
#include "verify/records/form.h"

/* ---- reads and writes ---- */

/* First words of names that are reads whatever the service. Source: shared reference, "readOnly":
 * with the rows below they explain every one of 35,000 real records. */
static const char *const read_words[] = { "Get",    "List",     "Describe", "Head",
                                          "Lookup", "BatchGet", "Search" };
/* First words of names that no service has as reads. */
static const char *const write_words[] = {
    "Create",  "Delete", "Put",       "Update", "Modify",    "Attach",     "Detach", "Add",
    "Remove",  "Start",  "Stop",      "Run",    "Terminate", "Tag",        "Untag",  "Enable",
    "Disable", "Revoke", "Authorize", "Set",    "Register",  "Deregister",
};

/* Names whose readOnly the words would tell wrongly. Source: CloudTrail records; sts, signin and
 * connect say false. */
static const struct exception {
    const char *source, *name;
} not_reads[] = {
    { "sts.amazonaws.com", "GetFederationToken" },
    { "sts.amazonaws.com", "GetSessionToken" },
    { "signin.amazonaws.com", "GetSigninToken" },
    { "connect.amazonaws.com", "ListRealtimeContactAnalysisSegmentsV2" },
    { "cognito-identity.amazonaws.com", "GetCredentialsForIdentity" },
    { "codeartifact.amazonaws.com", "GetAuthorizationToken" },
    { "cognito-idp.amazonaws.com", NULL }, /* hosted pages: Confirm_GET writes */
};

/* Reads that say what they found all the same. Source: real records. */
static const struct exception speaking_reads[] = {
    { "sts.amazonaws.com", NULL },
    { "elasticloadbalancing.amazonaws.com", NULL },
    { "application-insights.amazonaws.com", NULL },
    { "es.amazonaws.com", "ListNotifications" },
    { "ecr.amazonaws.com", "DescribeImageScanFindings" },
    { "redshift.amazonaws.com", NULL },
    { "directconnect.amazonaws.com", NULL },
    { "sagemaker.amazonaws.com", NULL },
    { "athena.amazonaws.com", NULL },
};

/* A data event by its name. Source: CloudTrail User Guide, "Data events". */
static const struct exception data_calls[] = {
    { "s3.amazonaws.com", "GetObject" },        { "s3.amazonaws.com", "PutObject" },
    { "s3.amazonaws.com", "DeleteObject" },     { "s3.amazonaws.com", "HeadObject" },
    { "s3.amazonaws.com", "CopyObject" },       { "s3.amazonaws.com", "DeleteObjects" },
    { "s3.amazonaws.com", "GetObjectTagging" }, { "s3.amazonaws.com", "PutObjectTagging" },
    { "lambda.amazonaws.com", "Invoke" },       { "dynamodb.amazonaws.com", "PutItem" },
    { "dynamodb.amazonaws.com", "GetItem" },    { "dynamodb.amazonaws.com", "DeleteItem" },
    { "dynamodb.amazonaws.com", "UpdateItem" }, { "dynamodb.amazonaws.com", "Query" },
    { "dynamodb.amazonaws.com", "Scan" },
};

static bool is_in(const struct check *c, const struct exception *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq_c(c->source, rows[i].source) &&
            (!rows[i].name || str_eq_c(c->name, rows[i].name)))
            return true;
    return false;
}

/* Does name begin with the word, and with the next one's capital letter behind it? */
static bool begins_with(struct str name, const char *word)
{
    struct str w = str_c(word);

    return name.len >= w.len && name.ptr[0] == w.ptr[0] && memcmp(name.ptr, w.ptr, w.len) == 0 &&
           (name.len == w.len || name.ptr[w.len] < 'a' || name.ptr[w.len] > 'z');
}

static bool begins_with_any(struct str name, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (begins_with(name, words[i]))
            return true;
    return false;
}

static void check_read_only(struct check *c)
{
    const struct scan_node *n = scan_top(c->r, SCAN_READ_ONLY);
    const struct scan_node *response = scan_top(c->r, SCAN_RESPONSE_ELEMENTS);

    if (!n || (n->kind != SCAN_TRUE && n->kind != SCAN_FALSE) || c->kind != KIND_CALL)
        return;
    bool says_read = n->kind == SCAN_TRUE;

    if (says_read && begins_with_any(c->name, write_words, COUNT(write_words)) &&
        !str_eq_c(c->name, "CreateSession"))
        note(c, RULE_READ_ONLY_NAME, "readOnly", "expected false for %.60s",
             arena_copy(&c->out->arena, c->name).ptr);
    if (!says_read && begins_with_any(c->name, read_words, COUNT(read_words)) &&
        !is_in(c, not_reads, COUNT(not_reads)))
        note(c, RULE_READ_ONLY_NAME, "readOnly", "expected true for %.60s",
             arena_copy(&c->out->arena, c->name).ptr);
    if (says_read && scan_is(response, SCAN_MAP) && c->error_code.len == 0 &&
        !is_in(c, speaking_reads, COUNT(speaking_reads)))
        note(c, RULE_READ_ONLY_RESPONSE, "responseElements", "expected null for a read");
}

/* ---- errors ---- */

/* Source: real records: services of one framework log {"message":...} for refused writes. */
static bool is_message(const struct scan_node *response)
{
    for (const struct scan_node *n = scan_first(response); n; n = scan_after(response, n))
        if (!str_eq_nocase(scan_name(n), STR("message")) && !str_eq_c(scan_name(n), "code") &&
            !str_has_prefix(scan_name(n), STR("Access-Control-")))
            return false;
    return true;
}

static void check_errors(struct check *c)
{
    const struct scan_node *response = scan_top(c->r, SCAN_RESPONSE_ELEMENTS);
    bool has_message = scan_top(c->r, SCAN_ERROR_MESSAGE) != NULL;
    bool is_ec2 = str_eq_c(c->source, "ec2.amazonaws.com");

    if (has_message && !scan_top(c->r, SCAN_ERROR_CODE) && !str_eq_c(c->type, "AwsConsoleSignIn") &&
        !str_eq_c(c->source, "signin.amazonaws.com"))
        note(c, RULE_ERROR_MESSAGE, "errorMessage", "expected errorCode beside it");
    if (c->error_code.len == 0) {
        if (scan_is(scan_top(c->r, SCAN_ERROR_CODE), SCAN_STRING))
            note(c, RULE_MEMBER_EMPTY, "errorCode", "expected a code, or no errorCode");
        return;
    }
    if (scan_is(response, SCAN_MAP) && !is_message(response))
        note(c, RULE_ERROR_RESPONSE, "responseElements", "expected null beside errorCode");
    if (is_ec2 && c->kind == KIND_CALL && !str_has_prefix(c->error_code, STR("Client.")) &&
        !str_has_prefix(c->error_code, STR("Server.")))
        note(c, RULE_ERROR_EC2, "errorCode", "expected Client. or Server. before it");
    if (str_eq_c(c->error_code, "AccessDeniedException"))
        note(c, RULE_ERROR_DENIED, "errorCode", "expected AccessDenied");
}

/* ---- kinds ---- */

static void check_category(struct check *c)
{
    static const struct {
        const char *category, *type;
    } pairs[] = { { "Insight", "AwsCloudTrailInsight" },
                  { "NetworkActivity", "AwsVpceEvent" },
                  { "Aggregated", "AwsAggregatedEvent" } };
    struct str category = scan_top_str(c->r, SCAN_EVENT_CATEGORY);
    const struct scan_node *management = scan_top(c->r, SCAN_MANAGEMENT_EVENT);

    for (size_t i = 0; i < COUNT(pairs); i++)
        if (category.len && c->type.len &&
            str_eq_c(category, pairs[i].category) != str_has_prefix(c->type, str_c(pairs[i].type)))
            note(c, RULE_CATEGORY_TYPE, "eventCategory", "expected one that fits eventType %.40s",
                 arena_copy(&c->out->arena, c->type).ptr);
    if (management && category.len &&
        (str_eq_c(category, "Management")
             ? management->kind == SCAN_FALSE
             : str_eq_c(category, "Data") && management->kind == SCAN_TRUE))
        note(c, RULE_CATEGORY_MANAGEMENT, "managementEvent", "expected %s in the category %.20s",
             management->kind == SCAN_TRUE ? "false" : "true",
             arena_copy(&c->out->arena, category).ptr);
    if (str_eq_c(category, "Management") && is_in(c, data_calls, COUNT(data_calls)))
        note(c, RULE_CATEGORY_NAME, "eventCategory", "expected Data for %.60s",
             arena_copy(&c->out->arena, c->name).ptr);
    if (str_eq_c(category, "Data") && str_eq_c(c->source, "iam.amazonaws.com"))
        note(c, RULE_CATEGORY_NAME, "eventCategory", "expected Management: IAM has no data events");
}

static bool is_one_of(const struct scan_node *n, const char *a, const char *b)
{
    return n && (str_eq_c(scan_value(n), a) || str_eq_c(scan_value(n), b));
}

static void check_sign_in(struct check *c)
{
    const struct scan_node *response, *mfa;

    if (!str_eq_c(c->name, "ConsoleLogin") || !str_eq_c(c->source, "signin.amazonaws.com"))
        return;
    response = scan_get(scan_top(c->r, SCAN_RESPONSE_ELEMENTS), STR("ConsoleLogin"));
    mfa = scan_get(scan_top(c->r, SCAN_ADDITIONAL_EVENT_DATA), STR("MFAUsed"));
    if (!is_one_of(response, "Success", "Failure"))
        note(c, RULE_SIGN_IN, "responseElements.ConsoleLogin", "expected Success or Failure");
    else if (str_eq_c(scan_value(response), "Failure") && !scan_top(c->r, SCAN_ERROR_MESSAGE))
        note(c, RULE_SIGN_IN, "errorMessage", "expected why the sign-in failed");
    if (mfa && !is_one_of(mfa, "Yes", "No"))
        note(c, RULE_SIGN_IN, "additionalEventData.MFAUsed", "expected Yes or No");
    if (c->type.len && !str_eq_c(c->type, "AwsConsoleSignIn"))
        note(c, RULE_SIGN_IN, "eventType", "expected AwsConsoleSignIn for ConsoleLogin");
}

static void check_service(struct check *c)
{
    const struct scan_node *identity = scan_top(c->r, SCAN_USER_IDENTITY);
    struct str address = scan_top_str(c->r, SCAN_SOURCE_IP_ADDRESS);
    struct str agent = scan_top_str(c->r, SCAN_USER_AGENT);

    if (scan_top(c->r, SCAN_SERVICE_EVENT_DETAILS) && c->type.len && c->kind != KIND_SERVICE_EVENT)
        note(c, RULE_SERVICE_DETAILS, "serviceEventDetails", "expected it in service events alone");
    if (c->kind != KIND_CALL ||
        !is_one_of(scan_get(identity, STR("type")), "AWSService", "AWSService"))
        return;
    struct str caller = scan_value(scan_get(identity, STR("invokedBy")));

    if (caller.len && address.len && !str_eq(address, caller))
        note(c, RULE_SERVICE_CALLER, "sourceIPAddress", "expected userIdentity.invokedBy");
    if (caller.len && agent.len && !str_eq(agent, caller))
        note(c, RULE_SERVICE_CALLER, "userAgent", "expected userIdentity.invokedBy");
}

static void check_insight(struct check *c)
{
    static const char *const wanted[] = { "state", "eventSource", "eventName", "insightType",
                                          "insightContext" };
    const struct scan_node *d = scan_top(c->r, SCAN_INSIGHT_DETAILS);

    if (c->kind != KIND_INSIGHT || !scan_is(d, SCAN_MAP))
        return;
    for (size_t i = 0; i < COUNT(wanted); i++)
        if (!scan_get(d, str_c(wanted[i])))
            note(c, RULE_INSIGHT_FORM, "insightDetails", "expected %s in it", wanted[i]);
    if (!is_one_of(scan_get(d, STR("state")), "Start", "End"))
        note(c, RULE_INSIGHT_FORM, "insightDetails.state", "expected Start or End");
    if (!is_one_of(scan_get(d, STR("insightType")), "ApiCallRateInsight", "ApiErrorRateInsight"))
        note(c, RULE_INSIGHT_FORM, "insightDetails.insightType",
             "expected ApiCallRateInsight or ApiErrorRateInsight");
}

/* 2021-11-22: since then events of global services lie in the files of their own region.
 * Source: CloudTrail User Guide, "Document history". */
#define GLOBAL_MOVED_MS 1637539200000

static void check_global(struct check *c)
{
    static const char *const global[] = { "iam.amazonaws.com", "organizations.amazonaws.com",
                                          "cloudfront.amazonaws.com", "route53.amazonaws.com" };

    for (size_t i = 0; i < COUNT(global); i++)
        if (str_eq_c(c->source, global[i]) && c->region.len &&
            str_eq_c(region_partition(c->region), "aws") && !str_eq_c(c->region, "us-east-1"))
            note(c, RULE_REGION_GLOBAL, "awsRegion", "expected us-east-1 for %s", global[i]);
}

void check_consistency(struct check *c)
{
    check_read_only(c);
    check_errors(c);
    check_category(c);
    check_sign_in(c);
    check_service(c);
    check_insight(c);
    check_global(c);
}

/* ---- the file's name ---- */

enum { SLACK_MS = 5 * 60 * 1000, LATE_MS = 3600 * 1000 };

static void check_key_time(struct check *c, int64_t slot_ms)
{
    /* The name tells the minute; events of that minute belong to the next slot. */
    if (c->time_ms >= slot_ms + SLACK_MS)
        note(c, RULE_KEY_TIME, "eventTime", "expected no event behind the file's time");
    else if (c->time_ms < slot_ms - LATE_MS && !scan_top(c->r, SCAN_ADDENDUM))
        note(c, RULE_KEY_LATE, "eventTime", "expected delivery within the hour, or an addendum");
}

void check_key(struct check *c)
{
    const struct trail_key *k = &c->file->at;
    struct str account = scan_top_str(c->r, SCAN_RECIPIENT_ACCOUNT_ID);

    if (c->file->kind != SOURCE_LOG && c->file->kind != SOURCE_INSIGHT)
        return;
    if (account.len && !str_eq(account, k->account))
        note(c, RULE_KEY_ACCOUNT, "recipientAccountId", "expected %.12s, as in the key",
             arena_copy(&c->out->arena, k->account).ptr);
    if (c->region.len && !str_eq(c->region, k->region) &&
        !(c->has_time && c->time_ms < GLOBAL_MOVED_MS))
        note(c, RULE_KEY_REGION, "awsRegion", "expected %.30s, as in the key",
             arena_copy(&c->out->arena, k->region).ptr);
    if ((c->kind == KIND_INSIGHT) != (c->file->kind == SOURCE_INSIGHT))
        note(c, RULE_KEY_CATEGORY, "eventType",
             "expected Insights events below CloudTrail-Insight, and none elsewhere");
    if (c->has_time && c->file->kind == SOURCE_LOG)
        check_key_time(c, k->at_ms);
}
