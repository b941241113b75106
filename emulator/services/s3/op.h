/* emulator/services/s3/op - one S3 call on its way: what every handler of this folder works on.
 *
 * A handler is run_Operation(struct op *): it returns 0 (the outcome is set, success or refusal) or
 * a failure. op.c finds the bucket, checks who may, calls it, and gives back locks and the bucket.
 */
#pragma once

#include "emulator/services/services.h"
#include "emulator/services/s3/state.h"

#define INLINE_BYTES (16u << 10) /* up to here bytes ride in the effect */

struct bucket;

struct op {
    struct ctx *cx;
    const struct call *call;
    struct outcome *out;
    struct err *err;
    struct arena *a;
    struct s3 *s3;
    const struct bucket *bucket; /* NULL only for CreateBucket and the lists of buckets */
    struct str key;              /* empty for operations on buckets */
    struct lock_set *locks;
    struct effect **last_effect;
    unsigned staged_count;
    struct value *data_key; /* KMS's answer for the object to be written, or NULL: sse_kms.h */
    struct value *notes;    /* what there is to be notified of, or NULL: notification.h */
    struct value *to_open;  /* what KMS is to be asked before the object is given, or NULL */
};

#define SERVICE_OP(service, operation)          int run_##operation(struct op *op);
#define SERVICE_OP_UNLOCKED(service, operation) int run_##operation(struct op *op);
#include "emulator/services/s3.def"
#undef SERVICE_OP
#undef SERVICE_OP_UNLOCKED

/* Refuse with a row of errors.def; always 0. Further members of the error: op_refuse_with. */
int op_refuse(struct op *op, const char *code);
int op_refuse_with(struct op *op, const char *code, const char *member, struct str value);
/* The row's status, another text. */
int op_refuse_text(struct op *op, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The text of a row, for errors inside a success (DeleteObjects). */
struct str error_text(const char *code);

struct str op_param(const struct op *op, const char *name); /* empty if absent */
/* Copy the named parameters that are there from one map to another. */
void members_copy(struct arena *a, const struct value *from, struct value *to,
                  const char *const *names, size_t count);

/* Hold the lock of a key (or upload) until the effects are applied. Several at once: keys in one
 * call of op_lock_keys. */
void op_lock(struct op *op, struct str key);
void op_lock_keys(struct op *op, const struct str *keys, size_t count);

/* The same for op->key by a call whose effects replace whatever the key was, and that looks at
 * nothing of it before: the effects may wait (pending.h). */
void op_lock_to_replace(struct op *op);

/* Queue a file effect: rename from -> to, or with an empty to remove from. */
void op_effect(struct op *op, struct str from, struct str to);
/* A new name below staging/. */
struct str op_staging(struct op *op);
/* Text on its way into place: the from of an effect. A staging file, or small text itself. */
int op_stage(struct op *op, struct str text, int64_t modified_ms, struct str *out);
/* A body (in memory or a staged file) likewise; modified_ms becomes its file's mtime. */
int op_stage_body(struct op *op, const struct body *body, int64_t modified_ms, struct str *out);
/* Sum a body; wanted: bits 1 << enum checksum. */
int op_sum_body(struct op *op, const struct body *body, unsigned wanted, struct sums *out);
/* The absolute form of a path below the data directory. */
struct str op_file(struct op *op, struct str path);

/* Does the bucket's policy explicitly deny this call (on this key)? And the refusal that says so.
 */
bool op_denied(struct op *op, struct str key);
bool op_denied_action(struct op *op, const char *action, struct str key);
int op_refuse_denied(struct op *op, struct str key);

/* The canonical user id of an account: 64 hexadecimal digits and NUL. AWS's are arbitrary; ours is
 * a hash of the account, so that it repeats. */
void s3_canonical_id(struct str account, char out[65]);
/* What S3 shows as the owner: {"ID"}. */
struct value *op_owner(struct op *op, struct str account);
