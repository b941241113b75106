/* emulator/services/cloudwatch/rule - AlarmRule of a composite alarm:
 * ALARM("a") AND NOT (OK(b) OR FALSE).
 * Source: CloudWatch API Reference, PutCompositeAlarm, AlarmRule.
 */
#pragma once

#include "core/base/arena.h"
#include "core/base/err.h"
#include "emulator/services/cloudwatch/missing.h"

/* Source: the same: 500 elements, 100 children. */
enum { RULE_ELEMENTS_MOST = 500, RULE_CHILDREN_MOST = 100 };
enum rule_kind { RULE_STATE, RULE_CONSTANT, RULE_NOT, RULE_AND, RULE_OR };
struct rule {
    enum rule_kind kind;
    enum alarm_state state; /* RULE_STATE: which the alarm must be in */
    struct str alarm;       /* name or ARN */
    bool constant;
    struct rule *left, *right;
};
/* E_PARSE: what was expected, and where. */
int rule_parse(struct arena *a, struct str text, struct rule **out, struct err *err);
/* Each alarm named, once each time it is named, in order. */
typedef int rule_visit_fn(void *arg, const struct rule *node);
int rule_visit(const struct rule *r, rule_visit_fn *fn, void *arg);
bool rule_holds(const struct rule *r, enum alarm_state (*state_of)(void *arg, struct str alarm),
                void *arg);
