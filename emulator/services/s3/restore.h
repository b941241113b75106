/* emulator/services/s3/restore - objects of the archive classes: their bytes are out of reach until
 * RestoreObject has brought a copy, which takes the tier's hours on the emulator's clock.
 *
 * The metadata of such an object has RestoreReady and RestoreExpiry (times) once it was asked for.
 */
#pragma once

#include "emulator/services/s3/object.h"

/* Can the bytes be read now? */
bool restore_is_readable(struct op *op, const struct object *o);
int restore_refuse(struct op *op, const struct object *o, const char *text); /* always 0 */
/* x-amz-restore's value, or empty; and RestoreStatus of a list, or NULL. */
struct str restore_header(struct op *op, const struct object *o);
struct value *restore_status(struct op *op, const struct object *o);
