/* core/codec/value - a tree of values: what every codec reads and writes, what a call carries.
 *
 * Nodes live in an arena and are never freed alone. A map keeps its members in the order they were
 * set. Strings are borrowed unless a function says copied.
 */
#pragma once

#include <stdbool.h>

#include "core/base/arena.h"

enum value_kind {
    VALUE_NULL,
    VALUE_BOOL,
    VALUE_INT,
    VALUE_FLOAT,
    VALUE_STRING, /* UTF-8 */
    VALUE_BLOB,   /* raw bytes, decoded */
    VALUE_TIME,   /* ms since 1970 */
    VALUE_LIST,
    VALUE_MAP, /* JSON object, structure, union or map */
};

struct value {
    enum value_kind kind;
    uint32_t count;     /* children of a list or map */
    uint32_t line;      /* where yaml_parse found it, 1-based; else 0 */
    struct str name;    /* in a map: this member's name */
    struct value *next; /* the next sibling */
    union {
        bool boolean;
        int64_t integer;
        double real;
        struct str text; /* string or blob */
        int64_t time_ms;
        struct {
            struct value *first, *last;
        } kids;
    } u;
};

struct value *value_null(struct arena *a);
struct value *value_bool(struct arena *a, bool b);
struct value *value_int(struct arena *a, int64_t n);
struct value *value_float(struct arena *a, double d);
struct value *value_str(struct arena *a, struct str s); /* borrowed */
struct value *value_c(struct arena *a, const char *s);  /* borrowed */
struct value *value_blob(struct arena *a, struct str bytes);
struct value *value_time(struct arena *a, int64_t ms);
struct value *value_list(struct arena *a);
struct value *value_map(struct arena *a);

void value_push(struct value *list, struct value *item); /* item must not stand elsewhere */
/* Set a member; an old one of that name is replaced in place. name is borrowed. */
void value_set(struct value *map, struct str name, struct value *item);
/* Append without looking for an old one: for parsers that build in order. */
void value_append(struct value *map, struct str name, struct value *item);
/* Of members of one name the last wins, in the first one's place: for parsers, after their appends.
 * Returns a member that stood for more than one, or NULL. */
struct value *value_keep_last(struct arena *a, struct value *map);
bool value_remove(struct value *map, struct str name);            /* true if it was there */
struct value *value_copy(struct arena *a, const struct value *v); /* deep; strings copied too */
bool value_equal(const struct value *a, const struct value *b);   /* maps in any order */

/* Lookups accept NULL and any kind, and answer NULL when there is none. */
struct value *value_get(const struct value *map, struct str name);
static inline struct value *value_get_c(const struct value *map, const char *name)
{
    return value_get(map, str_c(name));
}
struct value *value_at(const struct value *list, size_t i);
struct value *value_first(const struct value *v); /* for (k = value_first(v); k; k = k->next) */

/* Typed reads of a member, with a fallback when absent, null or of another kind. Inline, so that
 * the compiler knows a literal's length: a handler asks for some forty members. */
struct str value_text_of(const struct value *map, struct str name); /* empty str if absent */
static inline struct str value_get_str(const struct value *map, const char *name)
{
    return value_text_of(map, str_c(name));
}
int64_t value_get_int(const struct value *map, const char *name, int64_t fallback);
bool value_get_bool(const struct value *map, const char *name, bool fallback);
int64_t value_get_time(const struct value *map, const char *name, int64_t fallback_ms);
/* A string as it is, an integer in decimal, true or false; empty for NULL and the other kinds. For
 * what a person may write without quotes, such as an account id in YAML. */
struct str value_to_text(struct arena *a, const struct value *v);

/* Shorthands for building output: value_set with a C name; text is copied into the arena. */
void value_put_str(struct arena *a, struct value *map, const char *name, struct str text);
void value_put_c(struct arena *a, struct value *map, const char *name, const char *text);
void value_put_int(struct arena *a, struct value *map, const char *name, int64_t n);
void value_put_bool(struct arena *a, struct value *map, const char *name, bool b);
void value_put_time(struct arena *a, struct value *map, const char *name, int64_t ms);
