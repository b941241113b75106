/* ListSecrets, ListSecretVersionIds: filters, order, pages. */
#include "emulator/services/secretsmanager/secretsmanager.h"

#include <stdlib.h>

enum { LIST_DEFAULT = 100 };

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool contains_nocase(struct str text, struct str word)
{
    for (size_t i = 0; i + word.len <= text.len; i++) {
        size_t n = 0;
        while (n < word.len && lower(text.ptr[i + n]) == lower(word.ptr[n]))
            n++;
        if (n == word.len)
            return true;
    }
    return word.len == 0;
}

/* Each word of a filter is looked for. Source: Secrets Manager API Reference, "Filter", all. */
static bool has_words(struct str text, struct str words)
{
    struct str word;

    while (words.len > 0) {
        (void)str_cut(words, ' ', &word, &words); /* no blank: the last word */
        if (word.len > 0 && contains_nocase(text, word))
            return true;
    }
    return false;
}

static bool tag_begins(const struct value *doc, const char *member, struct str prefix)
{
    for (const struct value *t = value_first(value_get_c(doc, "Tags")); t; t = t->next)
        if (str_has_prefix(value_get_str(t, member), prefix))
            return true;
    return false;
}

static bool by_name(const struct value *doc, struct str want)
{
    return str_has_prefix(value_get_str(doc, "Name"), want);
}

static bool by_description(const struct value *doc, struct str want)
{
    return has_words(value_get_str(doc, "Description"), want);
}

static bool by_tag_key(const struct value *doc, struct str want)
{
    return tag_begins(doc, "Key", want);
}

static bool by_tag_value(const struct value *doc, struct str want)
{
    return tag_begins(doc, "Value", want);
}

static bool by_all(const struct value *doc, struct str want)
{
    bool hit = has_words(value_get_str(doc, "Name"), want) || by_description(doc, want);

    for (const struct value *t = value_first(value_get_c(doc, "Tags")); t && !hit; t = t->next)
        hit =
            has_words(value_get_str(t, "Key"), want) || has_words(value_get_str(t, "Value"), want);
    return hit;
}

/* No secret here is replicated or owned by a service. */
static bool by_nothing(const struct value *doc, struct str want)
{
    (void)doc, (void)want;
    return false;
}

/* Source: Secrets Manager API Reference, "Filter", Key. */
static const struct filter {
    const char *key;
    bool (*hits)(const struct value *doc, struct str want);
} filters[] = {
    { "name", by_name },
    { "description", by_description },
    { "tag-key", by_tag_key },
    { "tag-value", by_tag_value },
    { "all", by_all },
    { "primary-region", by_nothing },
    { "owning-service", by_nothing },
};

static const struct filter *filter_find(struct str key)
{
    for (size_t i = 0; i < COUNT(filters); i++)
        if (str_eq_c(key, filters[i].key))
            return &filters[i];
    return NULL;
}

/* Any value of each filter; a value behind '!' must not hit. */
static bool passes(const struct value *doc, const struct value *asked)
{
    for (const struct value *f = value_first(asked); f; f = f->next) {
        const struct filter *filter = filter_find(value_get_str(f, "Key"));
        bool hit = false;
        for (const struct value *v = value_first(value_get_c(f, "Values")); v && !hit; v = v->next)
            hit = str_has_prefix(v->u.text, STR("!"))
                      ? !filter->hits(doc, str_sub(v->u.text, 1, v->u.text.len))
                      : filter->hits(doc, v->u.text);
        if (!hit)
            return false;
    }
    return true;
}

static int by_time(const void *a, const void *b, const char *member)
{
    const struct doc *l = a, *r = b;
    int64_t lt = value_get_time(l->value, member, 0), rt = value_get_time(r->value, member, 0);

    return lt != rt ? (lt > rt) - (lt < rt) : str_cmp(l->key.id, r->key.id);
}

static int by_created(const void *a, const void *b)
{
    return by_time(a, b, "CreatedDate");
}

static int by_changed(const void *a, const void *b)
{
    return by_time(a, b, "LastChangedDate");
}

static int by_accessed(const void *a, const void *b)
{
    return by_time(a, b, "LastAccessedDate");
}

static const struct {
    const char *word;
    int (*compare)(const void *a, const void *b);
} orders[] = {
    { "created-date", by_created },
    { "last-changed-date", by_changed },
    { "last-accessed-date", by_accessed },
};

static void sort(const struct call *call, struct doc *docs, size_t count)
{
    struct str by = param_has(call, "SortBy") ? param_str(call, "SortBy") : STR("created-date");

    for (size_t i = 0; i < COUNT(orders); i++)
        if (str_eq_c(by, orders[i].word)) /* by name they come from the store */
            qsort(docs, count, sizeof *docs, orders[i].compare);
    if (!str_eq_c(param_str(call, "SortOrder"), "desc"))
        return;
    for (size_t i = 0; i < count / 2; i++) {
        struct doc swap = docs[i];
        docs[i] = docs[count - 1 - i];
        docs[count - 1 - i] = swap;
    }
}

int sm_matching(struct ctx *cx, const struct call *call, struct outcome *out, struct doc **docs,
                size_t *count, struct err *err)
{
    const struct value *asked = param(call, "Filters");
    bool planned = param_bool(call, "IncludePlannedDeletion", false);
    size_t kept = 0;

    *docs = NULL;
    *count = 0;
    for (const struct value *f = value_first(asked); f; f = f->next)
        if (!filter_find(value_get_str(f, "Key"))) {
            outcome_refuse(cx->a, out, 400, "ValidationException", "Invalid filter key: %.*s",
                           STR_ARG(value_get_str(f, "Key")));
            return 0;
        }
    int rc = sm_sweep(cx, call, err);
    if (rc == 0)
        rc = store_doc_list(cx->e->store, cx->a,
                            service_key_regional(call, "secretsmanager", "Secret", STR("")),
                            STR(""), 0, docs, count, err);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < *count; i++)
        if ((planned || !value_get_c((*docs)[i].value, "DeletedDate")) &&
            passes((*docs)[i].value, asked))
            (*docs)[kept++] = (*docs)[i];
    *count = kept;
    sort(call, *docs, kept);
    return 0;
}

static bool page_begins(struct ctx *cx, const struct call *call, struct outcome *out,
                        struct str *after)
{
    bool ok = page_after(cx, call, param_str(call, "NextToken"), after);

    if (!ok)
        outcome_refuse(cx->a, out, 0, "InvalidNextTokenException", "The NextToken is invalid.");
    return ok;
}

int secretsmanager_ListSecrets(struct ctx *cx, const struct call *call, struct outcome *out,
                               struct err *err)
{
    int64_t most = param_int(call, "MaxResults", LIST_DEFAULT);
    struct value *list = value_list(cx->a);
    struct doc *docs = NULL;
    struct str after = { 0 };
    size_t count = 0, i = 0;

    if (!page_begins(cx, call, out, &after))
        return 0;
    int rc = sm_matching(cx, call, out, &docs, &count, err);
    if (rc < 0 || outcome_refused(out))
        return rc;
    while (after.len > 0 && i < count && !str_eq(docs[i++].key.id, after))
        ;
    for (; i < count && (int64_t)list->count < most; i++) {
        struct value *row = value_map(cx->a);
        sm_describe(cx, docs[i].value, "SecretVersionsToStages", row);
        value_push(list, row);
    }
    value_set(outcome_output(cx, out), STR("SecretList"), list);
    if (i < count)
        value_put_str(cx->a, out->output, "NextToken", page_token(cx, call, docs[i - 1].key.id));
    return 0;
}

static struct value *version_row(struct ctx *cx, const struct sm_secret *s, const struct value *v)
{
    static const char *const members[] = { "VersionId", "VersionStages", "LastAccessedDate",
                                           "CreatedDate" };
    struct value *row = value_map(cx->a), *keys = value_list(cx->a);
    struct str key = value_get_str(s->doc, "KmsKeyId");

    for (size_t i = 0; i < COUNT(members); i++)
        if (value_get_c(v, members[i]))
            value_set(row, str_c(members[i]), value_copy(cx->a, value_get_c(v, members[i])));
    value_push(keys, value_str(cx->a, key.len ? key : STR("DefaultEncryptionKey")));
    value_set(row, STR("KmsKeyIds"), keys);
    return row;
}

int secretsmanager_ListSecretVersionIds(struct ctx *cx, const struct call *call,
                                        struct outcome *out, struct err *err)
{
    int64_t most = param_int(call, "MaxResults", LIST_DEFAULT);
    bool all = param_bool(call, "IncludeDeprecated", false);
    struct value *list = value_list(cx->a);
    struct str after, last = { 0 };
    struct sm_secret s;
    int rc = sm_find(cx, call, out, SM_ALSO_DELETED, &s, err);

    if (rc < 0 || !s.doc || !page_begins(cx, call, out, &after))
        return rc;
    const struct value *v = value_first(value_get_c(s.doc, "Versions"));
    while (after.len > 0 && v && !str_eq(value_get_str(v, "VersionId"), after))
        v = v->next;
    if (after.len > 0 && v)
        v = v->next;
    for (; v && (int64_t)list->count < most; v = v->next)
        if (all || value_get_c(v, "VersionStages")->count > 0) {
            value_push(list, version_row(cx, &s, v));
            last = value_get_str(v, "VersionId");
        }
    struct value *o = sm_answer(cx, out, &s);
    value_set(o, STR("Versions"), list);
    if (v)
        value_put_str(cx->a, o, "NextToken", page_token(cx, call, last));
    return 0;
}
