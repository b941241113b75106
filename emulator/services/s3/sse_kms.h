/* emulator/services/s3/sse_kms - objects under aws:kms: S3 asks KMS for a data key, and again to
 * open it, on behalf of who calls; both are on record.
 *
 * The bytes stay plain files (they are what a user looks at); what KMS sealed is kept beside them,
 * so that who may not use the key, or has disabled it, does not get the object.
 * KMS needs the state, so none may be called while a lock or gate of S3 is held.
 */
#pragma once

#include "emulator/services/s3/op.h"

/* What is under KMS already and has to be opened for this call: the upload whose part it brings,
 * the source of its copy. 1: go on; 0: refused. */
int sse_kms_open_first(struct op *op);
/* A data key for the object that this call is to write, if it is to be under KMS. 1: go on; 0:
 * refused. */
int sse_kms_seal(struct op *op);
/* Into the metadata of the new object: the key that sealed it, and what it sealed. */
void sse_kms_keep(struct op *op, struct value *meta);
/* This object is to be answered: remember what has to be opened first. */
void sse_kms_note(struct op *op, const struct value *meta);
/* Open what was noted; the answer becomes a refusal when KMS refuses. */
int sse_kms_open(struct op *op);
