/* emulator/engine/upstream - `--upstream`: calls answered by another emulator, recorded here.
 *
 * A call is forwarded after its sender is known and its parameters are read, and before anything of
 * ours would answer it. The answer goes back as it came; the outcome for the record is read from it
 * (wire_read). What the answer says of new credentials is learnt, so that their calls are recorded
 * under the right name. An upstream that is down, slow or talks nonsense makes a refusal of AWS's
 * shape, which is recorded too.
 *
 * Never forwarded: cloudtrail, and S3 calls on a bucket that is kept here (the trail's).
 * Use:     upstream_open with rules; upstream_claims, then upstream_forward, then engine_perform,
 *          whose handler is upstream_conclude.
 * Threads: safe. upstream_forward blocks: no lock may be held.
 */
#pragma once

#include "emulator/engine/engine.h"
#include "emulator/wire/wire.h"

struct upstream;

struct upstream_rule {
    struct str service; /* botocore's name; empty: every service that has no rule of its own */
    struct str base;    /* "http://host:port" */
};

/* "URL" or "SERVICE=URL". E_PARSE says what was expected. Texts are copied. */
int upstream_rule_parse(struct arena *a, struct str text, struct upstream_rule *out,
                        struct err *err);

/* Rules and cat are borrowed. *out is NULL when there are no rules. E_PARSE: a rule names a service
 * that cat lacks. */
int upstream_open(struct upstream **out, const struct engine_options *opt, const struct cat *cat,
                  struct err *err);
void upstream_close(struct upstream *u); /* NULL is harmless */
void upstream_stop(struct upstream *u);  /* exchanges under way end soon; NULL is harmless */

/* Is there a rule for the service? Calls of it may take long. u may be NULL. */
bool upstream_serves(const struct upstream *u, struct str service);

/* What came of forwarding a call. */
struct upstream_answer {
    struct reply reply;     /* to go back, when not failed */
    struct outcome outcome; /* read from it; or the refusal that stands for a failure */
    bool is_failure;        /* no answer of AWS's shape came: outcome is to be written instead */
};

/* Is the call to be forwarded? 0 with *out, < 0: the store could not be read. */
int upstream_claims(const struct engine *e, const struct call *call, const struct route *route,
                    bool *out, struct err *err);
/* Send, wait, read. Sets call->answer; request_id and host_id become those of the answer, where it
 * has any, and are added to the reply where not. < 0: a failure of this machine. */
int upstream_forward(struct engine *e, struct arena *a, const struct route *route,
                     struct call *call, struct err *err);

/* Our side failed: the answer, and a file that holds its body, are dropped. */
void upstream_discard(const struct engine *e, struct arena *a, struct call *call);

/* Does a success change what is known of credentials? Then upstream_conclude needs the state lock.
 */
bool upstream_teaches(const struct call *call);
/* The handler of a call that was answered by an upstream. */
service_fn upstream_conclude;
