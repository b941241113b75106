#include "emulator/services/s3/post_policy.h"

#include "core/base/clock.h"
#include "core/codec/json.h"
#include "core/codec/uri.h"
#include "emulator/wire/post_form.h"

/* One policy on trial. */
struct trial {
    struct op *op;
    const struct post_form *form;
    bool *seen; /* by field: some condition names it */
};

/* Texts as S3 answers them. Source: S3 API Reference, "List of error codes", InvalidPolicyDocument,
 * AccessDenied. */
static int invalid(struct op *op, const char *why)
{
    return op_refuse_text(op, "InvalidPolicyDocument", "Invalid Policy: %s", why);
}

static int failed(struct op *op, struct str why)
{
    return op_refuse_text(op, "AccessDenied", "Invalid according to Policy: %.*s", STR_ARG(why));
}

/* Fields that prove the sender, and what a form may hold besides.
 * Source: S3 API Reference, "Creating a POST policy", "Conditions". */
static bool needs_condition(struct str name)
{
    static const char *const free_fields[] = { "x-amz-signature", "file", "policy",
                                               "AWSAccessKeyId", "signature" };

    for (size_t i = 0; i < COUNT(free_fields); i++)
        if (str_eq_nocase(name, str_c(free_fields[i])))
            return false;
    return !str_eq_nocase(str_sub(name, 0, 9), STR("x-ignore-"));
}

/* ---- conditions ---- */

struct condition {
    struct str operator, name, wanted; /* name without its '$' */
};

static int condition_fails(struct trial *t, const struct condition *c)
{
    struct buf text = { 0 };
    struct str shown;

    buf_add_char(&text, '[');
    json_add_string(&text, c->operator);
    buf_add(&text, STR(", "));
    json_add_string(&text, arena_printf(t->op->a, "$%.*s", STR_ARG(c->name)));
    buf_add(&text, STR(", "));
    json_add_string(&text, c->wanted);
    buf_add_char(&text, ']');
    shown = arena_printf(t->op->a, "Policy Condition failed: %.*s", (int)text.len, text.ptr);
    buf_free(&text);
    return failed(t->op, shown);
}

/* Source: S3 API Reference, "Creating a POST policy", "Condition matching": a list of content types
 * is held against the condition one by one. */
static bool starts_each(struct str list, struct str prefix)
{
    struct str one;

    for (bool more = true; more;) {
        more = str_cut(list, ',', &one, &list);
        if (!str_has_prefix(str_trim(one), prefix))
            return false;
    }
    return true;
}

static bool holds(const struct condition *c, struct str value)
{
    if (!str_eq_nocase(c->operator, STR("starts-with")))
        return str_eq(value, c->wanted);
    return str_eq_nocase(c->name, STR("content-type")) ? starts_each(value, c->wanted)
                                                       : str_has_prefix(value, c->wanted);
}

/* The field's value; of several of a name each must do. */
static int check_field(struct trial *t, const struct condition *c)
{
    bool is_bucket = str_eq_nocase(c->name, STR("bucket")), found = is_bucket;

    if (is_bucket && !holds(c, op_param(t->op, "Bucket")))
        return condition_fails(t, c);
    for (size_t i = 0; i < t->form->field_count; i++) {
        struct http_header f = t->form->fields[i];
        bool is_key = str_eq_nocase(f.name, STR("key"));

        if (!str_eq_nocase(f.name, c->name))
            continue;
        t->seen[i] = found = true;
        if (!is_bucket && !holds(c, is_key ? op_param(t->op, "Key") : f.value))
            return condition_fails(t, c);
    }
    return found || holds(c, STR("")) ? 1 : condition_fails(t, c);
}

static bool number_of(const struct value *v, int64_t *out)
{
    if (v && v->kind == VALUE_INT)
        *out = v->u.integer;
    return v && (v->kind == VALUE_INT || (v->kind == VALUE_STRING && str_to_i64(v->u.text, out)));
}

static int check_length(struct trial *t, const struct value *range)
{
    struct op *op = t->op;
    int64_t least, most, is = op->call->body.len;

    if (range->count != 3 || !number_of(value_at(range, 1), &least) ||
        !number_of(value_at(range, 2), &most))
        return invalid(op, "Invalid content-length-range: its bounds must be two numbers.");
    if (is >= least && is <= most)
        return 1;
    (void)op_refuse(op, is > most ? "EntityTooLarge" : "EntityTooSmall");
    value_put_int(op->a, op->out->error, "ProposedSize", is);
    if (is > most)
        value_put_int(op->a, op->out->error, "MaxSizeAllowed", most);
    else
        value_put_int(op->a, op->out->error, "MinSizeAllowed", least);
    return 0;
}

/* ["eq", "$name", "value"] */
static int check_list(struct trial *t, const struct value *list)
{
    const struct value *items[3] = { value_at(list, 0), value_at(list, 1), value_at(list, 2) };
    struct condition c;

    if (items[0] && items[0]->kind == VALUE_STRING &&
        str_eq_nocase(items[0]->u.text, STR("content-length-range")))
        return check_length(t, list);
    for (size_t i = 0; i < COUNT(items); i++)
        if (list->count != 3 || !items[i] || items[i]->kind != VALUE_STRING)
            return invalid(t->op, "Invalid Condition: a list of three strings is expected.");
    c = (struct condition){ items[0]->u.text, items[1]->u.text, items[2]->u.text };
    if (!str_eq_nocase(c.operator, STR("eq")) && !str_eq_nocase(c.operator, STR("starts-with")))
        return invalid(t->op, "Invalid Condition: its operator is unknown.");
    if (!str_has_prefix(c.name, STR("$")))
        return invalid(t->op, "Invalid Condition: a field's name begins with '$'.");
    c.name = str_sub(c.name, 1, c.name.len);
    return check_field(t, &c);
}

/* {"name": "value"} */
static int check_map(struct trial *t, const struct value *map)
{
    int rc = 1;

    for (const struct value *m = value_first(map); m && rc > 0; m = m->next) {
        struct condition c = { STR("eq"), m->name, m->u.text };

        if (m->kind != VALUE_STRING)
            return invalid(t->op, "Invalid Simple-Condition: value must be a string.");
        rc = check_field(t, &c);
    }
    return rc;
}

static int check_conditions(struct trial *t, const struct value *conditions)
{
    int rc = 1;

    for (const struct value *c = value_first(conditions); c && rc > 0; c = c->next) {
        if (c->kind == VALUE_LIST)
            rc = check_list(t, c);
        else if (c->kind == VALUE_MAP)
            rc = check_map(t, c);
        else
            rc = invalid(t->op, "Invalid Condition: a list or an object is expected.");
    }
    for (size_t i = 0; rc > 0 && i < t->form->field_count; i++)
        if (!t->seen[i] && needs_condition(t->form->fields[i].name))
            rc = failed(t->op, arena_printf(t->op->a, "Extra input fields: %.*s",
                                            STR_ARG(t->form->fields[i].name)));
    return rc;
}

/* ---- the document ---- */

/* Measured on the machine's clock, by which whoever signed it wrote it. */
static int check_expiration(struct op *op, const struct value *policy)
{
    struct str text = value_get_str(policy, "expiration");
    int64_t until_ms;

    if (text.len == 0)
        return invalid(op, "Policy missing expiration.");
    if (clock_parse(text, &until_ms, NULL) < 0)
        return invalid(
            op, arena_printf(op->a, "Invalid 'expiration' value: '%.*s'", STR_ARG(text)).ptr);
    return until_ms > clock_machine_ms() ? 1 : failed(op, STR("Policy expired."));
}

int post_policy_check(struct op *op)
{
    const struct request *q = op->call->request;
    struct trial t = { .op = op, .form = q ? q->form : NULL };
    struct value *policy, *conditions;
    struct str text;
    int rc;

    if (!t.form || !post_form_has(t.form, "policy"))
        return 1;
    if (base64_decode(op->a, post_form_field(t.form, "policy"), &text, NULL) < 0 ||
        json_parse(op->a, text, &policy, NULL) < 0 || policy->kind != VALUE_MAP)
        return invalid(op, "Invalid JSON.");
    if ((rc = check_expiration(op, policy)) <= 0)
        return rc;
    conditions = value_get_c(policy, "conditions");
    if (!conditions || conditions->kind != VALUE_LIST)
        return invalid(op, "Policy missing conditions.");
    t.seen = arena_array(op->a, t.form->field_count + 1, sizeof *t.seen);
    return check_conditions(&t, conditions);
}

/* ---- the answer ---- */

static struct str encoded(struct op *op, struct str text)
{
    struct buf out = { 0 };
    struct str result;

    uri_encode(&out, text, URI_KEEP_NONE);
    result = arena_copy(op->a, buf_view(&out));
    buf_free(&out);
    return result;
}

/* Source: S3 API Reference, "POST Object", success_action_redirect: bucket, key and ETag are added;
 * what is no URL counts as absent. */
static struct str redirect_of(struct op *op, const struct post_form *f, struct str etag)
{
    struct str url = post_form_field(f, "success_action_redirect");

    if (url.len == 0)
        url = post_form_field(f, "redirect"); /* its name of old */
    for (size_t i = 0; i < url.len; i++)
        if (url.ptr[i] <= ' ' || url.ptr[i] == 0x7f)
            return (struct str){ 0 };
    if (!str_has_prefix(url, STR("http://")) && !str_has_prefix(url, STR("https://")))
        return (struct str){ 0 };
    return arena_printf(op->a, "%.*s%cbucket=%.*s&key=%.*s&etag=%.*s", STR_ARG(url),
                        str_find(url, STR("?")) < 0 ? '?' : '&',
                        STR_ARG(encoded(op, op_param(op, "Bucket"))), STR_ARG(encoded(op, op->key)),
                        STR_ARG(encoded(op, etag)));
}

void post_answer(struct op *op, const struct value *output)
{
    const struct request *q = op->call->request;
    int64_t status;

    if (!q || !q->form)
        return;
    struct str to = redirect_of(op, q->form, value_get_str(output, "ETag"));

    op->out->status = 204;
    if (str_to_i64(post_form_field(q->form, "success_action_status"), &status) &&
        (status == 200 || status == 201))
        op->out->status = (int)status;
    if (to.len > 0)
        op->out->status = 303;
    else
        to = arena_printf(op->a, "http://%.*s%.*s", STR_ARG(op->call->host), STR_ARG(q->path));
    if (!op->out->headers)
        op->out->headers = value_map(op->a);
    value_put_str(op->a, op->out->headers, "Location", to);
}
