#include "generator/scenario/scenario.h"

#include <assert.h>

#include "core/aws/region.h"
#include "core/aws/sha256.h"
#include "core/base/clock.h"
#include "core/base/embed.h"
#include "core/base/fs.h"
#include "core/codec/yaml.h"
#include "generator/scenario/near.h"
#include "generator/scenario/read.h"

static int field_regions(struct source *s, const struct value *v, void *field)
{
    struct names *n = field;
    int rc = field_texts(s, v, n);

    if (rc == 0 && n->count == 0)
        return source_expected(s, v, "at least one AWS region");
    for (size_t i = 0; rc == 0 && i < n->count; i++)
        if (!region_find(n->items[i]))
            rc = source_expected(s, v, "AWS regions; '%.*s' is none", STR_ARG(n->items[i]));
    return rc;
}

#define ROW(name, read, member, needed)                                                            \
    {                                                                                              \
        name, read, offsetof(struct scenario, member), needed                                      \
    }
static const struct field rows[] = {
    ROW("scenario", field_name, name, true),
    ROW("description", field_words, description, false),
    ROW("start", field_moment, start, true),
    ROW("end", field_moment, end, true),
    ROW("events", field_count, events, false),
    ROW("accounts", field_accounts, accounts, true),
    ROW("organization", field_organization, organization, false),
    ROW("regions", field_regions, regions, true),
    ROW("home_region", field_name, home_region, false),
    ROW("trails", field_trails, trails, false),
    ROW("networks", field_networks, networks, false),
    ROW("tools", field_tools, tools, false),
    ROW("lists", field_map, lists, false),
    ROW("vars", field_map, vars, false),
    ROW("groups", field_groups, groups, false),
    ROW("principals", field_principals, principals, true),
    ROW("resources", field_steps, resources, false),
    ROW("workloads", field_workloads, workloads, false),
    ROW("stories", field_stories, stories, false),
};

int scenario_read_file(struct arena *a, const char *path, struct str *out, struct err *err)
{
    struct buf text = { 0 };
    int rc = fs_read(path, &text, err);

    if (rc == E_IO)
        rc = E_PARSE; /* a directory, say: the wrong file was named */
    if (rc == 0)
        *out = arena_copy(a, buf_view(&text));
    buf_free(&text);
    return rc;
}

struct account *scenario_account(const struct scenario *s, struct str alias)
{
    if (alias.len == 0)
        return s->accounts;
    for (struct account *k = s->accounts; k; k = k->next)
        if (str_eq(k->alias, alias))
            return k;
    return NULL;
}

struct cast *scenario_principal(const struct scenario *s, struct str name)
{
    for (struct cast *k = s->principals; k; k = k->next)
        if (str_eq(k->name, name))
            return k;
    return NULL;
}

const struct tool *scenario_tool(const struct scenario *s, struct str name)
{
    for (const struct tool *k = s->tools; k; k = k->next)
        if (str_eq(k->name, name))
            return k;
    return NULL;
}

const struct network *scenario_network(const struct scenario *s, struct str name)
{
    for (const struct network *k = s->networks; k; k = k->next)
        if (str_eq(k->name, name))
            return k;
    return NULL;
}

int64_t moment_ms(const struct scenario *s, struct moment m, int64_t fallback_ms)
{
    if (!m.is_set)
        return fallback_ms;
    return m.is_offset ? s->start_ms + m.ms : m.ms;
}

int scenario_settle(struct scenario *s, int64_t start_ms, int64_t end_ms, struct err *err)
{
    char start[CLOCK_ISO_SIZE], end[CLOCK_ISO_SIZE];

    s->start_ms = start_ms != INT64_MIN ? start_ms : s->start.ms;
    s->end_ms = end_ms != INT64_MIN ? end_ms : moment_ms(s, s->end, 0);
    if (s->end_ms > s->start_ms)
        return 0;
    clock_iso(s->start_ms, start);
    clock_iso(s->end_ms, end);
    return err_set(err, E_PARSE, "%s: the end, %s, does not lie behind the start, %s", s->file, end,
                   start);
}

/* The tools and events that come with the program, behind the scenario's own tools. */
static int read_built_in(struct source *s)
{
    static const char tools[] = "fixtures/scenarios/tools.yaml";
    static const char events[] = "fixtures/scenarios/events.yaml";
    struct source built_in = *s;
    struct value *doc = NULL;
    int rc = yaml_parse(s->a, tools, embed_find(STR("scenarios/tools.yaml")), &doc, s->err);

    built_in.file = tools;
    if (rc == 0)
        rc = field_tools(&built_in, doc, &s->scenario->tools);
    if (rc == 0)
        rc = yaml_parse(s->a, events, embed_find(STR("scenarios/events.yaml")), &doc, s->err);
    s->scenario->events_table = doc;
    return rc;
}

/* What the file leaves out. */
static void fill_in(struct scenario *s)
{
    if (s->home_region.len == 0) {
        assert(s->regions.count > 0);
        s->home_region = s->regions.items[0];
    }
    if (s->trails)
        return;
    s->trails = arena_alloc(s->a, sizeof *s->trails);
    s->trails->at = (struct place){ s->file, 1 };
    s->trails->name = STR("audit");
    s->trails->data_events = true;
    s->trails->bucket = arena_printf(s->a, "%.*s-trail-logs", STR_ARG(s->name));
}

/* Of the files that were read: another one is another scenario. */
static struct str hash_of(const struct scenario *s, struct str text)
{
    struct sha256 h = { 0 };
    char hex[65];

    sha256_init(&h);
    sha256_add(&h, text);
    for (const struct technique *t = s->techniques; t; t = t->next)
        sha256_add(&h, t->text);
    sha256_end(&h, hex);
    sha256_free(&h);
    return arena_copy(s->a, str_c(hex));
}

/* A story that the file itself puts outside of its period would never be told. */
static int check_times(const struct scenario *s, struct err *err)
{
    for (const struct story *k = s->stories; k; k = k->next) {
        int64_t at = moment_ms(s, k->when, s->start_ms);

        if (at < s->start_ms || at >= s->end_ms)
            return place_fail(k->at, err, "at: expected a time from the start to the end");
    }
    return 0;
}

int scenario_parse(struct arena *a, const char *file, struct str text, struct scenario *out,
                   struct err *err)
{
    struct scenario scenario = { .file = file, .a = a };
    struct source s = { .a = a, .file = file, .scenario = &scenario, .err = err };
    struct value *doc = NULL;
    int rc = yaml_parse(a, file, text, &doc, err);

    if (rc == 0)
        rc = FIELDS_READ(&s, doc, "a scenario", rows, &scenario);
    if (rc == 0 && scenario.start.is_offset)
        rc = source_expected(&s, value_get_c(doc, "start"), "a time such as 2026-01-05T00:00:00Z");
    if (rc == 0)
        rc = read_built_in(&s);
    if (rc < 0)
        return rc;
    fill_in(&scenario);
    scenario.hash = hash_of(&scenario, text);
    rc = scenario_check(&scenario, err);
    if (rc == 0)
        rc = scenario_settle(&scenario, INT64_MIN, INT64_MIN, err);
    if (rc == 0)
        rc = check_times(&scenario, err);
    if (rc == 0)
        *out = scenario;
    return rc;
}

/* What lies beside the scenarios and is read by all of them. */
static bool is_table(struct str name)
{
    return str_eq(name, STR("tools")) || str_eq(name, STR("events"));
}

static int no_such(const char *name, struct err *err)
{
    struct near near = near_start(str_c(name));
    struct str best;

    if (is_table(str_c(name)))
        return err_set(err, E_MISSING,
                       "'%s' is no scenario, but a table that scenarios are made with: expected a "
                       "file, or one that is built in, such as startup",
                       name);
    for (size_t i = 0; embed_name(i).ptr; i++) {
        struct str file = embed_name(i), own;

        if (!str_has_prefix(file, STR("scenarios/")) || !str_has_suffix(file, STR(".yaml")))
            continue;
        own = str_sub(file, STR("scenarios/").len, file.len - STR("scenarios/.yaml").len);
        if (!is_table(own))
            near_try(&near, own);
    }
    best = near_best(&near);
    return best.len > 0 ? err_set(err, E_MISSING, "there is no scenario '%s'; did you mean '%.*s'?",
                                  name, STR_ARG(best))
                        : err_set(err, E_MISSING,
                                  "there is no scenario '%s': expected a file, or one that is "
                                  "built in, such as startup",
                                  name);
}

int scenario_load(struct arena *a, const char *name, struct scenario *out, struct err *err)
{
    bool is_path = strchr(name, '/') || str_has_suffix(str_c(name), STR(".yaml"));
    struct str text = { 0 };

    if (is_path) {
        int rc = scenario_read_file(a, name, &text, err);

        return rc < 0 ? rc : scenario_parse(a, name, text, out, err);
    }
    text = embed_find(arena_printf(a, "scenarios/%s.yaml", name));
    if (!text.ptr || is_table(str_c(name)))
        return no_such(name, err);
    return scenario_parse(a, arena_printf(a, "fixtures/scenarios/%s.yaml", name).ptr, text, out,
                          err);
}
