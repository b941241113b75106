/* core/codec/crc - the CRC-32 of gzip, by carry-less multiplication where the machine has it; else
 * zlib's.
 */
#pragma once

#include <stdint.h>

#include "core/base/str.h"

uint32_t crc_of(struct str bytes);
