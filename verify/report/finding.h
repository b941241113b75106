/* verify/report/finding - one thing that a check found: which file, which record, which member, by
 * which rule. Printed a line each, beginning with the file's name.
 */
#pragma once

#include "core/base/buf.h"

enum severity { SEVERITY_NOTICE, SEVERITY_WARNING, SEVERITY_ERROR, SEVERITIES };

struct finding {
    struct str file;
    uint64_t record;   /* from 1; 0: the file itself */
    struct str member; /* such as "userIdentity.arn"; empty: the record as a whole */
    const char *rule;  /* its id, such as "time-form" */
    enum severity severity;
    struct str text; /* what was expected */
};

const char *severity_name(enum severity s);
/* FILE:record N: MEMBER: RULE: error: TEXT, and a newline. */
void finding_print(struct buf *out, const struct finding *f);
/* The same as a JSON object. */
void finding_json(struct buf *out, const struct finding *f);
