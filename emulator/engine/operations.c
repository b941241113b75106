#include "emulator/engine/operations.h"

#include <stdio.h>

#include "core/base/fs.h"
#include "core/base/version.h"
#include "core/cli/options.h"
#include "core/codec/json.h"
#include "emulator/catalogue/lifecycle.h"
#include "emulator/engine/generic/generic.h"
#include "emulator/engine/private.h"

struct asked {
    struct str service, json;
    bool summary;
    struct cat *cat;
    struct services services;
};

static const struct option rows[] = {
    { "service", "NAME", NULL, "of this service alone, in botocore's name", option_text,
      offsetof(struct asked, service) },
    { "json", "FILE", NULL, "write them as JSON, with the types and their keys", option_text,
      offsetof(struct asked, json) },
    { "summary", NULL, NULL, "count them by service, as a Markdown table", NULL,
      offsetof(struct asked, summary) },
};
static const struct option_set options = {
    "operations", "what is performed: by a handler of its own, generically, or not at all",
    rows,         COUNT(rows),
    NULL,         NULL
};

enum manner { MANNER_OWN, MANNER_GENERIC, MANNER_REFUSED, MANNERS };
static const char *const manner_names[] = { "own", "generic", "refused" };

static enum manner manner_of(const struct asked *q, const struct cat_op *op)
{
    service_fn *run = q->services.handlers[cat_op_index(q->cat, op)].run;

    if (!run)
        return MANNER_REFUSED;
    return run == generic_perform ? MANNER_GENERIC : MANNER_OWN;
}

static bool is_asked(const struct asked *q, const struct cat_service *s)
{
    return q->service.len == 0 || str_eq(q->service, cat_str(q->cat, s->name));
}

/* ---- lines ---- */

static void print_op(const struct asked *q, const struct cat_service *s, const struct cat_op *op)
{
    const struct life_op *life = life_op_find(q->cat, op);
    const struct life_type *type = life ? life_type_of(q->cat, life) : NULL;
    struct str type_name = type ? life_str(q->cat, type->name) : STR("");

    (void)printf("%.*s\t%.*s\t%s\t%s\t%.*s\n", STR_ARG(cat_str(q->cat, s->name)),
                 STR_ARG(cat_str(q->cat, op->key)), manner_names[manner_of(q, op)],
                 life ? life_role_name((enum life_role)life->role) : "none", STR_ARG(type_name));
}

static void print_lines(const struct asked *q)
{
    for (uint32_t i = 0; i < cat_service_count(q->cat); i++) {
        const struct cat_service *s = cat_service_at(q->cat, i);

        for (uint32_t j = 0; is_asked(q, s) && j < s->op_count; j++)
            print_op(q, s, cat_op_at(q->cat, s->first_op + j));
    }
}

/* ---- a count by service ---- */

static void print_summary(const struct asked *q)
{
    uint32_t total[MANNERS] = { 0 };

    (void)printf("| service | own | generic | refused |\n|---|--:|--:|--:|\n");
    for (uint32_t i = 0; i < cat_service_count(q->cat); i++) {
        const struct cat_service *s = cat_service_at(q->cat, i);
        uint32_t count[MANNERS] = { 0 };

        for (uint32_t j = 0; is_asked(q, s) && j < s->op_count; j++) {
            enum manner m = manner_of(q, cat_op_at(q->cat, s->first_op + j));

            count[m]++;
            total[m]++;
        }
        if (is_asked(q, s))
            (void)printf("| %.*s | %u | %u | %u |\n", STR_ARG(cat_str(q->cat, s->name)),
                         count[MANNER_OWN], count[MANNER_GENERIC], count[MANNER_REFUSED]);
    }
    (void)printf("| **all** | **%u** | **%u** | **%u** |\n", total[MANNER_OWN],
                 total[MANNER_GENERIC], total[MANNER_REFUSED]);
}

/* ---- JSON ---- */

static const char *const source_names[] = {
    [LIFE_FROM_OUTPUT] = "output",
    [LIFE_FROM_INPUT] = "input",
    [LIFE_OWN] = "own",
    [LIFE_UNKNOWN] = "unknown",
};

static struct value *json_op(struct arena *a, const struct asked *q, const struct cat_op *op)
{
    const struct life_op *life = life_op_find(q->cat, op);
    const struct life_type *type = life ? life_type_of(q->cat, life) : NULL;
    struct value *v = value_map(a), *bound = value_map(a);

    value_put_str(a, v, "operation", cat_str(q->cat, op->key));
    value_put_c(a, v, "performed", manner_names[manner_of(q, op)]);
    value_put_c(a, v, "role", life_role_name(life ? (enum life_role)life->role : LIFE_NONE));
    if (type)
        value_put_str(a, v, "type", life_str(q->cat, type->name));
    if (life && life->text)
        value_put_str(a, v, "text", life_str(q->cat, (uint32_t)life->text));
    for (uint32_t i = 0; life && i < life->binding_count; i++) {
        const struct life_binding *b = life_binding_at(q->cat, life, i);
        struct str key = type ? life_str(q->cat, life_key_at(q->cat, type, b->key)->name)
                              : (i ? STR("tags") : STR("resource"));

        value_set(bound, key, value_str(a, life_str(q->cat, b->path)));
    }
    value_set(v, STR("keys"), bound);
    return v;
}

static struct value *json_type(struct arena *a, const struct asked *q, const struct life_type *t)
{
    struct value *v = value_map(a), *keys = value_list(a);

    value_put_str(a, v, "service", cat_str(q->cat, cat_service_at(q->cat, t->service)->name));
    value_put_str(a, v, "type", life_str(q->cat, t->name));
    value_put_str(a, v, "ready", life_str(q->cat, t->ready));
    value_put_str(a, v, "arn", life_str(q->cat, t->arn));
    if (t->create != UINT32_MAX)
        value_put_str(a, v, "create", cat_str(q->cat, cat_op_at(q->cat, t->create)->key));
    for (uint32_t i = 0; i < t->key_count; i++) {
        const struct life_key *k = life_key_at(q->cat, t, i);
        struct value *key = value_map(a);

        value_put_str(a, key, "name", life_str(q->cat, k->name));
        value_put_c(a, key, "from", source_names[k->source]);
        value_put_str(a, key, "path", life_str(q->cat, k->path));
        value_push(keys, key);
    }
    value_set(v, STR("keys"), keys);
    return v;
}

static int write_json(const struct asked *q, struct err *err)
{
    struct arena a = { 0 };
    struct buf text = { 0 };
    struct value *root = value_map(&a), *services = value_map(&a), *types = value_list(&a);

    for (uint32_t i = 0; i < cat_service_count(q->cat); i++) {
        const struct cat_service *s = cat_service_at(q->cat, i);
        struct value *ops = value_list(&a);

        for (uint32_t j = 0; is_asked(q, s) && j < s->op_count; j++)
            value_push(ops, json_op(&a, q, cat_op_at(q->cat, s->first_op + j)));
        if (is_asked(q, s))
            value_set(services, cat_str(q->cat, s->name), ops);
    }
    for (uint32_t i = 0; i < life_type_count(q->cat); i++)
        if (is_asked(q, cat_service_at(q->cat, life_type_at(q->cat, i)->service)))
            value_push(types, json_type(&a, q, life_type_at(q->cat, i)));
    value_set(root, STR("services"), services);
    value_set(root, STR("types"), types);
    json_write(&text, root);
    int rc = fs_replace_fast(arena_copy(&a, q->json).ptr, buf_view(&text), err);

    buf_free(&text);
    arena_free(&a);
    return rc;
}

static int answer(struct asked *q, struct err *err)
{
    int rc = cat_open(&q->cat, NULL, err);

    if (rc < 0)
        return rc;
    if (q->service.len > 0 && !cat_service_find(q->cat, q->service)) {
        rc = err_set(err, E_MISSING, "no service \"%.*s\" in the catalogue", STR_ARG(q->service));
        goto out;
    }
    handlers_open(&q->services, q->cat);
    if (q->json.len > 0)
        rc = write_json(q, err);
    else if (q->summary)
        print_summary(q);
    else
        print_lines(q);
    handlers_close(&q->services);
out:
    cat_close(q->cat);
    return rc;
}

int operations_main(int argc, char **argv)
{
    struct asked q = { 0 };
    struct arena a = { 0 };
    struct err err = { 0 };
    int operand_start;
    int rc = options_read(&a, &options, argc, (const char *const *)argv, &q, &operand_start, &err);

    if (rc == OPTIONS_HELP)
        options_help(&options, stdout);
    if (rc == OPTIONS_VERSION)
        (void)printf("mocktrail %s\n", MOCKTRAIL_VERSION);
    if (rc == OPTIONS_GO)
        rc = answer(&q, &err);
    if (rc < 0)
        (void)fprintf(stderr, "mocktrail operations: %s\n", err.text);
    arena_free(&a);
    return rc < 0 ? 2 : 0;
}
