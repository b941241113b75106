#include "emulator/record/resources.h"

#include "core/aws/arn.h"
#include "core/aws/region.h"
#include "core/codec/json.h"
#include "emulator/record/names.h"
#include "emulator/record/scalar.h"

static struct resource *resource_add(struct resource_list *list, struct str type, struct str arn)
{
    if (list->count == COUNT(list->items))
        return NULL;
    struct resource *it = &list->items[list->count++];
    *it = (struct resource){ .type = type, .arn = arn };
    return it;
}

/* The object and its bucket; all objects of the bucket where no key was named. A bucket that does
 * not exist (yet) is no resource. */
static void find_s3(struct resource_list *list, struct arena *a, const struct plan *p,
                    const struct call *call, const struct outcome *outcome)
{
    struct str bucket = value_get_str(call->params, "Bucket");
    const struct value *key = value_get_c(call->params, "Key");
    struct str partition = region_partition(call->region);

    if (!bucket.len || str_eq(p->operation, STR("CreateBucket")) ||
        str_eq(outcome->code, STR("NoSuchBucket")))
        return;
    const struct str arn_parts[] = { STR("arn:"), partition, STR(":s3:::"), bucket };
    struct str arn = arena_join(a, arn_parts, COUNT(arn_parts), (struct str){ 0 });
    if (p->is_data) {
        bool has_key = key && key->kind == VALUE_STRING;
        struct str name = has_key ? key->u.text : (struct str){ 0 };
        const struct str parts[] = { arn, STR("/"), name };

        resource_add(list, STR("AWS::S3::Object"),
                     arena_join(a, parts, COUNT(parts), (struct str){ 0 }))
            ->is_prefix = !has_key;
    }
    resource_add(list, STR("AWS::S3::Bucket"), arn)->account =
        outcome->owner.len ? outcome->owner : call->account;
}

static struct str account_of(struct str arn, const struct call *call)
{
    struct arn parts;

    if (arn_parse(arn, &parts, NULL) == 0 && parts.account.len)
        return parts.account;
    return call->account;
}

static void find_by_row(struct resource_list *list, struct arena *a, const struct table_row *row,
                        const struct call *call, const struct outcome *outcome)
{
    struct names names = { 0 };

    if (str_eq(row->cell[5], STR("success")) && outcome_refused(outcome))
        return;
    if (!row->cell[4].len) {
        if (row->cell[3].len)
            (void)resource_add(list, row->cell[3], (struct str){ 0 });
        return;
    }
    names_expand(&names, a, row->cell[4], call, outcome);
    for (size_t i = 0; i < names.count; i++) {
        struct resource *it = resource_add(list, row->cell[3], names.items[i]);

        if (it)
            it->account = account_of(names.items[i], call);
    }
}

void resources_find(struct resource_list *list, struct arena *a, const struct plan *p,
                    const struct call *call, const struct outcome *outcome)
{
    list->count = 0;
    if (outcome->resources) {
        for (const struct value *v = value_first(outcome->resources); v; v = v->next) {
            struct str prefix = value_get_str(v, "ARNPrefix");
            struct resource *it = resource_add(list, value_get_str(v, "type"),
                                               prefix.len ? prefix : value_get_str(v, "ARN"));
            if (!it)
                return;
            it->is_prefix = prefix.len > 0;
            it->account = value_get_str(v, "accountId");
        }
    } else if (p->dialect == DIALECT_S3) {
        find_s3(list, a, p, call, outcome);
    } else {
        for (size_t i = 0; i < p->resource_count; i++)
            find_by_row(list, a, &p->resources[i], call, outcome);
    }
}

void resources_write(struct buf *out, const struct resource_list *list)
{
    if (!list->count)
        return;
    scalar_key(out, STR("resources"), LETTER_AS_IS);
    buf_add_char(out, '[');
    for (size_t i = 0; i < list->count; i++) {
        const struct resource *it = &list->items[i];

        scalar_comma(out);
        buf_add_char(out, '{');
        scalar_put(out, "accountId", it->account);
        scalar_put(out, "type", it->type);
        scalar_put(out, it->is_prefix ? "ARNPrefix" : "ARN", it->arn);
        buf_add_char(out, '}');
    }
    buf_add_char(out, ']');
}

static struct value *pair(struct arena *a, const char *name, struct str text, const char *name2,
                          struct str text2)
{
    struct value *map = value_map(a);

    value_append(map, str_c(name), value_str(a, text));
    value_append(map, str_c(name2), value_str(a, text2));
    return map;
}

struct value *resources_data(struct arena *a, const struct resource_list *list)
{
    struct value *out = NULL;

    for (size_t i = 0; i < list->count; i++) {
        if (!list->items[i].type.len)
            continue;
        out = out ? out : value_list(a);
        value_push(out, pair(a, "type", list->items[i].type, "ARN", list->items[i].arn));
    }
    return out;
}

struct value *resources_lookup(struct arena *a, const struct plan *p, const struct call *call,
                               const struct outcome *outcome, const struct resource_list *list)
{
    struct value *out = NULL;

    for (size_t i = 0; i < p->lookup_count; i++) {
        struct names names = { 0 };

        names_at(&names, p->lookup[i].cell[3], call, outcome);
        for (size_t n = 0; n < names.count; n++) {
            out = out ? out : value_list(a);
            value_push(
                out, pair(a, "ResourceType", p->lookup[i].cell[2], "ResourceName", names.items[n]));
        }
    }
    for (size_t i = 0; !p->lookup_count && i < list->count; i++) {
        if (!list->items[i].type.len || !list->items[i].arn.len)
            continue;
        out = out ? out : value_list(a);
        value_push(
            out, pair(a, "ResourceType", list->items[i].type, "ResourceName", list->items[i].arn));
    }
    return out;
}
