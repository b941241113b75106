/* Any policy that parses can be decided, the same way twice; a deny is never turned into an allow
 * by asking again. */
#include <assert.h>

#include "core/aws/policy.h"
#include "tests/fuzz/fuzz.h"

static void decide(struct arena *a, const struct policy *p)
{
    const struct str name = STR("arn:aws:iam::111122223333:user/alice"), ip = STR("10.1.2.3");
    const struct policy_attr attrs[] = { { STR("aws:SourceIp"), &ip, 1 },
                                         { STR("aws:username"), &name, 1 } };
    const struct policy_request q = { .action = STR("s3:GetObject"),
                                      .resource = STR("arn:aws:s3:::b/k"),
                                      .principal = { STR("AWS"), STR("111122223333"), &name, 1 },
                                      .attrs = attrs,
                                      .attr_count = COUNT(attrs) };
    struct policy_answer first = policy_eval(a, p, &q), again = policy_eval(a, p, &q);

    assert(first.effect == again.effect && first.by_account == again.by_account);
    assert(!first.by_account || first.effect == POLICY_ALLOW);
    (void)policy_is_public(p); /* must only not crash */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum policy_kind kinds[] = { POLICY_IDENTITY, POLICY_RESOURCE, POLICY_TRUST };
    struct arena a = { 0 };

    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct policy *p = NULL;
        struct err err = { 0 };
        int rc = policy_parse(&a, (struct str){ (const char *)data, size }, kinds[i], &p, &err);

        assert((rc == 0) == (p != NULL) && err.code == rc);
        if (p)
            decide(&a, p);
    }
    arena_free(&a);
    return 0;
}
