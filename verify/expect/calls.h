/* verify/expect/calls - calls as boto3 names them, iam.CreateUser, and the records that they leave.
 */
#pragma once

#include "core/base/arena.h"
#include "core/base/err.h"

struct call_name {
    struct str text;   /* as written */
    struct str source; /* "iam.amazonaws.com", or a pattern; empty: any */
    struct str name;   /* of the event, or a pattern */
};
/* "SERVICE.Operation", both may hold wildcards. E_PARSE: no such service. */
int call_name_parse(struct arena *a, struct str text, struct call_name *out, struct err *err);
/* Does a record of this source and name come of the call? Lambda's and CloudFront's names carry the
 * API's date, S3's differ from the operation's in some. */
bool call_name_fits(const struct call_name *c, struct str source, struct str name);
