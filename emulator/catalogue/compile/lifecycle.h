/* emulator/catalogue/compile/lifecycle - which operation does what to which type of resource.
 *
 * Read off the finished sections (a struct cat over them), one service at a time:
 *   lifecycle_words.c  verb and noun of a name; the rows of fixtures/lifecycle/
 *   lifecycle_types.c  nouns that are types, and their operations
 *   lifecycle_keys.c   what identifies a resource, and where that value comes from
 *   lifecycle_bind.c   where the keys stand in every operation's input
 *   lifecycle_rest.c   tags, parts, relations, settings: what is left over
 *   lifecycle_emit.c   the sections
 */
#pragma once

#include "emulator/catalogue/compile/emit.h"
#include "emulator/catalogue/file.h"
#include "emulator/catalogue/nouns.h"

enum verb_class {
    VERB_CREATE = 1, /* see fixtures/lifecycle/verbs.tsv */
    VERB_MAYBE = 2,
    VERB_AGAIN = 4,
    VERB_UPSERT = 8,
    VERB_DELETE = 16,
    VERB_UNDO = 32,
    VERB_GET = 64,
    VERB_LIST = 128,
    VERB_UPDATE = 256,
    VERB_STATE = 512,
    VERB_RELATE = 1024,
    VERB_UNRELATE = 2048,
    VERB_RESET = 4096,
    VERB_TAG = 8192,
    VERB_NONE = 16384,
};

#define KEYS_MOST 8

struct type_key {
    struct str name, normal, path, shown;
    uint32_t shape;
    enum life_source source;
    bool is_list;
};
struct type {
    struct str name, normal;
    const struct cat_op *create, *get, *list, *update, *delete; /* the first of each, or NULL */
    struct type_key keys[KEYS_MOST];
    uint32_t key_count;
    bool is_resolved; /* its keys were looked for */
};
struct bound {
    struct str path;
    uint32_t key;
};
struct life {
    const struct cat_op *op;
    struct str name, verb, noun, normal;
    unsigned classes;
    bool is_batch, is_fixed; /* fixed: a row says what it does */
    enum life_role role;
    int type; /* index, or -1 */
    struct bound bound[KEYS_MOST];
    uint32_t bound_count;
    struct str text;
};

struct verb {
    struct str text;
    unsigned classes;
};
/* Rows of operations.tsv, by service and operation. */
struct life_row {
    struct str service, operation, role, type, text;
};
/* Rows of keys.tsv. */
struct key_row {
    struct str service, type, key, source, path, shown;
};
/* One service while it is read. */
struct infer {
    const struct cat *cat;
    struct arena *a;
    const struct cat_service *service;
    struct str service_name;
    struct life *ops;
    uint32_t op_count;
    struct type *types;
    uint32_t type_count;
    const struct verb *verbs;
    uint32_t verb_count;
    const struct life_row *rows;
    uint32_t row_count;
    const struct key_row *key_rows;
    uint32_t key_row_count;
};

/* ---- words ---- */
int words_load(struct infer *in, struct err *err);
void words_split(struct infer *in, struct life *op);
/* The row of operations.tsv, or NULL. */
const struct life_row *words_row(const struct infer *in, struct str operation);
/* The row of keys.tsv, or NULL. */
const struct key_row *words_key_row(const struct infer *in, struct str type, struct str key);
bool words_role(struct str name, enum life_role *out);

/* ---- shapes ---- */
struct found {
    struct str path, name;
    uint32_t shape;
    bool is_list; /* of scalars */
};
typedef bool found_fn(const void *arg, struct str normal, const struct found *f);
/* Breadth first, at most levels deep, through lists when asked: the first that fits. */
bool shape_search(struct infer *in, const struct cat_shape *root, int levels, found_fn *fits,
                  const void *arg, struct found *out);
bool shape_is_scalar(const struct cat_shape *s);

/* ---- steps ---- */
void types_find(struct infer *in);
void keys_find(struct infer *in, struct type *t);
/* Where the type's keys stand in the input; the number found. */
uint32_t bind_keys(struct infer *in, const struct type *t, struct life *op);
void bind_all(struct infer *in);
void rest_tags(struct infer *in); /* before types_find */
void rest_all(struct infer *in);  /* after bind_all */
/* The path of the list in a list's output, empty when there is none. */
struct str list_path(struct infer *in, const struct type *t, const struct cat_op *op);
int lifecycle_emit(struct emitting *e, struct err *err);
