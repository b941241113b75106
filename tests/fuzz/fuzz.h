/* tests/fuzz/fuzz - what libFuzzer calls and replay.c calls: one input, any bytes. A target asserts
 * what must hold for every input; the sanitizers find the rest.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Returns 0. data is borrowed and carries no NUL behind it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
