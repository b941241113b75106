/* emulator/trail/insight_kinds - the types of Insights, and when a rate is unusual: rows.
 *
 * AWS tells what is counted and over what time, not what it calls unusual ("mathematical models").
 * The numbers that decide here are this program's own: insight_kinds.def, docs/howto-insights.md.
 * Source: CloudTrail User Guide, "Working with CloudTrail Insights"; CloudTrail API Reference,
 * "InsightSelector".
 */
#pragma once

#include "core/codec/value.h"

enum insight_kind {
#define INSIGHT_KIND(id, name, least, deviations, attributes) INSIGHT_##id,
#include "emulator/trail/insight_kinds.def"
#undef INSIGHT_KIND
    INSIGHT_KINDS
};

enum insight_attribute { INSIGHT_IDENTITY, INSIGHT_AGENT, INSIGHT_ERROR_CODE, INSIGHT_ATTRIBUTES };

struct insight_row {
    const char *name;
    uint64_t least;    /* calls in a minute; fewer are never unusual */
    double deviations; /* above the mean, as if calls came by chance (Poisson: sqrt(mean)) */
    int attributes;    /* how many of the attributes its records tell */
};
const struct insight_row *insight_row(enum insight_kind kind);
bool insight_kind_find(struct str name, enum insight_kind *out);

/* What a trail asks for: a set of these. */
#define INSIGHT_BIT(kind, is_data) (1u << ((is_data) ? INSIGHT_KINDS + (kind) : (kind)))
#define INSIGHT_DATA_BITS          (((1u << INSIGHT_KINDS) - 1) << INSIGHT_KINDS)

/* Of InsightSelectors as the API has them. Without EventCategories: management events. */
unsigned insight_bits(const struct value *selectors);

/* The trail whose data events a record of an Insights event is about: its ARN; empty: management
 * events. Source: CloudTrail User Guide, "CloudTrail record contents for Insights events for
 * trails", insightSource. */
struct str insight_source(struct str record);

#define INSIGHT_MINUTE_MS 60000ll
/* Source: CloudTrail User Guide, "Understanding CloudTrail Insights": up to 36 hours after it was
 * enabled; "insightDetails", baseline: over the seven days before the start. Counts are kept by the
 * hour, so the seven days begin with a whole hour and last up to 59 minutes more, as AWS's samples
 * do (11336 and 11092 minutes). */
#define INSIGHT_WARM_UP_MS (36 * 60 * INSIGHT_MINUTE_MS)
#define INSIGHT_HOURS      (7 * 24 + 1)
/* This program's own: a minute is judged a minute after its end, for calls that began in it; so
 * many usual minutes end an unusual time; none lasts longer than this (what is usual has changed).
 */
#define INSIGHT_GRACE_MS      INSIGHT_MINUTE_MS
#define INSIGHT_QUIET_MINUTES 5
#define INSIGHT_LONGEST_MS    (24 * 60 * INSIGHT_MINUTE_MS)
/* Bounds of memory: operations that are counted, and values told apart for one attribute of each.
 * Source: "insightDetails", attributions: the five that called most are shown. */
#define INSIGHT_KEYS_MOST   20000
#define INSIGHT_VOICES_MOST 50
#define INSIGHT_TOP         5
