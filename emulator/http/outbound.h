/* emulator/http/outbound - a reply onto its connection: bytes in memory, or a file below the data
 * directory. The reply's arena lives until it is sent.
 */
#pragma once

#include "core/base/err.h"
#include "emulator/http/stream.h"
#include "emulator/wire/message.h"

struct outbound {
    struct MHD_Connection *connection;
    int data_fd;
    bool is_head, closes; /* closes: the connection ends behind this reply */
};

/* Queue the reply (and the stream behind it; it is taken). Returns 0, E_IO or E_MISSING when the
 * body's file can't be read: nothing is queued then. */
int outbound_send(const struct outbound *o, const struct reply *reply, struct stream *stream,
                  struct err *err);
