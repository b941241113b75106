/* core/aws/sha256_two - SHA-256 of two texts at once.
 *
 * Where the machine has instructions for it, a round waits for the one before it, and most of the
 * time is spent waiting: a second text's rounds fit in between, so two cost little more than one.
 * Elsewhere they are hashed one after the other, as sha256_hex does.
 * Source: FIPS 180-4, 6.2; Intel, "Intel SHA Extensions".
 */
#pragma once

#include "core/base/str.h"

void sha256_hex_two(const struct str texts[2], char out[2][65]);
