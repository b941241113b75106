/* verify/run/builtin - builtin:sigma: Sigma rules over a tree of records, its hits as findings. */
#pragma once

#include "verify/run/got.h"
#include "verify/sigma/sigma.h"

/* rules: files or folders; none: the rules of this program (fixtures/rules). A rule that is refused
 * is told on standard error. */
int builtin_load(struct sigma **out, struct str rules_dir, struct err *err);
int builtin_run(const struct sigma *s, struct str tree, struct got_list *got, struct err *err);
