/* core/base/embed - the files of fixtures/ that the program needs, linked into it at build time. */
#pragma once

#include "core/base/str.h"

/* The bytes of fixtures/<name> (such as "record/dialects.tsv"). ptr is NULL when there is none. */
struct str embed_find(struct str name);
/* The i-th name, in byte order; ptr NULL past the end. */
struct str embed_name(size_t i);
