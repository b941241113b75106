#include "emulator/record/failure.h"

#include "core/codec/json.h"
#include "emulator/record/scalar.h"

/* Source: CloudTrail User Guide, "CloudTrail record contents": errorCode and errorMessage 1 KB. */
#define FAILURE_TEXT_BYTES 1024

static const struct table_row *code_row(const struct recorder *r, const struct plan *p,
                                        struct str code)
{
    size_t count;
    const struct table_row *row = table_find(&r->errors, code, p->service_name, &count);

    return row ? row : table_find(&r->errors, code, STR("*"), &count);
}

static bool is_ec2(const struct plan *p)
{
    return p->dialect == DIALECT_EC2_A || p->dialect == DIALECT_EC2_B;
}

/* The exception shape's name, whatever the wire says; S3 and EC2 keep the wire's code. */
static struct str code_by_rule(const struct recorder *r, const struct plan *p, struct str code)
{
    const struct cat_shape *shape = p->op ? cat_op_error(r->cat, p->op, code) : NULL;
    bool is_wire = p->dialect == DIALECT_S3 || is_ec2(p);

    if (!shape)
        return code;
    if (!is_wire)
        return cat_str(r->cat, shape->name);
    uint32_t wire_code = cat_shape_rare(r->cat, shape)->error_code;

    return wire_code ? cat_str(r->cat, wire_code) : code;
}

static struct str side_at_fault(const struct outcome *outcome, struct str code)
{
    if (str_has_prefix(code, STR("Client.")) || str_has_prefix(code, STR("Server.")))
        return (struct str){ 0 };
    return outcome->status >= 500 || str_has_prefix(code, STR("Insufficient")) ||
                   str_eq(code, STR("InternalError"))
               ? STR("Server.")
               : STR("Client.");
}

struct failure failure_of(const struct recorder *r, const struct plan *p,
                          const struct outcome *outcome)
{
    struct failure f = { 0 };

    if (!outcome_refused(outcome))
        return f;
    const struct table_row *row = code_row(r, p, outcome->code);
    struct str kind = row ? row->cell[3] : (struct str){ 0 };

    f.code = row && row->cell[2].len ? row->cell[2] : code_by_rule(r, p, outcome->code);
    f.is_denied = str_eq(kind, STR("denied"));
    f.hides_params = kind.len > 0 && !(p->flags & SERVICE_KEEPS_PARAMS);
    if (is_ec2(p))
        f.prefix = side_at_fault(outcome, f.code);
    return f;
}

void failure_write(struct buf *out, const struct plan *p, const struct failure *f,
                   const struct outcome *outcome)
{
    if (!f->code.len)
        return;
    scalar_key(out, STR("errorCode"), LETTER_AS_IS);
    size_t at = out->len + 1; /* behind the opening quote */
    json_add_string(out, str_sub(f->code, 0, FAILURE_TEXT_BYTES));
    if (f->prefix.len) {
        (void)buf_reserve(out, f->prefix.len);
        memmove(out->ptr + at + f->prefix.len, out->ptr + at, out->len - at);
        memcpy(out->ptr + at, f->prefix.ptr, f->prefix.len);
        out->len += f->prefix.len;
    }
    if (!outcome->message.len || p->flags & SERVICE_NO_MESSAGE)
        return;
    scalar_key(out, STR("errorMessage"), LETTER_AS_IS);
    json_add_string(out, str_sub(outcome->message, 0, FAILURE_TEXT_BYTES));
}
