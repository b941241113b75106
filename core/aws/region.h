/* core/aws/region - regions, partitions, which services are global (table region.def). */
#pragma once

#include "core/base/str.h"

struct region {
    const char *name, *partition, *dns_suffix;
    bool enabled_by_default; /* the 17 that every account has without opting in */
};
const struct region *region_find(struct str name); /* NULL when unknown */
const struct region *region_at(size_t i);          /* NULL past the end; sorted by name */
struct str region_partition(struct str name);      /* "aws" for an unknown one */
/* The region in which a service's calls are recorded: us-east-1 for global services (iam, route53,
 * cloudfront, organizations ...), else the one asked for. service is botocore's name. */
struct str region_of_call(struct str service, struct str asked);
bool region_is_pseudo(struct str name); /* "aws-global": a partition's, no region */
