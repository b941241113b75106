#include "emulator/services/services.h"

#include "core/codec/uri.h"

struct doc_key service_key(const struct call *call, const char *service, const char *type,
                           struct str id)
{
    return (struct doc_key){
        .account = call->account, .service = str_c(service), .type = str_c(type), .id = id
    };
}

struct doc_key service_key_regional(const struct call *call, const char *service, const char *type,
                                    struct str id)
{
    struct doc_key key = service_key(call, service, type, id);

    key.region = call->region;
    return key;
}

struct value *param(const struct call *call, const char *name)
{
    struct value *v = value_get_c(call->params, name);

    return v && v->kind != VALUE_NULL ? v : NULL;
}

struct str param_str(const struct call *call, const char *name)
{
    return value_get_str(call->params, name);
}

bool param_has(const struct call *call, const char *name)
{
    return param(call, name) != NULL;
}

int64_t param_int(const struct call *call, const char *name, int64_t fallback)
{
    return value_get_int(call->params, name, fallback);
}

bool param_bool(const struct call *call, const char *name, bool fallback)
{
    return value_get_bool(call->params, name, fallback);
}

struct value *outcome_output(struct ctx *cx, struct outcome *out)
{
    if (!out->output)
        out->output = value_map(cx->a);
    return out->output;
}

/* A token is base64 of 16 hex digits, which bind it to operation and account, and the id. */
#define BOND_LEN 16

static struct str bond(struct ctx *cx, const struct call *call)
{
    struct str what = arena_printf(cx->a, "%.*s:%.*s:%.*s", STR_ARG(call->service_name),
                                   STR_ARG(call->action), STR_ARG(call->account));

    return arena_printf(cx->a, "%016llx", (unsigned long long)str_hash(what));
}

struct str page_token(struct ctx *cx, const struct call *call, struct str after)
{
    const struct str parts[] = { bond(cx, call), after };
    struct buf b = { 0 };

    base64_encode(&b, arena_join(cx->a, parts, COUNT(parts), STR("")));
    struct str token = arena_copy(cx->a, buf_view(&b));
    buf_free(&b);
    return token;
}

bool page_after(struct ctx *cx, const struct call *call, struct str token, struct str *after)
{
    struct str plain;

    if (token.len == 0) {
        *after = (struct str){ 0 };
        return true;
    }
    if (base64_decode(cx->a, token, &plain, NULL) < 0 || plain.len <= BOND_LEN ||
        !str_eq(str_sub(plain, 0, BOND_LEN), bond(cx, call)))
        return false;
    *after = str_sub(plain, BOND_LEN, plain.len);
    return true;
}
