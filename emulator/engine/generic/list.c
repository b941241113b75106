/* Lists: the resources that the filters let pass, a page of them. */
#include "core/base/embed.h"
#include "emulator/engine/generic/work.h"
#include "emulator/catalogue/hints.h"
#include "emulator/services/services.h"

/* ---- members of the input that are no filters ---- */

static bool is_paging(const struct work *w, struct str name)
{
    const struct cat_page *page = cat_op_page(w->cat, w->call->op);
    struct str normal = noun_normal(w->a, name);

    if (page && (str_eq(cat_str(w->cat, page->input_token), name) ||
                 str_eq(cat_str(w->cat, page->limit_key), name)))
        return true;
    return str_has_suffix(normal, STR("token")) || str_has_prefix(normal, STR("max")) ||
           str_has_suffix(normal, STR("marker")) || str_eq_c(normal, "limit") ||
           str_eq_c(normal, "pagesize") || str_has_prefix(normal, STR("sort")) ||
           str_find(normal, STR("order")) >= 0 || str_eq_c(normal, "dryrun") ||
           str_has_prefix(normal, STR("include"));
}

static bool is_bound(const struct work *w, struct str name)
{
    for (uint32_t i = 0; i < w->life->binding_count; i++) {
        struct str path = life_str(w->cat, life_binding_at(w->cat, w->life, i)->path);

        if (str_eq(path, name) || (str_has_prefix(path, name) && path.ptr[name.len] == '.'))
            return true;
    }
    return false;
}

/* The value of a member of that name anywhere in what is shown. */
static const struct value *find_like(struct arena *a, const struct value *v, struct str normal,
                                     int depth)
{
    const struct value *found = NULL;

    for (const struct value *k = value_first(v); k && !found; k = k->next)
        if (v->kind == VALUE_MAP && k->kind != VALUE_MAP &&
            noun_meets(noun_normal(a, k->name), normal))
            found = k;
    for (const struct value *k = value_first(v); k && !found && depth > 0; k = k->next)
        found = find_like(a, k, normal, depth - 1);
    return found;
}

static bool any_text(struct arena *a, const struct value *have, const struct value *want)
{
    if (have && have->kind == VALUE_LIST) {
        for (const struct value *k = value_first(have); k; k = k->next)
            if (any_text(a, k, want))
                return true;
        return false;
    }
    if (want->kind == VALUE_LIST) {
        for (const struct value *k = value_first(want); k; k = k->next)
            if (any_text(a, have, k))
                return true;
        return want->count == 0;
    }
    return have && str_match(identity_text(a, want), identity_text(a, have));
}

/* One of the resources while its filters are asked. */
struct candidate {
    struct resource *r;
    const struct value *shown;
};

/* A filter by name: {Name: "vpc-id" | "tag:Owner", Values: [...]}. 1 passes, 0 does not, -1 can't
 * be told. */
static int named_passes(struct work *w, const struct candidate *c, const struct value *filter)
{
    const struct value *values = value_get_c(filter, "Values");
    struct str name = value_get_str(filter, "Name");
    const struct value *tags = value_get_c(c->r->doc, "tags"), *have;

    if (!values)
        values = value_get_c(filter, "values");
    if (name.len == 0)
        name = value_get_str(filter, "name");
    if (!values || name.len == 0)
        return -1;
    if (str_has_prefix(name, STR("tag:")))
        have = value_get(tags, str_sub(name, 4, name.len));
    else
        have = find_like(w->a, c->shown, noun_normal(w->a, name), 3);
    if (!have && !str_has_prefix(name, STR("tag:")))
        return -1;
    return have && any_text(w->a, have, values);
}

static bool has_any(struct str normal, const char *const *words)
{
    for (; *words; words++)
        if (str_find(normal, str_c(*words)) >= 0)
            return true;
    return false;
}

/* startTime, createdAfter, updatedEarlierThan: of when the thing was made or changed. */
static int time_passes(struct work *w, const struct candidate *c, const struct value *given)
{
    static const char *const since[] = { "start", "after", "since", "from", "later", NULL };
    static const char *const until[] = { "end", "before", "until", "earlier", NULL };
    struct str normal = noun_normal(w->a, given->name);
    bool is_change = str_find(normal, STR("updat")) >= 0 || str_find(normal, STR("modif")) >= 0;
    int64_t at = value_get_time(c->r->doc, is_change ? "updated" : "created", 0);

    if (has_any(normal, since))
        return at >= given->u.time_ms;
    return has_any(normal, until) ? at <= given->u.time_ms : -1;
}

/* NamePrefix, nameContains. */
static int affix_passes(struct work *w, const struct candidate *c, const struct value *given)
{
    static const struct {
        const char *end, *before, *behind;
    } affixes[] = { { "prefix", "", "*" },
                    { "beginswith", "", "*" },
                    { "startswith", "", "*" },
                    { "contains", "*", "*" } };
    struct str normal = noun_normal(w->a, given->name);

    for (size_t i = 0; given->kind == VALUE_STRING && i < COUNT(affixes); i++) {
        struct str end = str_c(affixes[i].end);

        if (!str_has_suffix(normal, end))
            continue;
        const struct value *have =
            find_like(w->a, c->shown, str_sub(normal, 0, normal.len - end.len), 3);
        struct str pattern = arena_printf(w->a, "%s%.*s%s", affixes[i].before,
                                          STR_ARG(given->u.text), affixes[i].behind);
        return have ? any_text(w->a, have, value_str(w->a, pattern)) : -1;
    }
    return -1;
}

/* fixtures/lifecycle/filters.tsv: the value that lets all pass. */
static int row_passes(const struct work *w, const struct value *given)
{
    struct str rest = embed_find(STR("lifecycle/filters.tsv")), line, cells[4];

    while (rest.len > 0) {
        (void)str_cut(rest, '\n', &line, &rest);
        for (size_t i = 0; i < COUNT(cells); i++)
            (void)str_cut(line, '\t', &cells[i], &line);
        if (str_eq(cells[0], w->call->service_name) && str_eq(cells[1], w->call->action) &&
            str_eq(cells[2], given->name))
            return str_eq(cells[3], identity_text(w->a, given)) ? 1 : -1;
    }
    return -1;
}

static int member_passes(struct work *w, const struct candidate *c, const struct value *given)
{
    if (given->kind == VALUE_LIST && value_first(given) && value_first(given)->kind == VALUE_MAP) {
        int passes = 1;

        for (const struct value *f = value_first(given); f && passes == 1; f = f->next)
            passes = named_passes(w, c, f);
        return passes;
    }
    const struct value *have = find_like(w->a, c->shown, noun_normal(w->a, given->name), 3);

    if (!have)
        have = find_like(w->a, value_get_c(c->r->doc, "in"), noun_normal(w->a, given->name), 3);
    if (!have && given->kind == VALUE_TIME)
        return time_passes(w, c, given);
    if (!have)
        return affix_passes(w, c, given);
    return given->kind == VALUE_MAP ? -1 : any_text(w->a, have, given);
}

/* The bound members: a parent's key, or the ids asked for. */
static bool keys_pass(struct work *w, const struct resource *r)
{
    for (uint32_t i = 0; i < w->life->binding_count; i++) {
        const struct life_binding *b = life_binding_at(w->cat, w->life, i);
        const struct value *given = path_get(w->call->params, life_str(w->cat, b->path));
        bool passes = false;

        if (!given || given->kind == VALUE_NULL || (given->kind == VALUE_LIST && given->count == 0))
            continue;
        if (given->kind == VALUE_LIST)
            for (const struct value *k = value_first(given); k && !passes; k = k->next)
                passes = resource_is(w, r, b->key, k);
        else
            passes = resource_is(w, r, b->key, given);
        if (!passes)
            return false;
    }
    return true;
}

static int passes(struct work *w, const struct candidate *c)
{
    for (const struct value *v = value_first(w->call->params); v; v = v->next) {
        int answer;

        if (is_paging(w, v->name) || is_bound(w, v->name) || v->kind == VALUE_NULL ||
            ((v->kind == VALUE_LIST || v->kind == VALUE_MAP) && v->count == 0))
            continue;
        answer = member_passes(w, c, v);
        if (answer < 0)
            answer = row_passes(w, v);
        if (answer != 1)
            return answer;
    }
    return 1;
}

/* ---- pages ---- */

struct page {
    struct str after, limit_name, token_in, token_out;
    size_t limit;
};

static struct str member_ending(const struct work *w, const struct cat_shape *s, const char *end)
{
    for (uint32_t i = 0; s && i < s->member_count; i++) {
        const struct cat_member *m = cat_shape_member(w->cat, s, i);
        struct str name = cat_str(w->cat, m->name);

        if (cat_member_shape(w->cat, m)->type == CAT_STRING &&
            str_has_suffix(noun_normal(w->a, name), str_c(end)))
            return name;
    }
    return (struct str){ 0 };
}

static bool read_page(struct work *w, struct page *p)
{
    const struct cat_page *hint = cat_op_page(w->cat, w->call->op);
    const struct cat_shape *in = cat_op_input(w->cat, w->call->op);
    const struct cat_shape *out = cat_op_output(w->cat, w->call->op);
    const struct value *token, *limit;

    *p = (struct page){ 0 };
    if (hint) {
        p->token_in = cat_str(w->cat, hint->input_token);
        p->token_out = cat_str(w->cat, hint->output_token);
        p->limit_name = cat_str(w->cat, hint->limit_key);
    } else {
        p->token_in = member_ending(w, in, "token");
        p->token_out = member_ending(w, out, "token");
    }
    if (p->limit_name.len == 0 && in)
        for (uint32_t i = 0; i < in->member_count; i++) {
            struct str name = cat_str(w->cat, cat_shape_member(w->cat, in, i)->name);

            if (str_has_prefix(noun_normal(w->a, name), STR("max")))
                p->limit_name = name;
        }
    const struct cat_shape *written = path_shape(w->cat, out, p->token_out, NULL);

    if (!written || written->type != CAT_STRING)
        p->token_out = (struct str){ 0 };
    token = value_get(w->call->params, p->token_in);
    limit = value_get(w->call->params, p->limit_name);
    p->limit = limit && limit->kind == VALUE_INT && limit->u.integer > 0 ? (size_t)limit->u.integer
                                                                         : SIZE_MAX;
    return !token || token->kind != VALUE_STRING ||
           page_after(w->cx, w->call, token->u.text, &p->after);
}

/* ---- the answer ---- */

/* What a list of plain texts shows: "clusterArns", "names", "snapshotIds"; else its own key. */
static struct str item_text(struct work *w, const struct candidate *c, struct str normal)
{
    static const char *const kinds[] = { "arn", "name", "id" };
    const struct value *keys = value_get_c(c->r->doc, "keys"), *shown = NULL;

    for (size_t i = 0; i < COUNT(kinds) && !shown; i++)
        if (str_find(normal, str_c(kinds[i])) >= 0)
            shown = value_get(value_get_c(c->r->doc, "ids"), str_c(kinds[i]));
    if (!shown && str_find(normal, STR("arn")) >= 0)
        shown = identity_of(w, c->r, STR("arn"), UINT32_MAX);
    for (const struct value *k = shown ? NULL : value_first(keys); k; k = k->next)
        shown = k;
    if (!shown)
        shown = identity_of(w, c->r, STR("id"), UINT32_MAX);
    return identity_text(w->a, shown);
}

static void add_item(struct work *w, struct value *list, const struct cat_shape *shape,
                     struct candidate *c, struct str name)
{
    bool is_map = shape->type == CAT_MAP;
    const struct cat_member *element = cat_shape_member(w->cat, shape, is_map ? 1 : 0);
    const struct cat_shape *item = cat_member_shape(w->cat, element);
    struct str normal = noun_normal(w->a, name);
    struct value *v = c->shown ? (struct value *)c->shown : NULL;

    if (item->type == CAT_STRING && !is_map)
        v = value_str(w->a, item_text(w, c, normal));
    if (!v)
        return;
    if (!is_map) {
        value_push(list, value_copy(w->a, v));
        return;
    }
    struct str key = { 0 };

    for (const struct value *k = value_first(value_get_c(c->r->doc, "keys")); k; k = k->next)
        key = identity_text(w->a, k);
    value_set(list, key, value_copy(w->a, v));
}

/* Ids that were asked for must be there, if the operation has an error to say that they are not. */
static bool misses_asked(struct work *w, size_t passed)
{
    for (uint32_t i = 0; passed == 0 && i < w->life->binding_count; i++) {
        const struct life_binding *b = life_binding_at(w->cat, w->life, i);
        struct str name = life_str(w->cat, life_key_at(w->cat, w->type, b->key)->name);
        const struct value *given = path_get(w->call->params, life_str(w->cat, b->path));

        if (identity_text(w->a, given).len > 0 &&
            noun_identity(w->noun, noun_normal(w->a, name)).len > 0 &&
            (w->life->not_found || w->call->protocol == CAT_EC2))
            return true;
    }
    return false;
}

static int pick(struct work *w, struct resource *all, size_t count, const struct page *p,
                struct value *list, const struct cat_shape *shape)
{
    const struct cat_member *element =
        cat_shape_member(w->cat, shape, shape->type == CAT_MAP ? 1 : 0);
    struct str path = life_str(w->cat, (uint32_t)w->life->text), head, name;
    size_t passed = 0;

    if (!str_rcut(path, '.', &head, &name))
        name = head;
    for (size_t i = 0; i < count; i++) {
        struct candidate c = { &all[i], NULL };

        if (p->after.len > 0 && str_cmp(all[i].id, p->after) <= 0)
            continue;
        if (!keys_pass(w, &all[i]))
            continue;
        c.shown = project_item(w, &all[i], element);
        int answer = passes(w, &c);

        if (answer < 0)
            return refuse(w, "a filter of this request can't be told");
        if (answer == 0)
            continue;
        if (passed++ == p->limit) {
            if (p->token_out.len > 0)
                path_put(w->a, w->out->output, p->token_out,
                         value_str(w->a, page_token(w->cx, w->call, all[i - 1].id)));
            break;
        }
        add_item(w, list, shape, &c, name);
    }
    return misses_asked(w, passed) ? refuse_not_found(w) : 0;
}

static void fill_required(struct work *w)
{
    const struct cat_shape *out = cat_op_output(w->cat, w->call->op);

    for (uint32_t i = 0; i < out->member_count; i++) {
        const struct cat_member *m = cat_shape_member(w->cat, out, i);
        struct str name = cat_str(w->cat, m->name);

        if (m->flags & CAT_M_REQUIRED && !value_get(w->out->output, name))
            value_set(w->out->output, name, project_neutral(w, cat_member_shape(w->cat, m), 1));
    }
}

int list_perform(struct work *w, struct err *err)
{
    struct str path = life_str(w->cat, (uint32_t)w->life->text);
    const struct cat_shape *shape =
        path_shape(w->cat, cat_op_output(w->cat, w->call->op), path, NULL);
    struct resource *all;
    struct value *list;
    struct page p;
    size_t count;
    int rc = resource_list(w, &all, &count, err);

    if (rc < 0)
        return rc;
    if (!shape || (shape->type != CAT_LIST && shape->type != CAT_MAP))
        return refuse(w, "where its list stands is unknown");
    if (!read_page(w, &p)) {
        outcome_refuse(w->a, w->out, 400, "ValidationException", "The token is invalid.");
        return 0;
    }
    list = shape->type == CAT_MAP ? value_map(w->a) : value_list(w->a);
    w->out->output = value_map(w->a);
    path_put(w->a, w->out->output, path, list);
    rc = pick(w, all, count, &p, list, shape);
    fill_required(w);
    return rc;
}
