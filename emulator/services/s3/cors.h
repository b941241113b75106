/* emulator/services/s3/cors - the headers of a cross-origin answer; preflights:
 * emulator/services/s3.h
 */
#pragma once

#include "emulator/services/s3/op.h"

/* Add to the answer what the bucket's rules say for the request's Origin, if it has one. */
void cors_answer(struct op *op);
