/* generator/dataset/prepared - calls that only read: performed by the engine the first two times,
 * then written again from a prepared record.
 *
 * What such a call leaves behind is its record, and that differs from the last one of its kind only
 * in time, ids, address and session. The first record is taken apart (template.h); the second one
 * proves that the template says exactly what the recorder says; from then on a record costs a few
 * memcpys. What can't be proved, and what changes state, is performed each time. Ids are those that
 * the engine would have given: the bytes are the same as if every call had been performed.
 */
#pragma once

#include "generator/dataset/dataset.h"

struct prepared;

struct prepared *prepared_open(struct dataset *ds, struct engine *e);
void prepared_close(struct prepared *p); /* before the engine; NULL is harmless */

/* Perform call (set up as for engine_perform; engine_begin is called here), or write its record
 * again. key: equal for calls with equal parameters by the same kind of caller in the same state;
 * whoever calls must change it when state that the answer follows from has changed. Service,
 * operation, region, accounts, host, user agent and whether the caller has a session are added to
 * it here. *out_performed: false when nothing was performed: out then has code, message and status
 * of the first time, borrowed until the next call, and no output. */
int prepared_perform(struct prepared *p, struct arena *a, struct call *call, uint64_t key,
                     struct outcome *out, bool *out_performed, struct err *err);

struct prepared_counts {
    uint64_t performed, written;
    uint64_t disproved; /* templates that a second record was not like */
};
struct prepared_counts prepared_counts(const struct prepared *p);
