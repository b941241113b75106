/* core/aws/md5 - MD5 of bytes that are all there, where AWS shows one: ETags, sums of messages.
 * Nothing is secured by it. libcrypto does the hashing.
 */
#pragma once

#include "core/base/arena.h"

struct str md5_hex(struct arena *a, struct str bytes); /* lower-case, 32 characters */
