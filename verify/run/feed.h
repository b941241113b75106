/* verify/run/feed - what some feeds need at the server before the tool is fed: a queue, a log
 * group; and where the deliveries go.
 */
#pragma once

#include "verify/run/world.h"

/* Make it, at the server of this repeat. */
int feed_open(struct world *w, struct err *err);
/* The tool listens: it is subscribed where the feed has a topic, and has time to confirm it. */
int feed_subscribe(struct world *w, int64_t deadline_us, struct err *err);
/* What a tool left in its queue: files whose messages it never acknowledged are marked so. */
int feed_close(struct world *w, struct truth *t, struct err *err);

/* Is the tool fed by deliveries to the server or to its own URL? */
bool feed_is_delivered(enum suite_feed f);
/* Are all deliveries made before a tool that ends by itself is started? */
bool feed_goes_first(enum suite_feed f);
bool feed_has_queue(enum suite_feed f);
/* replay's --to, one or several. */
struct suite_words feed_targets(const struct world *w);
