#include "core/cli/options.h"

#include <ctype.h>
#include <stdlib.h>

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/fs.h"
#include "core/codec/yaml.h"

#define DEFAULT_FILE "mocktrail.yaml"

enum source { FROM_DEFAULT, FROM_FILE, FROM_ENVIRONMENT, FROM_ARGUMENT };

struct reading {
    struct arena *arena;
    const struct option_set *set;
    void *out;
    enum source *seen; /* by row: where its value came from last */
    const char *file;  /* NULL: DEFAULT_FILE, if it is there */
};

int option_text(struct arena *a, struct str text, void *field, struct err *err)
{
    if (text.len == 0)
        return err_set(err, E_PARSE, "something");
    *(struct str *)field = arena_copy(a, text);
    return 0;
}

int option_text_list(struct arena *a, struct str text, void *field, struct err *err)
{
    struct option_list *list = field;
    struct str item;

    while (text.len > 0) {
        struct str *grown = arena_array(a, list->count + 1, sizeof *grown);

        (void)str_cut(text, ',', &item, &text); /* without ',' all of it is the last item */
        item = str_trim(item);
        if (item.len == 0)
            return err_set(err, E_PARSE, "names separated by commas");
        if (list->count)
            memcpy(grown, list->items, list->count * sizeof *grown);
        grown[list->count++] = arena_copy(a, item);
        list->items = grown;
    }
    return 0;
}

int option_u64(struct arena *a, struct str text, void *field, struct err *err)
{
    int64_t n;

    (void)a; /* numbers need no memory */
    if (!str_to_i64(text, &n) || n < 0)
        return err_set(err, E_PARSE, "a number from 0 to %lld", (long long)INT64_MAX);
    *(uint64_t *)field = (uint64_t)n;
    return 0;
}

int option_time(struct arena *a, struct str text, void *field, struct err *err)
{
    (void)a; /* numbers need no memory */
    if (clock_parse_written(text, field, NULL) < 0)
        return err_set(err, E_PARSE, "a time such as 2026-01-05T00:00:00Z");
    return 0;
}

int option_duration_ms(struct arena *a, struct str text, void *field, struct err *err)
{
    int64_t ms;

    (void)a; /* numbers need no memory */
    if (clock_parse_duration(text, &ms, NULL) < 0 || ms <= 0)
        return err_set(err, E_PARSE, "a duration above zero, such as 250ms, 5s, 15m, 1h or 30d");
    *(int64_t *)field = ms;
    return 0;
}

static const struct option *find_row(const struct option_set *set, struct str name)
{
    for (size_t i = 0; i < set->count; i++)
        if (str_eq_c(name, set->rows[i].name))
            return &set->rows[i];
    return NULL;
}

static int parse_flag(struct str text, bool *field, struct err *err)
{
    if (!str_eq_c(text, "true") && !str_eq_c(text, "false"))
        return err_set(err, E_PARSE, "true or false");
    *field = str_eq_c(text, "true");
    return 0;
}

/* where: how messages name the place, such as "--seed" or "mocktrail.yaml:3: seed". */
static int apply(struct reading *r, const struct option *row, enum source from, struct str text,
                 const char *where, struct err *err)
{
    void *field = (char *)r->out + row->offset;
    struct err why = { 0 };
    int rc;

    if (row->parse == option_text_list && r->seen[row - r->set->rows] != from)
        *(struct option_list *)field = (struct option_list){ 0 };
    r->seen[row - r->set->rows] = from;
    rc = row->parse ? row->parse(r->arena, text, field, &why) : parse_flag(text, field, &why);
    if (rc < 0)
        return err_set(err, rc, "%s '%.*s': expected %s", where, STR_ARG(text), why.text);
    return 0;
}

static int read_defaults(struct reading *r, struct err *err)
{
    for (size_t i = 0; i < r->set->count; i++) {
        const struct option *row = &r->set->rows[i];
        int rc = 0;

        if (row->fallback)
            rc = apply(r, row, FROM_DEFAULT, str_c(row->fallback), row->name, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* A YAML scalar as the text a command line would have held. False: a list, a map or null. */
static bool scalar_text(struct arena *a, const struct value *v, struct str *out)
{
    switch (v->kind) {
    case VALUE_STRING:
        *out = v->u.text;
        return true;
    case VALUE_BOOL:
        *out = v->u.boolean ? STR("true") : STR("false");
        return true;
    case VALUE_INT:
        *out = arena_printf(a, "%lld", (long long)v->u.integer);
        return true;
    default:
        return false;
    }
}

static int apply_yaml(struct reading *r, const struct option *row, const struct value *v,
                      struct err *err)
{
    struct str where = arena_printf(r->arena, "%s:%d: %s", r->file, yaml_line(v), row->name);
    struct str text;
    int rc = 0;

    if (v->kind == VALUE_LIST && row->parse == option_text_list) {
        for (const struct value *k = value_first(v); k && rc == 0; k = k->next)
            rc = apply_yaml(r, row, k, err);
        return rc;
    }
    if (!scalar_text(r->arena, v, &text))
        return err_set(err, E_PARSE, "%s: expected one value", where.ptr);
    return apply(r, row, FROM_FILE, text, where.ptr, err);
}

static int read_file(struct reading *r, struct err *err)
{
    bool asked_for = r->file != NULL;
    struct buf text = { 0 };
    struct value *doc = NULL;
    int rc;

    if (!asked_for)
        r->file = DEFAULT_FILE;
    if (!asked_for && !fs_is_file(r->file))
        return 0;
    rc = fs_read(r->file, &text, err);
    if (rc == E_IO)
        rc = E_PARSE; /* a directory, say: the wrong file was named */
    if (rc == 0)
        rc = yaml_parse(r->arena, r->file, arena_copy(r->arena, buf_view(&text)), &doc, err);
    buf_free(&text);
    if (rc != 0 || doc->kind == VALUE_NULL)
        return rc;
    if (doc->kind != VALUE_MAP)
        return err_set(err, E_PARSE, "%s:%d: expected 'option: value' lines", r->file,
                       yaml_line(doc));
    if (r->set->section)
        doc = value_get_c(doc, r->set->section); /* none: nothing is said of this command */
    for (const struct value *v = value_first(doc); v && rc == 0; v = v->next) {
        const struct option *row = find_row(r->set, v->name);

        if (!row && v->kind == VALUE_MAP && !r->set->section)
            continue; /* a section of another command */
        rc = row ? apply_yaml(r, row, v, err)
                 : err_set(err, E_PARSE, "%s:%d: '%.*s': expected an option of 'mocktrail %s'",
                           r->file, yaml_line(v), STR_ARG(v->name), r->set->command);
    }
    return rc;
}

/* MOCKTRAIL_SOME_NAME of some-name, MOCKTRAIL_SECTION_SOME_NAME of a command that has a section. */
static struct str environment_name(struct arena *a, const struct option_set *set, const char *name)
{
    struct str out = arena_printf(a, "MOCKTRAIL_%s%s%s", set->section ? set->section : "",
                                  set->section ? "-" : "", name);
    char *p = arena_alloc(a, out.len + 1);

    for (size_t i = 0; i < out.len; i++)
        p[i] = out.ptr[i] == '-' ? '_' : (char)toupper((unsigned char)out.ptr[i]);
    return (struct str){ p, out.len };
}

static int read_environment(struct reading *r, struct err *err)
{
    int rc = 0;

    for (size_t i = 0; i < r->set->count && rc == 0; i++) {
        struct str name = environment_name(r->arena, r->set, r->set->rows[i].name);
        const char *text = getenv(name.ptr);

        if (text && *text)
            rc = apply(r, &r->set->rows[i], FROM_ENVIRONMENT, str_c(text), name.ptr, err);
    }
    return rc;
}

/* One argument (and the next one, when it is its value). *at moves to the last one used. */
static int read_argument(struct reading *r, int argc, const char *const *argv, int *at,
                         struct err *err)
{
    struct str name, value;
    bool has_value = str_cut(str_c(argv[*at] + 2), '=', &name, &value);
    const struct option *row = find_row(r->set, name);
    struct str where = arena_printf(r->arena, "--%.*s", STR_ARG(name));

    if (!row)
        return err_set(err, E_PARSE, "unknown option %s ('mocktrail %s --help' lists them)",
                       where.ptr, r->set->command);
    if (!row->arg && !has_value)
        value = STR("true");
    else if (!has_value && *at + 1 >= argc)
        return err_set(err, E_PARSE, "%s: expected %s behind it", where.ptr, row->arg);
    else if (!has_value)
        value = str_c(argv[++*at]);
    return apply(r, row, FROM_ARGUMENT, value, where.ptr, err);
}

static int read_arguments(struct reading *r, int argc, const char *const *argv, int *operand_start,
                          struct err *err)
{
    int i = 0, rc = 0;

    for (; i < argc && rc == 0; i++) {
        if (strcmp(argv[i], "--") == 0) {
            i++;
            break;
        }
        if (strncmp(argv[i], "--", 2) != 0 && r->set->operands)
            break;
        if (strncmp(argv[i], "--", 2) != 0)
            return err_set(err, E_PARSE, "'%s': expected an option, such as --%s", argv[i],
                           r->set->rows[0].name);
        rc = read_argument(r, argc, argv, &i, err);
    }
    if (rc == 0)
        *operand_start = i;
    return rc;
}

/* What must be known before all else: help, version, and which file to read. */
static int look_ahead(struct reading *r, int argc, const char *const *argv)
{
    const char *environment = getenv("MOCKTRAIL_CONFIG");

    if (environment && *environment)
        r->file = environment;
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return OPTIONS_HELP;
        if (strcmp(argv[i], "--version") == 0)
            return OPTIONS_VERSION;
        if (strcmp(argv[i], "--config") == 0 && i + 1 < argc)
            r->file = argv[i + 1];
        if (strncmp(argv[i], "--config=", 9) == 0)
            r->file = argv[i] + 9;
    }
    return OPTIONS_GO;
}

int options_read(struct arena *a, const struct option_set *set, int argc, const char *const *argv,
                 void *out, int *operand_start, struct err *err)
{
    struct reading r = { .arena = a, .set = set, .out = out };
    int rc = look_ahead(&r, argc, argv);

    if (rc != OPTIONS_GO)
        return rc;
    r.seen = arena_array(a, set->count, sizeof *r.seen);
    rc = read_defaults(&r, err);
    if (rc == 0)
        rc = read_file(&r, err);
    if (rc == 0)
        rc = read_environment(&r, err);
    if (rc == 0)
        rc = read_arguments(&r, argc, argv, operand_start, err);
    return rc;
}

/* text, wrapped to 80 columns behind an indent; returns the column it ends in. */
static int put_wrapped(FILE *to, const char *text, int indent, int column)
{
    struct str rest = str_c(text), word;

    while (rest.len > 0) {
        (void)str_cut(rest, ' ', &word, &rest); /* the last word has none behind it */
        if (column > indent && column + 1 + (int)word.len > 79) {
            (void)fprintf(to, "\n%*s", indent, "");
            column = indent;
        }
        (void)fprintf(to, "%s%.*s", column > indent ? " " : "", STR_ARG(word));
        column += (int)word.len + (column > indent);
    }
    return column;
}

static void put_row(FILE *to, const struct option *row)
{
    enum { INDENT = 29 };
    int n = fprintf(to, "  --%s%s%s", row->name, row->arg ? " " : "", row->arg ? row->arg : "");

    if (n < INDENT - 1)
        (void)fprintf(to, "%*s", INDENT - n, "");
    else
        (void)fprintf(to, "\n%*s", INDENT, "");
    n = put_wrapped(to, row->help, INDENT, INDENT);
    if (row->fallback && *row->fallback) {
        if (n + (int)strlen(" (default )") + (int)strlen(row->fallback) > 79)
            (void)fprintf(to, "\n%*s", INDENT - 1, "");
        (void)fprintf(to, " (default %s)", row->fallback);
    }
    (void)fputc('\n', to);
}

void options_help(const struct option_set *set, FILE *to)
{
    struct arena a = { 0 };

    (void)fprintf(to, "usage: mocktrail %s [options]%s%s\n\n%s\n\n", set->command,
                  set->operands ? " " : "", set->operands ? set->operands : "", set->about);
    for (size_t i = 0; i < set->count; i++)
        put_row(to, &set->rows[i]);
    (void)fprintf(to,
                  "  --help                     this text\n"
                  "  --version                  the version\n\n"
                  "Every option also comes from the environment (--some-name as\n"
                  "%s) or from mocktrail.yaml (%s%s%ssome-name: value).\n",
                  environment_name(&a, set, "some-name").ptr, set->section ? "below " : "",
                  set->section ? set->section : "", set->section ? ": " : "");
    arena_free(&a);
}

void options_markdown(const struct option_set *set, FILE *to)
{
    (void)fprintf(to, "| option | default | meaning |\n|---|---|---|\n");
    for (size_t i = 0; i < set->count; i++) {
        const struct option *row = &set->rows[i];
        bool has_default = row->fallback && *row->fallback;

        (void)fprintf(to, "| `--%s%s", row->name, row->arg ? " " : "");
        for (const char *p = row->arg ? row->arg : ""; *p; p++)
            (void)fprintf(to, "%s%c", *p == '|' ? "\\" : "", *p);
        (void)fprintf(to, "` | %s%s%s | %s |\n", has_default ? "`" : "",
                      has_default ? row->fallback : "", has_default ? "`" : "", row->help);
    }
}

/* Does an argument take the next one as its value? */
static bool takes_next(const struct option_set *set, const char *arg)
{
    const struct option *row = strchr(arg, '=') ? NULL : find_row(set, str_c(arg + 2));

    return (row && row->parse) || strcmp(arg, "--config") == 0;
}

const char *const *options_first(struct arena *a, const struct option_set *set, int argc,
                                 const char *const *argv)
{
    const char **out = arena_array(a, (size_t)argc + 3, sizeof *out);
    const char **rest = arena_array(a, (size_t)argc + 1, sizeof *rest);
    int n = 0, rest_count = 0, i = 0;

    for (; i < argc && strcmp(argv[i], "--") != 0; i++) {
        bool is_option = strncmp(argv[i], "--", 2) == 0 || strcmp(argv[i], "-h") == 0;

        if (!is_option) {
            rest[rest_count++] = argv[i];
            continue;
        }
        out[n++] = argv[i];
        if (!takes_next(set, argv[i]))
            continue;
        if (i + 1 == argc)
            return out; /* "--" behind it would be its value: options_read says what is missing */
        out[n++] = argv[++i];
    }
    for (i++; i < argc; i++)
        rest[rest_count++] = argv[i];
    out[n++] = "--";
    memcpy(&out[n], rest, (size_t)rest_count * sizeof *rest);
    return out;
}
