/* Rule files -> compiled rules. What can't be evaluated whole becomes a refusal. */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/codec/yaml.h"
#include "verify/sigma/private.h"

int sigma_refuse(struct compiling *c, const char *fmt, ...)
{
    char text[sizeof c->why.text];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return err_set(&c->why, E_PARSE, "%s", text);
}

/* An array of an arena that grows: the next free place. */
static void *grow(struct arena *a, void *items, size_t *room, size_t count, size_t size)
{
    if (count < *room)
        return items;
    size_t room_now = *room ? *room * 2 : 16;
    char *bigger = arena_array(a, room_now, size);

    if (count > 0)
        memcpy(bigger, items, count * size);
    *room = room_now;
    return bigger;
}

static const struct str *path_steps(struct arena *a, struct str path, size_t *count)
{
    size_t dots = 0;

    for (size_t i = 0; i < path.len; i++)
        dots += path.ptr[i] == '.';
    struct str *steps = arena_array(a, dots + 1, sizeof *steps), rest = path;

    for (*count = 0; *count <= dots; (*count)++)
        (void)str_cut(rest, '.', &steps[*count], &rest);
    return steps;
}

size_t field_number(struct sigma *s, struct str path)
{
    for (size_t i = 0; i < s->field_count; i++)
        if (str_eq(s->fields[i].path, path))
            return i;
    s->fields = grow(&s->arena, s->fields, &s->field_room, s->field_count, sizeof(struct field));
    struct field *f = &s->fields[s->field_count];

    f->path = arena_copy(&s->arena, path);
    f->steps = path_steps(&s->arena, f->path, &f->step_count);
    f->top = scan_member_of(f->steps[0]);
    return s->field_count++;
}

/* ---- what a rule says of itself ---- */

static struct str kept(struct sigma *s, const struct value *doc, const char *name)
{
    const struct value *v = value_get_c(doc, name);

    return v ? arena_copy(&s->arena, value_to_text(&s->arena, v)) : STR("");
}

static struct str stem_of(struct str file)
{
    struct str folder, name, stem, ending;

    if (!str_rcut(file, '/', &folder, &name))
        name = file;
    (void)str_rcut(name, '.', &stem, &ending);
    return stem;
}

/* The tags "attack.tNNNN" and "attack.tNNNN.NNN"; tactics and groups are no techniques. */
static void read_techniques(struct sigma *s, const struct value *tags, struct sigma_rule *out)
{
    struct str *list = arena_array(&s->arena, tags ? tags->count + 1 : 1, sizeof *list);

    out->techniques = list;
    for (const struct value *v = value_first(tags); v; v = v->next) {
        struct str tag = value_to_text(&s->arena, v), prefix = STR("attack.t");

        if (!str_has_prefix(tag, prefix) || tag.len == prefix.len || tag.ptr[prefix.len] < '0' ||
            tag.ptr[prefix.len] > '9')
            continue;
        list[out->technique_count++] =
            arena_printf(&s->arena, "T%.*s", (int)(tag.len - prefix.len), tag.ptr + prefix.len);
    }
}

static struct rule *rule_new(struct compiling *c, const struct value *doc)
{
    struct sigma *s = c->s;
    struct rule *r = arena_alloc(&s->arena, sizeof *r);

    r->info.id = kept(s, doc, "id");
    r->info.name = kept(s, doc, "name");
    r->info.title = kept(s, doc, "title");
    r->info.level = kept(s, doc, "level");
    r->info.file = c->file;
    r->info.stem = stem_of(c->file);
    r->info.line = yaml_line(doc);
    read_techniques(s, value_get_c(doc, "tags"), &r->info);
    return r;
}

/* ---- compiling one ---- */

static int check_source(struct compiling *c, const struct value *source)
{
    struct str product = value_get_str(source, "product"),
               service = value_get_str(source, "service");

    if (!str_eq_c(product, "aws") || !str_eq_c(service, "cloudtrail"))
        return sigma_refuse(c, "its logsource is not product aws, service cloudtrail");
    return 0;
}

static struct expr *compile_conditions(struct compiling *c, const struct value *condition,
                                       const struct named_expr *all, size_t count)
{
    struct expr *e = expr_new(&c->s->arena, EXPR_OR);
    const struct value *v =
        condition && condition->kind == VALUE_LIST ? value_first(condition) : condition;

    for (; v; v = condition->kind == VALUE_LIST ? v->next : NULL) {
        if (v->kind != VALUE_STRING) {
            (void)sigma_refuse(c, "line %d: expected a condition", yaml_line(v));
            return NULL;
        }
        struct expr *one = condition_compile(c, v->u.text, all, count);

        if (!one)
            return NULL;
        expr_push(&c->s->arena, e, one);
    }
    if (e->kid_count == 0)
        (void)sigma_refuse(c, "detection: expected a condition");
    return e->kid_count == 0 ? NULL : e;
}

static const struct expr *compile_detection(struct compiling *c, const struct value *detection)
{
    struct named_expr *all = arena_array(&c->s->arena, detection->count + 1, sizeof *all);
    size_t count = 0;

    if (value_get_c(detection, "timeframe")) {
        (void)sigma_refuse(c, "timeframe left Sigma with version 2: write a correlation");
        return NULL;
    }
    for (const struct value *v = value_first(detection); v; v = v->next) {
        if (str_eq_c(v->name, "condition"))
            continue;
        all[count].name = v->name;
        all[count].expr = detection_compile(c, v);
        if (!all[count++].expr)
            return NULL;
    }
    return compile_conditions(c, value_get_c(detection, "condition"), all, count);
}

static void compile_rule(struct compiling *c, struct rule *r, const struct value *doc)
{
    const struct value *detection = value_get_c(doc, "detection");

    if (value_get_c(doc, "action"))
        (void)sigma_refuse(c, "action left Sigma with version 2: write the rules out");
    else if (value_get_c(doc, "correlation"))
        r->correlation = correlation_compile(c, doc);
    else if (!detection || detection->kind != VALUE_MAP)
        (void)sigma_refuse(c, "expected detection or correlation");
    else if (check_source(c, value_get_c(doc, "logsource")) == 0)
        r->expr = compile_detection(c, detection);
    r->info.is_correlation = r->correlation != NULL;
}

static void add_refusal(struct compiling *c, const struct rule *r)
{
    struct sigma *s = c->s;

    s->refusals = grow(&s->arena, s->refusals, &s->refusal_room, s->refusal_count,
                       sizeof(struct sigma_refusal));
    s->refusals[s->refusal_count++] =
        (struct sigma_refusal){ r->info.file, r->info.title,
                                arena_copy(&s->arena, str_c(c->why.text)), r->info.line };
    c->why.code = 0;
    c->why.text[0] = 0;
}

static void check_twins(struct compiling *c, const struct rule *r)
{
    for (size_t i = 0; i < c->s->rule_count; i++) {
        const struct sigma_rule *other = &c->s->rules[i]->info;

        if (r->info.id.len > 0 && str_eq(other->id, r->info.id))
            (void)sigma_refuse(c, "its id stands in %.*s:%d, too", STR_ARG(other->file),
                               other->line);
    }
}

static void add_rule(struct compiling *c, const struct value *doc)
{
    struct sigma *s = c->s;
    struct rule *r = rule_new(c, doc);

    compile_rule(c, r, doc);
    if (c->why.code == 0)
        check_twins(c, r);
    if (c->why.code < 0) {
        add_refusal(c, r);
        return;
    }
    s->rules = grow(&s->arena, s->rules, &s->rule_room, s->rule_count, sizeof(struct rule *));
    s->rules[s->rule_count++] = r;
}

static int load_text(struct sigma *s, struct str file, struct str text, struct err *err)
{
    struct value *documents;
    struct compiling c = { .s = s, .file = arena_copy(&s->arena, file) };
    int rc = yaml_parse_all(&s->arena, c.file.ptr, arena_copy(&s->arena, text), &documents, err);

    if (rc < 0)
        return rc;
    for (const struct value *doc = value_first(documents); doc; doc = doc->next)
        if (doc->kind != VALUE_NULL)
            add_rule(&c, doc);
    return 0;
}

/* ---- files ---- */

static int load_path(struct sigma *s, const char *path, struct err *err);

static int load_folder(struct sigma *s, const char *dir, struct err *err)
{
    struct fs_entry *entries;
    size_t count;
    int rc = fs_list(&s->arena, dir, &entries, &count, err);

    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct str name = entries[i].name;

        if (entries[i].is_dir || str_has_suffix(name, STR(".yml")) ||
            str_has_suffix(name, STR(".yaml")))
            rc = load_path(s, arena_printf(&s->arena, "%s/%.*s", dir, STR_ARG(name)).ptr, err);
    }
    return rc;
}

static int load_path(struct sigma *s, const char *path, struct err *err)
{
    struct buf text = { 0 };

    if (fs_is_dir(path))
        return load_folder(s, path, err);
    int rc = fs_read(path, &text, err);

    if (rc == 0)
        rc = load_text(s, str_c(path), buf_view(&text), err);
    buf_free(&text);
    return rc;
}

/* ---- the whole ---- */

/* Correlations find their rules; one that can't is refused and its rules speak for themselves. */
static void link_rules(struct sigma *s)
{
    size_t kept_count = 0;

    for (size_t i = 0; i < s->rule_count; i++) {
        struct rule *r = s->rules[i];
        struct compiling c = { .s = s, .file = r->info.file };

        if (r->correlation && correlation_link(&c, r) < 0)
            add_refusal(&c, r);
        else
            s->rules[kept_count++] = r;
    }
    s->rule_count = kept_count;
    for (size_t i = 0; i < s->rule_count; i++)
        s->rules[i]->number = i;
}

static struct sigma *sigma_new(void)
{
    struct sigma *s = mem_alloc(sizeof *s);

    s->event_id = field_number(s, STR("eventID"));
    s->event_time = field_number(s, STR("eventTime"));
    return s;
}

static int finish(struct sigma *s, int rc, struct sigma **out)
{
    if (rc < 0) {
        sigma_free(s);
        return rc;
    }
    link_rules(s);
    *out = s;
    return 0;
}

int sigma_load(struct sigma **out, const struct str *paths, size_t count, struct err *err)
{
    struct sigma *s = sigma_new();
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = load_path(s, arena_copy(&s->arena, paths[i]).ptr, err);
    return finish(s, rc, out);
}

int sigma_load_texts(struct sigma **out, const struct sigma_text *texts, size_t count,
                     struct err *err)
{
    struct sigma *s = sigma_new();
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = load_text(s, texts[i].file, texts[i].text, err);
    return finish(s, rc, out);
}

void sigma_free(struct sigma *s)
{
    if (!s)
        return;
    regex_free_all(s->regexes);
    arena_free(&s->arena);
    mem_free(s);
}

size_t sigma_rule_count(const struct sigma *s)
{
    return s->rule_count;
}

const struct sigma_rule *sigma_rule(const struct sigma *s, size_t i)
{
    assert(i < s->rule_count);
    return &s->rules[i]->info;
}

const struct sigma_refusal *sigma_refusals(const struct sigma *s, size_t *count)
{
    *count = s->refusal_count;
    return s->refusals;
}
