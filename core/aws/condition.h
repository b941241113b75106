/* core/aws/condition - the Condition element of a policy statement: parsed and tested.
 *
 * Private to core/aws/policy. Source: IAM User Guide, "IAM JSON policy elements: Condition
 * operators" and "Multivalued context keys".
 */
#pragma once

#include "core/aws/policy.h"

struct condition; /* one operator with one key; a list */

/* The Condition object of a statement -> a list (NULL when it is empty). E_PARSE. */
int condition_parse(struct arena *a, const struct value *v, struct condition **out,
                    struct err *err);
/* All of them hold for this request. */
bool condition_holds(struct arena *a, const struct condition *first,
                     const struct policy_request *q);

/* Matches with '*' and '?'; in a pattern, bytes 1 and 2 stand for those characters themselves. */
bool condition_match(struct str pattern, struct str text);
/* Put values of the request in place of ${key}, ${key, 'default'}, ${*}, ${?} and ${$}. False: a
 * key has no value, so that nothing matches. */
bool condition_substitute(struct arena *a, struct str pattern, const struct policy_request *q,
                          struct str *out);
