/* verify/replay/post - plain HTTP POSTs to a consumer on this machine (libcurl).
 */
#pragma once

#include <stdbool.h>

#include "core/base/err.h"
#include "core/base/str.h"

struct post;
int post_open(struct post **out, struct str url, struct err *err);
void post_close(struct post *p); /* NULL is harmless */
/* A JSON body. E_IO unless the answer is 2xx; 429 and 5xx are tried again a few times. */
int post_send(struct post *p, struct str body, struct err *err);

int post_put(struct post *p, struct str body, struct err *err); /* the same, with PUT */

/* Is the URL's host this machine's loopback? */
bool post_is_local(struct str url);
