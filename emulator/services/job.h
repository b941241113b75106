/* emulator/services/job - a call in the hands of its handler: what services that keep documents
 * need at each step, said in one word.
 *
 * Use:     HANDLER(lambda, GetAlias) { struct value *alias = job_get(j, "Alias", id); ... }
 *          Lookups answer NULL for "not there" and for a failure alike: return j->rc, which is 0 in
 *          the first case and the failure in the second. Refusing returns j->rc too.
 * Memory:  everything lives in the call's arena.
 */
#pragma once

#include "emulator/services/services.h"
#include "emulator/services/tags.h"

struct job {
    struct ctx *cx;
    const struct call *call;
    struct outcome *out;
    struct err *err;
    struct arena *a;
    const char *service;        /* whose documents, and in which account and region: */
    struct str account, region; /* the call's own until the handler says otherwise */
    int rc;                     /* 0, or the failure that stands */
};

/* Define service_Operation, listed in services.def; the body works on j. */
#define HANDLER(service, operation)                                                                \
    static int do_##service##_##operation(struct job *j);                                          \
    int service##_##operation(struct ctx *cx, const struct call *call, struct outcome *out,        \
                              struct err *err)                                                     \
    {                                                                                              \
        struct job j = job_of(cx, call, out, err, #service);                                       \
        return do_##service##_##operation(&j);                                                     \
    }                                                                                              \
    static int do_##service##_##operation(struct job *j)

struct job job_of(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err,
                  const char *service);

/* outcome_refuse with the model's status; returns j->rc, so a handler ends with it. */
int job_refuse(struct job *j, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static inline bool job_stopped(const struct job *j)
{
    return j->rc < 0 || outcome_refused(j->out);
}
/* Set a member of the answer. */
void job_answer(struct job *j, const char *member, struct value *v);

/* Parameters; text and has are param_str and param_has. */
struct str job_text(const struct job *j, const char *name);
bool job_has(const struct job *j, const char *name);
/* Copy those of the named members (NULL ends) that are there from one map to another. */
void job_copy(struct job *j, struct value *to, const struct value *from,
              const char *const *members);
/* A tree from JSON under fixtures/: "lambda/function.json". A bug when it is not there. */
struct value *job_template(struct job *j, const char *name);

/* Documents of the job's service, account and region. */
struct doc_key job_key(const struct job *j, const char *type, struct str id);
struct value *job_get(struct job *j, const char *type, struct str id);
int job_put(struct job *j, const char *type, struct str id, const struct value *doc);
int job_drop(struct job *j, const char *type, struct str id); /* absent is no error */
/* All whose id begins with prefix, in order of id; none after a failure. */
size_t job_list(struct job *j, const char *type, struct str prefix, struct doc **out);

/* Lists inside documents. */
void job_push(struct job *j, struct value *doc, const char *member, struct value *item);
bool list_has(const struct value *list, struct str text);
/* The item of a list of maps whose member is text, or NULL. */
struct value *list_find(const struct value *list, const char *member, struct str text);
/* The list without it. */
struct value *list_without(struct arena *a, const struct value *list, const char *member,
                           struct str text);
/* One page of a list operation: how the service says it. */
struct paging {
    const char *limit, *token, *next; /* members: MaxItems, Marker, NextMarker */
    int64_t least, most, fallback;
    const char *code; /* of the refusal of a bad limit or token */
};
struct job_item {
    struct str key; /* ascending */
    struct value *value;
};
int job_page(struct job *j, const struct paging *how, const char *member,
             const struct job_item *items, size_t count);
/* The same for whole documents, those that keep says yes to (NULL: all). */
typedef bool job_keep(const struct job *j, const struct doc *doc);
int job_page_docs(struct job *j, const struct paging *how, const char *member, const char *type,
                  struct str prefix, job_keep *keep);

struct str job_uuid(struct job *j);
