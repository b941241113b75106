/* New things: a template of fixtures/ec2, the call's parameters, tags. */
#include "core/aws/ids.h"
#include "core/aws/region.h"
#include "core/codec/json.h"
#include "emulator/services/ec2/ec2.h"

/* Seventeen digits, the first of them 0, as EC2 has drawn them since 2016. */
struct str ec2_new_id(struct ec2 *j, const char *prefix)
{
    struct str head = arena_printf(j->a, "%s0", prefix);

    return ids_hex(j->a, j->rng, head.ptr, 16);
}

struct str ec2_arn(struct ec2 *j, const char *type, struct str id)
{
    return arena_printf(j->a, "arn:%.*s:ec2:%.*s:%.*s:%s/%.*s",
                        STR_ARG(region_partition(j->call->region)), STR_ARG(j->call->region),
                        STR_ARG(j->call->account), type, STR_ARG(id));
}

static struct str variable(const struct ec2 *j, struct str name, struct str id)
{
    const struct {
        const char *name;
        struct str text;
    } all[] = {
        { "id", id },
        { "account", j->call->account },
        { "region", j->call->region },
        { "partition", region_partition(j->call->region) },
    };

    for (size_t i = 0; i < COUNT(all); i++)
        if (str_eq_c(name, all[i].name))
            return all[i].text;
    return (struct str){ 0 };
}

static struct str fill_text(struct ec2 *j, struct str text, struct str id)
{
    struct buf b = { 0 };
    ptrdiff_t at;

    while ((at = str_find(text, STR("${"))) >= 0) {
        struct str name, rest;
        buf_add(&b, str_sub(text, 0, (size_t)at));
        (void)str_cut(str_sub(text, (size_t)at + 2, text.len), '}', &name, &rest);
        struct str value = variable(j, name, id);
        if (value.ptr)
            buf_add(&b, value);
        else /* not ours, such as ${srcaddr} in the format of a flow log */
            buf_printf(&b, "${%.*s}", STR_ARG(name));
        text = rest;
    }
    buf_add(&b, text);
    struct str whole = arena_copy(j->a, buf_view(&b));
    buf_free(&b);
    return whole;
}

static void fill(struct ec2 *j, struct value *v, struct str id)
{
    for (struct value *m = value_first(v); m; m = m->next) {
        if (m->kind != VALUE_STRING) {
            fill(j, m, id);
        } else if (str_eq_c(m->u.text, "${now}")) {
            m->kind = VALUE_TIME;
            m->u.time_ms = j->cx->now_ms / 1000 * 1000;
        } else {
            m->u.text = fill_text(j, m->u.text, id);
        }
    }
}

struct value *ec2_template(struct ec2 *j, const char *name, struct str id)
{
    struct str path = arena_printf(j->a, "ec2/%s.json", name);
    struct value *template = NULL;
    struct err why = { 0 };

    if (json_parse(j->a, embed_find(path), &template, &why) < 0)
        return value_map(j->a); /* a unit test reads every template */
    fill(j, template, id);
    return template;
}

void ec2_take(struct ec2 *j, struct value *to, const struct value *from, const char *names)
{
    struct str rest = str_c(names), name;

    while (rest.len > 0) {
        (void)str_cut(rest, ' ', &name, &rest);
        const struct value *v = value_get(from, name);
        if (v && v->kind != VALUE_NULL)
            value_set(to, name, value_copy(j->a, v));
    }
}

static struct value *make(struct ec2 *j, enum ec2_kind_id kind, struct str *take)
{
    const struct ec2_kind *k = &ec2_kinds[kind];
    struct str id = ec2_new_id(j, k->prefix);
    struct value *template = ec2_template(j, k->type, id);
    struct value *doc = value_get_c(template, "doc");

    doc = doc ? value_copy(j->a, doc) : value_map(j->a);
    value_put_str(j->a, doc, k->id_member, id);
    value_put_time(j->a, doc, "_since", j->cx->now_ms);
    if (!value_get_c(doc, k->tags))
        value_set(doc, str_c(k->tags), value_list(j->a));
    *take = value_get_str(template, "take");
    return doc;
}

int ec2_make(struct ec2 *j, enum ec2_kind_id kind, struct value **doc)
{
    struct str take;

    *doc = make(j, kind, &take);
    return 0;
}

int ec2_new(struct ec2 *j, enum ec2_kind_id kind, struct value **doc)
{
    struct str take;
    struct value *tags;

    *doc = make(j, kind, &take);
    ec2_take(j, *doc, j->call->params, arena_copy(j->a, take).ptr);
    int rc = ec2_tags_of_spec(j, ec2_kinds[kind].type, &tags);
    if (rc == 0)
        value_set(*doc, str_c(ec2_kinds[kind].tags), tags);
    return rc;
}
