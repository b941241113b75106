#include "emulator/identity/claim.h"

#include "core/base/clock.h"
#include "emulator/wire/post_form.h"

/* Source: reference of wire protocols, "SigV4": X-Amz-Date, or Date. */
static void take_date(struct claim *c, struct str amz_date, struct str date)
{
    c->datetime = amz_date.len > 0 ? amz_date : date;
    c->signed_at_ms = INT64_MIN;
    if (clock_parse(c->datetime, &c->signed_at_ms, NULL) < 0)
        c->signed_at_ms = INT64_MIN;
}

static int parse_v4_header(const struct request *q, struct str header, struct claim *c,
                           struct err *err)
{
    struct sigv4_authorization auth;
    int rc = sigv4_parse_authorization(header, &auth, err);

    if (rc < 0)
        return rc;
    c->kind = auth.is_v4a ? CLAIM_V4A : CLAIM_V4;
    c->method = AUTH_HEADER;
    c->scope = auth.scope;
    c->signed_headers = auth.signed_headers;
    c->signature = auth.signature;
    c->token = request_header(q, "x-amz-security-token");
    take_date(c, request_header(q, "x-amz-date"), request_header(q, "date"));
    if (c->signed_at_ms == INT64_MIN)
        return err_set(err, E_PARSE,
                       "Authorization header requires existence of either a 'X-Amz-Date' or a "
                       "'Date' header. Authorization=AWS4-HMAC-SHA256");
    return 0;
}

static int parse_v4_query(const struct request *q, struct claim *c, struct err *err)
{
    struct str algorithm = request_param(q, "X-Amz-Algorithm");
    struct str credential = request_param(q, "X-Amz-Credential");

    c->kind = str_eq_c(algorithm, "AWS4-ECDSA-P256-SHA256") ? CLAIM_V4A : CLAIM_V4;
    c->method = AUTH_QUERY;
    c->signed_headers = request_param(q, "X-Amz-SignedHeaders");
    c->signature = request_param(q, "X-Amz-Signature");
    c->token = request_param(q, "X-Amz-Security-Token");
    take_date(c, request_param(q, "X-Amz-Date"), (struct str){ 0 });
    if (!str_to_i64(request_param(q, "X-Amz-Expires"), &c->expires_s))
        c->expires_s = 900; /* a presigned request of a query service lives like a signed one */
    if (c->kind == CLAIM_V4 && !str_eq_c(algorithm, "AWS4-HMAC-SHA256"))
        return err_set(err, E_PARSE, "AWS query-string parameters must include 'X-Amz-Algorithm'.");
    if (c->kind == CLAIM_V4A) { /* its credential names no region */
        (void)str_cut(credential, '/', &c->scope.access_key_id, &c->scope.date);
        return 0;
    }
    if (c->signature.len == 0 || c->signed_headers.len == 0 || c->signed_at_ms == INT64_MIN)
        return err_set(err, E_PARSE,
                       "AWS query-string parameters must include 'X-Amz-Signature', "
                       "'X-Amz-SignedHeaders' and 'X-Amz-Date'.");
    return sigv4_parse_credential(credential, &c->scope, err);
}

static int parse_v2_header(const struct request *q, struct str header, struct claim *c,
                           struct err *err)
{
    c->kind = CLAIM_V2;
    c->method = AUTH_HEADER;
    c->token = request_header(q, "x-amz-security-token");
    take_date(c, request_header(q, "x-amz-date"), request_header(q, "date"));
    if (!str_rcut(str_sub(header, 4, header.len), ':', &c->scope.access_key_id, &c->signature) ||
        c->scope.access_key_id.len == 0)
        return err_set(err, E_PARSE,
                       "AWS authorization header is invalid. Expected "
                       "AwsAccessKeyId:signature");
    return 0;
}

static int parse_v2_query(const struct request *q, struct claim *c, struct err *err)
{
    c->kind = CLAIM_V2;
    c->method = AUTH_QUERY;
    c->scope.access_key_id = request_param(q, "AWSAccessKeyId");
    c->signature = request_param(q, "Signature");
    c->token = request_param(q, "x-amz-security-token");
    if (!str_to_i64(request_param(q, "Expires"), &c->expires_s))
        return err_set(err, E_PARSE,
                       "Query-string authentication requires the Signature, Expires "
                       "and AWSAccessKeyId parameters");
    return 0;
}

/* Source: S3 API Reference, "POST Object", "Form fields"; texts as S3 answers them. */
static int require_fields(const struct request *q, const char *const *names, size_t count,
                          struct err *err)
{
    for (size_t i = 0; i < count; i++)
        if (post_form_field(q->form, names[i]).len == 0)
            return err_set(err, E_PARSE,
                           "Bucket POST must contain a field named '%s'.  If it is specified, "
                           "please check the order of the fields.",
                           names[i]);
    return 0;
}

static int parse_v4_form(const struct request *q, struct claim *c, struct err *err)
{
    static const char *const fields[] = { "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date",
                                          "X-Amz-Signature", "Policy" };
    int rc = require_fields(q, fields, COUNT(fields), err);

    c->kind = CLAIM_V4;
    c->signature = post_form_field(q->form, "x-amz-signature");
    take_date(c, post_form_field(q->form, "x-amz-date"), (struct str){ 0 });
    if (rc == 0 && !str_eq_c(post_form_field(q->form, "x-amz-algorithm"), "AWS4-HMAC-SHA256"))
        return err_set(err, E_PARSE, "X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\"");
    if (rc == 0 && c->signed_at_ms == INT64_MIN)
        return err_set(err, E_PARSE, "X-Amz-Date must be formated via ISO8601 Long format");
    return rc < 0 ? rc
                  : sigv4_parse_credential(post_form_field(q->form, "x-amz-credential"), &c->scope,
                                           err);
}

static int parse_v2_form(const struct request *q, struct claim *c, struct err *err)
{
    static const char *const fields[] = { "AWSAccessKeyId", "Signature", "Policy" };

    c->kind = CLAIM_V2;
    c->scope.access_key_id = post_form_field(q->form, "AWSAccessKeyId");
    c->signature = post_form_field(q->form, "signature");
    return require_fields(q, fields, COUNT(fields), err);
}

/* A form proves itself by the signature of its policy; one without is anybody's. */
static int parse_form(const struct request *q, struct claim *c, struct err *err)
{
    c->method = AUTH_POST_FORM;
    c->token = post_form_field(q->form, "x-amz-security-token");
    if (post_form_has(q->form, "x-amz-algorithm") || post_form_has(q->form, "x-amz-credential") ||
        post_form_has(q->form, "x-amz-signature"))
        return parse_v4_form(q, c, err);
    if (post_form_has(q->form, "AWSAccessKeyId") || post_form_has(q->form, "signature"))
        return parse_v2_form(q, c, err);
    return 0;
}

int claim_parse(const struct request *q, struct claim *out, struct err *err)
{
    struct str header = request_header(q, "authorization");
    struct claim c = { .signed_at_ms = INT64_MIN, .expires_s = -1 };
    int rc = 0;

    if (q->form)
        rc = parse_form(q, &c, err);
    else if (str_has_prefix(header, STR("AWS4-")))
        rc = parse_v4_header(q, header, &c, err);
    else if (str_has_prefix(header, STR("AWS ")))
        rc = parse_v2_header(q, header, &c, err);
    else if (request_has_param(q, "X-Amz-Credential"))
        rc = parse_v4_query(q, &c, err);
    else if (request_has_param(q, "AWSAccessKeyId") && request_has_param(q, "Signature") &&
             request_has_param(q, "Expires"))
        rc = parse_v2_query(q, &c, err);
    if (rc == 0 && c.kind != CLAIM_NONE && c.scope.access_key_id.len == 0)
        rc = err_set(err, E_PARSE, "Credential without an access key id");
    for (size_t i = 0; rc == 0 && i < c.scope.access_key_id.len; i++)
        if (c.scope.access_key_id.ptr[i] <= ' ' || c.scope.access_key_id.ptr[i] >= 0x7f ||
            c.scope.access_key_id.ptr[i] == '/')
            rc = err_set(err, E_PARSE, "Access key id with a character that none has");
    if (rc == 0 && c.scope.access_key_id.len > 128)
        rc = err_set(err, E_PARSE, "Access key id over 128 characters");
    if (rc == 0)
        *out = c;
    return rc;
}
