/* AlarmRule: any text is parsed or refused with a reason; what was parsed can be judged, and names
 * no more alarms than a rule may. */
#include <assert.h>

#include "emulator/services/cloudwatch/rule.h"
#include "tests/fuzz/fuzz.h"

static int count(void *arg, const struct rule *node)
{
    assert(node->alarm.len > 0);
    ++*(int *)arg;
    return 0;
}

static enum alarm_state state_of(void *arg, struct str alarm)
{
    (void)arg;
    return (enum alarm_state)(alarm.len % 3);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = { 0 };
    struct err err = { 0 };
    struct rule *rule;
    int children = 0;

    if (rule_parse(&a, (struct str){ (const char *)data, size }, &rule, &err) == 0) {
        (void)rule_visit(rule, count, &children);
        assert(children <= RULE_CHILDREN_MOST);
        (void)rule_holds(rule, state_of, NULL);
    } else {
        assert(err.text[0] != '\0');
    }
    arena_free(&a);
    return 0;
}
