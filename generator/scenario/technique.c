/* Techniques, and the stories that use them. */
#include "core/base/embed.h"
#include "core/base/fs.h"
#include "core/codec/yaml.h"
#include "generator/scenario/near.h"
#include "generator/scenario/read.h"

#define TECHNIQUE(name, read, member, needed)                                                      \
    {                                                                                              \
        name, read, offsetof(struct technique, member), needed                                     \
    }

static int field_severity(struct source *s, const struct value *v, void *field)
{
    static const char *const words[] = { "low", "medium", "high", "critical" };
    struct str text = value_to_text(s->a, v);

    if (word_index(text, words, COUNT(words)) < 0)
        return source_expected(s, v, "low, medium, high or critical");
    *(struct str *)field = text;
    return 0;
}

static int read_finding(struct source *s, const struct value *v, void *item)
{
    static const struct field rows[] = {
        { "rule", field_words, offsetof(struct finding, rule), true },
        { "events", field_texts, offsetof(struct finding, events), true },
        { "severity", field_severity, offsetof(struct finding, severity), false },
        { "actor", field_name, offsetof(struct finding, actor), false },
    };
    struct finding *f = item;

    f->at = source_place(s, v);
    return FIELDS_READ(s, v, "a finding", rows, f);
}

int field_findings(struct source *s, const struct value *v, void *field)
{
    if (v->kind == VALUE_LIST && v->count == 0)
        return 0;
    return list_read(s, v, &(struct list_of){ sizeof(struct finding), read_finding }, field);
}

static int field_benign_setup(struct source *s, const struct value *v, void *field)
{
    struct technique *t =
        (struct technique *)((char *)field - offsetof(struct technique, benign_setup));

    t->has_benign_setup = true;
    return field_steps(s, v, field);
}

/* The members of `benign` fill the technique itself. */
static int field_benign(struct source *s, const struct value *v, void *field)
{
    static const struct field rows[] = {
        TECHNIQUE("context", field_words, context, true),
        TECHNIQUE("parameters", field_map, benign_parameters, false),
        TECHNIQUE("setup", field_benign_setup, benign_setup, false),
        TECHNIQUE("steps", field_steps, benign_steps, true),
    };

    return FIELDS_READ(s, v, "benign", rows, field);
}

static int field_sigma(struct source *s, const struct value *v, void *field)
{
    static const struct field rows[] = {
        TECHNIQUE("fires", field_texts, fires, false),
        TECHNIQUE("benign_fires", field_texts, benign_fires, false),
    };

    return FIELDS_READ(s, v, "sigma", rows, field);
}

static const struct field technique_rows[] = {
    TECHNIQUE("technique", field_name, id, true),
    TECHNIQUE("title", field_words, title, true),
    TECHNIQUE("description", field_words, description, false),
    TECHNIQUE("tactics", field_texts, tactics, true),
    TECHNIQUE("attack", field_texts, attack, true),
    TECHNIQUE("severity", field_severity, severity, true),
    TECHNIQUE("parameters", field_map, parameters, false),
    TECHNIQUE("actor", field_kind, actor, false),
    TECHNIQUE("setup", field_steps, setup, false),
    TECHNIQUE("steps", field_steps, steps, true),
    { "benign", field_benign, 0, true },
    TECHNIQUE("finding", field_findings, findings, true),
    { "sigma", field_sigma, 0, false },
};

static const struct step *step_of(const struct step *steps, struct str id)
{
    for (const struct step *step = steps; step; step = step->next) {
        const struct step *within = str_eq(step->id, id) ? step : step_of(step->on_steps, id);

        if (within)
            return within;
    }
    return NULL;
}

static int check_findings(const struct technique *t, struct err *err)
{
    for (const struct finding *f = t->findings; f; f = f->next)
        for (size_t i = 0; i < f->events.count; i++)
            if (!step_of(t->steps, f->events.items[i]))
                return place_fail(f->at, err, "events: '%.*s': expected the id of a step",
                                  STR_ARG(f->events.items[i]));
    return 0;
}

static int nowhere(struct source *s, const struct value *v, struct str id)
{
    struct near near = near_start(arena_printf(s->a, "techniques/%.*s.yaml", STR_ARG(id)));

    for (size_t i = 0; embed_name(i).ptr; i++)
        if (str_has_prefix(embed_name(i), STR("techniques/")))
            near_try(&near, embed_name(i));
    struct str best = near_best(&near);
    if (best.len == 0)
        return source_expected(s, v, "a technique, and there is no techniques/%.*s.yaml",
                               STR_ARG(id));
    return source_expected(
        s, v, "a technique; '%.*s' is none, did you mean '%.*s'?", STR_ARG(id),
        STR_ARG(str_sub(best, STR("techniques/").len, best.len - STR("techniques/.yaml").len)));
}

/* Beside the scenario, beside its folder, built in: the first that is there. */
static int find_file(struct source *s, struct str id, const char **out_path, struct str *out)
{
    const struct scenario *scenario = s->scenario;
    struct str dir = str_c("."), name;

    if (!str_rcut(str_c(scenario->file), '/', &dir, &name))
        dir = str_c(".");
    const struct str paths[] = {
        arena_printf(s->a, "%.*s/techniques/%.*s.yaml", STR_ARG(dir), STR_ARG(id)),
        arena_printf(s->a, "%.*s/../techniques/%.*s.yaml", STR_ARG(dir), STR_ARG(id)),
    };
    for (size_t i = 0; i < COUNT(paths); i++)
        if (fs_is_file(paths[i].ptr)) {
            *out_path = paths[i].ptr;
            return scenario_read_file(s->a, paths[i].ptr, out, s->err);
        }
    struct str built_in = arena_printf(s->a, "techniques/%.*s.yaml", STR_ARG(id));
    *out = embed_find(built_in);
    *out_path = arena_printf(s->a, "fixtures/%.*s", STR_ARG(built_in)).ptr;
    return out->ptr ? 0 : E_MISSING;
}

static bool is_id(struct str id)
{
    for (size_t i = 0; i < id.len; i++)
        if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789-.", id.ptr[i]))
            return false;
    return id.len > 0 && id.len < 128 && str_find(id, STR("..")) < 0;
}

static int read_technique(struct source *s, const struct value *v, struct str id,
                          struct technique *t)
{
    struct source inner = { .a = s->a, .scenario = s->scenario, .err = s->err };
    struct value *doc = NULL;
    struct str text;
    int rc = find_file(s, id, &inner.file, &text);

    if (rc == E_MISSING)
        return nowhere(s, v, id);
    if (rc == 0)
        rc = yaml_parse(s->a, inner.file, text, &doc, s->err);
    if (rc < 0)
        return rc;
    t->at = (struct place){ inner.file, 1 };
    t->text = text;
    rc = FIELDS_READ(&inner, doc, "a technique", technique_rows, t);
    if (rc == 0 && !str_eq(t->id, arena_printf(s->a, "aws.%.*s", STR_ARG(id))))
        rc = source_expected(&inner, value_get_c(doc, "technique"), "'aws.%.*s', as its file says",
                             STR_ARG(id));
    return rc < 0 ? rc : check_findings(t, s->err);
}

int technique_find(struct source *s, const struct value *v, struct str id,
                   const struct technique **out)
{
    if (str_has_prefix(id, STR("aws.")))
        id = str_sub(id, STR("aws.").len, id.len);
    if (!is_id(id))
        return source_expected(s, v,
                               "the id of a technique, such as persistence.iam-backdoor-user");
    for (struct technique *t = s->scenario->techniques; t; t = t->next)
        if (str_eq(str_sub(t->id, STR("aws.").len, t->id.len), id)) {
            *out = t;
            return 0;
        }
    struct technique *t = arena_alloc(s->a, sizeof *t);
    int rc = read_technique(s, v, id, t);

    if (rc < 0)
        return rc;
    struct technique **tail = &s->scenario->techniques;
    while (*tail)
        tail = &(*tail)->next;
    *tail = t;
    *out = t;
    return 0;
}

/* A story as the file has it: what makes it a technique of its own stands in `own`. */
struct reading {
    struct story story;
    struct technique own;
    struct str use;
};
#define READING(name, read, member, needed)                                                        \
    {                                                                                              \
        name, read, offsetof(struct reading, member), needed                                       \
    }

static int read_story(struct source *s, const struct value *v, void *item)
{
    static const struct field rows[] = {
        READING("name", field_name, story.name, true),
        READING("at", field_moment, story.when, true),
        READING("use", field_words, use, false),
        READING("benign", field_flag, story.benign, false),
        READING("with", field_map, story.with, false),
        READING("as", field_words, story.as, false),
        READING("tool", field_name, story.tool, false),
        READING("network", field_name, story.network, false),
        READING("region", field_name, story.region, false),
        READING("steps", field_steps, own.steps, false),
        READING("technique", field_words, own.id, false),
        READING("title", field_words, own.title, false),
        READING("severity", field_severity, own.severity, false),
        READING("finding", field_findings, own.findings, false),
        READING("setup", field_steps, own.setup, false),
        READING("parameters", field_map, own.parameters, false),
    };
    struct reading *r = arena_alloc(s->a, sizeof *r);
    struct story *story = item;
    int rc = FIELDS_READ(s, v, "a story", rows, r);

    r->own.at = r->story.at = source_place(s, v);
    if (rc == 0 && (r->use.len > 0) == (r->own.steps != NULL))
        rc = source_expected(s, v, "either 'use' or 'steps' in a story");
    if (rc == 0)
        rc = check_findings(&r->own, s->err);
    if (rc == 0 && r->use.len > 0)
        rc = technique_find(s, value_get_c(v, "use"), r->use, &r->story.technique);
    else
        r->story.technique = &r->own;
    r->story.is_use = r->use.len > 0;
    *story = r->story;
    return rc;
}

int field_stories(struct source *s, const struct value *v, void *field)
{
    uint32_t number = 0;
    struct story *first;

    if (v->kind == VALUE_LIST && v->count == 0)
        return 0;
    int rc = list_read(s, v, &(struct list_of){ sizeof(struct story), read_story }, field);
    if (rc < 0)
        return rc;
    memcpy(&first, field, sizeof first);
    for (struct story *story = first; story; story = story->next)
        story->number = number++;
    return 0;
}
