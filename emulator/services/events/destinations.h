/* emulator/services/events/destinations - API destinations and their connections: events posted to
 * an HTTP endpoint.
 *
 * Connections of kind BASIC and API_KEY are performed; OAUTH asks another server first, and is
 * refused. Secrets stay in the connection's document and are never shown.
 */
#pragma once

#include "emulator/services/events/targets.h"

/* Put the event on its way to the endpoint; E_MISSING: no such destination, E_DENIED: an endpoint
 * that is not asked. */
int destinations_deliver(struct delivery *d, struct err *err);
