#include "emulator/engine/generic/generic.h"

#include "core/aws/region.h"
#include "emulator/engine/generic/work.h"
#include "emulator/services/subnets.h"

void generic_refuse(struct arena *a, const struct call *call, struct outcome *out,
                    const char *reason)
{
    outcome_refuse(a, out, 501, "NotImplemented",
                   "mocktrail does not perform %.*s:%.*s%s%s. Start it with --upstream URL to have "
                   "another emulator answer it, and record the call.",
                   STR_ARG(call->service_name), STR_ARG(call->action), *reason ? ": " : "", reason);
}

int refuse(struct work *w, const char *reason)
{
    generic_refuse(w->a, w->call, w->out, reason);
    return 0;
}

static struct str error_name(const struct work *w, uint64_t one_based)
{
    return cat_str(w->cat, cat_shape_at(w->cat, (uint32_t)one_based - 1)->name);
}

/* The first of these that the service has; else the last. */
static const char *known_error(const struct work *w, const char *const *names)
{
    for (; names[1]; names++)
        if (cat_op_error(w->cat, w->call->op, str_c(*names)))
            return *names;
    return *names;
}

static bool may_tell(const struct work *w, const struct cat_shape *shape)
{
    if (shape && shape->type == CAT_LIST)
        shape = cat_member_shape(w->cat, cat_shape_member(w->cat, shape, 0));
    return shape && shape->type == CAT_STRING && !(shape->flags & CAT_S_SENSITIVE);
}

/* " 'x'" of what was asked for, if that may be told. */
static struct str asked_text(const struct work *w)
{
    const struct cat_shape *input = cat_op_input(w->cat, w->call->op);
    bool is_of_tags = w->life->role == LIFE_TAG || w->life->role == LIFE_UNTAG;

    for (uint32_t i = is_of_tags ? 1 : w->life->binding_count; i-- > 0;) {
        struct str path = life_str(w->cat, life_binding_at(w->cat, w->life, i)->path);
        const struct value *given = path_get(w->call->params, path);
        const struct cat_shape *shape = path_shape(w->cat, input, path, NULL);
        struct str text = identity_text(w->a, given);

        if (text.len > 0 && may_tell(w, shape))
            return arena_printf(w->a, " '%.*s'", STR_ARG(text));
    }
    return STR("");
}

int refuse_not_found(struct work *w)
{
    static const char *const names[] = { "ResourceNotFoundException",
                                         "NotFoundException",
                                         "ResourceNotFound",
                                         "EntityNotFoundException",
                                         "NotFound",
                                         "ValidationException",
                                         "ResourceNotFoundException",
                                         NULL };
    struct str noun = w->type ? life_str(w->cat, w->type->name) : STR("resource");
    const char *code = known_error(w, names);

    if (w->life->not_found)
        code = arena_copy(w->a, error_name(w, w->life->not_found)).ptr;
    else if (w->call->protocol == CAT_EC2) /* Source: EC2 API Reference, "Error codes" */
        code = arena_printf(w->a, "Invalid%.*sID.NotFound", STR_ARG(noun)).ptr;
    outcome_refuse(w->a, w->out, w->life->not_found ? 0 : 400, code, "The %.*s%.*s does not exist.",
                   STR_ARG(noun), STR_ARG(asked_text(w)));
    return 0;
}

static int refuse_exists(struct work *w)
{
    static const char *const names[] = { "ResourceAlreadyExistsException",
                                         "ConflictException",
                                         "AlreadyExistsException",
                                         "ResourceInUseException",
                                         "InvalidParameterException",
                                         "ValidationException",
                                         NULL };
    const char *code = w->life->exists ? arena_copy(w->a, error_name(w, w->life->exists)).ptr
                                       : known_error(w, names);

    outcome_refuse(w->a, w->out, w->life->exists ? 0 : 400, code, "The %.*s%.*s already exists.",
                   STR_ARG(life_str(w->cat, w->type->name)), STR_ARG(asked_text(w)));
    return 0;
}

/* ---- input ---- */

/* What AWS never shows again is not kept. */
static bool is_secret(struct str normal)
{
    static const char *const words[] = { "password",  "secret",      "privatekey", "passphrase",
                                         "authtoken", "accesstoken", "apikey",     "credential" };

    for (size_t i = 0; i < COUNT(words); i++)
        if (str_find(normal, str_c(words[i])) >= 0)
            return !str_has_suffix(normal, STR("arn")) && !str_has_suffix(normal, STR("id")) &&
                   !str_has_suffix(normal, STR("name"));
    return false;
}

static void drop_secrets(struct arena *a, struct value *v)
{
    struct value *next;

    for (struct value *k = value_first(v); k; k = next) {
        next = k->next;
        if (k->kind == VALUE_LIST || k->kind == VALUE_MAP)
            drop_secrets(a, k);
        else if (v->kind == VALUE_MAP && (k->kind == VALUE_STRING || k->kind == VALUE_BLOB) &&
                 is_secret(noun_normal(a, k->name)))
            (void)value_remove(v, k->name);
    }
}

static void merge(struct arena *a, struct value *into, const struct value *from)
{
    for (const struct value *v = value_first(from); v; v = v->next)
        value_set(into, v->name, value_copy(a, v));
}

struct value *kept_input(struct work *w)
{
    const struct cat_shape *shape = cat_op_input(w->cat, w->call->op);
    struct value *kept = value_copy(w->a, w->call->params);

    for (uint32_t i = 0; shape && i < shape->member_count; i++) {
        const struct cat_member *m = cat_shape_member(w->cat, shape, i);
        struct str name = cat_str(w->cat, m->name);

        if (m->flags & CAT_M_IDEMPOTENCY || tags_is_name(noun_normal(w->a, name)) ||
            str_eq_c(name, "TagSpecifications") || str_eq_c(name, "DryRun"))
            (void)value_remove(kept, name);
    }
    drop_secrets(w->a, kept);
    merge(w->a, kept, w->known);
    return kept;
}

/* ---- create ---- */

static void new_resource(struct work *w, struct resource *r)
{
    r->doc = value_map(w->a);
    value_put_int(w->a, r->doc, "seed", (int64_t)(rng_u64(&w->cx->rng) >> 1));
    value_set(r->doc, STR("keys"), value_map(w->a));
    value_set(r->doc, STR("ids"), value_map(w->a));
    value_set(r->doc, STR("in"), kept_input(w));
    value_set(r->doc, STR("tags"), tags_of_input(w->a, w->call->params));
    value_put_str(w->a, r->doc, "status", life_str(w->cat, w->type->ready));
    value_put_time(w->a, r->doc, "created", w->cx->now_ms);
    value_put_time(w->a, r->doc, "updated", w->cx->now_ms);
}

/* Is an identity of this kind made, not chosen? Then the client's member of that kind names
 * something else: the database of a report, the model of a configuration. */
static bool is_made(const struct work *w, struct str kind)
{
    for (uint32_t i = 0; i < w->type->key_count; i++) {
        const struct life_key *k = life_key_at(w->cat, w->type, i);
        struct str normal = noun_normal(w->a, life_str(w->cat, k->name));

        if (k->source == LIFE_FROM_OUTPUT && str_eq(noun_identity(w->noun, normal), kind))
            return true;
    }
    return false;
}

/* The client's names of the thing, top level: CreateUser(UserName). */
static void note_names(struct work *w, struct resource *r)
{
    const struct cat_shape *input = cat_op_input(w->cat, w->call->op);
    struct value *ids = value_get_c(r->doc, "ids");

    for (const struct value *v = value_first(w->call->params); v; v = v->next) {
        struct str kind = noun_identity(w->noun, noun_normal(w->a, v->name));

        const struct cat_member *m = cat_member_find(w->cat, input, v->name);

        if (m && cat_member_shape(w->cat, m)->flags & CAT_S_SENSITIVE)
            continue; /* ids and ARNs are made of what may be told */
        if (kind.len > 0 && v->kind == VALUE_STRING && v->u.text.len > 0 && !is_made(w, kind) &&
            !value_get(ids, kind))
            value_set(ids, kind, value_str(w->a, v->u.text));
    }
}

static const struct value *given_key(struct work *w, const struct life_key *k, uint32_t i)
{
    const struct value *v = NULL;

    for (uint32_t j = 0; j < w->life->binding_count; j++) {
        const struct life_binding *b = life_binding_at(w->cat, w->life, j);

        if (b->key == i)
            v = path_get(w->call->params, life_str(w->cat, b->path));
    }
    if (k->source == LIFE_FROM_INPUT) {
        const struct value *own = path_get(w->call->params, life_str(w->cat, k->path));

        return own ? own : v;
    }
    return k->source == LIFE_UNKNOWN ? v : NULL;
}

static void set_keys(struct work *w, struct resource *r)
{
    struct value *keys = value_get_c(r->doc, "keys"), *ids = value_get_c(r->doc, "ids");

    for (uint32_t i = 0; i < w->type->key_count; i++) {
        const struct life_key *k = life_key_at(w->cat, w->type, i);
        struct str name = life_str(w->cat, k->name);
        struct str kind = noun_identity(w->noun, noun_normal(w->a, name));
        const struct value *given = given_key(w, k, i);
        struct value *v = given ? value_copy(w->a, given) : NULL;

        if (!v && k->source == LIFE_OWN)
            continue;
        if (!v)
            v = template_member(w, r, life_str(w->cat, k->path));
        if (!v && kind.len > 0)
            v = identity_of(w, r, kind, k->shape);
        if (!v)
            v = identity_make(
                w, r, &w->cx->rng, k->shape,
                str_has_suffix(noun_normal(w->a, life_str(w->cat, k->path)), STR("arn"))
                    ? STR("arn")
                    : STR("id"));
        if (!v)
            continue;
        v = value_copy(w->a, v);
        if (kind.len > 0 && !value_get(ids, kind))
            value_set(ids, kind, value_copy(w->a, v));
        value_set(keys, name, v);
    }
}

/* Keys that any identity answers: the one that the create's answer shows. */
static void set_own_keys(struct work *w, struct resource *r, const struct value *output)
{
    struct value *keys = value_get_c(r->doc, "keys");

    for (uint32_t i = 0; i < w->type->key_count; i++) {
        const struct life_key *k = life_key_at(w->cat, w->type, i);
        const struct value *v = path_get(output, life_str(w->cat, k->path));

        if (k->source != LIFE_OWN)
            continue;
        if (!v)
            v = identity_of(w, r, STR("id"), UINT32_MAX);
        value_set(keys, life_str(w->cat, k->name), value_copy(w->a, v));
    }
}

static void set_id(struct work *w, struct resource *r)
{
    const struct value *keys = value_get_c(r->doc, "keys");
    struct str parts[16];
    uint32_t count = 0;

    for (; count < w->type->key_count && count < COUNT(parts); count++)
        parts[count] = identity_text(
            w->a, value_get(keys, life_str(w->cat, life_key_at(w->cat, w->type, count)->name)));
    r->id = count ? arena_join(w->a, parts, count, STR("\x1f")) : STR("-");
}

static bool is_upsert(const struct work *w)
{
    static const char *const verbs[] = { "Put", "Set", "Update", "Modify", "CreateOrUpdate" };

    for (size_t i = 0; i < COUNT(verbs); i++)
        if (str_has_prefix(cat_str(w->cat, w->call->op->key), str_c(verbs[i])))
            return true;
    return false;
}

static int change(struct work *w, struct resource *r, struct err *err)
{
    merge(w->a, value_get_c(r->doc, "in"), kept_input(w));
    value_put_time(w->a, r->doc, "updated", w->cx->now_ms);
    w->out->output = project(w, r, cat_op_output(w->cat, w->call->op));
    return resource_save(w, r, err);
}

static int create(struct work *w, struct err *err)
{
    struct resource r = { 0 }, there = { 0 };
    struct value *output;

    new_resource(w, &r);
    note_names(w, &r);
    set_keys(w, &r);
    output = project(w, &r, cat_op_output(w->cat, w->call->op));
    set_own_keys(w, &r, output);
    set_id(w, &r);
    struct doc_key key = resource_key(
        w, arena_printf(w->a, "generic:%.*s", STR_ARG(life_str(w->cat, w->type->name))), r.id);
    int rc = store_doc_get(w->cx->e->store, w->a, key, &there.doc, err);

    if (rc < 0 && rc != E_MISSING)
        return rc;
    if (rc == 0) {
        there.id = r.id;
        return is_upsert(w) ? change(w, &there, err) : refuse_exists(w);
    }
    w->out->output = output;
    return resource_save(w, &r, err);
}

/* ---- the others ---- */

static int get(struct work *w, struct err *err)
{
    struct resource r;
    int rc = resource_find(w, &r, err);

    if (rc == E_MISSING && (w->out->output = answers_default(w)) != NULL)
        return 0;
    if (rc == E_MISSING)
        return refuse_not_found(w);
    if (rc == 0)
        w->out->output = project(w, &r, cat_op_output(w->cat, w->call->op));
    return rc;
}

static int update(struct work *w, struct err *err)
{
    struct resource r;
    int rc = resource_find(w, &r, err);

    if (rc == E_MISSING)
        return refuse_not_found(w);
    return rc < 0 ? rc : change(w, &r, err);
}

/* How many ids a list of them asks for at once. */
static size_t asked_count(const struct work *w)
{
    size_t most = 1;

    for (uint32_t i = 0; i < w->life->binding_count; i++) {
        struct str path = life_str(w->cat, life_binding_at(w->cat, w->life, i)->path);
        const struct value *v = path_get(w->call->params, path);

        if (v && v->kind == VALUE_LIST && v->count > most)
            most = v->count;
    }
    return most;
}

static int delete (struct work *w, struct err *err)
{
    struct resource r;

    for (w->at = 0; w->at < asked_count(w); w->at++) {
        int rc = resource_find(w, &r, err);

        if (rc == E_MISSING)
            return refuse_not_found(w);
        if (rc < 0)
            return rc;
        if (w->at == 0)
            w->out->output = project(w, &r, cat_op_output(w->cat, w->call->op));
        struct str type =
            arena_printf(w->a, "generic:%.*s", STR_ARG(life_str(w->cat, w->type->name)));

        w->out->changed = true;
        rc = store_doc_delete(w->cx->e->store, resource_key(w, type, r.id), err);
        if (rc < 0 && rc != E_MISSING)
            return rc;
    }
    return 0;
}

/* The value of the type's status that a verb leads to, best first. */
static const struct {
    const char *verb, *status;
} states[] = {
    { "Start", "running" },       { "Start", "started" },          { "Start", "active" },
    { "Start", "inservice" },     { "Start", "available" },        { "Start", "enabled" },
    { "Start", "inprogress" },    { "Stop", "stopped" },           { "Stop", "inactive" },
    { "Stop", "cancelled" },      { "Stop", "canceled" },          { "Stop", "disabled" },
    { "Enable", "enabled" },      { "Enable", "active" },          { "Enable", "on" },
    { "Disable", "disabled" },    { "Disable", "inactive" },       { "Disable", "off" },
    { "Activate", "active" },     { "Activate", "enabled" },       { "Deactivate", "inactive" },
    { "Deactivate", "disabled" }, { "Deactivate", "deactivated" }, { "Pause", "paused" },
    { "Pause", "suspended" },     { "Resume", "active" },          { "Resume", "running" },
    { "Resume", "available" },    { "Suspend", "suspended" },      { "Suspend", "paused" },
    { "Cancel", "cancelled" },    { "Cancel", "canceled" },        { "Archive", "archived" },
    { "Unarchive", "active" },    { "Accept", "accepted" },        { "Accept", "active" },
    { "Accept", "available" },    { "Reject", "rejected" },        { "Decline", "declined" },
    { "Decline", "rejected" },    { "Approve", "approved" },       { "Complete", "completed" },
    { "Complete", "complete" },   { "Close", "closed" },           { "Lock", "locked" },
    { "Unlock", "unlocked" },     { "Confirm", "confirmed" },
};

static struct str state_of(const struct work *w, struct str verb)
{
    const struct cat_shape *s = w->type->status ? cat_shape_at(w->cat, w->type->status - 1) : NULL;
    uint32_t count = s ? cat_constraint_at(w->cat, s).enum_count : 0;

    for (size_t i = 0; i < COUNT(states); i++)
        for (uint32_t j = 0; j < count && str_eq_c(verb, states[i].verb); j++)
            if (str_eq_c(noun_normal(w->a, cat_enum_at(w->cat, s, j)), states[i].status))
                return cat_enum_at(w->cat, s, j);
    return (struct str){ 0 };
}

static int state(struct work *w, struct err *err)
{
    struct str to = state_of(w, life_str(w->cat, (uint32_t)w->life->text));
    struct resource r;

    if (to.len == 0)
        return refuse(w, "the state that it leads to is unknown");
    for (w->at = 0; w->at < asked_count(w); w->at++) {
        int rc = resource_find(w, &r, err);

        if (rc == E_MISSING)
            return refuse_not_found(w);
        if (rc < 0)
            return rc;
        value_put_str(w->a, r.doc, "status", to);
        value_put_time(w->a, r.doc, "updated", w->cx->now_ms);
        if (w->at == 0)
            w->out->output = project(w, &r, cat_op_output(w->cat, w->call->op));
        rc = resource_save(w, &r, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

typedef int role_fn(struct work *w, struct err *err);

static role_fn *const roles[LIFE_ROLES] = {
    [LIFE_CREATE] = create,
    [LIFE_GET] = get,
    [LIFE_LIST] = list_perform,
    [LIFE_UPDATE] = update,
    [LIFE_DELETE] = delete,
    [LIFE_STATE] = state,
    [LIFE_TAG] = tags_perform,
    [LIFE_UNTAG] = tags_perform,
    [LIFE_LIST_TAGS] = tags_perform,
    [LIFE_ASPECT_READ] = part_perform,
    [LIFE_ASPECT_WRITE] = part_perform,
    [LIFE_ASPECT_DELETE] = part_perform,
    [LIFE_RELATE] = part_perform,
    [LIFE_UNRELATE] = part_perform,
    [LIFE_SETTING_READ] = setting_perform,
    [LIFE_SETTING_WRITE] = setting_perform,
    [LIFE_SETTING_DELETE] = setting_perform,
};

/* One store for the families that share their actions: a cluster of docdb is one of rds. */
static struct str store_service(struct str service)
{
    return str_eq_c(service, "docdb") || str_eq_c(service, "neptune") ? STR("rds") : service;
}

int generic_perform(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    const struct life_op *life = life_op_find(call->cat, call->op);
    struct str asked = STR("eu-west-1"), region = region_of_call(call->service_name, asked);
    struct work w = {
        .cx = cx,
        .call = call,
        .out = out,
        .cat = call->cat,
        .a = cx->a,
        .life = life,
        .type = life ? life_type_of(call->cat, life) : NULL,
        .region = str_eq(region, asked) ? call->region : STR(""),
        .service = store_service(call->service_name),
    };

    int rc = enabled_check(&w, err);
    if (rc < 0 || outcome_refused(out))
        return rc;
    if (!life || !roles[life->role])
        return answers_perform(&w, err);
    if (w.type)
        w.noun = noun_normal(cx->a, life_str(call->cat, w.type->name));
    rc = subnets_look_up(cx, call, out, &w.known, err);
    return rc < 0 || outcome_refused(out) ? rc : roles[life->role](&w, err);
}
