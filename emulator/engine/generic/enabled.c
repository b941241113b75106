#include "core/base/embed.h"
#include "emulator/engine/generic/work.h"

/* A row of fixtures/lifecycle/enabled.tsv. */
enum { SERVICE, TYPE, MEMBER, CODE, MESSAGE, BUT, CELLS };

static bool find_row(const struct work *w, struct str *cells)
{
    struct str rest = embed_find(STR("lifecycle/enabled.tsv")), line;

    while (rest.len > 0) {
        (void)str_cut(rest, '\n', &line, &rest);
        for (size_t i = 0; i < CELLS; i++)
            (void)str_cut(line, '\t', &cells[i], &line);
        if (str_eq(cells[SERVICE], w->call->service_name))
            return true;
    }
    return false;
}

/* The create of it, or one of the names that may have stars. */
static bool does_without(const struct work *w, const struct str *cells)
{
    struct str rest = cells[BUT], name;

    if (w->life && w->life->role == LIFE_CREATE && w->type &&
        str_eq(life_str(w->cat, w->type->name), cells[TYPE]))
        return true;
    while (rest.len > 0) {
        (void)str_cut(rest, ' ', &name, &rest);
        if (str_match(name, w->call->action))
            return true;
    }
    return false;
}

static int is_there(struct work *w, const struct str *cells, struct err *err)
{
    struct str text = value_get_str(w->call->params, arena_copy(w->a, cells[MEMBER]).ptr);
    struct doc_key type = resource_key(w, arena_printf(w->a, "generic:%.*s", STR_ARG(cells[TYPE])),
                                       STR("")),
                   found;
    struct resource r;
    struct doc *docs;
    size_t count;

    if (cells[MEMBER].len > 0)
        return text.len > 0 ? resource_by_identity(w, text, &r, &found, err) : 0;
    int rc = store_doc_list(w->cx->e->store, w->a, type, STR(""), 1, &docs, &count, err);
    return rc == 0 && count == 0 ? E_MISSING : rc;
}

int enabled_check(struct work *w, struct err *err)
{
    struct str cells[CELLS];

    if (!find_row(w, cells) || does_without(w, cells))
        return 0;
    int rc = is_there(w, cells, err);
    if (rc != E_MISSING)
        return rc;
    const struct value *text = template_fill(w, NULL, value_str(w->a, cells[MESSAGE]));
    outcome_refuse(w->a, w->out, 0, arena_copy(w->a, cells[CODE]).ptr, "%.*s",
                   STR_ARG(text->u.text));
    return 0;
}
