/* verify/sigma - detection rules in the Sigma format, over CloudTrail records.
 *
 * The subset of docs/sigma.md: single-event rules and correlations. A rule that can't be evaluated
 * whole is refused by name with the reason; none is skipped silently or evaluated in part.
 *
 * Use:     sigma_load once; a matcher for each thread and sigma_match for each record; when all
 *          records were seen, sigma_correlate over the matchers.
 * Memory:  rules live until sigma_free. A matcher keeps only what correlations need of the records
 *          that their rules matched, beyond some megabytes in a temporary file.
 * Threads: a loaded struct sigma is read-only; a matcher belongs to one thread.
 * Source: Sigma specification 2.1, "Sigma Rules", "Sigma Correlation Rules", "Modifiers".
 */
#pragma once

#include <stdbool.h>

#include "core/base/arena.h"
#include "core/base/err.h"

struct scan_record;
struct sigma;
struct sigma_matcher;

/* What a rule says of itself. Strings are empty when it doesn't. */
struct sigma_rule {
    struct str id, name, title, level;
    struct str stem;              /* of its file: "aws_root_account_usage" */
    struct str file;              /* as it was opened */
    int line;                     /* where its document begins */
    const struct str *techniques; /* of its tags: "T1098.001" */
    size_t technique_count;
    bool is_correlation;
    bool is_silent; /* only correlations use it; its own hits are not told */
};

/* A rule that can't be evaluated: file:line, title, why. */
struct sigma_refusal {
    struct str file, title, why;
    int line;
};

/* Rules of files and of folders (*.yml, *.yaml, deep, in byte order of their names). Returns 0, or
 * a failure: a path that is not there, YAML that can't be read. A rule that is refused is no
 * failure: look at sigma_refusals. */
int sigma_load(struct sigma **out, const struct str *paths, size_t count, struct err *err);
/* The same of texts that the program carries; file names one in messages. Copied. */
struct sigma_text {
    struct str file, text;
};
int sigma_load_texts(struct sigma **out, const struct sigma_text *texts, size_t count,
                     struct err *err);
void sigma_free(struct sigma *s); /* NULL is harmless */

size_t sigma_rule_count(const struct sigma *s);
const struct sigma_rule *sigma_rule(const struct sigma *s, size_t i); /* in order of loading */
const struct sigma_refusal *sigma_refusals(const struct sigma *s, size_t *count);

/* A rule has matched. A hit of a single-event rule has one event; one of a correlation has those of
 * the window in which its condition became true and of the windows for which it stayed true. All is
 * borrowed for the time of the call. */
struct sigma_hit {
    const struct sigma_rule *rule;
    const struct str *event_ids;
    size_t event_count;
    int64_t first_ms, last_ms; /* eventTime of its first and last event */
    int64_t found_ms;          /* eventTime of the event that made the condition true */
    struct str group;          /* of a correlation: its group-by values, as a JSON list */
};
typedef int sigma_hit_fn(void *arg, const struct sigma_hit *hit, struct err *err);

struct sigma_matcher *sigma_matcher_new(const struct sigma *s);
void sigma_matcher_free(struct sigma_matcher *m); /* NULL is harmless */
/* Tell of each single-event rule that matches the record, in order of loading. Returns 0, what fn
 * returned, or E_IO: the temporary file can't be written. */
int sigma_match(struct sigma_matcher *m, const struct scan_record *record, sigma_hit_fn *fn,
                void *arg, struct err *err);
/* Tell of the correlations over everything that the matchers saw, in order of loading, then of
 * time; the same for any number of matchers. */
int sigma_correlate(const struct sigma *s, struct sigma_matcher *const *matchers, size_t count,
                    sigma_hit_fn *fn, void *arg, struct err *err);
