#include "emulator/services/iam/iam.h"

#include "core/codec/json.h"

/* Source: IAM API Reference, common: "MaxItems ... default 100, maximum 1000"; "Marker". */
enum { PAGE_DEFAULT = 100, PAGE_MAX = 1000, CHUNK = 200 };

static bool page_start(struct ctx *cx, const struct call *call, struct outcome *out, int64_t *max,
                       struct str *after)
{
    *max = param_int(call, "MaxItems", PAGE_DEFAULT);
    *after = (struct str){ 0 };
    if (*max < 1 || *max > PAGE_MAX) {
        outcome_refuse(cx->a, out, 400, "ValidationError",
                       "1 validation error detected: Value '%lld' at 'maxItems' failed to satisfy "
                       "constraint: Member must have value between 1 and 1000",
                       (long long)*max);
        return false;
    }
    if (param_has(call, "Marker") && !page_after(cx, call, param_str(call, "Marker"), after)) {
        outcome_refuse(cx->a, out, 400, "ValidationError", "Invalid Marker.");
        return false;
    }
    return true;
}

static void page_end(struct ctx *cx, const struct call *call, struct outcome *out, bool more,
                     struct str last)
{
    struct value *output = outcome_output(cx, out);

    value_put_bool(cx->a, output, "IsTruncated", more);
    if (more)
        value_put_str(cx->a, output, "Marker", page_token(cx, call, last));
}

int iam_page(struct ctx *cx, const struct call *call, struct outcome *out, const char *member,
             const struct iam_item *items, size_t count)
{
    struct value *page = value_list(cx->a);
    struct str after, last = { 0 };
    int64_t max;
    size_t i = 0;

    if (!page_start(cx, call, out, &max, &after))
        return 0;
    if (param_has(call, "Marker"))
        while (i < count && str_cmp(items[i].key, after) <= 0)
            i++;
    for (; i < count && (int64_t)page->count < max; i++) {
        value_push(page, items[i].value);
        last = items[i].key;
    }
    value_set(outcome_output(cx, out), str_c(member), page);
    page_end(cx, call, out, i < count, last);
    return 0;
}

int iam_list(struct ctx *cx, const struct call *call, struct outcome *out, const char *type,
             const char *member, iam_keep *keep, struct err *err)
{
    struct str prefix = param_str(call, "PathPrefix"), after, last = { 0 };
    struct value *page = value_list(cx->a);
    int64_t max;
    bool more = false;

    if (!page_start(cx, call, out, &max, &after))
        return 0;
    for (;;) {
        struct doc *docs;
        size_t count;
        int rc = store_doc_list(cx->e->store, cx->a, iam_key(call, type, (struct str){ 0 }), after,
                                CHUNK, &docs, &count, err);
        if (rc < 0)
            return rc;
        for (size_t i = 0; i < count && !more; i++) {
            const struct value *doc = docs[i].value;
            after = docs[i].key.id;
            if (!str_has_prefix(value_get_str(doc, "Path"), prefix) ||
                (keep && !keep(cx, call, doc)))
                continue;
            more = (int64_t)page->count == max;
            if (!more) {
                value_push(page, iam_view(cx, doc, IAM_BRIEF));
                last = after;
            }
        }
        if (more || count < CHUNK)
            break;
    }
    value_set(outcome_output(cx, out), str_c(member), page);
    page_end(cx, call, out, more, last);
    return 0;
}

int iam_all(struct ctx *cx, const struct call *call, const char *type, struct doc **docs,
            size_t *count, struct err *err)
{
    return store_doc_list(cx->e->store, cx->a, iam_key(call, type, (struct str){ 0 }),
                          (struct str){ 0 }, 0, docs, count, err);
}
