/* generator/play/endpoint - the host that a client sends a call to.
 */
#pragma once

#include "core/codec/value.h"
#include "emulator/catalogue/catalogue.h"

/* "iam.amazonaws.com", "ec2.eu-west-1.amazonaws.com", "BUCKET.s3.eu-west-1.amazonaws.com".
 * Source: General Reference, "AWS service endpoints"; S3 User Guide, "Virtual hosting of general
 * purpose buckets". */
struct str endpoint_host(struct arena *a, const struct cat *cat, const struct cat_op *op,
                         struct str region, const struct value *params);
