/* core/codec/huffman - prefix codes for a deflate block, from how often each symbol occurs.
 * Source: RFC 1951, 3.2.2 and 3.2.7.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HUFFMAN_SYMBOLS_MOST 286

/* Code lengths, at most limit bits, of the symbols that occur; 0 for those that don't. At least two
 * symbols get a code, for some readers take no less. count <= HUFFMAN_SYMBOLS_MOST. */
void huffman_lengths(const uint32_t *frequency, size_t count, unsigned limit, uint8_t *out);
/* The codes of these lengths, as deflate sends them: bits reversed. */
void huffman_codes(const uint8_t *length, size_t count, uint16_t *out);
