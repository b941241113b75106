/* emulator/services/s3/post_policy - what a form's policy document allows.
 *
 * The document says until when, and a condition for each field; a field without one is refused,
 * too. Source: S3 API Reference, "Creating a POST policy".
 */
#pragma once

#include "emulator/services/s3/op.h"

/* Does the call's form, if it came by one, do what its policy allows? A form without a policy was
 * signed by nobody: the bucket says. 1, or 0 refused. */
int post_policy_check(struct op *op);
/* What a form's upload is answered: a status, or where to go next. Call it on success. */
void post_answer(struct op *op, const struct value *output);
