/* emulator/engine/faults - calls that go wrong on purpose: rules that say which calls, how many,
 * and which error or delay. The same calls in the same order meet the same faults.
 *
 * Rules live as long as the process, or until a reset. A call that a rule refuses is recorded as
 * that error, like any other.
 * Threads: safe. Without rules a check costs one load.
 */
#pragma once

#include "emulator/engine/call.h"

struct faults;
struct faults *faults_new(void);
void faults_free(struct faults *f); /* NULL is harmless */

/* {"rules": [{"service", "operation", "account", "region", "skip", "count", "error", "status",
 * "message", "delay"}]} instead of the rules so far. service to region: names, '*' and '?' match;
 * absent: any. skip: matching calls that pass first; count: how many are hit then, absent: all.
 * E_PARSE: what was expected, and in which rule. */
int faults_put(struct faults *f, const struct value *doc, struct err *err);
void faults_clear(struct faults *f);
/* The rules as they were put, each with "hits". */
struct value *faults_list(struct faults *f, struct arena *a);

struct fault_met {
    int64_t delay_ms;
    struct str code, message; /* empty code: only late */
    int status;
};
/* Does the first rule that matches and is not used up hit this call? Counts it. */
bool faults_meet(struct faults *f, struct arena *a, const struct call *call, struct fault_met *out);
/* Is there a rule that delays? */
bool faults_may_delay(const struct faults *f);
