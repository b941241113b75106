/* Tags of log groups and destinations, by the old operations and the new. */
#include "core/aws/arn.h"
#include "emulator/services/logs/state.h"

enum { TAGS_MOST = 50 }; /* Source: CloudWatch Logs API Reference, "TagResource" */

struct tagged {
    const char *type;
    struct str id;
    struct value *doc; /* NULL: refused */
};

static int tagged_group(struct job *j, struct tagged *t)
{
    struct logs_group g;

    *t = (struct tagged){ 0 };
    if (logs_group_find(j, &g) == 0 && g.doc)
        *t = (struct tagged){ "LogGroup", g.name, g.doc };
    return j->rc;
}

/* arn:PARTITION:logs:REGION:ACCOUNT:log-group:NAME or ...:destination:NAME */
static int tagged_resource(struct job *j, struct tagged *t)
{
    struct str text = job_text(j, "resourceArn"), kind, name;
    struct arn arn;

    *t = (struct tagged){ 0 };
    if (arn_parse(text, &arn, NULL) < 0 || !str_eq_c(arn.service, "logs") ||
        !str_cut(arn.resource, ':', &kind, &name) ||
        !(str_eq_c(kind, "log-group") || str_eq_c(kind, "destination")))
        return logs_invalid(j, "Invalid resource ARN: %.*s", STR_ARG(text));
    if (str_has_suffix(name, STR(":*")))
        name.len -= 2;
    t->type = str_eq_c(kind, "log-group") ? "LogGroup" : "Destination";
    t->id = name;
    if (str_eq(arn.account, j->account) && str_eq(arn.region, j->region))
        t->doc = job_get(j, t->type, name);
    if (!t->doc && j->rc == 0)
        return job_refuse(j, "ResourceNotFoundException", "The specified resource does not exist.");
    return j->rc;
}

bool logs_tags_ok(struct job *j)
{
    if (tags_reserved(param(j->call, "tags")))
        (void)logs_invalid(j, TAGS_RESERVED); /* the outcome is refused */
    return !job_stopped(j);
}

static int put_tags(struct job *j, struct tagged *t)
{
    struct value *tags = value_get_c(t->doc, "Tags");

    if (!t->doc || !logs_tags_ok(j))
        return j->rc;
    if (!tags) {
        tags = value_map(j->a);
        value_set(t->doc, STR("Tags"), tags);
    }
    for (const struct value *k = value_first(param(j->call, "tags")); k; k = k->next)
        value_set(tags, k->name, value_copy(j->a, k));
    if (tags->count > TAGS_MOST)
        return job_refuse(j, "TooManyTagsException", "A resource can have at most %d tags.",
                          TAGS_MOST);
    return job_put(j, t->type, t->id, t->doc);
}

static int drop_tags(struct job *j, struct tagged *t, const char *member)
{
    struct value *tags = value_get_c(t->doc, "Tags");

    if (!t->doc)
        return j->rc;
    for (const struct value *k = value_first(param(j->call, member)); k; k = k->next)
        if (k->kind == VALUE_STRING)
            (void)value_remove(tags, k->u.text); /* absent is no error */
    return job_put(j, t->type, t->id, t->doc);
}

static int show_tags(struct job *j, const struct tagged *t)
{
    struct value *tags = value_get_c(t->doc, "Tags");

    if (t->doc)
        job_answer(j, "tags", tags ? value_copy(j->a, tags) : value_map(j->a));
    return j->rc;
}

HANDLER(logs, TagLogGroup)
{
    struct tagged t;

    return tagged_group(j, &t) < 0 ? j->rc : put_tags(j, &t);
}

HANDLER(logs, UntagLogGroup)
{
    struct tagged t;

    return tagged_group(j, &t) < 0 ? j->rc : drop_tags(j, &t, "tags");
}

HANDLER(logs, ListTagsLogGroup)
{
    struct tagged t;

    return tagged_group(j, &t) < 0 ? j->rc : show_tags(j, &t);
}

HANDLER(logs, TagResource)
{
    struct tagged t;

    return tagged_resource(j, &t) < 0 ? j->rc : put_tags(j, &t);
}

HANDLER(logs, UntagResource)
{
    struct tagged t;

    return tagged_resource(j, &t) < 0 ? j->rc : drop_tags(j, &t, "tagKeys");
}

HANDLER(logs, ListTagsForResource)
{
    struct tagged t;

    return tagged_resource(j, &t) < 0 ? j->rc : show_tags(j, &t);
}
