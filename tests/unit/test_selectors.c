#include "tests/unit/check.h"

#include "core/codec/json.h"
#include "emulator/trail/selectors.h"

#define BASIC(text)    "{\"EventSelectors\":[" text "]}"
#define ADVANCED(text) "{\"AdvancedEventSelectors\":[{\"FieldSelectors\":[" text "]}]}"
#define DATA           "{\"Field\":\"eventCategory\",\"Equals\":[\"Data\"]}"
#define S3             "{\"Field\":\"resources.type\",\"Equals\":[\"AWS::S3::Object\"]}"
#define MANAGEMENT     "{\"Field\":\"eventCategory\",\"Equals\":[\"Management\"]}"

enum event { LIST_USERS, CREATE_USER, DECRYPT, GET_OBJECT, PUT_OBJECT, INVOKE, GET_ITEM, EVENTS };

static const struct {
    const char *source, *name, *type, *arn;
    enum event_category category;
    bool read_only;
} events[EVENTS] = {
    [LIST_USERS] = { "iam.amazonaws.com", "ListUsers", NULL, NULL, EVENT_MANAGEMENT, true },
    [CREATE_USER] = { "iam.amazonaws.com", "CreateUser", NULL, NULL, EVENT_MANAGEMENT, false },
    [DECRYPT] = { "kms.amazonaws.com", "Decrypt", NULL, NULL, EVENT_MANAGEMENT, true },
    [GET_OBJECT] = { "s3.amazonaws.com", "GetObject", "AWS::S3::Object", "arn:aws:s3:::b/in/1",
                     EVENT_DATA, true },
    [PUT_OBJECT] = { "s3.amazonaws.com", "PutObject", "AWS::S3::Object", "arn:aws:s3:::bb/out",
                     EVENT_DATA, false },
    [INVOKE] = { "lambda.amazonaws.com", "Invoke", "AWS::Lambda::Function",
                 "arn:aws:lambda:us-east-1:1:function:f", EVENT_DATA, false },
    [GET_ITEM] = { "dynamodb.amazonaws.com", "GetItem", "AWS::DynamoDB::Table",
                   "arn:aws:dynamodb:us-east-1:1:table/t", EVENT_DATA, true },
};

/* takes: a letter for each event in order, '1' taken. */
static const struct selector_case {
    const char *name, *trail, *takes;
} cases[] = {
    { "no selector: all management events", "{}", "1110000" },
    { "reads only", BASIC("{\"ReadWriteType\":\"ReadOnly\"}"), "1010000" },
    { "writes only: KMS Decrypt is a read", BASIC("{\"ReadWriteType\":\"WriteOnly\"}"), "0100000" },
    { "no management events", BASIC("{\"IncludeManagementEvents\":false}"), "0000000" },
    { "a source excluded", BASIC("{\"ExcludeManagementEventSources\":[\"kms.amazonaws.com\"]}"),
      "1100000" },
    { "all of S3",
      BASIC("{\"DataResources\":[{\"Type\":\"AWS::S3::Object\",\"Values\":[\"arn:aws:s3\"]}]}"),
      "1111100" },
    { "the longer way to say all of S3",
      BASIC("{\"DataResources\":[{\"Type\":\"AWS::S3::Object\",\"Values\":[\"arn:aws:s3:::\"]}]}"),
      "1111100" },
    { "a bucket with its slash is not another that begins so",
      BASIC(
          "{\"DataResources\":[{\"Type\":\"AWS::S3::Object\",\"Values\":[\"arn:aws:s3:::b/\"]}]}"),
      "1111000" },
    { "a prefix in a bucket, writes only",
      BASIC("{\"ReadWriteType\":\"WriteOnly\",\"DataResources\":[{\"Type\":\"AWS::S3::Object\","
            "\"Values\":[\"arn:aws:s3:::b/in\",\"arn:aws:s3:::bb/o\"]}]}"),
      "0100100" },
    { "one function, not one whose name begins so",
      BASIC("{\"IncludeManagementEvents\":false,\"DataResources\":[{\"Type\":"
            "\"AWS::Lambda::Function\",\"Values\":[\"arn:aws:lambda:us-east-1:1:function:f\"]}]}"),
      "0000010" },
    { "a function that only begins like it",
      BASIC("{\"IncludeManagementEvents\":false,\"DataResources\":[{\"Type\":"
            "\"AWS::Lambda::Function\",\"Values\":[\"arn:aws:lambda:us-east-1:1:function:\"]}]}"),
      "0000000" },
    { "every table",
      BASIC("{\"IncludeManagementEvents\":false,\"DataResources\":[{\"Type\":"
            "\"AWS::DynamoDB::Table\",\"Values\":[\"arn:aws:dynamodb\"]}]}"),
      "0000001" },
    { "either of two selectors",
      BASIC("{\"ReadWriteType\":\"WriteOnly\"},{\"ReadWriteType\":\"ReadOnly\"}"), "1110000" },
    { "advanced: management", ADVANCED(MANAGEMENT), "1110000" },
    { "advanced: management but one source",
      ADVANCED(MANAGEMENT ",{\"Field\":\"eventSource\",\"NotEquals\":[\"kms.amazonaws.com\"]}"),
      "1100000" },
    { "advanced: management, reads",
      ADVANCED(MANAGEMENT ",{\"Field\":\"readOnly\",\"Equals\":[\"true\"]}"), "1010000" },
    { "advanced: data of one type", ADVANCED(DATA "," S3), "0001100" },
    { "advanced: all data", ADVANCED(DATA), "0001111" },
    { "advanced: names that start or end so",
      ADVANCED(DATA ",{\"Field\":\"eventName\",\"StartsWith\":[\"Put\"],\"EndsWith\":[\"Item\"]}"),
      "0000101" },
    { "advanced: an ARN and not another",
      ADVANCED(DATA "," S3 ",{\"Field\":\"resources.ARN\",\"StartsWith\":[\"arn:aws:s3:::b\"],"
                    "\"NotStartsWith\":[\"arn:aws:s3:::bb/\"]}"),
      "0001000" },
    { "advanced: NotEndsWith takes away",
      ADVANCED(DATA "," S3 ",{\"Field\":\"resources.ARN\","
                    "\"NotEndsWith\":[\"/1\"]}"),
      "0000100" },
    { "advanced: a member of the record",
      ADVANCED(MANAGEMENT ",{\"Field\":\"eventType\",\"Equals\":[\"AwsApiCall\"]}"), "1110000" },
    { "advanced: an absent member equals nothing",
      ADVANCED(DATA ",{\"Field\":\"sessionCredentialFromConsole\",\"Equals\":[\"true\"]}"),
      "0000000" },
    { "advanced: an absent member differs from everything",
      ADVANCED(DATA "," S3 ",{\"Field\":\"userIdentity.arn\",\"NotEquals\":[\"x\"]}"), "0001100" },
    { "advanced: a field that nobody knows takes nothing",
      ADVANCED(DATA ",{\"Field\":\"sourceIPAddress\",\"NotEquals\":[\"x\"]}"), "0000000" },
};

static struct record_facts facts_of(struct arena *a, enum event i)
{
    struct record_facts f = { .event_source = str_c(events[i].source),
                              .event_name = str_c(events[i].name),
                              .category = events[i].category,
                              .read_only = events[i].read_only };

    if (events[i].type) {
        struct value *other = value_map(a), *own = value_map(a);
        f.data_resources = value_list(a);
        value_put_c(a, other, "type", "AWS::S3::Bucket"); /* not the one that selectors ask for */
        value_put_c(a, other, "ARN", "arn:aws:s3:::b");
        value_put_c(a, own, "type", events[i].type);
        value_put_c(a, own, "ARN", events[i].arn);
        value_push(f.data_resources, other);
        value_push(f.data_resources, own);
    }
    return f;
}

static void takes(void **state)
{
    const struct selector_case *c = *state;
    struct arena a = { 0 };
    struct err err = { 0 };
    struct value *trail;
    char got[EVENTS + 1] = "";

    check_ok(json_parse(&a, str_c(c->trail), &trail, &err), &err);
    struct selectors *s = selectors_compile(&a, trail);
    for (int i = 0; i < EVENTS; i++) {
        struct record_facts f = facts_of(&a, (enum event)i);
        got[i] = selectors_take(s, &f, STR("{\"eventType\":\"AwsApiCall\"}")) ? '1' : '0';
    }
    assert_string_equal(got, c->takes);
    arena_free(&a);
}

int main(void)
{
    struct CMUnitTest tests[COUNT(cases)];

    for (size_t i = 0; i < COUNT(cases); i++)
        tests[i] = (struct CMUnitTest){ cases[i].name, takes, NULL, NULL, (void *)&cases[i] };
    return cmocka_run_group_tests_name("selectors", tests, NULL, NULL);
}
