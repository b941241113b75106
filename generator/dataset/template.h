/* generator/dataset/template - a record taken apart: literal pieces and typed slots.
 *
 * Made from a record that the recorder wrote and from the call that it wrote it for; filled in with
 * memcpy for another call of the same kind. What the slots are is found by where the call's own
 * ids, time, address and identity stand in the record; whether that was all, template_fill's caller
 * sees by comparing it with a second record.
 */
#pragma once

#include "core/base/buf.h"
#include "emulator/engine/call.h"
#include "emulator/record/record.h"

struct template;

/* call: the one that record was written for, its ids set. identity: its userIdentity as it stands
 * in the record. E_PARSE: the record lacks one of the members that every record has. */
int template_make(struct template **out, struct str record, const struct call *call,
                  struct str identity, struct err *err);
void template_free(struct template *t); /* NULL is harmless */
/* Append the record of another call, its ids set. */
void template_fill(const struct template *t, const struct call *call, struct str identity,
                   struct buf *out);
