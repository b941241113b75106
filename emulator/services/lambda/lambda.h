/* emulator/services/lambda - functions as far as they can be configured: none is ever run here.
 *
 * Documents of service "lambda"; members are the model's own, what only we need begins with '_' and
 * reaches no answer, because answers follow the model:
 *   Function             NAME          the $LATEST configuration; _tags, _reserved, _policies
 *                                      (qualifier -> {RevisionId, Statements}), _versions (the last
 *                                      number given), _published (false: changed since),
 *                                      _repository (the Code of GetFunction), _runtime (policy)
 *   FunctionVersion      NAME:00000001 a configuration as published
 *   Alias                NAME:ALIAS
 *   FunctionUrl, EventInvokeConfig     NAME:QUALIFIER
 *   EventSourceMapping   UUID
 *   Layer                NAME          _versions: the last number given
 *   LayerVersion         NAME:00000001 _statements, _revision
 */
#pragma once

#include "emulator/services/job.h"

extern const struct paging lambda_paging;

/* What FunctionName and Qualifier say: the name may be an ARN, a partial one, and carry the
 * qualifier. Empty name: refused. */
struct lambda_ref {
    struct str name, qualifier;
};
struct lambda_ref lambda_ref(struct job *j);
/* The same with a function that must be there, and the version that the qualifier picks ($LATEST
 * for none): its configuration with the ARN that was asked for. NULL: refused, or j->rc. */
struct value *lambda_function(struct job *j, struct str name);
struct value *lambda_version(struct job *j, struct lambda_ref ref);
struct value *lambda_ref_function(struct job *j, struct lambda_ref *ref);
struct str lambda_arn(struct job *j, struct str name, struct str qualifier); /* "" for none */
struct str lambda_id(struct job *j, struct str name, struct str qualifier);  /* NAME:QUALIFIER */
struct str lambda_prefix(struct job *j, struct str name); /* of all ids of a function's parts */
struct str lambda_version_id(struct job *j, struct str name, int64_t version);
/* "2023-07-10T12:26:56.000+0000" */
struct str lambda_time(struct job *j);

/* Lambda's exceptions carry Type "User". Returns j->rc. */
int lambda_refuse(struct job *j, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
int lambda_missing(struct job *j, struct str function_arn);
/* Does the revision that the call names (if any) differ? Then it is refused. */
bool lambda_is_stale(struct job *j, const struct value *doc);
/* A document was changed: new RevisionId and LastModified. */
void lambda_touch(struct job *j, struct value *doc);

/* Where code comes from: ZipFile, S3Bucket and S3Key, or ImageUri of from. Sets CodeSize and
 * CodeSha256 of doc, and _repository. Refuses what AWS would refuse. */
int lambda_code(struct job *j, const struct value *from, struct value *doc);
/* Can Lambda assume the role? Else refused. */
bool lambda_role_ok(struct job *j, struct str role_arn);
/* Publish $LATEST as the next version, or find the one that it still equals. */
struct value *lambda_publish(struct job *j, struct value *function, struct str description);
/* Members of a statement of AddPermission and AddLayerVersionPermission. */
struct value *lambda_statement(struct job *j, struct str resource);
/* The configuration in the state of something that was only just asked for. */
struct value *lambda_pending(struct job *j, const struct value *doc);
/* [{Arn, CodeSize}] of layer version ARNs; refuses one of this account that is not there. */
struct value *lambda_layers(struct job *j, const struct value *arns);
