/* emulator/http/host - what the Host header says: which bucket (virtual-host addressing), and
 * whether it names this machine. Pure functions over strings.
 *
 * A Host names a bucket only where nothing else explains its labels: hostPrefix labels of other
 * services (123456789012.s3-control.localhost) and region or service hosts do not. What can't be
 * told here is left to wire_identify, which sees the Host too.
 */
#pragma once

#include "emulator/wire/message.h"

struct host_names {
    const struct str *suffixes; /* beside localhost, localhost.localstack.cloud, amazonaws.com */
    size_t count;
};

/* "name:8080" -> name; "[::1]:8080" -> "::1". Borrowed. */
struct str host_without_port(struct str host);
/* The bucket that Host names, or empty. Borrowed from host.
 * Source: Amazon S3 User Guide, "Virtual hosting of general purpose buckets". */
struct str host_bucket(struct str host, const struct host_names *names);
/* Is this request S3's, as far as its headers and query tell? Signed: by the scope's service;
 * unsigned: when no other protocol claims it. */
bool host_request_is_s3(const struct request *q);
/* localhost, *.localhost, 127.0.0.0/8, ::1, or listen_host. host may carry a port. */
bool host_is_local(struct str host, struct str listen_host);
/* An Origin header's host is local; "null" and anything that is not a URL are not. */
bool host_origin_is_local(struct str origin, struct str listen_host);
