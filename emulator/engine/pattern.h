/* emulator/engine/pattern - the regular expressions of the AWS models: matching, and making.
 *
 * The subset that the models use: literals, '.', [sets] with ranges, escapes and classes (\d \w \s
 * \S \p{L} ...), groups, alternation, greedy and lazy quantifiers, anchors. What lies beyond it
 * (lookaround, back references) makes the pattern unknown: it is not enforced.
 * Matching backtracks, with a bound on its steps: past it the text is taken for a match.
 */
#pragma once

#include "core/base/arena.h"
#include "core/base/rng.h"

struct pattern;

/* NULL: unknown to us. It lives in the arena. */
const struct pattern *pattern_parse(struct arena *a, struct str text);
/* Does it match the whole of text? A pattern of AWS need not be anchored to be meant so. */
bool pattern_match(const struct pattern *p, struct str text);
/* The same with a bound for many texts together: *steps is what is left of it. */
bool pattern_match_within(const struct pattern *p, struct str text, uint32_t *steps);
#define PATTERN_STEPS_MOST 200000u
/* A text that matches, its open-ended repetitions about length long. */
struct str pattern_make(struct arena *a, const struct pattern *p, struct rng *rng, size_t length);
