/* emulator/services/logs/log_pattern - filter patterns: which log events a metric filter, a
 * subscription filter or FilterLogEvents means. Pure: knows no engine and no store.
 *
 * Three languages, told apart by the first character: terms (ERROR -"a b" ?x %re%), space-delimited
 * fields ([ip, ..., status = 4*]) and JSON ({ $.a.b = "x" && $.c NOT EXISTS }). What a pattern says
 * beyond these is refused, never ignored.
 * Source: CloudWatch Logs User Guide, "Filter pattern syntax for metric filters, subscription
 * filters, filter log events, and Live Tail"; tests/unit/test_log_pattern.c has its examples.
 *
 * Use:     log_pattern_parse once; a log_pattern_subject for each message, shown to any patterns.
 * Memory:  a pattern lives in its arena and borrows nothing; a match needs the subject's arena.
 * Threads: a pattern is read-only once parsed.
 */
#pragma once

#include "core/base/err.h"
#include "core/codec/value.h"

#define LOG_PATTERN_LENGTH_MOST 1024

struct log_pattern;
enum log_pattern_kind { LOG_PATTERN_TERMS, LOG_PATTERN_FIELDS, LOG_PATTERN_JSON };

/* E_PARSE with one line that says what is wrong; E_LIMIT for a pattern that is too long. */
int log_pattern_parse(struct arena *a, struct str text, struct log_pattern **out, struct err *err);
enum log_pattern_kind log_pattern_kind(const struct log_pattern *p);
size_t log_pattern_regex_count(const struct log_pattern *p);

/* A message, parsed and split at most once whatever many patterns look at it. */
struct log_pattern_subject {
    struct arena *a;
    struct str message;
    const struct value *json; /* when the caller has it; else found out at the first need */
    bool is_json_known, are_fields_known;
    const struct str *fields;
    size_t field_count;
};
bool log_pattern_match(const struct log_pattern *p, struct log_pattern_subject *s);
/* What a matching message holds for the pattern: {"$status": "404", "$1": "127.0.0.1"} of fields,
 * {"$.a.b": "x"} of JSON, nothing of terms. In the subject's arena. */
struct value *log_pattern_extract(const struct log_pattern *p, struct log_pattern_subject *s);

/* A metric's value or dimension by a selector: "$.latency" of a JSON pattern, "$size" or "$3" of a
 * pattern of fields. */
struct log_pattern_selector;
/* E_PARSE: no selector, or none that this pattern can answer. */
int log_pattern_selector_parse(struct arena *a, const struct log_pattern *p, struct str text,
                               struct log_pattern_selector **out, struct err *err);
/* The text of what it points to in a message that matches; false: nothing, or no scalar. */
bool log_pattern_select(const struct log_pattern *p, const struct log_pattern_selector *selector,
                        struct log_pattern_subject *s, struct str *out);
