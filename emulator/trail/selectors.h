/* emulator/trail/selectors - which events a trail takes: basic and advanced event selectors.
 *
 * Compiled once per configuration of a trail, asked for every record. What makes a selector valid
 * is services/cloudtrail's to say; here unknown members are simply not matched.
 * Source: CloudTrail API Reference, "EventSelector", "AdvancedEventSelector",
 * "AdvancedFieldSelector"; CloudTrail User Guide, "Logging data events".
 * Threads: read-only after compiling.
 */
#pragma once

#include "emulator/record/record.h"

struct selectors;

/* trail: a trail's document; EventSelectors or AdvancedEventSelectors of it, or neither: all
 * management events. Borrows its strings. */
struct selectors *selectors_compile(struct arena *a, const struct value *trail);
bool selectors_take(const struct selectors *s, const struct record_facts *f, struct str record);

/* The fields of advanced selectors, as the API names them; NULL past the end. */
struct selector_field {
    const char *name;
    bool in_management, in_data, in_network; /* may be used in a selector of that category */
    bool needs_equals;                       /* takes no operator but Equals */
};
const struct selector_field *selector_field_find(struct str name);
