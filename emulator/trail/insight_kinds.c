#include "emulator/trail/insight_kinds.h"

static const struct insight_row rows[] = {
#define INSIGHT_KIND(id, name, least, deviations, attributes)                                      \
    { name, least, deviations, attributes },
#include "emulator/trail/insight_kinds.def"
#undef INSIGHT_KIND
};

const struct insight_row *insight_row(enum insight_kind kind)
{
    return &rows[kind];
}

bool insight_kind_find(struct str name, enum insight_kind *out)
{
    for (int i = 0; i < INSIGHT_KINDS; i++)
        if (str_eq_c(name, rows[i].name)) {
            *out = (enum insight_kind)i;
            return true;
        }
    return false;
}

static unsigned bits_of(const struct value *selector)
{
    const struct value *categories = value_get_c(selector, "EventCategories");
    enum insight_kind kind;
    unsigned bits = 0;

    if (!insight_kind_find(value_get_str(selector, "InsightType"), &kind))
        return 0;
    if (!value_first(categories))
        return INSIGHT_BIT(kind, false);
    for (const struct value *v = value_first(categories); v; v = v->next)
        if (v->kind == VALUE_STRING)
            bits |= INSIGHT_BIT(kind, str_eq_c(v->u.text, "Data"));
    return bits;
}

unsigned insight_bits(const struct value *selectors)
{
    unsigned bits = 0;

    for (const struct value *v = value_first(selectors); v; v = v->next)
        bits |= bits_of(v);
    return bits;
}

/* As insight_record writes it: no text of a record holds these quotes unescaped. */
struct str insight_source(struct str record)
{
    struct str member = STR("\"insightSource\":\""), arn = { 0 }, rest;
    ptrdiff_t at = str_find(record, member);

    if (at >= 0)
        (void)str_cut(str_sub(record, (size_t)at + member.len, record.len), '"', &arn, &rest);
    return arn;
}
