/* emulator/services/cloudwatch/label - what a result is called: its Label, with dynamic parts.
 * Source: CloudWatch User Guide, "Use dynamic labels".
 */
#pragma once

#include "emulator/services/cloudwatch/query.h"

struct job;
/* True: the label of q has only dynamic parts that are supported; else the job is refused. */
bool label_refuse(struct job *j, const struct query *q);
struct str label_expand(struct arena *a, const struct query *q, const struct math_series *s);
