/* core/aws/arn - arn:partition:service:region:account:resource. Source: IAM User Guide, "ARNs". */
#pragma once

#include "core/base/arena.h"
#include "core/base/err.h"

struct arn {
    struct str partition, service, region, account,
        resource; /* borrowed; resource keeps its ':' and '/' */
};
int arn_parse(struct str text, struct arn *out, struct err *err);
