/* emulator/services/cloudwatch/search - SEARCH expressions: which metrics are meant.
 * Source: CloudWatch User Guide, "Search expression syntax".
 */
#pragma once

#include "emulator/services/cloudwatch/point.h"

struct search;
/* E_PARSE: what was expected. */
int search_parse(struct arena *a, struct str text, struct search **out, struct err *err);
bool search_matches(const struct search *s, const struct metric_id *id);
/* Source: the same, "limits": 100 time series of a search in a graph; 500 by the API. */
#define SEARCH_MOST 500
/* The metrics of an account and region that match, in order of their names. */
int search_run(struct engine *e, struct arena *a, const struct search *s, struct str account,
               struct str region, struct metric_id **out, size_t *count, struct err *err);
