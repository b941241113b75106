/* emulator/services/xray/filter - private to this folder: filter expressions on traces.
 *
 * Source: X-Ray Developer Guide, "Using filter expressions". The grammar, keywords in any case:
 *     any     = all {"OR" all}
 *     all     = one {["AND"] one}
 *     one     = "!" one | "(" any ")" | keyword [operator value]
 *             | "service" "(" [id] ")" ["{" any "}"] | "edge" "(" [id] "," [id] ")" ["{" any "}"]
 *             | "rootcause." cause "." list ["{" any "}"]
 *     id      = string | "id" "(" "name:" string | "type:" string | "account.id:" string ... ")"
 *     keyword = one of filter.def | "annotation." key | "annotation[" key "]"
 *             | "group.name" | "group.arn"
 * What stands in the guide and is not done (rootcause.json) is refused, as is what does not.
 */
#pragma once

#include "emulator/services/xray/cause.h"
#include "emulator/services/xray/trace.h"

#define FILTER_BYTES  2000u /* Source: unpublished; a bound of this program */
#define FILTER_DEPTH  32
#define FILTER_GROUPS 200 /* that stand in an expression, those of groups counted */

struct filter;
/* The filter expression of a group by name or ARN; false: there is none such. */
struct filter_groups {
    bool (*find)(void *arg, bool by_arn, struct str text, struct str *expression);
    void *arg;
};
/* 0, or E_PARSE with what is wrong and where. groups NULL: a group is refused. */
int filter_parse(struct arena *a, struct str text, const struct filter_groups *groups,
                 struct filter **out, struct err *err);
/* NULL matches every trace. */
bool filter_matches(struct arena *a, const struct filter *f, const struct trace *t);

/* For GetTimeSeriesServiceStatistics: an expression that is service(), edge() or id() alone. */
struct filter_entity {
    bool is_edge;
    struct str name[2], type[2]; /* of the service; of both ends of an edge; empty: any */
};
int filter_entity_parse(struct arena *a, struct str text, struct filter_entity *out,
                        struct err *err);
bool filter_entity_is(const struct filter_entity *of, int end, const struct trace_node *n);
