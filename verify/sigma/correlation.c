/* Correlation rules: reading them and finding the rules that they speak of. Source: Sigma
 * specification, "Sigma Correlation Rules". */
#include "core/base/clock.h"
#include "core/codec/yaml.h"
#include "verify/sigma/private.h"

static const char *const kinds[] = {
    [EVENT_COUNT] = "event_count",
    [VALUE_COUNT] = "value_count",
    [TEMPORAL] = "temporal",
    [TEMPORAL_ORDERED] = "temporal_ordered",
};

static int read_kind(struct compiling *c, struct str text, enum correlation_kind *out)
{
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (str_eq_c(text, kinds[i])) {
            *out = (enum correlation_kind)i;
            return 0;
        }
    return sigma_refuse(c, "the correlation type '%.*s' is not evaluated", STR_ARG(text));
}

static int read_rules(struct compiling *c, const struct value *rules, struct correlation *k)
{
    if (!rules || rules->kind != VALUE_LIST || rules->count == 0)
        return sigma_refuse(c, "correlation: expected a list of rules");
    k->names = arena_array(&c->s->arena, rules->count, sizeof *k->names);
    k->rules = arena_array(&c->s->arena, rules->count, sizeof *k->rules);
    for (const struct value *v = value_first(rules); v; v = v->next)
        k->names[k->rule_count++] = value_to_text(&c->s->arena, v);
    return 0;
}

/* Sigma's own units; a month and a year are not evaluated, for they have no fixed length. */
static int read_span(struct compiling *c, const struct value *spec, struct correlation *k)
{
    struct str text = value_get_str(spec, "timespan");

    if (clock_parse_duration(text, &k->span_ms, NULL) < 0 || k->span_ms <= 0)
        return sigma_refuse(
            c, "correlation: expected a timespan such as 10s, 5m, 1h or 1d, not '%.*s'",
            STR_ARG(text));
    return 0;
}

/* The field that a rule has for an alias, or the name itself. */
static struct str field_for(const struct value *aliases, struct str name, struct str rule)
{
    const struct value *field = value_get(value_get(aliases, name), rule);

    return field && field->kind == VALUE_STRING ? field->u.text : name;
}

static int read_groups(struct compiling *c, const struct value *spec, struct correlation *k)
{
    const struct value *list = value_get_c(spec, "group-by"),
                       *aliases = value_get_c(spec, "aliases");

    if (list && list->kind != VALUE_LIST)
        return sigma_refuse(c, "correlation: expected group-by to be a list");
    k->group_count = list ? list->count : 0;
    k->groups = arena_array(&c->s->arena, k->rule_count * k->group_count + 1, sizeof *k->groups);
    for (size_t r = 0; r < k->rule_count; r++) {
        size_t g = r * k->group_count;

        for (const struct value *v = value_first(list); v; v = v->next, g++)
            k->groups[g] =
                field_number(c->s, field_for(aliases, value_to_text(&c->s->arena, v), k->names[r]));
    }
    return 0;
}

/* From one member of the condition to a bound. "Fewer than" is true before anything came, so a
 * bound above alone says nothing. */
static int read_bound(struct compiling *c, const struct value *v, struct correlation *k)
{
    if (str_eq_c(v->name, "field"))
        return 0;
    if (v->kind != VALUE_INT || v->u.integer < 0)
        return sigma_refuse(c, "correlation: expected a number at '%.*s'", STR_ARG(v->name));
    int64_t n = v->u.integer;

    if (str_eq_c(v->name, "gte"))
        k->least = n;
    else if (str_eq_c(v->name, "gt"))
        k->least = n + 1;
    else if (str_eq_c(v->name, "lte"))
        k->most = n;
    else if (str_eq_c(v->name, "lt"))
        k->most = n - 1;
    else if (str_eq_c(v->name, "eq"))
        k->least = k->most = n;
    else
        return sigma_refuse(c, "correlation: the condition '%.*s' is not evaluated",
                            STR_ARG(v->name));
    return 0;
}

static int read_condition(struct compiling *c, const struct value *spec, struct correlation *k)
{
    const struct value *condition = value_get_c(spec, "condition");

    k->most = INT64_MAX;
    k->least = k->kind >= TEMPORAL ? (int64_t)k->rule_count : 0;
    if (!condition && k->kind >= TEMPORAL)
        return 0;
    if (k->kind == TEMPORAL_ORDERED)
        return sigma_refuse(c, "correlation: temporal_ordered takes no condition");
    if (!condition || condition->kind != VALUE_MAP)
        return sigma_refuse(c, "correlation: expected a condition such as gte: 10");
    for (const struct value *v = value_first(condition); v; v = v->next)
        if (read_bound(c, v, k) < 0)
            return c->why.code;
    if (k->least < 1)
        return sigma_refuse(c,
                            "correlation: a condition without a least number holds before anything "
                            "happened");
    return 0;
}

static int read_counted(struct compiling *c, const struct value *spec, struct correlation *k)
{
    struct str field = value_get_str(value_get_c(spec, "condition"), "field");

    if (field.len == 0)
        return sigma_refuse(c, "correlation: value_count needs condition.field");
    k->counted = arena_array(&c->s->arena, k->rule_count, sizeof *k->counted);
    for (size_t r = 0; r < k->rule_count; r++)
        k->counted[r] =
            field_number(c->s, field_for(value_get_c(spec, "aliases"), field, k->names[r]));
    return 0;
}

struct correlation *correlation_compile(struct compiling *c, const struct value *doc)
{
    const struct value *spec = value_get_c(doc, "correlation");
    struct correlation *k = arena_alloc(&c->s->arena, sizeof *k);

    if (read_kind(c, value_get_str(spec, "type"), &k->kind) < 0 ||
        read_rules(c, value_get_c(spec, "rules"), k) < 0 || read_span(c, spec, k) < 0 ||
        read_groups(c, spec, k) < 0 || read_condition(c, spec, k) < 0)
        return NULL;
    if (k->kind == VALUE_COUNT && read_counted(c, spec, k) < 0)
        return NULL;
    k->tells_rules = value_get_bool(doc, "generate", value_get_bool(spec, "generate", false));
    return k;
}

static bool is_called(const struct sigma_rule *r, struct str name)
{
    return name.len > 0 && (str_eq(r->name, name) || str_eq(r->id, name) || str_eq(r->title, name));
}

static int find_rule(struct compiling *c, struct str name, struct rule **out)
{
    for (size_t i = 0; i < c->s->rule_count; i++) {
        struct rule *r = c->s->rules[i];

        if (!is_called(&r->info, name))
            continue;
        if (r->correlation)
            return sigma_refuse(c, "correlations of correlations are not evaluated ('%.*s')",
                                STR_ARG(name));
        *out = r;
        return 0;
    }
    return sigma_refuse(c, "no rule '%.*s' was loaded", STR_ARG(name));
}

static void add_feed(struct arena *a, struct rule *r, const struct rule *correlation, size_t as)
{
    struct feed *more = arena_array(a, r->feed_count + 1, sizeof *more);

    if (r->feed_count > 0)
        memcpy(more, r->feeds, r->feed_count * sizeof *more);
    more[r->feed_count++] = (struct feed){ correlation, as };
    r->feeds = more;
}

int correlation_link(struct compiling *c, struct rule *self)
{
    struct correlation *k = self->correlation;

    for (size_t i = 0; i < k->rule_count; i++)
        if (find_rule(c, k->names[i], &k->rules[i]) < 0)
            return c->why.code;
    for (size_t i = 0; i < k->rule_count; i++) {
        struct rule *r = k->rules[i];

        r->info.is_silent = (r->feed_count == 0 || r->info.is_silent) && !k->tells_rules;
        add_feed(&c->s->arena, r, self, i);
    }
    return 0;
}
