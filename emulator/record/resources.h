/* emulator/record/resources - the things that a call touched: resources[] of the record, what data
 * selectors match, what LookupEvents lists. Rules are rows (resources.tsv, lookup.tsv); S3's are
 * code.
 */
#pragma once

#include "core/base/buf.h"
#include "emulator/engine/call.h"
#include "emulator/record/plan.h"

struct resource {
    struct str type, arn, account; /* type, account: may be empty */
    bool is_prefix;                /* arn is written as ARNPrefix */
};
struct resource_list {
    struct resource items[100]; /* further ones are not listed */
    size_t count;
};

/* Fill list; arena a holds the names. */
void resources_find(struct resource_list *list, struct arena *a, const struct plan *p,
                    const struct call *call, const struct outcome *outcome);
/* ,"resources":[...] or nothing. */
void resources_write(struct buf *out, const struct resource_list *list);
/* [{type, ARN}] of a data event; NULL when there are none. */
struct value *resources_data(struct arena *a, const struct resource_list *list);
/* [{ResourceType, ResourceName}]; NULL when there are none. */
struct value *resources_lookup(struct arena *a, const struct plan *p, const struct call *call,
                               const struct outcome *outcome, const struct resource_list *list);
