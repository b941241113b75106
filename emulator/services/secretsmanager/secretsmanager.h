/* emulator/services/secretsmanager - secrets, their versions and stages.
 *
 * A secret is one document: service "secretsmanager", type "Secret", id its name. Members are
 * DescribeSecret's own (Name, ARN, Description, KmsKeyId, Tags, the dates), and:
 *   Policy     the resource policy's text
 *   Versions   list of { VersionId, VersionStages, CreatedDate, LastAccessedDate, IsBinary,
 *              DataKey, Sealed }: the value, sealed under a data key of KMS, and that key as KMS
 *              gave it. Every reading and writing is a call to KMS, on record as AWS has it.
 * A secret whose recovery window has ended is gone for every reader; its document goes when its
 * name is used again or secrets are listed.
 */
#pragma once

#include "emulator/services/services.h"

struct sm_secret {
    struct doc_key at;
    struct value *doc; /* NULL: refused */
    struct str arn;
};

enum sm_use { SM_LIVE, SM_ALSO_DELETED };
/* The secret that SecretId names: by name, ARN, or ARN without its random end. */
int sm_find(struct ctx *cx, const struct call *call, struct outcome *out, enum sm_use use,
            struct sm_secret *s, struct err *err);
int sm_save(struct ctx *cx, const struct sm_secret *s, struct err *err);
bool sm_is_gone(const struct ctx *cx, const struct value *doc);
int sm_sweep(struct ctx *cx, const struct call *call, struct err *err);
/* ARN and Name into the output, as most operations answer. */
struct value *sm_answer(struct ctx *cx, struct outcome *out, const struct sm_secret *s);

void sm_bad_parameter(struct ctx *cx, struct outcome *out, const char *text);
void sm_bad_request(struct ctx *cx, struct outcome *out, const char *text);
bool sm_tags_ok(struct ctx *cx, struct outcome *out, const struct value *tags);

/* What DescribeSecret and ListSecrets show, the stages under the name that each has for them. */
void sm_describe(struct ctx *cx, const struct value *doc, const char *stages_member,
                 struct value *into);

/* ---- versions.c ---- */

struct value *sm_version(const struct value *doc, struct str id);
struct value *sm_staged(const struct value *doc, const char *stage);
bool sm_has_stage(const struct value *version, struct str stage);
void sm_take_stage(struct ctx *cx, struct value *version, struct str stage);
/* Attach a stage to a version alone; AWSCURRENT leaves AWSPREVIOUS behind. */
void sm_move_stage(struct ctx *cx, struct value *doc, struct value *version, struct str stage);
/* A new version of SecretString or SecretBinary, if the call has one; *id is its id. Refused when
 * the token is in use for another value; the same value again changes nothing. */
int sm_add_version(struct ctx *cx, const struct call *call, struct outcome *out,
                   struct sm_secret *s, struct str *id, struct err *err);
/* The value of a version, into SecretString or SecretBinary of a map. */
int sm_open(struct ctx *cx, const struct call *call, struct outcome *out, const struct sm_secret *s,
            const struct value *version, struct value *into, struct err *err);
struct value *sm_stages(struct ctx *cx, const struct value *doc); /* id -> stages */

/* ---- listing.c ---- */

/* The secrets that Filters let through, in the order asked for. */
int sm_matching(struct ctx *cx, const struct call *call, struct outcome *out, struct doc **docs,
                size_t *count, struct err *err);
