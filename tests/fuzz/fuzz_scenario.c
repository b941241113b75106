/* A scenario is read whole or refused with a place; what is read keeps its promises: names borne,
 * an end behind the start, and a plan that can be drawn. */
#include <assert.h>

#include "generator/plan/plan.h"
#include "generator/scenario/scenario.h"
#include "tests/fuzz/fuzz.h"

static void check_streams(const struct scenario *s)
{
    for (const struct workload *w = s->workloads; w; w = w->next)
        for (size_t i = 0; i < w->as.count; i++) {
            const struct cast *actor = scenario_principal(s, w->as.items[i]);
            struct stream st;

            assert(actor && w->steps);
            stream_open(&st, s, w, actor, 1, 1);
            for (int k = 0; k < 3 && st.next_ms != INT64_MAX; k++) {
                assert(st.next_ms >= s->start_ms && st.next_ms < s->end_ms);
                stream_next(&st);
            }
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = { 0 };
    struct err err = { 0 };
    struct scenario s;
    int rc = scenario_parse(&a, "fuzz.yaml", (struct str){ (const char *)data, size }, &s, &err);

    assert(err.code == rc);
    if (rc < 0) {
        assert(str_has_prefix(str_c(err.text), STR("fuzz.yaml:")) ||
               str_has_prefix(str_c(err.text), STR("fixtures/")));
    } else {
        assert(s.end_ms > s.start_ms && s.accounts && s.regions.count > 0 && s.trails);
        check_streams(&s);
    }
    arena_free(&a);
    return 0;
}
