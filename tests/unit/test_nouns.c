#include "emulator/catalogue/nouns.h"
#include "tests/unit/check.h"

static const struct meets_case {
    const char *left, *right;
    bool meets;
} meetings[] = {
    { "Policies", "policy", true },   { "Analyses", "Analysis", true },
    { "Addresses", "Address", true }, { "DBInstances", "dbInstance", true },
    { "TopicsV2", "Topics", true },   { "Vpc", "VpcEndpoint", false },
    { "User", "UserGroup", false },   { "", "", false },
    { "Indices", "Index", true },
};

static const struct identity_case {
    const char *noun, *member, *kind;
} identities[] = {
    { "Vpc", "VpcId", "id" },
    { "Subnet", "VpcId", "" },
    { "Analyzer", "analyzerArn", "arn" },
    { "Cluster", "clusterIdentifier", "id" },
    { "PlaybackKeyPair", "keyPairArn", "arn" },
    { "Anything", "name", "name" },
    { "Anything", "resourceArn", "arn" },
    { "Job", "status", "" },
};

static void names_meet(void **state)
{
    struct arena a = { 0 };

    (void)state;
    for (size_t i = 0; i < COUNT(meetings); i++)
        if (noun_meets(noun_normal(&a, str_c(meetings[i].left)),
                       noun_normal(&a, str_c(meetings[i].right))) != meetings[i].meets)
            fail_msg("%s and %s", meetings[i].left, meetings[i].right);
    arena_free(&a);
}

static void members_identify(void **state)
{
    struct arena a = { 0 };

    (void)state;
    for (size_t i = 0; i < COUNT(identities); i++)
        check_str(noun_identity(noun_normal(&a, str_c(identities[i].noun)),
                                noun_normal(&a, str_c(identities[i].member))),
                  identities[i].kind);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_meet),
        cmocka_unit_test(members_identify),
    };

    return cmocka_run_group_tests_name("nouns", tests, NULL, NULL);
}
