/* verify/run/got - what a tool reported: findings read from its output in the format that the suite
 * names.
 */
#pragma once

#include "core/base/buf.h"
#include "verify/run/suite.h"

struct got {
    struct str rule;
    struct str *event_ids;
    size_t event_count;
    int64_t first_ms, last_ms; /* as the tool says; -1: it does not */
    int64_t reported_ms;       /* since the run began; -1: not known */
    bool is_refusal;           /* the tool says that it could not judge */
};

struct got_list {
    struct arena arena;
    struct got *items;
    size_t count, room;
};

/* One output in one piece; reported_ms: when it came, or -1. E_PARSE: it is not of that format; the
 * text says where. Lines of FORMAT_REGEX that don't match, and lines of FORMAT_JSONL that are no
 * JSON objects, are the tool's chatter. */
int got_read(struct got_list *list, const struct suite_tool *tool, struct str text,
             int64_t reported_ms, struct err *err);
struct got *got_add(struct got_list *list, struct str rule); /* copied */
void got_free(struct got_list *list);
