/* The small parsers of one text each: ARNs, times, durations, ranges, addresses, patterns. */
#include <assert.h>
#include <string.h>

#include "core/aws/arn.h"
#include "core/base/clock.h"
#include "emulator/engine/pattern.h"
#include "emulator/engine/upstream/upstream.h"
#include "emulator/services/cloudwatch/point.h"
#include "emulator/services/ec2/ec2.h"
#include "emulator/services/logs/state.h"
#include "emulator/services/s3/conditions.h"
#include "emulator/store/db.h"
#include "tests/fuzz/fuzz.h"

static void try_time(struct str text)
{
    char iso[CLOCK_ISO_SIZE];
    int64_t ms, again;

    if (clock_parse(text, &ms, NULL) == 0) {
        clock_iso(ms, iso);
        assert(clock_parse(str_c(iso), &again, NULL) == 0 && again <= ms && ms - again < 1000);
    }
    if (clock_parse_written(text, &ms, NULL) == 0) /* refuses more, never takes it otherwise */
        assert(clock_parse(text, &again, NULL) == 0 && again == ms);
    (void)clock_parse_duration(text, &ms, NULL);
}

static void try_range(struct str text)
{
    int64_t first = 0, len = 0;

    if (range_parse(text, 1000, &first, &len) == RANGE_PART)
        assert(first >= 0 && len > 0 && first + len <= 1000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = { (const char *)data, size };
    struct arena a = { 0 };
    struct upstream_rule rule;
    struct logs_event_id id;
    struct point point;
    struct cidr cidr;
    struct value *doc;
    struct arn arn;
    uint32_t ip;

    (void)arn_parse(text, &arn, NULL);
    try_time(text);
    try_range(text);
    (void)ip_parse(text, &ip);
    (void)cidr_parse(text, &cidr);
    (void)upstream_rule_parse(&a, text, &rule, NULL);
    (void)doc_decode(&a, text, &doc, NULL);
    (void)pattern_parse(&a, text);
    (void)point_decode(&a, text, &point, NULL);
    (void)logs_event_id_parse(text, &id);
    arena_free(&a);
    return 0;
}
