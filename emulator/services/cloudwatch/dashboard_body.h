/* emulator/services/cloudwatch/dashboard_body - is the text of a dashboard one that CloudWatch
 * takes?
 * Source: CloudWatch API Reference, "Dashboard body structure and syntax".
 */
#pragma once

#include "core/base/err.h"
#include "core/codec/value.h"

/* Appends {DataPath, Message} to messages; the number of those that are errors, the others warn.
 * E_PARSE: no JSON object. *body is the text as a tree. */
int dashboard_check(struct arena *a, struct str text, struct value *messages, size_t *errors,
                    struct value **body, struct err *err);
