#include "core/base/mem.h"
#include "emulator/engine/private.h"
#include "emulator/services/services.h"

static const struct row {
    const char *service, *operation;
    struct handler handler;
} rows[] = {
#define SERVICE_OP(service, operation) { #service, #operation, { service##_##operation, false } },
#define SERVICE_OP_UNLOCKED(service, operation)                                                    \
    { #service, #operation, { service##_##operation, true } },
#include "emulator/services/services.def"
#undef SERVICE_OP
#undef SERVICE_OP_UNLOCKED
    { NULL, NULL, { NULL, false } },
};

/* A row whose operation this catalogue lacks (an older botocore) is never called. */
void handlers_open(struct services *s, const struct cat *cat)
{
    s->handlers = mem_alloc((cat_op_count(cat) + 1) * sizeof *s->handlers);
    for (const struct row *r = rows; r->service; r++) {
        const struct cat_op *op = cat_op_find_c(cat, r->service, r->operation);

        if (op)
            s->handlers[cat_op_index(cat, op)] = r->handler;
    }
}

void handlers_close(struct services *s)
{
    mem_free(s->handlers);
}

struct handler handler_of(const struct engine *e, const struct cat_op *op)
{
    return op ? e->services->handlers[cat_op_index(e->cat, op)] : (struct handler){ NULL, true };
}
