#include "core/trail/scan.h"

#include <stdio.h>

#include "core/base/limits.h"
#include "core/base/mem.h"
#include "core/trail/reader.h"
#include "core/trail/scan_map.h"

/* The walk over a record is one function: a call for each string would cost as much as the string.
 */
#define HOT static inline __attribute__((always_inline))

enum { NAME_SLOTS = 128, FIRST_NODES = 1024, ORDER_MOST = 64 };

struct scan {
    const char *text, *end, *at; /* at end stands a NUL */
    uint64_t base;               /* of text in the file */
    enum scan_extent extent;
    enum scan_shape shape;
    bool in_list; /* behind the [ of an envelope or a bare list */
    bool has_first, is_over, envelope_has_more;
    bool is_short; /* what is missing may still come */
    uint64_t number;
    struct scan_map map;
    struct scan_node *nodes;
    uint32_t node_count, node_cap;
    uint32_t open[LIMIT_NESTING]; /* nodes of the lists and maps that are open ... */
    char outer[LIMIT_NESTING];    /* ... and what closes the one around each */
    char why[96];
    uint8_t slots[NAME_SLOTS]; /* 1 + enum scan_member, by the hash of a name */
    uint8_t order[ORDER_MOST]; /* enum scan_member: the members of the record before */
};

static const struct str member_names[] = {
#define MEMBER(id, name) { name, sizeof(name) - 1 },
#include "core/trail/scan_members.def"
#undef MEMBER
};

/* ---- names at the top ---- */

static inline unsigned name_hash(const char *name, size_t len)
{
    return ((unsigned char)name[0] + 7u * (unsigned char)name[len / 2] +
            31u * (unsigned char)name[len - 1] + (unsigned)len) %
           NAME_SLOTS;
}

static void fill_slots(uint8_t slots[NAME_SLOTS])
{
    for (unsigned i = 0; i < SCAN_MEMBERS; i++) {
        unsigned h = name_hash(member_names[i].ptr, member_names[i].len);

        while (slots[h])
            h = (h + 1) % NAME_SLOTS;
        slots[h] = (uint8_t)(i + 1);
    }
}

/* memcmp, inlined: 20 names a record are compared. */
static inline bool same_bytes(const char *a, const char *b, size_t len)
{
    uint64_t x, y, differs = 0;

    if (len < 8)
        return memcmp(a, b, len) == 0;
    for (size_t i = 0; i + 8 < len; i += 8) {
        memcpy(&x, a + i, 8);
        memcpy(&y, b + i, 8);
        differs |= x ^ y;
    }
    memcpy(&x, a + len - 8, 8);
    memcpy(&y, b + len - 8, 8);
    return (differs | (x ^ y)) == 0;
}

static inline bool is_member(enum scan_member m, struct str name)
{
    return m < SCAN_MEMBERS && member_names[m].len == name.len &&
           same_bytes(member_names[m].ptr, name.ptr, name.len);
}

static enum scan_member member_by_slots(const uint8_t slots[NAME_SLOTS], struct str name)
{
    if (name.len == 0)
        return SCAN_MEMBERS;
    for (unsigned h = name_hash(name.ptr, name.len); slots[h]; h = (h + 1) % NAME_SLOTS)
        if (is_member((enum scan_member)(slots[h] - 1), name))
            return (enum scan_member)(slots[h] - 1);
    return SCAN_MEMBERS;
}

enum scan_member scan_member_of(struct str name)
{
    for (unsigned i = 0; i < SCAN_MEMBERS; i++)
        if (str_eq(member_names[i], name))
            return (enum scan_member)i;
    return SCAN_MEMBERS;
}

const char *scan_member_name(enum scan_member m)
{
    return m < SCAN_MEMBERS ? member_names[m].ptr : "";
}

/* ---- memory ---- */

struct scan *scan_open(void)
{
    struct scan *s = mem_alloc(sizeof *s);

    s->node_cap = FIRST_NODES;
    s->nodes = mem_alloc(s->node_cap * sizeof *s->nodes);
    fill_slots(s->slots);
    scan_map_init(&s->map);
    return s;
}

void scan_close(struct scan *s)
{
    if (!s)
        return;
    mem_free(s->nodes);
    mem_free(s);
}

void scan_pad(struct buf *text)
{
    (void)buf_reserve(text, SCAN_PAD); /* where they begin is known */
}

/* ---- the grammar ---- */

static const char *stop(struct scan *s, const char *at, const char *what)
{
    s->is_short = at >= s->end && s->extent == SCAN_PART;
    (void)snprintf(s->why, sizeof s->why, "byte %llu: %s",
                   (unsigned long long)(s->base + (uint64_t)(at - s->text)) + 1,
                   at >= s->end ? "the text ends too early" : what);
    return NULL;
}

static inline const char *skip_blanks(const char *p)
{
    while (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')
        p++;
    return p;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Each backslash with what JSON lets follow it; no control characters. NULL: all is well. */
static const char *bad_byte(const char *p, const char *end)
{
    for (; p < end; p++) {
        if ((unsigned char)*p < 0x20)
            return p;
        if (*p != '\\')
            continue;
        p++;
        if (*p != 'u') {
            if (!memchr("\"\\/bfnrt", *p, 8))
                return p;
            continue;
        }
        for (int i = 1; i <= 4; i++)
            if (!is_hex(p[i]))
                return p;
        p += 4;
    }
    return NULL;
}

/* Where the walk over a value stands. A copy of its own stays in registers, for a compiler can't
 * know that no byte that is written is a part of it. */
struct walk {
    struct scan *s;
    struct scan_node *nodes;
    uint32_t count, cap;
    unsigned depth;
    char closing;                       /* what closes the innermost list or map */
    const uint16_t *quote, *last_quote; /* the next of the window; behind its last */
    const char *window, *odd_at, *end;  /* end: of the text */
};

HOT void look_at_window(struct walk *w)
{
    const struct scan_map *m = &w->s->map;

    w->window = m->start;
    w->quote = m->quotes + m->quote_next;
    w->last_quote = m->quotes + m->quote_count;
    w->odd_at = m->odd_at;
}

HOT const char *next_quote(struct walk *w)
{
    while (w->quote == w->last_quote) {
        scan_map_more(&w->s->map);
        look_at_window(w);
    }
    return w->window + *w->quote++;
}

struct span {
    const char *ptr;
    uint32_t len;
    bool escaped;
};

/* The string may hold odd bytes. Returns the first that it must not hold. */
static const char *odd_string(struct scan *s, const char *from, const char *to, bool *escaped)
{
    *escaped = scan_map_odd(&s->map, from, to);
    return *escaped ? bad_byte(from, to) : NULL;
}

/* p stands at the opening quote. Returns behind the closing one, or NULL. */
HOT const char *walk_string(struct walk *w, const char *p, struct span *out)
{
    (void)next_quote(w); /* that is p */
    const char *from = p + 1, *to = next_quote(w);

    if (to >= w->end)
        return stop(w->s, w->end, "");
    out->ptr = from;
    out->len = (uint32_t)(to - from);
    out->escaped = false;
    if (to > w->odd_at) {
        const char *bad = odd_string(w->s, from, to, &out->escaped);

        if (bad)
            return stop(w->s, bad, "a byte that no string may hold so");
        w->odd_at = w->s->map.odd_at;
    }
    return to + 1;
}

static inline bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static const char *walk_digits(struct scan *s, const char *p)
{
    if (!is_digit(*p))
        return stop(s, p, "expected a digit");
    while (is_digit(*p))
        p++;
    return p;
}

/* Source: RFC 8259, 6. */
static const char *walk_number(struct scan *s, const char *p)
{
    if (*p == '-')
        p++;
    if (*p == '0' && is_digit(p[1]))
        return stop(s, p, "a number with a leading zero");
    p = walk_digits(s, p);
    if (p && *p == '.')
        p = walk_digits(s, p + 1);
    if (p && (*p == 'e' || *p == 'E')) {
        p++;
        if (*p == '+' || *p == '-')
            p++;
        p = walk_digits(s, p);
    }
    return p;
}

/* SCAN_PAD bytes behind the end are readable. */
static const char *walk_scalar(struct scan *s, const char *p, uint8_t *kind)
{
    *kind = SCAN_TRUE;
    if (memcmp(p, "true", 4) == 0)
        return p + 4;
    *kind = SCAN_FALSE;
    if (memcmp(p, "fals", 4) == 0 && p[4] == 'e')
        return p + 5;
    *kind = SCAN_NULL;
    if (memcmp(p, "null", 4) == 0)
        return p + 4;
    *kind = SCAN_NUMBER;
    if (*p != '-' && !is_digit(*p))
        return stop(s, s->end - p < 5 && s->extent == SCAN_PART ? s->end : p, "expected a value");
    return walk_number(s, p);
}

static void more_nodes(struct scan *s)
{
    s->node_cap *= 2;
    s->nodes = mem_realloc(s->nodes, s->node_cap * sizeof *s->nodes);
}

HOT struct scan_node *add_node(struct walk *w)
{
    if (w->count == w->cap) {
        more_nodes(w->s);
        w->nodes = w->s->nodes;
        w->cap = w->s->node_cap;
    }
    return &w->nodes[w->count++];
}

/* The list or map whose node was the last to be added. */
HOT const char *enter(struct walk *w, const char *p)
{
    if (w->depth == LIMIT_NESTING)
        return stop(w->s, p, "nested too deeply");
    w->s->open[w->depth] = w->count - 1;
    w->s->outer[w->depth++] = w->closing;
    w->closing = *p == '{' ? '}' : ']';
    return skip_blanks(p + 1);
}

HOT void leave(struct walk *w, const char *end)
{
    uint32_t first = w->s->open[--w->depth];
    struct scan_node *node = &w->nodes[first];

    w->closing = w->s->outer[w->depth];
    node->span = w->count - first;
    node->value_len = (uint32_t)(end - node->value);
}

/* A member's name and colon; p at the quote. Returns where the value begins. */
HOT const char *walk_name(struct walk *w, const char *p, struct span *name)
{
    if (*p != '"')
        return stop(w->s, p, "expected a member's name");
    p = walk_string(w, p, name);
    if (!p)
        return NULL;
    if (*p != ':')
        p = skip_blanks(p);
    if (*p != ':')
        return stop(w->s, p, "expected ':'");
    return *++p > ' ' ? p : skip_blanks(p);
}

/* One value at p, as a node: a scalar wholly, of a list or map its opening. */
HOT const char *walk_node(struct walk *w, const char *p, const struct span *name)
{
    struct scan_node *node = add_node(w);
    struct span text = { 0 };

    node->name = name->ptr;
    node->name_len = name->len;
    node->name_escaped = name->escaped;
    node->escaped = false;
    node->span = 1;
    node->value = p;
    if (*p == '"') {
        const char *end = walk_string(w, p, &text);

        if (!end)
            return NULL;
        node->kind = SCAN_STRING;
        node->value = text.ptr;
        node->value_len = text.len;
        node->escaped = text.escaped;
        return end;
    }
    if (*p == '{' || *p == '[') {
        node->kind = *p == '{' ? SCAN_MAP : SCAN_LIST;
        return enter(w, p);
    }
    const char *end = walk_scalar(w->s, p, &node->kind);

    if (end)
        node->value_len = (uint32_t)(end - p);
    return end;
}

/* Behind a value: a comma, or the brackets that close here. Returns where the next name or value
 * begins; when the last bracket closed, where that was left. */
HOT const char *walk_behind(struct walk *w, const char *p)
{
    while (w->depth > 0) {
        if (*p <= ' ')
            p = skip_blanks(p);
        if (*p == ',') {
            p = skip_blanks(p + 1);
            if (*p == '}' || *p == ']')
                return stop(w->s, p, "expected a value behind ','");
            return p;
        }
        if (*p != w->closing)
            return stop(w->s, p, "expected ',' or a closing bracket");
        leave(w, ++p);
    }
    return p;
}

/* All that follows p, where a value stands: as many values as it takes to close what it opens. */
HOT const char *walk_values(struct walk *w, const char *p)
{
    struct span name = { 0 };

    while (p) {
        unsigned depth = w->depth;

        p = walk_node(w, p, &name);
        if (p && (w->depth == depth || *p == w->closing)) { /* no first value behind a bracket */
            p = walk_behind(w, p);
            if (w->depth == 0)
                return p;
        }
        name = (struct span){ 0 };
        if (p && w->closing == '}')
            p = walk_name(w, p, &name);
    }
    return NULL;
}

HOT struct walk walk_start(struct scan *s)
{
    struct walk w = { .s = s, .nodes = s->nodes, .cap = s->node_cap, .end = s->end };

    look_at_window(&w);
    return w;
}

HOT void walk_end(const struct walk *w)
{
    w->s->node_count = w->count;
    w->s->map.quote_next = (uint32_t)(w->quote - w->s->map.quotes);
}

/* A whole value at p into nodes. Returns behind it, or NULL. */
static const char *walk_value(struct scan *s, const char *p)
{
    struct walk w = walk_start(s);

    p = walk_values(&w, p);
    walk_end(&w);
    return p;
}

/* A member's name outside of the records. */
static const char *walk_outer_name(struct scan *s, const char *p, struct span *name)
{
    struct walk w = walk_start(s);

    p = walk_name(&w, p, name);
    walk_end(&w);
    return p;
}

/* ---- around the records ---- */

static void load(struct scan *s, char *text, size_t len, enum scan_extent extent)
{
    memset(text + len, 0, SCAN_PAD);
    s->text = s->at = text;
    s->end = text + len;
    s->extent = extent;
    scan_map_start(&s->map, text, len);
}

void scan_start(struct scan *s, char *text, size_t len, enum scan_extent extent)
{
    s->base = s->number = 0;
    s->shape = SCAN_NOTHING;
    s->in_list = s->has_first = s->is_over = s->envelope_has_more = false;
    load(s, text, len, extent);
}

void scan_go_on(struct scan *s, char *text, size_t len, enum scan_extent extent)
{
    s->base += (uint64_t)(s->at - s->text);
    load(s, text, len, extent);
}

struct str scan_rest(const struct scan *s)
{
    return (struct str){ s->at, (size_t)(s->end - s->at) };
}

const char *scan_why(const struct scan *s)
{
    return s->why;
}

uint64_t scan_number(const struct scan *s)
{
    return s->number;
}

enum scan_shape scan_shape(const struct scan *s)
{
    return s->shape;
}

bool scan_envelope_has_more(const struct scan *s)
{
    return s->envelope_has_more;
}

/* Behind the [ of Records in the object at p; NULL when it has none, or is broken. */
static const char *find_records(struct scan *s, const char *p)
{
    struct span name;

    for (p = skip_blanks(p + 1);; p = skip_blanks(p + 1)) {
        p = walk_outer_name(s, p, &name);
        if (!p)
            return NULL;
        if (*p == '[' && str_eq((struct str){ name.ptr, name.len }, STR("Records")))
            return p + 1;
        s->envelope_has_more = true;
        p = walk_value(s, p);
        if (!p)
            return NULL;
        p = skip_blanks(p);
        if (*p != ',')
            return p >= s->end ? stop(s, p, "") : NULL;
    }
}

static enum scan_step fail(struct scan *s)
{
    if (s->is_short)
        return SCAN_MORE;
    s->number++;
    s->is_over = true;
    return SCAN_BROKEN;
}

static enum scan_step fail_at(struct scan *s, const char *at, const char *what)
{
    (void)stop(s, at, what); /* it says where */
    return fail(s);
}

/* The bytes up to the end of a line are given up, the next record begins behind them. */
static enum scan_step give_up_line(struct scan *s, const char *p)
{
    const char *newline = memchr(p, '\n', (size_t)(s->end - p));

    if (!newline && s->extent == SCAN_PART)
        return SCAN_MORE;
    s->at = newline ? newline + 1 : s->end;
    s->number++;
    return SCAN_BROKEN;
}

static enum scan_step open_list(struct scan *s, const char *behind, enum scan_shape shape)
{
    s->shape = shape;
    s->in_list = true;
    s->has_first = false;
    s->at = behind;
    return SCAN_RECORD; /* go on */
}

/* Between objects: what comes next decides what the file is. SCAN_RECORD: go on at s->at. */
static enum scan_step enter_file(struct scan *s)
{
    const char *p = skip_blanks(s->at), *list = NULL;

    if (p >= s->end)
        return s->extent == SCAN_PART ? SCAN_MORE : SCAN_END;
    if (s->shape == SCAN_BARE_LIST || (s->shape == SCAN_ENVELOPE && *p != '{'))
        return fail_at(s, p, "text behind the end of the records");
    if (*p == '[' && s->shape == SCAN_NOTHING)
        return open_list(s, p + 1, SCAN_BARE_LIST);
    if (*p == '{' && (s->shape == SCAN_NOTHING || memcmp(p, "{\"Records\"", 10) == 0)) {
        s->is_short = false;
        scan_map_seek(&s->map, p);
        list = find_records(s, p);
        if (!list && s->is_short)
            return SCAN_MORE;
    }
    if (list)
        return open_list(s, list, SCAN_ENVELOPE);
    s->envelope_has_more = false;
    s->shape = SCAN_LINES;
    s->at = p;
    return SCAN_RECORD;
}

/* Behind the ] of the list: the end of the envelope. */
static enum scan_step leave_list(struct scan *s, const char *p)
{
    p = skip_blanks(p);
    while (s->shape == SCAN_ENVELOPE && *p == ',') {
        struct span name;

        s->envelope_has_more = true;
        p = walk_outer_name(s, skip_blanks(p + 1), &name);
        p = p ? walk_value(s, p) : NULL;
        if (!p)
            return fail(s);
        p = skip_blanks(p);
    }
    if (s->shape == SCAN_ENVELOPE && *p++ != '}')
        return fail_at(s, p - 1, "expected '}' behind Records");
    s->at = p;
    s->in_list = false;
    return SCAN_RECORD; /* go on: the end, or another envelope */
}

/* Where the next object of the list begins. */
static enum scan_step next_element(struct scan *s, const char **out)
{
    const char *p = skip_blanks(s->at);

    if (*p == ']')
        return leave_list(s, p + 1);
    if (s->has_first) {
        if (*p != ',')
            return fail_at(s, p, "expected ',' or ']' behind a record");
        p = skip_blanks(p + 1);
    }
    *out = p;
    return SCAN_RECORD;
}

static bool is_utf8(struct str s)
{
    while (s.len >= 8) {
        uint64_t eight;

        memcpy(&eight, s.ptr, 8);
        size_t n = (eight & 0x8080808080808080ull) == 0 ? 8 : str_utf8_len(s);
        if (n == 0)
            return false;
        s = (struct str){ s.ptr + n, s.len - n };
    }
    return str_is_utf8(s);
}

/* Records of one kind follow each other: a member is most often what it was in the one before. */
static void find_tops(struct scan *s, struct scan_record *out)
{
    const struct scan_node *root = s->nodes;
    size_t i = 0;

    memset(out->top, 0, sizeof out->top);
    out->top_twice = out->top_dotted = false;
    for (const struct scan_node *n = scan_first(root); n; n = scan_after(root, n)) {
        uint8_t *guess = &s->order[i++ % ORDER_MOST];
        enum scan_member m = *guess;

        if (!is_member(m, scan_name(n)))
            *guess = (uint8_t)(m = member_by_slots(s->slots, scan_name(n)));
        if (m == SCAN_MEMBERS) {
            out->top_dotted |= memchr(n->name, '.', n->name_len) != NULL;
            continue;
        }
        out->top_twice |= out->top[m] != 0;
        out->top[m] = (uint32_t)(n - root);
    }
}

static enum scan_step take_record(struct scan *s, const char *p, struct scan_record *out)
{
    s->is_short = false;
    scan_map_seek(&s->map, p); /* a line was given up, or this is read twice */
    const char *end = *p == '{' ? walk_value(s, p) : stop(s, p, "expected an object");

    if (end && s->map.high_end > p && !is_utf8((struct str){ p, (size_t)(end - p) }))
        end = stop(s, p, "bytes that are not UTF-8");
    if (!end && !s->in_list && !s->is_short)
        return give_up_line(s, p);
    if (!end)
        return fail(s);
    s->at = end;
    s->has_first = true;
    out->text = (struct str){ p, (size_t)(end - p) };
    out->offset = s->base + (uint64_t)(p - s->text);
    out->number = ++s->number;
    out->nodes = s->nodes;
    out->node_count = s->node_count;
    find_tops(s, out);
    return SCAN_RECORD;
}

enum scan_step scan_next(struct scan *s, struct scan_record *out)
{
    const char *p;

    if (s->is_over)
        return SCAN_END;
    do {
        enum scan_step step = SCAN_RECORD;

        s->is_short = false;
        if (!s->in_list)
            step = enter_file(s);
        if (step != SCAN_RECORD)
            return step;
        p = s->at;
        if (s->in_list)
            step = next_element(s, &p);
        if (step != SCAN_RECORD)
            return step;
    } while (!s->in_list && s->shape != SCAN_LINES);
    return take_record(s, p, out);
}

/* ---- asking ---- */

const struct scan_node *scan_get(const struct scan_node *map, struct str name)
{
    const struct scan_node *found = NULL;

    if (!scan_is(map, SCAN_MAP))
        return NULL;
    for (const struct scan_node *n = scan_first(map); n; n = scan_after(map, n))
        if (str_eq(scan_name(n), name))
            found = n;
    return found;
}

static const struct scan_node *element(const struct scan_node *list, struct str index)
{
    const struct scan_node *n = scan_first(list);
    int64_t i;

    if (!str_to_i64(index, &i) || i < 0)
        return NULL;
    while (n && i-- > 0)
        n = scan_after(list, n);
    return n;
}

const struct scan_node *scan_find(const struct scan_record *r, struct str path)
{
    const struct scan_node *n = r->nodes;
    struct str name;

    while (n && path.len > 0) {
        (void)str_cut(path, '.', &name, &path); /* no dot: the last name */
        n = n->kind == SCAN_LIST ? element(n, name) : scan_get(n, name);
    }
    return n;
}

struct str scan_json(const struct scan_node *n)
{
    if (n && n->kind == SCAN_STRING)
        return (struct str){ n->value - 1, n->value_len + 2 };
    return scan_value(n);
}

struct str scan_text(struct arena *a, const struct scan_node *n)
{
    return n && n->escaped ? record_unescape(a, scan_value(n)) : scan_value(n);
}
