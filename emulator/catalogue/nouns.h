/* emulator/catalogue/nouns - when do two of AWS's names mean one thing?
 *
 * Names are compared normalised: lower-case letters and digits alone ("DBInstanceId" and
 * "dbInstanceID" are one). Shared by the compiler, which finds what an operation does by its name,
 * and the generic engine, which finds where a value belongs by its member's name.
 */
#pragma once

#include "core/base/arena.h"

/* Lower-case letters and digits of name. */
struct str noun_normal(struct arena *a, struct str name);
/* Equal, or one the plural of the other, or apart by a version (v1, v2). Both normalised. */
bool noun_meets(struct str left, struct str right);
/* Is member an identity of the thing that noun names? Then what kind ("id", "arn", "name", "url",
 * "key", "ref", "number", "alias", "version"), else empty. "vpcid" of "vpc": "id"; "name" of any;
 * "keypairid" of "playbackkeypair": "id". Both normalised. */
struct str noun_identity(struct str noun, struct str member);
