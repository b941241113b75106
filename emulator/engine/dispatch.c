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
static void add_generic(struct services *s, const struct cat *cat,
                        const struct cat_service *service, bool *own_types)
{
    bool any_own = false;

    for (uint32_t i = service->first_op; i < service->first_op + service->op_count; i++) {
        const struct life_op *life = life_op_find(cat, cat_op_at(cat, i));

        if (!s->handlers[i].run)
            continue;
        any_own = true;
        if (life && life->type)
            own_types[life->type] = true;
    }
    for (uint32_t i = service->first_op; i < service->first_op + service->op_count; i++) {
        const struct life_op *life =
            s->handlers[i].run ? NULL : life_op_find(cat, cat_op_at(cat, i));

        if (life && (life->type ? !own_types[life->type] : !any_own))
            s->handlers[i] = (struct handler){ .run = generic_perform };
    }
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
    bool *own_types = mem_alloc((life_type_count(cat) + 2) * sizeof *own_types);

    for (uint32_t i = 0; i < cat_service_count(cat); i++)
        add_generic(s, cat, cat_service_at(cat, i), own_types);
    add_answers(s, cat);
    mem_free(own_types);
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
