/* verify/records/rules - the rules that a record is held against, each a row: id, severity, meaning
 * and where it is written.
 */
#pragma once

#include "verify/report/finding.h"

enum rule {
#define RULE(id, name, severity, meaning, source) RULE_##id,
#include "verify/records/rules.def"
#undef RULE
    RULES
};

struct rule_row {
    const char *name;
    enum severity severity;
    const char *meaning, *source;
};
const struct rule_row *rule_row(enum rule rule);
void rules_markdown(struct buf *out); /* the table of docs/verify-records.md */
