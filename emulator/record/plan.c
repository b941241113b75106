#include "emulator/record/plan.h"

static bool is_end_of_word(struct str name, size_t at)
{
    return at >= name.len || !(name.ptr[at] >= 'a' && name.ptr[at] <= 'z');
}

/* Rows: the operation; the model's trait; the verb ("*" rows). */
static bool is_read_only(const struct recorder *r, struct str service, struct str operation,
                         const struct cat_op *op)
{
    size_t count;
    const struct table_row *row = table_find(&r->read_only, service, operation, &count);

    if (row)
        return str_eq(row->cell[2], STR("true"));
    if (op && op->flags & CAT_O_READONLY)
        return true;
    for (row = table_find1(&r->read_only, STR("*"));
         row < r->read_only.rows + r->read_only.count && str_eq(row->cell[0], STR("*")); row++)
        if (str_has_prefix(operation, row->cell[1]) && is_end_of_word(operation, row->cell[1].len))
            return true;
    return false;
}

static struct str lowered(struct arena *a, struct str s)
{
    char *copy = arena_alloc(a, s.len + 1);

    for (size_t i = 0; i < s.len; i++)
        copy[i] = s.ptr[i] >= 'A' && s.ptr[i] <= 'Z' ? (char)(s.ptr[i] + 32) : s.ptr[i];
    return (struct str){ copy, s.len };
}

static const char *const time_names[TIME_FORMS] = {
    "java", "java17", "iso", "iso_ms", "micros", "lambda", "epoch", "epoch_ms", "wire",
};
static const struct {
    const char *word;
    int flag;
} flag_names[] = {
    { "keep", SERVICE_KEEPS_PARAMS }, { "nomsg", SERVICE_NO_MESSAGE },
    { "body", SERVICE_ERROR_BODY },   { "strings", SERVICE_TEXT_NUMBERS },
    { "raw", SERVICE_RAW },           { "wraps", SERVICE_WRAPS_BODY },
    { "lifts", SERVICE_LIFTS_BODY },
};
static const struct {
    const char *word;
    enum rule_action action;
} action_names[] = {
    { "rename", RULE_RENAME }, { "drop", RULE_DROP },     { "hide", RULE_HIDE },
    { "show", RULE_SHOW },     { "string", RULE_STRING }, { "empty", RULE_EMPTY },
    { "names", RULE_NAMES },   { "encode", RULE_ENCODE }, { "plain", RULE_PLAIN },
    { "redact", RULE_REDACT }, { "time", RULE_TIME },     { "into", RULE_INTO },
    { "item", RULE_ITEM },     { "lift", RULE_LIFT },     { "buffer", RULE_BUFFER },
};

static enum time_form time_form_named(struct str word, enum time_form otherwise)
{
    for (int i = 0; i < TIME_FORMS; i++)
        if (str_eq_c(word, time_names[i]))
            return (enum time_form)i;
    return otherwise;
}

enum time_form plan_time_form(struct str word)
{
    return time_form_named(word, TIME_JAVA);
}

static int flags_of(struct str words)
{
    int flags = 0;
    struct str word, rest = words;

    while (rest.len > 0) {
        (void)str_cut(rest, ',', &word, &rest);
        for (size_t i = 0; i < COUNT(flag_names); i++)
            if (str_eq_c(word, flag_names[i].word))
                flags |= flag_names[i].flag;
    }
    return flags;
}

static enum rule_action action_named(struct str word)
{
    for (size_t i = 0; i < COUNT(action_names); i++)
        if (str_eq_c(word, action_names[i].word))
            return action_names[i].action;
    return RULE_NONE;
}

/* Through lists and maps to what they hold. */
static const struct cat_shape *inner_shape(const struct cat *cat, const struct cat_shape *s)
{
    while (s && (s->type == CAT_LIST || s->type == CAT_MAP))
        s = cat_member_shape(cat, cat_shape_member(cat, s, s->type == CAT_MAP ? 1 : 0));
    return s;
}

/* "Credentials.SecretAccessKey" from a structure; lists and maps on the way are walked through. */
static const struct cat_member *member_at(const struct cat *cat, const struct cat_shape *shape,
                                          struct str path)
{
    const struct cat_member *m = NULL;
    struct str head, tail;

    for (struct str rest = path; rest.len > 0; rest = tail) {
        (void)str_cut(rest, '.', &head, &tail);
        shape = m ? inner_shape(cat, cat_member_shape(cat, m)) : shape;
        if (!shape || shape->type != CAT_STRUCTURE)
            return NULL;
        m = cat_member_find(cat, shape, head);
        if (!m)
            return NULL;
    }
    return m;
}

struct rule_list {
    struct member_rule *items;
    size_t count, cap;
};

static void rule_add(struct recorder *r, struct rule_list *list, struct member_rule rule)
{
    if (list->count == list->cap) {
        size_t cap = list->cap ? list->cap * 2 : 8;
        struct member_rule *items = arena_array(&r->arena, cap, sizeof *items);

        if (list->count)
            memcpy(items, list->items, list->count * sizeof *items);
        list->items = items;
        list->cap = cap;
    }
    list->items[list->count++] = rule;
}

/* A row's path is resolved on each side that it names; "*.X" is any member called X. */
static void rule_compile(struct recorder *r, const struct plan *p, const struct table_row *row,
                         struct rule_list *list)
{
    struct str side = row->cell[2], path = row->cell[3];
    struct member_rule rule = { .action = action_named(row->cell[4]),
                                .arg = row->cell[5],
                                .row = row };
    int sides = str_eq(side, STR("request"))    ? SIDE_REQUEST
                : str_eq(side, STR("response")) ? SIDE_RESPONSE
                                                : SIDE_BOTH;
    const struct cat_shape *output = cat_op_output(r->cat, p->op);

    for (int s = SIDE_REQUEST; s <= SIDE_RESPONSE; s++) {
        const struct cat_shape *top = s == SIDE_REQUEST ? p->input : output;
        if (!(sides & s) || !top)
            continue;
        rule.side = (enum side)s;
        if (str_has_prefix(path, STR("*.")))
            rule.any = str_sub(path, 2, path.len);
        else if (!(rule.member = member_at(r->cat, top, path)))
            continue;
        rule_add(r, list, rule);
    }
}

static void compile_rules(struct recorder *r, struct plan *p)
{
    const struct str keys[][2] = { { p->service_name, p->operation },
                                   { p->service_name, STR("*") } };
    struct rule_list list = { 0 };

    for (size_t k = 0; k < COUNT(keys); k++) {
        size_t count;
        const struct table_row *row = table_find(&r->members, keys[k][0], keys[k][1], &count);

        for (size_t i = 0; i < count; i++)
            rule_compile(r, p, &row[i], &list);
    }
    p->rules = list.items;
    p->rule_count = list.count;
}

const struct member_rule *plan_rule(const struct plan *p, enum side side,
                                    const struct cat_member *m)
{
    struct str name = p->rule_count > 0 ? cat_str(p->cat, m->name) : (struct str){ 0 };

    for (size_t i = 0; i < p->rule_count; i++) {
        const struct member_rule *rule = &p->rules[i];

        if (rule->side != side)
            continue;
        if (rule->member ? rule->member == m : str_eq(rule->any, name))
            return rule;
    }
    return NULL;
}

/* ImportImage and its kin came with API version 2015-03-01 and are taken for style A, unseen. */
static bool is_ec2_legacy(const struct cat_op *op, struct str name)
{
    static const char *const imports[] = { "CancelImportTask", "DescribeImportImageTasks",
                                           "DescribeImportSnapshotTasks", "ImportImage",
                                           "ImportSnapshot" };

    for (size_t i = 0; i < COUNT(imports); i++)
        if (str_eq_c(name, imports[i]))
            return true;
    return op->flags & CAT_O_EC2_2014;
}

static enum dialect dialect_of(const struct plan *p, struct str cell)
{
    if (!p->op)
        return DIALECT_NONE;
    if (str_eq(p->service_name, STR("s3")))
        return DIALECT_S3;
    if (p->service->protocol == CAT_EC2)
        return is_ec2_legacy(p->op, p->operation) ? DIALECT_EC2_A : DIALECT_EC2_B;
    return str_eq(cell, STR("W")) ? DIALECT_W : DIALECT_N;
}

static struct str hidden_of(const struct plan *p, struct str cell)
{
    if (cell.len)
        return cell;
    if (p->dialect == DIALECT_W)
        return STR("***");
    return p->service && p->service->protocols & (1 << CAT_QUERY)
               ? STR("****")
               : STR("HIDDEN_DUE_TO_SECURITY_REASONS");
}

/* These dialects log the request as it came, whatever became of it. */
static int flags_by_dialect(enum dialect dialect)
{
    return dialect == DIALECT_W || dialect == DIALECT_S3 || dialect == DIALECT_EC2_A ||
                   dialect == DIALECT_EC2_B
               ? SERVICE_KEEPS_PARAMS
               : 0;
}

static enum time_form time_of(const struct plan *p, struct str cell)
{
    static const enum time_form by_dialect[] = {
        [DIALECT_NONE] = TIME_JAVA, [DIALECT_N] = TIME_JAVA,         [DIALECT_W] = TIME_WIRE,
        [DIALECT_S3] = TIME_ISO_MS, [DIALECT_EC2_A] = TIME_EPOCH_MS, [DIALECT_EC2_B] = TIME_ISO_MS,
    };

    if ((p->flags & SERVICE_RAW) == SERVICE_RAW)
        return time_form_named(cell, TIME_WIRE);
    return time_form_named(cell, by_dialect[p->dialect]);
}

/* "MAJOR.MINOR" from 1.09 on leaves out empty members of sessionContext. */
static bool has_empty_context(struct str version)
{
    return str_cmp(version, STR("1.08")) <= 0;
}

static struct str source_of(struct arena *a, const struct plan *p, struct str cell)
{
    struct str prefix = cell;

    if (!prefix.len && p->service) {
        prefix = cat_str(p->cat, p->service->signing_name ? p->service->signing_name
                                                          : p->service->endpoint_prefix);
    }
    if (!prefix.len)
        prefix = p->service_name;
    return lowered(a, arena_printf(a, "%.*s.amazonaws.com", STR_ARG(prefix)));
}

static bool is_writing_answered(const struct recorder *r, const struct plan *p)
{
    size_t count;
    const struct table_row *row = table_find(&r->responses, p->service_name, p->operation, &count);

    if (!row)
        row = table_find(&r->responses, p->service_name, STR("*"), &count);
    if (row)
        return str_eq(row->cell[2], STR("tree"));
    if (p->read_only || p->dialect == DIALECT_NONE)
        return false;
    if (p->dialect == DIALECT_EC2_A || p->dialect == DIALECT_EC2_B)
        return true;
    if (p->dialect == DIALECT_S3)
        return p->is_data;
    return !p->is_data && p->output && p->output->member_count > 0;
}

static void unwrap(struct plan *p)
{
    if (!p->output || p->output->member_count != 1)
        return;
    const struct cat_member *only = cat_shape_member(p->cat, p->output, 0);
    const struct cat_shape *inner = cat_member_shape(p->cat, only);

    if (inner->flags & CAT_S_WRAPPER) {
        p->wrapper = only;
        p->output = inner;
    }
}

/* The rows of an operation, or else those of the whole service. */
static const struct table_row *rows_of(const struct table *t, const struct plan *p, size_t *count)
{
    const struct table_row *rows = table_find(t, p->service_name, p->operation, count);

    return rows ? rows : table_find(t, p->service_name, STR("*"), count);
}

/* source: of the service's row. */
static void name_event(struct recorder *r, struct arena *a, struct plan *p, struct str source)
{
    size_t count;
    const struct table_row *row = table_find(&r->names, p->service_name, p->operation, &count);

    p->event_source = source_of(a, p, row && row->cell[4].len ? row->cell[4] : source);
    p->event_name = row && row->cell[2].len ? row->cell[2] : p->operation;
    if (p->event_name.len == 0) /* no operation has that path: a record has a name all the same */
        p->event_name = STR("UnknownOperation");
    p->root = row ? row->cell[3] : (struct str){ 0 };
    /* CloudFront's dated name is recorded only where the call was refused. */
    p->denied_name = !row && p->op ? cat_str(r->cat, p->op->name) : p->event_name;
}

static const struct str *names_of(struct arena *a, const struct cat *cat, const struct cat_shape *s)
{
    struct str *names = s ? arena_array(a, s->member_count + 1u, sizeof *names) : NULL;

    for (uint32_t i = 0; s && i < s->member_count; i++)
        names[i] = cat_str(cat, cat_shape_member(cat, s, i)->name);
    return names;
}

static void fill(struct recorder *r, struct arena *a, struct plan *p)
{
    static const struct table_row no_row = { 0 };
    const struct table_row *row = table_find1(&r->services, p->service_name);

    if (!row)
        row = &no_row;
    p->cat = r->cat;
    name_event(r, a, p, row->cell[1]);
    p->version = row->cell[2].len ? row->cell[2] : STR("1.11");
    p->api_version = row->cell[3];
    p->dialect = dialect_of(p, row->cell[4]);
    p->hidden = hidden_of(p, row->cell[5]);
    p->flags = flags_of(row->cell[7]) | flags_by_dialect(p->dialect);
    p->time = time_of(p, row->cell[6]);
    p->empty_context = has_empty_context(p->version);
    p->read_only = is_read_only(r, p->service_name, p->operation, p->op);
    p->resources = rows_of(&r->resources, p, &p->resource_count);
    p->is_data = p->resources && str_eq(p->resources->cell[2], STR("data"));
    p->lookup = rows_of(&r->lookup, p, &p->lookup_count);
    p->defaults = table_find(&r->defaults, p->service_name, p->operation, &p->default_count);
    p->all_defaults = table_find(&r->defaults, p->service_name, STR("*"), &p->all_default_count);
    if (p->op)
        compile_rules(r, p);
    unwrap(p);
    p->input_names = names_of(a, r->cat, p->input);
    p->output_names = names_of(a, r->cat, p->output);
    p->responds = is_writing_answered(r, p);
}

static const struct plan *plan_make(struct recorder *r, const struct cat_op *op)
{
    struct plan *p = arena_alloc(&r->arena, sizeof *p);

    p->op = op;
    p->service = cat_op_service(r->cat, op);
    p->service_name = cat_str(r->cat, p->service->name);
    p->operation = cat_str(r->cat, op->key);
    p->input = cat_op_input(r->cat, op);
    p->output = cat_op_output(r->cat, op);
    fill(r, &r->arena, p);
    return p;
}

const struct plan *plan_of(struct recorder *r, const struct cat_op *op)
{
    _Atomic(const struct plan *) *slot = &r->plans[cat_op_index(r->cat, op)];
    const struct plan *p = atomic_load_explicit(slot, memory_order_acquire);

    if (p)
        return p;
    pthread_mutex_lock(&r->lock);
    p = atomic_load_explicit(slot, memory_order_relaxed);
    if (!p) {
        p = plan_make(r, op);
        atomic_store_explicit(slot, p, memory_order_release);
    }
    pthread_mutex_unlock(&r->lock);
    return p;
}

const struct plan *plan_unknown(struct recorder *r, struct arena *a, struct str service,
                                struct str action)
{
    struct plan *p = arena_alloc(a, sizeof *p);

    p->service_name = arena_copy(a, service);
    p->operation = arena_copy(a, action);
    p->service = cat_service_find(r->cat, service);
    fill(r, a, p);
    return p;
}
