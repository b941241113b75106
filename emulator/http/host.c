#include "emulator/http/host.h"

#include <arpa/inet.h>

#include "core/aws/region.h"

struct str host_without_port(struct str host)
{
    struct str head, tail;

    if (str_has_prefix(host, STR("["))) {
        if (str_cut(str_sub(host, 1, host.len), ']', &head, &tail))
            return head;
        return (struct str){ 0 };
    }
    if (str_rcut(host, ':', &head, &tail) && memchr(head.ptr, ':', head.len) == NULL)
        return head;
    return host;
}

static bool has_suffix_nocase(struct str s, struct str suffix)
{
    return s.len >= suffix.len && str_eq_nocase(str_sub(s, s.len - suffix.len, suffix.len), suffix);
}

/* host without ".suffix"; false when that is not its end or nothing stands before it. */
static bool cut_suffix(struct str host, struct str suffix, struct str *head)
{
    struct str s = str_sub(host, 0, host.len - (host.len >= suffix.len ? suffix.len : 0));

    if (suffix.len == 0 || !has_suffix_nocase(host, suffix))
        return false;
    if (s.len < 2 || s.ptr[s.len - 1] != '.')
        return false;
    *head = str_sub(s, 0, s.len - 1);
    return true;
}

/* The last label of *rest, taken off it. */
static struct str take_label(struct str *rest)
{
    struct str head, label;

    if (!str_rcut(*rest, '.', &head, &label)) {
        label = *rest;
        *rest = (struct str){ 0 };
        return label;
    }
    *rest = head;
    return label;
}

/* BUCKET.s3, BUCKET.s3.REGION, BUCKET.s3.dualstack.REGION, BUCKET.s3-REGION -> BUCKET.
 * 1: found (may be empty: the service's own name); 0: no S3 label; -1: another service's. */
static int before_s3_label(struct str labels, struct str *bucket)
{
    struct str rest = labels, label = take_label(&rest);

    if (region_find(label)) {
        label = take_label(&rest);
        if (str_eq_nocase(label, STR("dualstack")))
            label = take_label(&rest);
        if (!str_eq_nocase(label, STR("s3")) && !str_eq_nocase(label, STR("s3-fips")))
            return -1;
    } else if (str_has_prefix(label, STR("s3-")) && !region_find(str_sub(label, 3, label.len))) {
        return -1; /* s3-control, s3-accesspoint, s3-outposts ... */
    } else if (!str_eq_nocase(label, STR("s3")) && !str_has_prefix(label, STR("s3-"))) {
        return 0;
    }
    *bucket = rest;
    return 1;
}

struct str host_bucket(struct str host, const struct host_names *names)
{
    static const struct str own[] = { { "localhost.localstack.cloud", 26 }, { "localhost", 9 } };
    struct str name = host_without_port(host), labels, bucket;

    if (cut_suffix(name, STR("amazonaws.com"), &labels))
        return before_s3_label(labels, &bucket) == 1 ? bucket : (struct str){ 0 };
    for (size_t i = 0; i < COUNT(own) + names->count; i++) {
        struct str suffix = i < names->count ? names->suffixes[i] : own[i - names->count];

        if (!cut_suffix(name, suffix, &labels))
            continue;
        switch (before_s3_label(labels, &bucket)) {
        case 1:
            return bucket;
        case 0:
            return labels;
        default:
            return (struct str){ 0 };
        }
    }
    return (struct str){ 0 };
}

/* The service of "AKID/DATE/REGION/SERVICE/aws4_request" at the start of s; empty if there is none.
 * In a query the separators may be %2F. SigV4A has no region: the service still stands last. */
static struct str scope_service(struct str s)
{
    ptrdiff_t end = str_find(s, STR("/aws4_request"));
    struct str head, service;

    if (end < 0 || !str_rcut(str_sub(s, 0, (size_t)end), '/', &head, &service))
        return (struct str){ 0 };
    return service;
}

static bool is_s3_scope(struct str service)
{
    return str_eq_c(service, "s3") || str_eq_c(service, "s3express");
}

bool host_request_is_s3(const struct request *q)
{
    struct str auth = request_header(q, "authorization");
    struct str credential = request_param(q, "X-Amz-Credential");

    if (str_has_prefix(q->path, STR("/v20180820/")) || request_has_header(q, "x-amz-account-id"))
        return false; /* S3 Control signs as s3. Source: botocore s3control, requestUri */
    if (str_has_prefix(auth, STR("AWS4-")))
        return is_s3_scope(scope_service(auth));
    if (credential.len)
        return is_s3_scope(scope_service(credential));
    if (str_has_prefix(auth, STR("AWS ")))
        return true; /* SigV2 in a header was S3's. Source: S3 User Guide, "Signature Version 2" */
    return !request_has_header(q, "x-amz-target") && !request_has_header(q, "smithy-protocol") &&
           !request_has_param(q, "Action") &&
           !str_has_prefix(request_header(q, "content-type"),
                           STR("application/x-www-form-urlencoded")) &&
           !str_has_prefix(auth, STR("Bearer "));
}

static bool is_loopback(const char *text)
{
    struct in_addr v4;
    struct in6_addr v6;

    if (inet_pton(AF_INET, text, &v4) == 1)
        return (ntohl(v4.s_addr) >> 24) == 127;
    return inet_pton(AF_INET6, text, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

bool host_is_local(struct str host, struct str listen_host)
{
    struct str name = host_without_port(host);
    char text[64];

    if (name.len == 0)
        return false;
    if (str_eq_nocase(name, STR("localhost")) || has_suffix_nocase(name, STR(".localhost")) ||
        (listen_host.len && str_eq_nocase(name, listen_host)))
        return true;
    if (name.len >= sizeof text)
        return false;
    memcpy(text, name.ptr, name.len);
    text[name.len] = '\0';
    return is_loopback(text);
}

bool host_origin_is_local(struct str origin, struct str listen_host)
{
    ptrdiff_t at = str_find(origin, STR("://"));

    if (at < 0)
        return false;
    return host_is_local(str_sub(origin, (size_t)at + 3, origin.len), listen_host);
}
