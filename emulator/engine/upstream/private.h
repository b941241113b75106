/* emulator/engine/upstream/private - what the files of this folder share. */
#pragma once

#include "emulator/engine/upstream/exchange.h"
#include "emulator/engine/upstream/upstream.h"
#include "emulator/identity/identity.h"

/* The call as the upstream is to get it: addressed by path, hop-by-hop headers gone, aws-chunked
 * framing gone, signed anew where the secret is known. */
void upstream_request(struct arena *a, const struct call *call, const struct route *route,
                      struct str base, struct exchange *out);
/* A header that is between two neighbours only. Source: RFC 9110, 7.6.1. */
bool upstream_is_hop_header(struct str name);

/* Keep what a success says of credentials. */
int upstream_learn(struct ctx *cx, const struct call *call, const struct outcome *out,
                   struct err *err);
