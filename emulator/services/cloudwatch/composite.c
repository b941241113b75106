/* Composite alarms follow the states of others. */
#include "core/base/buf.h"
#include "core/codec/json.h"
#include "emulator/services/cloudwatch/alarms.h"
#include "emulator/services/cloudwatch/rule.h"
#include "emulator/services/cloudwatch/suppress.h"

struct family {
    const struct composites *c;
    struct doc *docs;
    struct rule **rules; /* of each document; NULL: a metric alarm */
    size_t count;
};

static ptrdiff_t find(const struct family *f, struct str name_or_arn)
{
    struct str name = alarm_name_of(name_or_arn);

    for (size_t i = 0; i < f->count; i++)
        if (str_eq(f->docs[i].key.id, name))
            return (ptrdiff_t)i;
    return -1;
}

static enum alarm_state state_of(void *arg, struct str alarm)
{
    const struct family *f = arg;
    ptrdiff_t i = find(f, alarm);

    return i < 0 ? ALARM_KEEP : alarm_state_of(value_get_str(f->docs[i].value, "StateValue"));
}

/* Does the rule of `from` lead back to `to`? */
struct walk {
    const struct family *f;
    size_t to;
    bool *seen;
    bool found;
};

static int walk_child(void *arg, const struct rule *node)
{
    struct walk *w = arg;
    ptrdiff_t i = find(w->f, node->alarm);

    if (i < 0 || !w->f->rules[i] || w->found)
        return 0;
    w->found = (size_t)i == w->to;
    if (w->found || w->seen[i])
        return 0;
    w->seen[i] = true;
    return rule_visit(w->f->rules[i], walk_child, w);
}

/* Source: CloudWatch API Reference, PutCompositeAlarm: evaluation stops where a cycle is. */
static bool is_in_cycle(const struct family *f, size_t i)
{
    struct walk w = { .f = f, .to = i };

    w.seen = arena_array(f->c->a, f->count, sizeof *w.seen);
    (void)rule_visit(f->rules[i], walk_child, &w); /* never fails */
    return w.found;
}

/* ---- what is told ---- */

static const char *const weekdays[] = { "Sunday",   "Monday", "Tuesday", "Wednesday",
                                        "Thursday", "Friday", "Saturday" };
static const char *const months[] = { "January",   "February", "March",    "April",
                                      "May",       "June",     "July",     "August",
                                      "September", "October",  "November", "December" };

struct telling {
    const struct family *f;
    struct value *triggers;
    const struct value *latest; /* the child that changed last */
};

static int add_trigger(void *arg, const struct rule *node)
{
    struct telling *t = arg;
    struct arena *a = t->f->c->a;
    ptrdiff_t i = find(t->f, node->alarm);

    if (i < 0)
        return 0;
    const struct value *doc = t->f->docs[i].value;
    struct value *one = value_map(a), *state = value_map(a);
    int64_t at_ms = value_get_time(doc, "StateUpdatedTimestamp", 0);

    value_put_str(a, state, "value", value_get_str(doc, "StateValue"));
    value_put_str(a, state, "timestamp", alarm_time(a, at_ms));
    value_put_str(a, one, "arn", value_get_str(doc, "AlarmArn"));
    value_set(one, STR("state"), state);
    value_push(t->triggers, one);
    if (!t->latest || value_get_time(t->latest, "StateUpdatedTimestamp", 0) < at_ms)
        t->latest = doc;
    return 0;
}

static struct str reason_of(const struct family *f, const struct value *child)
{
    struct clock_parts t = clock_split(value_get_time(child, "StateUpdatedTimestamp", 0));

    if (!child)
        return STR("The rule names no alarm");
    return arena_printf(f->c->a, "%.*s transitioned to %.*s at %s %02d %s, %04d %02d:%02d:%02d UTC",
                        STR_ARG(value_get_str(child, "AlarmArn")),
                        STR_ARG(value_get_str(child, "StateValue")), weekdays[t.weekday], t.day,
                        months[t.month - 1], t.year, t.hour, t.minute, t.second);
}

static struct str data_of(const struct family *f, struct value *triggers)
{
    struct value *d = value_map(f->c->a);
    struct buf b = { 0 };

    value_set(d, STR("triggeringAlarms"), triggers);
    json_write(&b, d);
    struct str text = arena_copy(f->c->a, str_sub(buf_view(&b), 0, 4000));
    buf_free(&b);
    return text;
}

static int follow(struct family *f, size_t i, bool *changed, struct err *err)
{
    enum alarm_state to = rule_holds(f->rules[i], state_of, f) ? ALARM_ALARM : ALARM_OK;
    struct doc *d = &f->docs[i];
    struct telling told = { f, value_list(f->c->a), NULL };
    struct alarm al = { f->c->e,   f->c->a,  d->key.account, d->key.region,
                        d->key.id, d->value, f->c->now_ms };

    if (str_eq_c(value_get_str(d->value, "StateValue"), alarm_state_name(to)) || is_in_cycle(f, i))
        return 0;
    *changed = true;
    (void)rule_visit(f->rules[i], add_trigger, &told); /* never fails */
    return alarm_change(&al,
                        &(struct state_change){ .to = to,
                                                .reason = reason_of(f, told.latest),
                                                .reason_data = data_of(f, told.triggers) },
                        err);
}

static int load(struct family *f, struct err *err)
{
    const struct composites *c = f->c;
    int rc = store_doc_list(c->e->store, c->a, alarm_key(c->account, c->region, STR("")), STR(""),
                            0, &f->docs, &f->count, err);

    if (rc < 0)
        return rc;
    f->rules = arena_array(c->a, f->count, sizeof *f->rules);
    for (size_t i = 0; rc == 0 && i < f->count; i++)
        if (alarm_is_composite(f->docs[i].value))
            rc = rule_parse(c->a, value_get_str(f->docs[i].value, "AlarmRule"), &f->rules[i], err);
    return rc;
}

int composites_settle(const struct composites *c, struct err *err)
{
    struct family f = { .c = c };
    bool changed = true;
    int rc = load(&f, err);

    for (size_t round = 0; rc == 0 && changed && round <= f.count; round++) {
        changed = false;
        for (size_t i = 0; rc == 0 && i < f.count; i++)
            if (f.rules[i])
                rc = follow(&f, i, &changed, err);
    }
    return rc;
}
