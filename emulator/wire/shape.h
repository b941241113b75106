/* emulator/wire/shape - what the protocols ask about a shape: a member's name on the wire, its
 * timestamp format, whether its list is flat.
 *
 * Not for the catalogue's layout (emulator/catalogue) and not for bytes (the protocol files).
 */
#pragma once

#include "core/codec/value.h"
#include "emulator/catalogue/catalogue.h"

/* A member together with the shape it refers to: what a walker holds at each step. */
struct slot {
    const struct cat *cat;
    const struct cat_member *member; /* NULL at the root */
    const struct cat_shape *shape;
    bool over_query; /* names as query has them: other ones where a service moved away from it */
    bool is_answer;  /* another emulator's: what is not of its type is made so, or left out */
};

struct slot slot_root(const struct cat *cat, const struct cat_shape *shape);
/* The i-th member; a list's element is 0, a map's key 0 and value 1. */
struct slot slot_at(struct slot parent, uint32_t i);
bool slot_is_scalar(struct slot s);
bool slot_is_flat(struct slot s);
bool slot_is_document(struct slot s);
/* The member's own timestampFormat, else the shape's, else the place's. */
enum cat_ts slot_ts(struct slot s, enum cat_ts fallback);
/* locationName, else the model's name; for list elements and map parts the fallback. */
struct str slot_wire(struct slot s, const char *fallback);
/* True when the model names the element of a list itself (member's or shape's locationName). */
bool slot_is_named(struct slot s);
struct str slot_name(struct slot s); /* the model's member name */
/* The element's name of a flat list that stands in place of the list's own, else slot_wire. */
struct str slot_flat_wire(struct slot s);

/* Find a structure's member by wire or by model name. Lookups in the model's order cost one step:
 * *hint (0 at first) is where to begin and is left behind the hit. False when there is none. */
bool slot_find_wire(struct slot parent, struct str wire, uint32_t *hint, struct slot *out);
bool slot_find_name(struct slot parent, struct str name, uint32_t *hint, struct slot *out);

/* The structure's payload member; false when it has none. */
bool slot_payload(struct slot parent, struct slot *out);
/* False for what an answer leaves out: null, and a union that does not hold exactly one member
 * (clients refuse those; Source: Smithy 2.0 specification, "Union"). */
bool slot_can_write(struct slot s, const struct value *v);
/* The same for what stands in a list or map, where null has a meaning. */
bool slot_can_hold(struct slot s, const struct value *v);
