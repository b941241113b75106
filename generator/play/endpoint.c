#include "generator/play/endpoint.h"

struct str endpoint_host(struct arena *a, const struct cat *cat, const struct cat_op *op,
                         struct str region, const struct value *params)
{
    const struct cat_service *s = cat_op_service(cat, op);
    struct str prefix = cat_str(cat, s->endpoint_prefix), global = cat_str(cat, s->global_endpoint);
    struct str bucket = value_get_str(params, "Bucket");

    if (!str_eq_c(prefix, "s3") && global.len > 0)
        return global;
    if (str_eq_c(prefix, "s3") && bucket.len > 0 && str_find(bucket, STR(".")) < 0)
        return arena_printf(a, "%.*s.s3.%.*s.amazonaws.com", STR_ARG(bucket), STR_ARG(region));
    return arena_printf(a, "%.*s.%.*s.amazonaws.com", STR_ARG(prefix), STR_ARG(region));
}
