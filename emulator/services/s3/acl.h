/* emulator/services/s3/acl - access control lists: canned, by header, as XML; kept and answered.
 * Source: S3 User Guide, "Access control list (ACL) overview".
 */
#pragma once

#include "emulator/services/s3/op.h"

/* The ACL a request asks for (x-amz-acl, x-amz-grant-*, an AccessControlPolicy) as a list of
 * grants; NULL: none, the owner alone. 1, or 0 refused (ACLs disabled, malformed), < 0 failure. */
int acl_from_request(struct op *op, struct value **grants);
/* The same for CreateBucket, into the new bucket's document. Returns as a handler does. */
int acl_of_new_bucket(struct op *op, struct value *doc);
/* Owner and Grants of an answer. grants NULL: the owner's FULL_CONTROL. */
void acl_answer(struct op *op, struct str account, const struct value *grants);
