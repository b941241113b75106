/* verify/run/suite - what a suite asks for: the dataset, the tool, how it is fed and heard, what is
 * required. docs/suites.md is the reference.
 *
 * Memory:  everything lives in the arena that suite_load was given.
 */
#pragma once

#include <stdbool.h>

#include "core/base/arena.h"
#include "core/base/err.h"
#include "core/codec/value.h"

enum suite_feed {
    FEED_DIR,
    FEED_STDIN,
    FEED_S3,
    FEED_LOOKUP,
    FEED_SQS,   /* S3's notices in a queue, the files in a bucket */
    FEED_SNS,   /* CloudTrail's notices, by way of a topic */
    FEED_GROUP, /* a log group */
    FEED_HOOK,  /* a topic's HTTP subscriber, the files in a bucket */
    FEED_WEBHOOK,
    FEED_EVENTS,
    FEED_LOGS,
    FEED_XRAY, /* datagrams, as the daemon gets them */
    FEEDS
};
enum suite_mode { MODE_ONESHOT, MODE_DAEMON };
enum suite_ready { READY_AFTER, READY_LOG };
enum suite_collect {
    COLLECT_STDOUT,
    COLLECT_FILE,
    COLLECT_SINK,
    COLLECT_EXIT,
};
enum suite_format {
    FORMAT_JSONL,
    FORMAT_JSON,
    FORMAT_CSV,
    FORMAT_REGEX,
    FORMAT_SARIF,
    FORMAT_JUNIT,
    FORMAT_ASFF,
    FORMAT_OCSF,
};
enum suite_unexpected { UNEXPECTED_FAIL, UNEXPECTED_WARN, UNEXPECTED_IGNORE };

struct suite_words {
    struct str *items;
    size_t count;
};

/* Where a finding's members are: JSON pointers, columns, or groups of a regular expression. */
struct suite_map {
    struct str rule, event_ids, first, last, status;
};

/* A tool's rule stands for findings of these expected rules or techniques. */
struct suite_alias {
    struct str rule;
    struct suite_words stands_for;
};

struct suite_tool {
    struct str name;
    struct suite_words run, version;
    bool is_builtin;
    struct str rules_dir; /* of builtin:sigma; empty: the rules of this program */
    enum suite_feed feed;
    enum suite_mode mode;
    enum suite_ready ready;
    int64_t ready_ms;
    struct str ready_text;         /* a line of its output that says so */
    struct str url;                /* webhook feeds: where it listens; {port} */
    int64_t timeout_ms, grace_ms;  /* grace: a daemon that is silent so long has done */
    struct suite_words exit_codes; /* that are no crash */
    enum suite_collect collect;
    enum suite_format format;
    struct str file, pattern; /* COLLECT_FILE; FORMAT_REGEX */
    struct str exit_rule;     /* COLLECT_EXIT: what an exit of 1 finds */
    struct suite_map map;
    struct suite_alias *aliases;
    size_t alias_count;
    bool has_aliases;
    bool reports_events; /* it forwards events; it does not judge them */
    uint64_t repeat;
    struct value *env;
};

struct suite_require {
    double recall, precision, f1;                        /* least; negative: not asked */
    int64_t loss, duplicates, spurious;                  /* most; negative: not asked */
    int64_t detect_p50_ms, detect_p95_ms, detect_max_ms; /* most; negative: not asked */
};

struct suite {
    const char *file;
    struct str dir; /* of the file: other paths are relative to it */
    struct str name, dataset, scenario;
    uint64_t seed;
    struct suite_tool tool;
    struct suite_words faults;
    struct str speed;
    enum suite_unexpected unexpected;
    struct suite_require require;
};

/* E_PARSE: file:line and what was expected. */
int suite_load(struct arena *a, const char *file, struct suite *out, struct err *err);
int suite_parse(struct arena *a, const char *file, struct str text, struct suite *out,
                struct err *err);
const char *suite_feed_name(enum suite_feed f);
