/* emulator/services/xray/datagram - what clients send to the daemon's UDP port: a header line and a
 * document.
 *
 * Source: X-Ray Developer Guide, "Sending trace data to AWS X-Ray", "Segment documents":
 *     {"format": "json", "version": 1}\n{ ... }
 */
#pragma once

#include "core/base/arena.h"
#include "core/base/err.h"

/* The document, borrowed from bytes; whether it is one is PutTraceSegments' to say. E_PARSE: no
 * such datagram. */
int xray_datagram_parse(struct arena *a, struct str bytes, struct str *document, struct err *err);
