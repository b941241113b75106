#include "emulator/engine/constraints.h"

#include "core/base/buf.h"
#include "core/base/embed.h"
#include "core/base/mem.h"
#include "emulator/engine/violations.h"

#define ROWS_MOST       400
#define EXCEPTIONS_MOST 200

/* A line of validation.tsv; the texts lie in the program. */
struct row {
    struct str service; /* or "*" and a protocol's name: what has no row of its own */
    struct str code;    /* "-": as the operation's errors say */
    struct str missing; /* of an absent parameter, "-": the same */
    enum wording wording;
    unsigned checks;
};
/* A line of unvalidated.tsv. */
struct exception {
    const struct cat_op *op;
    struct str member;
};
struct constraints {
    struct row rows[ROWS_MOST];
    size_t row_count;
    struct exception exceptions[EXCEPTIONS_MOST];
    size_t exception_count;
    const struct row **by_service; /* by index in the catalogue; NULL: nothing is checked */
};

/* ---- the table ---- */

static const char *const protocols[] = {
    [CAT_JSON] = "*json",         [CAT_REST_JSON] = "*rest-json",
    [CAT_REST_XML] = "*rest-xml", [CAT_QUERY] = "*query",
    [CAT_EC2] = "*ec2",           [CAT_CBOR] = "*cbor"
};
static const char *const wordings[] = { [WORDING_VALUE] = "value",
                                        [WORDING_BLIND] = "blind",
                                        [WORDING_POINTER] = "pointer",
                                        [WORDING_PARAMETER] = "parameter" };
static const struct {
    char letter;
    unsigned check;
} letters[] = { { 'm', CHECK_REQUIRED },
                { 'l', CHECK_LENGTH },
                { 'r', CHECK_RANGE },
                { 'e', CHECK_ENUM },
                { 'p', CHECK_PATTERN } };

static bool read_wording(struct str text, enum wording *out)
{
    for (size_t i = 0; i < COUNT(wordings); i++)
        if (str_eq_c(text, wordings[i])) {
            *out = (enum wording)i;
            return true;
        }
    return false;
}

static bool read_checks(struct str text, unsigned *out)
{
    *out = 0;
    for (size_t i = 0; i < text.len; i++) {
        size_t at = 0;

        while (at < COUNT(letters) && letters[at].letter != text.ptr[i])
            at++;
        if (at == COUNT(letters))
            return str_eq_c(text, "-");
        *out |= letters[at].check;
    }
    return true;
}

static int read_row(struct constraints *k, const struct cat *cat, const struct str *cells,
                    struct err *err)
{
    struct row *row = &k->rows[k->row_count];

    (void)cat;
    *row = (struct row){ .service = cells[0], .code = cells[1], .missing = cells[2] };
    if (k->row_count + 1 == ROWS_MOST || !read_wording(cells[3], &row->wording) ||
        !read_checks(cells[4], &row->checks))
        return err_set(err, E_PARSE, "validation.tsv: %.*s: not understood", STR_ARG(cells[0]));
    if (row->wording == WORDING_PARAMETER && row->checks & ~(unsigned)CHECK_REQUIRED)
        return err_set(err, E_PARSE, "validation.tsv: %.*s: no words for this", STR_ARG(cells[0]));
    k->row_count++;
    return 0;
}

/* An operation that this catalogue lacks (an older botocore) is never called. */
static int read_exception(struct constraints *k, const struct cat *cat, const struct str *cells,
                          struct err *err)
{
    const struct cat_service *s = cat_service_find(cat, cells[0]);
    const struct cat_op *op = s ? cat_op_find(cat, s, cells[1]) : NULL;

    if (k->exception_count == EXCEPTIONS_MOST)
        return err_set(err, E_LIMIT, "unvalidated.tsv: over %d lines", EXCEPTIONS_MOST);
    if (op)
        k->exceptions[k->exception_count++] = (struct exception){ op, cells[2] };
    return 0;
}

typedef int row_fn(struct constraints *k, const struct cat *cat, const struct str *cells,
                   struct err *err);

static int read_rows(struct constraints *k, const struct cat *cat, const char *name, row_fn *read,
                     struct err *err)
{
    struct str rest = embed_find(str_c(name)), line, cells[5];
    int rc = rest.ptr ? 0 : err_set(err, E_MISSING, "fixtures/%s is not part of this build", name);

    while (rc == 0 && rest.len > 0) {
        (void)str_cut(rest, '\n', &line, &rest);
        if (line.len == 0 || line.ptr[0] == '#')
            continue;
        for (size_t i = 0; i < COUNT(cells); i++)
            (void)str_cut(line, '\t', &cells[i], &line); /* none: all of it, and an empty rest */
        rc = read(k, cat, cells, err);
    }
    return rc;
}

static const struct row *row_of(const struct constraints *k, struct str name)
{
    for (size_t i = 0; i < k->row_count; i++)
        if (str_eq(k->rows[i].service, name))
            return &k->rows[i];
    return NULL;
}

int constraints_open(struct constraints **out, const struct cat *cat, struct err *err)
{
    struct constraints *k = mem_alloc(sizeof *k);
    int rc = read_rows(k, cat, "lifecycle/validation.tsv", read_row, err);

    if (rc == 0)
        rc = read_rows(k, cat, "lifecycle/unvalidated.tsv", read_exception, err);
    k->by_service = mem_alloc((cat_service_count(cat) + 1) * sizeof *k->by_service);
    for (uint32_t i = 0; rc == 0 && i < cat_service_count(cat); i++) {
        const struct cat_service *s = cat_service_at(cat, i);
        const struct row *row = row_of(k, cat_str(cat, s->name));

        k->by_service[i] = row ? row : row_of(k, str_c(protocols[s->protocol]));
    }
    if (rc < 0)
        constraints_close(k);
    else
        *out = k;
    return rc;
}

void constraints_close(struct constraints *k)
{
    if (k)
        mem_free(k->by_service);
    mem_free(k);
}

/* ---- the refusal ---- */

/* What operations list for parameters that are wrong, the most telling first. */
static const char *const codes[] = {
    "ValidationException",     "InvalidParameterException",
    "InvalidInputException",   "InvalidArgumentException",
    "BadRequestException",     "InvalidParameterValueException",
    "InvalidRequestException", "ClientException",
    "ValidationError",         "InvalidInput",
    "InvalidArgument",         "InvalidParameterValue",
};

/* Source: what services on the common front ends answer where the model says nothing: DynamoDB
 * Developer Guide, "Error handling"; IAM API Reference, "Common errors". */
static const char *const fallbacks[] = {
    [CAT_JSON] = "ValidationException",     [CAT_REST_JSON] = "ValidationException",
    [CAT_REST_XML] = "ValidationException", [CAT_QUERY] = "ValidationError",
    [CAT_EC2] = "InvalidParameterValue",    [CAT_CBOR] = "ValidationException",
};

static struct str code_of(const struct call *call, struct str given)
{
    if (given.len > 0 && !str_eq_c(given, "-"))
        return given;
    for (size_t i = 0; i < COUNT(codes); i++)
        if (cat_op_own_error(call->cat, call->op, str_c(codes[i])))
            return str_c(codes[i]);
    return str_c(fallbacks[call->service->protocol]);
}

/* Source: IAM API Reference, "Common errors" (": "); Smithy 2.0 specification, validation of its
 * servers (". "). */
static struct str whole_text(struct arena *a, const struct violations *found, enum wording wording)
{
    struct buf b = { 0 };

    if (wording != WORDING_PARAMETER)
        buf_printf(&b, "%d validation error%s detected%s ", found->count,
                   found->count > 1 ? "s" : "", wording == WORDING_POINTER ? "." : ":");
    for (const struct violation *v = found->first; v; v = v->next) {
        buf_printf(&b, "%s%.*s", v == found->first ? "" : "; ", STR_ARG(v->text));
        if (wording == WORDING_PARAMETER)
            break;
    }
    struct str text = arena_copy(a, buf_view(&b));

    buf_free(&b);
    return text;
}

/* "FIELD_VALIDATION_FAILED", "fieldValidationFailed": as the shape spells it; or empty. */
static struct str reason_of(const struct cat *cat, const struct cat_shape *reason)
{
    struct cat_constraint c = cat_constraint_at(cat, reason);

    for (uint32_t i = 0; i < c.enum_count; i++) {
        struct str value = cat_enum_at(cat, reason, i);

        if (str_eq_c(value, "fieldValidationFailed") ||
            str_eq_c(value, "FIELD_VALIDATION_FAILED") || str_eq_c(value, "FieldValidationFailed"))
            return value;
    }
    return (struct str){ 0 };
}

static struct value *fields_of(struct arena *a, const struct cat *cat, const struct cat_shape *list,
                               const struct violations *found)
{
    const struct cat_shape *field = cat_member_shape(cat, cat_shape_member(cat, list, 0));
    struct value *all = value_list(a);

    for (const struct violation *v = found->first; v && field->member_count == 2; v = v->next) {
        struct value *one = value_map(a);

        value_set(one, cat_str(cat, cat_shape_member(cat, field, 0)->name), value_str(a, v->path));
        value_set(one, cat_str(cat, cat_shape_member(cat, field, 1)->name), value_str(a, v->text));
        value_push(all, one);
    }
    return all;
}

/* The members beside the message: {reason, fieldList: [{name or path, message}]}. */
static struct value *details(struct arena *a, const struct call *call, struct str code,
                             const struct violations *found)
{
    const struct cat_shape *s = cat_op_error(call->cat, call->op, code);
    struct value *out = value_map(a);

    for (uint32_t i = 0; s && i < s->member_count; i++) {
        const struct cat_member *m = cat_shape_member(call->cat, s, i);
        const struct cat_shape *shape = cat_member_shape(call->cat, m);
        struct str name = cat_str(call->cat, m->name);
        struct str reason = reason_of(call->cat, shape);

        if (reason.len > 0)
            value_set(out, name, value_str(a, reason));
        else if (shape->type == CAT_LIST &&
                 (str_has_prefix(name, STR("field")) || str_has_prefix(name, STR("Field"))))
            value_set(out, name, fields_of(a, call->cat, shape, found));
    }
    return out->count > 0 ? out : NULL;
}

static struct str skipped_member(const struct constraints *k, const struct cat_op *op)
{
    for (size_t i = 0; i < k->exception_count; i++)
        if (k->exceptions[i].op == op)
            return k->exceptions[i].member;
    return (struct str){ 0 };
}

void constraints_check(const struct constraints *k, struct arena *a, const struct call *call,
                       struct outcome *out)
{
    const struct row *row = call->op ? k->by_service[call->op->service] : NULL;
    struct violations found;

    if (!row || row->checks == 0)
        return;
    found = violations_find(a, call,
                            &(struct validation){ .checks = row->checks,
                                                  .wording = row->wording,
                                                  .skipped = skipped_member(k, call->op) });
    if (found.count == 0)
        return;
    bool is_missing = found.first->is_missing && !str_eq_c(row->missing, "-");
    struct str code = code_of(call, is_missing ? row->missing : row->code);
    struct str text = whole_text(a, &found, row->wording);

    outcome_refuse(a, out, 400, arena_copy(a, code).ptr, "%.*s", STR_ARG(text));
    out->error = details(a, call, code, &found);
}
