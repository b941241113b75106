#include "emulator/services/xray/segment.h"

#include "core/codec/json.h"

#define NAME_BYTES 200
#define USER_BYTES 250

/* Source: the guide, "name": "names can contain Unicode letters, numbers, and whitespace, and the
 * following symbols: _, ., :, /, %, &, #, =, +, \, -, @". Bytes above 127 are such letters. */
static bool is_name(struct str s)
{
    static const char symbols[] = "_.:/%&#=+\\-@ \t";

    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        bool is_letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';

        if (!is_letter && c < 128 && (c < '0' || c > '9') &&
            !memchr(symbols, c, sizeof symbols - 1))
            return false;
    }
    return s.len > 0 && s.len <= NAME_BYTES;
}

static bool is_number(const struct value *v)
{
    return v && (v->kind == VALUE_INT || v->kind == VALUE_FLOAT);
}

static struct str text_of(const struct value *v)
{
    return v && v->kind == VALUE_STRING ? v->u.text : (struct str){ "", 0 };
}

static bool is_subsegment(const struct value *doc)
{
    return str_eq_c(value_get_str(doc, "type"), "subsegment");
}

/* ---- rules, in the order in which they are asked; each false is refused with its code ---- */

static bool has_id(const struct value *doc, int64_t now_ms)
{
    (void)now_ms; /* every rule is asked alike */
    return value_get_c(doc, "id") != NULL;
}

static bool id_is_good(const struct value *doc, int64_t now_ms)
{
    (void)now_ms; /* every rule is asked alike */
    return xray_is_segment_id(text_of(value_get_c(doc, "id")));
}

static bool has_trace_id(const struct value *doc, int64_t now_ms)
{
    (void)now_ms; /* every rule is asked alike */
    return value_get_c(doc, "trace_id") != NULL;
}

static bool trace_id_is_good(const struct value *doc, int64_t now_ms)
{
    struct str id = text_of(value_get_c(doc, "trace_id"));

    return xray_is_trace_id(id) && xray_trace_is_current(id, now_ms);
}

static bool has_name(const struct value *doc, int64_t now_ms)
{
    (void)now_ms; /* every rule is asked alike */
    return value_get_c(doc, "name") != NULL;
}

static bool name_is_good(const struct value *doc, int64_t now_ms)
{
    (void)now_ms; /* every rule is asked alike */
    return is_name(text_of(value_get_c(doc, "name")));
}

static bool has_start(const struct value *doc, int64_t now_ms)
{
    (void)now_ms; /* every rule is asked alike */
    return is_number(value_get_c(doc, "start_time"));
}

static bool has_end(const struct value *doc, int64_t now_ms)
{
    (void)now_ms; /* every rule is asked alike */
    return is_number(value_get_c(doc, "end_time")) || value_get_bool(doc, "in_progress", false);
}

static bool parent_is_good(const struct value *doc, int64_t now_ms)
{
    const struct value *parent = value_get_c(doc, "parent_id");

    (void)now_ms; /* every rule is asked alike */
    if (!parent || parent->kind == VALUE_NULL)
        return !is_subsegment(doc);
    return xray_is_segment_id(text_of(parent));
}

static bool user_is_good(const struct value *doc, int64_t now_ms)
{
    const struct value *user = value_get_c(doc, "user");

    (void)now_ms; /* every rule is asked alike */
    return !user || user->kind == VALUE_NULL || text_of(user).len <= USER_BYTES;
}

/* What a subsegment within a document must have. */
static bool subsegments_are_good(const struct value *doc, int64_t now_ms)
{
    const struct value *list = value_get_c(doc, "subsegments");

    if (list && list->kind != VALUE_LIST && list->kind != VALUE_NULL)
        return false;
    for (const struct value *s = value_first(list); s; s = s->next)
        if (s->kind != VALUE_MAP || !id_is_good(s, now_ms) || !name_is_good(s, now_ms) ||
            !has_start(s, now_ms) || !subsegments_are_good(s, now_ms)) /* LIMIT_NESTING deep */
            return false;
    return true;
}

/* Source of the codes: MissingId as X-Ray answers it (github.com/humanmade/aws-xray, issue 29);
 * InvalidTraceId and ParseError likewise; the others are made in their likeness, for AWS publishes
 * no list of them. */
static const struct rule {
    bool (*holds)(const struct value *doc, int64_t now_ms);
    const char *code;
} rules[] = {
    { has_id, "MissingId" },
    { id_is_good, "InvalidId" },
    { has_trace_id, "MissingTraceId" },
    { trace_id_is_good, "InvalidTraceId" },
    { has_name, "MissingName" },
    { name_is_good, "InvalidName" },
    { has_start, "MissingStartTime" },
    { has_end, "MissingEndTime" },
    { parent_is_good, "InvalidParentId" },
    { user_is_good, "InvalidUser" },
    { subsegments_are_good, "InvalidSubsegment" },
};

bool segment_check(const struct value *doc, int64_t now_ms, struct segment_refusal *why)
{
    bool is_map = doc->kind == VALUE_MAP;

    *why = (struct segment_refusal){ text_of(is_map ? value_get_c(doc, "id") : NULL), NULL };
    if (!is_map)
        why->code = "ParseError";
    for (size_t i = 0; !why->code && i < COUNT(rules); i++)
        if (!rules[i].holds(doc, now_ms))
            why->code = rules[i].code;
    return !why->code;
}

bool segment_parse(struct arena *a, struct str text, int64_t now_ms, struct value **out,
                   struct segment_refusal *why)
{
    struct value *doc;

    *why = (struct segment_refusal){ { "", 0 }, "ParseError" };
    if (text.len > XRAY_DOCUMENT_BYTES)
        why->code = "DocumentTooLarge";
    if (text.len > XRAY_DOCUMENT_BYTES || json_parse(a, text, &doc, NULL) < 0)
        return false;
    if (doc->kind == VALUE_LIST && doc->count == 0)
        why->code = "MissingId"; /* Source: the issue named above: "[]" is answered so */
    if (doc->kind == VALUE_LIST && doc->count == 0)
        return false;
    *out = doc;
    if (doc->kind == VALUE_LIST) /* each of it is judged alone */
        return true;
    return segment_check(doc, now_ms, why);
}
