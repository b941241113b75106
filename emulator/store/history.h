/* emulator/store/history - the 90-day event history: an index built from the journal, never in
 * front of an answer. Rows are added in batches, in order of seq; asking first drains the journal
 * (emulator/trail does). A batch becomes a block for each account and region (history_block.h): to
 * add costs a copy and its packing, and a question reads the blocks that may have an answer, newest
 * first.
 */
#pragma once

#include "emulator/store/store.h"

struct history_row {
    uint64_t seq; /* order of arrival, from 1; breaks ties of time */
    int64_t time_ms;
    struct str account, region, event_id, event_name, event_source, user_name, access_key_id;
    bool read_only, is_insight;
    struct str insight_source; /* of an Insights event about one trail's data events; or empty */
    struct value *resources;   /* [{ResourceType, ResourceName}] or NULL */
    struct str record;         /* the whole record, compact JSON */
};
/* Rows up to history_reached are there already, and left alone: a batch that a crash cut short is
 * simply added again. */
int history_add(struct store *s, const struct history_row *rows, size_t count, struct err *err);
uint64_t history_reached(struct store *s); /* the last row's seq; 0: none */

enum history_attribute {
    HISTORY_ANY,
    HISTORY_EVENT_ID,
    HISTORY_EVENT_NAME,
    HISTORY_READ_ONLY,
    HISTORY_USERNAME,
    HISTORY_RESOURCE_TYPE,
    HISTORY_RESOURCE_NAME,
    HISTORY_EVENT_SOURCE,
    HISTORY_ACCESS_KEY_ID,
};
struct history_query {
    struct str account, region;
    int64_t start_ms, end_ms; /* inclusive */
    enum history_attribute attribute;
    struct str value;
    bool is_insight;
    struct str insight_source; /* as the row's */
    size_t limit;
    int64_t before_time_ms; /* continue below this (time, seq); INT64_MAX to start */
    uint64_t before_seq;
};
/* Newest first. *out_more: there are further rows. */
int history_find(struct store *s, struct arena *a, const struct history_query *q,
                 struct history_row **out, size_t *count, bool *out_more, struct err *err);
/* The records of all accounts and regions, in the order of their arrival. */
struct history_line {
    uint64_t number; /* seq of its row */
    struct str record;
};
struct history_span {
    uint64_t after, last; /* numbers above the one and up to the other */
    size_t limit;
};
int history_page(struct store *s, struct arena *a, const struct history_span *span,
                 struct history_line **out, size_t *count, struct err *err);
int history_prune(struct store *s, int64_t before_ms, struct err *err);
