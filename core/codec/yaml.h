/* core/codec/yaml - YAML 1.1 documents -> values with line numbers (libyaml), for configuration,
 * scenarios, suites and rules. Anchors and aliases are E_PARSE beyond a small expansion bound.
 */
#pragma once

#include "core/base/err.h"
#include "core/codec/value.h"

/* Plain scalars: null, true/false, integers, floats, else strings; quoted ones are strings.
 * file names the source in messages: "FILE:LINE: what was expected". */
int yaml_parse(struct arena *a, const char *file, struct str text, struct value **out,
               struct err *err);
/* The same for a text of several documents: *out is a list of them, empty for an empty text. */
int yaml_parse_all(struct arena *a, const char *file, struct str text, struct value **out,
                   struct err *err);
/* The line a value began on, 1-based; 0 when v was not made by yaml_parse. */
int yaml_line(const struct value *v);
