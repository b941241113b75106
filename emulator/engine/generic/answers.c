/* Answers that are true though nothing was stored: lists of what nothing here can make, limits and
 * switches of an account that nobody changed. Rows: fixtures/lifecycle/answers.tsv. */
#include "core/base/embed.h"
#include "core/codec/json.h"
#include "emulator/engine/generic/work.h"

struct row {
    struct str service, operation;
    struct str when; /* always; unused: while the service has nothing; default: never written */
    struct str answer;
};

struct str answers_rows(void)
{
    return embed_find(STR("lifecycle/answers.tsv"));
}

static bool next_row(struct str *rows, struct row *row)
{
    struct str line;

    while (rows->len > 0) {
        (void)str_cut(*rows, '\n', &line, rows);
        if (line.len == 0 || line.ptr[0] == '#')
            continue;
        (void)str_cut(line, '\t', &row->service, &line);
        (void)str_cut(line, '\t', &row->operation, &line);
        (void)str_cut(line, '\t', &row->when, &line);
        (void)str_cut(line, '\t', &row->answer, &line);
        return true;
    }
    return false;
}

bool answers_next(struct str *rows, struct str *service, struct str *operation)
{
    struct row row;

    if (!next_row(rows, &row))
        return false;
    *service = row.service;
    *operation = row.operation;
    return true;
}

static bool find_row(const struct work *w, struct row *row)
{
    struct str rows = answers_rows();

    while (next_row(&rows, row))
        if (str_eq(row->service, w->call->service_name) &&
            str_eq(row->operation, cat_str(w->cat, w->call->op->key)))
            return true;
    return false;
}

/* Lists that are empty; what is required besides, at its least. */
static struct value *empty_answer(struct work *w)
{
    const struct cat_shape *out = cat_op_output(w->cat, w->call->op);
    struct value *answer = value_map(w->a);

    for (uint32_t i = 0; out && i < out->member_count; i++) {
        const struct cat_member *m = cat_shape_member(w->cat, out, i);
        const struct cat_shape *shape = cat_member_shape(w->cat, m);

        if (shape->type == CAT_LIST || shape->type == CAT_MAP || m->flags & CAT_M_REQUIRED)
            value_append(answer, cat_str(w->cat, m->name), project_neutral(w, shape, 1));
    }
    return answer;
}

static struct value *answer_of(struct work *w, struct str text)
{
    const struct cat_shape *out = cat_op_output(w->cat, w->call->op);
    struct value *v = NULL;

    if (str_eq_c(text, "-"))
        return empty_answer(w);
    if (!out || json_parse(w->a, text, &v, NULL) < 0)
        return NULL;
    return project_fit(w, template_fill(w, NULL, v), out);
}

struct value *answers_default(struct work *w)
{
    struct row row;

    return find_row(w, &row) ? answer_of(w, row.answer) : NULL;
}

/* Has anything of the service been made here? */
static int is_unused(struct work *w, bool *unused, struct err *err)
{
    struct doc *docs;
    size_t count = 0;
    int rc = store_doc_list(w->cx->e->store, w->a, resource_key(w, STR(""), STR("")), STR(""), 0,
                            &docs, &count, err);

    *unused = true;
    for (size_t i = 0; rc == 0 && i < count; i++)
        if (str_eq(docs[i].key.region, w->region))
            *unused = false;
    return rc;
}

int answers_perform(struct work *w, struct err *err)
{
    struct row row;
    bool holds = true;
    int rc = 0;

    if (!find_row(w, &row))
        return refuse(w, "");
    if (str_eq_c(row.when, "unused"))
        rc = is_unused(w, &holds, err);
    if (rc < 0)
        return rc;
    if (!holds)
        return refuse(w, "what it tells of the things there is not kept");
    w->out->output = answer_of(w, row.answer);
    return 0;
}
