/* Any bytes as a rule file: it loads, is refused or fails, and what loads can be asked. */
#include <assert.h>

#include "core/trail/scan.h"
#include "verify/sigma/sigma.h"

static const char record[] =
    "{\"eventName\":\"A\",\"eventID\":\"1\",\"eventTime\":\"2026-01-05T09:00:00Z\",\"a\":[{\"b\":1}"
    ","
    "{\"b\":\"x*y\"}],\"userIdentity\":{\"arn\":\"arn:aws:iam::1:user/u\"},\"errorCode\":null}";

static int count(void *arg, const struct sigma_hit *hit, struct err *err)
{
    (void)err;
    assert(hit->event_count >= 1 && hit->first_ms <= hit->found_ms);
    ++*(size_t *)arg;
    return 0;
}

static void ask(const struct sigma *s)
{
    struct sigma_matcher *m = sigma_matcher_new(s);
    struct scan *scan = scan_open();
    struct scan_record r;
    struct buf text = { 0 };
    size_t hits = 0;

    buf_add_c(&text, record);
    scan_pad(&text);
    scan_start(scan, text.ptr, text.len, SCAN_WHOLE);
    assert(scan_next(scan, &r) == SCAN_RECORD);
    assert(sigma_match(m, &r, count, &hits, NULL) == 0);
    assert(hits <= sigma_rule_count(s));
    assert(sigma_correlate(s, &m, 1, count, &hits, NULL) == 0);
    sigma_matcher_free(m);
    scan_close(scan);
    buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sigma_text text = { STR("fuzz.yml"), { (const char *)data, size } };
    struct sigma *s = NULL;
    struct err err = { 0 };

    if (sigma_load_texts(&s, &text, 1, &err) < 0) {
        assert(str_has_prefix(str_c(err.text), STR("fuzz.yml:")));
        return 0;
    }
    ask(s);
    sigma_free(s);
    return 0;
}
