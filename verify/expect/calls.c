#include "verify/expect/calls.h"

#include <assert.h>

#include "core/base/embed.h"

static bool has_wildcard(struct str s)
{
    return memchr(s.ptr, '*', s.len) || memchr(s.ptr, '?', s.len);
}

/* Rows of fixtures/verify/services.tsv. */
static struct str source_of(struct str service)
{
    struct str text = embed_find(STR("verify/services.tsv")), line, name, source;

    assert(text.ptr); /* linked in with the program */
    while (text.len > 0) {
        (void)str_cut(text, '\n', &line, &text); /* no newline: the last line */
        if (str_cut(line, '\t', &name, &source) && str_eq(name, service))
            return source;
    }
    return STR("");
}

/* Source: record rules, 2: names that records of S3 give to operations. */
static const struct alias {
    const char *service, *operation, *name;
} aliases[] = {
    { "s3", "ListObjectsV2", "ListObjects" },
    { "s3", "GetBucketNotificationConfiguration", "GetBucketNotification" },
    { "s3", "PutBucketNotificationConfiguration", "PutBucketNotification" },
    { "s3", "GetBucketLifecycleConfiguration", "GetBucketLifecycle" },
    { "s3", "PutBucketLifecycleConfiguration", "PutBucketLifecycle" },
    { "s3", "GetBucketAccelerateConfiguration", "GetAccelerateConfiguration" },
    { "s3", "PutBucketAccelerateConfiguration", "PutAccelerateConfiguration" },
    { "s3", "GetPublicAccessBlock", "GetBucketPublicAccessBlock" },
    { "s3", "PutPublicAccessBlock", "PutBucketPublicAccessBlock" },
    { "s3", "DeletePublicAccessBlock", "DeleteBucketPublicAccessBlock" },
    { "s3", "GetObjectLockConfiguration", "GetBucketObjectLockConfiguration" },
    { "s3", "PutObjectLockConfiguration", "PutBucketObjectLockConfiguration" },
    { "s3control", "GetPublicAccessBlock", "GetAccountPublicAccessBlock" },
    { "s3control", "PutPublicAccessBlock", "PutAccountPublicAccessBlock" },
    { "s3control", "DeletePublicAccessBlock", "DeleteAccountPublicAccessBlock" },
};

int call_name_parse(struct arena *a, struct str text, struct call_name *out, struct err *err)
{
    struct str service, operation;
    struct call_name c = { .text = text };

    if (!str_cut(text, '.', &service, &operation) || operation.len == 0)
        return err_set(err, E_PARSE,
                       "expected SERVICE.Operation, such as iam.CreateUser, not '%.*s'",
                       STR_ARG(text));
    c.source = has_wildcard(service) ? arena_printf(a, "%.*s.amazonaws.com", STR_ARG(service))
                                     : source_of(service);
    if (c.source.len == 0)
        return err_set(err, E_PARSE, "no service '%.*s': expected a name that boto3 has",
                       STR_ARG(service));
    c.name = operation;
    for (size_t i = 0; i < COUNT(aliases); i++)
        if (str_eq_c(service, aliases[i].service) && str_eq_c(operation, aliases[i].operation))
            c.name = str_c(aliases[i].name);
    *out = c;
    return 0;
}

/* CreateFunction20150331, UpdateFunctionCode20150331v2, CreateDistribution2020_05_31: without what
 * the API's date adds. */
static struct str without_date(struct str source, struct str name)
{
    size_t n = name.len;

    if (!str_eq_c(source, "lambda.amazonaws.com") && !str_eq_c(source, "cloudfront.amazonaws.com"))
        return name;
    if (n > 2 && name.ptr[n - 2] == 'v')
        n -= 2;
    while (n > 0 && ((name.ptr[n - 1] >= '0' && name.ptr[n - 1] <= '9') || name.ptr[n - 1] == '_'))
        n--;
    return name.len - n >= 8 ? str_sub(name, 0, n) : name;
}

bool call_name_fits(const struct call_name *c, struct str source, struct str name)
{
    if (c->source.len && !str_match(c->source, source))
        return false;
    return str_match(c->name, name) || str_match(c->name, without_date(source, name));
}
