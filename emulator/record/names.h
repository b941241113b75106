/* emulator/record/names - templates such as "arn:{partition}:sqs:{region}:{account}:{QueueUrl/}",
 * filled from a call and its outcome. The grammar stands in fixtures/record/resources.tsv.
 */
#pragma once

#include "emulator/engine/call.h"

#define NAMES_MAX 100

struct names {
    struct str items[NAMES_MAX];
    size_t count;
};
/* Each way to fill the template; none when a part of it is not given. A value that is an ARN
 * replaces the whole template. The names live in arena a. */
void names_expand(struct names *out, struct arena *a, struct str template, const struct call *call,
                  const struct outcome *outcome);
/* The scalar texts at a path ("QueueUrl", ">Policy.Arn", "A.B|C"). Borrowed. */
void names_at(struct names *out, struct str path, const struct call *call,
              const struct outcome *outcome);
