/* emulator/http/xray_daemon - the port that X-Ray's SDKs send to (`--xray-daemon HOST:PORT`): what
 * the X-Ray daemon does beside an application.
 *
 * UDP: each datagram is a segment document, put by a call PutTraceSegments of the default account
 * and region, which is recorded as such. TCP on the same port: GetSamplingRules and
 * GetSamplingTargets, unsigned, as calls of the same account.
 * Source: X-Ray Developer Guide, "AWS X-Ray daemon"; github.com/aws/aws-xray-daemon.
 *
 * Threads: one reads datagrams; the server's own answer.
 */
#pragma once

#include "emulator/engine/engine.h"

struct xray_daemon;
struct xray_daemon_options {
    struct str host; /* as --listen has it */
    uint16_t port;   /* 0: one that is free for both */
    const char *data_dir;
};
/* Listens when it returns 0. e is borrowed until xray_daemon_close. */
int xray_daemon_open(struct xray_daemon **out, struct engine *e,
                     const struct xray_daemon_options *opt, struct err *err);
uint16_t xray_daemon_port(const struct xray_daemon *d);
/* What has arrived is put; NULL is harmless. */
void xray_daemon_close(struct xray_daemon *d);
