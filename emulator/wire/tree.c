#include "emulator/wire/tree.h"

#include <math.h>

#include "core/base/clock.h"
#include "core/codec/uri.h"
#include "emulator/wire/scalar.h"

#define INT64_LIMIT 9.2e18 /* doubles below it truncate into int64_t */

static int convert(struct arena *a, struct slot s, enum tree_part part, struct value *v,
                   struct err *err);

/* The words are AWS's, as seen in answers of lambda, codedeploy and dynamodb. */
static int mismatch(const struct value *v, struct slot s, struct err *err)
{
    static const char *const seen[] = {
        [VALUE_NULL] = "NULL_VALUE",     [VALUE_BOOL] = "BOOLEAN_VALUE",
        [VALUE_INT] = "NUMBER_VALUE",    [VALUE_FLOAT] = "NUMBER_VALUE",
        [VALUE_STRING] = "STRING_VALUE", [VALUE_BLOB] = "BLOB_VALUE",
        [VALUE_TIME] = "TIME_VALUE",     [VALUE_LIST] = "LIST_VALUE",
        [VALUE_MAP] = "MAP_VALUE",
    };

    if (v->kind == VALUE_LIST)
        return err_set(err, E_PARSE, "Start of list found where not expected");
    if (v->kind == VALUE_MAP)
        return err_set(err, E_PARSE, "Start of structure or map found where not expected.");
    return err_set(err, E_PARSE, "%s can not be converted to %s %s", seen[v->kind],
                   s.shape->type == CAT_INTEGER ? "an" : "a",
                   scalar_type_name((enum cat_type)s.shape->type));
}

static int to_int(struct slot s, struct value *v, struct err *err)
{
    if (v->kind == VALUE_INT)
        return 0;
    if (v->kind != VALUE_FLOAT || !(fabs(v->u.real) < INT64_LIMIT))
        return mismatch(v, s, err);
    v->u.integer = (int64_t)v->u.real;
    v->kind = VALUE_INT;
    return 0;
}

static int to_float(struct arena *a, struct slot s, struct value *v, struct err *err)
{
    struct value *parsed;

    if (v->kind == VALUE_FLOAT)
        return 0;
    if (v->kind == VALUE_INT) {
        v->u.real = (double)v->u.integer;
    } else {
        bool special = v->kind == VALUE_STRING &&
                       (str_eq_c(v->u.text, "NaN") || str_eq_c(v->u.text, "Infinity") ||
                        str_eq_c(v->u.text, "-Infinity"));
        if (!special || scalar_parse(a, s, v->u.text, &parsed, err) < 0)
            return mismatch(v, s, err);
        v->u.real = parsed->u.real;
    }
    v->kind = VALUE_FLOAT;
    return 0;
}

static int to_time(struct slot s, struct value *v, struct err *err)
{
    int64_t ms = 0;
    bool ok = false;

    if (v->kind == VALUE_TIME)
        return 0;
    if (v->kind == VALUE_INT || v->kind == VALUE_FLOAT)
        ok = scalar_epoch_ms(v->kind == VALUE_INT ? (double)v->u.integer : v->u.real, &ms);
    else if (v->kind == VALUE_STRING)
        ok = clock_parse(v->u.text, &ms, NULL) == 0;
    if (!ok)
        return mismatch(v, s, err);
    v->kind = VALUE_TIME;
    v->u.time_ms = ms;
    return 0;
}

static int to_blob(struct arena *a, struct slot s, struct value *v, struct err *err)
{
    struct str bytes;

    if (v->kind == VALUE_BLOB)
        return 0;
    if (v->kind != VALUE_STRING)
        return mismatch(v, s, err);
    if (base64_decode(a, v->u.text, &bytes, NULL) < 0)
        return err_set(err, E_PARSE, "Invalid base64 in a blob");
    v->kind = VALUE_BLOB;
    v->u.text = bytes;
    return 0;
}

/* A scalar of another kind in another emulator's answer: read as its text. */
static int retype(struct arena *a, struct slot s, struct value *v)
{
    struct str text = value_to_text(a, v);
    struct value *fit;

    if (!text.len || scalar_parse(a, s, text, &fit, NULL) < 0)
        return E_PARSE;
    v->kind = fit->kind;
    v->u = fit->u;
    return 0;
}

/* The kids that stay are linked again in their order. */
static int to_structure(struct arena *a, struct slot s, enum tree_part part, struct value *v,
                        struct err *err)
{
    struct value *kid = v->u.kids.first;
    uint32_t hint = 0;
    struct slot m;
    int rc = 0;

    v->u.kids.first = v->u.kids.last = NULL;
    v->count = 0;
    while (kid && rc == 0) {
        struct value *next = kid->next;

        kid->next = NULL;
        if (kid->kind != VALUE_NULL && slot_find_wire(s, kid->name, &hint, &m) &&
            (part == TREE_ALL || m.member->location == CAT_BODY)) {
            rc = convert(a, m, TREE_ALL, kid, err);
            if (rc == 0)
                value_append(v, slot_name(m), kid);
            if (s.is_answer)
                rc = 0;
        }
        kid = next;
    }
    return rc;
}

static int to_elements(struct arena *a, struct slot element, struct value *v, struct err *err)
{
    struct value *kid = v->u.kids.first;
    int rc = 0;

    v->u.kids.first = v->u.kids.last = NULL;
    v->count = 0;
    while (kid && rc == 0) {
        struct value *next = kid->next;

        kid->next = NULL;
        if (kid->kind != VALUE_NULL)
            rc = convert(a, element, TREE_ALL, kid, err);
        if (rc == 0 && v->kind == VALUE_LIST)
            value_push(v, kid);
        else if (rc == 0)
            value_append(v, kid->name, kid);
        if (element.is_answer)
            rc = 0;
        kid = next;
    }
    return rc;
}

static int by_type(struct arena *a, struct slot s, enum tree_part part, struct value *v,
                   struct err *err)
{
    if (slot_is_document(s))
        return 0;
    switch ((enum cat_type)s.shape->type) {
    case CAT_STRUCTURE:
        return v->kind == VALUE_MAP ? to_structure(a, s, part, v, err) : mismatch(v, s, err);
    case CAT_LIST:
        return v->kind == VALUE_LIST ? to_elements(a, slot_at(s, 0), v, err) : mismatch(v, s, err);
    case CAT_MAP:
        return v->kind == VALUE_MAP ? to_elements(a, slot_at(s, 1), v, err) : mismatch(v, s, err);
    case CAT_STRING:
        return v->kind == VALUE_STRING ? 0 : mismatch(v, s, err);
    case CAT_BLOB:
        return to_blob(a, s, v, err);
    case CAT_BOOLEAN:
        return v->kind == VALUE_BOOL ? 0 : mismatch(v, s, err);
    case CAT_INTEGER:
    case CAT_LONG:
        return to_int(s, v, err);
    case CAT_FLOAT:
    case CAT_DOUBLE:
        return to_float(a, s, v, err);
    case CAT_TIMESTAMP:
        return to_time(s, v, err);
    }
    return 0;
}

static int convert(struct arena *a, struct slot s, enum tree_part part, struct value *v,
                   struct err *err)
{
    int rc = by_type(a, s, part, v, err);

    return rc < 0 && s.is_answer && slot_is_scalar(s) ? retype(a, s, v) : rc;
}

int tree_from_wire(struct arena *a, struct slot s, enum tree_part part, struct value *v,
                   struct err *err)
{
    return convert(a, s, part, v, err);
}

struct value *tree_to_wire(struct arena *a, struct slot s, const struct value *v)
{
    struct value *out = v->kind == VALUE_LIST ? value_list(a) : value_map(a);
    uint32_t hint = 0;

    if ((v->kind != VALUE_LIST && v->kind != VALUE_MAP) || slot_is_document(s))
        return value_copy(a, v);
    for (const struct value *kid = value_first(v); kid; kid = kid->next) {
        bool fits = s.shape->type != CAT_STRUCTURE;
        struct slot m = s;

        if (s.shape->type == CAT_STRUCTURE)
            fits = slot_find_name(s, kid->name, &hint, &m) && kid->kind != VALUE_NULL;
        else
            m = slot_at(s, s.shape->type == CAT_MAP);
        if (!fits || !slot_can_hold(m, kid))
            continue;
        if (v->kind == VALUE_LIST)
            value_push(out, tree_to_wire(a, m, kid));
        else
            value_append(out, s.shape->type == CAT_MAP ? kid->name : slot_wire(m, NULL),
                         tree_to_wire(a, m, kid));
    }
    return out;
}
