/* emulator/wire/host - what the name in a Host header says about service and region. */
#pragma once

#include "emulator/catalogue/catalogue.h"

struct wire_host {
    struct str endpoint; /* the endpoint prefix found ("api.ecr", "s3"); empty when unknown */
    struct str region;
    const struct cat_service *service; /* the first of that endpoint prefix; or NULL */
};
/* "BUCKET.s3.us-west-2.amazonaws.com:443", "sts.localhost" ...: labels in front (hostPrefix,
 * buckets), "-fips" and "dualstack" are passed over. Parts are borrowed from host. */
struct wire_host wire_host_parse(const struct cat *cat, struct str host);
