/* emulator/services/logs/log_regex - PCRE2 with its memory in arenas and a bound on what a match
 * may cost. Which expressions a language allows is its own to say.
 */
#pragma once

#include "core/base/arena.h"
#include "core/base/err.h"

struct log_regex;
/* E_PARSE: not well-formed, and why. Lives in a. */
int log_regex_compile(struct arena *a, struct str text, struct log_regex **out, struct err *err);
/* Found anywhere in text? a: what the match needs meanwhile. */
bool log_regex_match(const struct log_regex *r, struct arena *a, struct str text);

/* The named groups of an expression, in its order: (?<name>...). */
size_t log_regex_name_count(const struct log_regex *r);
struct str log_regex_name(const struct log_regex *r, size_t i);
/* What they matched, into out (one for each name; ptr NULL: took no part); false: no match. */
bool log_regex_capture(const struct log_regex *r, struct arena *a, struct str text,
                       struct str *out);
