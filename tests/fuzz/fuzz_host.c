/* Host and Origin: what is found lies within the header, and an address elsewhere is never local.
 */
#include <assert.h>

#include "emulator/http/host.h"
#include "tests/fuzz/fuzz.h"

static void check_within(struct str part, struct str whole)
{
    assert(part.len == 0 ||
           (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct str suffixes[] = { { "aws.test", 8 } };
    struct host_names names = { suffixes, 1 };
    struct str host = { (const char *)data, size };
    struct http_header header = { STR("Authorization"), host };
    struct request q = {
        .method = STR("GET"), .path = host, .headers = &header, .header_count = 1
    };

    check_within(host_without_port(host), host);
    check_within(host_bucket(host, &names), host);
    if (host_is_local(host, STR("")))
        assert(host_bucket(host, &names).len < host.len);
    if (host_origin_is_local(host, STR("")))
        assert(str_find(host, STR("://")) >= 0);
    (void)host_request_is_s3(&q); /* any answer; no crash */
    return 0;
}
