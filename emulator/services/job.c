#include "emulator/services/job.h"

#include <assert.h>

#include "core/base/embed.h"
#include "core/codec/json.h"

struct job job_of(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err,
                  const char *service)
{
    return (struct job){ .cx = cx,
                         .call = call,
                         .out = out,
                         .err = err,
                         .a = cx->a,
                         .service = service,
                         .account = call->account,
                         .region = call->region };
}

int job_refuse(struct job *j, const char *code, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    struct str text = arena_vprintf(j->a, fmt, ap);
    va_end(ap);
    outcome_refuse(j->a, j->out, 0, code, "%.*s", STR_ARG(text));
    return j->rc;
}

void job_answer(struct job *j, const char *member, struct value *v)
{
    value_set(outcome_output(j->cx, j->out), str_c(member), v);
}

struct str job_text(const struct job *j, const char *name)
{
    return param_str(j->call, name);
}

bool job_has(const struct job *j, const char *name)
{
    return param_has(j->call, name);
}

void job_copy(struct job *j, struct value *to, const struct value *from, const char *const *members)
{
    for (; *members; members++) {
        const struct value *v = value_get_c(from, *members);

        if (v && v->kind != VALUE_NULL)
            value_set(to, str_c(*members), value_copy(j->a, v));
    }
}

struct value *job_template(struct job *j, const char *name)
{
    struct value *v = NULL;
    int rc = json_parse(j->a, embed_find(str_c(name)), &v, NULL);

    assert(rc == 0);
    return v;
}

/* ---- documents ---- */

struct doc_key job_key(const struct job *j, const char *type, struct str id)
{
    return (struct doc_key){ j->account, j->region, str_c(j->service), str_c(type), id };
}

struct value *job_get(struct job *j, const char *type, struct str id)
{
    struct value *doc = NULL;

    if (j->rc < 0 || id.len == 0)
        return NULL;
    int rc = store_doc_get(j->cx->e->store, j->a, job_key(j, type, id), &doc, j->err);
    if (rc == E_MISSING)
        return NULL;
    j->rc = rc;
    return rc < 0 ? NULL : doc;
}

int job_put(struct job *j, const char *type, struct str id, const struct value *doc)
{
    if (j->rc == 0)
        j->rc = store_doc_put(j->cx->e->store, job_key(j, type, id), doc, j->err);
    return j->rc;
}

int job_drop(struct job *j, const char *type, struct str id)
{
    if (j->rc == 0)
        j->rc = store_doc_delete(j->cx->e->store, job_key(j, type, id), j->err);
    if (j->rc == E_MISSING)
        j->rc = 0;
    return j->rc;
}

/* The store takes an empty region for "any": documents of a global service have no other. */
size_t job_list(struct job *j, const char *type, struct str prefix, struct doc **out)
{
    size_t count = 0;

    if (j->rc == 0)
        j->rc = store_doc_list(j->cx->e->store, j->a, job_key(j, type, prefix), STR(""), 0, out,
                               &count, j->err);
    return j->rc < 0 ? 0 : count;
}

/* ---- lists inside documents ---- */

void job_push(struct job *j, struct value *doc, const char *member, struct value *item)
{
    struct value *list = value_get_c(doc, member);

    if (!list) {
        list = value_list(j->a);
        value_set(doc, str_c(member), list);
    }
    value_push(list, item);
}

bool list_has(const struct value *list, struct str text)
{
    for (const struct value *k = value_first(list); k; k = k->next)
        if (k->kind == VALUE_STRING && str_eq(k->u.text, text))
            return true;
    return false;
}

struct value *list_find(const struct value *list, const char *member, struct str text)
{
    for (struct value *k = value_first(list); k; k = k->next)
        if (str_eq(value_get_str(k, member), text))
            return k;
    return NULL;
}

struct value *list_without(struct arena *a, const struct value *list, const char *member,
                           struct str text)
{
    struct value *rest = value_list(a);

    for (const struct value *k = value_first(list); k; k = k->next)
        if (!str_eq(value_get_str(k, member), text))
            value_push(rest, value_copy(a, k));
    return rest;
}

/* ---- pages ---- */

int job_page(struct job *j, const struct paging *how, const char *member,
             const struct job_item *items, size_t count)
{
    int64_t limit = param_int(j->call, how->limit, how->fallback);
    struct value *page = value_list(j->a);
    struct str after;
    size_t i = 0;

    if (job_stopped(j))
        return j->rc;
    if (limit < how->least || limit > how->most)
        return job_refuse(j, how->code, "Invalid value %lld for %s: must be between %lld and %lld",
                          (long long)limit, how->limit, (long long)how->least,
                          (long long)how->most);
    if (!page_after(j->cx, j->call, job_text(j, how->token), &after))
        return job_refuse(j, how->code, "Invalid value for %s.", how->token);
    while (after.len > 0 && i < count && str_cmp(items[i].key, after) <= 0)
        i++;
    for (; i < count && (int64_t)page->count < limit; i++)
        value_push(page, value_copy(j->a, items[i].value)); /* it may stand in a document */
    job_answer(j, member, page);
    if (i < count)
        value_put_str(j->a, j->out->output, how->next,
                      page_token(j->cx, j->call, items[i - 1].key));
    return 0;
}

int job_page_docs(struct job *j, const struct paging *how, const char *member, const char *type,
                  struct str prefix, job_keep *keep)
{
    struct doc *docs;
    size_t count = job_list(j, type, prefix, &docs), kept = 0;
    struct job_item *items = arena_array(j->a, count + 1, sizeof *items);

    for (size_t i = 0; i < count; i++)
        if (!keep || keep(j, &docs[i]))
            items[kept++] = (struct job_item){ docs[i].key.id, docs[i].value };
    return job_page(j, how, member, items, kept);
}

struct str job_uuid(struct job *j)
{
    char text[37];

    rng_uuid(&j->cx->rng, text);
    return arena_copy(j->a, str_c(text));
}
