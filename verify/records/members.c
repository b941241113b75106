/* Which members stand at a record's top, and of which JSON types. */
#include <stdio.h>

#include "core/base/limits.h"
#include "verify/records/check.h"
#include "verify/records/form.h"

/* JSON types, as bits of enum scan_kind. */
enum {
    NONE = 1 << SCAN_NULL,
    BOOLEAN = 1 << SCAN_TRUE | 1 << SCAN_FALSE,
    STRING = 1 << SCAN_STRING,
    LIST = 1 << SCAN_LIST,
    MAP = 1 << SCAN_MAP,
};
/* Kinds of record, as bits of enum record_kind. */
enum {
    CALL = 1 << KIND_CALL,
    SERVICE = 1 << KIND_SERVICE_EVENT,
    NETWORK = 1 << KIND_NETWORK,
    INSIGHT = 1 << KIND_INSIGHT,
    AGGREGATED = 1 << KIND_AGGREGATED,
    ALL = CALL | SERVICE | NETWORK | INSIGHT | AGGREGATED,
};
enum { NEVER = 100 };

static const struct field {
    enum scan_member member;
    unsigned types, kinds;
    int always_from, since;
    uint32_t most_bytes; /* 0: no limit of its own */
} fields[] = {
#define FIELD(id, types, always_from, since, kinds, most)                                          \
    { SCAN_##id, types, kinds, always_from, since, most },
#include "verify/records/fields.def"
#undef FIELD
};

static const char *types_text(unsigned types)
{
    static const struct {
        unsigned types;
        const char *text;
    } texts[] = {
        { STRING, "a string" },       { MAP, "an object" }, { MAP | NONE, "an object or null" },
        { BOOLEAN, "true or false" }, { LIST, "an array" },
    };

    for (size_t i = 0; i < COUNT(texts); i++)
        if (texts[i].types == types)
            return texts[i].text;
    return "another type";
}

static void check_field(struct check *c, const struct field *f)
{
    const struct scan_node *n = scan_top(c->r, f->member);

    if (!n) {
        if ((f->kinds >> c->kind & 1) && (f->always_from == NEVER || c->minor >= f->always_from))
            note(c, RULE_MEMBER_MISSING, scan_member_name(f->member), "expected %s; it is absent",
                 types_text(f->types));
        return;
    }
    if (!(f->types >> n->kind & 1))
        note(c, RULE_MEMBER_TYPE, scan_member_name(f->member), "expected %s, not %.40s%s",
             types_text(f->types), arena_copy(&c->out->arena, str_sub(scan_json(n), 0, 40)).ptr,
             scan_json(n).len > 40 ? "..." : "");
    else if (c->minor < f->since)
        note(c, RULE_MEMBER_VERSION, scan_member_name(f->member),
             "expected from eventVersion 1.%02d on", f->since);
    if (f->most_bytes && n->value_len > f->most_bytes)
        note(c, RULE_MEMBER_SIZE, scan_member_name(f->member), "expected at most %u bytes, not %u",
             f->most_bytes, n->value_len);
    else if (n->kind == SCAN_STRING && n->value_len == 0 && f->always_from != NEVER)
        note(c, RULE_MEMBER_EMPTY, scan_member_name(f->member),
             "expected something, not an empty string");
}

/* Members that are no field's, and the order of those that are. */
static void check_names(struct check *c)
{
    const struct scan_node *root = c->r->nodes;
    uint32_t last = 0;
    bool is_ordered = true;
    size_t known = 0, all = 0;

    for (unsigned m = 0; m < SCAN_MEMBERS; m++) {
        uint32_t at = c->r->top[m];

        known += at != 0;
        is_ordered &= at == 0 || at > last;
        last = at ? at : last;
    }
    for (const struct scan_node *n = scan_first(root); n; n = scan_after(root, n))
        all++;
    if (!is_ordered)
        note(c, RULE_MEMBER_ORDER, "", "expected the members in CloudTrail's order");
    if (c->r->top_twice)
        note(c, RULE_MEMBER_TWICE, "", "expected each member once");
    else if (all != known && c->kind != KIND_AGGREGATED)
        for (const struct scan_node *n = scan_first(root); n; n = scan_after(root, n))
            if (scan_member_of(scan_name(n)) == SCAN_MEMBERS)
                note(c, RULE_MEMBER_UNKNOWN, arena_copy(&c->out->arena, scan_name(n)).ptr,
                     "expected no member of this name");
}

static void check_unexpected(struct check *c)
{
    static const enum scan_member not_network[] = { SCAN_REQUEST_PARAMETERS, SCAN_RESPONSE_ELEMENTS,
                                                    SCAN_USER_AGENT };
    static const enum scan_member not_insight[] = { SCAN_USER_IDENTITY, SCAN_SOURCE_IP_ADDRESS,
                                                    SCAN_READ_ONLY, SCAN_REQUEST_PARAMETERS };
    const enum scan_member *list = c->kind == KIND_NETWORK ? not_network : not_insight;
    size_t count = c->kind == KIND_NETWORK ? COUNT(not_network) : COUNT(not_insight);

    if (c->kind == KIND_NETWORK || c->kind == KIND_INSIGHT)
        for (size_t i = 0; i < count; i++)
            if (scan_top(c->r, list[i]))
                note(c, RULE_MEMBER_UNEXPECTED, scan_member_name(list[i]),
                     "expected none in a record of this eventType");
    if (c->kind != KIND_INSIGHT && scan_top(c->r, SCAN_INSIGHT_DETAILS))
        note(c, RULE_MEMBER_UNEXPECTED, "insightDetails", "expected it in Insights events alone");
}

static enum record_kind kind_of(struct str type)
{
    static const struct {
        const char *type;
        enum record_kind kind;
    } kinds[] = {
        { "AwsServiceEvent", KIND_SERVICE_EVENT }, { "AwsVpceEvent", KIND_NETWORK },
        { "AwsVpceEvents", KIND_NETWORK },         { "AwsCloudTrailInsight", KIND_INSIGHT },
        { "AwsAggregatedEvent", KIND_AGGREGATED },
    };

    if (!str_eq_c(type, "AwsApiCall"))
        for (size_t i = 0; i < COUNT(kinds); i++)
            if (str_eq_c(type, kinds[i].type))
                return kinds[i].kind;
    return KIND_CALL;
}

void check_members(struct check *c)
{
    struct str version = scan_top_str(c->r, SCAN_EVENT_VERSION);

    c->type = scan_top_str(c->r, SCAN_EVENT_TYPE);
    c->kind = kind_of(c->type);
    c->minor = NEVER - 1;
    if (version.len && !form_version(version, &c->minor))
        note(c, RULE_VERSION_FORM, "eventVersion", "expected MAJOR.MINOR such as 1.11, not %.20s",
             arena_copy(&c->out->arena, version).ptr);
    else if (c->minor > 11 && version.len)
        note(c, RULE_VERSION_KNOWN, "eventVersion", "expected 1.0 to 1.11");
    for (size_t i = 0; i < COUNT(fields); i++)
        check_field(c, &fields[i]);
    check_names(c);
    check_unexpected(c);
    if (c->r->text.len > LIMIT_RECORD_BYTES)
        note(c, RULE_MEMBER_SIZE, "", "expected a record of at most %u bytes, not %zu",
             LIMIT_RECORD_BYTES, c->r->text.len);
}
