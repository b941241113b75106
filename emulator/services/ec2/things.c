/* Documents by kind: loaded, moved on by the clock, completed. */
#include "emulator/services/ec2/ec2.h"

#define KIND(name, type, prefix, id, list, ids, tags, not_found, malformed, text, complete)        \
    { type, prefix, id, list, ids, tags, not_found, malformed, text, complete },
const struct ec2_kind ec2_kinds[EC2_KINDS] = {
#include "emulator/services/ec2/kinds.def"
};
#undef KIND

static struct doc_key key_of(const struct ec2 *j, enum ec2_kind_id kind, struct str id)
{
    return service_key_regional(j->call, "ec2", ec2_kinds[kind].type, id);
}

struct str ec2_id(const struct ec2_kind *k, const struct value *doc)
{
    return value_get_str(doc, k->id_member);
}

/* What was listed may lean on what changes now. */
static void forget(struct ec2 *j)
{
    for (size_t i = 0; i < EC2_KINDS; i++)
        j->docs[i].state = EC2_UNREAD;
}

/* Templates hold the place of members that may come: those that did not are taken out. */
static void drop_nulls(struct value *v)
{
    for (struct value *m = value_first(v), *next; m; m = next) {
        next = m->next;
        if (m->kind == VALUE_NULL && v->kind == VALUE_MAP)
            (void)value_remove(v, m->name);
        else
            drop_nulls(m);
    }
}

int ec2_save(struct ec2 *j, enum ec2_kind_id kind, struct value *doc)
{
    forget(j);
    drop_nulls(doc);
    return store_doc_put(j->cx->e->store, key_of(j, kind, ec2_id(&ec2_kinds[kind], doc)), doc,
                         j->err);
}

int ec2_drop(struct ec2 *j, enum ec2_kind_id kind, struct str id)
{
    forget(j);
    int rc = store_doc_delete(j->cx->e->store, key_of(j, kind, id), j->err);
    return rc == E_MISSING ? 0 : rc;
}

/* Bring a document to the present; *gone when the clock took it away, then it is deleted too. */
static int present(struct ec2 *j, enum ec2_kind_id kind, struct value *doc, bool *gone)
{
    *gone = !ec2_settle(j, kind, doc);
    if (*gone)
        return store_doc_delete(j->cx->e->store, key_of(j, kind, ec2_id(&ec2_kinds[kind], doc)),
                                j->err);
    return ec2_kinds[kind].complete ? ec2_kinds[kind].complete(j, doc) : 0;
}

int ec2_find(struct ec2 *j, enum ec2_kind_id kind, struct str id, struct value **doc)
{
    struct value *found = NULL;
    bool gone = false;

    *doc = NULL;
    int rc = ec2_world(j);
    if (rc != 0 || id.len == 0)
        return rc;
    rc = store_doc_get(j->cx->e->store, j->a, key_of(j, kind, id), &found, j->err);
    if (rc == E_MISSING)
        return 0;
    if (rc == 0)
        rc = present(j, kind, found, &gone);
    if (rc == 0 && !gone)
        *doc = found;
    return rc;
}

/* Eight or seventeen hexadecimal digits behind the prefix.
 * Source: EC2 User Guide, "Resource IDs". */
bool ec2_id_ok(const struct ec2_kind *k, struct str id)
{
    struct str prefix = str_c(k->prefix);
    struct str digits = str_sub(id, prefix.len, id.len);

    if (!str_has_prefix(id, prefix) || (digits.len != 8 && digits.len != 17))
        return false;
    for (size_t i = 0; i < digits.len; i++)
        if (!memchr("0123456789abcdef", digits.ptr[i], 16))
            return false;
    return true;
}

int ec2_not_found(struct ec2 *j, enum ec2_kind_id kind, struct str id)
{
    const struct ec2_kind *k = &ec2_kinds[kind];

    if (!ec2_id_ok(k, id))
        return ec2_refuse(j, k->malformed, "Invalid id: \"%.*s\" (expecting \"%s...\")",
                          STR_ARG(id), k->prefix);
    outcome_refuse(j->a, j->out, 400, k->not_found, k->text, STR_ARG(id));
    return EC2_REFUSED;
}

int ec2_load(struct ec2 *j, enum ec2_kind_id kind, struct str id, struct value **doc)
{
    int rc = ec2_find(j, kind, id, doc);

    if (rc != 0 || *doc)
        return rc;
    return ec2_not_found(j, kind, id);
}

int ec2_load_param(struct ec2 *j, enum ec2_kind_id kind, const char *param, struct value **doc)
{
    *doc = NULL;
    if (!param_has(j->call, param))
        return ec2_refuse(j, "MissingParameter", "The request must contain the parameter %s",
                          param);
    return ec2_load(j, kind, param_str(j->call, param), doc);
}

/* While a kind is being read, what leans on it sees it as it is so far: kinds may lean on each
 * other. */
int ec2_all(struct ec2 *j, enum ec2_kind_id kind, const struct ec2_docs **docs)
{
    struct ec2_docs *d = &j->docs[kind];
    struct doc *raw;
    size_t count;

    *docs = d;
    if (d->state != EC2_UNREAD)
        return 0;
    int rc = ec2_world(j);
    if (rc == 0)
        rc = store_doc_list(j->cx->e->store, j->a, key_of(j, kind, (struct str){ 0 }),
                            (struct str){ 0 }, 0, &raw, &count, j->err);
    if (rc != 0)
        return rc;
    *d = (struct ec2_docs){ .of = arena_array(j->a, count + 1, sizeof *d->of),
                            .state = EC2_READING };
    for (size_t i = 0; rc == 0 && i < count; i++) {
        if (ec2_settle(j, kind, raw[i].value))
            d->of[d->count++] = raw[i].value;
        else
            rc = store_doc_delete(j->cx->e->store, raw[i].key, j->err);
    }
    for (size_t i = 0; rc == 0 && i < d->count && ec2_kinds[kind].complete; i++)
        rc = ec2_kinds[kind].complete(j, d->of[i]);
    d->state = EC2_READ;
    return rc;
}

struct value *ec2_list(struct ec2 *j, struct value *map, const char *member)
{
    struct value *list = value_get_c(map, member);

    if (!list) {
        list = value_list(j->a);
        value_set(map, str_c(member), list);
    }
    return list;
}

struct value *ec2_list_find(const struct value *list, const char *member, struct str text)
{
    for (struct value *v = value_first(list); v; v = v->next)
        if (str_eq(value_get_str(v, member), text))
            return v;
    return NULL;
}

void ec2_list_remove(struct ec2 *j, struct value *map, const char *member, const struct value *item)
{
    struct value *rest = value_list(j->a);

    for (const struct value *v = value_first(value_get_c(map, member)); v; v = v->next)
        if (v != item)
            value_push(rest, value_copy(j->a, v));
    value_set(map, str_c(member), rest);
}

bool ec2_list_has(const struct value *list, struct str text)
{
    for (const struct value *v = value_first(list); v; v = v->next)
        if (v->kind == VALUE_STRING && str_eq(v->u.text, text))
            return true;
    return false;
}
