/* core/trail/scan - a file of records read at nearly the speed of memory: quotes are found 64 bytes
 * at a time, then each record is walked once, held against JSON's grammar and left as a flat list
 * of nodes. For verification, rules and queries; documents belong to core/codec/json.
 *
 * Taken are {"Records":[...]}, a bare list, and objects one after another (JSON Lines).
 *
 * Use:     s = scan_open(); scan_start(s, text, SCAN_WHOLE);
 *          while ((step = scan_next(s, &r)) == SCAN_RECORD) ... scan_find(&r,
 * STR("userIdentity.arn")) Memory:  a record borrows text and the scan: it lasts until the next
 * scan_next. Threads: one scan, one thread.
 */
#pragma once

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/err.h"

enum scan_kind { SCAN_NULL, SCAN_FALSE, SCAN_TRUE, SCAN_NUMBER, SCAN_STRING, SCAN_LIST, SCAN_MAP };

/* A value. Its descendants stand right behind it: node[1] is the first child of node[0], and
 * node[node->span] whatever comes behind it. */
struct scan_node {
    const char *name;  /* of a member, raw, without quotes; NULL: an element or the record */
    const char *value; /* raw; of a string without its quotes */
    uint32_t name_len, value_len;
    uint32_t span; /* nodes of this value, itself counted */
    uint8_t kind;  /* enum scan_kind */
    bool escaped;  /* a string with escapes in it */
    bool name_escaped;
};

enum scan_member {
#define MEMBER(id, name) SCAN_##id,
#include "core/trail/scan_members.def"
#undef MEMBER
    SCAN_MEMBERS
};

struct scan_record {
    struct str text;
    uint64_t number; /* in its file, from 1 */
    uint64_t offset; /* of text in its file */
    const struct scan_node *nodes;
    uint32_t node_count;
    uint32_t top[SCAN_MEMBERS]; /* index in nodes of a member at the top; 0: absent */
    bool top_twice;             /* a known member stands there more than once */
    bool top_dotted;            /* an unknown member there has a dot in its name */
};

enum scan_step { SCAN_RECORD, SCAN_BROKEN, SCAN_MORE, SCAN_END };
enum scan_extent { SCAN_WHOLE, SCAN_PART }; /* of the file: its last bytes are there, or not yet */

/* What stands around the records. */
enum scan_shape { SCAN_NOTHING, SCAN_ENVELOPE, SCAN_BARE_LIST, SCAN_LINES };

/* Bytes behind a text that must be readable; what they hold is overwritten with NULs. */
#define SCAN_PAD 64

struct scan;
struct scan *scan_open(void);
void scan_close(struct scan *s); /* NULL is harmless */

/* Begin a file. text is borrowed and is followed by SCAN_PAD writable bytes (scan_pad sees to it).
 */
void scan_start(struct scan *s, char *text, size_t len, enum scan_extent extent);
/* After SCAN_MORE: text begins with the bytes that scan_rest named, and goes on behind them. */
void scan_go_on(struct scan *s, char *text, size_t len, enum scan_extent extent);
struct str scan_rest(const struct scan *s);
void scan_pad(struct buf *text); /* makes the room behind b->len */

/* The next record. SCAN_BROKEN: it is not JSON, scan_why tells; among lines the next call goes on
 * with the next line, else the file ends here. */
enum scan_step scan_next(struct scan *s, struct scan_record *out);
const char *scan_why(const struct scan *s); /* "byte 17: expected ':'" */
uint64_t scan_number(const struct scan *s); /* of the record last given or broken */
enum scan_shape scan_shape(const struct scan *s);
bool scan_envelope_has_more(const struct scan *s); /* members beside Records */

static inline const struct scan_node *scan_top(const struct scan_record *r, enum scan_member m)
{
    return r->top[m] ? &r->nodes[r->top[m]] : NULL;
}
static inline const struct scan_node *scan_first(const struct scan_node *parent)
{
    return parent && parent->span > 1 ? parent + 1 : NULL;
}
static inline const struct scan_node *scan_after(const struct scan_node *parent,
                                                 const struct scan_node *child)
{
    const struct scan_node *n = child + child->span;

    return n < parent + parent->span ? n : NULL;
}
static inline struct str scan_name(const struct scan_node *n)
{
    return (struct str){ n->name, n->name_len };
}
/* A string's bytes as they stand in the file: compare them when !n->escaped. Other kinds: their
 * JSON text. NULL gives an empty str. */
static inline struct str scan_value(const struct scan_node *n)
{
    return n ? (struct str){ n->value, n->value_len } : (struct str){ "", 0 };
}
static inline bool scan_is(const struct scan_node *n, enum scan_kind kind)
{
    return n && n->kind == kind;
}
/* A member at the top as a string's bytes; empty when absent or no string. */
static inline struct str scan_top_str(const struct scan_record *r, enum scan_member m)
{
    const struct scan_node *n = scan_top(r, m);

    return n && n->kind == SCAN_STRING ? scan_value(n) : (struct str){ "", 0 };
}

enum scan_member scan_member_of(struct str name); /* SCAN_MEMBERS: none of them */
const char *scan_member_name(enum scan_member m);
/* A member of a map; the last one when a name comes twice; NULL when absent or map is no map. */
const struct scan_node *scan_get(const struct scan_node *map, struct str name);
/* By a path of names, such as "userIdentity.sessionContext.attributes.mfaAuthenticated". A number
 * is an index where a list stands. NULL when there is none. */
const struct scan_node *scan_find(const struct scan_record *r, struct str path);
/* JSON text of a value, a string with its quotes. */
struct str scan_json(const struct scan_node *n);
/* A string unescaped, other kinds as their JSON text. Lives in a, or borrows when nothing is
 * escaped. */
struct str scan_text(struct arena *a, const struct scan_node *n);
