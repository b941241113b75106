/* emulator/record/ec2 - requestParameters and responseElements of EC2's two styles.
 *
 * Style A (the actions of API version 2014-10-01): names of the SOAP interface, lists as
 * {"items":[...]}, absent ones as {}; the names that no rule gives are rows of ec2_sets.tsv.
 * Style B (all later actions): the query parameters as an XML tree, turned into JSON by org.json.
 */
#pragma once

#include "core/base/buf.h"
#include "core/codec/value.h"
#include "emulator/record/plan.h"

void ec2a_request(struct buf *out, const struct recorder *r, const struct plan *p,
                  const struct value *params);
void ec2a_response(struct buf *out, const struct plan *p, const struct value *output,
                   struct str request_id);
void ec2b_request(struct buf *out, const struct plan *p, const struct value *params);
void ec2b_response(struct buf *out, const struct plan *p, const struct value *output,
                   struct str request_id);

/* The query's name of a member: queryName, else locationName with upper first letter, else the
 * member's; *upper says that the first letter is to be raised. */
struct str ec2_wire_name(const struct cat *cat, const struct cat_member *m, bool *upper);
