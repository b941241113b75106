/* emulator/catalogue/compile - reads botocore's data directories, writes catalogue.bin.
 *
 * A program of its own, run once by make. The way of the data:
 *   sets.c     which directories, which model files, newest first
 *   model.c    one service-2.json -> build_model: services, operations, shapes as tables
 *   merge.c    the union of the generations; SQS's and CloudWatch's names in the query protocol
 *   fold.c     shapes of equal content become one, the unused go
 *   routes.c   REST paths -> a trie for each signing name
 *   hints.c    paginators and waiters that stand beside the model
 *   emit.c     tables -> sections -> file
 *   strings.c  every text once
 * Memory: everything lives until the program ends, in struct build's arena and bufs.
 * The same inputs give the same bytes: no hash order, no directory order reaches the file.
 */
#pragma once

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/err.h"
#include "emulator/catalogue/format.h"

/* A growing array in a buf. */
#define LIST_AT(buf, type)    ((type *)(void *)(buf).ptr)
#define LIST_COUNT(buf, type) ((uint32_t)((buf).len / sizeof(type)))
#define LIST_ADD(buf, type, ...)                                                                   \
    buf_add((buf), (struct str){ (const char *)(type[]){ __VA_ARGS__ }, sizeof(type) })

/* ---- strings.c: text <-> number; number 0 is "" ---- */
struct strings {
    struct arena arena;
    struct buf texts;   /* struct str, by number */
    struct buf offsets; /* uint32_t, by number; after strings_lay_out */
    struct buf used;    /* char, by number: strings_place asked for it */
    uint32_t *slots;    /* 1 + number */
    uint32_t slot_count;
    bool laid_out;
};
uint32_t strings_add(struct strings *s, const char *text); /* NULL is "" */
struct str strings_text(const struct strings *s, uint32_t number);
/* The offset in the file; 0 before strings_lay_out, which places those asked for until then. */
uint32_t strings_place(struct strings *s, uint32_t number);
void strings_lay_out(struct strings *s, struct buf *out);

/* ---- what model.c makes ---- */
struct build_member {
    uint32_t name, own_wire, query_name, xml_namespace; /* strings */
    uint32_t shape;                                     /* index into build.shapes */
    uint16_t flags;
    uint8_t location, ts;
    uint32_t query_wire; /* string */
    bool has_query, query_flattened;
};
struct build_shape {
    uint32_t name, location_name, xml_namespace, error_code, pattern; /* strings */
    uint32_t first_member, member_count;
    uint32_t first_enum, enum_count;
    uint16_t flags, payload, http_status;
    uint8_t type, ts;
    bool has_min, has_max;
    int64_t min, max;
    uint32_t class;  /* fold.c: shapes of one class are one shape */
    uint32_t number; /* fold.c: 1 + its index in the file */
};
struct build_op {
    uint32_t name, key, method, uri, host_prefix, result_wrapper; /* strings */
    uint32_t input, output;                                       /* 1 + shape index, or 0 */
    uint32_t first_error, error_count;                            /* in build.errors */
    uint16_t status, flags;
    bool deprecated;
};
struct build_service {
    struct cat_service row; /* strings by number; the rest as in the file */
    uint32_t first_shape, shape_count;
    uint32_t first_op, op_count; /* in build.ops of this model */
    uint32_t set;                /* 0 is the newest data set */
    uint32_t rank;               /* among services that share a path; lower goes first */
};
/* iot was signed as execute-api once: older clients still do. */
struct old_signing {
    uint32_t service, signing; /* strings */
};
struct build_page {
    uint32_t service, op; /* strings */
    struct cat_page row;  /* strings by number, op unset */
};
struct build_ready {
    uint32_t service, op;
    struct cat_ready row;
};
struct build {
    struct strings strings;
    struct arena arena;
    struct buf members, shapes, enums, errors; /* build_member, build_shape, uint32_t, uint32_t */
    struct buf ops, models;                    /* build_op, build_service: as read */
    struct buf services, service_ops;          /* build_service, build_op: after merge */
    struct buf exceptions;                     /* uint32_t: shapes, by service */
    struct buf order;                          /* uint32_t: shapes as fold numbered them */
    struct buf pages, readies;                 /* build_page, build_ready */
    struct buf old_signings;                   /* struct old_signing */
    struct routes *routes;
    struct buf old_ec2; /* uint32_t: strings, the actions of 2014-10-01 */
};

/* ---- sets.c ---- */
struct model_file {
    struct str service, path; /* path of service-2.json[.gz]; both end in NUL */
};
/* The newest model of each service of one data directory, sorted by service. */
int sets_list(struct arena *a, const char *dir, struct buf *out, struct err *err);
/* A JSON file, plain or gzipped (also by the other of the two names). */
int sets_read(const char *path, struct buf *out, struct err *err);
/* The botocore version of a data directory as a number that compares; 0 unknown. */
uint64_t sets_version(const char *dir);

/* ---- the rest ---- */
int model_load(struct build *b, const struct model_file *file, uint32_t set, struct err *err);
/* paginators-1.json and waiters-2.json beside the model, where they are. */
int hints_load(struct build *b, const struct model_file *file, struct err *err);
/* Both sorted by operation, once for each. */
void hints_place(struct build *b, struct buf *pages, struct buf *readies);
/* The operations of ec2/2014-10-01 in this data directory, if it is there. */
int model_load_old_ec2(struct build *b, const char *dir, struct err *err);
void merge(struct build *b);
/* Equal shapes get one class; those in use one number, in order of first use. */
void fold(struct build *b);
/* Tables for the REST operations, from what merge left; call after it, with the fixture's rows. */
struct routes {
    struct buf nodes;  /* struct route_node: linked */
    struct buf routes; /* struct route_end: linked */
    struct buf groups; /* struct route_group, sorted by name */
};
struct route_node {
    uint32_t text; /* string; label and greedy: 0 */
    enum route_kind { NODE_LITERAL, NODE_LABEL, NODE_GREEDY } kind;
    uint32_t child, sibling, route; /* 1 + index, or 0 */
};
struct route_end {
    uint32_t op; /* in build.service_ops */
    uint32_t service, next;
};
struct route_group {
    uint32_t signing, root; /* string, node */
};
int routes_make(struct build *b, struct str rows, struct err *err);

int emit_file(struct build *b, const char *path, struct err *err);

/* ---- pool.c: equal runs of elements stand once ---- */
struct pool {
    struct buf out;  /* the elements */
    struct buf runs; /* struct pool_run */
    uint32_t *slots; /* 1 + index into runs */
    uint32_t slot_count;
};
/* The index of the first element of the run; bytes is a multiple of element_bytes. */
uint32_t pool_add(struct pool *p, const void *run, size_t bytes, size_t element_bytes);
uint32_t pool_count(const struct pool *p); /* of different runs */
void pool_free(struct pool *p);
