#include "emulator/wire/host.h"

#include "core/aws/region.h"
#include "emulator/catalogue/route.h"

/* Source: botocore endpoints.json and partitions.json, dnsSuffix and dualStackDnsSuffix; the last
 * two are names that lead to this machine. */
static const char *const suffixes[] = {
    ".amazonaws.com",    ".api.aws",
    ".amazonaws.com.cn", ".api.amazonwebservices.com.cn",
    ".localhost",        ".localhost.localstack.cloud",
};

/* Labels that name a service but are no endpointPrefix of a model. Source: AWS General Reference,
 * "Amazon SQS endpoints" (legacy) and "Amazon S3 endpoints". */
static const struct {
    const char *label, *endpoint;
} aliases[] = {
    { "queue", "sqs" },
    { "s3-accesspoint", "s3" },
    { "s3-object-lambda", "s3" },
    { "s3-outposts", "s3-control" },
    { "s3express-control", "s3" },
};

static struct str without_port(struct str host)
{
    struct str head, port;
    int64_t number;

    return str_rcut(host, ':', &head, &port) && str_to_i64(port, &number) ? head : host;
}

/* The labels before a known suffix; empty for a name that is none of AWS's. */
static struct str service_labels(struct str host)
{
    for (size_t i = 0; i < COUNT(suffixes); i++)
        if (str_has_suffix(host, str_c(suffixes[i])))
            return str_sub(host, 0, host.len - strlen(suffixes[i]));
    return (struct str){ 0 };
}

static bool drop_last(struct str *labels, struct str *label)
{
    struct str head;

    if (str_rcut(*labels, '.', &head, label)) {
        *labels = head;
        return true;
    }
    *label = *labels;
    return false;
}

static struct str endpoint_of(struct str labels)
{
    struct str first, rest;

    (void)str_cut(labels, '.', &first, &rest);
    for (size_t i = 0; rest.len == 0 && i < COUNT(aliases); i++)
        if (str_eq_c(first, aliases[i].label))
            return str_c(aliases[i].endpoint);
    if (rest.len == 0 && str_has_suffix(first, STR("-fips")))
        return str_sub(first, 0, first.len - strlen("-fips"));
    return labels;
}

struct wire_host wire_host_parse(const struct cat *cat, struct str host)
{
    struct str labels = service_labels(without_port(host)), rest = labels, label;
    struct wire_host out = { 0 };

    if (drop_last(&rest, &label) && region_find(label)) {
        out.region = label;
        labels = rest;
    } else if (str_has_prefix(label, STR("s3-")) && region_find(str_sub(label, 3, label.len))) {
        out.region = str_sub(label, 3, label.len); /* s3-us-west-2, the older form */
        labels = STR("s3");
    } else if (str_cut(labels, '.', &label, &rest) && region_find(label)) {
        out.region = label; /* us-east-1.queue */
        labels = rest;
    }
    rest = labels;
    if (drop_last(&rest, &label) && str_eq_c(label, "dualstack"))
        labels = rest;
    for (; labels.len > 0 && !out.service; (void)str_cut(labels, '.', &label, &labels)) {
        uint32_t from = 0;

        out.endpoint = endpoint_of(labels);
        out.service = cat_service_next_of_endpoint(cat, out.endpoint, &from);
    }
    if (!out.service)
        out.endpoint = (struct str){ 0 };
    return out;
}
