/* generator/dataset/template - a record taken apart: literal pieces and typed slots.
 *
 * Made from a record that the recorder wrote and from the call that it wrote it for; filled in with
 * memcpy for another call of the same kind. Slots are found by where the call's own ids, time,
 * address and identity stand in the record; whether that was all that differs, the caller sees by
 * comparing with a second record of the recorder's (prepared.h).
 */
#pragma once

#include "core/base/buf.h"
#include "core/codec/hints.h"
#include "emulator/engine/call.h"

struct template;

/* call: the one that record was written for, its ids set. E_PARSE: the record lacks a member that
 * every record has, or has too many slots. */
int template_make(struct template **out, struct str record, const struct call *call,
                  struct err *err);
void template_free(struct template *t); /* NULL is harmless */

/* What stands in the slots. */
struct template_fill {
    const struct call *call; /* its ids, time and address */
    struct str identity;     /* userIdentity, JSON */
    const struct hints *identity_hints;
    const char *time; /* eventTime, 20 characters */
    struct arena *a;  /* for what is computed on the way */
};
/* Append the record; to hints what is known of it, as places in out. NULL: they are not wanted. */
void template_write(const struct template *t, const struct template_fill *with, struct buf *out,
                    struct hints *hints);
