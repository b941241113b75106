#include "emulator/engine/pattern.h"

#include "core/base/buf.h"

enum node_kind { NODE_SET, NODE_GROUP, NODE_START, NODE_END };

/* One piece with its repetition. A group is a list of alternatives, each a list of pieces. */
struct node {
    enum node_kind kind;
    uint64_t set[2]; /* of ASCII */
    bool wide;       /* bytes above ASCII too */
    uint32_t min, max;
    struct alternative *first;
    struct node *next;
};
struct alternative {
    struct node *first;
    struct alternative *next;
};
struct pattern {
    struct alternative *first;
};

#define UNBOUNDED    UINT32_MAX
#define NESTING_MOST 24

struct parsing {
    struct arena *a;
    struct str rest;
    int depth;
    bool failed;
};

/* ---- reading ---- */

static char peek(const struct parsing *p)
{
    return p->rest.len > 0 ? p->rest.ptr[0] : 0;
}
static char take(struct parsing *p)
{
    char c = peek(p);

    if (p->rest.len == 0)
        p->failed = true;
    p->rest = str_sub(p->rest, 1, p->rest.len);
    return c;
}
static bool take_if(struct parsing *p, char c)
{
    if (p->rest.len == 0 || peek(p) != c)
        return false;
    (void)take(p);
    return true;
}

static void set_add(struct node *n, unsigned char c)
{
    if (c < 128)
        n->set[c / 64] |= 1ull << c % 64;
    else
        n->wide = true;
}
static void set_add_all(struct node *n, const char *chars)
{
    for (; *chars; chars++)
        set_add(n, (unsigned char)*chars);
}
static void set_range(struct node *n, unsigned char from, unsigned char to)
{
    for (unsigned c = from; c <= to; c++)
        set_add(n, (unsigned char)c);
}
static void set_invert(struct node *n)
{
    n->set[0] = ~n->set[0];
    n->set[1] = ~n->set[1];
    n->wide = !n->wide;
}

static void add_letters(struct node *n)
{
    set_range(n, 'a', 'z');
    set_range(n, 'A', 'Z');
}

/* \p{L}, \p{IsDigit}: the ASCII part, and for letters what lies above. */
static void add_property(struct parsing *p, struct node *n)
{
    struct str name, rest;

    if (!take_if(p, '{') || !str_cut(p->rest, '}', &name, &rest)) {
        p->failed = true;
        return;
    }
    p->rest = rest;
    switch (name.len > 0 ? name.ptr[0] : 0) {
    case 'L':
    case 'A':
        add_letters(n);
        n->wide = true;
        break;
    case 'N':
        set_range(n, '0', '9');
        n->wide = true;
        break;
    case 'Z':
        set_add(n, ' ');
        n->wide = true;
        break;
    case 'P':
    case 'S':
        set_add_all(n, "!\"#%&'()*,-./:;?@[\\]_{}$+<=>^`|~");
        n->wide = true;
        break;
    case 'M':
        n->wide = true;
        break;
    case 'C':
        set_range(n, 0, 31);
        break;
    default:
        p->failed = true;
    }
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 32;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* \x41 \u0041 \x{10FFFF}: the character, or 255 for any above ASCII. */
static unsigned char take_code(struct parsing *p, int digits)
{
    unsigned code = 0;

    if (take_if(p, '{')) {
        while (p->rest.len > 0 && !take_if(p, '}'))
            code = (code * 16 + (unsigned)hex_digit(take(p))) & 0xffffff;
    } else {
        for (; digits > 0; digits--) {
            int d = hex_digit(take(p));

            if (d < 0)
                p->failed = true;
            code = code * 16 + (unsigned)d;
        }
    }
    return code < 128 ? (unsigned char)code : 255;
}

/* Behind a backslash. True: it was one character, in *one. */
static bool take_escape(struct parsing *p, struct node *n, unsigned char *one)
{
    struct node inverse = { 0 };
    char c = take(p);

    switch (c) {
    case 'd':
        set_range(n, '0', '9');
        return false;
    case 'w':
        add_letters(n);
        set_range(n, '0', '9');
        set_add(n, '_');
        return false;
    case 's':
        set_add_all(n, " \t\n\r\f\v");
        return false;
    case 'S':
    case 'W':
    case 'D':
        if (c == 'S')
            set_add_all(&inverse, " \t\n\r\f\v");
        if (c == 'W') {
            add_letters(&inverse);
            set_add(&inverse, '_');
        }
        if (c != 'S')
            set_range(&inverse, '0', '9');
        set_invert(&inverse);
        n->set[0] |= inverse.set[0];
        n->set[1] |= inverse.set[1];
        n->wide = true;
        return false;
    case 'p':
        add_property(p, n);
        return false;
    case 'x':
        *one = take_code(p, 2);
        return true;
    case 'u':
        *one = take_code(p, 4);
        return true;
    case 't':
        *one = '\t';
        return true;
    case 'n':
        *one = '\n';
        return true;
    case 'r':
        *one = '\r';
        return true;
    default:
        /* \1, \b, \P and their like are beyond the subset; punctuation stands for itself. */
        p->failed |= (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        *one = (unsigned char)c;
        return true;
    }
}

static void take_set(struct parsing *p, struct node *n)
{
    bool inverted = take_if(p, '^'), is_first = true;

    while (!p->failed && (is_first || peek(p) != ']')) {
        unsigned char from = (unsigned char)take(p), to;
        bool is_one = true;

        is_first = false;
        if (from == '[' || (from == '&' && peek(p) == '&'))
            p->failed |= from != '[' || peek(p) == ':';
        if (from == '\\')
            is_one = take_escape(p, n, &from);
        if (!is_one)
            continue;
        to = from;
        if (peek(p) == '-' && p->rest.len > 1 && p->rest.ptr[1] != ']') {
            (void)take(p);
            to = (unsigned char)take(p);
            if (to == '\\' && !take_escape(p, n, &to)) {
                set_add(n, '-');
                to = from;
            }
        }
        set_range(n, from < to ? from : to, to);
        if (from < 128 && to >= 128)
            n->wide = true;
    }
    (void)take(p);
    if (inverted)
        set_invert(n);
}

static uint32_t take_number(struct parsing *p, uint32_t fallback)
{
    uint32_t n = 0;

    if (peek(p) < '0' || peek(p) > '9')
        return fallback;
    while (peek(p) >= '0' && peek(p) <= '9')
        n = (n * 10 + (uint32_t)(take(p) - '0')) % 1000000;
    return n;
}

static void take_quantifier(struct parsing *p, struct node *n)
{
    n->min = n->max = 1;
    if (take_if(p, '*')) {
        n->min = 0;
        n->max = UNBOUNDED;
    } else if (take_if(p, '+')) {
        n->max = UNBOUNDED;
    } else if (take_if(p, '?')) {
        n->min = 0;
    } else if (peek(p) == '{' && p->rest.len > 1 && p->rest.ptr[1] >= '0' &&
               p->rest.ptr[1] <= '9') {
        (void)take(p);
        n->min = n->max = take_number(p, 0);
        if (take_if(p, ','))
            n->max = take_number(p, UNBOUNDED);
        p->failed |= !take_if(p, '}');
    } else {
        return;
    }
    if (!take_if(p, '?')) /* lazy: the same texts match */
        p->failed |= take_if(p, '+');
}

static struct alternative *take_alternatives(struct parsing *p);

static void take_piece(struct parsing *p, struct node *n)
{
    unsigned char one;
    char c = take(p);

    n->kind = NODE_SET;
    switch (c) {
    case '^':
        n->kind = NODE_START;
        break;
    case '$':
        n->kind = NODE_END;
        break;
    case '(':
        n->kind = NODE_GROUP;
        if (take_if(p, '?'))
            p->failed |= !take_if(p, ':');
        if (++p->depth > NESTING_MOST)
            p->failed = true;
        if (!p->failed)
            n->first = take_alternatives(p);
        p->depth--;
        p->failed |= !take_if(p, ')');
        break;
    case '[':
        take_set(p, n);
        break;
    case '.':
        set_range(n, 0, 127);
        n->set[0] &= ~(1ull << '\n');
        n->wide = true;
        break;
    case '\\':
        if (take_escape(p, n, &one))
            set_add(n, one);
        break;
    default:
        p->failed |= c == '*' || c == '+' || c == '?';
        set_add(n, (unsigned char)c);
    }
    take_quantifier(p, n);
}

static struct alternative *take_alternatives(struct parsing *p)
{
    struct alternative *first = NULL, **last = &first;

    do {
        struct alternative *alt = arena_alloc(p->a, sizeof *alt);
        struct node **tail = &alt->first;

        while (!p->failed && p->rest.len > 0 && peek(p) != '|' && peek(p) != ')') {
            *tail = arena_alloc(p->a, sizeof **tail);
            take_piece(p, *tail);
            tail = &(*tail)->next;
        }
        *last = alt;
        last = &alt->next;
    } while (!p->failed && take_if(p, '|'));
    return first;
}

const struct pattern *pattern_parse(struct arena *a, struct str text)
{
    struct parsing p = { .a = a, .rest = text };
    struct pattern *out = arena_alloc(a, sizeof *out);

    out->first = take_alternatives(&p);
    return p.failed || p.rest.len > 0 ? NULL : out;
}

/* ---- matching: what must follow is a list of continuations on the stack ---- */

struct rest {
    const struct node *node; /* the next piece, or NULL: pop */
    uint32_t done;           /* repetitions of it so far */
    const struct rest *up;
};
struct matching {
    struct str text;
    uint32_t steps, steps_most, depth;
};

#define DEPTH_MOST 4000u

static bool set_has(const struct node *n, unsigned char c)
{
    return c < 128 ? (n->set[c / 64] >> c % 64 & 1) != 0 : n->wide;
}

static bool match_at(struct matching *m, size_t at, const struct rest *rest);

/* Sets repeat in a loop: the longest run first, then shorter ones. */
static bool match_set(struct matching *m, size_t at, const struct rest *rest)
{
    const struct node *n = rest->node;
    struct rest next = { n->next, 0, rest->up };
    size_t count = 0;

    /* A character above ASCII has several bytes, and counts once. */
    size_t end = at, stops = 0;

    while (count < n->max && end < m->text.len && set_has(n, (unsigned char)m->text.ptr[end])) {
        size_t len = str_utf8_len(str_sub(m->text, end, m->text.len));

        end += len ? len : 1;
        count++;
    }
    m->steps += (uint32_t)count / 8; /* a step in this loop is cheap, yet text may be long */
    for (stops = count; stops + 1 > n->min; stops--) {
        if (match_at(m, end, &next))
            return true;
        if (stops == 0)
            break;
        do
            end--;
        while (end > at && ((unsigned char)m->text.ptr[end] & 0xc0) == 0x80);
    }
    return false;
}

static bool match_group(struct matching *m, size_t at, const struct rest *rest)
{
    const struct node *n = rest->node;
    struct rest again = { n, rest->done + 1, rest->up }, next = { n->next, 0, rest->up };

    for (const struct alternative *alt = n->first; rest->done < n->max && alt; alt = alt->next) {
        struct rest inner = { alt->first, 0, &again };

        if (match_at(m, at, &inner))
            return true;
    }
    return rest->done >= n->min && match_at(m, at, &next);
}

static bool match_at(struct matching *m, size_t at, const struct rest *rest)
{
    bool ok;

    if (++m->steps > m->steps_most || m->depth > DEPTH_MOST)
        return true;
    while (rest && !rest->node)
        rest = rest->up;
    if (!rest)
        return at == m->text.len;
    m->depth++;
    struct rest next = { rest->node->next, 0, rest->up };

    switch (rest->node->kind) {
    case NODE_START:
        ok = at == 0 && match_at(m, at, &next);
        break;
    case NODE_END:
        ok = at == m->text.len && match_at(m, at, &next);
        break;
    case NODE_SET:
        ok = match_set(m, at, rest);
        break;
    default:
        ok = match_group(m, at, rest);
    }
    m->depth--;
    return ok;
}

bool pattern_match_within(const struct pattern *p, struct str text, uint32_t *steps)
{
    struct matching m = { .text = text, .steps_most = *steps };
    bool matches = false;

    for (const struct alternative *alt = p->first; alt && !matches; alt = alt->next) {
        struct rest start = { alt->first, 0, NULL };

        matches = match_at(&m, 0, &start);
    }
    *steps -= m.steps < *steps ? m.steps : *steps;
    return matches;
}

bool pattern_match(const struct pattern *p, struct str text)
{
    uint32_t steps = PATTERN_STEPS_MOST;

    return pattern_match_within(p, text, &steps);
}

/* ---- making ---- */

static char pick(const struct node *n, struct rng *rng)
{
    static const char *const tastes[] = { "abcdefghijklmnopqrstuvwxyz0123456789",
                                          "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "-_./:@+= " };
    char fit[128];
    size_t count = 0;

    for (size_t t = 0; t < COUNT(tastes) && count == 0; t++)
        for (const char *c = tastes[t]; *c; c++)
            if (set_has(n, (unsigned char)*c))
                fit[count++] = *c;
    for (unsigned c = 33; c < 127 && count == 0; c++)
        if (set_has(n, (unsigned char)c))
            fit[count++] = (char)c;
    return count ? fit[rng_below(rng, count)] : 'x';
}

static void make(struct buf *out, const struct alternative *first, struct rng *rng, size_t length)
{
    for (const struct node *n = first->first; n; n = n->next) {
        size_t most = n->max == UNBOUNDED || n->max > length ? length : n->max;
        size_t count = n->kind == NODE_SET && n->max > 1 && most > n->min ? most : n->min;

        for (size_t i = 0; i < count && out->len < 4096; i++) {
            if (n->kind == NODE_SET)
                buf_add_char(out, pick(n, rng));
            else if (n->kind == NODE_GROUP)
                make(out, n->first, rng, length);
        }
    }
}

struct str pattern_make(struct arena *a, const struct pattern *p, struct rng *rng, size_t length)
{
    struct buf b = { 0 };

    make(&b, p->first, rng, length);
    struct str text = arena_copy(a, buf_view(&b));

    buf_free(&b);
    return text;
}
