/* Records that agree in the members which most rules ask about are of one class. What a rule asks
 * of these members is decided once for the class, so that a record meets only the rules that its
 * class may match, and of those only what is left to ask: a hundred rules cost little more than
 * one. */
#include "core/base/mem.h"
#include "verify/sigma/private.h"

/* userIdentity.type, and three members at the top. */
static const struct str members[] = {
    { "userIdentity.type", 17 }, { "eventName", 9 }, { "eventSource", 11 }, { "errorCode", 9 }
};
enum {
    MEMBERS = COUNT(members),
    SLOTS = 8192, /* a power of two */
    CLASSES_MOST = SLOTS / 2,
    KEY_MOST = 1024, /* bytes of the members */
};

struct key {
    struct str parts[MEMBERS]; /* JSON; absent: empty */
    uint64_t hash;
};

struct class
{
    struct key key; /* hash 0: free */
    struct candidates may;
};

struct classes {
    const struct sigma *s;
    struct arena kept;
    size_t count;
    struct class slots[SLOTS];
};

static const struct expr always = { .kind = EXPR_AND }, never = { .kind = EXPR_OR };

struct classes *classes_new(const struct sigma *s)
{
    struct classes *c = mem_alloc(sizeof *c);

    c->s = s;
    return c;
}

void classes_free(struct classes *c)
{
    if (c)
        arena_free(&c->kept);
    mem_free(c);
}

/* ---- what is left to ask ---- */

struct deciding {
    const struct sigma *s;
    struct arena *kept, *scratch;
    const struct scan_record *record;
};

static bool is_of_class(const struct sigma *s, const struct expr *leaf)
{
    struct str path = s->fields[leaf->field].path;
    bool found = false;

    for (size_t i = 0; i < MEMBERS; i++)
        found |= str_eq(path, members[i]);
    for (size_t i = 0; i < leaf->test_count; i++)
        found &= leaf->tests[i].kind != TEST_FIELD;
    return found;
}

static const struct expr *decide(const struct deciding *d, const struct expr *e);

/* AND and OR: kids that are decided either decide the whole or fall away. */
static const struct expr *decide_kids(const struct deciding *d, const struct expr *e)
{
    const struct expr *neutral = e->kind == EXPR_AND ? &always : &never;
    const struct expr *absorbing = e->kind == EXPR_AND ? &never : &always;
    struct expr *left = expr_new(d->kept, e->kind);

    for (size_t i = 0; i < e->kid_count; i++) {
        const struct expr *kid = decide(d, e->kids[i]);

        if (kid == absorbing)
            return absorbing;
        if (kid != neutral)
            expr_push(d->kept, left, kid);
    }
    if (left->kid_count == 0)
        return neutral;
    return left->kid_count == 1 ? left->kids[0] : left;
}

static const struct expr *decide_not(const struct deciding *d, const struct expr *e)
{
    const struct expr *kid = decide(d, e->kids[0]);

    if (kid == &always || kid == &never)
        return kid == &always ? &never : &always;
    struct expr *left = expr_new(d->kept, EXPR_NOT);

    expr_push(d->kept, left, kid);
    return left;
}

static const struct expr *decide(const struct deciding *d, const struct expr *e)
{
    switch (e->kind) {
    case EXPR_AND:
    case EXPR_OR:
        return decide_kids(d, e);
    case EXPR_NOT:
        return decide_not(d, e);
    case EXPR_FIELD:
        if (is_of_class(d->s, e))
            return expr_holds(d->scratch, d->s, e, d->record) ? &always : &never;
        break;
    case EXPR_KEYWORD:
        break;
    }
    return e;
}

static struct candidates decide_all(const struct deciding *d)
{
    struct candidate *items = arena_array(d->kept, d->s->rule_count + 1, sizeof *items);
    size_t count = 0;

    for (size_t i = 0; i < d->s->rule_count; i++) {
        const struct rule *rule = d->s->rules[i];
        const struct expr *left = rule->expr ? decide(d, rule->expr) : &never;

        if (left != &never)
            items[count++] = (struct candidate){ rule, left == &always ? NULL : left };
    }
    return (struct candidates){ items, count };
}

/* ---- the table ---- */

#define SPREAD 0x9e3779b97f4a7c15u

/* Eight bytes at a time: this runs for each record. */
static uint64_t mix(uint64_t h, struct str s)
{
    uint64_t word = 0;
    size_t at = 0;

    for (; at + 8 <= s.len; at += 8) {
        memcpy(&word, s.ptr + at, 8);
        h = (h ^ word) * SPREAD;
        h ^= h >> 29;
    }
    word = (uint64_t)s.len << 56;
    if (at < s.len)
        memcpy(&word, s.ptr + at, s.len - at);
    h = (h ^ word) * SPREAD;
    return h ^ h >> 32;
}

/* False: the record is so odd that it is in a class of its own. */
static bool key_of(const struct scan_record *r, struct key *key)
{
    const struct scan_node *who = scan_top(r, SCAN_USER_IDENTITY);
    size_t bytes = 0;

    if (r->top_dotted || (who && who->kind != SCAN_MAP))
        return false; /* a name with dots, or a list on the way */
    key->parts[0] = scan_json(scan_get(who, STR("type")));
    key->parts[1] = scan_json(scan_top(r, SCAN_EVENT_NAME));
    key->parts[2] = scan_json(scan_top(r, SCAN_EVENT_SOURCE));
    key->parts[3] = scan_json(scan_top(r, SCAN_ERROR_CODE));
    key->hash = SPREAD;
    for (size_t i = 0; i < MEMBERS; i++) {
        key->hash = mix(key->hash, key->parts[i]);
        bytes += key->parts[i].len;
    }
    key->hash |= 1;
    return bytes <= KEY_MOST;
}

static bool same_key(const struct key *a, const struct key *b)
{
    if (a->hash != b->hash)
        return false;
    for (size_t i = 0; i < MEMBERS; i++)
        if (!str_eq(a->parts[i], b->parts[i]))
            return false;
    return true;
}

static void forget_all(struct classes *c)
{
    arena_reset(&c->kept);
    memset(c->slots, 0, sizeof c->slots);
    c->count = 0;
}

struct candidates classes_find(struct classes *c, struct arena *scratch,
                               const struct scan_record *record)
{
    struct deciding d = { c->s, &c->kept, scratch, record };
    struct key key;

    if (!key_of(record, &key)) {
        d.kept = scratch;
        return decide_all(&d);
    }
    size_t i = (size_t)(key.hash >> 1) & (SLOTS - 1);

    while (c->slots[i].key.hash != 0 && !same_key(&c->slots[i].key, &key))
        i = (i + 1) & (SLOTS - 1);
    if (c->slots[i].key.hash != 0)
        return c->slots[i].may;
    if (c->count == CLASSES_MOST) {
        forget_all(c);
        i = (size_t)(key.hash >> 1) & (SLOTS - 1);
    }
    c->count++;
    for (size_t k = 0; k < MEMBERS; k++)
        key.parts[k] = arena_copy(&c->kept, key.parts[k]);
    c->slots[i] = (struct class){ key, decide_all(&d) };
    return c->slots[i].may;
}
