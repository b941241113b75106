/* emulator/catalogue/lifecycle - what each operation does to which type of resource.
 *
 * Inferred from names and shapes when the catalogue is compiled (compile/lifecycle.h has the
 * rules), corrected by the rows of fixtures/lifecycle/. The generic engine acts on it.
 *
 * Paths name members, dot between: "Vpc.VpcId"; "[]" behind a list: "Instances[].InstanceId".
 */
#pragma once

#include "emulator/catalogue/catalogue.h"

enum life_role {
    LIFE_NONE, /* a data plane or a computation: not performed */
    LIFE_CREATE,
    LIFE_GET,
    LIFE_LIST,
    LIFE_UPDATE,
    LIFE_DELETE,
    LIFE_STATE,     /* start, stop, enable: text is the verb */
    LIFE_TAG,       /* bindings: 0 the resource, 1 the tags */
    LIFE_UNTAG,     /* bindings: 0 the resource, 1 the keys */
    LIFE_LIST_TAGS, /* bindings: 0 the resource; text: the tags in the output */
    LIFE_ASPECT_READ,
    LIFE_ASPECT_WRITE, /* a part of a resource: its policy, its attributes; text is its noun */
    LIFE_ASPECT_DELETE,
    LIFE_RELATE, /* text is the noun of the relation */
    LIFE_UNRELATE,
    LIFE_SETTING_READ, /* of the account and region; text is its noun */
    LIFE_SETTING_WRITE,
    LIFE_SETTING_DELETE,
    LIFE_ROLES,
};

struct life_op {
    uint64_t op : 20;   /* index */
    uint64_t type : 14; /* 1 + index, or 0 */
    uint64_t role : 5;
    uint64_t binding_count : 4;
    uint64_t text : 21; /* lists: the path of the list in the output; else by role */
    uint64_t first_binding : 20;
    uint64_t not_found : 20; /* 1 + shape of the error to answer, or 0 */
    uint64_t exists : 20;
    uint64_t reserved : 4;
};
/* A key of the type stands at a path of the operation's input. */
struct life_binding {
    uint32_t path : 24;
    uint32_t key : 8; /* index among the type's keys; tags: unused */
};
enum life_source {
    LIFE_FROM_OUTPUT, /* made when the resource is, shown at path of the create's output */
    LIFE_FROM_INPUT,  /* the client's, at path of the create's input */
    LIFE_OWN,         /* any identity of the resource: id, ARN or name */
    LIFE_UNKNOWN,
};
struct life_key {
    uint32_t name : 24; /* of the member that the delete or get takes */
    uint32_t source : 8;
    uint32_t path;
    uint32_t shape; /* index: of the value, for its pattern */
    uint32_t shown; /* outputs call it so instead of name, or "" */
};
struct life_type {
    uint32_t name; /* the noun: "Vpc" */
    uint32_t service, first_key, key_count;
    uint32_t ready;  /* the status of a new one, or "" */
    uint32_t arn;    /* "service:type/": what stands before the id in the ARN; or "" */
    uint32_t status; /* 1 + shape of its status, an enum; or 0 */
    uint32_t create; /* index of the first operation that creates one */
};

/* Texts of this section. */
struct str life_str(const struct cat *cat, uint32_t off);
/* NULL: the operation has no role. */
const struct life_op *life_op_find(const struct cat *cat, const struct cat_op *op);
/* All that have one, in the order of their operations. */
uint32_t life_op_count(const struct cat *cat);
const struct life_op *life_op_at(const struct cat *cat, uint32_t i);
const struct life_type *life_type_of(const struct cat *cat, const struct life_op *op); /* or NULL */
uint32_t life_type_count(const struct cat *cat);
const struct life_type *life_type_at(const struct cat *cat, uint32_t i);
const struct life_key *life_key_at(const struct cat *cat, const struct life_type *t, uint32_t i);
const struct life_binding *life_binding_at(const struct cat *cat, const struct life_op *op,
                                           uint32_t i);
/* The name of a role, as in the table of what is performed: "create", "list tags". */
const char *life_role_name(enum life_role role);
