/* emulator/catalogue/format - the file's layout, shared by its compiler and its reader only.
 *
 * header, section table, sections (each aligned to 16 bytes). A section is an array of fixed-size
 * elements; all references are indexes, or offsets into the strings. Numbers are little-endian as
 * the machine has them: header.order and header.sizes refuse a file from another kind of machine.
 */
#pragma once

#include "emulator/catalogue/hints.h"
#include "emulator/catalogue/lifecycle.h"

#define CAT_MAGIC   "mocktcat"
#define CAT_VERSION 4u
#define CAT_ORDER   0x01020304u

enum cat_section {
    CAT_SEC_STRINGS,      /* each behind its length, a uint16_t, and before a NUL; offset 0 is "" */
    CAT_SEC_SERVICES,     /* struct cat_service, sorted by name */
    CAT_SEC_OPS,          /* struct cat_op, by service, then key */
    CAT_SEC_SHAPES,       /* struct cat_shape */
    CAT_SEC_RARES,        /* struct cat_rare; 0 is all zero */
    CAT_SEC_MEMBERS,      /* struct cat_member */
    CAT_SEC_EXTRAS,       /* struct cat_extra; 0 is all zero */
    CAT_SEC_CONSTRAINTS,  /* struct cat_constraint_row; 0 is none */
    CAT_SEC_NUMBERS,      /* int64_t: minima and maxima */
    CAT_SEC_ENUMS,        /* uint32_t: strings */
    CAT_SEC_ERRORS,       /* uint32_t: shapes, an operation's errors side by side */
    CAT_SEC_EXCEPTIONS,   /* uint32_t: shapes, a service's exceptions side by side */
    CAT_SEC_BY_NAME,      /* hash: service by name */
    CAT_SEC_BY_OP,        /* hash: operation by service and name or key */
    CAT_SEC_BY_TARGET,    /* hash: operation by target prefix and name */
    CAT_SEC_BY_PREFIX,    /* hash: service by target prefix */
    CAT_SEC_BY_ACTION,    /* hash: query and ec2 operations by name */
    CAT_SEC_BY_ENDPOINT,  /* hash: services by endpoint prefix */
    CAT_SEC_BY_SIGNING,   /* hash: groups by signing name */
    CAT_SEC_GROUPS,       /* struct cat_group */
    CAT_SEC_NODES,        /* struct cat_node: the path segments of a group's operations, a trie */
    CAT_SEC_ROUTES,       /* struct cat_route: operations at the end of a path, best first */
    CAT_SEC_CONDITIONS,   /* struct cat_condition: of a route, side by side */
    CAT_SEC_PAGES,        /* struct cat_page, sorted by operation */
    CAT_SEC_READIES,      /* struct cat_ready, sorted by operation */
    CAT_SEC_LIFE_STRINGS, /* as the strings: nouns and paths of lifecycle.h */
    CAT_SEC_LIFE_OPS,     /* struct life_op, sorted by operation */
    CAT_SEC_LIFE_TYPES,   /* struct life_type */
    CAT_SEC_LIFE_KEYS,    /* struct life_key, a type's side by side */
    CAT_SEC_LIFE_BINDINGS, /* struct life_binding, an operation's side by side */
    CAT_SEC_COUNT,
};

struct cat_header {
    char magic[8];
    uint32_t version, order;
    uint64_t file_bytes;
    uint64_t sizes; /* of the structs below, so that another compiler's layout is refused */
    uint64_t check; /* of the header with check 0, and the section table */
};
struct cat_section_row {
    uint64_t offset;
    uint32_t element_bytes, count;
};
struct cat_constraint_row {
    uint32_t pattern;
    uint32_t min, max; /* 1 + index into the numbers, or 0 */
    uint32_t first_enum, enum_count;
};

/* REST operations of all services that are signed with one name. */
struct cat_group {
    uint32_t signing; /* string: "" those that may be unsigned; ":bearer" those with a token */
    uint32_t root;    /* node */
};
/* A path segment. Children stand side by side: the literal ones sorted by their bytes, then the
 * {label} one, then the {greedy+} one. */
struct cat_node {
    uint32_t text; /* literal segments: their string */
    uint32_t first_child, first_route;
    uint16_t literal_count, route_count;
    uint16_t has_label, has_greedy;
};
struct cat_route {
    uint32_t op, method; /* index; string */
    uint32_t first_condition;
    uint16_t condition_count;
    uint8_t is_alone;  /* no other operation has this method and path: conditions may fail */
    uint8_t has_slash; /* the path ends in one: settles what nothing else does */
};
enum cat_condition_kind {
    CAT_LITERAL_PARAM, /* ?name, ?name=value in requestUri: must be there, alone or not */
    CAT_LITERAL_VALUE,
    CAT_NEEDS_PARAM, /* a required member */
    CAT_NEEDS_HEADER,
};
struct cat_condition {
    uint32_t kind, name, value;
};

/* A hash section is a power of two of these, probed linearly; 0 is free, else 1 + index. */
typedef uint32_t cat_slot;

/* Keys of the hashes; both sides must agree. */
static inline uint64_t cat_hash_two(uint64_t first, struct str second)
{
    return (first * 0x9e3779b97f4a7c15u) ^ str_hash(second);
}

uint32_t cat_element_bytes(enum cat_section id);
/* Of all that the file holds: another layout gives another number. */
uint64_t cat_sizes(void);
/* Of the header (its check taken as 0) and the section table behind it. */
uint64_t cat_check_sum(const struct cat_header *h, const struct cat_section_row *rows);
