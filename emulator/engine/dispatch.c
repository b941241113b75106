#include <stdio.h>

#include "core/base/mem.h"
#include "emulator/catalogue/lifecycle.h"
#include "emulator/engine/generic/generic.h"
#include "emulator/engine/private.h"
#include "emulator/services/services.h"

static const struct row {
    const char *service, *operation;
    struct handler handler;
} rows[] = {
#define SERVICE_OP(service, operation) { #service, #operation, { .run = service##_##operation } },
#define SERVICE_OP_UNLOCKED(service, operation)                                                    \
    { #service, #operation, { .run = service##_##operation, .is_unlocked = true } },
#define SERVICE_OP_PREPARED(service, operation, prepare_)                                          \
    { #service, #operation, { .run = service##_##operation, .prepare = prepare_ } },
#define SERVICE_OP_WAITING(service, operation, wait_)                                              \
    { #service, #operation, { .run = service##_##operation, .wait = wait_ } },
#include "emulator/services/services.def"
#undef SERVICE_OP
#undef SERVICE_OP_UNLOCKED
#undef SERVICE_OP_PREPARED
    { NULL, NULL, { .run = NULL } },
};

/* A type of which something is written by hand is kept by that hand alone: the generic lifecycle
 * would not find its resources. So are the tags and settings of such a service. */
static void note_own(const struct services *s, const struct cat *cat, bool *own_services,
                     bool *own_types)
{
    for (uint32_t i = 0; i < cat_op_count(cat); i++)
        if (s->handlers[i].run)
            own_services[cat_op_at(cat, i)->service] = true;
    for (uint32_t i = 0; i < life_op_count(cat); i++)
        if (s->handlers[life_op_at(cat, i)->op].run)
            own_types[life_op_at(cat, i)->type] = true;
}

static void add_generic(struct services *s, const struct cat *cat)
{
    bool *own_services = mem_alloc((cat_service_count(cat) + 1) * sizeof *own_services);
    bool *own_types = mem_alloc((life_type_count(cat) + 2) * sizeof *own_types);

    note_own(s, cat, own_services, own_types);
    for (uint32_t i = 0; i < life_op_count(cat); i++) {
        const struct life_op *life = life_op_at(cat, i);
        bool is_own =
            life->type ? own_types[life->type] : own_services[cat_op_at(cat, life->op)->service];

        if (!is_own && !s->handlers[life->op].run)
            s->handlers[life->op] = (struct handler){ .run = generic_perform };
    }
    mem_free(own_services);
    mem_free(own_types);
}

/* A hyphen of the service's name is an underscore in C's. */
static const struct cat_op *op_of_row(const struct cat *cat, const struct row *r)
{
    char name[64];

    (void)snprintf(name, sizeof name, "%s", r->service);
    for (char *c = name; *c; c++)
        *c = *c == '_' ? '-' : *c;
    return cat_op_find_c(cat, name, r->operation);
}

/* What can be answered without a role. */
static void add_answers(struct services *s, const struct cat *cat)
{
    struct str table = answers_rows(), service, operation;

    while (answers_next(&table, &service, &operation)) {
        const struct cat_service *of = cat_service_find(cat, service);
        const struct cat_op *op = of ? cat_op_find(cat, of, operation) : NULL;

        if (op && !s->handlers[cat_op_index(cat, op)].run)
            s->handlers[cat_op_index(cat, op)] = (struct handler){ .run = generic_perform };
    }
}

/* A row whose operation this catalogue lacks (an older botocore) is never called. */
void handlers_open(struct services *s, const struct cat *cat)
{
    s->handlers = mem_alloc((cat_op_count(cat) + 1) * sizeof *s->handlers);
    for (const struct row *r = rows; r->service; r++) {
        const struct cat_op *op = op_of_row(cat, r);

        if (op)
            s->handlers[cat_op_index(cat, op)] = r->handler;
    }
    add_generic(s, cat);
    add_answers(s, cat);
}

void handlers_close(struct services *s)
{
    mem_free(s->handlers);
}

struct handler handler_of(const struct engine *e, const struct cat_op *op)
{
    return op ? e->services->handlers[cat_op_index(e->cat, op)]
              : (struct handler){ .is_unlocked = true };
}
