/* Cross-origin requests: preflights answered, headers on the real ones.
 * Source: S3 User Guide, "Using cross-origin resource sharing (CORS)"; Fetch standard. */
#include "emulator/services/s3/cors.h"

#include "emulator/services/s3.h"
#include "emulator/services/s3/bucket.h"
#include "emulator/wire/message.h"

static bool listed(const struct value *list, struct str text, bool any_case)
{
    for (const struct value *v = value_first(list); v; v = v->next) {
        if (any_case && str_eq_nocase(v->u.text, text))
            return true;
        if (str_match(v->u.text, text))
            return true;
    }
    return false;
}

static bool allows_headers(const struct value *rule, struct str asked)
{
    struct str name;

    for (bool more = asked.len > 0; more;) {
        more = str_cut(asked, ',', &name, &asked);
        if (!listed(value_get_c(rule, "AllowedHeaders"), str_trim(name), true))
            return false;
    }
    return true;
}

static const struct value *find_rule(const struct bucket *b, struct str origin, struct str method,
                                     struct str headers)
{
    const struct value *rules = value_get_c(value_get_c(b->doc, "Cors"), "CORSRules");

    for (const struct value *r = value_first(rules); r; r = r->next)
        if (listed(value_get_c(r, "AllowedOrigins"), origin, false) &&
            listed(value_get_c(r, "AllowedMethods"), method, false) && allows_headers(r, headers))
            return r;
    return NULL;
}

static struct str joined(struct arena *a, const struct value *list)
{
    struct str text = { 0 };

    for (const struct value *v = value_first(list); v; v = v->next)
        text = text.len == 0 ? arena_copy(a, v->u.text)
                             : arena_printf(a, "%.*s, %.*s", STR_ARG(text), STR_ARG(v->u.text));
    return text;
}

struct answer {
    struct arena *a;
    struct reply *reply;   /* a preflight's */
    struct value *headers; /* or a real request's */
};

static void add(struct answer *to, const char *name, struct str value)
{
    if (value.len == 0)
        return;
    if (to->reply)
        reply_header(to->a, to->reply, name, value);
    else
        value_set(to->headers, str_c(name), value_str(to->a, value));
}

static void add_rule(struct answer *to, const struct value *rule, struct str origin)
{
    bool any = listed(value_get_c(rule, "AllowedOrigins"), STR("*"), false) &&
               str_eq_c(value_at(value_get_c(rule, "AllowedOrigins"), 0)->u.text, "*");
    int64_t age = value_get_int(rule, "MaxAgeSeconds", -1);

    add(to, "Access-Control-Allow-Origin", any ? STR("*") : arena_copy(to->a, origin));
    add(to, "Access-Control-Allow-Methods", joined(to->a, value_get_c(rule, "AllowedMethods")));
    add(to, "Access-Control-Expose-Headers", joined(to->a, value_get_c(rule, "ExposeHeaders")));
    if (age >= 0)
        add(to, "Access-Control-Max-Age", arena_printf(to->a, "%lld", (long long)age));
    if (!any)
        add(to, "Access-Control-Allow-Credentials", STR("true"));
    add(to, "Vary", STR("Origin, Access-Control-Request-Headers, Access-Control-Request-Method"));
}

void cors_answer(struct op *op)
{
    const struct request *q = op->call->request;
    struct str origin = q ? request_header(q, "Origin") : STR("");
    const struct value *rule;

    if (origin.len == 0 || !op->bucket || !value_get_c(op->bucket->doc, "Cors"))
        return;
    rule = find_rule(op->bucket, origin, q->form ? STR("POST") : q->method, STR(""));
    if (!rule)
        return;
    if (!op->out->headers)
        op->out->headers = value_map(op->a);
    add_rule(&(struct answer){ .a = op->a, .headers = op->out->headers }, rule, origin);
}

static void refuse(struct arena *a, struct reply *r, const char *text)
{
    r->status = 403;
    reply_header(a, r, "Content-Type", STR("application/xml"));
    r->body = (struct body){ .text = arena_printf(
                                 a,
                                 "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                                 "<Error><Code>AccessForbidden</Code><Message>CORSResponse: %s"
                                 "</Message></Error>",
                                 text) };
    r->body.len = (int64_t)r->body.text.len;
}

int s3_cors_preflight(struct engine *e, struct arena *a, const struct request *q, struct reply *r)
{
    struct str origin = request_header(q, "Origin"), name = q->s3_bucket, rest;
    struct str method = request_header(q, "Access-Control-Request-Method");
    struct str headers = request_header(q, "Access-Control-Request-Headers");
    const struct bucket *b;

    if (!str_eq_c(q->method, "OPTIONS") || !e->s3)
        return 0;
    if (name.len == 0) /* path style: /bucket/key */
        (void)str_cut(str_sub(q->path, 1, q->path.len), '/', &name, &rest);
    if (!bucket_name_is_valid(name))
        return 0;
    int rc = bucket_hold(e->s3, name, BUCKET_CACHED, &b, NULL);
    if (rc == E_MISSING)
        return 0;
    if (rc < 0)
        return rc;
    const struct value *rule = find_rule(b, origin, method, headers);
    if (origin.len == 0 || method.len == 0) {
        refuse(a, r, "Insufficient information. Origin request header needed.");
    } else if (!value_get_c(b->doc, "Cors")) {
        refuse(a, r, "CORS is not enabled for this bucket.");
    } else if (!rule) {
        refuse(a, r,
               "This CORS request is not allowed. This is usually because the evalution of "
               "Origin, request method / Access-Control-Request-Method or "
               "Access-Control-Request-Headers are not whitelisted by the resource's CORS "
               "spec.");
    } else {
        struct answer to = { .a = a, .reply = r };
        r->status = 200;
        add_rule(&to, rule, origin);
        add(&to, "Access-Control-Allow-Headers", arena_copy(a, headers));
    }
    bucket_drop(b);
    return 1;
}
