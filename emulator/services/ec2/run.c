#include <stdio.h>

#include "emulator/services/ec2/ec2.h"

struct value *ec2_output(struct ec2 *j)
{
    return outcome_output(j->cx, j->out);
}

int ec2_return_true(struct ec2 *j)
{
    value_put_bool(j->a, ec2_output(j), "Return", true);
    return 0;
}

int ec2_refuse(struct ec2 *j, const char *code, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    struct str text = arena_vprintf(j->a, fmt, ap);
    va_end(ap);
    outcome_refuse(j->a, j->out, 400, code, "%.*s", STR_ARG(text));
    return EC2_REFUSED;
}

int ec2_unsupported(struct ec2 *j, const char *what)
{
    outcome_refuse(j->a, j->out, 501, "NotImplemented",
                   "mocktrail does not perform ec2:%.*s with %s; --upstream can.",
                   STR_ARG(j->call->action), what);
    return EC2_REFUSED;
}

/* Source: EC2 API Reference, "Error codes", MissingParameter. */
static int check_required(struct ec2 *j)
{
    const struct cat *cat = j->call->cat;
    const struct cat_shape *in = cat_op_input(cat, j->call->op);

    for (uint32_t i = 0; in && i < in->member_count; i++) {
        const struct cat_member *m = cat_shape_member(cat, in, i);
        const struct value *v = value_get(j->call->params, cat_str(cat, m->name));
        if ((m->flags & CAT_M_REQUIRED) && !v)
            return ec2_refuse(j, "MissingParameter", "The request must contain the parameter %.*s",
                              STR_ARG(cat_str(cat, m->wire)));
    }
    return 0;
}

/* With DryRun nothing is done, and an error says that it could have been.
 * Source: EC2 API Reference, "Common parameters", DryRun. */
static int check_dry_run(struct ec2 *j)
{
    if (!param_bool(j->call, "DryRun", false))
        return 0;
    outcome_refuse(j->a, j->out, 412, "DryRunOperation",
                   "Request would have succeeded, but DryRun flag is set.");
    return EC2_REFUSED;
}

int ec2_run(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err,
            ec2_fn *run)
{
    struct ec2 *j = arena_alloc(cx->a, sizeof *j);

    *j =
        (struct ec2){ .cx = cx, .a = cx->a, .call = call, .out = out, .err = err, .rng = &cx->rng };
    int rc = check_required(j);
    if (rc == 0)
        rc = check_dry_run(j);
    if (rc == 0)
        rc = run(j);
    return rc == EC2_REFUSED ? 0 : rc;
}

#define EC2_OP(operation, run)                                                                     \
    int ec2_##operation(struct ctx *cx, const struct call *call, struct outcome *out,              \
                        struct err *err)                                                           \
    {                                                                                              \
        return ec2_run(cx, call, out, err, ec2_##run);                                             \
    }
#include "emulator/services/ec2/operations.def"
#undef EC2_OP
