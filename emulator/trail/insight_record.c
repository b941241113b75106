/* The record of an Insights event.
 * Source: CloudTrail User Guide, "CloudTrail record contents for Insights events for trails",
 * "CloudTrail Insights insightDetails element" and its samples: members, their order, averages of
 * at most ten decimals, "null" where a call did not fail. */
#include <stdio.h>
#include <stdlib.h>

#include "core/base/rng.h"
#include "core/codec/json.h"
#include "emulator/trail/insights_parts.h"

#define VERSION "1.09" /* Source: the samples of December 2024 */

struct ids {
    char shared[37], start[37], end[37];
};

/* Drawn from what the event is about: the same again after a crash. */
static struct ids ids_of(uint64_t seed, const struct insight_key *k)
{
    struct rng rng;
    struct ids ids;

    rng_init(&rng, seed ^ str_hash(k->id), (uint64_t)k->episode.start_ms);
    rng_uuid(&rng, ids.shared);
    rng_uuid(&rng, ids.start);
    rng_uuid(&rng, ids.end);
    return ids;
}

static void add_average(struct buf *out, uint64_t calls, int64_t over_ms)
{
    char text[64];
    double minutes = (double)over_ms / (double)INSIGHT_MINUTE_MS;
    int len = snprintf(text, sizeof text, "%.10f", (double)calls / minutes);

    while (len > 0 && text[len - 1] == '0')
        len--;
    if (len > 0 && text[len - 1] == '.')
        len--;
    buf_add(out, (struct str){ text, (size_t)len });
}

static int by_calls(const void *a, const void *b)
{
    const struct insight_count *x = *(const struct insight_count *const *)a;
    const struct insight_count *y = *(const struct insight_count *const *)b;

    if (x->calls != y->calls)
        return x->calls < y->calls ? 1 : -1;
    return str_cmp(insight_voice_text(x->voice), insight_voice_text(y->voice));
}

static void add_top(struct arena *a, struct buf *out, const struct insight_bag *bag,
                    enum insight_attribute attribute, int64_t over_ms)
{
    const struct insight_count **list =
        arena_array(a, INSIGHT_VOICES_MOST, sizeof(const struct insight_count *));
    size_t count = 0;

    for (const struct insight_count *c = bag->counts; c; c = c->next)
        if (c->voice->attribute == attribute)
            list[count++] = c;
    qsort(list, count, sizeof(const struct insight_count *), by_calls);
    buf_add_char(out, '[');
    for (size_t i = 0; i < count && i < INSIGHT_TOP; i++) {
        buf_add_c(out, i > 0 ? ",{\"value\":" : "{\"value\":");
        json_add_string(out, insight_voice_text(list[i]->voice));
        buf_add_c(out, ",\"average\":");
        add_average(out, list[i]->calls, over_ms);
        buf_add_char(out, '}');
    }
    buf_add_char(out, ']');
}

static void add_attributions(struct arena *a, struct buf *out, const struct insight_key *k,
                             int64_t over_ms)
{
    static const char *const names[] = { "userIdentityArn", "userAgent", "errorCode" };
    const struct insight_episode *e = &k->episode;

    for (int i = 0; i < insight_row(k->n.kind)->attributes; i++) {
        buf_printf(out, "%s{\"attribute\":\"%s\",\"insight\":", i > 0 ? "," : "", names[i]);
        add_top(a, out, &e->bag, (enum insight_attribute)i, over_ms);
        buf_add_c(out, ",\"baseline\":");
        add_top(a, out, &e->baseline, (enum insight_attribute)i, e->baseline_ms);
        buf_add_char(out, '}');
    }
}

static void add_context(struct arena *a, struct buf *out, const struct insight_key *k)
{
    const struct insight_episode *e = &k->episode;
    int64_t over_ms = e->last_ms - e->start_ms + INSIGHT_MINUTE_MS;

    buf_add_c(out, "{\"statistics\":{\"baseline\":{\"average\":");
    add_average(out, e->baseline.calls, e->baseline_ms);
    buf_add_c(out, "},\"insight\":{\"average\":");
    add_average(out, e->bag.calls, over_ms);
    buf_printf(out, "},\"insightDuration\":%lld,\"baselineDuration\":%lld},\"attributions\":[",
               (long long)(over_ms / INSIGHT_MINUTE_MS),
               (long long)(e->baseline_ms / INSIGHT_MINUTE_MS));
    add_attributions(a, out, k, over_ms);
    buf_add_c(out, "]}");
}

static void add_member(struct buf *out, const char *name, struct str text)
{
    buf_printf(out, "\"%s\":", name);
    json_add_string(out, text);
    buf_add_char(out, ',');
}

static void add_details(struct arena *a, struct buf *out, const struct insight_key *k,
                        enum insight_state state)
{
    buf_add_c(out, "\"insightDetails\":{");
    add_member(out, "state", state == INSIGHT_START ? STR("Start") : STR("End"));
    add_member(out, "eventSource", k->n.source);
    add_member(out, "eventName", k->n.name);
    add_member(out, "insightType", str_c(insight_row(k->n.kind)->name));
    if (k->n.error.len > 0)
        add_member(out, "errorCode", k->n.error);
    add_member(out, "sourceEventCategory", k->n.is_data ? STR("Data") : STR("Management"));
    buf_add_c(out, "\"insightContext\":");
    add_context(a, out, k);
    if (k->n.trail.len > 0) {
        buf_add_c(out, ",\"insightSource\":");
        json_add_string(out, k->n.trail);
    }
    buf_add_c(out, "},");
}

void insight_record(struct arena *a, uint64_t seed, const struct insight_key *k,
                    enum insight_state state, struct buf *out, struct record_facts *facts)
{
    struct ids ids = ids_of(seed, k);
    char time[CLOCK_ISO_SIZE];

    *facts = (struct record_facts){
        .event_id = arena_copy(a, str_c(state == INSIGHT_START ? ids.start : ids.end)),
        .event_source = k->n.source,
        .event_name = k->n.name,
        .account = k->n.account,
        .region = k->n.region,
        .error_code = k->n.error,
        .time_ms =
            state == INSIGHT_START ? k->episode.start_ms : k->episode.last_ms + INSIGHT_MINUTE_MS,
        .category = EVENT_INSIGHT,
    };
    clock_iso(facts->time_ms, time);
    buf_add_char(out, '{');
    add_member(out, "eventVersion", STR(VERSION));
    add_member(out, "eventTime", str_c(time));
    add_member(out, "awsRegion", k->n.region);
    add_member(out, "eventID", facts->event_id);
    add_member(out, "eventType", STR("AwsCloudTrailInsight"));
    add_member(out, "recipientAccountId", k->n.account);
    add_member(out, "sharedEventID", str_c(ids.shared));
    add_details(a, out, k, state);
    buf_add_c(out, "\"eventCategory\":\"Insight\"}");
}
